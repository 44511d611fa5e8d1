"""Copying as the literature counts it: authentic share, C_T, likelihood gap. To describe, not to decide.

None of the three has a scale of its own, and all need a fifth of copies and more to move; each stands beside what
held-out images give.
"""

import numpy as np
from scipy import special, stats
from sklearn.cluster import KMeans

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.statistics import Values
from ganaug_core.metrics.two_sample import squared
from ganaug_core.records import Floats

ROUNDS = 50
NARROWEST = 1e-3  # of the median squared distance to training: below, a copy's likelihood would be endless


def authentic_share(train: Floats, images: Floats) -> float:
    """Return the share of images further from their nearest training image than that is from its own nearest one.

    0 for a generator that copies; grows with the dimension and with bad images.

    Args:
        train: (t, d), t >= 2, `images` (n, d).

    Source: Alaa et al., 2022, arXiv:2102.08921. A widely copied implementation indexes training images by synthetic
    ones and calls a copier authentic; this is the published definition.
    """
    if len(train) < 2 or not len(images):
        raise EvidenceError("The authentic share needs two training images.", do="Add images.", code="too_few")
    both = np.concatenate([train, images]).astype(np.float64)
    squares = squared(both)
    within, across = squares[: len(train), : len(train)].copy(), squares[len(train) :, : len(train)]
    np.fill_diagonal(within, np.inf)
    nearest = across.argmin(1)
    exact = np.square(images.astype(np.float64) - train[nearest]).sum(1)
    return float((within.min(1)[nearest] < exact).mean())


def copying_score(train: Floats, holdout: Floats, synthetic: Floats, cells: int = 5, *, seed: int = 0) -> float:
    """Return C_T: about normal with deviation 1 for fresh images, far below 0 for copies, far above for bad images.

    In each cell of k-means on the training images the distances to training of synthetic images are ranked against
    those of held-out ones; the z-scores are averaged by the hold-out's shares.

    Args:
        train: (t, d), `holdout` (n, d), `synthetic` (m, d).

    Raises:
        EvidenceError: No cell has ten images of both.

    Source: Meehan et al., 2020, arXiv:2004.05675; divided by the root of the sum of squared shares, without which the
    average of five cells has a deviation of .48.
    """
    cells = min(cells, len(train))
    means = KMeans(cells, n_init=4, random_state=seed).fit(train.astype(np.float64))
    sides = [each.astype(np.float64) for each in (holdout, synthetic)]
    places = [means.predict(each) for each in sides]
    distances = [_to(train, each) for each in sides]
    scores, shares = [], []
    for cell in range(cells):
        one, two = (distance[place == cell] for distance, place in zip(distances, places, strict=True))
        n, m = len(one), len(two)
        if min(n, m) < 10:
            continue
        rank = stats.rankdata(np.concatenate([two, one]))[:m].sum() - m * (m + 1) / 2
        scores.append((rank - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))
        shares.append(n)
    if not scores:
        raise EvidenceError("C_T needs ten images of both sides in a cell.", do="Add images.", code="too_few")
    weights = np.array(shares) / np.sum(shares)
    return float(np.dot(weights, scores) / np.sqrt(np.square(weights).sum()))


def likelihood_gap(train: Floats, holdout: Floats, synthetic: Floats) -> float:
    """Return how much likelier training images are than held-out ones, in nats a dimension; about 0 for fresh images.

    The density is a mixture of one round Gaussian at each synthetic image, whose width is fitted to the training
    images: a copy of one becomes a needle on it.

    Args:
        train: (t, d), `holdout` (n, d), `synthetic` (m, d).

    Source: Jiralerspong et al., 2023, arXiv:2302.04440 (generalisation gap); widths by expectation maximisation
    instead of gradients, and bounded from below.
    """
    count, width = len(train), train.shape[1]
    both = squared(np.concatenate([train, holdout, synthetic]).astype(np.float64))
    centres = slice(count + len(holdout), None)
    seen, fresh = both[:count, centres], both[count : count + len(holdout), centres]
    narrow = NARROWEST * float(np.median(seen.min(1))) / width + 1e-12
    variance = np.full(seen.shape[1], float(np.median(seen)) / width)
    for _ in range(ROUNDS):
        share = np.exp(_parts(seen, variance, width) - _log(seen, variance, width)[:, None])
        mass = share.sum(0)
        fitted = (share * seen).sum(0) / np.maximum(mass * width, 1e-12)
        variance = np.maximum(np.where(mass > 1e-6, fitted, variance), narrow)
    return float((_log(seen, variance, width).mean() - _log(fresh, variance, width).mean()) / width)


def _parts(squares: Values, variance: Values, width: int) -> Values:
    result: Values = -0.5 * (squares / variance + width * np.log(2 * np.pi * variance)) - np.log(squares.shape[1])
    return result


def _log(squares: Values, variance: Values, width: int) -> Values:
    result: Values = special.logsumexp(_parts(squares, variance, width), axis=1)
    return result


def _to(train: Floats, images: Values) -> Values:
    """Return (n,) distances to the nearest training image."""
    squares = squared(np.concatenate([train.astype(np.float64), images]))
    result: Values = np.sqrt(squares[len(train) :, : len(train)].min(1))
    return result
