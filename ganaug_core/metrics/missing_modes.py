"""Missing modes: groups of real images that the synthetic ones visit too rarely, class by class.

Source: Richardson and Weiss, 2018, arXiv:1805.12462 (shares of k-means clusters); here within classes, with Fisher's
exact test of one side, corrected for all clusters, and only clusters that lost more than half.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from sklearn.cluster import KMeans

from ganaug_core.metrics.statistics import StatedTest, Values, benjamini_hochberg, exceeds, wilson
from ganaug_core.metrics.two_sample import squared
from ganaug_core.records import Floats, Integers

MOST_CLUSTERS = 10
PATIENTS_PER_CLUSTER = 8
CROWD_MOST = 1500  # images of a side that tell how close together images of one patient lie
Q_LIMIT, RATIO_LIMIT = 0.01, 0.5
PRECISION_GATE, DENSITY_GATE = 0.7, 0.5  # of what other real images reach
TEST = StatedTest(
    "Fisher, one side, Benjamini-Hochberg over all groups", "a group's share is as large as among real images"
)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One k-means cluster of the real images of one class.

    Attributes:
        label: Class number.
        number: Of the cluster within the class.
        members: Rows of its real images, the most typical first.
        real_share: Share of the class's patients, `synthetic_share` of its synthetic images.
        interval: Wilson interval of the synthetic share.
        p_value: One-sided Fisher; `q_value` over all clusters of all classes.
    """

    label: int
    number: int
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


def clusters(
    real: Floats,
    synthetic: Floats,
    real_labels: Integers,
    synthetic_labels: Integers,
    real_weights: Values,
    *,
    patients: Integers | None = None,
    seed: int = 0,
) -> list[Cluster]:
    """Return every cluster of every class that has images on both sides; a class needs 16 patients.

    Args:
        real: (n, d) features, training and hold-out together.
        synthetic: (m, d).
        real_labels: (n,), `synthetic_labels` (m,).
        real_weights: (n,) `statistics.weights`: clusters count patients.
        patients: (n,) whose the real images are, where synthetic ones may come from bodies too: those that lie as close
            together as images of one patient count as one. None where each was drawn by itself.
    """
    every: list[Cluster] = []
    for label in np.unique(real_labels):
        rows = np.flatnonzero(real_labels == label)
        generated = synthetic[synthetic_labels == label]
        total = float(real_weights[rows].sum())
        count = min(cluster_count(total), len(np.unique(real[rows], axis=0)))
        if count < 2 or len(generated) == 0:
            continue
        kmeans = KMeans(count, n_init=4, random_state=seed).fit(real[rows])
        crowd = 1.0 if patients is None else crowding(real[rows], patients[rows], generated)
        visited = np.bincount(kmeans.predict(generated), minlength=count)
        from_centre = np.linalg.norm(real[rows] - kmeans.cluster_centers_[kmeans.labels_], axis=1)
        for number in range(count):
            inside = np.flatnonzero(kmeans.labels_ == number)
            mass, hits, images = (
                float(real_weights[rows[inside]].sum()),
                visited[number] / crowd,
                len(generated) / crowd,
            )
            every.append(
                Cluster(
                    label=int(label),
                    number=number,
                    members=rows[inside[np.argsort(from_centre[inside], kind="stable")]],
                    real_share=mass / total,
                    synthetic_share=hits / images,
                    interval=wilson(hits, images),
                    p_value=float(exceeds(mass, total, hits, images, 0)),
                    q_value=1.0,
                )
            )
    if not every:
        return every
    q_values = benjamini_hochberg(np.array([cluster.p_value for cluster in every]))
    return [replace(cluster, q_value=float(q_value)) for cluster, q_value in zip(every, q_values, strict=True)]


def crowding(real: Floats, patients: Integers, synthetic: Floats) -> float:
    """Return how many synthetic images count as one, >= 1: fresh slices of one patient are no independent images.

    Twice the number of other synthetic images that are nearer to one than half of a patient's images are to each
    other, less what images of other patients give. 1 where no patient has several images.

    Args:
        real: (n, d) of one class, `patients` (n,), `synthetic` (m, d).
    """
    order = np.argsort(patients, kind="stable")[:CROWD_MOST]  # whole patients, but the last
    own = patients[order][:, None] == patients[order][None]
    squares = squared(real[order])
    pairs = np.triu(own, 1)
    if not pairs.any() or own.all():
        return 1.0
    radius = float(np.median(squares[pairs]))
    usual = float((squares[~own] < radius).mean())
    some = np.random.default_rng(0).permutation(len(synthetic))[:CROWD_MOST]
    close = squared(synthetic[some])[np.triu_indices(len(some), 1)] < radius
    return 1 + 2 * (len(synthetic) - 1) * max(0.0, float(close.mean()) - usual) if len(close) else 1.0


def cluster_count(patients: float) -> int:
    """Return into how many groups a class of so many patients is divided, 0 where it is too small."""
    return min(MOST_CLUSTERS, int(patients // PATIENTS_PER_CLUSTER))


def fewer(hits: int, total: int, real_hits: int, real_total: int) -> float:
    """Return the one-sided p of Fisher's exact test that the synthetic share is as large as the real one."""
    table = [[hits, total - hits], [real_hits, real_total - real_hits]]
    return float(stats.fisher_exact(table, alternative="less").pvalue)


def smallest_visible(patients: int, synthetic: int, tests: int) -> float | None:
    """Return the smallest share of a class whose complete absence would be significant; None if none would.

    Args:
        patients: Real patients of the class.
        synthetic: Synthetic images of the class.
        tests: Clusters over all classes: the worst case of the correction.
    """
    for hits in range(1, patients + 1):
        if fewer(0, synthetic, hits, patients) < Q_LIMIT / max(tests, 1):
            return hits / patients
    return None
