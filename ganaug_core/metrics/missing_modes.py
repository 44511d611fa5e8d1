"""Missing modes: groups of real images that the synthetic ones visit too rarely, class by class.

Source: Richardson and Weiss, 2018, arXiv:1805.12462 (shares of k-means cells); here within classes, with Fisher's exact
test of one side, corrected for all cells, and only cells that lost more than half.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from sklearn.cluster import KMeans

from ganaug_core.metrics.statistics import Values, benjamini_hochberg, wilson
from ganaug_core.records import Floats, Integers

CELLS = 10
PER_CELL = 8
Q_LIMIT, RATIO_LIMIT = 0.01, 0.5
PRECISION_GATE, DENSITY_GATE = 0.7, 0.5


@dataclass(frozen=True)
class Cell:
    """One group of similar real images of one class.

    Attributes:
        label: Class number.
        cluster: Number of the group within the class.
        members: Rows of its real images, the most typical first.
        real_share: Share of the class's patients, `synthetic_share` of its synthetic images.
        interval: Wilson interval of the synthetic share.
        p_value: One-sided Fisher; `q_value` over all cells of all classes.
    """

    label: int
    cluster: int
    members: Integers
    real_share: float
    synthetic_share: float
    interval: tuple[float, float]
    p_value: float
    q_value: float

    @property
    def rare(self) -> bool:
        """The synthetic share is below half of the real one."""
        return self.synthetic_share < RATIO_LIMIT * self.real_share

    @property
    def missing(self) -> bool:
        """Significant after correction, and rare."""
        return self.rare and self.q_value < Q_LIMIT


def cells(
    real: Floats,
    synthetic: Floats,
    real_labels: Integers,
    synthetic_labels: Integers,
    real_weights: Values,
    *,
    seed: int = 0,
) -> list[Cell]:
    """Return every cell of every class that has images on both sides; a class needs 16 patients.

    Args:
        real: (n, d) features, training and hold-out together.
        synthetic: (m, d).
        real_labels: (n,), `synthetic_labels` (m,).
        real_weights: (n,) `statistics.weights`: cells count patients.
    """
    found: list[Cell] = []
    for label in np.unique(real_labels):
        rows = np.flatnonzero(real_labels == label)
        drawn = synthetic[synthetic_labels == label]
        patients = float(real_weights[rows].sum())
        count = min(cells_of(patients), len(np.unique(real[rows], axis=0)))
        if count < 2 or len(drawn) == 0:
            continue
        means = KMeans(count, n_init=4, random_state=seed).fit(real[rows])
        visited = np.bincount(means.predict(drawn), minlength=count)
        typical = np.linalg.norm(real[rows] - means.cluster_centers_[means.labels_], axis=1)
        for cluster in range(count):
            inside = np.flatnonzero(means.labels_ == cluster)
            mass, hits = float(real_weights[rows[inside]].sum()), int(visited[cluster])
            found.append(
                Cell(
                    int(label),
                    cluster,
                    rows[inside[np.argsort(typical[inside], kind="stable")]],
                    mass / patients,
                    hits / len(drawn),
                    wilson(hits, len(drawn)),
                    fewer(hits, len(drawn), round(mass), round(patients)),
                    1.0,
                )
            )
    if not found:
        return found
    q_values = benjamini_hochberg(np.array([cell.p_value for cell in found]))
    return [replace(cell, q_value=float(q_value)) for cell, q_value in zip(found, q_values, strict=True)]


def cells_of(patients: float) -> int:
    """Return into how many groups a class of so many patients is divided, 0 where it is too small."""
    return min(CELLS, int(patients // PER_CELL))


def fewer(hits: int, total: int, real_hits: int, real_total: int) -> float:
    """Return the one-sided p of Fisher's exact test that the synthetic share is as large as the real one."""
    table = [[hits, total - hits], [real_hits, real_total - real_hits]]
    return float(stats.fisher_exact(table, alternative="less").pvalue)


def smallest_visible(patients: int, synthetic: int, tests: int) -> float | None:
    """Return the smallest share of a class whose complete absence would be significant; None if none would.

    Args:
        patients: Real patients of the class.
        synthetic: Synthetic images of the class.
        tests: Cells over all classes: the worst case of the correction.
    """
    for hits in range(1, patients + 1):
        if fewer(0, synthetic, hits, patients) < Q_LIMIT / max(tests, 1):
            return hits / patients
    return None
