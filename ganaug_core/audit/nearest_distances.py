"""The textbook's count: synthetic images nearer to a training image than 99 % of real ones are, and the mean nearness.

Plain registered distances, without the hold-out in the denominator: blurred images are near to everything, so this
describes and decides nothing.
"""

import numpy as np
from scipy import stats

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.registered_distances import References, Side
from ganaug_core.metrics import statistics
from ganaug_core.records import ROLES, TRAIN, Floats, Integers, Measurement

NEARER = 0.01
LEAST = 20  # real patients


def measurements(comparison: Comparison, synthetic: Side, real: References) -> tuple[Measurement, ...]:
    """Return the share of synthetic images nearer to a seen one than 99 % of real images are, and the ratio of means.

    Real images are compared without their own group. Each patient counts once.
    """
    groups = comparison.cohort.groups[real.rows]
    mass = statistics.weights(groups, np.zeros_like(groups))
    patients, images = round(float(mass.sum())), len(synthetic.to_seen)
    if patients < LEAST:
        return ()
    threshold = float(np.quantile(real.side.to_seen, NEARER, weights=mass, method="inverted_cdf"))
    nearer = int((synthetic.to_seen < threshold).sum())
    train = comparison.cohort.roles[real.rows] == TRAIN
    if not train.any():
        return ()
    ratio, interval = _ratio_of_means(synthetic.to_seen, real.side.to_seen[train], groups[train])
    return (
        Measurement(
            name="nearer_than_99",
            value=nearer / images,
            interval=statistics.clopper_pearson(nearer, images),
            floor=NEARER,
            null=NEARER,
            better="near .01",
            interval_method="Clopper-Pearson, of the generator's share at this threshold",
            encoder="registered",
            n_real=patients,
            n_synthetic=images,
            reference="+".join(ROLES[role] for role in comparison.seen_roles),
        ),
        Measurement(
            name="nearest_distance_ratio",
            value=ratio,
            interval=interval,
            floor=1.0,
            null=1.0,
            better="near 1",
            interval_method="delta method on the logarithm, patients of training images resampled as blocks",
            encoder="registered",
            n_real=patients,
            n_synthetic=images,
            reference="+".join(ROLES[role] for role in comparison.seen_roles),
        ),
    )


def _ratio_of_means(synthetic: Floats, train: Floats, groups: Integers) -> tuple[float, tuple[float, float]]:
    """Return mean synthetic-training over mean training-training nearest distance, and its 95 % interval."""
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    of_patient = np.bincount(inverse.ravel(), train) / counts
    top, bottom = float(synthetic.mean()), max(float(of_patient.mean()), 1e-9)
    variance = float(synthetic.var()) / len(synthetic) / max(top, 1e-9) ** 2
    variance += float(of_patient.var(ddof=1)) / len(of_patient) / bottom**2 if len(of_patient) > 1 else 1.0
    reach = float(np.exp(stats.norm.ppf(0.975) * np.sqrt(variance)))
    return top / bottom, (top / bottom / reach, top / bottom * reach)
