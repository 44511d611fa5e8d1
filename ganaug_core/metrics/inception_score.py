"""Inception score and mode score, for teaching only: numbers that look good on images that are not.

Both see only what a classifier of the cohort says: a generator of one perfect image a class has the best score there
is, and copies score as well as new images.
"""

import numpy as np

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats


def inception_score(log_probabilities: Floats) -> float:
    """Return exp of the mean divergence of p(class | image) from p(class), in [1, number of classes].

    Args:
        log_probabilities: (n, classes) natural logarithms.

    Source: Salimans et al., 2016, arXiv:1606.03498; all images at once instead of ten parts.
    """
    probability, marginal = _class_probabilities(log_probabilities)
    return float(np.exp(_divergence(probability, marginal).mean()))


def mode_score(log_probabilities: Floats, shares: Values) -> float:
    """Return the inception score, lowered where the classes are drawn in other shares than real images have.

    Args:
        log_probabilities: (n, classes) natural logarithms.
        shares: (classes,) label shares of the real images, adding up to 1.

    exp(E KL(p(y|x) || p(y)) - KL(p(y) || p*(y))). With p* in the first term too, as it is often quoted, p* cancels and
    the inception score is left.

    Source: Che et al., 2017, arXiv:1612.02136, in the form of Xu et al., 2018, arXiv:1806.07755.
    """
    probability, marginal = _class_probabilities(log_probabilities)
    return float(np.exp(_divergence(probability, marginal).mean() - _divergence(marginal[None], shares)[0]))


def _class_probabilities(log_probabilities: Floats) -> tuple[Values, Values]:
    """Return p(class | image), (n, classes), and p(class), (classes,)."""
    if not len(log_probabilities):
        raise EvidenceError("The inception score needs an image.", do="Add images.", code="too_few")
    probability = np.exp(log_probabilities.astype(np.float64))
    probability /= probability.sum(1, keepdims=True)
    return probability, probability.mean(0)


def _divergence(left: Values, right: Values) -> Values:
    ratio = np.log(np.maximum(left, 1e-300)) - np.log(np.maximum(right, 1e-300))
    result: Values = np.where(left > 0, left * ratio, 0).sum(1)
    return result
