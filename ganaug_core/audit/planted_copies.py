"""What copying would look like here: copies of the user's own images, changed in known ways, and how many are close.

Exact copies always lie below every threshold. How many do that are mirrored, turned, moved, noisy or blurred depends on
the cohort, so it is measured on the cohort, and a stated power names the changes for which it holds.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.registered_distances import Found, References, Side, side
from ganaug_core.interfaces import Report
from ganaug_core.metrics import copying
from ganaug_core.neighbours import registered
from ganaug_core.records import Floats, Integers

PLANTED = 40  # images of each change
Change = Callable[[Floats, np.random.Generator], Floats]


def _mirrored(image: Floats, random: np.random.Generator) -> Floats:
    return image[..., ::-1]


def _turned(image: Floats, random: np.random.Generator) -> Floats:
    angle = random.uniform(-10, 10)
    return np.asarray(ndimage.rotate(image, angle, axes=(1, 2), reshape=False, order=1, mode="reflect"))


def _shifted(image: Floats, random: np.random.Generator) -> Floats:
    down, right = random.uniform(-1 / 12, 1 / 12, 2) * image.shape[1]
    return np.asarray(ndimage.shift(image, (0, down, right), order=1, mode="reflect"))


def _scaled(image: Floats, random: np.random.Generator) -> Floats:
    zoom = random.uniform(0.9, 1.1)
    middle = (np.array(image.shape[1:]) - 1) / 2
    matrix, offset = np.diag([1, 1 / zoom, 1 / zoom]), np.concatenate([[0], middle - middle / zoom])
    return np.asarray(ndimage.affine_transform(image, matrix, offset, order=1, mode="reflect"))


def _brightened(image: Floats, random: np.random.Generator) -> Floats:
    return image * np.float32(random.uniform(0.9, 1.1)) + np.float32(random.uniform(-0.1, 0.1))


def _noisy(image: Floats, random: np.random.Generator) -> Floats:
    return image + random.normal(0, 0.025, image.shape).astype(np.float32)


def _blurred(image: Floats, random: np.random.Generator) -> Floats:
    return np.asarray(ndimage.gaussian_filter(image, (0, 0.8, 0.8), mode="reflect"))


def _all_at_once(image: Floats, random: np.random.Generator) -> Floats:
    for change in (_mirrored, _shifted, _blurred, _noisy):
        image = change(image, random)
    return image


CHANGES: dict[str, Change] = {
    "mirrored": _mirrored,
    "turned by up to 10 degrees": _turned,
    "shifted by up to a twelfth": _shifted,
    "scaled by up to a tenth": _scaled,
    "of other brightness and contrast": _brightened,
    "noisy (1.25 % of the range)": _noisy,
    "blurred (0.8 px)": _blurred,
    "mirrored, shifted, blurred and noisy at once": _all_at_once,
}


def found_shares(comparison: Comparison, references: References, report: Report) -> dict[str, tuple[float, ...]]:
    """Return for each change the share of copies with a score below the threshold of each rank (`copying.levels`).

    Only the cohort decides this, so it is kept with it.
    """
    cohort = comparison.cohort

    def measure() -> tuple[Floats]:
        rows = random_subset(comparison.seen, PLANTED, comparison.random(5))
        random = comparison.random(6)
        originals = cohort.images(rows)
        images = np.concatenate([[change(image, random) for image in originals] for change in CHANGES.values()])
        images = np.clip(images, -1, 1).astype(np.float32)
        seen, held = comparison.seen, comparison.holdout
        to_seen = registered(images, cohort.reading(seen), report=lambda share, text: report(0.7 * share, text))
        to_held = registered(images, cohort.reading(held), report=lambda share, text: report(0.7 + 0.3 * share, text))
        labels = np.tile(cohort.labels[rows], len(CHANGES))
        copies = side(
            comparison,
            Found(to_seen.distance, seen[to_seen.nearest]),
            Found(to_held.distance, held[to_held.nearest]),
            labels,
        )
        return (_below_thresholds(copies, references, cohort.groups[references.rows]),)

    shares = comparison.memoise("-".join(map(str, ("planted", len(comparison.seen), comparison.seed))), measure)[0]
    return {name: tuple(row.tolist()) for name, row in zip(CHANGES, shares, strict=True)}


def _below_thresholds(copies: Side, references: References, groups: Integers) -> Floats:
    """Return (changes, ranks) the share of copies below the thresholds of their class."""
    below = np.zeros((len(copies.scores), len(copying.SHARES)), np.float32)
    for label in np.unique(copies.classes):
        chosen = references.side.classes == label
        if not chosen.any():
            continue
        ordered, patients = np.sort(references.side.scores[chosen]), len(np.unique(groups[chosen]))
        places = [max(1, round(rank * len(ordered) / patients)) - 1 for rank in copying.levels(patients)]
        inside = copies.classes == label
        below[inside] = copies.scores[inside, None] < ordered[places]
    shares: Floats = below.reshape(len(CHANGES), -1, below.shape[1]).mean(1)
    return shares
