"""Classes by name: the same class has another number in somebody else's samples."""

import numpy as np

from ganaug_core.errors import EvidenceError
from ganaug_core.records import Cohort, Integers, Samples


def labels_in(cohort: Cohort, samples: Samples) -> Integers:
    """Return (m,) the label of each synthetic image in the cohort's order of classes.

    Raises:
        EvidenceError: A class that the cohort does not have.
    """
    numbers = {name: number for number, name in enumerate(cohort.classes)}
    unknown = sorted({samples.classes[label] for label in np.unique(samples.labels)} - set(numbers))
    if unknown:
        raise EvidenceError(
            f"The cohort {cohort.name} has no class {', '.join(unknown)}.",
            do=f"Name the classes as the cohort does: {', '.join(cohort.classes)}.",
            code="unknown_class",
        )
    by_class = np.array([numbers.get(name, -1) for name in samples.classes], np.int64)
    labels: Integers = by_class[samples.labels]
    return labels
