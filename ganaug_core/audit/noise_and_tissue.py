"""What a physicist asks beside the verdict on intensities: noise, kernel groups, tissue peaks, violations."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.audit.comparison import Sides, some
from ganaug_core.metrics import intensity
from ganaug_core.metrics.statistics import Values, dominance, halves, median_interval, weighted_median, wilson
from ganaug_core.records import TRAIN, Floats, Integers, Measurement
from ganaug_core.storage.workspace import digest_of

SPACE, TEXTURE = "intensity", "texture"
MOST = 1000
HALVES = 40
LEAST = 20


def measured(both: Sides, label: int, held: Integers, drawn: Integers, shares: list[Floats]) -> list[Measurement]:
    """Return noise level and frequency, kernel groups and peaks of one class.

    Args:
        held: Rows of held-out images of the class, `drawn` of its synthetic ones.
        shares: Histograms of the images of both.
    """
    return [*_noise(both, label, held, drawn), *_peaks(both, label, held, drawn, shares)]


def _noise(both: Sides, label: int, held: Integers, drawn: Integers) -> list[Measurement]:
    """Return the noise, and where training images have two kinds of it, the share of images with the sharp one."""
    real = _noise_of_real(both, held)
    synthetic = intensity.noise(np.asarray(both.samples.images[drawn]))
    mass, name = both.weights[held], both.cohort.classes[label]
    sizes = round(float(mass.sum())), len(drawn)
    scale = (both.cohort.intensity.high - both.cohort.intensity.low) / 2
    columns = (
        ("noise_level", 10 ** real[:, 0] * scale, 10 ** synthetic[:, 0] * scale, both.cohort.intensity.unit),
        ("noise_frequency", real[:, 1], synthetic[:, 1], "cycles a pixel"),
    )
    result = []
    for title, left, right, unit in columns:
        usual = weighted_median(left, mass)
        p_value = dominance(left, mass, right, 0).p_value
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
                unit=unit,
            )
        )
    train = some(both.cohort.where(TRAIN, label=label), MOST, both.random(500 + label))
    groups = intensity.kernel_groups(_noise_of_real(both, train)) if len(train) else None
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
            )
        )
    return result


def _noise_of_real(both: Sides, rows: Integers) -> Values:
    (found,) = both.remember(f"noise-{digest_of(rows)}", lambda: (intensity.noise(both.cohort.images(rows)),))
    return found


def _peaks(both: Sides, label: int, held: Integers, drawn: Integers, shares: list[Floats]) -> list[Measurement]:
    """Return where tissues peak; the interval comes from halves of the synthetic images."""
    random = both.random(440 + label)
    known = both.cohort.intensity
    real = shares[0].mean(0)
    found = intensity.peaks(real, shares[1].mean(0), known)
    spread: list[list[float]] = [[] for _ in found]
    for half in halves(np.arange(len(drawn)), HALVES // 2, random):
        for place, each in zip(spread, intensity.peaks(real, shares[1][half].mean(0), known), strict=True):
            place.append(each.synthetic)
    result = []
    for each, values in zip(found, spread, strict=True):
        reach = 1.96 * float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        step = (known.high - known.low) / intensity.BINS
        interval = each.synthetic - max(reach, step / 2), each.synthetic + max(reach, step / 2)
        result.append(
            Measurement(
                name=f"{each.name.replace(' ', '_')}_peak",
                encoder=SPACE,
                value=each.synthetic,
                interval=interval,
                floor=each.real,
                null=each.real,
                n_real=both.patients(held),
                n_synthetic=len(drawn),
                better="as real",
                class_name=both.cohort.classes[label],
                unit=known.unit,
            )
        )
    return result


def violations(both: Sides) -> list[Measurement]:
    """Return by class how many more numbers of a synthetic image are unheard of in training than of a held-out one."""
    if TEXTURE not in both.spaces:
        return []
    result = []
    for label, name in enumerate(both.cohort.classes):
        train, held = (rows[both.cohort.labels[rows] == label] for rows in (both.train, both.holdout))
        drawn = np.flatnonzero(both.labels == label)
        if min(len(train), len(held), len(drawn)) < LEAST:
            continue
        seen = both.features(TEXTURE, train), both.features(TEXTURE, held), both.spaces[TEXTURE].synthetic.values[drawn]
        result.append(excess("excess_violations", TEXTURE, seen, both.weights[held], name))
    return result


def excess(
    title: str, space: str, seen: tuple[NDArray[np.floating], ...], mass: Values, class_name: str
) -> Measurement:
    """Return how many more numbers of a synthetic image than of a held-out one lie outside what training images have.

    Args:
        seen: Numbers of training (t, d), held-out (n, d) and synthetic images (m, d) of one class.
        mass: (n,) weights of the held-out images, summing to their patients.
    """
    real, synthetic = (intensity.violations(seen[0], each) for each in seen[1:])
    patients = float(mass.sum())
    usual = float(np.average(real, weights=mass))
    value = float(synthetic.mean()) - usual
    variance = float(np.average(np.square(real - usual), weights=mass)) / patients
    variance += float(synthetic.var()) / len(synthetic)
    reach = float(stats.norm.ppf(0.975) * np.sqrt(variance))
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
        p_value=float(stats.norm.sf(value / max(np.sqrt(variance), 1e-9))),
    )
