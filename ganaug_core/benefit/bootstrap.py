"""From probabilities on the hold-out to scores and differences; `estimate` says what their intervals hold."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug_core.benefit.classification_scores import MEASURES, PRIMARY
from ganaug_core.benefit.correction import corrected
from ganaug_core.benefit.estimate import Estimate, estimate, short
from ganaug_core.records import Floats, Integers
from ganaug_core.records.benefit import Difference, Score

RESAMPLES = 500

Values = NDArray[np.float64]
Measured = Mapping[tuple[str, int], Values]
"""By arm and repetition: (class, measure, 1 + RESAMPLES), the first on the hold-out as it is."""


def resampled(groups: Integers, labels: Integers, rare: int, seed: int) -> Values:
    """Return (1 + RESAMPLES, n) weights: ones, then how often a bootstrap of patients drew each image.

    Patients with and without an image of the rare class are drawn apart, so that both stay as many as they are.
    """
    unique, patient_of = np.unique(groups, return_inverse=True)
    with_rare = np.zeros(len(unique), bool)
    with_rare[patient_of[labels == rare]] = True
    random = np.random.default_rng([seed, 1])
    counts = np.zeros((RESAMPLES, len(unique)))
    for stratum in (with_rare, ~with_rare):
        if count := int(stratum.sum()):
            counts[:, stratum] = random.multinomial(count, np.full(count, 1 / count), RESAMPLES)
    return np.concatenate([np.ones((1, len(groups))), counts[:, patient_of]])


def measured(probabilities: Floats, labels: Integers, weights: Values) -> Values:
    """Return (class, measure, b) of probabilities (n, class) for weights (b, n)."""
    per_class = []
    for label in range(probabilities.shape[1]):
        probability = np.asarray(probabilities[:, label], np.float64)
        per_class.append([take(probability, labels == label, weights) for take, _ in MEASURES.values()])
    return np.array(per_class)


def scores(measured_arms: Measured, classes: Sequence[str]) -> tuple[Score, ...]:
    """Return every measure of every arm and class."""
    result = []
    for arm, seeds in _repetitions(measured_arms).items():
        together = np.stack([measured_arms[arm, seed] for seed in seeds])
        for label, class_name in enumerate(classes):
            for column, (measure, (_, better)) in enumerate(MEASURES.items()):
                values = together[:, label, column]
                if np.isfinite(values[:, 0]).all():
                    mean = estimate(values, least=0.0, most=1.0)
                    by_repetition = tuple(short(float(value)) for value in values[:, 0])
                    result.append(
                        Score(
                            arm=arm,
                            measure=measure,
                            class_name=class_name,
                            value=mean.value,
                            interval=mean.interval,
                            repetitions=by_repetition,
                            better=better,
                        )
                    )
    return tuple(result)


def differences(
    measured_arms: Measured,
    classes: Sequence[str],
    rare: str,
    against: str,
    *,
    doses: Collection[str] = (),
    margin: float | None = None,
) -> tuple[Difference, ...]:
    """Return every arm minus the arm `against`, over the repetitions that both have.

    The area under the ROC curve of the rare class is tested; all other measures are shown.

    Args:
        doses: Names of the arms that the answer is about: corrected as a family of their own.
        margin: Of the test that a dose is not worse; None before all planned repetitions are done: nothing is tested.
    """
    repetitions = _repetitions(measured_arms)
    means: dict[tuple[str, int, int], Estimate] = {}
    for arm, seeds in repetitions.items():
        shared = [seed for seed in seeds if seed in repetitions.get(against, ())]
        if arm == against or not shared:
            continue
        together = np.stack([measured_arms[arm, seed] - measured_arms[against, seed] for seed in shared])
        for label in range(len(classes)):
            for column in range(len(MEASURES)):
                values = together[:, label, column]
                if np.isfinite(values[:, 0]).all():
                    means[arm, label, column] = estimate(values, least=-1.0, most=1.0)
    tested = classes.index(rare), list(MEASURES).index(PRIMARY)
    areas = {arm: mean for (arm, *key), mean in means.items() if tuple(key) == tested}
    adjusted, not_worse = _corrected(areas, doses, margin) if margin is not None else ({}, {})
    names = list(MEASURES)
    return tuple(
        Difference(
            arm=arm,
            against=against,
            measure=names[column],
            class_name=classes[label],
            value=mean.value,
            interval=mean.interval,
            p_value=mean.p_value,
            adjusted=adjusted.get(arm) if (label, column) == tested else None,
            not_worse=not_worse.get(arm) if (label, column) == tested else None,
        )
        for (arm, label, column), mean in means.items()
    )


def _corrected(
    areas: Mapping[str, Estimate], doses: Collection[str], margin: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Return p of a difference for every arm and p of being worse by the margin for every dose, both corrected."""
    differs = {arm: mean.p_value for arm, mean in areas.items()}
    worse = {arm: areas[arm].not_worse(margin) for arm in areas if arm in doses}
    of_doses = corrected({arm: differs[arm] for arm in worse}, worse)
    of_others = corrected({arm: chance for arm, chance in differs.items() if arm not in worse})
    adjusted = {arm: short(chance) for arm, chance in (of_doses[0] | of_others[0]).items()}
    return adjusted, {arm: short(chance) for arm, chance in of_doses[1].items()}


def _repetitions(measured_arms: Measured) -> dict[str, list[int]]:
    result: dict[str, list[int]] = {}
    for arm, seed in measured_arms:
        result.setdefault(arm, []).append(seed)
    return result
