"""What flows out of a run while it trains: reports, measured checkpoints, alarms."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ganaug_core.records import TRAIN, TUNING, Cohort, Floats, Measurement

LEAST_TUNING = 12  # patients; with fewer no interval tells two checkpoints apart
LEAST_TRAINING = 8  # images, for the feature spaces in which checkpoints are measured


def can_be_judged(cohort: Cohort) -> bool:
    """Whether the checkpoints of a run on a cohort can be measured: its tuning share has enough patients."""
    patients = np.unique(cohort.groups[cohort.where(TUNING)])
    return len(patients) >= LEAST_TUNING and len(cohort.where(TRAIN)) >= LEAST_TRAINING


@dataclass(frozen=True)
class Checkup:
    """What a run's averaged generator was worth at one moment, judged on the tuning share alone.

    Attributes:
        images: Real images shown to the discriminator until then.
        measurements: kernel_distance, coverage, variety, label_agreement (also by class), copied_share and
            discriminator_gap, as far as the tuning share allows.
        copying_p: Chance of a copied share as large if nothing is copied, None where it cannot be judged.
    """

    images: int
    measurements: tuple[Measurement, ...]
    copying_p: float | None = None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Checkup":
        """Return the checkup that `plain` described."""
        measurements = [
            Measurement(**{**fields, "interval": _pair(fields["interval"])}) for fields in content["measurements"]
        ]
        return cls(int(content["images"]), tuple(measurements), content["copying_p"])

    def plain(self) -> dict[str, Any]:
        """Return it as dictionaries, lists and Python's own numbers."""
        measurements = [
            {key: _plain(value) for key, value in asdict(measurement).items()} for measurement in self.measurements
        ]
        return {"images": self.images, "measurements": measurements, "copying_p": self.copying_p}

    def find(self, name: str, class_name: str | None = None) -> Measurement | None:
        """Return the measurement of that name, of all classes together or of one."""
        for measurement in self.measurements:
            if measurement.name == name and measurement.class_name == class_name:
                return measurement
        return None


@dataclass(frozen=True)
class Raised:
    """An alarm that went off: what was seen with its threshold, and what to try.

    Attributes:
        name: Its name in `alarms.ALARMS`.
        images: Real images shown until then.
    """

    name: str
    images: int
    say: str
    do: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One report of a training run; numbers are means since the last report.

    Attributes:
        images: Real images shown to the discriminator so far.
        seconds: Time spent training, without pauses.
        share: Share of the budget that is spent, in [0, 1].
        measures: `discriminator_loss`, `generator_loss` and their moving averages `..._average`, `loss_ratio` (the
            generator's average over the discriminator's), `discriminator_gradient`, `generator_gradient`, `left_out`
            (updates that were not finite, a count), `images_per_second`, `learning_rate`.
        logits: Up to 256 discriminator outputs each for `train`, `tuning` and `generated`; only at each preview.
        variety: By class, spread of the current generator's images over that of training images, 1 if alike; only at
            each preview.
        preview: (n, channel, row, column) in [-1, 1] of the averaged generator at fixed latents; only now and then.
        checkup: Only at each measured checkpoint.
        kept: Images of the checkpoint that would be kept if the run ended now, None while none is measured.
        alarms: Alarms that went off now; `cleared` names those that no longer hold.
    """

    images: int
    seconds: float
    share: float
    measures: dict[str, float]
    logits: dict[str, Floats] | None = None
    variety: dict[str, float] | None = None
    preview: Floats | None = None
    checkup: Checkup | None = None
    kept: int | None = None
    alarms: tuple[Raised, ...] = ()
    cleared: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Progress":
        """Return the report that `plain` described."""
        checkup = None if content["checkup"] is None else Checkup.of(content["checkup"])
        return cls(**{**content, "checkup": checkup})

    def plain(self) -> dict[str, Any]:
        """Return what alarms read of it, without pictures and logits, as Python's own values."""
        numbers = {name: float(value) for name, value in self.measures.items()}
        checkup = None if self.checkup is None else self.checkup.plain()
        said = {"images": self.images, "seconds": self.seconds, "share": self.share, "measures": numbers}
        return {**said, "variety": self.variety, "checkup": checkup}


def _plain(value: Any) -> Any:
    """Return Python's own numbers, and a list of them for a tuple."""
    if isinstance(value, tuple):
        return [float(number) for number in value]
    return float(value) if isinstance(value, float) else value


def _pair(ends: Any) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
