"""Which moment of a run is kept: the best one without copying, judged on the tuning share only, or the last."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from torch import Tensor

from ganaug_core.records import Cohort, Floats, Integers, Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.training.checkup import CheckpointEvaluator

CHECKUPS = 20
# at 32 pixels; images of four times the area take a fourth as many. Counted in images and not by the clock, so that a
# resumed run measures, and keeps, the same checkpoints
IMAGES_BETWEEN = 15_000
MOST_SHARE = 0.02  # of the time between two checkups; where one costs more, they come half as often
SUSPECTED = 0.01  # looser than the alarm's .001: nothing is lost by passing a checkpoint over


class CheckpointSelection:
    """Measures a run now and then, and holds the weights of the best moment so far.

    Attributes:
        latest: The last checkup, None where the tuning share is too small for any.
        selected: The checkup whose weights are kept; None where the last weights are.
        weights: Those of the averaged generator then, on the CPU.
        measured_images: Images shown at the last checkup, whether it could be judged or not.
    """

    def __init__(self, cohort: Cohort, seed: int, *, keep_last: bool = False) -> None:
        self._cohort, self._seed, self._keep_last = cohort, seed, keep_last
        self._between = IMAGES_BETWEEN * 32**2 // (cohort.shape[1] * cohort.shape[2])
        self._stride, self._last_share, self._last_seconds = 1, 0.0, 0.0
        self.measured_images = 0
        self.latest: Checkup | None = None
        self.selected: Checkup | None = None
        self._lowest: Checkup | None = None
        self.weights: dict[str, Tensor] = {}

    @cached_property
    def _evaluator(self) -> CheckpointEvaluator:
        return CheckpointEvaluator(self._cohort, self._seed)

    @property
    def labels(self) -> Integers:
        """(n,) class of each image that `measure` wants; none where nothing can be judged."""
        return self._evaluator.labels

    @property
    def selected_images(self) -> int | None:
        """Images shown until the checkpoint that is kept; None where none was measured, or the last is kept."""
        return None if self.selected is None else self.selected.images

    def due(self, share: float, images: int) -> bool:
        """Return whether to measure now.

        How many images lie between two checkups depends on the images' size and not on the clock, so that a resumed
        run keeps the same checkpoint; only where that took more than `MOST_SHARE` of the time it is done less often.
        """
        if share >= 1:
            return images != self.measured_images
        enough = images - self.measured_images >= self._stride * self._between
        return enough and share - self._last_share >= self._stride / CHECKUPS - 1e-9

    def measure(self, generated: Floats, images: int, gap: Measurement | None, weights: Mapping[str, Tensor]) -> None:
        """Measure generated images of `labels`, and keep the weights if they are the best so far.

        Args:
            gap: The discriminator's, which is written down with the checkup.
        """
        checkup = self._evaluator.evaluate(generated, images)
        measurements = checkup.measurements if gap is None else (*checkup.measurements, gap)
        self.latest = Checkup(images, measurements, checkup.copying_p)
        if self._keep_last:
            return
        if self._lowest is None or is_better(self.latest, self._lowest):
            self._lowest = self.latest
        if self.selected is None or replaces(self.latest, self._lowest):
            self.selected = self.latest
            self.weights = {name: weight.detach().to("cpu", copy=True) for name, weight in weights.items()}

    def record_cost(self, share: float, images: int, spent: float, seconds: float) -> None:
        """Take note of the seconds that a checkup took, and measure half as often if that was too much."""
        if spent > MOST_SHARE * (seconds - self._last_seconds):
            self._stride *= 2
        self.measured_images, self._last_share, self._last_seconds = images, share, seconds + spent

    def rejoin(self, share: float) -> None:
        """Count from here where the budget grew, so that less of it is spent than at the last checkup."""
        self._last_share = min(self._last_share, share)

    def state(self) -> dict[str, Any]:
        """Return what `load` needs, as tensors and plain values."""
        return {
            "stride": self._stride,
            "share": self._last_share,
            "seconds": self._last_seconds,
            "images": self.measured_images,
            "selected": None if self.selected is None else self.selected.plain(),
            "lowest": None if self._lowest is None else self._lowest.plain(),
            "latest": None if self.latest is None else self.latest.plain(),
            "weights": self.weights,
        }

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Go on from `state`; from nothing, begin anew."""
        if not state:
            return
        self._stride, self.measured_images = int(state["stride"]), int(state["images"])
        self._last_share, self._last_seconds = float(state["share"]), float(state["seconds"])
        self.selected = None if state["selected"] is None else Checkup.of(state["selected"])
        self._lowest = None if state["lowest"] is None else Checkup.of(state["lowest"])
        self.latest = None if state["latest"] is None else Checkup.of(state["latest"])
        self.weights = dict(state["weights"])


def is_better(new: Checkup, best: Checkup) -> bool:
    """Return whether a checkup has the lower kernel distance; one without copying beats one with it."""
    if copies(new) != copies(best):
        return copies(best)
    return _distance(new)[0] <= _distance(best)[0]


def replaces(new: Checkup, best: Checkup) -> bool:
    """Return whether the newest checkup is to be kept, where `best` has the lowest kernel distance so far.

    It is if the distance lies within the interval of the best: of two that cannot be told apart, the later one has
    seen more images. One that copies never takes the place of one that does not.
    """
    return copies(new) <= copies(best) and _distance(new)[0] <= _distance(best)[1]


def _distance(checkup: Checkup) -> tuple[float, float]:
    """Return the kernel distance and the upper end of its interval."""
    distance = checkup.find("kernel_distance")
    if distance is None:
        return 0.0, 0.0
    return distance.value, distance.value if distance.interval is None else distance.interval[1]


def copies(checkup: Checkup) -> bool:
    """Return whether copying is suspected."""
    return checkup.copying_p is not None and checkup.copying_p < SUSPECTED
