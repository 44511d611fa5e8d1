"""Intensity: do the pixel values lie where they do in real images of the class, in the physical unit?"""

from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ganaug_core.audit import noise_and_tissue
from ganaug_core.audit.comparison import Sides, some
from ganaug_core.audit.lesion_regions import regions
from ganaug_core.audit.sentences import FAIL, VERDICTS, Finding
from ganaug_core.metrics import intensity
from ganaug_core.metrics.statistics import SHIFT, dominance, median_interval, weighted_median
from ganaug_core.records import Examples, Floats, Integers, Measurement
from ganaug_core.wording import chance, count, listing, percent

VISIBLE = 0.35  # a shift that puts 85 % of the synthetic images above the usual real one must be noticed
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


@dataclass(frozen=True)
class _Shift:
    """One number of one class: typical values on both sides, and the chance of a synthetic image to have more.

    `outermost` are the rows of the synthetic images that lie furthest to the side on which most of them lie.
    """

    name: str
    label: int
    synthetic: float
    interval: tuple[float, float]
    real: float
    more: float
    spread: float
    p_value: float
    n_real: int
    n_synthetic: int
    outermost: Integers


def intensities(both: Sides) -> Intensities:
    """Return what speaks for wrong pixel values."""
    held_labels = both.cohort.labels[both.holdout]
    random = both.random(430)
    found: list[_Shift] = []
    measurements: list[Measurement] = []
    drawings: dict[str, list[Floats]] = {"holdout": [], "synthetic": []}
    for label in np.intersect1d(held_labels, both.labels):
        held = some(both.holdout[held_labels == label], MOST, random)
        drawn = some(np.flatnonzero(both.labels == label), MOST, random)
        if both.patients(held) < LEAST or len(drawn) < LEAST:
            continue
        found += _shifts(both, int(label), held, drawn)
        shares = [
            intensity.histograms(both.cohort.images(held)),
            intensity.histograms(np.asarray(both.samples.images[drawn])),
        ]
        measurements += noise_and_tissue.measured(both, int(label), held, drawn, shares)
        for name, each in zip(drawings, shares, strict=True):
            drawings[name].append(each.mean(0))
    if not found:
        return Intensities(
            Finding(
                None,
                unable=(
                    f"Intensities cannot be judged: no class has {LEAST} held-out patients and {LEAST} synthetic "
                    f"images.",
                    f"Audit with at least {LEAST} held-out patients and {LEAST} synthetic images of a class.",
                ),
            )
        )
    lesions = regions(both)
    measurements = [*(_measurement(both, each) for each in found), *measurements, *noise_and_tissue.violations(both)]
    measurements += lesions.measurements
    edges = both.cohort.intensity.physical(np.linspace(-1, 1, intensity.BINS + 1).astype(np.float32))
    return Intensities(
        _finding(both, found, tuple(measurements)),
        {
            "histogram.edges": edges,
            "histogram.labels": np.unique([each.label for each in found]).astype(np.float32),
            **{f"histogram.{name}": np.stack(each) for name, each in drawings.items()},
            **lesions.drawings,
        },
        _examples(both, min(found, key=lambda each: each.p_value)),
        lesions.sentences,
    )


def _shifts(both: Sides, label: int, held: Integers, drawn: Integers) -> list[_Shift]:
    real = intensity.numbers(both.cohort.images(held), both.cohort.intensity)
    synthetic = intensity.numbers(np.asarray(both.samples.images[drawn]), both.cohort.intensity)
    mass = both.weights[held]
    result = []
    for place, name in enumerate(intensity.NUMBERS):
        found = dominance(real[:, place], mass, synthetic[:, place], SHIFT)
        result.append(
            _Shift(
                name,
                label,
                float(np.median(synthetic[:, place])),
                median_interval(synthetic[:, place]),
                weighted_median(real[:, place], mass),
                found.chance,
                found.spread,
                found.p_value,
                round(float(mass.sum())),
                len(drawn),
                drawn[np.argsort(synthetic[:, place] * (-1 if found.chance > 0.5 else 1), kind="stable")[:SHOWN]],
            )
        )
    return result


def _examples(both: Sides, worst: _Shift) -> Examples:
    says = (
        f"These images of {both.cohort.classes[worst.label]} have the {'highest' if worst.more > 0.5 else 'lowest'} "
        f"{SAID[worst.name]}."
    )
    return Examples(says, tuple(str(each) for each in both.samples.ids[worst.outermost]))


def _finding(both: Sides, found: list[_Shift], measurements: tuple[Measurement, ...]) -> Finding:
    worst = min(found, key=lambda each: each.p_value)
    p_value = min(1.0, len(found) * worst.p_value)
    alpha = FAIL / (len(VERDICTS) * len(found))
    need = float(stats.norm.isf(alpha) + stats.norm.ppf(0.8))
    blind = [each for each in found if SHIFT + need * each.spread > VISIBLE]
    known = {each.label for each in found}
    unseen = [both.cohort.classes[label] for label in np.unique(both.labels) if int(label) not in known]
    patients = both.held_out([each.label for each in found])
    drawn = sum(each.n_synthetic for each in found if each.name == "median")
    sizes = f"{count(drawn, 'synthetic image')}, {count(patients, 'held-out patient')}"
    unit = _unit(both)
    clear = None
    if not blind and not unseen:
        medians = [each for each in found if each.name == "median"]
        widest = max(medians, key=lambda each: abs(each.synthetic - each.real))
        clear = (
            f"The pixel values lie where real ones do: the median of {both.cohort.classes[widest.label]}, which "
            f"differs most, is {_said(widest.synthetic)}{unit} against {_said(widest.real)}{unit} ({sizes}).",
            "Look at the histogram of each class.",
        )
    names = listing([*dict.fromkeys(both.cohort.classes[each.label] for each in blind), *unseen], most=4)
    return Finding(
        p_value,
        (_trouble(both, worst), "Check window and range of the samples against the cohort's; train longer."),
        clear,
        (
            f"No difference of pixel values found, but in {names} a large one could go unnoticed ({sizes}).",
            f"Audit with at least {_needed(need)} held-out patients and synthetic images of each class.",
        ),
        measurements=measurements,
    )


def _trouble(both: Sides, worst: _Shift) -> str:
    unit = "" if worst.name == "out_of_range" else _unit(both)
    values = [worst.synthetic, worst.real]
    said = [percent(each) if worst.name == "out_of_range" else f"{_said(each)}{unit}" for each in values]
    above = "above" if worst.more > 0.5 else "below"
    return (
        f"In {both.cohort.classes[worst.label]} the {SAID[worst.name]} is {said[0]} in the usual synthetic image and "
        f"{said[1]} in the usual real one; {percent(max(worst.more, 1 - worst.more))} of synthetic images lie {above} "
        f"a real one, where chance gives 50 % ({chance(worst.p_value)}; {worst.n_synthetic} synthetic images, "
        f"{worst.n_real} held-out patients)."
    )


def _needed(need: float) -> int:
    """Return how many patients, and as many images, show the shift that must be noticed."""
    spread = (VISIBLE - SHIFT) / need
    return int(np.ceil(2 / 12 / spread**2)) + 1


def _unit(both: Sides) -> str:
    return " HU" if both.cohort.intensity.unit == "HU" else ""


def _said(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _measurement(both: Sides, each: _Shift) -> Measurement:
    return Measurement(
        name=f"{each.name}_intensity" if each.name != "out_of_range" else each.name,
        encoder=noise_and_tissue.SPACE,
        value=each.synthetic,
        interval=each.interval,
        floor=each.real,
        null=each.real,
        n_real=each.n_real,
        n_synthetic=each.n_synthetic,
        better="as real",
        class_name=both.cohort.classes[each.label],
        p_value=each.p_value,
        unit="" if each.name == "out_of_range" else both.cohort.intensity.unit,
    )
