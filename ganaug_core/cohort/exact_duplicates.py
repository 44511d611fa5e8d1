"""Exact duplicates: named and left out before anything is split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from ganaug_core.records import ROLES, Integers, Skipped, Slice


@dataclass(frozen=True)
class ExactDuplicates:
    """What is left of a set of images, and what it says about the rest.

    Attributes:
        kept: Rows to keep, ascending.
        skipped: The others, each with the image that it equals.
        pairs: (k, 2) rows that hold one image: their patients belong to one group.
        counts: `exact`: images that equal an earlier one; of them `across_split` and `across_classes`.
    """

    kept: list[int]
    skipped: list[Skipped]
    pairs: Integers
    counts: dict[str, int]


def exact(slices: Sequence[Slice], digests: Sequence[bytes]) -> ExactDuplicates:
    """Find images whose stored pixels are equal, by their SHA-256.

    Of equal images of one class the one in the most protected role stays (hold-out, then tuning, then train), so that
    no training image equals a hold-out image. The same image under two labels is left out whole: one label is wrong.
    """
    equal: dict[bytes, list[int]] = defaultdict(list)
    for row, digest in enumerate(digests):
        equal[digest].append(row)
    kept: list[int] = []
    skipped: list[Skipped] = []
    pairs: list[tuple[int, int]] = []
    counts = {"exact": 0, "across_split": 0, "across_classes": 0}
    for rows in equal.values():
        pairs += [(rows[0], row) for row in rows[1:]]
        counts["exact"] += len(rows) - 1
        counts["across_split"] += len({slices[row].role for row in rows}) - 1
        if len({slices[row].label for row in rows}) > 1:
            counts["across_classes"] += len(rows) - 1
            skipped += [_two_labels(slices, row, rows) for row in rows]
            continue
        protected = max(rows, key=lambda row: (_protection(slices[row].role), -row))
        kept.append(protected)
        skipped += [_again(slices[row], slices[protected]) for row in rows if row != protected]
    return ExactDuplicates(sorted(kept), skipped, np.array(pairs, np.int64).reshape(-1, 2), counts)


def _protection(role: str | None) -> int:
    return ROLES.index(role) if role else -1


def _again(duplicate: Slice, kept: Slice) -> Skipped:
    role = f" ({kept.role})" if kept.role != duplicate.role else ""
    say = f"It is the same image as {PurePath(kept.source).name}{role}."
    return Skipped(duplicate.source, "duplicate", say, "Nothing to do: one of them is enough.")


def _two_labels(slices: Sequence[Slice], row: int, rows: list[int]) -> Skipped:
    other = next(slices[equal] for equal in rows if slices[equal].label != slices[row].label)
    return Skipped(
        slices[row].source,
        "two_labels",
        f"The same image is there as {slices[row].label} and, in {PurePath(other.source).name}, as {other.label}.",
        "Decide which class is right, remove the other file and import again.",
    )
