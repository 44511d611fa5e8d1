"""DICOM masks and the series that they belong to: a SEG or RTSTRUCT is no image, but marks slices of one."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganaug_core.config.importing import Choices
from ganaug_core.readers.guarded_decoding import Decoded, Decoders, FileRequest
from ganaug_core.readers.series import Member
from ganaug_core.records import Skipped

Masks = dict[int, dict[str, str]]
"""Packed masks of one series: by the number of the file, then by its frame."""
Areas = dict[int, int]


@dataclass(frozen=True)
class MaskFile:
    """A SEG or RTSTRUCT file, and the digests of the series and frames of reference that it names."""

    path: Path
    name: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class SeriesMasks:
    """Packed masks of a series, and their areas in pixels by file."""

    masks: Masks
    areas: Areas


def read_masks(
    all_series: Sequence[Sequence[Member]], mask_files: Sequence[MaskFile], decoders: Decoders
) -> Generator[Skipped, None, list[SeriesMasks | None]]:
    """Return the masks of each series, None where it has none; yield what became of each mask file.

    The first mask of a series by its name is used. One that cannot be read costs nothing but itself.
    """
    pairs: list[tuple[int, MaskFile]] = []
    has_mask: set[int] = set()
    for mask_file in sorted(mask_files, key=lambda file: file.name):
        marked = [number for number, members in enumerate(all_series) if _belongs(mask_file, members)]
        unmarked = [number for number in marked if number not in has_mask]
        has_mask.update(unmarked)
        pairs += [(number, mask_file) for number in unmarked]
        if not marked:
            say = f"{mask_file.name}: it is the mask of a series that is not there."
            yield Skipped(mask_file.name, "mask", say, "Import it together with its images.")
        elif not unmarked:
            say = f"{mask_file.name}: it is a further mask of its series; the first one by its name is used."
            yield Skipped(mask_file.name, "mask", say, "Put the one that you want there alone.")
    masks: list[SeriesMasks | None] = [None] * len(all_series)
    requests = ([FileRequest(file.path, file.name, planes=_planes(all_series[number]))] for number, file in pairs)
    for (number, mask_file), answer in zip(pairs, decoders.read(requests), strict=True):
        if isinstance(answer, Skipped):
            yield answer
        else:
            masks[number] = _by_file(all_series[number], answer)
            yield _notice(mask_file, answer.facts)
    return masks


def _belongs(mask_file: MaskFile, members: Sequence[Member]) -> bool:
    return bool(members) and members[0].volume in mask_file.references


def chosen(
    members: Sequence[Member], masks: SeriesMasks | None, choices: Choices
) -> list[tuple[Member, dict[str, str] | None]]:
    """Return the files of a series to read, in its order, each with the packed masks of its frames."""
    rows = list(range(len(members)))
    if masks is not None and choices.needs_mask:
        rows = [row for row in rows if row in masks.masks]
        if choices.slices == "largest" and rows:
            rows = [max(rows, key=lambda row: masks.areas[row])]
    rows = rows[:: choices.every if len(members) > 1 else 1]
    return [(members[row], None if masks is None else masks.masks.get(row, {})) for row in rows]


def _frames(members: Sequence[Member]) -> list[tuple[int, int]]:
    """Return the number of the file, and the frame, of each slice."""
    return [(row, frame) for row, member in enumerate(members) for frame in range(len(member.facts["planes"]))]


def _planes(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Return where each slice lies; frames that share one description do not tell it."""
    return [
        {
            "shape": (member.facts["rows"], member.facts["columns"]),
            "position": plane["position"] if member.facts["frames"] == len(member.facts["planes"]) else None,
            "orientation": plane["orientation"],
            "spacing_mm": plane["spacing_mm"],
        }
        for member in members
        for plane in member.facts["planes"]
    ]


def _by_file(members: Sequence[Member], answer: Decoded) -> SeriesMasks:
    slices = _frames(members)
    masks: Masks = defaultdict(dict)
    areas: Areas = defaultdict(int)
    for number, packed in answer.facts["packed_masks"].items():
        row, frame = slices[int(number)]
        masks[row][str(frame)] = packed
        areas[row] = max(areas[row], answer.facts["areas"][number])
    return SeriesMasks(dict(masks), dict(areas))


def _notice(mask_file: MaskFile, facts: dict[str, Any]) -> Skipped:
    labels = ", ".join(map(str, facts["labels"][:20]))
    count = len(facts["packed_masks"])
    say = f"{mask_file.name}: it is no image, but marks {count} slices of its series (regions {labels})."
    if facts["outside"]:
        say += f" {facts['outside']} of its {facts['total']} frames or contours lie on no slice."
    return Skipped(mask_file.name, "mask", say, "Name the number of one region, if you want it alone.")
