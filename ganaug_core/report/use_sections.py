"""What people decided about the images, what a reading study said, and whether the images help a classifier."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from ganaug_core.report import figures
from ganaug_core.report.blocks import Block, Bullets, Figure, Section, Text, table
from ganaug_core.report.edition import Edition
from ganaug_core.report.stored import Stored, Study
from ganaug_core.wording import clean, count, p_value, percent

if TYPE_CHECKING:  # what computes loads much
    from ganaug_core.reading.estimates import Estimate

BASELINE, PRIMARY = "classical", "auroc"


def decisions(stored: Stored, edition: Edition) -> Section:
    """Say how many images were kept, rejected and flagged; reasons and readers are not named."""
    made = stored.set.decisions
    if not made:
        return Section("decisions", "Decisions", (Text("Nobody decided about single images of this set."),))
    counted = Counter(row.decision for row in made)
    looked_at = len({row.image for row in made})
    readers = len({row.reader for row in made})
    rows = [(decision, f"{number:,}") for decision, number in sorted(counted.items())]
    text = f"{count(readers, 'reader')} decided about {looked_at:,} of {len(stored.samples):,} synthetic images."
    return Section("decisions", "Decisions", (Text(text), table(("Decision", "Images"), rows, (2, 1))))


def reading(stored: Stored, edition: Edition) -> Section:
    """Say what readers, who did not know which image is which, made of these images."""
    if not stored.set.studies:
        text = "Not done: no reading study of these images is in this workspace."
        return Section("reading", "Reading", (Text(text),))
    return Section("reading", "Reading", tuple(block for study in stored.set.studies for block in _study(study)))


def _study(study: Study) -> list[Block]:
    whom = f"{study.ended} of {count(study.readers, 'reader')} read all of {count(study.images, 'image')}, half of them"
    if study.results is None:
        return [Text(f"{whom} synthetic, without knowing which. The study is not over, so its results are not told.")]
    rows = [
        (reader.reader, f"{reader.done} of {reader.total}", _share(reader.accuracy), _number(reader.auc))
        for reader in study.results.readers
    ]
    columns = ("Reader", "Read", "Right calls (95 % interval)", "Area under the ROC curve (95 % interval)")
    blocks: list[Block] = [Text(f"{whom} synthetic, without knowing which."), Bullets(study.results.said)]
    return [*blocks, table(columns, rows, (1, 1.2, 2.4, 2.8))] if rows else blocks


def _share(estimate: "Estimate") -> str:
    return _shown(estimate, percent)


def _number(estimate: "Estimate") -> str:
    return _shown(estimate, lambda value: f"{value:.2f}")


def _shown(estimate: "Estimate", written: Callable[[float], str]) -> str:
    if estimate.value is None:
        return "–"
    if estimate.interval is None:
        return written(estimate.value)
    low, high = estimate.interval
    return f"{written(estimate.value)} ({written(low)} to {written(high)})"


def benefit(stored: Stored, edition: Edition) -> Section:
    """Say whether the images help a classifier."""
    result = stored.set.benefit
    if result is None:
        text = "Not done: whether these images help a classifier was not measured."
        return Section("benefit", "Benefit", (Text(text),))
    titles = {arm.name: arm.title for arm in result.arms}
    tested = [
        (titles.get(row.arm, row.arm), row)
        for row in result.differences
        if (row.measure, row.class_name, row.against) == (PRIMARY, result.rare, BASELINE)
    ]
    blocks: list[Block] = [Text(edition.text(result.verdict.statement))]
    if result.verdict.do:
        blocks.append(Text(f"What to do: {edition.text(result.verdict.do)}"))
    if tested:
        margin = result.look.margin if result.look is not None else None
        dotted = f" Dotted: the margin, a loss of {margin:g}." if margin else ""
        caption = f"Class {clean(result.rare)}, {result.done} of {result.asked} planned repetitions.{dotted}"
        blocks.append(Figure(figures.benefit(tested, margin), caption))
        rows = [
            (
                name,
                f"{row.value:+.3f}",
                f"{row.interval[0]:+.3f} to {row.interval[1]:+.3f}",
                "–" if row.adjusted is None else p_value(row.adjusted),
            )
            for name, row in tested
        ]
        blocks.append(table(("Arm", "Change of AUROC", "95 % interval", "p, corrected"), rows, (3, 1.3, 2, 1.2)))
    left_out = [f"Left out: {titles.get(arm, arm)}. {edition.text(why)}" for arm, why in result.left_out.items()]
    looked = result.made.in_words if result.made is not None else ()
    blocks.append(Bullets(tuple([*map(edition.text, result.notes), *left_out, *map(edition.text, looked)])))
    return Section("benefit", "Benefit: do the images help a classifier?", tuple(blocks))
