"""A drawing as SVG."""

from html import escape

from ganaug_core.report.drawing import DASHES, Box, Dot, Drawing, Line, Mark, Word


def svg(drawing: Drawing, alt: str, *, decorative: bool = False) -> str:
    """Return an SVG element without any address in it; `alt` says what it shows."""
    marks = "".join(map(_mark, drawing.marks))
    said = 'aria-hidden="true"' if decorative else f'role="img" aria-label="{escape(alt)}"'
    return (
        f'<svg viewBox="0 0 {drawing.width:g} {drawing.height:g}" style="max-width: {drawing.width * 4 / 3:.0f}px" '
        f"{said}>{marks}</svg>"
    )


def _mark(mark: Mark) -> str:
    if isinstance(mark, Line):
        return _line(mark)
    if isinstance(mark, Box):
        return (
            f'<rect x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" height="{mark.height:.1f}" '
            f'fill="{mark.fill or "none"}"{_stroke(mark.colour, mark.line, mark.dash)}/>'
        )
    if isinstance(mark, Word):
        bold = ' font-weight="700"' if mark.bold else ""
        return (
            f'<text x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size:g}" text-anchor="{mark.anchor}" '
            f'fill="{mark.colour}"{bold}>{escape(mark.text)}</text>'
        )
    return _dot(mark)


def _line(line: Line) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
    kind = "polygon" if line.closed else "polyline"
    return f'<{kind} points="{points}" fill="{line.fill or "none"}"{_stroke(line.colour, line.width, line.dash)}/>'


def _dot(dot: Dot) -> str:
    x, y, size = dot.x, dot.y, dot.size
    if dot.shape == "cross":
        arm = 2 * size
        path = f"M{x - size:.1f} {y - size:.1f}l{arm:.1f} {arm:.1f}m0 {-arm:.1f}l{-arm:.1f} {arm:.1f}"
        return f'<path d="{path}" stroke="{dot.fill}" stroke-width="{max(0.7, size / 3):.1f}"/>'
    stroke = _stroke(dot.colour, 1.3, "solid")
    if dot.shape == "square":
        return (
            f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:.1f}" height="{2 * size:.1f}" '
            f'fill="{dot.fill}"{stroke}/>'
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{dot.fill}"{stroke}/>'


def _stroke(colour: str, width: float, dash: str) -> str:
    if not colour:
        return ""
    dashes = f' stroke-dasharray="{" ".join(map(str, DASHES[dash]))}"' if DASHES[dash] else ""
    return f' stroke="{colour}" stroke-width="{width:g}"{dashes}'
