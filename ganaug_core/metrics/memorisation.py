"""Copying as the literature counts it: authentic share, C_T, likelihood gap. To describe, not to decide.

None of the three has a scale of its own, and all need a fifth of copies and more to move; each stands beside what
held-out images give.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from sklearn.cluster import KMeans

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.statistics import Values
from ganaug_core.metrics.two_sample import squared
from ganaug_core.records import Floats

Squares = NDArray[np.floating]
ROUNDS, SETTLED = 50, 1e-3  # of the fit of the widths: at most, and once none changes by more than this part
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
    within = squared(train, train)
    np.fill_diagonal(within, np.inf)
    nearest = squared(images, train).argmin(1)
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
    cells = min(cells, len(np.unique(train, axis=0)))
    means = KMeans(cells, n_init=4, random_state=seed).fit(train.astype(np.float64))
    sides = [images.astype(np.float64) for images in (holdout, synthetic)]
    cells_of = [means.predict(images) for images in sides]
    distances = [_nearest_distances(train, images) for images in sides]
    scores, shares = [], []
    for cell in range(cells):
        held_out, generated = (distance[cell_of == cell] for distance, cell_of in zip(distances, cells_of, strict=True))
        n, m = len(held_out), len(generated)
        if min(n, m) < 10:
            continue
        rank = stats.rankdata(np.concatenate([generated, held_out]))[:m].sum() - m * (m + 1) / 2
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
    width = train.shape[1]
    train_squares, holdout_squares = squared(train, synthetic), squared(holdout, synthetic)
    narrow = NARROWEST * float(np.median(train_squares.min(1))) / width + 1e-12
    variance = np.full(train_squares.shape[1], max(float(np.median(train_squares)) / width, narrow))
    single = train_squares.astype(np.float32)  # twice as fast, and an average forgives the rounding
    for _ in range(ROUNDS):
        share = _log_components(single, variance, width)
        share -= share.max(1, keepdims=True)
        np.exp(share, out=share)
        share /= share.sum(1, keepdims=True)
        mass = share.sum(0, dtype=np.float64)
        fitted = np.einsum("ij,ij->j", share, single) / np.maximum(mass * width, 1e-12)
        before, variance = variance, np.maximum(np.where(mass > 1e-6, fitted, variance), narrow)
        if np.abs(np.log(variance / before)).max() < SETTLED:
            break
    return float(
        (_log_density(train_squares, variance, width).mean() - _log_density(holdout_squares, variance, width).mean())
        / width
    )


def _log_components(squares: Squares, variance: Values, width: int) -> Squares:
    """Return the log of each Gaussian's part in the density, up to what all have in common, in the squares' type."""
    kind = squares.dtype.type
    result: Squares = squares * (-0.5 / variance).astype(kind)
    result -= (0.5 * width * np.log(2 * np.pi * variance)).astype(kind)
    return result


def _log_density(squares: Values, variance: Values, width: int) -> Values:
    result: Values = special.logsumexp(_log_components(squares, variance, width), axis=1) - np.log(squares.shape[1])
    return result


def _nearest_distances(train: Floats, images: Values) -> Values:
    """Return (n,) distances to the nearest training image."""
    result: Values = np.sqrt(squared(images, train).min(1))
    return result
