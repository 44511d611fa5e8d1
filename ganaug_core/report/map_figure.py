"""A feature map as a figure for paper: shape says the role, colour the class, and below stands how faithful it is."""

from collections.abc import Sequence
from html import escape

import numpy as np

from ganaug_core.records import ROLES, Map
from ganaug_core.report.drawing import FAINT, INK, PAPER, QUIET, Box, Dot, Drawing, Frame, Mark, Word
from ganaug_core.report.svg import svg
from ganaug_core.wording import clean, count, percent

WIDTH = 720.0  # points
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5f6670", "#8c510a")
"""Of the classes on white paper, told apart by colour-blind people too. Source: Okabe and Ito, 2008, Color Universal
Design, without its yellow and black, and two more."""
NAMES = {"train": "training", "tuning": "tuning", "holdout": "hold-out", "synthetic": "synthetic"}
SYNTHETIC = len(ROLES)
_LINE = 14.0


def drawing(map_: Map, space: str) -> Drawing:
    """Return the figure of a map.

    Args:
        space: The feature space in words.
    """
    roles = [number for number in (*range(SYNTHETIC), SYNTHETIC) if (map_.roles == number).any()]
    classes = [clean(name) for name in map_.classes]
    rows = _wrapped(classes, WIDTH - 16)
    top, bottom = 24 + _LINE * (1 + len(rows)), 40.0
    low, high = map_.positions.min(0), map_.positions.max(0)
    margin = 0.03 * (high - low) + 1e-6
    span = high - low + 2 * margin
    field = min(1.0, max(0.5, float(span[1] / span[0]))) * (WIDTH - 4)
    centre = (high + low) / 2
    unit = max(float(span[0]) / (WIDTH - 4), float(span[1]) / field)  # one scale for both axes
    half = (unit * (WIDTH - 4) / 2, unit * field / 2)
    frame = Frame(
        WIDTH, top + field + bottom, (float(centre[0] - half[0]), float(centre[0] + half[0])),
        (float(centre[1] - half[1]), float(centre[1] + half[1])), left=2, top=top, right=2, bottom=bottom,
    )  # fmt: skip
    frame.marks.append(Box(x=2, y=top, width=WIDTH - 4, height=field, fill=PAPER, colour=FAINT))
    size = 1.4 if len(map_.ids) > 6000 else 2.0
    for role in roles:
        for row in np.flatnonzero(map_.roles == role):
            x, y = frame.at(*map(float, map_.positions[row]))
            frame.marks.append(_dot(role, x, y, size, COLOURS[int(map_.labels[row]) % len(COLOURS)]))
    frame.marks += _heading(map_, space, roles, rows)
    frame.marks += _foot(map_, top + field)
    return frame.drawing()


def as_svg(map_: Map, space: str) -> bytes:
    """Return the figure as a file of its own."""
    figure = drawing(map_, space)
    size = f'width="{figure.width:g}pt" height="{figure.height:g}pt" font-family="Helvetica, Arial, sans-serif"'
    paper = f'<rect width="{figure.width:g}" height="{figure.height:g}" fill="{PAPER}"/>'
    alt = f"Feature map of {clean(map_.cohort)} and {clean(map_.synthetic)}"
    content = svg(figure, alt).replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" {size} ', 1)
    start = content.index(">") + 1
    return f"{content[:start]}<title>{escape(alt)}</title>{paper}{content[start:]}".encode()


def _heading(map_: Map, space: str, roles: Sequence[int], rows: Sequence[Sequence[int]]) -> list[Mark]:
    title = f"Feature map of {clean(map_.cohort)} and {clean(map_.synthetic)}"
    marks: list[Mark] = [
        Word(x=2, y=12, text=title, size=11, bold=True),
        Word(x=WIDTH - 2, y=12, text=f"feature space: {clean(space)}", size=8, anchor="end", colour=QUIET),
    ]
    across = 6.0
    for role in roles:
        name = NAMES[(*ROLES, "synthetic")[role]]
        text = f"{name} ({(map_.roles == role).sum():,})"
        marks += [_dot(role, across, 25.0, 3.0, INK), Word(x=across + 8, y=28, text=text, size=8)]
        across += 28 + 4.4 * len(text)
    for line, labels in enumerate(rows):
        across, down = 6.0, 28 + _LINE * (line + 1)
        for label in labels:
            name = clean(map_.classes[label])
            marks.append(Dot(x=across, y=down - 3, size=3.2, fill=COLOURS[label % len(COLOURS)]))
            marks.append(Word(x=across + 8, y=down, text=name, size=8))
            across += 28 + 4.4 * len(name)
    return marks


def _foot(map_: Map, edge: float) -> list[Mark]:
    sentences = (
        f"Of the 15 nearest neighbours of a real image in the feature space {percent(map_.neighbour_hit_rate)} are "
        f"neighbours here; trustworthiness {map_.trustworthiness:.2f} of 1. Distances between distant groups mean "
        "nothing.",
        f"Synthetic images are no patients; each lies between its nearest real ones. {count(len(map_.ids), 'image')}. "
        "Research use only, not for diagnosis.",
    )
    return [
        Word(x=2, y=edge + 13 + 11 * line, text=text, size=7.5, colour=QUIET) for line, text in enumerate(sentences)
    ]


def _wrapped(names: Sequence[str], width: float) -> list[list[int]]:
    """Return the classes in lines that fit."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for label, name in enumerate(names):
        needed = 28 + 4.4 * len(name)
        if rows[-1] and used + needed > width:
            rows.append([])
            used = 0.0
        rows[-1].append(label)
        used += needed
    return rows


def _dot(role: int, x: float, y: float, size: float, colour: str) -> Dot:
    """Return a point in the shape of its role; those of the hold-out share and the tuning share are hollow."""
    if role == SYNTHETIC:
        return Dot(x=x, y=y, size=1.3 * size, shape="cross", fill=colour)
    if role == 0:
        return Dot(x=x, y=y, size=size, fill=colour)
    return Dot(x=x, y=y, size=size, shape="square" if role == 1 else "circle", fill=PAPER, colour=colour)
