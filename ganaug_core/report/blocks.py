"""What a report is made of: sections of a few kinds of blocks, which HTML, PDF and JSON show alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ganaug_core.report.drawing import Drawing

STYLES = ("plain", "lead", "small", "warning", "heading")


@dataclass(frozen=True)
class Text:
    """A paragraph; `style` is one of `STYLES`."""

    text: str
    style: str = "plain"


@dataclass(frozen=True)
class Bullets:
    """Sentences, one below the other."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Names with what is known of them."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a head.

    Attributes:
        widths: Relative widths of the columns.
        caption: What is worth knowing about all of it, may be empty.
        small: Set in small type.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    caption: str = ""
    small: bool = False


@dataclass(frozen=True)
class Picture:
    """An image with its caption.

    Attributes:
        png: None where there is none; then `instead` stands in its place.
        real: It is an image of the cohort.
    """

    png: bytes | None
    caption: str
    real: bool = False
    instead: str = "nothing to show"


@dataclass(frozen=True)
class Pictures:
    """Images side by side, so many in a row."""

    pictures: tuple[Picture, ...]
    columns: int = 5


@dataclass(frozen=True)
class Figure:
    """A drawing and what it shows."""

    drawing: Drawing
    caption: str


@dataclass(frozen=True)
class Figures:
    """Drawings side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One verdict at a glance: its sign, its words, and what shows it."""

    title: str
    question: str
    state: str
    word: str
    shows: Picture | Figure


@dataclass(frozen=True)
class Tiles:
    """The verdicts side by side."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Listing:
    """Text to copy as it is; `title` says what it is. Paper cannot be copied from, so there it is left out."""

    title: str
    text: str


@dataclass(frozen=True)
class Together:
    """Blocks that stand on one page where they fit on one."""

    blocks: tuple["Block", ...]


Block = Text | Bullets | Facts | Table | Pictures | Figure | Figures | Tiles | Listing | Together


@dataclass(frozen=True)
class Section:
    """A part of the report; `name` is what `--without` calls it."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it, as this edition may say it.

    Attributes:
        edition: `outside` or `inside`.
        band: What stands in red on every page, empty where nothing does.
        note: What the edition shows and what it withholds, in a sentence.
        made: UTC, as people write it.
        software: Program and version.
        title: Of the file.
        left_out: Titles of sections that somebody left out.
        facts: What is the same for machines: cohort, synthetic, verdicts.
    """

    cohort: str
    synthetic: str
    edition: str
    band: str
    note: str
    made: str
    software: str
    title: str
    sections: tuple[Section, ...]
    left_out: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    caption: str = "",
    *,
    small: bool = False,
) -> Table:
    """Return a table of any sequences."""
    return Table(head=tuple(head), rows=tuple(map(tuple, rows)), widths=tuple(widths), caption=caption, small=small)
