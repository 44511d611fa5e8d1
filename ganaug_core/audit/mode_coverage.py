"""Mode coverage: is a class absent, does it repeat itself, does a group of real images have no synthetic ones?"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.sentences import FAIL, Finding
from ganaug_core.audit.variety import within_classes
from ganaug_core.interfaces import Report
from ganaug_core.metrics import detectable_deletion, missing_modes, repetition
from ganaug_core.metrics.statistics import StatedTest
from ganaug_core.neighbours import Registered, neighbours, registered
from ganaug_core.records import HOLDOUT, Floats, Integers, Measurement, MissingMode
from ganaug_core.wording import chance, count, listing, percent

SPACE, REGISTERED = "simclr", "registered"
MATCHED, LEAST = 200, 12
VISIBLE = 0.3  # of a class: the smallest group that a pass must have been able to see
EXEMPLARS = 5
ALONE = (
    "There is no hold-out, so this is measured against the training images; a generator that copies them looks as "
    "varied as they are."
)
PARTS = 2  # groups of real images, and repetition


Visible = dict[int, detectable_deletion.Smallest]


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
    opened, why = _gate(comparison, measured)
    clusters = _clusters(comparison, real) if opened else []
    missing = [cluster for cluster in clusters if cluster.missing]
    lost = min([1.0, *(cluster.q_value for cluster in clusters if cluster.rare)])
    tested = bool(absent or repeats or clusters)
    p_value = min(1.0, PARTS * min(repeated, lost)) if tested and not absent else None
    worst = min(repeats, key=lambda repeat: repeat.p_value, default=None)
    decisive = _decisive(comparison, real, worst if repeated <= lost else None, len(repeats), clusters)
    visible = _visible(comparison, real, clusters)
    trouble, do = _trouble(comparison, absent=absent, worst=worst, missing=missing, repeated=repeated, lost=lost)
    alone = not len(comparison.holdout)
    finding = Finding(
        p_value=p_value,
        trouble=(f"{trouble} {ALONE}" if alone else trouble, do),
        clear=None if alone else _clear(comparison, real, clusters, repeats, visible),
        unable=_without_holdout(clusters, why) if alone else _unable(comparison, clusters, why, visible),
        rule=bool(absent),
        named=bool(missing),
        caution=_caution(comparison, repeats),
        measurements=(
            *measurements,
            *_self_test(comparison, real, visible, len(clusters)),
            *within_classes(comparison),
        ),
        test=decisive.test,
        null=decisive.null,
        margin=decisive.margin,
        patients=decisive.patients,
        images=decisive.images,
    )
    return Modes(
        finding, tuple(_missing_mode(comparison, cluster) for cluster in sorted(missing, key=lambda mode: mode.p_value))
    )


class _Decisive(NamedTuple):
    """What the p-value of the verdict belongs to."""

    test: str = ""
    null: str = ""
    margin: float | None = None
    patients: int | None = None
    images: int | None = None


def _decisive(
    comparison: Comparison,
    real: Integers,
    worst: Repeats | None,
    repeats: int,
    clusters: list[missing_modes.Cluster],
) -> _Decisive:
    """Return the test of the worst repetition, or else of the group that is visited most rarely."""
    if worst is not None:
        return _Decisive(worst.test.corrected(PARTS * repeats), worst.test.null, worst.test.margin, *worst.sizes)
    if not clusters:
        return _Decisive()
    rarest = min(clusters, key=lambda cluster: (not cluster.rare, cluster.q_value))
    patients = comparison.patients(real[comparison.cohort.labels[real] == rarest.label])
    images = int((comparison.labels == rarest.label).sum())
    return _Decisive(missing_modes.TEST.corrected(PARTS), missing_modes.TEST.null, None, patients, images)


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


def _gate(comparison: Comparison, measured: tuple[Measurement, ...]) -> tuple[bool, str]:
    """Return whether synthetic images are near enough to real ones to count them in groups, and why not."""
    if SPACE not in comparison.spaces:
        return False, f"the features {SPACE} are missing"
    values = {
        measurement.name: (measurement.value, measurement.floor or 0.0)
        for measurement in measured
        if measurement.encoder == SPACE and measurement.class_name is None
    }
    if "precision" not in values:
        return False, "there are too few images"
    wanted = {
        "precision": missing_modes.PRECISION_GATE * min(1.0, values["precision"][1]),
        "density": missing_modes.DENSITY_GATE * min(1.0, values["density"][1]),
    }
    if any(values[name][0] < least for name, least in wanted.items()):
        said = "; ".join(f"{name} {values[name][0]:.2f}, wanted {least:.2f}" for name, least in wanted.items())
        return False, f"the synthetic images differ too much from the real ones to be counted in groups ({said})"
    return True, ""


def _clusters(comparison: Comparison, real: Integers) -> list[missing_modes.Cluster]:
    return missing_modes.clusters(
        comparison.features(SPACE, real),
        comparison.spaces[SPACE].synthetic.values,
        comparison.cohort.labels[real],
        comparison.labels,
        comparison.weights[real],
        patients=None if comparison.drawn_here else comparison.cohort.groups[real],
        seed=comparison.seed,
    )


def _missing_mode(comparison: Comparison, cluster: missing_modes.Cluster) -> MissingMode:
    real = np.sort(np.concatenate([comparison.train, comparison.holdout]))
    members = tuple(str(image_id) for image_id in comparison.cohort.ids[real[cluster.members]])
    middle = comparison.features(SPACE, real[cluster.members]).mean(0)
    generated = np.flatnonzero(comparison.labels == cluster.label)
    away = np.linalg.norm(comparison.spaces[SPACE].synthetic.values[generated] - middle, axis=1)
    nearest = generated[np.argsort(away, kind="stable")[:EXEMPLARS]]
    patients = round(float(comparison.weights[real][comparison.cohort.labels[real] == cluster.label].sum()))
    return MissingMode(
        class_name=comparison.cohort.classes[cluster.label],
        cluster=cluster.number,
        real_share=cluster.real_share,
        synthetic_share=cluster.synthetic_share,
        interval=cluster.interval,
        p_value=cluster.p_value,
        exemplars=members[:EXEMPLARS],
        members=members,
        nearest=tuple(str(sample_id) for sample_id in comparison.samples.ids[nearest]),
        encoder=SPACE,
        n_real=patients,
        n_synthetic=len(generated),
    )


def _trouble(
    comparison: Comparison,
    *,
    absent: list[str],
    worst: Repeats | None,
    missing: list[missing_modes.Cluster],
    repeated: float,
    lost: float,
) -> tuple[str, str]:
    sentences = []
    if absent:
        sentences.append(f"No synthetic image of {listing(absent, most=4)}")
    if worst is not None and repeated < 0.05 / PARTS:
        sentences.append(worst.sentence)
    if missing:
        first = min(missing, key=lambda cluster: cluster.p_value)
        sentences.append(
            f"{count(len(missing), 'group of real images is', 'groups of real images are')} nearly missing; the worst "
            f"is {percent(first.real_share)} of real {comparison.cohort.classes[first.label]} but "
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
    comparison: Comparison,
    real: Integers,
    clusters: list[missing_modes.Cluster],
    repeats: list[Repeats],
    visible: Visible,
) -> tuple[str, str] | None:
    """Return the sentence for nothing found; None where a large group of a class could hide."""
    tested = {repeat.label for repeat in repeats}
    if not clusters or any(_hidden(smallest) or label not in tested for label, smallest in visible.items()):
        return None
    label = max(visible, key=lambda label: visible[label].share or 0.0)
    patients = round(float(comparison.weights[real][comparison.cohort.labels[real] == label].sum()))
    generated = int((comparison.labels == label).sum())
    pairs = [(repeat, repeat.near) for repeat in repeats if repeat.near is not None]
    most, near = max(pairs, key=lambda pair: pair[1].share - pair[1].usual)
    return (
        f"No missing group found, and no class repeats itself more than real images do: most in "
        f"{comparison.cohort.classes[most.label]}, where {percent(near.share)} of the synthetic images have a "
        f"near-duplicate among them, of real ones {percent(near.usual)} ({_sizes(most)}). The smallest group of this "
        f"cohort's own images whose "
        f"absence is noticed is {percent(visible[label].share or 0.0)} of {comparison.cohort.classes[label]} "
        f"({count(generated, 'synthetic image')} against {count(patients, 'real patient')}) or "
        f"less in the other classes.",
        "Look at the map for rarer ones.",
    )


def _independent(comparison: Comparison, real: Integers, label: int) -> int:
    """Return how many independent synthetic images of a class there are."""
    rows, generated = real[comparison.cohort.labels[real] == label], comparison.labels == label
    synthetic = comparison.spaces[SPACE].synthetic.values[generated]
    if comparison.drawn_here:
        return len(synthetic)
    crowd = missing_modes.crowding(comparison.features(SPACE, rows), comparison.cohort.groups[rows], synthetic)
    return max(1, round(len(synthetic) / crowd))


def _visible(comparison: Comparison, real: Integers, clusters: list[missing_modes.Cluster]) -> Visible:
    """Return by class the smallest share whose absence would be noticed: groups of its own images are left out."""
    if not clusters:
        nothing = detectable_deletion.Smallest(None, (0.0, 1.0))
        return {int(label): nothing for label in np.unique(comparison.cohort.labels[real])}
    features, weights = comparison.features(SPACE, real), comparison.weights[real]
    return {
        int(label): detectable_deletion.smallest_deleted(
            clusters,
            int(label),
            features,
            weights,
            synthetic=_independent(comparison, real, int(label)),
            random=comparison.random(310 + int(label)),
        )
        for label in np.unique(comparison.cohort.labels[real])
    }


def _hidden(smallest: detectable_deletion.Smallest) -> bool:
    """Return whether a large group of a class could be absent unnoticed."""
    return smallest.share is None or smallest.share > VISIBLE


def _self_test(comparison: Comparison, real: Integers, visible: Visible, tests: int) -> list[Measurement]:
    """Return the self-test as measurements."""
    result = []
    for label, smallest in visible.items():
        if smallest.share is None:
            continue
        patients = round(float(comparison.weights[real][comparison.cohort.labels[real] == label].sum()))
        generated = int((comparison.labels == label).sum())
        name = comparison.cohort.classes[label]
        result.append(
            Measurement(
                name="smallest_mode",
                encoder=SPACE,
                value=smallest.share,
                interval=smallest.interval,
                interval_method=detectable_deletion.METHOD,
                floor=missing_modes.smallest_visible(
                    patients, generated, tests
                ),  # of a group that is a cluster of its own
                null=1.0,  # groups that no encoder separates: only the absence of all is noticed
                n_real=patients,
                n_synthetic=generated,
                better="lower",
                class_name=name,
                reference="train+holdout",
            )
        )
    return result


def _without_holdout(clusters: list[missing_modes.Cluster], why: str) -> tuple[str, str]:
    """Return what can be said without a hold-out: never that nothing is missing."""
    reason = why or "there are too few images of every class"
    said = (
        "No missing group found and no class repeats itself"
        if clusters
        else f"Missing groups cannot be counted: {reason}"
    )
    return (
        f"{said}. {ALONE}",
        "Import the cohort with a hold-out share, from more patients if there are too few, and train again.",
    )


def _unable(
    comparison: Comparison, clusters: list[missing_modes.Cluster], why: str, visible: Visible
) -> tuple[str, str]:
    if not clusters:
        do = "Train longer, or audit with more images." if why else "Import more images."
        return (
            f"Missing groups cannot be counted: {why or 'there are too few images of every class'}.",
            do if SPACE in comparison.spaces else "Audit in this space too.",
        )
    blind = [comparison.cohort.classes[label] for label, smallest in visible.items() if _hidden(smallest)]
    needs = _needed(len(clusters) * PARTS)
    said = f"No missing group found, but {percent(VISIBLE)} of {listing(blind, most=4)} could be absent unnoticed."
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


def _needed(tests: int) -> int:
    """Return how many real patients and synthetic images of a class show the absence of so large a group."""
    size = missing_modes.PATIENTS_PER_CLUSTER * 2
    while (share := missing_modes.smallest_visible(size, size, tests)) is None or share > VISIBLE:
        size += 4
    return size
