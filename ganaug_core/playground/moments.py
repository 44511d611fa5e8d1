"""What is seen of a game: a stream of moments of equal length, written while it is played and read by the page.

    one line of JSON (`Header`), then for each moment
    float32 curves, int16 points (n, 2), int16 image of the latent grid (g, g, 2), uint8 discriminator (f, f),
    uint8 optimal discriminator (f, f), int8 arrows (a, 2)

Points are in units of 1 / 320; rows of a field go up, and its values are multiples of 4: what packs well.
"""

import json
import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganaug_core.errors import ConfigurationError
from ganaug_core.records import Floats

FRAMES = 200
POINTS, GRID, FIELD, ARROWS = 300, 11, 28, 60
UNIT = 320.0  # a third of a pixel on a plane of 330
CURVES = (
    *("modes", "quality", "divergence", "distance", "discriminator_loss", "generator_loss"),
    *("discriminator_gradient", "generator_gradient", "push", "real", "fake"),
)
_LAYOUT = np.dtype(
    [
        ("curves", "<f4", (len(CURVES),)),
        ("points", "<i2", (POINTS, 2)),
        ("grid", "<i2", (GRID, GRID, 2)),
        ("field", "u1", (FIELD, FIELD)),
        ("optimum", "u1", (FIELD, FIELD)),
        ("arrows", "i1", (ARROWS, 2)),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is seen at one step.

    Attributes:
        curves: A number for each of `CURVES`: modes reached; share of points within three deviations of a mode;
            Jensen-Shannon divergence of truth and generator, both smoothed, in nats, at most log 2; distance of the
            means of both; losses and gradient norms of the weights since the last moment; `push`, the mean length of
            the generator's gradient at a generated point; mean D of real and generated points, not a number where the
            loss knows no probability.
        points: (n, 2) what the generator makes of the same latents at each moment.
        grid: (g, g, 2) where it puts a grid of latents.
        field: (f, f) the discriminator in [0, 1], rows from below: D itself, or the critic's logit about its mean.
        optimum: (f, f) p / (p + q) of the smoothed densities.
        arrows: (a, 2) where the generator's loss pushes the first points, the longest of length 1.
    """

    curves: Mapping[str, float]
    points: Floats
    grid: Floats
    field: Floats
    optimum: Floats
    arrows: Floats

    def to_bytes(self) -> bytes:
        row = np.zeros((), _LAYOUT)
        row["curves"] = [self.curves[name] for name in CURVES]
        for name, values in (("points", self.points), ("grid", self.grid)):
            row[name] = np.clip(np.nan_to_num(values, nan=9) * UNIT, -32767, 32767).round()
        for name, values in (("field", self.field), ("optimum", self.optimum)):
            row[name] = 4 * np.clip(np.nan_to_num(values, nan=0.5) * 63, 0, 63).round()
        row["arrows"] = np.clip(np.nan_to_num(self.arrows) * 127, -127, 127).round()
        return row.tobytes()


@dataclass(frozen=True)
class Recording:
    """A game that was played, as it is kept and sent.

    Attributes:
        header: `game`, `steps` of each moment, `modes_there`, `probability` (whether the field is D), `real` points in
            units of 1 / 320, and how moments are laid out.
        moments: Structured array, one row a moment.
    """

    header: Mapping[str, Any]
    moments: np.ndarray[Any, Any]

    def curve(self, name: str) -> Floats:
        """Return (moment,) of one of `CURVES`."""
        values: Floats = self.moments["curves"][:, CURVES.index(name)]
        return values

    @property
    def points(self) -> Floats:
        """What was generated, (moment, n, 2)."""
        points: Floats = (self.moments["points"] / UNIT).astype(np.float32)
        return points

    def stream(self) -> bytes:
        """Return it as it came."""
        return first_line(self.header) + self.moments.tobytes()

    def to_bytes(self) -> bytes:
        """Return it packed, each kind of number by itself; the same recording gives the same bytes."""
        columns = (np.ascontiguousarray(self.moments[name]).tobytes() for name in _LAYOUT.names or ())
        return lzma.compress(first_line(self.header) + b"".join(columns))


def layout() -> dict[str, Any]:
    """Return what a reader of the stream has to know."""
    sizes = {"points": POINTS, "grid": GRID, "field": FIELD, "arrows": ARROWS}
    return {**sizes, "bytes": _LAYOUT.itemsize, "curves": list(CURVES), "unit": UNIT}


def collect(stream: Iterable[bytes]) -> Recording:
    """Return the recording of a stream that has ended."""
    line, _, rows = b"".join(stream).partition(b"\n")
    return Recording(json.loads(line), np.frombuffer(rows, _LAYOUT))


def load(path: Path) -> Recording:
    """Return a recording that `Recording.to_bytes` wrote.

    Raises:
        ConfigurationError: The file is not one, or damaged.
    """
    try:
        return _read(lzma.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, KeyError, lzma.LZMAError) as error:
        raise ConfigurationError(
            f"{path.name} is not a game of the playground, or it is damaged.", do="Play it again.", code="damaged"
        ) from error


def first_line(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, separators=(",", ":")).encode() + b"\n"


def _read(data: bytes) -> Recording:
    """Return the recording that was packed by kinds of numbers."""
    line, _, columns = data.partition(b"\n")
    header = json.loads(line)
    moments, start = np.zeros(len(header["steps"]), _LAYOUT), 0
    for name in _LAYOUT.names or ():
        column = moments[name]
        moments[name] = np.frombuffer(columns, column.dtype, column.size, start).reshape(column.shape)
        start += column.nbytes
    return Recording(header, moments)
