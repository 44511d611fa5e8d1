"""Crowds: synthetic images that resemble each other more than any seen image, and so count as one."""

import numpy as np
from numpy.typing import NDArray

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.registered_distances import Side
from ganaug_core.metrics import copying
from ganaug_core.metrics.statistics import Values
from ganaug_core.neighbours import crowds
from ganaug_core.records import Floats, Integers

# .7 of the distance to training: 60 views of one fresh image no longer count as copies (p 2e-8 without, .49 with),
# 60 views of one training image still do (p < .01). Chosen on MedNIST, the same for all cohorts.
CROWDED, SAMPLED = 0.7, 200


def crowd_weights(comparison: Comparison, synthetic: Side, references: Side, groups: Integers) -> Values:
    """Return (m,) 1 / size of the crowd of each image: slices of one unseen patient, or what a collapse draws.

    The crowds of images that a threshold may count are all looked at, of the others those of a sample.

    Args:
        groups: (n,) patient or group of each reference.
    """
    edges = {
        label: _edge(references.scores[references.classes == label], groups[references.classes == label])
        for label in np.unique(synthetic.classes)
    }
    close: NDArray[np.bool_] = synthetic.scores < np.array([edges[label] for label in synthetic.classes])
    rest = comparison.random(3).permutation(np.flatnonzero(~close))
    sample = np.sort(rest[:SAMPLED])
    radius = CROWDED * synthetic.to_seen
    # what is far from training is asked for as tight a crowd as the others, or every set would seem to be one
    radius[~close] = np.minimum(radius[~close], np.median(radius[close]) if close.any() else np.inf)
    rows = np.concatenate([np.flatnonzero(close), sample])
    weights = np.ones(len(close))
    weights[rows] = 1 / (1 + crowds(comparison.samples.images, rows, radius))
    for label in np.unique(synthetic.classes[sample]):
        inside = synthetic.classes == label
        weights[inside & ~close] = weights[sample[synthetic.classes[sample] == label]].mean()
    return weights


def _edge(scores: Floats, groups: Integers) -> float:
    """Return a score of a class that hardly a threshold exceeds, whichever image of each patient is drawn."""
    if len(scores) == 0:
        return 0.0
    patients = len(np.unique(groups))
    rank = 2 * int(np.ceil(len(scores) / patients)) * copying.levels(patients)[-1]
    return float(np.sort(scores)[min(rank, len(scores) - 1)])
