"""Measurements of synthetic against real images.

`METRICS` holds those that are one number for two sets; each is a `NeighbourMetric` (reads distances computed once) or
a `MomentMetric` (takes the features). The tests behind the verdicts are functions in files of their own: `copying`,
`identical_images`, `missing_modes`, `repetition`, `label_agreement`; `statistics`, `dominance` and `half_sampling` have
what they share.
"""

from ganaug_core.interfaces import MomentMetric, NeighbourMetric
from ganaug_core.metrics.density_coverage import Coverage, Density
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.metrics.kernel_distance import KernelDistance
from ganaug_core.metrics.precision_recall import Precision, Recall
from ganaug_core.metrics.vendi import VendiRatio

METRICS: dict[str, type[NeighbourMetric] | type[MomentMetric]] = {
    "frechet": Frechet,
    "kernel_distance": KernelDistance,
    "precision": Precision,
    "recall": Recall,
    "density": Density,
    "coverage": Coverage,
    "vendi_ratio": VendiRatio,
}
