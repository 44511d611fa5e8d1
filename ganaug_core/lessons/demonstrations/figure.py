"""What a demonstration shows: charts with a slider, all of whose positions were computed by our own code."""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from PIL import Image

from ganaug_core.records import Floats

Numbers = Sequence[float]
Position = TypeVar("Position")
Role = Literal["real", "synthetic", "plain"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line, or points, of a chart.

    Attributes:
        name: In the legend.
        role: `real`, `synthetic` or `plain`: colour and shape.
        x: Numbers; of points also a list of them for each position.
        y: Numbers where the slider moves nothing, else a list of them for each position.
        kind: `points` are drawn as such; `band` is drawn between y and `low`.
        follows: The slider's position is marked on it: y has one number for each position.
        upright: A line from below to above at the one number that y has for each position.
    """

    name: str
    role: Role
    x: Numbers | Sequence[Numbers]
    y: Numbers | Sequence[Numbers]
    kind: Literal["line", "dashes", "points", "band"] = "line"
    low: Numbers = ()
    follows: bool = False
    upright: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Axes and what is drawn between them; at most two roles.

    Attributes:
        x_names: Words below 0, 1, 2 ... of x instead of numbers.
        is_square: The same scale in both directions.
    """

    title: str
    x: str
    y: str
    lines: tuple[Line, ...]
    y_range: tuple[float, float] | None = None
    x_range: tuple[float, float] | None = None
    log_x: bool = False
    log_y: bool = False
    x_names: tuple[str, ...] = ()
    is_square: bool = False


@dataclass(frozen=True)
class Picture:
    """One small grey image.

    Attributes:
        pixels: A PNG in base64.
        says: Lines below it.
    """

    title: str
    pixels: str
    says: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Charts, or pictures, with one slider.

    Attributes:
        slider: What is moved.
        positions: Each position in words.
        begin: Where the slider stands at first.
        says: A sentence for each position, with the numbers that are seen there.
        pictures: Those of each position, empty where there are none.
        table: Rows below the figure, the first of them its head.
    """

    slider: str
    positions: tuple[str, ...]
    begin: int
    charts: tuple[Chart, ...]
    says: tuple[str, ...]
    pictures: tuple[tuple[Picture, ...], ...] = ()
    table: tuple[tuple[str, ...], ...] = ()


def with_slider(
    slider: str,
    at: Iterable[Position],
    word: Callable[[Position], str],
    begin: int,
    says: Iterable[str],
    *charts: Chart,
) -> Figure:
    """Return the figure of a slider that moves over `at`; `word` says one of its positions."""
    return Figure(slider=slider, positions=tuple(map(word, at)), begin=begin, charts=charts, says=tuple(says))


def followed(at: Iterable[float], lines: Mapping[str, tuple[Role, Iterable[float]]]) -> tuple[Line, ...]:
    """Return lines by name that have one number for each position of the slider, which is marked on them."""
    x = numbers(at)
    return tuple(Line(name=name, role=role, x=x, y=numbers(y), follows=True) for name, (role, y) in lines.items())


def png(image: Floats) -> str:
    """Return an image (row, column) in [-1, 1] as a grey PNG in base64."""
    grey = ((image.clip(-1, 1) + 1) * 127.5).round().astype("uint8")
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def numbers(values: object) -> list[float]:
    """Return an array or a list as numbers of five figures, as a file keeps them."""
    return [float(f"{float(value):.5g}") for value in values]  # type: ignore[attr-defined]


def short(value: float) -> str:
    """Return a number above 0 with two figures, from 100 on as a whole one: `0.0048`, `1.3`, `2,031`."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
