"""Label fidelity: do the synthetic images of a class look like that class, no less and no more than real ones?"""

import numpy as np

from ganaug_core.audit.sides import Sides
from ganaug_core.audit.words import FAIL, Finding, chance, count, listed, percent
from ganaug_core.metrics.agreement import DROP, Agreement, agreements, sees_drop
from ganaug_core.records import Measurement

SPACE = "classifier"
PARTS = 2  # agreement, and the distribution of the probability
VERDICTS_TESTED = 3


def labels(both: Sides) -> Finding:
    """Return what speaks for wrong or exaggerated labels."""
    if SPACE not in both.spaces or len(both.cohort.classes) < 2:
        reason = "the cohort has one class" if len(both.cohort.classes) < 2 else f"the features {SPACE} are missing"
        return Finding(None, unable=(f"Labels cannot be judged: {reason}.", "Audit with at least two classes."))
    held = both.holdout
    found = agreements(
        both.features(SPACE, held),
        both.spaces[SPACE].synthetic.values,
        both.cohort.labels[held],
        both.labels,
        both.weights[held],
    )
    if not found:
        return Finding(
            None, unable=("Labels cannot be judged: no class has synthetic and held-out images.", "Draw samples.")
        )
    tests = PARTS * len(found)
    p_value = min(1.0, tests * min(min(each.p_value, each.shift_p_value) for each in found))
    alpha = FAIL / (tests * VERDICTS_TESTED)
    blind = [each for each in found if not sees_drop(each.real, each.n_real, each.n_synthetic, alpha)]
    missing = [both.cohort.classes[label] for label in _unseen(both, found)]
    sizes = f"{count(sum(e.n_synthetic for e in found), 'synthetic image')}, {count(_held(found), 'held-out patient')}"
    clear = None
    if not blind and not missing:
        clear = (
            f"The synthetic images look like their class as often as real ones do: {percent(_mean(found))} against "
            f"{percent(_mean_real(found))} of held-out images ({sizes}).",
            "Look at single classes in the measurements.",
        )
    return Finding(
        p_value,
        _trouble(both, found),
        clear,
        (
            f"No wrong labels found, but in {listed([*(both.cohort.classes[e.label] for e in blind), *missing])} a "
            f"loss of {percent(DROP)} could go unnoticed ({sizes}).",
            _advice(found, alpha),
        ),
        measurements=tuple(_measurement(both, each) for each in found),
    )


def _trouble(both: Sides, found: list[Agreement]) -> tuple[str, str]:
    worst = min(found, key=lambda each: min(each.p_value, each.shift_p_value))
    name = both.cohort.classes[worst.label]
    sizes = f"{worst.n_synthetic} synthetic images, {worst.n_real} held-out patients"
    if worst.p_value <= worst.shift_p_value:
        caricature = worst.synthetic > worst.real
        sentence = (
            f"A classifier finds {name} in {percent(worst.synthetic)} of its synthetic images but in "
            f"{percent(worst.real)} of real ones ({chance(worst.p_value)}; {sizes})"
        )
    else:
        caricature = worst.shift > 0.5
        sentence = (
            f"A classifier is {'surer' if caricature else 'less sure'} of synthetic {name} than of real ones in "
            f"{percent(max(worst.shift, 1 - worst.shift))} of comparisons, where chance gives 50 % "
            f"({chance(worst.shift_p_value)}; {sizes})"
        )
    if caricature:
        return f"{sentence}: a caricature of the class.", "Do not use these images as if they were typical."
    return f"{sentence}.", "Look at the images of this class that the classifier puts elsewhere; train longer."


def _measurement(both: Sides, each: Agreement) -> Measurement:
    return Measurement(
        "label_agreement",
        SPACE,
        each.synthetic,
        each.interval,
        each.real,
        None,
        each.n_real,
        each.n_synthetic,
        "higher",
        both.cohort.classes[each.label],
    )


def _unseen(both: Sides, found: list[Agreement]) -> list[int]:
    seen = {each.label for each in found}
    return [int(label) for label in np.unique(both.labels) if int(label) not in seen]


def _held(found: list[Agreement]) -> int:
    return sum(each.n_real for each in found)


def _mean(found: list[Agreement]) -> float:
    return float(np.mean([each.synthetic for each in found]))


def _mean_real(found: list[Agreement]) -> float:
    return float(np.mean([each.real for each in found]))


def _advice(found: list[Agreement], alpha: float) -> str:
    """Return how many images of a class show the loss, at the real agreement that makes it hardest."""
    hardest = min((each.real for each in found), key=lambda share: abs(share - 0.5 - DROP / 2))
    for size in (10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500, 1000):
        if sees_drop(hardest, size, size, alpha):
            return f"Audit with at least {size} held-out patients and synthetic images of each class."
    return (
        "The classifier cannot tell these classes apart even in real images: check the labels, or import more images."
    )
