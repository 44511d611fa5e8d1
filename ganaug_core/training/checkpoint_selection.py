"""Which moment of a run is kept: the best one without copying, judged on the tuning share only."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from torch import Tensor

from ganaug_core.records import Cohort, Floats, Integers, Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.training.checkup import Examiner

CHECKUPS = 20
IMAGES_BETWEEN = 15_000  # at 32 pixels; images of four times the area take a fourth as many
MOST_SHARE = 0.02
SUSPECTED = 0.01


class Best:
    """Measures a run now and then, and holds the weights of the best moment so far.

    Attributes:
        latest: The last checkup, None where the tuning share is too small for any.
        kept: The checkup whose weights are kept.
        weights: Those of the averaged generator then, on the CPU.
        measured_at: Images shown at the last checkup, whether it could be judged or not.
    """

    def __init__(self, cohort: Cohort, seed: int) -> None:
        self._cohort, self._seed = cohort, seed
        self._between = IMAGES_BETWEEN * 32**2 // (cohort.shape[1] * cohort.shape[2])
        self._stride, self._last_share, self._last_seconds = 1, 0.0, 0.0
        self.measured_at = 0
        self.latest: Checkup | None = None
        self.kept: Checkup | None = None
        self._lowest: Checkup | None = None
        self.weights: dict[str, Tensor] = {}

    @cached_property
    def _examiner(self) -> Examiner:
        return Examiner(self._cohort, self._seed)

    @property
    def labels(self) -> Integers:
        """(n,) class of each image that `examine` wants; none where nothing can be judged."""
        return self._examiner.labels

    def due(self, share: float, images: int) -> bool:
        """Return whether to measure now.

        How many images lie between two checkups depends on the images' size and not on the clock, so that a resumed
        run keeps the same checkpoint; only where that took more than `MOST_SHARE` of the time it is done less often.
        """
        if share >= 1:
            return images != self.measured_at
        enough = images - self.measured_at >= self._stride * self._between
        return enough and share - self._last_share >= self._stride / CHECKUPS - 1e-9

    def examine(self, drawn: Floats, images: int, gap: Measurement | None, weights: Mapping[str, Tensor]) -> None:
        """Measure images of `labels`, and keep the weights if they are the best so far."""
        found = self._examiner.examine(drawn, images)
        measurements = found.measurements if gap is None else (*found.measurements, gap)
        self.latest = Checkup(images, measurements, found.copying_p)
        if self._lowest is None or is_better(self.latest, self._lowest):
            self._lowest = self.latest
        if self.kept is None or stands(self.latest, self._lowest):
            self.kept = self.latest
            self.weights = {name: each.detach().to("cpu", copy=True) for name, each in weights.items()}

    def paid(self, share: float, images: int, spent: float, seconds: float) -> None:
        """Take note of what a checkup took, and measure half as often if that was too much."""
        if spent > MOST_SHARE * (seconds - self._last_seconds):
            self._stride *= 2
        self.measured_at, self._last_share, self._last_seconds = images, share, seconds + spent

    def state(self) -> dict[str, Any]:
        """Return what `load` needs, as tensors and plain values."""
        return {
            "stride": self._stride,
            "share": self._last_share,
            "seconds": self._last_seconds,
            "images": self.measured_at,
            "kept": None if self.kept is None else self.kept.plain(),
            "lowest": None if self._lowest is None else self._lowest.plain(),
            "latest": None if self.latest is None else self.latest.plain(),
            "weights": self.weights,
        }

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Go on from `state`; from nothing, begin anew."""
        if not state:
            return
        self._stride, self.measured_at = int(state["stride"]), int(state["images"])
        self._last_share, self._last_seconds = float(state["share"]), float(state["seconds"])
        self.kept = None if state["kept"] is None else Checkup.of(state["kept"])
        self._lowest = None if state["lowest"] is None else Checkup.of(state["lowest"])
        self.latest = None if state["latest"] is None else Checkup.of(state["latest"])
        self.weights = dict(state["weights"])


def is_better(new: Checkup, best: Checkup) -> bool:
    """Return whether a checkup has the lower kernel distance; one without copying beats one with it."""
    if copies(new) != copies(best):
        return copies(best)
    return _distance(new)[0] <= _distance(best)[0]


def stands(new: Checkup, best: Checkup) -> bool:
    """Return whether the newest checkup is to be kept, where `best` has the lowest kernel distance so far.

    It is if the distance lies within the interval of the best: of two that cannot be told apart, the later one has
    seen more images. One that copies never takes the place of one that does not.
    """
    return copies(new) <= copies(best) and _distance(new)[0] <= _distance(best)[1]


def _distance(checkup: Checkup) -> tuple[float, float]:
    """Return the kernel distance and the upper end of its interval."""
    found = checkup.find("kernel_distance")
    if found is None:
        return 0.0, 0.0
    return found.value, found.value if found.interval is None else found.interval[1]


def copies(checkup: Checkup) -> bool:
    """Return whether copying is suspected; a looser bound than the alarm's, for nothing is lost by it."""
    return checkup.copying_p is not None and checkup.copying_p < SUSPECTED
