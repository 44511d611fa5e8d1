"""Label fidelity: do the synthetic images of a class look like that class, no less and no more than real ones?"""

from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit.comparison import Sides
from ganaug_core.audit.sentences import FAIL, VERDICTS, Finding
from ganaug_core.metrics.inception_score import inception_score, mode_score
from ganaug_core.metrics.label_agreement import DROP, Agreement, agreements, sees_drop
from ganaug_core.metrics.statistics import halves, spread_interval
from ganaug_core.records import Examples, Floats, Measurement
from ganaug_core.wording import chance, count, listing, percent

SPACE = "classifier"
PARTS = 2  # agreement, and the distribution of the probability
HALVES = 40
SHOWN = 12


@dataclass(frozen=True)
class Labels:
    """The finding, the confusion tables of both sides, and the images whose label is doubted most."""

    finding: Finding
    drawings: dict[str, Floats] = field(default_factory=dict)
    examples: Examples | None = None


def labels(both: Sides) -> Labels:
    """Return what speaks for wrong or exaggerated labels."""
    if unable := _unusable(both):
        return Labels(Finding(None, unable=unable))
    held = both.holdout
    found = agreements(
        both.features(SPACE, held),
        both.spaces[SPACE].synthetic.values,
        both.cohort.labels[held],
        both.labels,
        both.weights[held],
    )
    if not found:
        return Labels(
            Finding(
                None, unable=("Labels cannot be judged: no class has synthetic and held-out images.", "Draw samples.")
            )
        )
    tests = PARTS * len(found)
    p_value = min(1.0, tests * min(min(each.p_value, each.shift_p_value) for each in found))
    alpha = FAIL / (tests * len(VERDICTS))
    blind = [each for each in found if not sees_drop(each.real, each.n_real, each.n_synthetic, alpha)]
    missing = [both.cohort.classes[label] for label in _unseen(both, found)]
    patients = both.held_out([each.label for each in found])
    sizes = f"{count(sum(e.n_synthetic for e in found), 'synthetic image')}, {count(patients, 'held-out patient')}"
    clear, unseen = None, listing([*(both.cohort.classes[each.label] for each in blind), *missing], most=4)
    if not unseen:
        clear = (
            f"The synthetic images look like their class as often as real ones do: {percent(_mean(found))} against "
            f"{percent(_mean_real(found))} of held-out images ({sizes}).",
            "Look at single classes in the measurements.",
        )
    finding = Finding(
        p_value,
        _trouble(both, found),
        clear,
        (
            f"No wrong labels found, but in {unseen} a loss of {percent(DROP)} could go unnoticed ({sizes}).",
            _advice(found, alpha),
        ),
        measurements=(*(_measurement(both, each) for each in found), *_taught(both)),
    )
    return Labels(finding, _confusion(both), _examples(both, found))


def _unusable(both: Sides) -> tuple[str, str] | None:
    """Return why labels cannot be judged, with what to do; None if they can."""
    classes = len(both.cohort.classes)
    if classes < 2:
        return "Labels cannot be judged: the cohort has one class.", "Audit with at least two classes."
    if SPACE not in both.spaces:
        return f"Labels cannot be judged: the features {SPACE} are missing.", "Audit in this space too."
    known = both.spaces[SPACE].synthetic.values.shape[1]
    if known != classes:
        return (
            f"Labels cannot be judged: the classifier knows {known} classes, the cohort {classes}.",
            "Train it on this cohort.",
        )
    return None


def _confusion(both: Sides) -> dict[str, Floats]:
    """Return (classes, classes) for both sides: of the images labelled i, the share in which the classifier sees j.

    A held-out patient counts once a class. Rows without images are 0.
    """
    size = len(both.cohort.classes)
    result = {}
    for name, values, known, mass in (
        ("holdout", both.features(SPACE, both.holdout), both.cohort.labels[both.holdout], both.weights[both.holdout]),
        ("synthetic", both.spaces[SPACE].synthetic.values, both.labels, np.ones(len(both.labels))),
    ):
        table = np.zeros((size, size))
        np.add.at(table, (known, values.argmax(1)), mass)
        result[f"confusion.{name}"] = (table / np.maximum(table.sum(1, keepdims=True), 1e-9)).astype(np.float32)
    return result


def _taught(both: Sides) -> list[Measurement]:
    """Return inception and mode score; no verdict looks at them."""
    drawn, real = both.spaces[SPACE].synthetic.values, both.features(SPACE, both.holdout)
    size = len(both.cohort.classes)
    shares = np.bincount(both.cohort.labels[both.holdout], minlength=size) / max(1, len(both.holdout))
    result = []
    for name, score in (
        ("inception_score", inception_score),
        ("mode_score", lambda values: mode_score(values, shares)),
    ):
        value, floor = score(drawn), score(real)
        spread = [score(drawn[half]) for half in halves(np.arange(len(drawn)), HALVES, both.random(450))]
        interval = spread_interval(value, spread, least=0.0, most=float(size))
        result.append(
            Measurement(
                name=name,
                encoder=SPACE,
                value=value,
                interval=interval,
                floor=floor,
                null=floor,
                n_real=len(real),
                n_synthetic=len(drawn),
                better="higher",
            )
        )
    return result


def _examples(both: Sides, found: list[Agreement]) -> Examples:
    """Return the images that the classifier puts elsewhere, least sure of their label first; or the caricatures."""
    values = both.spaces[SPACE].synthetic.values
    sure = values[np.arange(len(values)), both.labels]
    worst = _worst(found)
    if min(worst.p_value, worst.shift_p_value) < FAIL and _caricature(worst):
        rows = np.flatnonzero(both.labels == worst.label)
        order = rows[np.argsort(-sure[rows], kind="stable")][:SHOWN]
        says = f"A classifier is surest of these images of {both.cohort.classes[worst.label]}."
    else:
        wrong = int((values.argmax(1) != both.labels).sum())
        order = np.lexsort((sure, values.argmax(1) == both.labels))[:SHOWN]
        says = (
            f"A classifier sees another class in {count(wrong, 'image')}; it doubts these most."
            if wrong
            else "A classifier sees the right class in every image; it is least sure of these."
        )
    return Examples(says, tuple(str(each) for each in both.samples.ids[order]))


def _worst(found: list[Agreement]) -> Agreement:
    return min(found, key=lambda each: min(each.p_value, each.shift_p_value))


def _caricature(worst: Agreement) -> bool:
    """Return whether what was found is too much of the class, not too little."""
    return worst.synthetic > worst.real if worst.p_value <= worst.shift_p_value else worst.shift > 0.5


def _trouble(both: Sides, found: list[Agreement]) -> tuple[str, str]:
    worst, caricature = _worst(found), _caricature(_worst(found))
    name = both.cohort.classes[worst.label]
    sizes = f"{count(worst.n_synthetic, 'synthetic image')}, {count(worst.n_real, 'held-out patient')}"
    if worst.p_value <= worst.shift_p_value:
        sentence = (
            f"A classifier finds {name} in {percent(worst.synthetic)} of its synthetic images but in "
            f"{percent(worst.real)} of real ones ({chance(worst.p_value)}; {sizes})"
        )
    else:
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
        name="label_agreement",
        encoder=SPACE,
        value=each.synthetic,
        interval=each.interval,
        floor=each.real,
        null=each.real,
        n_real=each.n_real,
        n_synthetic=each.n_synthetic,
        better="as real",
        class_name=both.cohort.classes[each.label],
        p_value=each.p_value,
    )


def _unseen(both: Sides, found: list[Agreement]) -> list[int]:
    seen = {each.label for each in found}
    return [int(label) for label in np.unique(both.labels) if int(label) not in seen]


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
