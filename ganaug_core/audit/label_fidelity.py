"""Label fidelity: do the synthetic images of a class look like that class, no less and no more than real ones?"""

from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit.comparison import Comparison
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


def labels(comparison: Comparison) -> Labels:
    """Return what speaks for wrong or exaggerated labels."""
    if unable := _unusable(comparison):
        return Labels(Finding(p_value=None, unable=unable))
    held = comparison.holdout
    by_class = agreements(
        comparison.features(SPACE, held),
        comparison.spaces[SPACE].synthetic.values,
        comparison.cohort.labels[held],
        comparison.labels,
        comparison.weights[held],
    )
    if not by_class:
        return Labels(
            Finding(
                p_value=None,
                unable=("Labels cannot be judged: no class has synthetic and held-out images.", "Draw samples."),
            )
        )
    tests = PARTS * len(by_class)
    p_value = min(1.0, tests * min(min(agreement.p_value, agreement.shift_p_value) for agreement in by_class))
    alpha = FAIL / (tests * len(VERDICTS))
    blind = [
        agreement
        for agreement in by_class
        if not sees_drop(agreement.real, agreement.n_real, agreement.n_synthetic, alpha)
    ]
    missing = [comparison.cohort.classes[label] for label in _untested_classes(comparison, by_class)]
    patients = comparison.held_out([agreement.label for agreement in by_class])
    images = sum(agreement.n_synthetic for agreement in by_class)
    sizes = f"{count(images, 'synthetic image')}, {count(patients, 'held-out patient')}"
    clear = None
    unseen = listing([*(comparison.cohort.classes[agreement.label] for agreement in blind), *missing], most=4)
    if not unseen:
        clear = (
            f"The synthetic images look like their class as often as real ones do: {percent(_mean(by_class))} against "
            f"{percent(_mean_real(by_class))} of held-out images ({sizes}).",
            "Look at single classes in the measurements.",
        )
    finding = Finding(
        p_value=p_value,
        trouble=_trouble(comparison, by_class),
        clear=clear,
        unable=(
            f"No wrong labels found, but in {unseen} a loss of {percent(DROP)} could go unnoticed ({sizes}).",
            _advice(by_class, alpha),
        ),
        measurements=(*(_measurement(comparison, agreement) for agreement in by_class), *_teaching_scores(comparison)),
    )
    return Labels(finding, _confusion(comparison), _examples(comparison, by_class))


def _unusable(comparison: Comparison) -> tuple[str, str] | None:
    """Return why labels cannot be judged, with what to do; None if they can."""
    classes = len(comparison.cohort.classes)
    if classes < 2:
        return "Labels cannot be judged: the cohort has one class.", "Audit with at least two classes."
    if SPACE not in comparison.spaces:
        return f"Labels cannot be judged: the features {SPACE} are missing.", "Audit in this space too."
    outputs = comparison.spaces[SPACE].synthetic.values.shape[1]
    if outputs != classes:
        return (
            f"Labels cannot be judged: the classifier knows {outputs} classes, the cohort {classes}.",
            "Train it on this cohort.",
        )
    return None


def _confusion(comparison: Comparison) -> dict[str, Floats]:
    """Return (classes, classes) for both sides: of the images labelled i, the share in which the classifier sees j.

    A held-out patient counts once a class. Rows without images are 0.
    """
    size = len(comparison.cohort.classes)
    result = {}
    for name, values, class_labels, mass in (
        (
            "holdout",
            comparison.features(SPACE, comparison.holdout),
            comparison.cohort.labels[comparison.holdout],
            comparison.weights[comparison.holdout],
        ),
        ("synthetic", comparison.spaces[SPACE].synthetic.values, comparison.labels, np.ones(len(comparison.labels))),
    ):
        table = np.zeros((size, size))
        np.add.at(table, (class_labels, values.argmax(1)), mass)
        result[f"confusion.{name}"] = (table / np.maximum(table.sum(1, keepdims=True), 1e-9)).astype(np.float32)
    return result


def _teaching_scores(comparison: Comparison) -> list[Measurement]:
    """Return inception and mode score; no verdict looks at them."""
    generated, real = comparison.spaces[SPACE].synthetic.values, comparison.features(SPACE, comparison.holdout)
    size = len(comparison.cohort.classes)
    shares = np.bincount(comparison.cohort.labels[comparison.holdout], minlength=size) / max(1, len(comparison.holdout))
    result = []
    for name, score in (
        ("inception_score", inception_score),
        ("mode_score", lambda values: mode_score(values, shares)),
    ):
        value, floor = score(generated), score(real)
        spread = [score(generated[half]) for half in halves(np.arange(len(generated)), HALVES, comparison.random(450))]
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
                n_synthetic=len(generated),
                better="higher",
            )
        )
    return result


def _examples(comparison: Comparison, by_class: list[Agreement]) -> Examples:
    """Return the images that the classifier puts elsewhere, least sure of their label first; or the caricatures."""
    values = comparison.spaces[SPACE].synthetic.values
    sure = values[np.arange(len(values)), comparison.labels]
    worst = _worst(by_class)
    if min(worst.p_value, worst.shift_p_value) < FAIL and _caricature(worst):
        rows = np.flatnonzero(comparison.labels == worst.label)
        order = rows[np.argsort(-sure[rows], kind="stable")][:SHOWN]
        says = f"A classifier is surest of these images of {comparison.cohort.classes[worst.label]}."
    else:
        wrong = int((values.argmax(1) != comparison.labels).sum())
        order = np.lexsort((sure, values.argmax(1) == comparison.labels))[:SHOWN]
        says = (
            f"A classifier sees another class in {count(wrong, 'image')}; it doubts these most."
            if wrong
            else "A classifier sees the right class in every image; it is least sure of these."
        )
    return Examples(says, tuple(str(sample_id) for sample_id in comparison.samples.ids[order]))


def _worst(by_class: list[Agreement]) -> Agreement:
    return min(by_class, key=lambda agreement: min(agreement.p_value, agreement.shift_p_value))


def _caricature(worst: Agreement) -> bool:
    """Return whether what was found is too much of the class, not too little."""
    return worst.synthetic > worst.real if worst.p_value <= worst.shift_p_value else worst.shift > 0.5


def _trouble(comparison: Comparison, by_class: list[Agreement]) -> tuple[str, str]:
    worst, caricature = _worst(by_class), _caricature(_worst(by_class))
    name = comparison.cohort.classes[worst.label]
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


def _measurement(comparison: Comparison, agreement: Agreement) -> Measurement:
    return Measurement(
        name="label_agreement",
        encoder=SPACE,
        value=agreement.synthetic,
        interval=agreement.interval,
        floor=agreement.real,
        null=agreement.real,
        n_real=agreement.n_real,
        n_synthetic=agreement.n_synthetic,
        better="as real",
        class_name=comparison.cohort.classes[agreement.label],
        p_value=agreement.p_value,
    )


def _untested_classes(comparison: Comparison, by_class: list[Agreement]) -> list[int]:
    tested = {agreement.label for agreement in by_class}
    return [int(label) for label in np.unique(comparison.labels) if int(label) not in tested]


def _mean(by_class: list[Agreement]) -> float:
    return float(np.mean([agreement.synthetic for agreement in by_class]))


def _mean_real(by_class: list[Agreement]) -> float:
    return float(np.mean([agreement.real for agreement in by_class]))


def _advice(by_class: list[Agreement], alpha: float) -> str:
    """Return how many images of a class show the loss, at the real agreement that makes it hardest."""
    hardest = min((agreement.real for agreement in by_class), key=lambda share: abs(share - 0.5 - DROP / 2))
    for size in (10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500, 1000):
        if sees_drop(hardest, size, size, alpha):
            return f"Audit with at least {size} held-out patients and synthetic images of each class."
    return (
        "The classifier cannot tell these classes apart even in real images: check the labels, or import more images."
    )
