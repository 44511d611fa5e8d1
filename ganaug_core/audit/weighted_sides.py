"""Hold-out, training and synthetic images of a space as weighted sets: patients count, and one class mix everywhere."""

import numpy as np

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.metrics.two_sample import Side, mixed


def weighted_sides(comparison: Comparison, space: str, most: int, purpose: int) -> tuple[Side, Side, Side]:
    """Return held-out, training and synthetic images of the classes that hold-out and synthetic images share.

    Args:
        most: Images of a side.
        purpose: Of the draw, where a side has more; the two after it are used too.
    """
    cohort = comparison.cohort
    shared = np.intersect1d(cohort.labels[comparison.holdout], comparison.labels)
    held, train = (
        random_subset(rows[np.isin(cohort.labels[rows], shared)], most, comparison.random(purpose + number))
        for number, rows in enumerate((comparison.holdout, comparison.train))
    )
    generated = random_subset(np.flatnonzero(np.isin(comparison.labels, shared)), most, comparison.random(purpose + 2))
    labels, mass = cohort.labels[held], comparison.weights[held]
    wanted = {int(label): float(mass[labels == label].sum()) for label in shared}
    real = [
        Side(comparison.features(space, rows), comparison.weights[rows], cohort.groups[rows], cohort.labels[rows])
        for rows in (held, train)
    ]
    images = np.arange(len(generated))
    values = comparison.spaces[space].synthetic.values[generated]
    synthetic = Side(values, np.ones(len(images)), images, comparison.labels[generated])
    return mixed(real[0], wanted), mixed(real[1], wanted), mixed(synthetic, wanted)
