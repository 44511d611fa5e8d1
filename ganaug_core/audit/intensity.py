"""Intensity: do the pixel values lie where they do in real images of the class, in the physical unit?"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit import noise_and_tissue
from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.lesion_regions import regions
from ganaug_core.audit.sentences import FAIL, VERDICTS, Finding, synthetic_images
from ganaug_core.metrics import intensity
from ganaug_core.metrics.dominance import SHIFT, dominance, sees, stated
from ganaug_core.metrics.statistics import median_interval, weighted_median
from ganaug_core.records import Examples, Floats, Integers, Measurement
from ganaug_core.wording import chance, channel_name, count, listing, percent

VISIBLE = 0.85  # a shift that puts a synthetic value above a real one in so many pairs must be noticed
LEAST, SHOWN = 10, 12
MOST = 1000  # images of a class and side
SAID = {
    "median": "median value",
    "low": "5th percentile",
    "high": "95th percentile",
    "out_of_range": "share of pixels at the ends of the range",
}


@dataclass(frozen=True)
class Intensities:
    """The finding, the histograms of each class, the images that lie outermost, and sentences on sub-regions."""

    finding: Finding
    drawings: dict[str, Floats] = field(default_factory=dict)
    examples: Examples | None = None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Shift:
    """One number of one class: typical values on both sides, and the chance of a synthetic image to have more.

    `colour` is that of the channel, empty where there is only one.

    The synthetic images count as `independent` ones; `outermost` are the rows of those that lie furthest to the side on
    which most of them lie.
    """

    name: str
    colour: str
    label: int
    synthetic: float
    interval: tuple[float, float]
    real: float
    more: float
    p_value: float
    n_real: int
    n_synthetic: int
    independent: int
    outermost: Integers


def intensities(comparison: Comparison) -> Intensities:
    """Return what speaks for wrong pixel values."""
    held_labels = comparison.cohort.labels[comparison.holdout]
    random = comparison.random(430)
    shifts: list[_Shift] = []
    measurements: list[Measurement] = []
    drawings: dict[str, list[Floats]] = {"holdout": [], "synthetic": []}
    for label in np.intersect1d(held_labels, comparison.labels):
        held = random_subset(comparison.holdout[held_labels == label], MOST, random)
        generated = random_subset(np.flatnonzero(comparison.labels == label), MOST, random)
        if comparison.patients(held) < LEAST or len(generated) < LEAST:
            continue
        shifts += _shifts(comparison, int(label), held, generated)
        shares = [
            intensity.histograms(comparison.cohort.images(held)),
            intensity.histograms(np.asarray(comparison.samples.images[generated])),
        ]
        measurements += noise_and_tissue.measured(comparison, int(label), held, generated, shares)
        for name, histogram in zip(drawings, shares, strict=True):
            drawings[name].append(histogram.mean(0))
    if not shifts:
        return Intensities(
            Finding(
                p_value=None,
                unable=(
                    f"Intensities cannot be judged: no class has {LEAST} held-out patients and {LEAST} synthetic "
                    f"images.",
                    f"Audit with at least {LEAST} held-out patients and {LEAST} synthetic images of a class.",
                ),
            )
        )
    lesions = regions(comparison)
    measurements = [
        *(_measurement(comparison, shift) for shift in shifts),
        *measurements,
        *noise_and_tissue.violations(comparison),
    ]
    measurements += lesions.measurements
    edges = comparison.cohort.intensity.physical(np.linspace(-1, 1, intensity.BINS + 1).astype(np.float32))
    return Intensities(
        _finding(comparison, shifts, tuple(measurements)),
        {
            "histogram.edges": edges,
            "histogram.labels": np.unique([shift.label for shift in shifts]).astype(np.float32),
            **{f"histogram.{name}": np.stack(means) for name, means in drawings.items()},
            **lesions.drawings,
        },
        _examples(comparison, min(shifts, key=lambda shift: shift.p_value)),
        lesions.sentences,
    )


def _shifts(comparison: Comparison, label: int, held: Integers, generated: Integers) -> list[_Shift]:
    real, synthetic = comparison.cohort.images(held), np.asarray(comparison.samples.images[generated])
    channels = real.shape[1]
    return [
        shift
        for channel in range(channels)
        for shift in _shifts_of(
            comparison,
            label,
            channel_name(channel, channels),
            (held, real[:, channel : channel + 1]),
            (generated, synthetic[:, channel : channel + 1]),
        )
    ]


def _shifts_of(
    comparison: Comparison,
    label: int,
    colour: str,
    held_out: tuple[Integers, Floats],
    synthetic_images: tuple[Integers, Floats],
) -> list[_Shift]:
    """Return the shifts of one channel; rows and images (n, 1, row, column) of both sides."""
    (held, real_planes), (generated, synthetic_planes) = held_out, synthetic_images
    real = intensity.numbers(real_planes, comparison.cohort.intensity)
    synthetic = intensity.numbers(synthetic_planes, comparison.cohort.intensity)
    mass = comparison.weights[held]
    result = []
    for column, name in enumerate(intensity.NUMBERS):
        dominated = dominance(real[:, column], mass, synthetic[:, column], SHIFT, crowd=comparison.crowds[label])
        result.append(
            _Shift(
                name=name,
                colour=colour,
                label=label,
                synthetic=float(np.median(synthetic[:, column])),
                interval=median_interval(synthetic[:, column]),
                real=weighted_median(real[:, column], mass),
                more=dominated.chance,
                p_value=dominated.p_value,
                n_real=round(float(mass.sum())),
                n_synthetic=len(generated),
                independent=comparison.independent(label, len(generated)),
                outermost=generated[
                    np.argsort(synthetic[:, column] * (-1 if dominated.chance > 0.5 else 1), kind="stable")[:SHOWN]
                ],
            )
        )
    return result


def _examples(comparison: Comparison, worst: _Shift) -> Examples:
    extreme = "highest" if worst.more > 0.5 else "lowest"
    says = f"These images of {comparison.cohort.classes[worst.label]} have the {extreme} {_named(worst)}."
    return Examples(says, tuple(str(sample_id) for sample_id in comparison.samples.ids[worst.outermost]))


def _finding(comparison: Comparison, shifts: list[_Shift], measurements: tuple[Measurement, ...]) -> Finding:
    worst = min(shifts, key=lambda shift: shift.p_value)
    p_value = min(1.0, len(shifts) * worst.p_value)
    alpha = FAIL / (len(VERDICTS) * len(shifts))
    blind = [shift for shift in shifts if not sees(VISIBLE, shift.n_real, shift.independent, SHIFT, alpha)]
    judged = {shift.label for shift in shifts}
    unseen = [comparison.cohort.classes[label] for label in np.unique(comparison.labels) if int(label) not in judged]
    patients = comparison.held_out([shift.label for shift in shifts])
    sizes = f"{_images({shift.label: shift for shift in shifts}.values())}, {count(patients, 'held-out patient')}"
    unit = _unit(comparison)
    clear, unable = None, ("", "")
    if not blind and not unseen:
        medians = [shift for shift in shifts if shift.name == "median"]
        widest = max(medians, key=lambda shift: abs(shift.synthetic - shift.real))
        clear = (
            f"The pixel values lie where real ones do: the median {_of(widest)}of "
            f"{comparison.cohort.classes[widest.label]}, which differs most, is {_said(widest.synthetic)}{unit} "
            f"against {_said(widest.real)}{unit} ({sizes}).",
            "Look at the histogram of each class.",
        )
    else:
        names = listing([*dict.fromkeys(comparison.cohort.classes[shift.label] for shift in blind), *unseen], most=4)
        unable = (
            f"No difference of pixel values found, but in {names} a large one could go unnoticed ({sizes}).",
            f"Audit with at least {_needed(alpha)} held-out patients and synthetic images of each class.",
        )
    return Finding(
        p_value=p_value,
        trouble=(
            _trouble(comparison, worst),
            "Check window and range of the samples against the cohort's; train longer.",
        ),
        clear=clear,
        unable=unable,
        measurements=measurements,
        test=stated(SHIFT).corrected(len(shifts)),
        null=stated(SHIFT).null,
        margin=SHIFT,
        patients=worst.n_real,
        images=worst.n_synthetic,
    )


def _trouble(comparison: Comparison, worst: _Shift) -> str:
    unit = "" if worst.name == "out_of_range" else _unit(comparison)
    values = [worst.synthetic, worst.real]
    said = [percent(value) if worst.name == "out_of_range" else f"{_said(value)}{unit}" for value in values]
    above = "above" if worst.more > 0.5 else "below"
    name = comparison.cohort.classes[worst.label]
    return (
        f"In {name} the {_named(worst)} is {said[0]} in the usual synthetic image "
        f"and {said[1]} in the usual real one; {percent(max(worst.more, 1 - worst.more))} of synthetic images lie "
        f"{above} a real one, where chance gives 50 % ({chance(worst.p_value)}; {_images([worst])}, "
        f"{count(worst.n_real, 'held-out patient')})."
    )


def _images(shifts: Iterable[_Shift]) -> str:
    return synthetic_images(*np.sum([(shift.n_synthetic, shift.independent) for shift in shifts], axis=0))


def _named(shift: _Shift) -> str:
    return f"{SAID[shift.name]} of {shift.colour}" if shift.colour else SAID[shift.name]


def _of(shift: _Shift) -> str:
    return f"of {shift.colour} " if shift.colour else ""


def _needed(alpha: float) -> int:
    """Return how many patients, and as many images, show the shift that must be noticed."""
    return next(size for size in itertools.count(LEAST, 2) if sees(VISIBLE, size, size, SHIFT, alpha))


def _unit(comparison: Comparison) -> str:
    return " HU" if comparison.cohort.intensity.unit == "HU" else ""


def _said(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _measurement(comparison: Comparison, shift: _Shift) -> Measurement:
    return Measurement(
        name=f"{shift.name}_intensity" if shift.name != "out_of_range" else shift.name,
        encoder=f"{noise_and_tissue.SPACE}, {shift.colour}" if shift.colour else noise_and_tissue.SPACE,
        value=shift.synthetic,
        interval=shift.interval,
        floor=shift.real,
        null=shift.real,
        n_real=shift.n_real,
        n_synthetic=shift.n_synthetic,
        better="as real",
        class_name=comparison.cohort.classes[shift.label],
        p_value=shift.p_value,
        test=stated(SHIFT).phrase,
        interval_method="ranks",
        unit="" if shift.name == "out_of_range" else comparison.cohort.intensity.unit,
    )
