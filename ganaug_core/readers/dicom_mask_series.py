"""DICOM masks and the series that they belong to: a SEG or RTSTRUCT is no image, but marks slices of one."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganaug_core.config.importing import Choices
from ganaug_core.readers.guarded_decoding import Asked, Decoded, Decoders
from ganaug_core.readers.series import Member
from ganaug_core.records import Skipped

Masks = dict[int, dict[str, str]]
"""Packed masks of one series: by the place of the file, then by its frame."""
Areas = dict[int, int]


@dataclass(frozen=True)
class Drawing:
    """A SEG or RTSTRUCT file, and the digests of the series and frames of reference that it names."""

    path: Path
    name: str
    belongs: tuple[str, ...]


@dataclass(frozen=True)
class Marked:
    """What is marked of a series: packed masks, and areas in pixels of each file."""

    masks: Masks
    areas: Areas


def drawn_on(
    chains: Sequence[Sequence[Member]], drawings: Sequence[Drawing], decoders: Decoders
) -> Generator[Skipped, None, list[Marked | None]]:
    """Return what is marked of each series, None where nothing is; yield what became of each mask.

    The first mask of a series by its name is used. One that cannot be read costs nothing but itself.
    """
    work: list[tuple[int, Drawing]] = []
    taken_already: set[int] = set()
    for drawing in sorted(drawings, key=lambda each: each.name):
        places = [place for place, chain in enumerate(chains) if chain and chain[0].volume in drawing.belongs]
        free = [place for place in places if place not in taken_already]
        taken_already.update(free)
        work += [(place, drawing) for place in free]
        if not places:
            say = f"{drawing.name}: it is the mask of a series that is not there."
            yield Skipped(drawing.name, "mask", say, "Import it together with its images.")
        elif not free:
            say = f"{drawing.name}: it is a further mask of its series; the first one by its name is used."
            yield Skipped(drawing.name, "mask", say, "Put the one that you want there alone.")
    found: list[Marked | None] = [None] * len(chains)
    asked = ([Asked(each.path, each.name, planes=_planes(chains[place]))] for place, each in work)
    for (place, drawing), answer in zip(work, decoders.each(asked), strict=True):
        if isinstance(answer, Skipped):
            yield answer
        else:
            found[place] = _marked(chains[place], answer)
            yield _told(drawing, answer.facts)
    return found


def taken(
    chain: Sequence[Member], marked: Marked | None, choices: Choices
) -> list[tuple[Member, dict[str, str] | None]]:
    """Return the files of a series to read, in its order, each with the packed masks of its frames."""
    rows = list(range(len(chain)))
    if marked is not None and choices.needs_mask:
        rows = [row for row in rows if row in marked.masks]
        if choices.slices == "largest" and rows:
            rows = [max(rows, key=lambda row: marked.areas[row])]
    rows = rows[:: choices.every if len(chain) > 1 else 1]
    return [(chain[row], None if marked is None else marked.masks.get(row, {})) for row in rows]


def _frames(chain: Sequence[Member]) -> list[tuple[int, int]]:
    """Return the place of the file, and the frame, of each slice."""
    return [(row, frame) for row, member in enumerate(chain) for frame in range(len(member.facts["planes"]))]


def _planes(chain: Sequence[Member]) -> list[dict[str, Any]]:
    """Return where each slice lies; frames that share one description do not tell it."""
    return [
        {
            "shape": (member.facts["rows"], member.facts["columns"]),
            "position": plane["position"] if member.facts["frames"] == len(member.facts["planes"]) else None,
            "orientation": plane["orientation"],
            "spacing_mm": plane["spacing_mm"],
        }
        for member in chain
        for plane in member.facts["planes"]
    ]


def _marked(chain: Sequence[Member], answer: Decoded) -> Marked:
    slices = _frames(chain)
    masks: Masks = defaultdict(dict)
    areas: Areas = defaultdict(int)
    for number, packed in answer.facts["drawn"].items():
        row, frame = slices[int(number)]
        masks[row][str(frame)] = packed
        areas[row] = max(areas[row], answer.facts["areas"][number])
    return Marked(dict(masks), dict(areas))


def _told(drawing: Drawing, facts: dict[str, Any]) -> Skipped:
    labels = ", ".join(map(str, facts["labels"][:20]))
    say = f"{drawing.name}: it is no image, but marks {len(facts['drawn'])} slices of its series (regions {labels})."
    if facts["outside"]:
        say += f" {facts['outside']} of its {facts['total']} frames or contours lie on no slice."
    return Skipped(drawing.name, "mask", say, "Name the number of one region, if you want it alone.")
