"""What a physicist asks beside the verdict on intensities: noise, kernel groups, tissue peaks, violations."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.metrics import half_sampling, intensity
from ganaug_core.metrics.dominance import dominance, stated
from ganaug_core.metrics.statistics import StatedTest, Values, median_interval, weighted_median, wilson
from ganaug_core.records import TRAIN, Floats, Integers, Measurement
from ganaug_core.storage.workspace import digest_of

SPACE, TEXTURE = "intensity", "texture"
MOST = 1000
HALVES = 15
LEAST = 20


def measured(
    comparison: Comparison, label: int, held: Integers, generated: Integers, shares: list[Floats]
) -> list[Measurement]:
    """Return noise level and frequency, kernel groups and peaks of one class.

    Args:
        held: Rows of held-out images of the class, `generated` of its synthetic ones.
        shares: Histograms of the images of both.
    """
    return [*_noise(comparison, label, held, generated), *_peaks(comparison, label, held, generated, shares)]


def _noise(comparison: Comparison, label: int, held: Integers, generated: Integers) -> list[Measurement]:
    """Return the noise, and where training images have two kinds of it, the share of images with the sharp one."""
    real = _noise_of_real(comparison, held)
    synthetic = intensity.noise(np.asarray(comparison.samples.images[generated]))
    mass, name = comparison.weights[held], comparison.cohort.classes[label]
    sizes = round(float(mass.sum())), len(generated)
    scale = (comparison.cohort.intensity.high - comparison.cohort.intensity.low) / 2
    columns = (
        ("noise_level", 10 ** real[:, 0] * scale, 10 ** synthetic[:, 0] * scale, comparison.cohort.intensity.unit),
        ("noise_frequency", real[:, 1], synthetic[:, 1], "cycles a pixel"),
    )
    result = []
    for title, left, right, unit in columns:
        usual = weighted_median(left, mass)
        p_value = dominance(left, mass, right, 0, crowd=comparison.crowds[label]).p_value
        value, interval = float(np.median(right)), median_interval(right)
        result.append(
            Measurement(
                name=title,
                encoder=SPACE,
                value=value,
                interval=interval,
                floor=usual,
                null=usual,
                n_real=sizes[0],
                n_synthetic=sizes[1],
                better="as real",
                class_name=name,
                p_value=p_value,
                test=stated(0).phrase,
                interval_method="ranks",
                unit=unit,
            )
        )
    train = random_subset(comparison.cohort.where(TRAIN, label=label), MOST, comparison.random(500 + label))
    groups = intensity.kernel_groups(_noise_of_real(comparison, train)) if len(train) else None
    if groups is not None:
        edge = groups[:, 1].mean()
        usual = float((mass * (real[:, 1] > edge)).sum() / mass.sum())
        hits, real_hits = int((synthetic[:, 1] > edge).sum()), round(usual * sizes[0])
        table = [[hits, sizes[1] - hits], [real_hits, sizes[0] - real_hits]]
        result.append(
            Measurement(
                name="sharp_kernel_share",
                encoder=SPACE,
                value=hits / sizes[1],
                interval=wilson(hits, sizes[1]),
                floor=usual,
                null=usual,
                n_real=sizes[0],
                n_synthetic=sizes[1],
                better="as real",
                class_name=name,
                p_value=float(stats.fisher_exact(table).pvalue),
                test=StatedTest("Fisher, two sides", "the sharp kernel is as frequent as in real images", 0).phrase,
                interval_method="Wilson",
            )
        )
    return result


def _noise_of_real(comparison: Comparison, rows: Integers) -> Values:
    (values,) = comparison.memoise(
        f"noise-{digest_of(rows)}", lambda: (intensity.noise(comparison.cohort.images(rows)),)
    )
    return values


def _peaks(
    comparison: Comparison, label: int, held: Integers, generated: Integers, shares: list[Floats]
) -> list[Measurement]:
    """Return where tissues peak; the interval comes from halves of the synthetic images."""
    random = comparison.random(440 + label)
    physical = comparison.cohort.intensity
    real = shares[0].mean(0)
    peaks = intensity.peaks(real, shares[1].mean(0), physical)
    splits = half_sampling.complements(np.arange(len(generated)), np.zeros(len(generated), np.int64), HALVES, random)
    halves = np.array(
        [
            [
                [peak.synthetic for peak in intensity.peaks(real, shares[1][part].mean(0), physical)]
                for part in (half, ~half)
            ]
            for half in splits
        ]
    ).reshape(len(splits), 2, len(peaks))
    result = []
    step = (physical.high - physical.low) / intensity.BINS / 2
    for number, peak in enumerate(peaks):
        low, high = half_sampling.interval(peak.synthetic, halves[..., number], len(generated)) or [peak.synthetic] * 2
        interval = min(low, peak.synthetic - step), max(high, peak.synthetic + step)
        result.append(
            Measurement(
                name=f"{peak.name.replace(' ', '_')}_peak",
                encoder=SPACE,
                value=peak.synthetic,
                interval=interval,
                floor=peak.real,
                null=peak.real,
                n_real=comparison.patients(held),
                n_synthetic=len(generated),
                better="as real",
                class_name=comparison.cohort.classes[label],
                unit=physical.unit,
                interval_method="half-sampling, t, and a bin",
            )
        )
    return result


def violations(comparison: Comparison) -> list[Measurement]:
    """Return by class how many more numbers of a synthetic image are unheard of in training than of a held-out one."""
    if TEXTURE not in comparison.spaces:
        return []
    result = []
    for label, name in enumerate(comparison.cohort.classes):
        train, held = (rows[comparison.cohort.labels[rows] == label] for rows in (comparison.train, comparison.holdout))
        generated = np.flatnonzero(comparison.labels == label)
        if min(len(train), len(held), len(generated)) < LEAST:
            continue
        numbers = (
            comparison.features(TEXTURE, train),
            comparison.features(TEXTURE, held),
            comparison.spaces[TEXTURE].synthetic.values[generated],
        )
        result.append(excess("excess_violations", TEXTURE, numbers, comparison.weights[held], name))
    return result


def excess(
    title: str, space: str, numbers: tuple[NDArray[np.floating], ...], mass: Values, class_name: str
) -> Measurement:
    """Return how many more numbers of a synthetic image than of a held-out one lie outside what training images have.

    Args:
        seen: Numbers of training (t, d), held-out (n, d) and synthetic images (m, d) of one class.
        mass: (n,) weights of the held-out images, summing to their patients.
    """
    real, synthetic = (intensity.violations(numbers[0], values) for values in numbers[1:])
    patients = float(mass.sum())
    usual = float(np.average(real, weights=mass))
    value = float(synthetic.mean()) - usual
    variance = float(np.average(np.square(real - usual), weights=mass)) / patients
    variance += float(synthetic.var()) / len(synthetic)
    spread, freedom = max(float(np.sqrt(variance)), 1e-9), min(patients, len(synthetic)) - 1
    reach = float(stats.t.ppf(0.975, freedom)) * spread
    return Measurement(
        name=title,
        encoder=space,
        value=value,
        interval=(value - reach, value + reach),
        floor=0.0,
        null=0.0,
        n_real=round(patients),
        n_synthetic=len(synthetic),
        better="lower",
        class_name=class_name,
        reference="train+holdout",
        p_value=float(stats.t.sf(value / spread, freedom)),
        test=StatedTest("t, one side", "no more violations than in real images", 0).phrase,
        interval_method="t, patients",
    )
