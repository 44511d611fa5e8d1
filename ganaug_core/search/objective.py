"""What a run is worth to a search: its kept checkpoint's distance from the tuning images, and no copying.

The hold-out is not asked: a setting that was chosen by it could not be judged by it any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ganaug_core import wording
from ganaug_core.records.training import Checkup

OBJECTIVE = "kernel_distance"
IN_WORDS = "kernel distance of the kept checkpoint from the tuning images, in texture space; lower is better"
SUSPECTED = 0.01  # as where a run chooses its checkpoint


@dataclass(frozen=True)
class Worth:
    """What the kept checkpoint of a run is worth.

    Attributes:
        value: Its distance, lower is better.
        interval: 95 % interval of it, None where there is none.
        images: Real images shown until it.
        copying_p: Chance of as many near copies if nothing is copied; None where that cannot be judged.
        veto: Why it can never be the best, empty where it can.
    """

    value: float
    interval: tuple[float, float] | None
    images: int
    copying_p: float | None
    veto: str


def worth(checkups: Sequence[Checkup], kept: int | None) -> Worth | None:
    """Return what a run is worth by its measured checkpoints; None where none was measured.

    A run keeps the best checkpoint without copying, so one that copies is kept only where every one did.

    Args:
        kept: Images of the checkpoint that is kept.
    """
    checkup = next((checkup for checkup in checkups if checkup.images == kept), None)
    distance = checkup.find(OBJECTIVE) if checkup is not None else None
    if checkup is None or distance is None:
        return None
    veto = ""
    if checkup.copying_p is not None and checkup.copying_p < SUSPECTED:
        share = checkup.find("copied_share")
        how_many = f"about {wording.percent(share.value)} of its images" if share is not None else "its images"
        veto = (
            f"Copying is suspected at every checkpoint: {how_many} lie too close to a training image "
            f"({wording.chance(checkup.copying_p)})."
        )
    return Worth(distance.value, distance.interval, checkup.images, checkup.copying_p, veto)
