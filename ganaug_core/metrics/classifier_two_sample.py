"""Classifier two-sample test: can a simple classifier tell synthetic images from real ones, and by what?

A linear discriminant with a ridge, so that it has an answer with more numbers than images, and one that can be drawn.
Source: Lopez-Paz and Oquab, 2017, arXiv:1610.06545; here by area under the curve instead of accuracy, with patients
kept whole between the folds, and with the pattern of Haufe et al., 2014, instead of the weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Integers

FOLDS = 4
RIDGE = 0.1  # of the mean variance of a direction, times their number
SIDE = 32
DETAIL_SIGMA = 1.0


@dataclass(frozen=True)
class Discriminant:
    """What the classifier found.

    Attributes:
        real: (n,) scores of real images by a classifier that did not see their patient; high is synthetic.
        synthetic: (m,) scores of synthetic images by one that did not see them.
        pattern: (d,) difference along what the classifier looks at, in standard deviations: positive where synthetic
            images have more. Zero where it found nothing.
    """

    real: Values
    synthetic: Values
    pattern: Values


def discriminant(
    real: Floats,
    synthetic: Floats,
    *,
    real_labels: Integers,
    synthetic_labels: Integers,
    real_groups: Integers,
    random: np.random.Generator,
) -> Discriminant:
    """Return cross-validated scores and the pattern; class means are removed, so the class gives nothing away.

    Args:
        real: (n, d) of at least 2 patients, `synthetic` (m, d), m >= 2.
        real_labels: (n,), `synthetic_labels` (m,) class numbers; both sides should have one class mix.
        real_groups: (n,) patients.
    """
    groups = np.unique(real_groups)
    folds = min(FOLDS, len(groups), len(synthetic))
    fold_of = dict(zip(random.permutation(groups).tolist(), np.arange(len(groups)) % folds, strict=True))
    real_fold = np.array([fold_of[group] for group in real_groups.tolist()])
    synthetic_fold = random.permutation(np.arange(len(synthetic)) % folds)
    values = np.concatenate([real, synthetic]).astype(np.float64)
    labels = np.concatenate([real_labels, synthetic_labels])
    fold = np.concatenate([real_fold, synthetic_fold])
    side = np.repeat([-1.0, 1.0], [len(real), len(synthetic)])
    scores = np.zeros(len(values))
    pattern = np.zeros(values.shape[1])
    for held_out_fold in range(folds):
        training, held_out = fold != held_out_fold, fold == held_out_fold
        centred = _centred(values, labels, side, training)
        weights = _weights(centred[training], side[training])
        scores[held_out] = centred[held_out] @ weights
        along = centred[training] @ weights
        along = along - along.mean()
        spread = float(along.std())
        if spread > 0:
            pattern += (centred[training] * along[:, None]).mean(0) / spread / folds
    return Discriminant(scores[: len(real)], scores[len(real) :], np.where(np.isfinite(pattern), pattern, 0.0))


def _centred(
    values: NDArray[np.float64], labels: Integers, side: Values, training: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return values without the mean of their class (both sides weigh alike) over the deviation, by the seen rows."""
    result = values.copy()
    for label in np.unique(labels):
        rows = labels == label
        means = [values[rows & training & (side == sign)] for sign in (-1, 1)]
        class_means = [rows_of_side.mean(0) for rows_of_side in means if len(rows_of_side)]
        if class_means:
            result[rows] -= np.mean(class_means, axis=0)
    scale = result[training].std(0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    return np.asarray(result / scale)


def _weights(centred: NDArray[np.float64], side: Values) -> Values:
    """Return the ridge regression of the side, each side weighing a half; the smaller of the two systems is solved."""
    n, d = centred.shape
    mass = np.where(side > 0, 0.5 / max(1, (side > 0).sum()), 0.5 / max(1, (side < 0).sum()))
    rows = centred * np.sqrt(mass)[:, None]
    wanted = side * np.sqrt(mass)
    ridge = RIDGE * max(float(np.square(rows).sum()) / d, 1e-12)
    if d <= n:
        solved: Values = np.linalg.solve(rows.T @ rows + ridge * np.eye(d), rows.T @ wanted)
        return solved
    dual: Values = rows.T @ np.linalg.solve(rows @ rows.T + ridge * np.eye(n), wanted)
    return dual


def brightness_and_detail(images: Floats) -> Floats:
    """Return (n, 2 * channel * side * side): coarse pictures, and how much fine detail there is at each place of them.

    Args:
        images: (n, channel, row, column) in [-1, 1]. Side is 32, or that of smaller images.
    """
    planes = [np.ascontiguousarray(images[:, channel]) for channel in range(images.shape[1])]
    fine = [
        np.abs(plane - ndimage.gaussian_filter(plane, (0, DETAIL_SIGMA, DETAIL_SIGMA), mode="reflect"))
        for plane in planes
    ]
    parts = [_coarse(plane) for plane in planes] + [np.log(_coarse(plane) + 1e-3) for plane in fine]
    return np.concatenate([part.reshape(len(images), -1) for part in parts], axis=1).astype(np.float32)


def as_pictures(pattern: Values, channels: int = 1) -> tuple[Floats, Floats]:
    """Return the pattern of `brightness_and_detail` as two square pictures: at each place the channel that has most."""
    side = round(np.sqrt(len(pattern) / (2 * channels)))
    maps = pattern.reshape(2, channels, side, side).astype(np.float32)
    strongest = np.abs(maps).argmax(1, keepdims=True)
    brightness, detail = np.take_along_axis(maps, strongest, axis=1)[:, 0]
    return brightness, detail


def _coarse(stack: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return (n, side, side): means over areas; a pixel on a border counts for both sides by its parts."""
    side = min(SIDE, *stack.shape[1:])
    down, right = (_areas(length, side).astype(stack.dtype) for length in stack.shape[1:])
    return np.asarray(down @ stack @ right.T)


def _areas(length: int, parts: int) -> Values:
    """Return (parts, length): the share that each of so many pixels has in the mean of each equal part of a line."""
    edges = np.linspace(0, length, parts + 1)[:, None]
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.asarray(np.maximum(overlap, 0) * parts / length)
