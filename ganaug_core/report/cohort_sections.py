"""From the files that were found to the images that were used, and how these were split."""

from collections import Counter

import numpy as np

from ganaug_core.records import MASK, ROLES, UNKNOWN_PATIENT, Cohort
from ganaug_core.records.disclosure import few
from ganaug_core.records.subgroups import LEAST, WITHHELD
from ganaug_core.report import figures
from ganaug_core.report.blocks import Block, Bullets, Facts, Figure, Section, Text, table
from ganaug_core.report.edition import Edition
from ganaug_core.report.stored import Stored
from ganaug_core.wording import clean, number

SHARES = {"train": "Training", "tuning": "Tuning", "holdout": "Hold-out"}
USES = {
    "train": "what generators learn from",
    "tuning": "by which checkpoints are chosen",
    "holdout": "kept back from training; only the audit and other tests look at it",
}


def flow(stored: Stored, edition: Edition) -> Section:
    """Say how many files were found, left out and used."""
    cohort = stored.cohort
    left_out = [entry for entry in stored.left_out if not entry.is_read and not entry.code.startswith(MASK)]
    odd = [entry for entry in stored.left_out if entry.is_read]
    used, away = edition.real(len(cohort)), edition.real(len(left_out))
    shares = [(name, f"{edition.real(len(cohort.where(role)))} images") for role, name in enumerate(SHARES.values())]
    drawing = figures.flow(f"{used} images + {away} others", f"{away} files or images", f"{used} images", shares)
    blocks: list[Block] = [
        Figure(drawing, "From what was found at import to the images that were used, and their three shares.")
    ]
    by_reason = Counter(edition.text(f"{entry.say} {entry.do}") for entry in left_out)
    if by_reason:
        rows = [(edition.real(times), reason) for reason, times in by_reason.most_common(12)]
        rest = len(by_reason) - len(rows)
        caption = f"{rest} rarer reasons are not listed." if rest > 0 else ""
        blocks.append(table(("Left out", "Why, and what would help"), rows, (1, 5), caption))
    if odd:
        blocks.append(Text(f"{edition.real(len(odd))} series or volumes were used though something is odd about them."))
    blocks.append(Facts(tuple(_facts(cohort, edition))))
    if notes := [edition.text(note) for note in cohort.provenance.get("images", ())]:
        blocks.append(Bullets(tuple(notes)))
    return Section("flow", "From files to images", tuple(blocks))


def _facts(cohort: Cohort, edition: Edition) -> list[tuple[str, str]]:
    channels, rows, columns = cohort.shape
    low, high = map(number, (cohort.intensity.low, cohort.intensity.high))
    spacing = cohort.spacing_mm
    return [
        ("Images", f"{rows} x {columns} pixels, {'in colour' if channels == 3 else 'one channel'}"),
        ("Values", f"{low} to {high} {clean(cohort.intensity.unit)}"),
        ("Pixel spacing", f"{spacing[0]:g} x {spacing[1]:g} mm" if spacing else "not known"),
        ("Modality", clean(cohort.modality) or "not known"),
        ("Exact duplicates left out", edition.real(cohort.duplicates.get("exact", 0))),
        ("Pairs of near-duplicates", edition.real(len(cohort.near_duplicates))),
        ("Of these on two sides of the split", edition.real(_across(cohort))),
        ("Images with a mask", edition.real(len(cohort.with_mask()))),
    ]


def split(stored: Stored, edition: Edition) -> Section:
    """Say how the images were split, by class."""
    cohort = stored.cohort
    counts = np.array(
        [[len(cohort.where(role, label=label)) for role in range(len(ROLES))] for label in range(len(cohort.classes))]
    )
    shown = [[f"{value:,}" for value in row] for row in counts] if edition.shows_all else small_withheld(counts)
    rows = [(clean(name), *row) for name, row in zip(cohort.classes, shown, strict=True)]
    rows.append(("All classes", *(edition.real(len(cohort.where(role))) for role in range(len(ROLES)))))
    known = bool((cohort.patients != UNKNOWN_PATIENT).all())
    if known:
        patients = [len(np.unique(cohort.patients[cohort.where(role)])) for role in range(len(ROLES))]
        rows.append(("Patients", *map(edition.real, patients)))
    how = "The split came with the source." if cohort.own_split else "ganaug drew the split at random."
    uses = [f"{SHARES[role]}: {use}." for role, use in USES.items()]
    blocks: list[Block] = [
        Text(f"{how} {_sides(cohort, edition)}"),
        table(("Class", *SHARES.values()), rows, (3, 1, 1, 1)),
        Bullets(tuple(uses)),
    ]
    if not edition.shows_all and any(WITHHELD in row for row in shown):
        blocks.append(Text("“withheld”: the number would follow from the others and tell of a few.", "small"))
    return Section("split", "Split", tuple(blocks))


def _across(cohort: Cohort) -> int:
    """Return how many pairs of near-duplicates lie on two sides of the split."""
    sides = cohort.roles[cohort.near_duplicates]
    return int((sides[:, 0] != sides[:, 1]).sum()) if len(sides) else 0


def _sides(cohort: Cohort, edition: Edition) -> str:
    """Say who counts in tests, and whether somebody has images on two sides."""
    if (cohort.patients == UNKNOWN_PATIENT).any():
        return "Patients are not known for all images: tests count images, of which near-duplicates count once."
    roles = [set(cohort.patients[cohort.where(role)].tolist()) for role in range(len(ROLES))]
    shared = len(roles[0] & roles[1] | roles[0] & roles[2] | roles[1] & roles[2])
    if not shared:
        return "Tests count patients; no patient is on two sides."
    return f"Tests count patients; patients with images on two sides: {edition.real(shared)}."


def small_withheld(counts: np.ndarray) -> list[list[str]]:
    """Return counts (class, share) in words so that no number from 1 to 10 is said or follows from a share's sum.

    Where one class of a share is that small, its number would be the sum less the others; the next smallest is then
    withheld too.
    """
    shown = [[few(int(value)) for value in row] for row in counts]
    for share in range(counts.shape[1]):
        column = counts[:, share]
        if ((column >= 1) & (column < LEAST)).sum() == 1:
            others = np.flatnonzero(column >= LEAST)
            if len(others):
                shown[int(others[column[others].argmin()])][share] = WITHHELD
    return shown
