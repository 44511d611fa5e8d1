"""Mode coverage: is a class absent, does it repeat itself, does a group of real images have no synthetic ones?"""

from dataclasses import dataclass

import numpy as np

from ganaug_core.audit.comparison import Sides
from ganaug_core.audit.sentences import Finding
from ganaug_core.audit.variety import within_classes
from ganaug_core.interfaces import Report
from ganaug_core.metrics import detectable_deletion, missing_modes, repetition
from ganaug_core.metrics.statistics import Values, wilson
from ganaug_core.neighbours import Registered, neighbours, registered
from ganaug_core.records import HOLDOUT, Floats, Integers, Measurement, MissingMode
from ganaug_core.wording import chance, count, listing, percent

SPACE, REGISTERED = "simclr", "registered"
MATCHED, LEAST = 200, 12
VISIBLE = 0.3
EXEMPLARS = 5
ALONE = (
    "There is no hold-out, so this is measured against the training images; a generator that copies them looks as "
    "varied as they are."
)
PARTS = 2  # groups of real images, and repetition


Visible = dict[int, float | None]


@dataclass(frozen=True)
class Repeats:
    """Repetition within one class, in one of two ways: near twins, or lost variety."""

    label: int
    p_value: float
    sentence: str


@dataclass(frozen=True)
class Modes:
    """The finding and the missing groups behind it."""

    finding: Finding
    missing: tuple[MissingMode, ...] = ()


def modes(both: Sides, measured: tuple[Measurement, ...], report: Report) -> Modes:
    """Return what speaks for missing or repeated images.

    Args:
        both: The two sides.
        measured: The measurements; precision and density in `simclr` open the search for missing groups.
        report: Progress.
    """
    real = np.sort(np.concatenate([both.train, both.holdout]))
    classes = [label for label in range(len(both.cohort.classes)) if (both.cohort.labels[real] == label).any()]
    absent = [both.cohort.classes[label] for label in classes if not (both.labels == label).any()]
    repeats, measurements = _repetition(both, real, classes, report)
    repeated = min([1.0, *(each.p_value * len(repeats) for each in repeats)])
    opened, why = _gate(both, measured)
    found = _cells(both, real) if opened else []
    missing = [cell for cell in found if cell.missing]
    lost = min([1.0, *(cell.q_value for cell in found if cell.rare)])
    tested = bool(absent or repeats or found)
    p_value = 0.0 if absent else min(1.0, PARTS * min(repeated, lost)) if tested else None
    worst = min(repeats, key=lambda each: each.p_value, default=None)
    visible = _visible(both, real, found)
    trouble, do = _trouble(both, absent, worst, missing, repeated, lost)
    alone = not len(both.holdout)
    finding = Finding(
        p_value,
        (f"{trouble} {ALONE}" if alone else trouble, do),
        None if alone else _clear(both, real, found, repeats, visible),
        _alone(found, why) if alone else _unable(both, found, why, visible),
        named=bool(absent or missing),
        measurements=(*measurements, *_shown(both, real, visible, len(found)), *within_classes(both)),
    )
    return Modes(finding, tuple(_named(both, cell) for cell in sorted(missing, key=lambda each: each.p_value)))


def _repetition(
    both: Sides, real: Integers, classes: list[int], report: Report
) -> tuple[list[Repeats], tuple[Measurement, ...]]:
    """Return self-similarity (registered, and in the feature space) and variety of each class that is large enough."""
    found: list[tuple[Repeats, Measurement]] = []
    for number, label in enumerate(classes):
        report(number / len(classes), "Looking for repeated images")
        held, drawn = _same_size(both, real, label)
        if len(drawn) < LEAST:
            continue
        found.append(_self_similarity(both, REGISTERED, held, drawn, label))
        if SPACE in both.spaces:
            found += [_self_similarity(both, SPACE, held, drawn, label), _variety(both, held, drawn, label)]
    return [repeats for repeats, _ in found], tuple(measurement for _, measurement in found)


def _self_similarity(
    both: Sides, space: str, held: Integers, drawn: Integers, label: int
) -> tuple[Repeats, Measurement]:
    near_real, near_drawn = _within(both, space, held, drawn, label)
    share, usual, p_value = repetition.self_similarity(near_drawn, near_real)
    name, pairs = both.cohort.classes[label], len(drawn) // 2  # neighbours come in mutual pairs
    sentence = (
        f"The class {name} repeats itself: {percent(share)} of its synthetic images have a near twin among "
        f"them, of real ones {percent(usual)} ({chance(p_value)}; {len(drawn)} against {len(held)} images)"
    )
    interval, sizes = wilson(share * pairs, pairs), (len(held), len(drawn))
    return Repeats(label, p_value, sentence), Measurement(
        name="self_similarity",
        encoder=space,
        value=share,
        interval=interval,
        floor=usual,
        null=usual,
        n_real=sizes[0],
        n_synthetic=sizes[1],
        better="lower",
        class_name=name,
        p_value=p_value,
    )


def _variety(both: Sides, held: Integers, drawn: Integers, label: int) -> tuple[Repeats, Measurement]:
    synthetic = both.spaces[SPACE].synthetic.values[drawn]
    ratio, interval, p_value = repetition.variety(synthetic, both.features(SPACE, held), seed=both.seed)
    name, sizes = both.cohort.classes[label], (len(held), len(drawn))
    sentence = (
        f"The class {name} has lost variety: {percent(ratio)} of the effective number of different images "
        f"that as many real ones have ({chance(p_value)}; {len(drawn)} against {len(held)} images)"
    )
    return Repeats(label, p_value, sentence), Measurement(
        name="vendi_ratio",
        encoder=SPACE,
        value=ratio,
        interval=interval,
        floor=1.0,
        null=1.0,
        n_real=sizes[0],
        n_synthetic=sizes[1],
        better="higher",
        class_name=name,
        p_value=p_value,
    )


def _same_size(both: Sides, real: Integers, label: int) -> tuple[Integers, Integers]:
    """Return as many real as synthetic rows of a class, at most `MATCHED`; held-out ones first."""
    random = both.random(300 + label)
    inside = real[both.cohort.labels[real] == label]
    order = random.permutation(inside)
    order = order[np.argsort(both.cohort.roles[order] != HOLDOUT, kind="stable")]
    drawn = random.permutation(np.flatnonzero(both.labels == label))
    size = min(len(order), len(drawn), MATCHED)
    return np.sort(order[:size]), np.sort(drawn[:size])


def _within(both: Sides, space: str, held: Integers, drawn: Integers, label: int) -> tuple[Floats, Floats]:
    """Return the distance of each real and of each synthetic image of a class to its nearest other one of the set."""
    if space == REGISTERED:
        own = np.arange(len(held))

        def among(images: Floats) -> Registered:
            return registered(images, images, query_groups=own, reference_groups=own)

        # which real images these are, seed, class and number decide
        what = f"class-{label}-{len(held)}-{both.seed}"
        known = both.searched(what, lambda: among(both.cohort.images(held)))
        return known.distance, among(both.samples.images[drawn]).distance
    between = neighbours(both.features(space, held), both.spaces[space].synthetic.values[drawn], 1)
    return between.real_real[:, 0], between.synthetic_synthetic[:, 0]


def _gate(both: Sides, measured: tuple[Measurement, ...]) -> tuple[bool, str]:
    """Return whether synthetic images are near enough to real ones to count them in groups, and why not."""
    if SPACE not in both.spaces:
        return False, f"the features {SPACE} are missing"
    values = {each.name: each.value for each in measured if each.encoder == SPACE and each.class_name is None}
    if "precision" not in values:
        return False, "there are too few images"
    precision, density = values["precision"], values["density"]
    if precision < missing_modes.PRECISION_GATE or density < missing_modes.DENSITY_GATE:
        return False, (
            f"the synthetic images differ too much from the real ones to be counted in groups (precision "
            f"{precision:.2f}, wanted {missing_modes.PRECISION_GATE}; density {density:.2f}, wanted "
            f"{missing_modes.DENSITY_GATE})"
        )
    return True, ""


def _cells(both: Sides, real: Integers) -> list[missing_modes.Cell]:
    return missing_modes.cells(
        both.features(SPACE, real),
        both.spaces[SPACE].synthetic.values,
        both.cohort.labels[real],
        both.labels,
        _weights(both, real),
        seed=both.seed,
    )


def _weights(both: Sides, real: Integers) -> Values:
    return both.weights[real]


def _named(both: Sides, cell: missing_modes.Cell) -> MissingMode:
    real = np.sort(np.concatenate([both.train, both.holdout]))
    members = tuple(str(each) for each in both.cohort.ids[real[cell.members]])
    middle = both.features(SPACE, real[cell.members]).mean(0)
    drawn = np.flatnonzero(both.labels == cell.label)
    away = np.linalg.norm(both.spaces[SPACE].synthetic.values[drawn] - middle, axis=1)
    nearest = drawn[np.argsort(away, kind="stable")[:EXEMPLARS]]
    patients = round(float(_weights(both, real)[both.cohort.labels[real] == cell.label].sum()))
    return MissingMode(
        class_name=both.cohort.classes[cell.label],
        cluster=cell.cluster,
        real_share=cell.real_share,
        synthetic_share=cell.synthetic_share,
        interval=cell.interval,
        p_value=cell.p_value,
        exemplars=members[:EXEMPLARS],
        members=members,
        nearest=tuple(str(each) for each in both.samples.ids[nearest]),
        encoder=SPACE,
        n_real=patients,
        n_synthetic=len(drawn),
    )


def _trouble(
    both: Sides,
    absent: list[str],
    worst: Repeats | None,
    missing: list[missing_modes.Cell],
    repeated: float,
    lost: float,
) -> tuple[str, str]:
    sentences = []
    if absent:
        sentences.append(f"No synthetic image of {listing(absent, most=4)}")
    if worst is not None and repeated < 0.05 / PARTS:
        sentences.append(worst.sentence)
    if missing:
        first = min(missing, key=lambda cell: cell.p_value)
        sentences.append(
            f"{count(len(missing), 'group of real images is', 'groups of real images are')} nearly missing; the worst "
            f"is {percent(first.real_share)} of real {both.cohort.classes[first.label]} but "
            f"{percent(first.synthetic_share)} of the synthetic ones ({chance(first.p_value)})"
        )
    if not sentences:
        sentences.append(f"A group of real images may be missing ({chance(lost)})")
    do = (
        "Draw images of every class."
        if absent
        else "Look at the named class; train longer, or with more images of what is missing."
    )
    return ". ".join(sentences) + ".", do


def _clear(
    both: Sides, real: Integers, found: list[missing_modes.Cell], repeats: list[Repeats], visible: Visible
) -> tuple[str, str] | None:
    """Return the sentence for nothing found; None where a large group of a class could hide."""
    tested = {each.label for each in repeats}
    if not found or any(share is None or share > VISIBLE or label not in tested for label, share in visible.items()):
        return None
    label, share = max(visible.items(), key=lambda pair: pair[1] or 0)
    patients = round(float(_weights(both, real)[both.cohort.labels[real] == label].sum()))
    return (
        f"No missing group found and no class repeats itself. The smallest group of this cohort's own images whose "
        f"absence is noticed is {percent(share or 0)} of {both.cohort.classes[label]} "
        f"({count(int((both.labels == label).sum()), 'synthetic image')} against {count(patients, 'real patient')}) "
        f"or less in the other classes.",
        "Look at the map for rarer ones.",
    )


def _visible(both: Sides, real: Integers, found: list[missing_modes.Cell]) -> Visible:
    """Return by class the smallest share whose absence would be noticed: groups of its own images are left out."""
    if not found:
        return {int(label): None for label in np.unique(both.cohort.labels[real])}
    features, weights = both.features(SPACE, real), _weights(both, real)
    return {
        int(label): detectable_deletion.smallest_deleted(
            found, int(label), features, weights, int((both.labels == label).sum()), both.random(310 + int(label))
        )
        for label in np.unique(both.cohort.labels[real])
    }


def _shown(both: Sides, real: Integers, visible: Visible, tests: int) -> list[Measurement]:
    """Return the self-test as measurements; the interval is one step of its shares."""
    result = []
    steps = (0.0, *detectable_deletion.SHARES)
    for label, share in visible.items():
        if share is None:
            continue
        below = steps[steps.index(share) - 1]
        patients = round(float(_weights(both, real)[both.cohort.labels[real] == label].sum()))
        drawn = int((both.labels == label).sum())
        name = both.cohort.classes[label]
        result.append(
            Measurement(
                name="smallest_mode",
                encoder=SPACE,
                value=share,
                interval=(below, share),
                floor=missing_modes.smallest_visible(patients, drawn, tests),  # of a group that is a cell of its own
                null=1.0,  # groups that no encoder separates: only the absence of all is noticed
                n_real=patients,
                n_synthetic=drawn,
                better="lower",
                class_name=name,
                reference="train+holdout",
            )
        )
    return result


def _alone(found: list[missing_modes.Cell], why: str) -> tuple[str, str]:
    """Return what can be said without a hold-out: never that nothing is missing."""
    reason = why or "there are too few images of every class"
    said = (
        "No missing group found and no class repeats itself" if found else f"Missing groups cannot be counted: {reason}"
    )
    return (
        f"{said}. {ALONE}",
        "Import the cohort with a hold-out share, from more patients if there are too few, and train again.",
    )


def _unable(both: Sides, found: list[missing_modes.Cell], why: str, visible: Visible) -> tuple[str, str]:
    if not found:
        do = "Train longer, or audit with more images." if why else "Import more images."
        return (
            f"Missing groups cannot be counted: {why or 'there are too few images of every class'}.",
            do if SPACE in both.spaces else "Audit in this space too.",
        )
    blind = [both.cohort.classes[label] for label, share in visible.items() if share is None or share > VISIBLE]
    needs = _needed(len(found) * PARTS)
    said = f"No missing group found, but {percent(VISIBLE)} of {listing(blind, most=4)} could be absent unnoticed."
    sizes = [
        min(both.patients(np.flatnonzero(both.cohort.labels == label)), int((both.labels == label).sum()))
        for label, name in enumerate(both.cohort.classes)
        if name in blind
    ]
    if min(sizes, default=0) >= needs:  # numbers are not what lacks
        return (
            said,
            f"Look at {listing(blind, most=4)} on the map: the images form no clear groups. More synthetic ones help.",
        )
    return said, f"Audit with at least {needs} real patients and {needs} synthetic images of each class."


def _needed(tests: int) -> int:
    """Return how many real patients and synthetic images of a class show the absence of so large a group."""
    size = missing_modes.PER_CELL * 2
    while (share := missing_modes.smallest_visible(size, size, tests)) is None or share > VISIBLE:
        size += 4
    return size
