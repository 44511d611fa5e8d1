"""From probabilities on the hold-out to numbers with intervals: patients and repetitions both vary.

The repetitions (seeds) of an arm read the same patients, as several readers do in a reading study, and the analysis is
the same: the variance of a mean over repetitions is that of resampled patients plus that between repetitions, and the
interval takes Student's t with Satterthwaite's degrees of freedom (Dorfman, Berbaum and Metz, 1992; Obuchowski and
Rockette, 1995). Resampling five seeds as well would give intervals that are too short. What varies with patients and
repetitions together is counted in both terms, so the intervals are a little too long rather than too short.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.benefit.classification_scores import MEASURES, PRIMARY
from ganaug_core.metrics.statistics import holm
from ganaug_core.records import Floats, Integers
from ganaug_core.records.benefit import Difference, Score

RESAMPLES = 500
LEVEL = 0.95
FEWEST_REPETITIONS = 3  # two tell so little about their spread that an interval would be useless

Values = NDArray[np.float64]
Measured = Mapping[tuple[str, int], Values]
"""By arm and repetition: (class, measure, 1 + RESAMPLES), the first on the hold-out as it is."""


class Estimate(NamedTuple):
    """A mean over repetitions with its 95 % interval, and p of its being zero."""

    value: float
    interval: tuple[float, float]
    p_value: float


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


def estimate(repetitions: Values, *, least: float = -np.inf, most: float = np.inf) -> Estimate:
    """Return the mean of (s, 1 + b) repetitions; with one or two of them the interval knows the patients alone."""
    count = len(repetitions)
    value = float(repetitions[:, 0].mean())
    patients = float(np.nanvar(repetitions[:, 1:].mean(0), ddof=1))
    seeds = float(repetitions[:, 0].var(ddof=1)) / count if count >= FEWEST_REPETITIONS else 0.0
    total = patients + seeds
    if total <= 0:
        return Estimate(_short(value), (_short(value), _short(value)), 1.0)
    freedom = total**2 / (seeds**2 / (count - 1)) if seeds > 0 else 1e6
    error = float(np.sqrt(total))
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(value) / error, freedom))
    ends = _short(max(least, value - reach)), _short(min(most, value + reach))
    return Estimate(_short(value), ends, _short(p_value))


def _short(value: float) -> float:
    """Return six significant digits: more would only be noise in what is kept."""
    return float(f"{value:.6g}")


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
                    by_repetition = tuple(_short(float(value)) for value in values[:, 0])
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


def differences(measured_arms: Measured, classes: Sequence[str], rare: str, against: str) -> tuple[Difference, ...]:
    """Return every arm minus the arm `against`, over the repetitions that both have.

    The area under the ROC curve of the rare class is tested, and corrected by Holm over the arms; all others are shown.
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
    adjusted = holm({arm: mean.p_value for (arm, *key), mean in means.items() if tuple(key) == tested})
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
            adjusted=_short(adjusted[arm]) if (label, column) == tested else None,
        )
        for (arm, label, column), mean in means.items()
    )


def _repetitions(measured_arms: Measured) -> dict[str, list[int]]:
    result: dict[str, list[int]] = {}
    for arm, seed in measured_arms:
        result.setdefault(arm, []).append(seed)
    return result
