"""The figures of a report, drawn from stored numbers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Audit, Floats, Map, Measurement, MissingMode
from ganaug_core.records.benefit import Difference
from ganaug_core.report.contour import crowded
from ganaug_core.report.drawing import (
    FAINT,
    INK,
    OTHER,
    PALE,
    PAPER,
    QUIET,
    REAL,
    SYNTHETIC,
    Box,
    Dot,
    Drawing,
    Frame,
    Line,
    Mark,
    Point,
    Word,
)
from ganaug_core.report.edition import real_scores
from ganaug_core.wording import clean, percent

WIDE, HALF = 500.0, 245.0  # points: the text's width on A4, and less than half of it
MOST_POINTS = 3000
FURTHEST = 2.5  # copy scores, in medians of real ones: next to a near-duplicate of the hold-out they have no end
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def flow(found: str, left_out: str, used: str, shares: Sequence[tuple[str, str]]) -> Drawing:
    """Draw the way from files to the three shares of images."""
    marks: list[Mark] = []
    marks += _step(0, 6, 150, "Found at import", found)
    marks += _step(175, 6, 150, "Used", used, strong=True)
    marks += _step(0, 78, 150, "Left out", left_out, dash="dash")
    marks += _arrow((150, 29), (175, 29))
    marks += _arrow((75, 52), (75, 78))
    for row, (name, words) in enumerate(shares):
        top = 6.0 + 42 * row
        marks += _step(350, top, 148, name, words, height=36)
        marks += _arrow((325, 29), (350, top + 18))
    return Drawing(WIDE, 130, tuple(marks))


def _step(
    x: float,
    y: float,
    width: float,
    title: str,
    words: str,
    *,
    height: float = 46,
    strong: bool = False,
    dash: str = "solid",
) -> list[Mark]:
    middle, size = x + width / 2, min(9.5, 1.6 * width / len(words))
    return [
        Box(x=x, y=y, width=width, height=height, fill=PALE if strong else PAPER, colour=QUIET, dash=dash),
        Word(x=middle, y=y + height / 2 - 4, text=title, size=8, anchor="middle", colour=QUIET),
        Word(
            x=middle,
            y=y + height / 2 + 9,
            text=words,
            size=size,
            anchor="middle",
            bold=True,
        ),
    ]


def _arrow(start: Point, end: Point) -> list[Mark]:
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    head = [(end[0] - 6 * math.cos(angle + turn), end[1] - 6 * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
    return [
        Line(points=(start, end), colour=QUIET),
        Line(points=(end, head[0], head[1]), colour=QUIET, closed=True, fill=QUIET),
    ]


def curves(
    history: Mapping[str, Sequence[float | None]], series: Mapping[str, tuple[str, str, str]], title: str, y: str
) -> Drawing | None:
    """Draw measures of a run over the images shown; None where there is nothing to draw.

    Args:
        series: By key of the history: name, colour, dash.
    """
    images = [float(value or 0) for value in history.get("images", ())]
    lines = {key: _pairs(images, history[key]) for key in series if key in history}
    lines = {key: pairs for key, pairs in lines.items() if len(pairs) > 1}
    if not lines:
        return None
    values = [value for pairs in lines.values() for _, value in pairs]
    low, high = _reach(values)
    frame = Frame(HALF, 156, (0, max(images) or 1), (low, high), top=27)
    for key, pairs in lines.items():
        _, colour, dash = series[key]
        frame.line([x for x, _ in pairs], [min(max(value, low), high) for _, value in pairs], colour, dash)
    frame.marks += _legend([(series[key][0], series[key][1], series[key][2]) for key in lines], frame.left, 20)
    frame.axes(title, "training images shown", y, _ticks(0, max(images), 4), _ticks(low, high, 4))
    return frame.drawing()


def _pairs(images: Sequence[float], values: Sequence[float | None]) -> list[tuple[float, float]]:
    return [
        (x, float(value)) for x, value in zip(images, values, strict=True) if value is not None and math.isfinite(value)
    ]


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """Return the range of an axis; single spikes run out of it, so that they do not flatten the rest."""
    low, high = (
        (float(end) for end in np.percentile(values, [1, 99])) if len(values) > 50 else (min(values), max(values))
    )
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


def feature_map(
    map_: Map, groups: Sequence[tuple[str, MissingMode]], *, width: float = WIDE, labels: bool = True
) -> Drawing:
    """Draw where real and synthetic images lie, and the missing groups of this feature space as outlines.

    Args:
        groups: Each with its letter.
    """
    height = 0.62 * width if labels else width
    low, high = map_.positions.min(0), map_.positions.max(0)
    margin = 0.04 * (high - low) + 1e-6
    frame = Frame(
        width, height, (float(low[0] - margin[0]), float(high[0] + margin[0])),
        (float(low[1] - margin[1]), float(high[1] + margin[1])),
        left=2, top=16 if labels else 2, right=2, bottom=2,
    )  # fmt: skip
    frame.marks.append(Box(x=2, y=frame.top, width=width - 4, height=height - frame.top - 2, fill=PAPER, colour=FAINT))
    synthetic = map_.roles == 3
    for rows, shape, colour, size in (
        (np.flatnonzero(~synthetic), "circle", "#9aa5b1", 1.3 if labels else 0.8),
        (np.flatnonzero(synthetic), "cross", SYNTHETIC, 1.7 if labels else 1.0),
    ):
        thinned = rows[:: max(1, math.ceil(len(rows) / (MOST_POINTS if labels else MOST_POINTS // 4)))]
        for row in thinned:
            x, y = frame.at(*map(float, map_.positions[row]))
            frame.marks.append(Dot(x=x, y=y, size=size, shape=shape, fill=colour))
    rows_of = {str(image): row for row, image in enumerate(map_.ids)}
    for letter, mode in groups:
        rows = np.array([rows_of[image] for image in mode.members or mode.exemplars if image in rows_of], np.int64)
        if len(rows) > 2:
            frame.marks += _outlined(frame, map_.positions[rows], letter, labels)
    if labels:
        frame.marks += _key([("real images", "circle", "#9aa5b1"), ("synthetic images", "cross", SYNTHETIC)], 2, 11)
        if groups:
            frame.marks.append(Word(x=190, y=11, text="outlined: where a missing group of real images lies", size=8))
    return frame.drawing()


def _outlined(frame: Frame, positions: Floats, letter: str, labels: bool) -> list[Mark]:
    """Return the outline of where most images of a group lie, with its letter where they are densest."""
    edges, densest = crowded(positions, (*frame.x, *frame.y))
    marks: list[Mark] = [
        Line(points=(frame.at(*start), frame.at(*end)), colour=INK, width=1.6 if labels else 1.2)
        for start, end in edges
    ]
    if labels:
        x, y = frame.at(*densest)
        marks.append(Dot(x=x, y=y, size=8, fill=PAPER, colour=INK))
        marks.append(Word(x=x, y=y + 3.2, text=letter, size=9, anchor="middle", bold=True))
    return marks


def shares(mode: MissingMode, width: float = HALF) -> Drawing:
    """Draw how often images of a group are real and synthetic, with the interval of the synthetic share."""
    most = max(mode.real_share, mode.interval[1], 1e-3)
    narrow = width < 150
    left, right, step = (2.0, width - 32, 36.0) if narrow else (62.0, width - 34, 18.0)
    marks: list[Mark] = []
    for row, (name, share, fill) in enumerate(
        (("real", mode.real_share, OTHER), ("synthetic", mode.synthetic_share, SYNTHETIC))
    ):
        top, length = 3.0 + step * row + (14 if narrow else 0), (right - left) * share / most
        name_at = (
            Word(x=left, y=top - 4, text=name) if narrow else Word(x=left - 5, y=top + 9.5, text=name, anchor="end")
        )
        marks += [name_at, Box(x=left, y=top, width=max(length, 0.8), height=12, fill=fill)]
        end = left + length
        if name == "synthetic":
            low, high = (left + (right - left) * value / most for value in mode.interval)
            marks.append(Line(points=((low, top + 6), (high, top + 6)), colour=INK, width=1.4))
            marks += [Line(points=((at, top + 3), (at, top + 9)), colour=INK, width=1.2) for at in (low, high)]
            end = max(end, high)
        marks.append(Word(x=end + 4, y=top + 9.5, text=percent(share), size=8))
    return Drawing(width, 76 if narrow else 38, tuple(marks))


def forest(
    rows: Sequence[tuple[str, Measurement]],
    title: str,
    x: str,
    *,
    limits: tuple[float, float] = (0, 1),
    reference: str = "",
) -> Drawing:
    """Draw values with their 95 % intervals, one below the other, beside what real images give against real ones."""
    frame = Frame(WIDE, 58.0 + 17 * len(rows), limits, (0, len(rows)), left=150, top=28, bottom=28)
    low, high = limits
    for number, (name, measured) in enumerate(rows):
        height = len(rows) - number - 0.5
        _, y = frame.at(low, height)
        frame.marks.append(Word(x=144, y=y + 3, text=clean(name)[:34], size=8, anchor="end"))
        if measured.interval is not None:
            ends = [frame.at(min(max(end, low), high), height)[0] for end in measured.interval]
            frame.marks.append(Line(points=((ends[0], y), (ends[1], y)), colour=SYNTHETIC, width=1.6))
        if measured.floor is not None and low <= measured.floor <= high:
            at, _ = frame.at(measured.floor, height)
            frame.marks.append(Dot(x=at, y=y, size=3.4, shape="square", fill=PAPER, colour=REAL))
        at, _ = frame.at(min(max(measured.value, low), high), height)
        frame.marks.append(Dot(x=at, y=y, size=3, fill=SYNTHETIC))
    frame.marks += _key([("synthetic images, 95 % interval", "circle", SYNTHETIC)], 150, 25)
    if reference:
        frame.marks += _key([(reference, "open", REAL)], 330, 25)
    frame.axes(title, x, "", _ticks(low, high, 5), ())
    return frame.drawing()


def copy_scores(audit: Audit) -> Drawing | None:
    """Draw how near synthetic images are to the training images, and how near real ones are that it lacks."""
    synthetic, real = np.asarray(audit.scores.get("synthetic", ()), float), real_scores(audit)
    synthetic = synthetic[np.isfinite(synthetic)]
    if not len(synthetic) or not len(real):
        return None
    low = float(min(synthetic.min(), real.min()))
    highest = float(max(synthetic.max(), real.max()))
    high = max(low, min(highest, FURTHEST * float(np.median(real))))  # what is beyond counts at the end
    edges = np.linspace(low, high + 1e-6, 41)
    sides = [np.histogram(np.minimum(values, high), edges)[0] / len(values) * 100 for values in (real, synthetic)]
    frame = Frame(HALF, 150, (low, high), (0, 1.12 * max(float(side.max()) for side in sides)))
    for side, colour, dash in ((sides[0], REAL, "dash"), (sides[1], SYNTHETIC, "solid")):
        frame.line(*_steps(edges, side), colour, dash)
    at, _ = frame.at(float(real.min()), 0)
    frame.marks.append(Line(points=((at, frame.top + 12), (at, 120)), colour=QUIET, dash="dot", width=1))
    frame.marks += _legend([("real images", REAL, "dash"), ("synthetic images", SYNTHETIC, "solid")], 44, 19)
    frame.axes(
        "Copy score", "to training over to hold-out; left is closer", "% of images", _ticks(low, high, 4),
        _ticks(0, frame.y[1], 3),
    )  # fmt: skip
    return frame.drawing()


def values(audit: Audit, row: int, title: str, unit: str, *, real: bool, small: bool = False) -> Drawing | None:
    """Draw how often each pixel value occurs in one class.

    Args:
        row: Of the class among those that were compared.
        real: Draw the hold-out images too.
    """
    if "histogram.edges" not in audit.drawings:
        return None
    edges = np.asarray(audit.drawings["histogram.edges"], float)
    sides = [("synthetic", SYNTHETIC, "solid")] + ([("holdout", REAL, "dash")] if real else [])
    shown = {side: 100 * np.asarray(audit.drawings[f"histogram.{side}"], float)[row] for side, _, _ in sides}
    most = 1.12 * max(float(share.max()) for share in shown.values()) or 1.0
    width, height = (100.0, 100.0) if small else (HALF, 150.0)
    frame = Frame(width, height, (float(edges[0]), float(edges[-1])), (0, most))
    if small:
        frame.left, frame.top, frame.right, frame.bottom = 4, 8, 4, 8
    for side, colour, dash in sides[::-1]:
        frame.line(*_steps(edges, shown[side]), colour, dash, 1.4 if small else 1.2)
    if small:
        return frame.drawing()
    names = {"synthetic": "synthetic images", "holdout": "hold-out images"}
    frame.marks += _legend([(names[side], colour, dash) for side, colour, dash in sides], 44, 19)
    frame.axes(title, unit, "% of pixels", _ticks(*frame.x, 4), _ticks(0, most, 3))
    return frame.drawing()


def spectrum(audit: Audit) -> Drawing | None:
    """Draw the power at each spatial frequency."""
    if "spectrum.frequency" not in audit.drawings:
        return None
    frequency = np.asarray(audit.drawings["spectrum.frequency"], float)
    sides = {side: np.asarray(audit.drawings[f"spectrum.{side}"], float) for side in ("holdout", "synthetic")}
    low, high = _reach([*sides["holdout"].ravel().tolist(), *sides["synthetic"][1].tolist()])
    frame = Frame(HALF, 150, (float(frequency.min()), float(frequency.max())), (low, high))
    band = [frame.at(float(x), float(y)) for x, y in zip(frequency, sides["holdout"][0], strict=True)]
    band += [frame.at(float(x), float(y)) for x, y in zip(frequency[::-1], sides["holdout"][2][::-1], strict=True)]
    frame.marks.append(Line(points=tuple(band), colour=PALE, closed=True, fill=PALE))
    for side, colour, dash in (("holdout", REAL, "dash"), ("synthetic", SYNTHETIC, "solid")):
        frame.line(frequency.tolist(), sides[side][1].tolist(), colour, dash)
    frame.marks += _legend([("hold-out", REAL, "dash"), ("synthetic", SYNTHETIC, "solid")], 44, 19)
    frame.axes(
        "Detail from coarse to fine", "cycles a pixel", "power, log 10", _ticks(*frame.x, 4), _ticks(low, high, 3)
    )
    return frame.drawing()


def benefit(differences: Sequence[tuple[str, Difference]], margin: float | None) -> Drawing:
    """Draw what each arm changes against classical augmentation alone, with its 95 % interval."""
    ends = [end for _, difference in differences for end in difference.interval]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    reach = 0.1 * (high - low) or 0.01
    low, high = low - reach, high + reach
    frame = Frame(WIDE, 52.0 + 17 * len(differences), (low, high), (0, len(differences)), left=150, top=22, bottom=28)
    for at_value, dash in ((0.0, "solid"), *([(-margin, "dot")] if margin and low < -margin else [])):
        at, _ = frame.at(at_value, 0)
        frame.marks.append(Line(points=((at, frame.top), (at, frame.height - 28)), colour=QUIET, dash=dash, width=0.9))
    for number, (name, difference) in enumerate(differences):
        height = len(differences) - number - 0.5
        (left, y), (right, _) = (frame.at(end, height) for end in difference.interval)
        at, _ = frame.at(difference.value, height)
        frame.marks += [
            Word(x=144, y=y + 3, text=clean(name)[:34], size=8, anchor="end"),
            Line(points=((left, y), (right, y)), colour=SYNTHETIC, width=1.6),
            Dot(x=at, y=y, size=3, fill=SYNTHETIC),
        ]
    title = "Change against classical augmentation alone"
    frame.axes(title, "change of AUROC on held-out images; right is better", "", _ticks(low, high, 6), ())
    return frame.drawing()


def _steps(edges: NDArray[np.float64], shares: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    return np.repeat(edges, 2)[1:-1].tolist(), np.repeat(shares, 2).tolist()


def _ticks(low: float, high: float, about: int) -> list[tuple[float, str]]:
    """Return round values between two ends with their words."""
    span = high - low
    if not span > 0:
        return [(low, f"{low:g}")]
    rough = span / about
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    values = [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
    return [(value, _short(value, step)) for value in values]


def _short(value: float, step: float) -> str:
    if abs(value) >= 1e6:
        return f"{value / 1e6:g} M"
    if abs(value) >= 10_000:
        return f"{value / 1000:g} k"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    return f"{0.0 if abs(value) < step / 1e6 else value:.{decimals}f}"


def _legend(lines: Sequence[tuple[str, str, str]], x: float, y: float) -> list[Mark]:
    marks: list[Mark] = []
    for name, colour, dash in lines:
        marks.append(Line(points=((x, y), (x + 16, y)), colour=colour, dash=dash, width=1.5))
        marks.append(Word(x=x + 19, y=y + 2.6, text=name, size=7))
        x += 27 + 3.7 * len(name)
    return marks


def _key(points: Sequence[tuple[str, str, str]], x: float, y: float) -> list[Mark]:
    marks: list[Mark] = []
    for name, shape, colour in points:
        hollow = shape == "open"
        marks.append(
            Dot(
                x=x + 4, y=y - 2.8, size=3.2, shape="square" if hollow else shape, fill=PAPER if hollow else colour,
                colour=colour if hollow else "",
            )
        )  # fmt: skip
        marks.append(Word(x=x + 11, y=y, text=name, size=8))
        x += 22 + 4.3 * len(name)
    return marks
