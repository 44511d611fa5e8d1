"""On request: which synthetic images are unlike real images of their class, the oddest first?

Three scores are fitted on training images of the class: texture, outlines, and the doubt of the classifier. Tuning
images bring them on one scale, where the largest counts; held-out images of the class, one a patient, say how odd a
real image is, so that p is conformal whatever the scores are. It finds images to look at and decides nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.metrics import oddness
from ganaug_core.metrics.local_grain import local_grain
from ganaug_core.metrics.repeated_outlines import repeated_outlines
from ganaug_core.metrics.statistics import Values, benjamini_hochberg, conformal
from ganaug_core.records import HOLDOUT, LISTED_BELOW, TRAIN, TUNING, Floats, Integers, OddImage, Pixels
from ganaug_core.storage.workspace import digest_of
from ganaug_core.wording import count, listing, percent

SCORES = ("texture", "outlines", "doubt")
SPACES = {"texture": "texture", "doubt": "classifier"}  # that a score needs
LEAST = 20  # training images of a class, its held-out patients, and tuning images
OWN_SCALE = 10  # tuning images of a class; with fewer those of all classes set its scale
MOST_TRAINING = 2000  # of a class: more do not move a mean and a covariance
AT_ONCE = 256  # images, so that memory stays bounded
SHOWN = 12


@dataclass(frozen=True)
class Odd:
    """The oddest images, what is said of them, and the scores of all."""

    images: tuple[OddImage, ...] = ()
    sentences: tuple[str, ...] = ()
    scores: dict[str, Floats] = field(default_factory=dict)


NOT_ASKED = Odd()


@dataclass(frozen=True)
class _Sets:
    """Rows of real images that the scores need, and all synthetic images with their labels."""

    train: Integers
    tuning: Integers
    holdout: Integers


def oddest(comparison: Comparison, nearest: dict[str, Pixels]) -> Odd:
    """Return the synthetic images that are unlike real ones of their class.

    Args:
        comparison: Cohort and samples.
        nearest: As `Audit.nearest`, for the counterpart.
    """
    sets = _sets(comparison)
    judged = _judged_classes(comparison, sets)
    if np.isin(comparison.cohort.labels[sets.tuning], judged).sum() < LEAST:
        return Odd(sentences=(_too_few(),))
    names = [name for name in SCORES if SPACES.get(name) is None or _has_space(comparison, name)]
    scores, real = _scaled(comparison, sets, judged, names)
    largest, real_largest = np.stack(list(scores.values())).max(0), np.stack(list(real.values())).max(0)
    p_values, inside = np.ones(len(comparison.labels)), np.isin(comparison.labels, judged)
    for label in judged:
        own, others = comparison.labels == label, comparison.cohort.labels[sets.holdout] == label
        p_values[own] = conformal(-largest[own], -real_largest[others])
    q_values = benjamini_hochberg(p_values)
    listed = int((q_values < LISTED_BELOW).sum())
    order = np.lexsort((-largest, p_values))
    shown = order[inside[order]][: max(SHOWN, listed)].tolist()
    arrays = {"p": p_values, "q": q_values, **{name: np.where(inside, scores[name], np.nan) for name in names}}
    return Odd(
        tuple(_odd_image(comparison, row, scores, (p_values[row], q_values[row]), nearest) for row in shown),
        _sentences(comparison, sets, judged, names, listed),
        {name: values.astype(np.float32) for name, values in arrays.items()},
    )


def _sets(comparison: Comparison) -> _Sets:
    """Return training images, tuning images, and of held-out ones one a patient and class."""
    cohort, random = comparison.cohort, comparison.random(660)
    train = [
        random_subset(cohort.where(TRAIN, label=label), MOST_TRAINING, random) for label in range(len(cohort.classes))
    ]
    holdout = random.permutation(cohort.where(HOLDOUT))
    patients = cohort.groups[holdout] * len(cohort.classes) + cohort.labels[holdout]
    _, first = np.unique(patients, return_index=True)
    return _Sets(np.concatenate(train), cohort.where(TUNING), np.sort(holdout[first]))


def _judged_classes(comparison: Comparison, sets: _Sets) -> list[int]:
    """Return the classes with synthetic images, and with enough training images and held-out patients."""
    labels = comparison.cohort.labels
    return [
        int(label)
        for label in np.unique(comparison.labels)
        if min((labels[rows] == label).sum() for rows in (sets.train, sets.holdout)) >= LEAST
    ]


def _has_space(comparison: Comparison, name: str) -> bool:
    """Whether the space that a score needs is there and, of a classifier, knows the classes."""
    space = comparison.spaces.get(SPACES[name])
    if space is None:
        return False
    return name != "doubt" or space.synthetic.values.shape[1] == len(comparison.cohort.classes) > 1


def _scaled(
    comparison: Comparison, sets: _Sets, judged: list[int], names: list[str]
) -> tuple[dict[str, Values], dict[str, Values]]:
    """Return each score of the synthetic images (m,) and of the held-out ones (n,) on the common scale."""
    labels = comparison.cohort.labels
    of_train, of_tuning, of_holdout = (labels[rows] for rows in (sets.train, sets.tuning, sets.holdout))
    scores: dict[str, Values] = {name: np.full(len(comparison.labels), -np.inf) for name in names}
    real: dict[str, Values] = {name: np.full(len(of_holdout), -np.inf) for name in names}
    for name in names:
        train, tuning, holdout, synthetic = _numbers(comparison, sets, name)
        usual = np.full(len(of_tuning), np.nan)
        for label in judged:
            chosen = (of_tuning == label, of_holdout == label, comparison.labels == label)
            parts = [values[rows] for values, rows in zip((tuning, holdout, synthetic), chosen, strict=True)]
            if name == "doubt":
                raw = [oddness.log_odds(values[:, label]) for values in parts]
            else:
                raw = oddness.distances(train[of_train == label], parts)
            usual[chosen[0]], real[name][chosen[1]], scores[name][chosen[2]] = raw
        everyone = usual[np.isfinite(usual)]
        for label in judged:
            own = usual[of_tuning == label]
            scale = own if len(own) >= OWN_SCALE else everyone
            for values, rows in ((real[name], of_holdout == label), (scores[name], comparison.labels == label)):
                values[rows] = oddness.on_common_scale(values[rows], scale)
    return scores, real


def _numbers(comparison: Comparison, sets: _Sets, name: str) -> list[NDArray[np.floating]]:
    """Return what a score is made of, for training, tuning, held-out and synthetic images."""
    rows = (sets.train, sets.tuning, sets.holdout)
    if name == "doubt":
        space = comparison.spaces[SPACES[name]]
        return [*(space.real.values[part] for part in rows), space.synthetic.values]
    measure = repeated_outlines if name == "outlines" else local_grain
    every, images = np.concatenate(rows), comparison.samples.images
    (of_real,) = comparison.memoise(
        f"{name}-{digest_of(every)}",
        lambda: (np.concatenate([measure(comparison.cohort.images(part)) for part in _batches(every)]),),
    )
    numbers = np.split(of_real, np.cumsum([len(part) for part in rows])[:-1])
    numbers.append(np.concatenate([measure(np.asarray(images[part])) for part in _batches(np.arange(len(images)))]))
    if name == "outlines":
        return numbers
    space = comparison.spaces[SPACES[name]]
    whole = [*(space.real.values[part] for part in rows), space.synthetic.values]
    return [np.concatenate(pair, axis=1) for pair in zip(whole, numbers, strict=True)]


def _batches(rows: Integers) -> list[Integers]:
    return np.array_split(rows, max(1, -(-len(rows) // AT_ONCE)))


def _odd_image(
    comparison: Comparison,
    row: int,
    scores: dict[str, Values],
    p_and_q: tuple[float, float],
    nearest: dict[str, Pixels],
) -> OddImage:
    score = max(scores, key=lambda name: scores[name][row])
    label = int(comparison.labels[row])
    says = {"texture": "texture unlike the class", "outlines": "outlines that repeat unlike those of the class"}
    if score == "doubt":
        guesses = comparison.spaces[SPACES[score]].synthetic.values[row].copy()
        guesses[label] = -np.inf
        says[score] = f"the classifier doubts its class: looks like {comparison.cohort.classes[int(guesses.argmax())]}"
    return OddImage(
        synthetic=str(comparison.samples.ids[row]),
        class_name=comparison.cohort.classes[label],
        score=score,
        says=says[score],
        p_value=float(p_and_q[0]),
        q_value=float(p_and_q[1]),
        ordinary=nearest["train.id"][row].decode() if "train.id" in nearest else "",
    )


def _sentences(
    comparison: Comparison, sets: _Sets, judged: list[int], names: list[str], listed: int
) -> tuple[str, ...]:
    """Return what was found, what could have been, and what was left out."""
    images = int(np.isin(comparison.labels, judged).sum())
    total, labels = len(comparison.labels), comparison.cohort.labels[sets.holdout]
    largest = max(int((labels == label).sum()) for label in judged)
    least = oddness.least_listed(total, largest)
    if listed:
        told = (
            f"Odd images: {listed:,} of {count(total, 'synthetic image')} are odder than held-out images of their "
            f"class, at a false discovery rate of {percent(LISTED_BELOW)}: of such a list at most one in ten is "
            "expected to be as ordinary as real images."
        )
    elif least > images:
        told = (
            f"Odd images: nothing could have been listed, with {count(largest, 'held-out patient')} in the largest "
            "class not even if all images were odd."
        )
    else:
        told = f"Odd images: none of {count(total, 'synthetic image')} is listed."
    needed = oddness.references_needed(20, 1)
    sentences = [
        f"{told} This describes; no verdict looks at it.",
        f"With {count(largest, 'held-out patient')} in the largest class the shortest list that can be made holds "
        f"{least:,} of the {total:,}: where fewer are odd, none is listed. For one in twenty, {needed:,} held-out "
        "patients of a class are needed. The oddest are shown first all the same.",
    ]
    absent = [name for name in SCORES if name not in names]
    if absent:
        sentences.append(f"There is no feature space for {listing(absent)}: what is odd in that may not be seen.")
    left_out = [comparison.cohort.classes[label] for label in np.unique(comparison.labels) if label not in judged]
    if left_out:
        sentences.append(
            f"Not looked at: {listing(left_out, most=4)}, with fewer than {LEAST} training images or held-out patients."
        )
    return tuple(sentences)


def _too_few() -> str:
    return (
        f"Odd images cannot be looked for: that needs {LEAST} training images and {LEAST} held-out patients of a "
        f"class, and {LEAST} tuning images."
    )
