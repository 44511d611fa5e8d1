"""Copying: is any synthetic image a training image, and are too many of them too close?"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.near_duplicates import near_duplicate_rates, unequal
from ganaug_core.audit.sentences import FAIL, Finding
from ganaug_core.interfaces import Report
from ganaug_core.metrics import copying, identical_images
from ganaug_core.metrics.statistics import Values, benjamini_hochberg, conformal, wilson
from ganaug_core.neighbours import Registered, crowds, registered
from ganaug_core.records import Copied, Floats, Integers, Measurement, Suspect, listed
from ganaug_core.wording import chance, count, listing, percent

SPACE = "registered"
ALPHA = FAIL  # after Holm's correction at least a warning
WANTED = 0.05  # share of copies that a pass must have been able to notice
SHOWN, SHOWN_PER_CLASS = 20, 3
ROUNDED = 200
# .7 of the distance to training: 60 views of one fresh image no longer count as copies (p 2e-8 without, .49 with),
# 60 views of one training image still do (p < .01). Chosen on MedNIST, the same for all cohorts.
CROWD_ALPHA, CROWDED, SAMPLED = 0.05, 0.7, 200
DO = "Look at the closest pairs; train on more patients or with stronger augmentation, and do not share this set."
UNTRUSTED = (
    "Copying cannot be judged: we chose the held-out images, and this generator may have been trained on them.",
    "Tick that it was not, if you know so (command line: --trust-split), or import the cohort with the split that it "
    "was trained on.",
)


@dataclass(frozen=True)
class Copies:
    """The finding, the pairs that show it, and the copy scores of both sides."""

    finding: Finding
    suspects: tuple[Suspect, ...] = ()
    scores: dict[str, Floats] | None = None
    detectable_share: float | None = None
    copied: tuple[Copied, ...] = ()


@dataclass(frozen=True)
class _Distances:
    """Registered distances of synthetic and held-out images to training and to held-out ones of other patients."""

    synthetic_train: Registered
    synthetic_holdout: Registered
    holdout_train: Registered
    holdout_holdout: Registered

    def scores(self) -> tuple[Floats, Floats]:
        """Return the copy scores of synthetic (m,) and held-out (n,) images: distance to training over hold-out."""
        synthetic = copying.scores(self.synthetic_train.distance, self.synthetic_holdout.distance)
        holdout = copying.scores(self.holdout_train.distance, self.holdout_holdout.distance)
        return synthetic.astype(np.float32), holdout.astype(np.float32)


def copies(comparison: Comparison, *, trusted: bool, report: Report) -> Copies:
    """Return what speaks for copying.

    Args:
        comparison: Cohort and samples.
        trusted: The generator certainly never saw the hold-out.
        report: Progress.
    """
    if len(comparison.train) == 0 or comparison.held_out(comparison.labels) < 2:
        return _identity_alone(comparison, report)
    train = comparison.cohort.images(comparison.train)
    distances = _distances(comparison, train, report)
    synthetic, holdout = distances.scores()
    identical = _identical(comparison, train, distances)
    test, design = set_test(
        comparison, synthetic, holdout, distances.synthetic_train.distance, distances.synthetic_holdout.distance
    )
    detectable = design.detectable_share(ALPHA)
    suspects = _suspects(comparison, distances, synthetic, holdout, identical)
    if identical:
        finding = Finding(
            p_value=None,
            rule=True,
            trouble=_identical_sentence(comparison, identical, suspects),
            measurements=(_measurement(test),),
        )
    elif trusted:
        exchanged = _exchanged_test(comparison, synthetic, holdout, distances.synthetic_holdout.distance)
        finding = _set_test_finding(comparison, test, design, detectable, exchanged)
    else:
        finding = Finding(p_value=None, unable=UNTRUSTED)
    return Copies(
        finding, suspects, {"synthetic": synthetic, "holdout": holdout}, detectable, _copied(comparison, suspects)
    )


def set_test(
    comparison: Comparison, synthetic: Floats, holdout: Floats, to_train: Floats, to_holdout: Floats
) -> tuple[copying.SetTest, copying.Design]:
    """Return the set test; what it finds must stand when images that resemble each other count as one.

    Images are one crowd if they are nearer to each other than to any training image: slices of one unseen patient, or
    the one image that a collapsed generator draws. Copies of one training image are not.

    Args:
        synthetic: (m,) scores, and `holdout` (n,).
        to_train: (m,) registered distances of the synthetic images, and `to_holdout`.
    """
    labels, held_labels = comparison.labels, comparison.cohort.labels[comparison.holdout]
    groups, near_duplicates = comparison.cohort.groups[comparison.holdout], near_duplicate_rates(comparison, to_holdout)

    def tested(weights: Values | None) -> tuple[copying.SetTest, copying.Design]:
        return copying.set_test(
            synthetic,
            holdout,
            labels,
            held_labels,
            groups,
            near_duplicates=near_duplicates,
            weights=weights,
            seed=comparison.seed,
        )

    first, design = tested(None)
    if first.p_value >= CROWD_ALPHA:
        return first, design
    edges = {label: _edge(holdout[held_labels == label], groups[held_labels == label]) for label in np.unique(labels)}
    close = synthetic < np.array([edges[label] for label in labels])
    second, _ = tested(_weights(comparison, close, to_train))
    return replace(first, p_value=max(first.p_value, second.p_value)), design


def _weights(comparison: Comparison, close: NDArray[np.bool_], to_train: Floats) -> Values:
    """Return (m,) 1 / size of the crowd of each image.

    Args:
        comparison: Cohort and samples.
        near: (m,) images that a threshold may count: their crowds are all looked at, of the others those of a sample.
        to_train: (m,) distances.
    """
    rest = comparison.random(3).permutation(np.flatnonzero(~close))
    sample = np.sort(rest[:SAMPLED])
    radius = CROWDED * to_train
    # what is far from training is asked for as tight a crowd as the others, or every set would seem to be one
    radius[~close] = np.minimum(radius[~close], np.median(radius[close]))
    rows = np.concatenate([np.flatnonzero(close), sample])
    weights = np.ones(len(close))
    weights[rows] = 1 / (1 + crowds(comparison.samples.images, rows, radius))
    for label in np.unique(comparison.labels[sample]):
        inside = comparison.labels == label
        weights[inside & ~close] = weights[sample[comparison.labels[sample] == label]].mean()
    return weights


def _edge(scores: Floats, groups: Integers) -> float:
    """Return a score of a class that hardly a threshold exceeds, whichever image of each patient is drawn."""
    if len(scores) == 0:
        return 0.0
    patients = len(np.unique(groups))
    rank = 2 * int(np.ceil(len(scores) / patients)) * copying.levels(patients)[-1]
    return float(np.sort(scores)[min(rank, len(scores) - 1)])


def _identity_alone(comparison: Comparison, report: Report) -> Copies:
    """Return what can be said without held-out images: an equal image is a copy all the same."""
    patients = comparison.held_out(comparison.labels)
    unable = (
        f"Copying cannot be judged: {count(len(comparison.train), 'training image')} and "
        f"{count(patients, 'held-out patient')} of these classes.",
        "Import a cohort with more patients, or a larger hold-out share.",
    )
    if len(comparison.train) == 0:
        return Copies(Finding(p_value=None, unable=unable))
    train = comparison.cohort.images(comparison.train)
    closest = registered(comparison.samples.images, train, report=report)
    same = {int(left): int(right) for left, right in identical_images.equal_pairs(comparison.samples.images, train)}
    order = sorted(range(len(comparison.samples)), key=lambda row: (row not in same, closest.distance[row]))
    suspects = tuple(
        Suspect(
            synthetic=str(comparison.samples.ids[row]),
            real=str(comparison.cohort.ids[comparison.train[same.get(row, int(closest.nearest[row]))]]),
            holdout="",
            encoder=SPACE,
            distance=float(closest.distance[row]),
            score=1.0,  # there is no hold-out to compare with
            p_value=1.0,
            q_value=1.0,
            transform=str(closest.transform[row]),
            identical=row in same,
        )
        for row in order[: max(SHOWN, len(same))]
    )
    if not same:
        return Copies(Finding(p_value=None, unable=unable), suspects)
    measurement = Measurement(
        name="copied_share",
        encoder=SPACE,
        value=len(same) / len(comparison.samples),
        interval=wilson(len(same), len(comparison.samples)),
        floor=0.0,
        null=0.0,
        n_real=len(comparison.train),
        n_synthetic=len(comparison.samples),
        better="lower",
        reference="train",
    )
    finding = Finding(
        p_value=None,
        rule=True,
        trouble=_identical_sentence(comparison, same, suspects),
        measurements=(measurement,),
    )
    return Copies(finding, suspects, copied=_copied(comparison, suspects))


def _identical_sentence(
    comparison: Comparison, identical: dict[int, int], suspects: tuple[Suspect, ...]
) -> tuple[str, str]:
    first = next(suspect for suspect in suspects if suspect.identical)
    sentence = (
        f"{count(len(identical), 'image equals', 'images equal')} a training image (turned or mirrored ones "
        f"counted) among {count(len(comparison.samples), 'synthetic image')}; the first is {first.synthetic}, "
        f"training image {first.real}."
    )
    repeats = comparison.cohort.duplicates.get("exact", 0)
    return sentence + (f" The cohort itself holds {count(repeats, 'exact repeat')}." if repeats else ""), DO


def _distances(comparison: Comparison, train: Floats, report: Report) -> _Distances:
    held = comparison.cohort.images(comparison.holdout)
    groups = comparison.cohort.groups[comparison.holdout]
    left_out = random_groups(comparison, groups)

    def part(number: int) -> Report:
        return lambda share, message: report((number + share) / 4, message)

    return _Distances(
        registered(comparison.samples.images, train, report=part(0)),
        registered(comparison.samples.images, held, query_groups=left_out, reference_groups=groups, report=part(1)),
        comparison.searched("holdout-train", lambda: registered(held, train, report=part(2))),
        comparison.searched(
            "holdout-holdout",
            lambda: registered(held, held, query_groups=groups, reference_groups=groups, report=part(3)),
        ),
    )


def random_groups(comparison: Comparison, groups: Integers) -> Integers:
    """Return for each synthetic image the group of a random held-out image of its class.

    A held-out image is compared without its own patient; this lets both sides see as many references.
    """
    random = comparison.random(1)
    result = random.choice(groups, len(comparison.samples))
    held_labels = comparison.cohort.labels[comparison.holdout]
    for label in np.unique(comparison.labels):
        if (held_labels == label).any():
            rows = comparison.labels == label
            result[rows] = random.choice(groups[held_labels == label], int(rows.sum()))
    return result


def _identical(comparison: Comparison, train: Floats, distances: _Distances) -> dict[int, int]:
    """Return synthetic row -> row of `train` for each image that is a training image up to rounding."""
    same: dict[int, int] = {}
    if train.shape[1:] == comparison.samples.images.shape[1:]:
        same = {int(left): int(right) for left, right in identical_images.equal_pairs(comparison.samples.images, train)}
    sample = train[np.sort(comparison.random(2).permutation(len(train))[:ROUNDED])]
    rounded = comparison.searched(
        f"rounded-{comparison.seed}",
        lambda: registered(
            identical_images.rounded_off(sample, comparison.cohort.intensity, seed=comparison.seed), sample
        ),
    )
    limit = identical_images.residual_limit(
        rounded.distance, distances.holdout_train.distance, unequal(comparison.cohort)
    )
    for row in np.flatnonzero(distances.synthetic_train.distance < limit):
        same.setdefault(int(row), int(distances.synthetic_train.nearest[row]))
    return same


def _suspects(
    comparison: Comparison, distances: _Distances, synthetic: Floats, holdout: Floats, identical: dict[int, int]
) -> tuple[Suspect, ...]:
    p_values = _image_p_values(comparison, synthetic, holdout)
    q_values = benjamini_hochberg(p_values)
    named = np.isin(np.arange(len(synthetic)), list(identical))
    order = np.lexsort((distances.synthetic_train.distance, synthetic, p_values, ~named))
    chosen = dict.fromkeys(order[:SHOWN].tolist())
    for label in np.unique(comparison.labels):  # a rare class shows its closest pairs too
        chosen.update(dict.fromkeys(order[comparison.labels[order] == label][:SHOWN_PER_CLASS].tolist()))
    chosen.update(dict.fromkeys(order[listed(q_values, named)[order]].tolist()))
    ranks = {int(row): rank for rank, row in enumerate(order)}
    ids, held_ids = comparison.cohort.ids, comparison.cohort.ids[comparison.holdout]
    result = []
    for row in sorted(chosen, key=lambda row_number: ranks[row_number]):
        original = identical.get(row)
        nearest = original if original is not None else int(distances.synthetic_train.nearest[row])
        result.append(
            Suspect(
                synthetic=str(comparison.samples.ids[row]),
                real=str(ids[comparison.train[nearest]]),
                holdout=str(held_ids[distances.synthetic_holdout.nearest[row]]),
                encoder=SPACE,
                distance=float(distances.synthetic_train.distance[row]),
                score=float(synthetic[row]),
                p_value=float(p_values[row]),
                q_value=float(q_values[row]),
                transform=str(distances.synthetic_train.transform[row]),
                identical=bool(named[row]),
            )
        )
    return tuple(result)


def _copied(comparison: Comparison, suspects: tuple[Suspect, ...]) -> tuple[Copied, ...]:
    """Return the training images of the suspects on the list, the most often copied first."""
    by_image: dict[str, list[Suspect]] = {}
    for suspect in suspects:
        if suspect.is_listed:
            by_image.setdefault(suspect.real, []).append(suspect)
    rows = {str(image_id): row for row, image_id in enumerate(comparison.cohort.ids)}
    copied = [
        Copied(
            train,
            int(comparison.cohort.groups[rows[train]]),
            comparison.cohort.classes[comparison.cohort.labels[rows[train]]],
            tuple(suspect.synthetic for suspect in by),
            any(suspect.identical for suspect in by),
        )
        for train, by in by_image.items()
    ]
    return tuple(sorted(copied, key=lambda image: (not image.identical, -len(image.synthetic))))


def _image_p_values(comparison: Comparison, synthetic: Floats, holdout: Floats) -> Values:
    """Return (m,) the share of held-out images of the class with a score as small; of all classes where it has none."""
    result = conformal(synthetic, holdout)
    held_labels = comparison.cohort.labels[comparison.holdout]
    for label in np.intersect1d(comparison.labels, held_labels):
        rows = comparison.labels == label
        result[rows] = conformal(synthetic[rows], holdout[held_labels == label])
    return result


def _exchanged_test(comparison: Comparison, synthetic: Floats, holdout: Floats, to_holdout: Floats) -> copying.SetTest:
    """Return the set test with the sides exchanged: how many images are as close to held-out ones, which nobody copied.

    Blur, wrong labels and other faults of the whole set spread the scores to both sides; copies lie on one. As many
    near-duplicates are allowed as in the first test.
    """
    held_labels, groups = comparison.cohort.labels[comparison.holdout], comparison.cohort.groups[comparison.holdout]
    near_duplicates = near_duplicate_rates(comparison, to_holdout)
    return copying.set_test(
        -synthetic,
        -holdout,
        comparison.labels,
        held_labels,
        groups,
        near_duplicates=near_duplicates,
        seed=comparison.seed,
    )[0]


def _set_test_finding(
    comparison: Comparison,
    test: copying.SetTest,
    design: copying.Design,
    detectable: float | None,
    exchanged: copying.SetTest,
) -> Finding:
    """Return what the set test says where the generator never saw the hold-out."""
    measurements = (_measurement(test), _measurement(exchanged, "copied_share_reversed"))
    patients = comparison.held_out(comparison.labels)
    sizes = f"{count(test.n_synthetic, 'synthetic image')}, {count(patients, 'held-out patient')}"
    low, high = test.interval
    trouble = (
        f"About {percent(test.share)} of the synthetic images (95 % interval {percent(low)} to {percent(high)}) are "
        f"closer to training images than held-out images are ({chance(test.p_value)}; {sizes}). "
        f"{_exchanged_sentence(test, exchanged)}",
        DO,
    )
    power = _power_sentence(comparison, design, detectable)
    if detectable is not None and detectable <= WANTED:
        clear = (
            f"No copying found ({sizes}). {power} This is not a proof of privacy.",
            "Look at the closest pairs all the same.",
        )
        return Finding(p_value=test.p_value, trouble=trouble, clear=clear, measurements=measurements)
    more = copying.needed(design, ALPHA, WANTED)
    unable = (
        f"No copying found, but these numbers could hide it ({sizes}). {power}",
        f"To see {percent(WANTED)} copies, audit with about {count(more[0], 'held-out patient')} and "
        f"{count(more[1], 'synthetic image')}."
        if more
        else "Use a much larger hold-out.",
    )
    return Finding(p_value=test.p_value, trouble=trouble, clear=None, unable=unable, measurements=measurements)


def _exchanged_sentence(test: copying.SetTest, exchanged: copying.SetTest) -> str:
    """Return what the exchanged test says of the first."""
    low, high = exchanged.interval
    said = f"As much closer to held-out images are {percent(exchanged.share)} ({percent(low)} to "
    if high < test.share:
        return f"{said}{percent(high)}): less, as with copies."
    return f"{said}{percent(high)}): as many, so the images as a set may differ from real ones."


def _measurement(test: copying.SetTest, name: str = "copied_share") -> Measurement:
    return Measurement(
        name=name,
        encoder=SPACE,
        value=test.share,
        interval=test.interval,
        floor=0.0,
        null=0.0,
        n_real=test.n_holdout,
        n_synthetic=test.n_synthetic,
        better="lower",
        reference="train+holdout",
        p_value=test.p_value,
    )


def _power_sentence(comparison: Comparison, design: copying.Design, detectable: float | None) -> str:
    if detectable is None:
        return "Not even a set of nothing but copies would be noticed."
    sentence = f"Copies of {percent(detectable)} or more, spread over all classes, would be noticed four times in five."
    if design.near_duplicates:
        share = sum(m * share for m, (share, _) in zip(design.synthetic, design.near_duplicates, strict=True))
        sentence += (
            f" The cohort repeats itself: {percent(share / sum(design.synthetic))} of these images may have a natural "
            f"near-duplicate among the training images, and as many are allowed."
        )
    if len(design.holdout) == 1:
        return sentence
    present = np.intersect1d(comparison.labels, comparison.cohort.labels[comparison.holdout])
    blind = []
    for index, (label, held, generated) in enumerate(zip(present, design.holdout, design.synthetic, strict=True)):
        rates = design.near_duplicates[index : index + 1]
        alone = copying.Design((held,), (generated,), rates, comparison.seed).detectable_share(
            ALPHA / (len(design.holdout) + 1)
        )
        if alone is None or alone > 2 * WANTED:
            blind.append(f"{comparison.cohort.classes[label]} ({'no share' if alone is None else percent(alone)})")
    return (
        f"{sentence} In one class alone only larger shares would be: {listing(blind, most=4)}." if blind else sentence
    )
