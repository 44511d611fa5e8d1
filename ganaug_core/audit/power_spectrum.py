"""Detail: do synthetic images have as much power at each spatial frequency as real ones of their class?"""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage, stats

from ganaug_core.audit.comparison import Sides, some
from ganaug_core.audit.sentences import FAIL, VERDICTS
from ganaug_core.metrics import power_spectrum
from ganaug_core.metrics.statistics import SHIFT, Dominance, Values, dominance
from ganaug_core.records import Floats, Measurement
from ganaug_core.wording import chance, percent

BLURS = (0.5, 0.7, 1.0, 1.5, 2.0)
VISIBLE_BLUR = 1.0
LEAST = 10
MOST = 600  # images of a class and side
PARTS = 3


@dataclass(frozen=True)
class Detail:
    """What the spectrum says.

    Attributes:
        p_value: Corrected for classes and frequencies, 1 where nothing could be compared.
        sentence: About the class and frequency that differ most.
        visible: Smallest blur in pixels that would be noticed in every class, None where none would.
    """

    p_value: float = 1.0
    sentence: str = ""
    visible: float | None = None
    measurements: tuple[Measurement, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)


def detail(both: Sides) -> Detail:
    """Return the comparison of every class that has images on both sides."""
    held_labels = both.cohort.labels[both.holdout]
    frequencies = power_spectrum.frequencies(*both.cohort.shape[1:])
    classes = np.intersect1d(held_labels, both.labels)
    found: list[_Ring] = []
    visible = [0.0]
    pooled: list[tuple[Values, Values]] = []
    random = both.random(420)
    for label in classes:
        held = some(both.holdout[held_labels == label], MOST, random)
        drawn = some(np.flatnonzero(both.labels == label), MOST, random)
        if both.patients(held) < LEAST or len(drawn) < LEAST:
            continue
        name, images, mass = both.cohort.classes[label], both.cohort.images(held), both.weights[held]
        real, synthetic = power_spectrum.rings(images), power_spectrum.rings(both.samples.images[drawn])
        pooled.append((real, synthetic))
        for ring, frequency in enumerate(frequencies):
            more = dominance(real[:, ring], mass, synthetic[:, ring], SHIFT)
            found.append(_Ring(name, float(frequency), more, round(mass.sum()), len(drawn)))
        alpha = FAIL / (len(VERDICTS) * PARTS * len(classes) * len(frequencies))
        seen = _visible(images, real, mass, len(drawn), alpha)
        visible.append(np.inf if seen is None else seen)
    if not found:
        return Detail()
    worst = min(reversed(found), key=lambda each: each.more.p_value)  # of equals the finest detail
    largest = max(visible)
    return Detail(
        min(1.0, worst.more.p_value * len(found)),
        worst.sentence(),
        None if np.isinf(largest) else largest,
        tuple(each.measurement() for each in found),
        {"spectrum.frequency": frequencies.astype(np.float32), **_drawings(pooled)},
    )


@dataclass(frozen=True)
class _Ring:
    """How often a synthetic image of a class has more power at a frequency (cycles a pixel) than a real one."""

    class_name: str
    frequency: float
    more: Dominance
    n_real: int
    n_synthetic: int

    def measurement(self) -> Measurement:
        return Measurement(
            name="detail",
            encoder=f"{self.frequency:.2f} cycles a pixel",
            value=self.more.chance,
            interval=self.more.interval,
            floor=0.5,
            null=0.5,
            n_real=self.n_real,
            n_synthetic=self.n_synthetic,
            better="near .5",
            class_name=self.class_name,
            p_value=self.more.p_value,
        )

    def sentence(self) -> str:
        how = "more" if self.more.chance > 0.5 else "less"
        return (
            f"Synthetic {self.class_name} has {how} detail of {1 / self.frequency:.1f} pixels than real images in "
            f"{percent(max(self.more.chance, 1 - self.more.chance))} of comparisons, where chance gives 50 % "
            f"({chance(self.more.p_value)})"
        )


def _visible(images: Floats, real: Values, mass: Values, synthetic: int, alpha: float) -> float | None:
    """Return the smallest blur of the real images that would be found in so many synthetic ones, four times in five."""
    need = float(stats.norm.isf(alpha) + stats.norm.ppf(0.8))
    for sigma in BLURS:
        blurred = power_spectrum.rings(ndimage.gaussian_filter(images, (0, 0, sigma, sigma), mode="reflect"))
        for ring in range(real.shape[1]):
            as_many = np.resize(blurred[:, ring], synthetic)
            if stats.norm.isf(dominance(real[:, ring], mass, as_many, SHIFT).p_value) > need:
                return sigma
    return None


def _drawings(pooled: list[tuple[Values, Values]]) -> dict[str, Floats]:
    """Return for both sides (3, rings) the 5th, 50th and 95th percentile over images, classes alike."""
    drawn = {}
    for side, name in enumerate(("holdout", "synthetic")):
        quantiles = [np.percentile(each[side], (5, 50, 95), axis=0) for each in pooled]
        drawn[f"spectrum.{name}"] = np.mean(quantiles, axis=0).astype(np.float32)
    return drawn
