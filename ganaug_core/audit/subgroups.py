"""On request: do the synthetic images serve some real subgroups (sex, age, scanner) worse than others?

Synthetic images have no sex and no age. So a subgroup is sought where its real images are: of the real images that are
most like a synthetic one, how many are of the subgroup, and how many of those that are most like a held-out one? Asked
of what an encoder sees it is *coverage*, asked of pixel values *intensities*. *Labels*: what does a classifier lose in
the subgroup if it learns from synthetic instead of real images, and what elsewhere?

Why not how far a subgroup lies from the synthetic images: a small subgroup that looks different lies further from any
set of the whole class, also from a perfect one, and neighbours that share a region are no independent witnesses. Here
held-out patients and synthetic images are each compared with the same other patients, so that fresh real images raise
no alarm whatever the subgroups look like. It decides nothing, and says nothing of single persons: subgroups of fewer
than 11 patients are withheld, and those from which their numbers would follow (`records/subgroups.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.sentences import WARN
from ganaug_core.errors import EvidenceError
from ganaug_core.metrics import intensity, linear_discriminant
from ganaug_core.metrics.lesser_mean import INTERVAL, Side, lesser, weighted
from ganaug_core.metrics.statistics import StatedTest, Values, holm
from ganaug_core.records import HOLDOUT, Cohort, Floats, Integers, Subgroup
from ganaug_core.records.subgroups import FEW, NOT_STATED, Column, column, suppressed
from ganaug_core.wording import chance, count, listing, percent

SPACE = "simclr"
QUESTIONS = ("coverage", "labels", "intensities")
NEAREST = 10  # real images
LEAST = 10  # held-out patients and synthetic images of a class
MOST = 1500  # images of a class and side
RARER = 0.8  # a subgroup counts as shown too rarely below four fifths of its share among real images
VISIBLE = 0.1  # how much more of a subgroup its own images must have around them than others have
MARGIN = 0.05  # a loss of the classifier that may be larger in the subgroup
TEST = {
    "shown": StatedTest(
        "weighted bootstrap of two means",
        f"synthetic images lie among the subgroup's at least {RARER:g} times as often as held-out ones",
    ),
    "learnt": StatedTest(
        "weighted bootstrap of two means", "the classifier loses no more in the subgroup than in others", MARGIN
    ),
}
INTERVALS = f"{INTERVAL}; of the difference"
WORSE = {
    "coverage": "Too rare among the synthetic images, below four fifths of its share. ",
    "intensities": "Its pixel values are too rare among the synthetic images, below four fifths of their share. ",
    "labels": f"Its classes are learnt less well from synthetic images, by more than {percent(MARGIN)} than others. ",
}
WHERE = {"coverage": "what SimCLR sees", "intensities": "pixel values"}
BOUND = (
    "Synthetic images have no such column: what is compared is how often they look like real images of a subgroup. "
    "No verdict looks at it."
)
NO_SPACE = f"Coverage and labels of subgroups cannot be judged: the features {SPACE} are missing."


@dataclass(frozen=True)
class Compared:
    """What was found, a row for each subgroup and question, and in sentences."""

    rows: tuple[Subgroup, ...] = ()
    notes: tuple[str, ...] = ()


NOT_ASKED = Compared()


@dataclass(frozen=True)
class _Units:
    """One image a patient: rows outside of the hold-out and rows held out, all of a stated subgroup of the column."""

    column: Column
    outside: Integers
    held: Integers

    def sizes(self, question: str) -> dict[str, int]:
        """Return on how many patients of each subgroup the numbers of a question rest."""
        outside, held = (
            np.bincount(self.column.of[rows], minlength=len(self.column.groups)) for rows in (self.outside, self.held)
        )
        counts = np.minimum(outside, held) if question == "labels" else outside
        return dict(zip(self.column.groups, counts.tolist(), strict=True))


@dataclass(frozen=True)
class _Around:
    """The nearest real images outside of the hold-out, of all classes with enough images; subgroup numbers.

    Attributes:
        own: (r, k) around each of them, itself left out; `of` (r,) its own subgroup, `labels` (r,) its class.
        held: (n, k) around held-out images, `synthetic` (m, k) around synthetic ones with `weights` (m,), so that both
            have one class mix.
    """

    own: Integers
    of: Integers
    labels: Integers
    held: Integers
    synthetic: Integers
    weights: Values


@dataclass(frozen=True)
class _Learnt:
    """Held-out images that two classifiers are asked about: rows, and whether each is right, (n,)."""

    rows: Integers
    by_real: NDArray[np.bool_] = field(repr=False)
    by_synthetic: NDArray[np.bool_] = field(repr=False)


def require(cohort: Cohort, names: Sequence[str]) -> None:
    """Refuse columns that the cohort did not keep.

    Raises:
        EvidenceError: With those that it kept.
    """
    unknown = [name for name in names if name not in cohort.columns]
    if unknown:
        kept = f"It kept: {listing(cohort.columns)}." if cohort.columns else "It kept none."
        raise EvidenceError(
            f"The cohort {cohort.name} kept no column {unknown[0]}. {kept}",
            do="Import the images again with --keep-column, or ask about a column that was kept.",
            code="no_column",
        )


def compared(comparison: Comparison, names: Sequence[str]) -> Compared:
    """Return whether subgroups of these columns, which the cohort kept, fare worse than others."""
    rows: list[Subgroup] = []
    columns = [column(comparison.cohort, name) for name in dict.fromkeys(names)]
    for number, each in enumerate(columns):
        units = _units(comparison, each, number)
        for question in QUESTIONS:
            rows += _asked(comparison, units, question)
    corrected = holm({str(place): row.p_value for place, row in enumerate(rows) if row.p_value is not None})
    judged = [_judged(row, corrected.get(str(place))) for place, row in enumerate(rows)]
    return Compared(tuple(judged), tuple(_notes(comparison, columns, judged)))


def _units(comparison: Comparison, column_: Column, number: int) -> _Units:
    """Return one random image of each patient on either side."""
    cohort, random = comparison.cohort, comparison.random(600 + number)
    sides = []
    for inside in (cohort.roles != HOLDOUT, cohort.roles == HOLDOUT):
        rows = random.permutation(np.flatnonzero(inside & (column_.of >= 0)))
        _, first = np.unique(cohort.groups[rows], return_index=True)
        sides.append(np.sort(rows[first]))
    return _Units(column_, *sides)


def _asked(comparison: Comparison, units: _Units, question: str) -> list[Subgroup]:
    """Return a row for each subgroup; only what rests on enough patients has numbers."""
    sizes = units.sizes(question)
    hidden = suppressed(sizes)
    around = learnt = None
    if question == "labels":
        learnt = _learnt(comparison, units)
    else:
        around = _around(comparison, units, question)
    rows = []
    for number, group in enumerate(units.column.groups):
        blank = Subgroup(column=units.column.name, group=group, question=question, state="not_tested", says="")
        if group in units.column.withheld:
            rows.append(replace(blank, state="not_shown", says=_withheld(units.column, group)))
            continue
        blank = replace(blank, patients=units.column.shown(group))
        reason = hidden.get(group, "" if sizes[group] else FEW)
        if reason == FEW:
            where = "on one side of the split" if question == "labels" else "outside of the hold-out share"
            rows.append(replace(blank, says=f"Not tested: 10 patients or fewer {where}."))
        elif reason:
            rows.append(replace(blank, says="Not tested: a smaller subgroup could be told from its numbers."))
        elif around is not None:
            rows.append(_less_shown(comparison, around, blank, number))
        elif learnt is not None:
            rows.append(_loses_more(comparison, units, learnt, blank, number))
        else:
            rows.append(replace(blank, says=_no_numbers(comparison, question)))
    return rows


def _no_numbers(comparison: Comparison, question: str) -> str:
    if question != "intensities" and SPACE not in comparison.spaces:
        return f"Not tested: the features {SPACE} are missing."
    if question == "labels" and len(comparison.cohort.classes) < 2:
        return "Not tested: the cohort has one class."
    return (
        f"Not tested: no class has {2 * NEAREST} patients outside of the hold-out share, {LEAST} held-out patients and "
        f"{LEAST} synthetic images."
    )


# coverage and intensities


def _around(comparison: Comparison, units: _Units, question: str) -> _Around | None:
    """Return the nearest real images of every image, within its class; None where no class has enough."""
    if question == "coverage" and SPACE not in comparison.spaces:
        return None
    labels, of = comparison.cohort.labels, units.column.of
    random = comparison.random(630 + QUESTIONS.index(question))
    parts: list[tuple[Integers, ...]] = []
    weights = []
    for label in np.intersect1d(labels[units.held], comparison.labels):
        outside, held = (
            random_subset(rows[labels[rows] == label], MOST, random) for rows in (units.outside, units.held)
        )
        generated = random_subset(np.flatnonzero(comparison.labels == label), MOST, random)
        if len(outside) < 2 * NEAREST or min(len(held), len(generated)) < LEAST:
            continue
        of_outside, of_held, of_generated = _placed(comparison, question, outside, held, generated)
        own = cdist(of_outside, of_outside)
        np.fill_diagonal(own, np.inf)
        nearest = [
            _nearest(distances) for distances in (own, cdist(of_held, of_outside), cdist(of_generated, of_outside))
        ]
        parts.append(
            (of[outside][nearest[0]], of[outside], labels[outside], *(of[outside][one] for one in nearest[1:]))
        )
        weights.append(np.full(len(generated), len(held) / len(generated)))
    if not parts:
        return None
    own, of_own, classes, held, synthetic = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _Around(own, of_own, classes, held, synthetic, np.concatenate(weights))


def _placed(
    comparison: Comparison, question: str, outside: Integers, held: Integers, generated: Integers
) -> tuple[Floats, ...]:
    """Return where the images lie, (n, d) each: features, or numbers of the pixel values in spreads of real ones."""
    if question == "coverage":
        values = comparison.spaces[SPACE].synthetic.values[generated]
        return comparison.features(SPACE, outside), comparison.features(SPACE, held), values
    cohort = comparison.cohort
    numbers = [
        intensity.numbers(images, cohort.intensity)
        for images in (cohort.images(outside), cohort.images(held), np.asarray(comparison.samples.images[generated]))
    ]
    spread = numbers[0].std(0)
    return tuple((one / np.where(spread > 0, spread, 1)).astype(np.float32) for one in numbers)


def _nearest(distances: NDArray[np.float64]) -> Integers:
    """Return (n, NEAREST) columns, in no order."""
    return np.argpartition(distances, NEAREST - 1, axis=1)[:, :NEAREST].astype(np.int64)


def _less_shown(comparison: Comparison, around: _Around, blank: Subgroup, number: int) -> Subgroup:
    """Return whether synthetic images lie among the subgroup's less often than held-out ones do."""
    where = WHERE[blank.question]
    if _stands_out(around, number) < VISIBLE:
        return replace(blank, says=f"Not tested: by {where} the subgroup cannot be told from the other patients.")
    real, synthetic = ((side == number).mean(1) for side in (around.held, around.synthetic))
    low, high = weighted(synthetic, around.weights), Side(real, np.ones(len(real)))
    difference = lesser(low, high, factor=RARER, random=comparison.random(640))
    says = (
        f"Of the real images most like a synthetic one by {where}, {percent(low.mean)} are of this subgroup; of those "
        f"most like a held-out one {percent(high.mean)}"
    )
    return replace(
        blank,
        state="not_named",
        says=says,
        value=low.mean,
        reference=high.mean,
        interval=difference.interval,
        n_real=len(real),
        n_synthetic=len(synthetic),
        p_value=difference.p_value,
        test=TEST["shown"].phrase,
    )


def _stands_out(around: _Around, number: int) -> float:
    """Return how much more of the subgroup its own real images have around them than others of their class."""
    shares = (around.own == number).mean(1)
    inside = around.of == number
    gains = []
    for label in np.unique(around.labels):
        of_class = around.labels == label
        if (of_class & ~inside).any():
            gains.append(shares[of_class & inside] - shares[of_class & ~inside].mean())
    together = np.concatenate([*gains, np.zeros(0)])
    return float(together.mean()) if len(together) else 0.0


# labels


def _learnt(comparison: Comparison, units: _Units) -> _Learnt | None:
    """Return what two classifiers see in held-out images: one learnt from synthetic images, one from as many real."""
    cohort, classes = comparison.cohort, len(comparison.cohort.classes)
    if SPACE not in comparison.spaces or classes < 2 or not len(units.held):
        return None
    random = comparison.random(650)
    train, generated = [], []
    for label in np.intersect1d(cohort.labels[comparison.train], comparison.labels):
        own = comparison.train[cohort.labels[comparison.train] == label]
        synthetic = np.flatnonzero(comparison.labels == label)
        size = min(len(own), len(synthetic), MOST)
        if size >= LEAST:
            train.append(random_subset(own, size, random))
            generated.append(random_subset(synthetic, size, random))
    if len(train) < 2:
        return None
    real_rows, synthetic_rows = np.concatenate(train), np.concatenate(generated)
    known = np.unique(cohort.labels[real_rows])
    rows = units.held[np.isin(cohort.labels[units.held], known)]
    features = comparison.features(SPACE, rows)
    right = [
        linear_discriminant.fitted(values, labels, classes).sees(features) == cohort.labels[rows]
        for values, labels in (
            (comparison.features(SPACE, real_rows), cohort.labels[real_rows]),
            (comparison.spaces[SPACE].synthetic.values[synthetic_rows], comparison.labels[synthetic_rows]),
        )
    ]
    return _Learnt(rows, *right)


def _loses_more(comparison: Comparison, units: _Units, learnt: _Learnt, blank: Subgroup, number: int) -> Subgroup:
    """Return whether learning from synthetic images costs more in the subgroup than in others of the same classes."""
    labels, inside = comparison.cohort.labels[learnt.rows], units.column.of[learnt.rows] == number
    shared = np.intersect1d(labels[inside], labels[~inside])
    own, other = inside & np.isin(labels, shared), ~inside & np.isin(labels, shared)
    if not own.any():
        return replace(blank, says="Not tested: no class has patients of this subgroup and others.")
    loss = learnt.by_real.astype(np.float64) - learnt.by_synthetic
    sizes, others = (np.bincount(labels[chosen], minlength=labels.max() + 1) for chosen in (own, other))
    low = weighted((loss[other] + 1) / 2, (sizes / np.maximum(others, 1))[labels[other]])  # the subgroup's class mix
    high = Side((loss[own] + 1) / 2, np.ones(int(own.sum())))
    difference = lesser(low, high, margin=MARGIN / 2, random=comparison.random(651))
    value, reference = round(2 * high.mean - 1, 9), round(2 * low.mean - 1, 9)
    says = (
        f"A rule learnt from synthetic images, in what SimCLR sees, finds the right class in "
        f"{percent(float(learnt.by_synthetic[own].mean()))} of these held-out images, one learnt from as many "
        f"training images in {percent(float(learnt.by_real[own].mean()))}: a loss of {percent(value)}, where other "
        f"held-out images of the same classes lose {percent(reference)}"
    )
    return replace(
        blank,
        state="not_named",
        says=says,
        value=value,
        reference=reference,
        interval=(-2 * difference.interval[1], -2 * difference.interval[0]),
        n_real=int(own.sum()),
        n_synthetic=int((np.isin(comparison.labels, shared)).sum()),
        p_value=difference.p_value,
        test=TEST["learnt"].phrase,
    )


# words


def _judged(row: Subgroup, corrected: float | None) -> Subgroup:
    """Return a row with its corrected p and a whole sentence."""
    if corrected is None or row.p_value is None or row.interval is None:
        return row
    low, high = row.interval
    named = corrected < WARN
    says = (
        f"{WORSE[row.question] if named else ''}{row.says} (95 % interval of the difference {percent(low)} to "
        f"{percent(high)}; {chance(corrected)} after correction)."
    )
    return replace(row, state="named" if named else "not_named", says=says, p_corrected=corrected)


def _withheld(column_: Column, group: str) -> str:
    if column_.withheld[group] == FEW:
        return "Not shown: 10 patients or fewer."
    return "Not shown: the number of a smaller subgroup would follow from it."


def _notes(comparison: Comparison, columns: Sequence[Column], rows: Sequence[Subgroup]) -> list[str]:
    """Return what was asked, what was found, and what could not be asked."""
    tested = [row for row in rows if row.p_value is not None]
    named = [row for row in tested if row.state == "named"]
    asked = (
        f"Subgroups by {listing(each.name for each in columns)}: {count(len(tested), 'question')} could be tested, "
        "each patient counted once, and corrected for each other. Sizes are numbers of patients."
    )
    notes = [asked, *(f"{_name(row)} ({row.question}): {row.says}" for row in named)]
    if not named:
        notes.append(
            "No subgroup was found to fare worse; small ones, and what does not stand out in an image, go unnoticed."
            if tested
            else "Nothing can be said about subgroups."
        )
    left = [row for row in rows if row.state == "not_tested"]
    if SPACE not in comparison.spaces:
        notes.append(NO_SPACE)
        left = [row for row in left if row.question == "intensities"]
    notes += [
        f"{reason.removesuffix('.')}: {listing((_about(row) for row in left if row.says == reason), most=6)}."
        for reason in dict.fromkeys(row.says for row in left)
    ]
    hidden = [f"{each.name} = {group}" for each in columns for group in each.withheld if group != NOT_STATED]
    if hidden:
        notes.append(
            f"Not shown, because they have 10 patients or fewer or because such a number would follow: "
            f"{listing(hidden, most=6)}. Join small ones in the table and import again to compare more."
        )
    return [*notes, BOUND]


def _name(row: Subgroup) -> str:
    return f"{row.column} = {row.group}"


def _about(row: Subgroup) -> str:
    return f"{_name(row)} ({row.question})"
