"""Witness regions: the real images that a linear rule, learnt from other images, tells most surely from synthetic ones.

A missing group may be no neighbourhood of any feature space: lesions that differ a little in size, outline and margin.
A rule that is learnt from both sides finds the direction in which such a group lies. Each image is judged by a rule of
other folds, and the most outstanding ones are regions as in `missing_modes`: they count where synthetic images are less
than half as frequent. What a rule finds by chance it finds among exchanged sides too, and with those it is compared.

A generator whose every image is a little off moves both ends. That is no missing group: at the other end synthetic
images must not be more than twice as frequent.

Source: Kübler, Jitkrittum, Schölkopf and Muandet, 2022, A witness two-sample test, arXiv:2102.05573 (a rule learnt on
one part, by Fisher's discriminant, tested on another); regions and exchanges are ours.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics.missing_modes import EXCHANGES, PICKS, RATIO_LIMIT, SHARES, OfClass, Sides, lack
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats

FOLDS = 5
RIDGE = 0.1  # of the mean variance


def joined(spaces: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return real (n, d) and synthetic (m, d) features of several spaces side by side, each number of deviation 1."""
    scales = [np.maximum(np.concatenate(both).std(0), 1e-6) for both in spaces]
    real, synthetic = (
        np.concatenate([side / scale for side, scale in zip(sides, scales, strict=True)], axis=1, dtype=np.float32)
        for sides in zip(*spaces, strict=True)
    )
    return real, synthetic


def regions(sides: Sides, random: np.random.Generator) -> tuple[OfClass, Values]:
    """Return the regions of a class, and (exchange,) the largest lack where patients and images changed sides."""
    count, synthetic = int(sides.patients.max()) + 1, max(1, round(len(sides.synthetic) / sides.crowd))
    is_real = np.arange(count + synthetic) < count
    inside = np.zeros((len(sides.rows), len(SHARES)), np.float32)
    hits, last_real, last_hits = (np.zeros(len(SHARES)) for _ in range(3))
    chance = np.zeros(EXCHANGES)
    for part in np.array_split(np.arange(EXCHANGES), PICKS):
        shuffled, one = random.permutation(len(sides.rows)), np.empty(count, np.int64)
        one[sides.patients[shuffled]] = shuffled
        independent = random.permutation(len(sides.synthetic))[:synthetic]
        features = np.concatenate([sides.real[one], sides.synthetic[independent]])
        folds = random.permutation(np.arange(len(features)) % FOLDS)
        place = np.argsort(random.random((len(part), len(features)), dtype=np.float32), axis=1)
        assigned = np.concatenate([is_real[None], place < count])  # (1 + exchange, unit)
        first, last = np.zeros((2, len(assigned), len(SHARES)))  # how many at both ends are taken for real
        sizes = np.zeros(len(SHARES))
        for fold in range(FOLDS):
            here = folds == fold
            rules = _rules(features[~here], assigned[:, ~here])
            scores = features[here] @ rules  # (unit, 1 + exchange)
            order = np.argsort(-scores, axis=0, kind="stable")
            ordered = np.take_along_axis(assigned[:, here].T, order, axis=0).astype(np.float64)
            own = here[:count][sides.patients]  # real images whose patient is in the fold
            of_images = sides.real[own] @ rules[:, 0]
            for region, share in enumerate(SHARES):
                top = round(share * len(scores))
                if top == 0:
                    continue
                sizes[region] += top
                first[:, region] += ordered[:top].sum(0)
                last[:, region] += ordered[-top:].sum(0)
                inside[own, region] += (of_images >= scores[order[top - 1, 0], 0]) / PICKS
        chance[part] = lack(first[1:], count, sizes - first[1:], synthetic).max(1)
        hits += (sizes - first[0]) / PICKS
        last_real += last[0] / PICKS
        last_hits += (sizes - last[0]) / PICKS
    one_sided = last_hits / synthetic <= last_real / count / RATIO_LIMIT
    of_class = OfClass(
        rows=sides.rows,
        mass=sides.mass,
        inside=inside[:, one_sided],
        hits=hits[one_sided],
        synthetic=float(synthetic),
    )
    return of_class, chance


def _rules(features: Floats, assigned: NDArray[np.bool_]) -> Floats:
    """Return (d, assignment) the directions from synthetic to real in which both differ most, for their spread.

    Args:
        features: (unit, d).
        assigned: (assignment, unit) who is taken for real.
    """
    centred = features - features.mean(0)
    covariance = centred.T @ centred / len(centred)
    covariance[np.diag_indices_from(covariance)] += RIDGE * np.trace(covariance) / len(covariance)
    real = assigned.astype(np.float32)
    weights = real / np.maximum(real.sum(1, keepdims=True), 1)
    weights -= (1 - real) / np.maximum((1 - real).sum(1, keepdims=True), 1)
    rules: Floats = np.linalg.solve(covariance, (weights @ centred).T)
    return rules
