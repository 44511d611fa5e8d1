"""What the audit found: verdicts, map, pairs, missing groups, measurements."""

from collections.abc import Sequence

import numpy as np

from ganaug_core.records import Audit, Measurement, MissingMode
from ganaug_core.report import figures, findings
from ganaug_core.report.blocks import Block, Bullets, Figure, Figures, Picture, Pictures, Section, Text, Together, table
from ganaug_core.report.edition import FEW_PICTURED, Edition
from ganaug_core.report.stored import Stored
from ganaug_core.terms import MAIN, MEASURES, STATES, STATES_MEANING, VERDICTS, space
from ganaug_core.wording import clean, count, nearer_than_99, number, p_value, percent

SHARES = {"coverage", "recall", "precision", "label_agreement", "told_apart", "copied_share", "nearer_than_99"}
GROUPS_PICTURED = 6


def verdicts(stored: Stored, edition: Edition) -> Section:
    """Return every verdict with what was found, what to do, and the test that it stands on."""
    rows = []
    for name, (title, _) in VERDICTS.items():
        verdict = stored.audit.verdicts[name]
        found = edition.text(verdict.statement) + (f" {edition.text(verdict.do)}" if verdict.do else "")
        p = "–" if verdict.p_corrected is None else p_value(verdict.p_corrected)
        rows.append((title, STATES[verdict.state], found, p))
    used = dict.fromkeys(stored.audit.verdicts[name].state for name in VERDICTS)
    meanings = [f"{STATES[state].capitalize()}: {STATES_MEANING[state]}" for state in used]
    blocks: list[Block] = [
        table(
            ("Question", "Verdict", "What was found, and what to do", "p"), rows, (1.1, 1.2, 6, 0.8),
            "p is corrected for the tests inside a verdict and for the five verdicts (Holm).",
        ),
        Bullets(tuple(meanings)),
    ]  # fmt: skip
    told = [
        *stored.audit.spaces, *stored.audit.regions, *stored.audit.membership, *stored.audit.subgroup_notes,
        *stored.audit.odd,
    ]  # fmt: skip
    if told:
        blocks += [Text("What decides no verdict", "heading"), Bullets(tuple(map(edition.text, told)))]
    return Section("verdicts", "The five verdicts", tuple(blocks))


def feature_map(stored: Stored, edition: Edition) -> Section:
    """Return the map with the missing groups outlined; without a map, say so."""
    found = stored.set
    groups = findings.letters(stored.audit)
    blocks: list[Block] = []
    shown = [encoder for encoder in found.maps if any(mode.encoder == encoder for _, mode in groups)]
    shown = shown or [map_.encoder for map_ in [found.first_map] if map_ is not None]
    for encoder in shown:
        map_ = found.maps[encoder]
        inside = [(letter, mode) for letter, mode in groups if mode.encoder == encoder]
        caption = (
            f"Map by {space(encoder)}: images that lie close look alike to it. {percent(map_.neighbour_hit_rate)} of "
            "the true neighbours are neighbours on the map; distances across the map mean little."
        )
        blocks.append(Figure(figures.feature_map(map_, inside), caption))
    scattered = [letter for letter, mode in groups if mode.encoder not in shown]
    if scattered and shown:
        blocks.append(
            Text(
                f"Not outlined, because the feature space that found {'it' if len(scattered) == 1 else 'them'} has no "
                f"map here: {count(len(scattered), 'group')} ({', '.join(scattered)})."
            )
        )
    if not blocks:
        blocks.append(Text("No map was drawn of these images."))
    return Section("map", "Map", tuple(blocks))


def missing_groups(stored: Stored, edition: Edition) -> Section:
    """Return the groups that are made too rarely: shares and words, and images where those may be shown."""
    groups = findings.letters(stored.audit)
    blocks: list[Block] = []
    if not groups:
        blocks.append(Text(edition.text(stored.audit.verdicts["mode_coverage"].statement)))
    blocks += [_group(stored, edition, letter, mode) for letter, mode in groups[:GROUPS_PICTURED]]
    if len(groups) > GROUPS_PICTURED:
        rest = [f"{letter} ({clean(mode.class_name)}, {percent(mode.real_share)})" for letter, mode in groups]
        blocks.append(Text(f"Further groups: {', '.join(rest[GROUPS_PICTURED:])}."))
    return Section("groups", "Missing groups", tuple(blocks))


def _group(stored: Stored, edition: Edition, letter: str, mode: MissingMode) -> Together:
    """Return a group as words and shares, its images where they may be shown, and what is made that comes nearest."""
    blocks: list[Block] = [
        Text(findings.group_in_words(letter, mode)),
        Figure(figures.shares(mode), f"Share of group {letter} among real and synthetic images."),
    ]
    near = [image for image in mode.nearest if edition.shows_all or image not in edition.withheld]
    pictured = [edition.of_cohort(stored.cohort, image, f"Real, of {letter}") for image in mode.exemplars[:5]]
    pictured = pictured if edition.shows_all else []
    pictured += [edition.synthetic(stored.samples, image, "Nearest synthetic") for image in near[:5]]
    if pictured:
        blocks.append(Pictures(tuple(pictured)))
    if withheld := len(mode.nearest) - len(near):
        copies = "may be a copy and is" if withheld == 1 else "may be copies and are"
        blocks.append(Text(f"{count(withheld, 'image')} near this group {copies} withheld.", "small"))
    return Together(tuple(blocks))


def closest_pairs(stored: Stored, edition: Edition) -> Section:
    """Return the closest pairs: named copies stay inside, others are shown as the synthetic image."""
    found = findings.pairs(stored.audit, stored.samples.ids.tolist())
    named = [pair for pair in found if pair.is_listed]
    blocks: list[Block] = [Text(edition.text(stored.audit.verdicts["copying"].statement))]
    if named and not edition.shows_all:
        blocks.append(
            Text(
                f"{count(len(named), 'synthetic image')} named as copies "
                f"{'is' if len(named) == 1 else 'are'} withheld: a copy is the patient's image in effect. The nearest "
                f"has a distance of {min(pair.distance for pair in named):.3f}; 0 is the same image.",
                "warning",
            )
        )
        found = [pair for pair in found if not pair.is_listed and pair.synthetic not in edition.withheld]
    if found:
        blocks.append(
            Text(
                "The closest pairs that may be shown; among many images one is always closest."
                if not edition.shows_all
                else "The closest pairs, named copies first; among many images one is always closest."
            )
        )
        pictured: list[Picture] = []
        for pair in found[: findings.PAIRS]:
            pictured += findings.pair_pictures(stored, edition, pair)
        blocks.append(Pictures(tuple(pictured), 4 if edition.shows_all else 5))
    if (sentence := nearer_than_99(stored.audit.measurements)) and edition.shows_all | (not _few(stored.audit)):
        blocks.append(Text(sentence))
    return Section("pairs", "Closest pairs and copies", tuple(blocks))


def _few(audit: Audit) -> bool:
    return any(row.n_real < FEW_PICTURED for row in audit.measurements if row.name == "nearer_than_99")


def measurements(stored: Stored, edition: Edition) -> Section:
    """Return the main measurements with interval, sizes, real against real, and the figures below the verdicts."""
    audit = stored.audit
    chosen = [row for name in MAIN for row in audit.measurements if row.name == name and _is_main(row)]
    blocks: list[Block] = []
    covered = [row for row in audit.measurements if row.name == "coverage" and row.class_name]
    if covered:
        named = [(f"{clean(row.class_name)}, {space(row.encoder)}", row) for row in covered[:24]]
        drawn = figures.forest(
            named, "How much of each class is covered", "share of real neighbourhoods that a synthetic image reaches",
            reference="real images against real",
        )  # fmt: skip
        blocks.append(Figure(drawn, "Coverage of each class, by feature space; right is better."))
    if pair := _figures(stored, edition):
        blocks.append(Figures(tuple(pair)))
    hidden = not edition.shows_all and any(1 <= row.n_real < FEW_PICTURED for row in chosen if row.class_name)
    rest = len(audit.measurements) - len(chosen)
    caption = (
        "Real against real: the same measure between real images and other real ones. How each interval was made is in "
        f"the methods. {rest:,} further measurements stand in the audit's own JSON."
    )
    rows = [_row(row, edition, hidden) for row in chosen]
    head = ("Measure", "Class", "Space", "Value", "95 % interval", "Real against real", "n real", "n synthetic")
    blocks.append(table(head, rows, (2.6, 1.1, 1.3, 0.9, 1.6, 1.1, 0.8, 1.0), caption))
    return Section("measurements", "Measurements", tuple(blocks))


def _is_main(row: Measurement) -> bool:
    return row.class_name is None or row.name == "label_agreement"


def _row(row: Measurement, edition: Edition, hidden: bool) -> tuple[str, ...]:
    few = not edition.shows_all and 1 <= row.n_real < 11
    say = percent if row.name in SHARES else number
    n_real = "withheld" if hidden and row.class_name and not few else edition.real(row.n_real)
    return (
        MEASURES.get(row.name, (row.name.replace("_", " ").capitalize(), ""))[0],
        clean(row.class_name) if row.class_name else "all",
        space(row.encoder),
        say(row.value) + (f" {row.unit}" if row.unit else ""),
        "–" if row.interval is None else " to ".join(map(say, row.interval)),
        "–" if row.floor is None or few else say(row.floor),
        n_real,
        f"{row.n_synthetic:,}",
    )


def _figures(stored: Stored, edition: Edition) -> Sequence[Figure]:
    """Return copy scores, values of the first two classes that may be averaged, and the spectrum."""
    audit, drawn = stored.audit, []
    if (scores := figures.copy_scores(audit)) is not None:
        drawn.append(
            Figure(
                scores, "Copy scores of synthetic images and of real ones, each without its own; dotted: the lowest."
            )
        )
    unit = clean(audit.cohort.get("unit", "intensity"))
    for row, label in enumerate(np.asarray(audit.drawings.get("histogram.labels", ())).astype(int)[:2]):
        averaged = findings.may_average(stored, edition, int(label))
        name = clean(stored.cohort.classes[label])
        values = figures.values(audit, row, f"Pixel values, {name}", unit, real=averaged)
        if values is not None:
            drawn.append(Figure(values, f"Pixel values of {name}." + ("" if averaged else " Too few hold-out images.")))
    everybody = all(findings.may_average(stored, edition, label) for label in range(len(stored.cohort.classes)))
    if everybody and (spectrum := figures.spectrum(audit)) is not None:
        drawn.append(Figure(spectrum, "Power by spatial frequency; the band holds nine in ten hold-out images."))
    return drawn
