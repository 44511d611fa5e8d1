"""Label fidelity: do the synthetic images of a class look like that class, no less and no more than real ones?"""

from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.sentences import FAIL, VERDICTS, Finding, synthetic_images
from ganaug_core.metrics import half_sampling
from ganaug_core.metrics.dominance import INTERVAL, SHIFT, stated
from ganaug_core.metrics.inception_score import inception_score, mode_score
from ganaug_core.metrics.label_agreement import DROP, MARGIN, TEST, Agreement, agreements, sees_drop
from ganaug_core.records import Examples, Floats, Measurement
from ganaug_core.wording import chance, count, listing, percent

SPACE = "classifier"
LEAST = 10  # held-out patients and synthetic images of a class
PARTS = 2  # agreement, and the distribution of the probability
HALVES = 20
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
    every_class = agreements(
        comparison.features(SPACE, held),
        comparison.spaces[SPACE].synthetic.values,
        comparison.cohort.labels[held],
        comparison.labels,
        real_weights=comparison.weights[held],
        crowds=comparison.crowds,
    )
    measurements = (
        *(row for agreement in every_class for row in _measurements(comparison, agreement)),
        *_teaching_scores(comparison),
    )
    by_class = [agreement for agreement in every_class if min(agreement.n_real, agreement.independent) >= LEAST]
    if not by_class:
        sizes = f"{LEAST} held-out patients and {LEAST} synthetic images"
        unable = f"Labels cannot be judged: no class has {sizes}.", f"Audit with at least {sizes} of a class."
        return Labels(Finding(p_value=None, unable=unable, measurements=measurements if every_class else ()))
    tests = PARTS * len(by_class)
    worst = _worst(by_class)
    alpha = FAIL / (tests * len(VERDICTS))
    blind = [
        agreement
        for agreement in by_class
        if not sees_drop(agreement.real, agreement.n_real, agreement.independent, alpha)
    ]
    missing = [comparison.cohort.classes[label] for label in _untested_classes(comparison, by_class)]
    patients = comparison.held_out([agreement.label for agreement in by_class])
    sizes = f"{_images(by_class)}, {count(patients, 'held-out patient')}"
    clear, unable = None, ("", "")
    unseen = listing([*(comparison.cohort.classes[agreement.label] for agreement in blind), *missing], most=4)
    if not unseen:
        apart = max(by_class, key=lambda agreement: abs(agreement.synthetic - agreement.real))
        clear = (
            f"A classifier finds every class in synthetic images about as often as in real ones: "
            f"{comparison.cohort.classes[apart.label]}, which differs most, in {percent(apart.synthetic)} against "
            f"{percent(apart.real)} of held-out images ({_sizes(apart)}). A loss of {percent(DROP)} in a class would "
            f"have been noticed.",
            "Look at single classes in the measurements.",
        )
    else:
        unable = (
            f"No wrong labels found, but in {unseen} a loss of {percent(DROP)} could go unnoticed ({sizes}).",
            _advice(by_class, alpha),
        )
    finding = Finding(
        p_value=min(1.0, tests * worst.smallest_p),
        trouble=_trouble(comparison, by_class),
        clear=clear,
        unable=unable,
        measurements=measurements,
        test=worst.decisive.corrected(tests),
        null=worst.decisive.null,
        margin=worst.decisive.margin,
        patients=worst.n_real,
        images=worst.n_synthetic,
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
    size, images = len(comparison.cohort.classes), np.arange(len(comparison.labels))
    shares = np.bincount(comparison.cohort.labels[comparison.holdout], minlength=size) / max(1, len(comparison.holdout))
    result = []
    for name, score in (
        ("inception_score", inception_score),
        ("mode_score", lambda values: mode_score(values, shares)),
    ):
        value, floor = score(generated), score(real)
        splits = half_sampling.complements(images, comparison.labels, HALVES, comparison.random(450))
        halves = np.array([[score(generated[half]), score(generated[~half])] for half in splits])
        interval = half_sampling.interval(value, halves, len(images), least=0.0, most=float(size))
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
                interval_method="half-sampling, t",
            )
        )
    return result


def _examples(comparison: Comparison, by_class: list[Agreement]) -> Examples:
    """Return the images that the classifier puts elsewhere, least sure of their label first; or the caricatures."""
    values = comparison.spaces[SPACE].synthetic.values
    sure = values[np.arange(len(values)), comparison.labels]
    worst = _worst(by_class)
    if worst.smallest_p < FAIL and _caricature(worst):
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
    return min(by_class, key=lambda agreement: agreement.smallest_p)


def _caricature(worst: Agreement) -> bool:
    """Return whether what was found is too much of the class, not too little."""
    return worst.synthetic > worst.real if worst.decisive is TEST else worst.sureness.chance > 0.5


def _sizes(agreement: Agreement) -> str:
    return f"{_images([agreement])}, {count(agreement.n_real, 'held-out patient')}"


def _images(by_class: list[Agreement]) -> str:
    return synthetic_images(*np.sum([(each.n_synthetic, each.independent) for each in by_class], axis=0))


def _trouble(comparison: Comparison, by_class: list[Agreement]) -> tuple[str, str]:
    worst, caricature = _worst(by_class), _caricature(_worst(by_class))
    name = comparison.cohort.classes[worst.label]
    if worst.decisive is TEST:
        sentence = (
            f"A classifier finds {name} in {percent(worst.synthetic)} of its synthetic images but in "
            f"{percent(worst.real)} of real ones, more than {percent(MARGIN)} apart ({chance(worst.p_value)}; "
            f"{_sizes(worst)})"
        )
    else:
        sentence = (
            f"A classifier is {'surer' if caricature else 'less sure'} of synthetic {name} than of real ones in "
            f"{percent(max(worst.sureness.chance, 1 - worst.sureness.chance))} of comparisons, where chance gives 50 % "
            f"and {percent(0.5 + SHIFT)} is allowed ({chance(worst.sureness.p_value)}; {_sizes(worst)})"
        )
    if caricature:
        return f"{sentence}: a caricature of the class.", "Do not use these images as if they were typical."
    return f"{sentence}.", "Look at the images of this class that the classifier puts elsewhere; train longer."


def _measurements(comparison: Comparison, agreement: Agreement) -> tuple[Measurement, Measurement]:
    """Return how often the label is confirmed, and how sure of it the classifier is."""
    name, sureness = comparison.cohort.classes[agreement.label], agreement.sureness
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
        class_name=name,
        p_value=agreement.p_value,
        test=TEST.phrase,
        interval_method="Wilson",
    ), Measurement(
        name="label_sureness",
        encoder=SPACE,
        value=sureness.chance,
        interval=sureness.interval,
        floor=0.5,
        null=0.5,
        n_real=agreement.n_real,
        n_synthetic=agreement.n_synthetic,
        better="near .5",
        class_name=name,
        p_value=sureness.p_value,
        test=stated(SHIFT).phrase,
        interval_method=INTERVAL,
    )


def _untested_classes(comparison: Comparison, by_class: list[Agreement]) -> list[int]:
    tested = {agreement.label for agreement in by_class}
    return [int(label) for label in np.unique(comparison.labels) if int(label) not in tested]


def _advice(by_class: list[Agreement], alpha: float) -> str:
    """Return how many images of a class show the loss, at the real agreement that makes it hardest."""
    hardest = min((agreement.real for agreement in by_class), key=lambda share: abs(share - 0.5 - DROP / 2))
    for size in (10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500, 1000):
        if sees_drop(hardest, size, size, alpha):
            return f"Audit with at least {size} held-out patients and synthetic images of each class."
    return (
        "The classifier cannot tell these classes apart even in real images: check the labels, or import more images."
    )
