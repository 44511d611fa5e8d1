"""Detail: do synthetic images have as much power at each spatial frequency as real ones of their class?"""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.sentences import FAIL, VERDICTS
from ganaug_core.metrics import power_spectrum
from ganaug_core.metrics.dominance import INTERVAL, SHIFT, Dominance, dominance, noticed, stated
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Measurement
from ganaug_core.wording import chance, channel_name, count, percent

BLURS = (0.5, 0.7, 1.0, 1.5, 2.0)
VISIBLE_BLUR = 1.0  # pixels: a pass must have been able to see this much
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
        tests: How many were corrected for; `patients` and `images` of the class that differs most.
    """

    p_value: float = 1.0
    sentence: str = ""
    visible: float | None = None
    tests: int = 0
    patients: int = 0
    images: int = 0
    measurements: tuple[Measurement, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)


def detail(comparison: Comparison) -> Detail:
    """Return the comparison of every class that has images on both sides."""
    held_labels = comparison.cohort.labels[comparison.holdout]
    frequencies = power_spectrum.frequencies(*comparison.cohort.shape[1:])
    channels = comparison.cohort.shape[0]
    classes = np.intersect1d(held_labels, comparison.labels)
    results: list[_Ring] = []
    visible = [0.0]
    pooled: list[tuple[Values, Values]] = []
    random = comparison.random(420)
    for label in classes:
        held = random_subset(comparison.holdout[held_labels == label], MOST, random)
        generated = random_subset(np.flatnonzero(comparison.labels == label), MOST, random)
        if comparison.patients(held) < LEAST or len(generated) < LEAST:
            continue
        name, images, mass = comparison.cohort.classes[label], comparison.cohort.images(held), comparison.weights[held]
        real, synthetic = power_spectrum.rings(images), power_spectrum.rings(comparison.samples.images[generated])
        pooled.append((real, synthetic))
        for ring in range(real.shape[1]):
            more = dominance(real[:, ring], mass, synthetic[:, ring], SHIFT, crowd=comparison.crowds[int(label)])
            channel, frequency = divmod(ring, len(frequencies))
            colour = channel_name(channel, channels)
            results.append(_Ring(name, float(frequencies[frequency]), colour, more, round(mass.sum()), len(generated)))
        alpha = FAIL / (len(VERDICTS) * PARTS * len(classes) * real.shape[1])
        smallest = _visible(images, real, mass, comparison.independent(int(label), len(generated)), alpha)
        visible.append(np.inf if smallest is None else smallest)
    if not results:
        return Detail()
    worst = min(reversed(results), key=lambda result: result.more.p_value)  # of equals the finest detail
    largest = max(visible)
    return Detail(
        p_value=min(1.0, worst.more.p_value * len(results)),
        sentence=worst.sentence(),
        visible=None if np.isinf(largest) else largest,
        tests=len(results),
        patients=worst.n_real,
        images=worst.n_synthetic,
        measurements=tuple(result.measurement() for result in results),
        drawings={"spectrum.frequency": frequencies.astype(np.float32), **_drawings(pooled, channels)},
    )


@dataclass(frozen=True)
class _Ring:
    """How often a synthetic image of a class has more power at a frequency (cycles a pixel) than a real one.

    `colour` is that of the channel, empty where there is only one.
    """

    class_name: str
    frequency: float
    colour: str
    more: Dominance
    n_real: int
    n_synthetic: int

    def measurement(self) -> Measurement:
        return Measurement(
            name="detail",
            encoder=f"{self.frequency:.2f} cycles a pixel" + (f", {self.colour}" if self.colour else ""),
            value=self.more.chance,
            interval=self.more.interval,
            floor=0.5,
            null=0.5,
            n_real=self.n_real,
            n_synthetic=self.n_synthetic,
            better="near .5",
            class_name=self.class_name,
            p_value=self.more.p_value,
            test=stated(SHIFT).phrase,
            interval_method=INTERVAL,
        )

    def sentence(self) -> str:
        how = "more" if self.more.chance > 0.5 else "less"
        where = f" in {self.colour}" if self.colour else ""
        return (
            f"Synthetic {self.class_name} has {how} detail of {1 / self.frequency:.1f} pixels{where} than real images "
            f"in {percent(max(self.more.chance, 1 - self.more.chance))} of comparisons, where chance gives 50 % and "
            f"{percent(0.5 + SHIFT)} is allowed ({chance(self.more.p_value)}; "
            f"{count(self.n_synthetic, 'synthetic image')}, {count(self.n_real, 'held-out patient')})"
        )


def _visible(images: Floats, real: Values, mass: Values, synthetic: int, alpha: float) -> float | None:
    """Return the smallest blur of the real images that would be found in so many synthetic ones, four times in five."""
    for sigma in BLURS:
        blurred = power_spectrum.rings(ndimage.gaussian_filter(images, (0, 0, sigma, sigma), mode="reflect"))
        for ring in range(real.shape[1]):
            as_many = np.resize(blurred[:, ring], synthetic)
            if noticed(dominance(real[:, ring], mass, as_many, SHIFT).p_value, alpha):
                return sigma
    return None


def _drawings(pooled: list[tuple[Values, Values]], channels: int) -> dict[str, Floats]:
    """Return for both sides (3, rings) the 5th, 50th and 95th percentile over images, classes and channels alike."""
    drawings = {}
    for side, name in enumerate(("holdout", "synthetic")):
        quantiles = [np.percentile(spectra[side], (5, 50, 95), axis=0) for spectra in pooled]
        rings = np.mean(quantiles, axis=0).reshape(3, channels, -1).mean(1)
        drawings[f"spectrum.{name}"] = rings.astype(np.float32)
    return drawings
