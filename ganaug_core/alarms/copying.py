"""Generated images that come closer to training images than unseen real ones do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ganaug_core.alarms.history import checkups
from ganaug_core.records.training import Progress
from ganaug_core.wording import percent


@dataclass(frozen=True)
class CopyingOnset:
    """The generator begins to reproduce training images; the copy test of the audit, against the tuning share.

    Settings:
        chance: Chance of so many close images if nothing is copied; a run is tested some twenty times, so it is small.
        checkups: So many measured checkpoints in a row.
    """

    title: ClassVar[str] = "The generator begins to copy"

    chance: float = 0.001
    checkups: int = 2

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        latest = checkups(history, self.checkups)
        if len(latest) < self.checkups or any(
            checkup.copying_p is None or checkup.copying_p >= self.chance for checkup in latest
        ):
            return None
        share = latest[-1].find("copied_share")
        about = f"About {percent(share.value)} of the generated images" if share is not None else "Generated images"
        return (
            f"{about} are closer to a training image than unseen real images are (chance below {self.chance:g} in "
            f"{self.checkups} checkpoints in a row, in pixels against the tuning share).",
            "Stop: an earlier checkpoint without copying is kept, unless the run was told to keep its last. Add "
            "patients, switch the augmentations on, or train for a shorter time.",
        )
