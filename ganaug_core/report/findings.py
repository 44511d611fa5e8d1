"""What an audit found, in sentences, and what shows it: the front page and the evidence say the same."""

from collections.abc import Sequence

import numpy as np

from ganaug_core.records import ROLES, Audit, MissingMode, Suspect
from ganaug_core.report import figures
from ganaug_core.report.blocks import Block, Figure, Figures, Picture, Pictures
from ganaug_core.report.edition import FEW_PICTURED, WITHHELD, Edition
from ganaug_core.report.stored import Set, Stored
from ganaug_core.terms import VERDICTS, space, transform
from ganaug_core.wording import ALIKE, chance, clean, count, distance, percent

ROLE_WORDS = {"train": "training image", "tuning": "tuning image", "holdout": "hold-out image"}
WORST_FIRST = ("fail", "warn")
PAIRS = 5


def worst_verdict(audit: Audit) -> str | None:
    """Return the name of the verdict with the worst finding, None where nothing was found; copying comes first."""
    for state in WORST_FIRST:
        for name in VERDICTS:
            if audit.verdicts[name].state == state:
                return name
    return None


def letters(audit: Audit) -> list[tuple[str, MissingMode]]:
    """Return the missing groups, the one that most images lack first, each with the letter that it has everywhere."""
    by_lack = sorted(audit.missing_modes, key=lambda mode: mode.synthetic_share - mode.real_share)
    return [(figures.LETTERS[number % 26], mode) for number, mode in enumerate(by_lack)]


def group_in_words(letter: str, mode: MissingMode) -> str:
    """Return a missing group as a sentence."""
    made = "none" if not mode.synthetic_share else f"only {percent(mode.synthetic_share)}"
    low, high = map(percent, mode.interval)
    return (
        f"Group {letter}, class {clean(mode.class_name)}: {percent(mode.real_share)} of the real images are alike "
        f"{ALIKE.get(mode.encoder, mode.encoder)}, but {made} of the synthetic ones are like them (95 % interval {low} "
        f"to {high}, had this group been chosen beforehand; {chance(mode.p_value)}, corrected for all groups that were "
        "looked at)."
    )


def pairs(audit: Audit, ids: Sequence[str]) -> list[Suspect]:
    """Return the closest pairs, the named copies first, of each the nearest first."""
    listed = sorted((one for one in audit.suspects if one.is_listed), key=lambda one: (not one.identical, one.distance))
    others = sorted((one for one in audit.suspects if not one.is_listed), key=lambda one: one.distance)
    present = set(ids)
    return [one for one in (*listed, *others) if one.synthetic in present]


def pair_in_words(pair: Suspect) -> str:
    """Return how near a synthetic image is to the real one, and what lays one on the other."""
    how = transform(pair.transform)
    moved = "laid on it as it is" if how == "as it is" else f"after {how}"
    named = "named as a copy, " if pair.is_listed else ""
    return f"{named}distance {distance(pair.distance)} to a {ROLE_WORDS[pair.role]} {moved}"


def pair_pictures(stored: Stored, edition: Edition, pair: Suspect) -> tuple[Picture, ...]:
    """Return the synthetic image of a pair, and the real one beside it where that may be shown."""
    synthetic = edition.synthetic(stored.samples, pair.synthetic, f"Synthetic: {pair_in_words(pair)}")
    if not edition.shows_all:
        return (synthetic,)
    return synthetic, edition.of_cohort(stored.cohort, pair.real, f"Real: {ROLE_WORDS[pair.role]}")


def group_figure(found: Set, letter: str, mode: MissingMode, width: float = figures.HALF) -> Figure:
    """Return a group as an outline where a map shows it together, else as two shares."""
    map_ = found.map(mode.encoder)
    words = f"{percent(mode.real_share)} of real {clean(mode.class_name)}, {percent(mode.synthetic_share)} of synthetic"
    if map_ is not None and len(mode.members) > 2:
        drawn = figures.feature_map(map_, [(letter, mode)], width=width, labels=False)
        return Figure(drawn, f"Group {letter} outlined on the map by {space(mode.encoder)}: {words}")
    return Figure(figures.shares(mode, width), words)


def shows(stored: Stored, edition: Edition, verdict: str) -> Picture | Figure:
    """Return what shows a verdict at a glance."""
    audit = stored.audit
    if verdict == "copying":
        return _closest(stored, edition)
    if verdict == "mode_coverage":
        return _variety(stored)
    if verdict == "intensity":
        return _values(stored, edition)
    if verdict == "fidelity":
        return _first(stored, edition, audit.give_aways, "Told from real ones most surely")
    examples = audit.examples.get(verdict)
    return _first(stored, edition, examples.images if examples else (), "Its class is in doubt")


def _variety(stored: Stored) -> Picture | Figure:
    """Return the worst missing group, else the map of everything."""
    if groups := letters(stored.audit):
        return group_figure(stored.set, *groups[0], 100)
    if (map_ := stored.set.first_map) is None:
        return Picture(None, "No group is named as missing")
    return Figure(figures.feature_map(map_, [], width=100, labels=False), "Real dots, synthetic crosses")


def _closest(stored: Stored, edition: Edition) -> Picture:
    found = pairs(stored.audit, stored.samples.ids.tolist())
    if not found:
        return Picture(None, "No pair was compared")
    named = sum(one.is_listed for one in found)
    if named and not edition.shows_all:
        return Picture(None, f"{count(named, 'image')} named as copies", instead=WITHHELD)
    return edition.synthetic(stored.samples, found[0].synthetic, f"Closest: {pair_in_words(found[0])}")


def _first(stored: Stored, edition: Edition, images: Sequence[str], caption: str) -> Picture:
    """Return the first of some images that this edition may show, else the place of the first."""
    allowed = [image for image in images if edition.shows_all or image not in edition.withheld]
    if not images:
        return Picture(None, "No image shows it")
    return edition.synthetic(stored.samples, (allowed or list(images))[0], caption)


def _values(stored: Stored, edition: Edition) -> Picture | Figure:
    audit = stored.audit
    labels = np.asarray(audit.drawings.get("histogram.labels", ())).astype(int)
    if not len(labels):
        return Picture(None, "No pixel values were compared")
    rows = [row for row, label in enumerate(labels) if may_average(stored, edition, int(label))]
    row = rows[0] if rows else 0
    drawn = figures.values(audit, row, "", "", real=bool(rows), small=True)
    said = "hold-out dashed, synthetic solid" if rows else "synthetic"
    class_name = clean(stored.cohort.classes[labels[row]])
    return Figure(drawn, f"Pixel values of {class_name}: {said}") if drawn else Picture(None, "No pixel values")


def may_average(stored: Stored, edition: Edition, label: int) -> bool:
    """Whether something that is averaged over the hold-out images of a class may be drawn."""
    counted = int(((stored.cohort.labels == label) & (stored.cohort.roles == ROLES.index("holdout"))).sum())
    return edition.shows_all or counted >= FEW_PICTURED


def evidence(stored: Stored, edition: Edition, verdict: str) -> Block | None:
    """Return what shows a finding larger than its tile does; None where the tile says all."""
    if verdict == "mode_coverage" and (groups := letters(stored.audit)):
        letter, mode = groups[0]
        if edition.shows_all:
            images = mode.exemplars[:5]
            return Pictures(tuple(edition.of_cohort(stored.cohort, one, f"Real, of group {letter}") for one in images))
        shares = Figure(figures.shares(mode), f"Share of group {letter} among real and synthetic images.")
        on_map = stored.set.map(mode.encoder) is not None and len(mode.members) > 2
        return Figures((group_figure(stored.set, letter, mode), shares)) if on_map else shares
    if verdict == "copying" and edition.shows_all:
        found = pairs(stored.audit, stored.samples.ids.tolist())[:2]
        pictured = tuple(one for pair in found for one in pair_pictures(stored, edition, pair))
        return Pictures(pictured, 4) if pictured else None
    if verdict == "copying" and (drawn := figures.copy_scores(stored.audit)) is not None:
        return Figure(drawn, "How near synthetic images are to the training images, and how near real ones are.")
    if verdict == "fidelity":
        return _several(stored, edition, stored.audit.give_aways, "Told from real ones")
    examples = stored.audit.examples.get(verdict)
    return _several(stored, edition, examples.images, edition.text(examples.says)) if examples else None


def _several(stored: Stored, edition: Edition, images: Sequence[str], caption: str) -> Pictures | None:
    allowed = [image for image in images if edition.shows_all or image not in edition.withheld][:5]
    shown = tuple(
        edition.synthetic(stored.samples, image, caption if not row else "") for row, image in enumerate(allowed)
    )
    return Pictures(shown) if shown else None
