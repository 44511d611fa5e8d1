"""Fidelity: how much more do synthetic images differ from real ones than real ones do among themselves?

No finite generator equals its data, so the verdict asks for the size of the difference, not for its existence: the
mean discrepancy and the Fréchet distance in multiples of what two real sets show (`relative_distances`), and the
spectrum by how often a synthetic image has more or less detail than a real one; all three must hold. A classifier that
tells the two apart asks for a second look only: it recognises every generator of today. Tests of exact equality stand
beside, in the measurements.
"""

from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit import power_spectrum
from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.measurements import LABEL_SPACE
from ganaug_core.audit.real_against_real import LIMIT, SIZE, TEST, RelativeDistance, relative_distances
from ganaug_core.audit.sentences import FAIL, Finding
from ganaug_core.interfaces import Report
from ganaug_core.metrics import classifier_two_sample
from ganaug_core.metrics.dominance import INTERVAL, SHIFT, Dominance, dominance, stated
from ganaug_core.records import Floats, Integers, Measurement
from ganaug_core.wording import count, percent

SPACE, IMAGES = "texture", "images"
MOST = 600  # images of a side that the classifier sees
LEAST = 24
RECOGNISED = 0.25  # area under the curve above .5 at which a classifier is worth a warning
BOTH = 2  # distances, and both must hold
PARTS = 3  # mean discrepancy, Fréchet distance, detail
SHOWN = 24


@dataclass(frozen=True)
class Realism:
    """The finding, the synthetic images that a classifier recognises most surely, and what gives them away."""

    finding: Finding
    give_aways: tuple[str, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)


def realism(comparison: Comparison, report: Report) -> Realism:
    """Return what speaks against the realism of the set as a whole."""
    held, generated = _balanced(comparison)
    patients = comparison.patients(comparison.holdout[held])
    if min(patients, len(generated)) < LEAST:
        return Realism(
            Finding(
                p_value=None,
                unable=(
                    f"Realism cannot be judged with {count(len(generated), 'synthetic image')} and "
                    f"{count(patients, 'held-out patient')} of their classes.",
                    f"Audit with at least {LEAST} held-out patients and {LEAST} synthetic images of their classes.",
                ),
            )
        )
    fine = power_spectrum.detail(comparison)
    measurements = list(fine.measurements)
    texture_distances: list[RelativeDistance] = []
    separability: dict[str, Dominance] = {}
    spaces = [name for name in comparison.spaces if name != LABEL_SPACE]
    for number, space in enumerate(spaces):
        report(number / (len(spaces) + 1), f"Comparing the sets in the space {space}")
        distances = relative_distances(comparison, space)
        measurements += [distance.measurement(space) for distance in distances]
        if space == SPACE:
            texture_distances = distances
            features = (
                comparison.features(space, comparison.holdout[held]),
                comparison.spaces[space].synthetic.values[generated],
            )
            separability[space], _ = _classified(comparison, held, generated, *features)
    report(len(spaces) / (len(spaces) + 1), "Looking for what gives images away")
    separability[IMAGES], ids, pictures = _by_pictures(comparison, held, generated)
    measurements += [
        _separability_measurement(separation, space, patients, len(generated))
        for space, separation in separability.items()
    ]
    finding = _finding(
        comparison,
        sizes=_sizes(patients, len(generated)),
        fine=fine,
        distances=texture_distances,
        separability=separability,
        measurements=tuple(measurements),
    )
    return Realism(finding, ids, {**fine.drawings, **pictures})


def _classified(
    comparison: Comparison, held: Integers, generated: Integers, real: Floats, synthetic: Floats
) -> tuple[Dominance, classifier_two_sample.Discriminant]:
    """Return how well a classifier tells held-out and synthetic images apart, at the cohort's class mix.

    Args:
        held: Places in the hold-out, `generated` among the synthetic images: `_balanced`.
        real: Features of those, `synthetic` of these.
    """
    discriminant = classifier_two_sample.discriminant(
        real,
        synthetic,
        real_labels=comparison.cohort.labels[comparison.holdout[held]],
        synthetic_labels=comparison.labels[generated],
        real_groups=comparison.cohort.groups[comparison.holdout[held]],
        random=comparison.random(410),
    )
    mass = comparison.weights[comparison.holdout[held]]
    return dominance(discriminant.real, mass, discriminant.synthetic, RECOGNISED), discriminant


def _balanced(comparison: Comparison) -> tuple[Integers, Integers]:
    """Return places in the hold-out and among the synthetic images, as many of each class, `MOST` at most."""
    random = comparison.random(411)
    labels = comparison.cohort.labels[comparison.holdout]
    pools = [
        (np.flatnonzero(labels == label), np.flatnonzero(comparison.labels == label)) for label in np.unique(labels)
    ]
    total = sum(min(len(left), len(right)) for left, right in pools)
    share = min(1.0, MOST / max(total, 1))
    picks = [
        [np.sort(random.permutation(pool)[: int(share * min(len(left), len(right)))]) for pool in (left, right)]
        for left, right in pools
    ]
    held, generated = (np.concatenate([np.zeros(0, np.int64), *(pick[side] for pick in picks)]) for side in range(2))
    return held, generated


def _by_pictures(
    comparison: Comparison, held: Integers, generated: Integers
) -> tuple[Dominance, tuple[str, ...], dict[str, Floats]]:
    """Return the same for the images themselves, the images recognised most surely, and the pattern as pictures."""
    images = comparison.cohort.images(comparison.holdout[held]), comparison.samples.images[generated]
    separation, discriminant = _classified(
        comparison, held, generated, *(classifier_two_sample.brightness_and_detail(side) for side in images)
    )
    order = np.argsort(-discriminant.synthetic, kind="stable")[:SHOWN]
    brightness, fine = classifier_two_sample.as_pictures(discriminant.pattern, comparison.cohort.shape[0])
    scores = np.full(len(comparison.samples), np.nan, np.float32)
    scores[generated] = discriminant.synthetic
    pictures = {"give_away.brightness": brightness, "give_away.detail": fine, "give_away.scores": scores}
    return separation, tuple(str(sample_id) for sample_id in comparison.samples.ids[generated[order]]), pictures


def _finding(
    comparison: Comparison,
    *,
    sizes: str,
    fine: power_spectrum.Detail,
    distances: list[RelativeDistance],
    separability: dict[str, Dominance],
    measurements: tuple[Measurement, ...],
) -> Finding:
    p_value = min(1.0, PARTS * min([fine.p_value, *(distance.p_value for distance in distances)]))
    do = "Look at the images that give themselves away; train longer, or with another recipe."
    worst = min(distances, key=lambda distance: distance.p_value, default=None)
    if worst is not None and worst.p_value <= fine.p_value:
        trouble = f"As a set the synthetic images differ from real ones {_times(worst)}; allowed are {LIMIT:g}"
        decisive, tests, patients, images = TEST, PARTS, worst.n_real, worst.n_synthetic
    else:
        trouble = fine.sentence
        decisive, tests, patients, images = stated(SHIFT), PARTS * fine.tests, fine.patients, fine.images
    surest = max(separability, key=lambda space: separability[space].chance)
    caution = None
    if len(separability) * separability[surest].p_value < FAIL:
        low, high = separability[surest].interval
        caution = (
            f"A simple classifier tells a synthetic from a real image in {percent(separability[surest].chance)} of "
            f"pairs, where chance gives 50 % (95 % interval {percent(low)} to {percent(high)}; {sizes})."
            + (f" Their texture differs {_times(worst)}." if worst is not None else ""),
            "Look at what gives them away. For a study of texture or small detail do not rely on these images.",
        )
    calm = len(distances) == BOTH and all(distance.upper < LIMIT for distance in distances)
    clear = None
    if calm and fine.visible is not None and fine.visible <= power_spectrum.VISIBLE_BLUR:
        clear = (
            f"As a set the synthetic images differ from real ones about as real ones do among themselves: "
            f"{_times(distances[0])}; {_briefly(distances[1])}. A blur of {fine.visible:g} pixels would have been "
            f"noticed.",
            "Look at what gives single images away all the same.",
        )
    return Finding(
        p_value=p_value,
        trouble=(f"{trouble}.", do),
        clear=clear,
        unable=_unable(comparison, distances, fine),
        caution=caution,
        measurements=measurements,
        test=decisive.corrected(tests),
        null=decisive.null,
        margin=decisive.margin,
        patients=patients,
        images=images,
    )


def _unable(comparison: Comparison, distances: list[RelativeDistance], fine: power_spectrum.Detail) -> tuple[str, str]:
    more = "Audit with more held-out and more synthetic images."
    if SPACE not in comparison.spaces:
        return f"Realism cannot be judged: the features {SPACE} are missing.", "Audit in this space too."
    if not distances:
        patients = count(comparison.patients(comparison.train), "training patient")
        few = f"{patients}, at least 8 of these classes are needed"
        return f"Realism cannot be judged: {few}.", "Import a cohort with more training patients."
    if wide := [distance for distance in distances if distance.upper >= LIMIT]:
        said = "; ".join([_times(wide[0]), *map(_briefly, wide[1:])])
        return f"The images may differ from real ones more than {LIMIT:g} times or not: {said}.", more
    if len(distances) < BOTH:
        return (
            f"Realism is judged by two distances, and here there is only one: {_times(distances[0])}.",
            "Import a cohort with at least 8 training patients and 8 held-out patients of the same classes.",
        )
    visible = "no blur" if fine.visible is None else f"only a blur of {fine.visible:g} pixels or more"
    return (
        f"No difference found, but at these numbers {visible} is found four times in five ({_detail_sizes(fine)}).",
        more,
    )


def _times(distance: RelativeDistance) -> str:
    """Return how much in words; the interval and what else there is to say of it stand in one bracket."""
    return f"{max(0.0, distance.value):.1f} times as much as two sets of {SIZE} real images do ({_beside(distance)})"


def _briefly(distance: RelativeDistance) -> str:
    return f"{max(0.0, distance.value):.1f} times ({_beside(distance)})"


def _beside(distance: RelativeDistance) -> str:
    low, high = (max(0.0, end) for end in distance.interval)
    sizes = _sizes(distance.n_real, distance.n_synthetic)
    return f"{distance.title}, 95 % interval {low:.1f} to {high:.1f}; {sizes}"


def _sizes(patients: int, images: int) -> str:
    return f"{count(images, 'synthetic image')}, {count(patients, 'held-out patient')}"


def _detail_sizes(fine: power_spectrum.Detail) -> str:
    return _sizes(fine.patients, fine.images) if fine.tests else "too few of a class"


def _separability_measurement(separation: Dominance, space: str, n_real: int, n_synthetic: int) -> Measurement:
    return Measurement(
        name="told_apart",
        encoder=space,
        value=separation.chance,
        interval=separation.interval,
        floor=0.5,
        null=0.5,
        n_real=n_real,
        n_synthetic=n_synthetic,
        better="lower",
        p_value=separation.p_value,
        test=stated(RECOGNISED).phrase,
        interval_method=INTERVAL,
    )
