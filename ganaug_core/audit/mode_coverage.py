"""Mode coverage: is a class absent, does it repeat itself, does a group of real images have no synthetic ones?"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ganaug_core.audit import missing_groups
from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.missing_groups import Groups
from ganaug_core.audit.sentences import FAIL, Finding
from ganaug_core.audit.variety import within_classes
from ganaug_core.interfaces import Report
from ganaug_core.metrics import missing_modes, repetition
from ganaug_core.metrics.statistics import StatedTest
from ganaug_core.neighbours import Registered, neighbours, registered
from ganaug_core.records import HOLDOUT, Floats, Integers, Measurement, MissingMode
from ganaug_core.wording import ALIKE, chance, count, listing, percent

SPACE, REGISTERED = "simclr", "registered"
MATCHED, LEAST = 200, 12
ALONE = (
    "There is no hold-out, so this is measured against the training images; a generator that copies them looks as "
    "varied as they are."
)
PARTS = 2  # groups of real images, and repetition


@dataclass(frozen=True)
class Repeats:
    """Repetition within one class, in one of two ways: near-duplicates, or lost variety.

    `sizes` are real patients and synthetic images, `near` is None where it is about variety.
    """

    label: int
    p_value: float
    sentence: str
    test: StatedTest
    sizes: tuple[int, int]
    near: repetition.NearDuplicates | None = None


@dataclass(frozen=True)
class Modes:
    """The finding and the missing groups behind it."""

    finding: Finding
    missing: tuple[MissingMode, ...] = ()


def modes(comparison: Comparison, measured: tuple[Measurement, ...], report: Report) -> Modes:
    """Return what speaks for missing or repeated images.

    Args:
        comparison: Cohort and samples.
        measured: The measurements; precision and density in `simclr` open the search for missing groups.
        report: Progress.
    """
    real = np.sort(np.concatenate([comparison.train, comparison.holdout]))
    classes = [
        label for label in range(len(comparison.cohort.classes)) if (comparison.cohort.labels[real] == label).any()
    ]
    absent = [comparison.cohort.classes[label] for label in classes if not (comparison.labels == label).any()]
    repeats, measurements = _repetition(comparison, real, classes, report)
    repeated = min([1.0, *(repeat.p_value * len(repeats) for repeat in repeats)])
    groups = missing_groups.missing_groups(comparison, real, measured)
    lost = groups.p_value
    tested = bool(absent or repeats or groups.scans)
    p_value = min(1.0, PARTS * min(repeated, lost)) if tested and not absent else None
    worst = min(repeats, key=lambda repeat: repeat.p_value, default=None)
    decisive = _decisive(comparison, worst if repeated <= lost else None, len(repeats), groups)
    trouble, do = _trouble(comparison, absent=absent, worst=worst, groups=groups, repeated=repeated)
    alone = not len(comparison.holdout)
    finding = Finding(
        p_value=p_value,
        trouble=(f"{trouble} {ALONE}" if alone else trouble, do),
        clear=None if alone else _clear(comparison, real, groups, repeats),
        unable=_without_holdout(groups) if alone else _unable(comparison, real, groups),
        rule=bool(absent),
        named=bool(groups.missing),
        caution=_caution(comparison, repeats),
        measurements=(
            *measurements,
            *missing_groups.self_test(comparison, groups),
            *within_classes(comparison),
        ),
        test=decisive.test,
        null=decisive.null,
        margin=decisive.margin,
        patients=decisive.patients,
        images=decisive.images,
    )
    return Modes(finding, missing_groups.for_the_record(comparison, real, groups))


class _Decisive(NamedTuple):
    """What the p-value of the verdict belongs to."""

    test: str = ""
    null: str = ""
    margin: float | None = None
    patients: int | None = None
    images: int | None = None


def _decisive(comparison: Comparison, worst: Repeats | None, repeats: int, groups: Groups) -> _Decisive:
    """Return the test of the worst repetition, or else of the group that is visited most rarely."""
    if worst is not None:
        return _Decisive(worst.test.corrected(PARTS * repeats), worst.test.null, worst.test.margin, *worst.sizes)
    if groups.worst is None:
        return _Decisive(groups.test.corrected(PARTS), groups.test.null) if groups.scans else _Decisive()
    space, region = groups.worst
    patients = round(groups.scans[space].classes[region.label].patients)
    images = int((comparison.labels == region.label).sum())
    return _Decisive(groups.test.corrected(PARTS), groups.test.null, None, patients, images)


def _caution(comparison: Comparison, repeats: list[Repeats]) -> tuple[str, str] | None:
    """Return what to say where a class has more near-duplicates than real images, if no more than is allowed."""
    pairs = [(repeat, repeat.near) for repeat in repeats if repeat.near is not None]
    if not pairs:
        return None
    surest, near = min(pairs, key=lambda pair: pair[1].p_more)
    if len(pairs) * near.p_more >= FAIL:
        return None
    low, high = near.interval
    return (
        f"The class {comparison.cohort.classes[surest.label]} repeats itself more than real images do: "
        f"{percent(near.share)} of its synthetic images have a near-duplicate among them (95 % interval "
        f"{percent(low)} to {percent(high)}), of real ones {percent(near.usual)} ({chance(near.p_more)}; "
        f"{_sizes(surest)}). {percent(repetition.ALLOWED)} more are allowed.",
        "Look at the images of this class; train longer, or with more images.",
    )


def _sizes(repeats: Repeats) -> str:
    return f"{count(repeats.sizes[1], 'synthetic image')}, {count(repeats.sizes[0], 'real patient')}"


def _repetition(
    comparison: Comparison, real: Integers, classes: list[int], report: Report
) -> tuple[list[Repeats], tuple[Measurement, ...]]:
    """Return self-similarity (registered, and in the feature space) and variety of each class that is large enough."""
    repetitions: list[tuple[Repeats, Measurement]] = []
    for number, label in enumerate(classes):
        report(number / len(classes), "Looking for repeated images")
        held, generated = _same_size(comparison, real, label)
        if len(generated) < LEAST:
            continue
        repetitions.append(_self_similarity(comparison, REGISTERED, held, generated, label))
        if SPACE in comparison.spaces:
            repetitions += [
                _self_similarity(comparison, SPACE, held, generated, label),
                _variety(comparison, held, generated, label),
            ]
    return [repeats for repeats, _ in repetitions], tuple(measurement for _, measurement in repetitions)


def _self_similarity(
    comparison: Comparison, space: str, held: Integers, generated: Integers, label: int
) -> tuple[Repeats, Measurement]:
    real_distances, synthetic_distances = _within(comparison, space, held, generated, label)
    patients = comparison.patients(held)
    near = repetition.near_duplicates(synthetic_distances, real_distances, patients)
    name, sizes = comparison.cohort.classes[label], (patients, len(generated))
    sentence = (
        f"The class {name} repeats itself: {percent(near.share)} of its synthetic images have a near-duplicate among "
        f"them, of real ones {percent(near.usual)} ({chance(near.p_value)} for {percent(repetition.ALLOWED)} more; "
        f"{count(sizes[1], 'synthetic image')}, {count(sizes[0], 'real patient')})"
    )
    return Repeats(label, near.p_value, sentence, repetition.NEAR_DUPLICATES, sizes, near), Measurement(
        name="self_similarity",
        encoder=space,
        value=near.share,
        interval=near.interval,
        floor=near.usual,
        null=near.usual,
        n_real=sizes[0],
        n_synthetic=sizes[1],
        better="lower",
        class_name=name,
        reference="train+holdout",
        p_value=near.p_value,
        test=repetition.NEAR_DUPLICATES.phrase,
        interval_method="Wilson, pairs",
    )


def _variety(comparison: Comparison, held: Integers, generated: Integers, label: int) -> tuple[Repeats, Measurement]:
    synthetic = comparison.spaces[SPACE].synthetic.values[generated]
    ratio, interval, p_value = repetition.variety(synthetic, comparison.features(SPACE, held), seed=comparison.seed)
    name, sizes = comparison.cohort.classes[label], (comparison.patients(held), len(generated))
    sentence = (
        f"The class {name} has lost variety: {percent(ratio)} of the effective number of different images "
        f"that as many real ones have ({chance(p_value)} for half of it; {count(sizes[1], 'synthetic image')}, "
        f"{count(sizes[0], 'real patient')})"
    )
    return Repeats(label, p_value, sentence, repetition.VARIETY, sizes), Measurement(
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
        reference="train+holdout",
        p_value=p_value,
        test=repetition.VARIETY.phrase,
        interval_method="half-sampling, normal",
    )


def _same_size(comparison: Comparison, real: Integers, label: int) -> tuple[Integers, Integers]:
    """Return as many real as synthetic rows of a class, at most `MATCHED`; held-out ones first."""
    random = comparison.random(300 + label)
    inside = real[comparison.cohort.labels[real] == label]
    order = random.permutation(inside)
    order = order[np.argsort(comparison.cohort.roles[order] != HOLDOUT, kind="stable")]
    generated = random.permutation(np.flatnonzero(comparison.labels == label))
    size = min(len(order), len(generated), MATCHED)
    return np.sort(order[:size]), np.sort(generated[:size])


def _within(
    comparison: Comparison, space: str, held: Integers, generated: Integers, label: int
) -> tuple[Floats, Floats]:
    """Return the distance of each real and of each synthetic image of a class to its nearest other one of the set."""
    if space == REGISTERED:
        own = np.arange(len(held))

        def among(images: Floats) -> Registered:
            return registered(images, images, query_groups=own, reference_groups=own)

        # which real images these are, seed, class and number decide
        what = f"class-{label}-{len(held)}-{comparison.seed}"
        real_nearest = comparison.searched(what, lambda: among(comparison.cohort.images(held)))
        return real_nearest.distance, among(comparison.samples.images[generated]).distance
    between = neighbours(comparison.features(space, held), comparison.spaces[space].synthetic.values[generated], 1)
    return between.real_real[:, 0], between.synthetic_synthetic[:, 0]


def _trouble(
    comparison: Comparison,
    *,
    absent: list[str],
    worst: Repeats | None,
    groups: Groups,
    repeated: float,
) -> tuple[str, str]:
    sentences = []
    if absent:
        sentences.append(f"No synthetic image of {listing(absent, most=4)}")
    if worst is not None and repeated < 0.05 / PARTS:
        sentences.append(worst.sentence)
    if groups.missing:
        first = max((group for _, group in groups.missing), key=lambda group: group.real_share - group.synthetic_share)
        sentences.append(
            f"{count(len(groups.missing), 'group of real images is', 'groups of real images are')} nearly missing; the "
            f"worst is {percent(first.real_share)} of real {comparison.cohort.classes[first.label]} but "
            f"{percent(first.synthetic_share)} of the synthetic ones ({chance(first.p_value)})"
        )
    if not sentences:
        sentences.append(f"A group of real images may be missing ({chance(groups.p_value)})")
    do = (
        "Draw images of every class."
        if absent
        else "Look at the named class; train longer, or with more images of what is missing."
    )
    return ". ".join(sentences) + ".", do


def _clear(comparison: Comparison, real: Integers, groups: Groups, repeats: list[Repeats]) -> tuple[str, str] | None:
    """Return the sentence for nothing found; None where a large group of a class could hide."""
    tested = {repeat.label for repeat in repeats}
    if not groups.scans or _blind(comparison, real, groups) or any(seen.label not in tested for seen in groups.visible):
        return None
    seen = max(groups.visible, key=lambda seen: seen.smallest.share or 0.0)
    patients = round(groups.scans[seen.space].classes[seen.label].patients)
    generated = int((comparison.labels == seen.label).sum())
    pairs = [(repeat, repeat.near) for repeat in repeats if repeat.near is not None]
    most, near = max(pairs, key=lambda pair: pair[1].share - pair[1].usual)
    return (
        f"No missing group found, and no class repeats itself more than real images do: most in "
        f"{comparison.cohort.classes[most.label]}, where {percent(near.share)} of the synthetic images have a "
        f"near-duplicate among them, of real ones {percent(near.usual)} ({_sizes(most)}). Of this cohort's own images, "
        f"groups of {percent(seen.smallest.share or 0.0)} of {comparison.cohort.classes[seen.label]} that resemble "
        f"each other {ALIKE[seen.space]} ({count(generated, 'synthetic image')} against "
        f"{count(patients, 'real patient')}) would have been noticed four times in five, and as large ones of every "
        f"class {listing((ALIKE[space] for space in groups.spaces), 'or')}.",
        "Look at the map for rarer ones.",
    )


def _blind(comparison: Comparison, real: Integers, groups: Groups) -> list[str]:
    """Return the classes of which a large group could be absent unnoticed: hidden, or too small to be looked at."""
    looked = {label for scanned in groups.scans.values() for label in scanned.classes}
    hidden = {seen.label for seen in groups.visible if seen.hidden}
    labels = np.unique(comparison.cohort.labels[real])
    return [comparison.cohort.classes[label] for label in labels if label in hidden or label not in looked]


def _without_holdout(groups: Groups) -> tuple[str, str]:
    """Return what can be said without a hold-out: never that nothing is missing."""
    said = (
        "No missing group found and no class repeats itself"
        if groups.scans
        else f"Missing groups cannot be counted: {groups.unable[0]}"
    )
    return (
        f"{said}. {ALONE}",
        "Import the cohort with a hold-out share, from more patients if there are too few, and train again.",
    )


def _unable(comparison: Comparison, real: Integers, groups: Groups) -> tuple[str, str]:
    if not groups.scans:
        why, do = groups.unable
        return f"Missing groups cannot be counted: {why}.", do
    blind = _blind(comparison, real, groups)
    needs = _needed(max(groups.critical(space) for space in groups.spaces))
    said = (
        f"No missing group found, but {percent(missing_groups.VISIBLE)} of {listing(blind, most=4)} could be absent "
        "unnoticed."
    )
    sizes = [
        min(
            comparison.patients(np.flatnonzero(comparison.cohort.labels == label)),
            int((comparison.labels == label).sum()),
        )
        for label, name in enumerate(comparison.cohort.classes)
        if name in blind
    ]
    if min(sizes, default=0) >= needs:  # numbers are not what lacks
        return (
            said,
            f"Look at {listing(blind, most=4)} on the map: the images form no clear groups. More synthetic ones help.",
        )
    return said, f"Audit with at least {needs} real patients and {needs} synthetic images of each class."


def _needed(critical: float) -> int:
    """Return how many real patients and synthetic images of a class show the absence of so large a group."""
    size = missing_modes.FEWEST_PATIENTS
    while (share := missing_modes.smallest_visible(size, size, critical)) is None or share > missing_groups.VISIBLE:
        size += 4
    return size
