"""Drawings as a few marks, so that the same figure is SVG on a page and vectors in a PDF.

Lengths are points (1/72 inch), the origin is the upper left corner, y grows downwards. Colours differ in lightness, and
never alone: lines have dashes, points a shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Point = tuple[float, float]

INK, QUIET, FAINT, PALE, PAPER = "#1a1a1a", "#5f6670", "#c4c9cf", "#eceef0", "#ffffff"
SYNTHETIC, REAL, OTHER = "#b34700", "#0b3d66", "#7a8794"
STATES = {"pass": "#1b7340", "warn": "#8a5a00", "fail": "#a61c1c", "not_assessable": "#5f6670"}
DASHES: dict[str, tuple[float, ...]] = {"solid": (), "dash": (4, 2.5), "dot": (1, 2)}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points, or an area where it is `closed`."""

    points: tuple[Point, ...]
    colour: str = INK
    width: float = 1.0
    dash: str = "solid"
    closed: bool = False
    fill: str = ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    colour: str = ""
    line: float = 0.75
    dash: str = "solid"


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A point in one of three shapes: `circle`, `square`, `cross`."""

    x: float
    y: float
    size: float = 3.0
    shape: str = "circle"
    fill: str = INK
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class Word:
    """Text on one line; `anchor` is `start`, `middle` or `end`."""

    x: float
    y: float
    text: str
    size: float = 8.0
    anchor: str = "start"
    colour: str = INK
    bold: bool = False


Mark = Line | Box | Dot | Word


@dataclass(frozen=True)
class Drawing:
    """Marks on an area of points."""

    width: float
    height: float
    marks: tuple[Mark, ...]


@dataclass
class Frame:
    """A field with axes: places values, and collects what is drawn in it.

    Attributes:
        left, top, right, bottom: Edges of the field in points.
        x, y: Smallest and largest value of each axis.
    """

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 40.0
    top: float = 20.0
    right: float = 10.0
    bottom: float = 30.0
    marks: list[Mark] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """Return where a pair of values lies."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        inner_width, inner_height = self.width - self.left - self.right, self.height - self.top - self.bottom
        return self.left + across * inner_width, self.top + (1 - up) * inner_height

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, dash: str = "solid", width: float = 1.2
    ) -> None:
        """Draw a curve."""
        points = tuple(self.at(x, y) for x, y in zip(xs, ys, strict=True))
        if len(points) > 1:
            self.marks.append(Line(points=points, colour=colour, width=width, dash=dash))

    def axes(
        self, title: str, x: str, y: str, ticks_x: Sequence[tuple[float, str]], ticks_y: Sequence[tuple[float, str]]
    ) -> None:
        """Draw the field behind everything: title, axes with their names, and ticks (value and its words)."""
        left, right = self.left, self.width - self.right
        bottom = self.height - self.bottom
        behind: list[Mark] = [Word(x=2, y=11, text=title, size=9, bold=True)]
        for value, words in ticks_y:
            _, height = self.at(self.x[0], value)
            behind += [
                Line(points=((left, height), (right, height)), colour=PALE, width=0.75),
                Word(x=left - 4, y=height + 2.6, text=words, size=7, anchor="end", colour=QUIET),
            ]
        for value, words in ticks_x:
            across, _ = self.at(value, self.y[0])
            behind += [
                Line(points=((across, bottom), (across, bottom + 3)), colour=FAINT, width=0.75),
                Word(x=across, y=bottom + 11, text=words, size=7, anchor="middle", colour=QUIET),
            ]
        behind.append(Line(points=((left, bottom), (right, bottom)), colour=FAINT))
        if x:
            behind.append(
                Word(x=(left + right) / 2, y=self.height - 4, text=x, size=7.5, anchor="middle", colour=QUIET)
            )
        if y:
            behind.append(Word(x=right, y=11, text=y, size=7.5, anchor="end", colour=QUIET))
        self.marks[:0] = behind

    def drawing(self) -> Drawing:
        """Return what was drawn."""
        return Drawing(self.width, self.height, tuple(self.marks))


def sign(state: str, size: float = 18.0) -> Drawing:
    """Return the sign of a verdict's state: a shape of its own for each, so that grey paper tells them apart."""
    colour, half = STATES[state], size / 2
    unit = size / 18
    if state == "fail":
        corners = ((5, 1), (13, 1), (17, 5), (17, 13), (13, 17), (5, 17), (1, 13), (1, 5))
        shape: list[Mark] = [_area(corners, unit, colour, colour)]
        shape += [_stroke(ends, unit, PAPER) for ends in (((6, 6), (12, 12)), ((6, 12), (12, 6)))]
    elif state == "warn":
        shape = [_area(((9, 1.5), (17, 16), (1, 16)), unit, colour, PAPER), _stroke(((9, 6.5), (9, 11)), unit, colour)]
        shape.append(Dot(x=9 * unit, y=13.6 * unit, size=1.1 * unit, fill=colour))
    elif state == "pass":
        shape = [Dot(x=half, y=half, size=8 * unit, fill=PAPER, colour=colour)]
        shape.append(_stroke(((5.2, 9.3), (8, 12.2), (12.8, 6)), unit, colour))
    else:
        shape = [
            Box(x=1.5 * unit, y=1.5 * unit, width=15 * unit, height=15 * unit, fill=PAPER, colour=colour, line=1.5)
        ]
        shape.append(
            Word(x=half, y=half + 4 * unit, text="?", size=11 * unit, anchor="middle", colour=colour, bold=True)
        )
    return Drawing(size, size, tuple(shape))


def _area(corners: Sequence[Point], unit: float, colour: str, fill: str) -> Line:
    points = tuple((x * unit, y * unit) for x, y in corners)
    return Line(points=points, colour=colour, width=1.5 * unit, closed=True, fill=fill)


def _stroke(points: Sequence[Point], unit: float, colour: str) -> Line:
    return Line(points=tuple((x * unit, y * unit) for x, y in points), colour=colour, width=2 * unit)
