"""A drawing as a picture of pixels."""

import io

from PIL import Image, ImageDraw, ImageFont

from ganaug_core.report.drawing import PAPER, Box, Dot, Drawing, Line, Mark, Word

SCALE = 3.0  # pixels a point: 216 dots an inch
FINER = 2  # drawn so much larger, then averaged: edges become smooth
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def png(drawing: Drawing, scale: float = SCALE) -> bytes:
    """Return a PNG on white; dashes are drawn as whole lines."""
    unit = scale * FINER
    picture = Image.new("RGB", (round(drawing.width * unit), round(drawing.height * unit)), PAPER)
    pen = ImageDraw.Draw(picture)
    for mark in drawing.marks:
        _draw(pen, mark, unit)
    size = (round(drawing.width * scale), round(drawing.height * scale))
    buffer = io.BytesIO()
    dots = 72 * scale
    picture.resize(size, Image.Resampling.BOX).save(buffer, "PNG", dpi=(dots, dots))
    return buffer.getvalue()


def _draw(pen: ImageDraw.ImageDraw, mark: Mark, unit: float) -> None:
    match mark:
        case Line():
            points = [(x * unit, y * unit) for x, y in mark.points]
            if mark.closed and mark.fill:
                pen.polygon(points, fill=mark.fill)
            pen.line(
                [*points, *points[:1]] if mark.closed else points, fill=mark.colour, width=_width(mark.width, unit)
            )
        case Box():
            corners = [mark.x * unit, mark.y * unit, (mark.x + mark.width) * unit, (mark.y + mark.height) * unit]
            pen.rectangle(corners, fill=mark.fill or None, outline=mark.colour or None, width=_width(mark.line, unit))
        case Word():
            font = ImageFont.load_default(mark.size * unit)
            bold = _width(0.35, unit) if mark.bold else 0
            place = (mark.x * unit, mark.y * unit)
            pen.text(place, mark.text, fill=mark.colour, font=font, anchor=ANCHORS[mark.anchor], stroke_width=bold // 2)
        case Dot():
            _dot(pen, mark, unit)


def _dot(pen: ImageDraw.ImageDraw, dot: Dot, unit: float) -> None:
    x, y, size = dot.x * unit, dot.y * unit, dot.size * unit
    corners = [x - size, y - size, x + size, y + size]
    if dot.shape == "cross":
        width = _width(max(0.7, dot.size / 3), unit)
        pen.line([x - size, y - size, x + size, y + size], fill=dot.fill, width=width)
        pen.line([x - size, y + size, x + size, y - size], fill=dot.fill, width=width)
        return
    shape = pen.rectangle if dot.shape == "square" else pen.ellipse
    shape(corners, fill=dot.fill or None, outline=dot.colour or None, width=_width(0.8, unit))


def _width(points: float, unit: float) -> int:
    return max(1, round(points * unit))
