"""A report as PDF: A4, embedded fonts, figures as vectors; no browser and no system library.

Latin, Greek and Cyrillic come from Noto Sans, Chinese, Japanese and Korean from a part of Noto Sans CJK. Letters that
both lack (Arabic, Thai, rare characters) are printed as their Unicode number, such as [U+0645]; HTML shows them.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepInFrame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Image as Raster
from reportlab.platypus import Table as Grid

from ganaug_core import app_root
from ganaug_core.report.blocks import (
    Block,
    Bullets,
    Facts,
    Figure,
    Figures,
    Listing,
    Picture,
    Pictures,
    Report,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    Together,
)
from ganaug_core.report.drawing import DASHES, STATES, Box, Dot, Drawing, Line, Word, sign
from ganaug_core.report.html import RESEARCH

REGULAR, BOLD, CJK = "NotoSans", "NotoSans-Bold", "NotoSansCJK"
MARGIN, TOP, BOTTOM = 15 * mm, 17 * mm, 17 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, QUIET, RULE, RED = "#1a1a1a", "#5f6670", "#c4c9cf", "#a61c1c"


def as_pdf(report: Report) -> bytes:
    """Return the file."""
    _letters()
    data = io.BytesIO()
    document = BaseDocTemplate(
        data, pagesize=A4, title=report.title, author=report.software, subject=f"Cohort {report.cohort}", lang="en",
        leftMargin=MARGIN, rightMargin=MARGIN, topMargin=TOP, bottomMargin=BOTTOM,
    )  # fmt: skip
    frame = Frame(MARGIN, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=lambda canvas, _: _edges(canvas, report)))
    document.build(_story(report), canvasmaker=_Numbered)
    return data.getvalue()


@lru_cache(maxsize=1)
def _letters() -> tuple[frozenset[int], frozenset[int]]:
    """Register the fonts; return the letters of Noto Sans, and those of its Chinese, Japanese and Korean part."""
    folder = app_root() / "assets" / "fonts"
    fonts = [TTFont(name, folder / f"{file}.ttf") for name, file in _FILES.items()]
    for font in fonts:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)
    regular, bold, cjk = (frozenset(font.face.charToGlyph) for font in fonts)
    return regular & bold, cjk


_FILES = {REGULAR: "NotoSans-Regular", BOLD: "NotoSans-Bold", CJK: "NotoSansCJK-Part"}


def printable(text: str) -> str:
    """Return text with the number of each letter that all fonts lack in its place."""
    latin, cjk = _letters()
    return "".join(letter if ord(letter) in latin | cjk else f"[U+{ord(letter):04X}]" for letter in text)


def _runs(text: str, font: str) -> list[tuple[str, str]]:
    """Return the pieces of a printable text, each with the font that has its letters."""
    latin, _ = _letters()
    pieces = groupby(printable(text), lambda letter: font if ord(letter) in latin else CJK)
    return [(name, "".join(letters)) for name, letters in pieces]


def _write(canvas: Canvas, word: Word) -> None:
    """Write a word; unlike its drawing, the canvas counts upwards from the bottom."""
    runs = _runs(word.text, BOLD if word.bold else REGULAR)
    widths = [pdfmetrics.stringWidth(letters, name, word.size) for name, letters in runs]
    x = word.x - sum(widths) * {"start": 0, "middle": 0.5, "end": 1}[word.anchor]
    canvas.setFillColor(word.colour)
    for (name, letters), width in zip(runs, widths, strict=True):
        canvas.setFont(name, word.size)
        canvas.drawString(x, word.y, letters)
        x += width


class _Numbered(Canvas):
    """A canvas that knows how many pages there are when it writes the first."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            said = f"Page {number} of {len(self._pages)}"
            _write(self, Word(x=A4[0] - MARGIN, y=10 * mm, text=said, size=7.5, anchor="end", colour=QUIET))
            super().showPage()
        super().save()


def _edges(canvas: Canvas, report: Report) -> None:
    """Draw what stands on every page: the band, whose report it is, and that it is for research."""
    canvas.saveState()
    if report.band:
        canvas.setFillColor(RED)
        canvas.rect(0, A4[1] - 10 * mm, A4[0], 10 * mm, stroke=0, fill=1)
        place = {"x": A4[0] / 2, "y": A4[1] - 6.6 * mm}
        _write(canvas, Word(**place, text=report.band, size=10, anchor="middle", colour="#ffffff", bold=True))
    line = f"{report.synthetic} · {report.edition} edition · {RESEARCH}"
    _write(canvas, Word(x=MARGIN, y=10 * mm, text=line[:110], size=7.5, colour=QUIET))
    canvas.restoreState()


def _style(
    size: float, *, bold: bool = False, colour: str = INK, before: float = 0, after: float = 2, keep: bool = False
) -> ParagraphStyle:
    return ParagraphStyle(
        "", fontName=BOLD if bold else REGULAR, fontSize=size, leading=1.32 * size, textColor=HexColor(colour),
        spaceBefore=before * mm, spaceAfter=after * mm, splitLongWords=1, keepWithNext=int(keep),
    )  # fmt: skip


_TEXTS = {
    "plain": _style(9),
    "lead": _style(12.5, bold=True, before=1, after=3),
    "small": _style(7.5, colour=QUIET),
    "warning": _style(9, bold=True, colour=RED),
    "heading": _style(10, bold=True, before=2, after=1),
}
_CELL, _HEAD, _NAME = _style(8, after=0), _style(8, bold=True, after=0), _style(8, colour=QUIET, after=0)
_SMALL_CELL, _SMALL_HEAD = _style(7, after=0), _style(7, bold=True, after=0)
_CAPTION, _BELOW = _style(7.5, colour=QUIET, before=0.6, after=0), _style(7.5, colour=QUIET, before=0.6, after=3)
_BULLET = ParagraphStyle("", parent=_TEXTS["plain"], leftIndent=4 * mm, bulletIndent=0.5 * mm, spaceAfter=0.8 * mm)


def _paragraph(text: str, style: ParagraphStyle, **settings: Any) -> Paragraph:
    runs = _runs(text, style.fontName)
    marked = [
        escape(letters) if name != CJK else f'<font name="{CJK}">{escape(letters)}</font>' for name, letters in runs
    ]
    return Paragraph("".join(marked), style, **settings)


def _story(report: Report) -> list[Flowable]:
    about = f"Cohort {report.cohort} · {report.made} · {report.software} · {RESEARCH}"
    left_out = f" Left out on request: {', '.join(report.left_out)}." if report.left_out else ""
    first, *middle, last = report.sections
    story: list[Flowable] = [
        _paragraph(report.title, _style(16, bold=True, after=1)),
        _paragraph(about, _style(8, colour=QUIET, after=0.5)),
        _paragraph(f"{report.note}{left_out}", _style(8, colour=QUIET, after=3)),
        *(flowable for block in first.blocks for flowable in _loose(block)),
    ]
    story = [KeepInFrame(WIDTH, A4[1] - TOP - BOTTOM - 1, story, mode="shrink"), PageBreak()]
    for section in middle:
        story += _section(section)
    return [*story, PageBreak(), *_section(last)]


def _section(section: Section) -> list[Flowable]:
    title = _paragraph(section.title, _style(13, bold=True, before=4, after=2, keep=True))
    if section.blocks and isinstance(section.blocks[0], Figure | Together):
        rest = _blocks(Section(section.name, section.title, section.blocks[1:]))
        return [KeepTogether([title, *_loose(section.blocks[0])]), *rest]
    return [CondPageBreak(35 * mm), title, *_blocks(section)]


def _blocks(section: Section) -> list[Flowable]:
    flowables: list[Flowable] = []
    for block, following in zip(section.blocks, (*section.blocks[1:], None), strict=False):
        if isinstance(block, Text) and (block.style == "heading" or isinstance(following, Pictures)):
            flowables.append(CondPageBreak((55 if isinstance(following, Pictures) else 25) * mm))
        flowables += _block(block)
    return flowables


def _block(block: Block) -> list[Flowable]:
    if isinstance(block, Figure | Facts | Together):
        return [KeepTogether(_loose(block))]
    return _RENDERERS[type(block)](block)


def _text(text: Text) -> list[Flowable]:
    return [_paragraph(text.text, _TEXTS[text.style])]


def _bullets(bullets: Bullets) -> list[Flowable]:
    return [_paragraph(sentence, _BULLET, bulletText="•") for sentence in bullets.sentences]


def _facts(facts: Facts) -> list[Flowable]:
    return [_grid([[_paragraph(name, _NAME), _paragraph(said, _CELL)] for name, said in facts.rows], (1, 1.7))]


def _listing(_: Listing) -> list[Flowable]:
    return []  # to copy, not to print


def _loose(block: Block) -> list[Flowable]:
    """Return the flowables of a block without what keeps them together: that cannot be nested."""
    match block:
        case Figure():
            return _drawn(block, WIDTH)
        case Together(blocks):
            return [flowable for part in blocks for flowable in _loose(part)]
    return _RENDERERS[type(block)](block)


def _table(table: Table) -> list[Flowable]:
    said, head = (_SMALL_CELL, _SMALL_HEAD) if table.small else (_CELL, _HEAD)
    cells = [[_paragraph(cell, head) for cell in table.head]]
    cells += [[_paragraph(cell, said) for cell in row] for row in table.rows]
    grid = _grid(cells, table.widths, head=True, padding=0.6 if table.small else 2)
    if not table.caption:
        return [grid]
    grid.spaceAfter = 0
    return [grid, _paragraph(table.caption, _BELOW)]


def _grid(cells: Sequence[list[Any]], widths: Sequence[float], *, head: bool = False, padding: float = 2) -> Grid:
    total = sum(widths)
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ("TOPPADDING", (0, 0), (-1, -1), padding),
        ("BOTTOMPADDING", (0, 0), (-1, -1), padding + 0.6),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        *([("LINEBELOW", (0, 0), (-1, 0), 0.9, INK)] if head else []),
    ]
    return Grid(
        cells, colWidths=[WIDTH * width / total for width in widths], style=style, repeatRows=int(head),
        spaceBefore=1 * mm, spaceAfter=3 * mm, splitInRow=1,
    )  # fmt: skip


def _bare(rows: Sequence[list[Any]], widths: Sequence[float]) -> Grid:
    """Return cells without lines."""
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Grid(rows, colWidths=list(widths), style=style, hAlign="LEFT", spaceAfter=2 * mm)


def _pictures(pictures: Pictures) -> list[Flowable]:
    columns = pictures.columns
    width = WIDTH / columns
    cells = [_picture(picture, min(width, WIDTH / 5) - 3 * mm) for picture in pictures.pictures]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return [_bare([row + [""] * (columns - len(row)) for row in rows], [width] * columns)]


def _picture(picture: Picture, size: float) -> list[Flowable]:
    seen: Flowable = _Absent(size, picture.instead) if picture.png is None else _Seen(picture, size)
    return [seen, _paragraph(picture.caption, _CAPTION)]


def _figures(figures: Figures) -> list[Flowable]:
    width = WIDTH / 2
    cells = [_drawn(figure, width - 3 * mm) for figure in figures.figures]
    rows = [cells[start : start + 2] for start in range(0, len(cells), 2)]
    return [_bare([row + [""] * (2 - len(row)) for row in rows], [width] * 2)]


def _drawn(figure: Figure, width: float) -> list[Flowable]:
    return [_Drawn(figure.drawing, width), _paragraph(figure.caption, _BELOW)]


def _tiles(tiles: Tiles) -> list[Flowable]:
    width = WIDTH / len(tiles.tiles)
    cells = [_tile(tile, width - 7 * mm) for tile in tiles.tiles]
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BOX", (0, 0), (-1, -1), 0.4, RULE),
        ("INNERGRID", (0, 0), (-1, -1), 0.4, RULE),
        *(("LINEABOVE", (place, 0), (place, 0), 3, STATES[tile.state]) for place, tile in enumerate(tiles.tiles)),
    ]
    return [Grid([cells], colWidths=[width] * len(cells), style=style, spaceAfter=3 * mm)]


def _tile(tile: Tile, size: float) -> list[Flowable]:
    word = _bare([[_Drawn(sign(tile.state), 13), _paragraph(tile.word, _HEAD)]], [17, size - 13])
    seen = _picture(tile.shows, size) if isinstance(tile.shows, Picture) else _drawn(tile.shows, size)
    return [_paragraph(tile.title, _style(9, bold=True, after=0)), Spacer(1, 1 * mm), word, *seen]


class _Seen(Raster):
    """An image with its pixels as they are, a real one with a red frame."""

    def __init__(self, picture: Picture, size: float) -> None:
        assert picture.png is not None
        super().__init__(io.BytesIO(picture.png), size, size, kind="proportional", hAlign="LEFT")
        self._real = picture.real

    def draw(self) -> None:
        super().draw()
        if self._real:
            self.canv.setStrokeColor(RED)
            self.canv.setLineWidth(1.2)
            self.canv.rect(0, 0, self.drawWidth, self.drawHeight)


class _Absent(Flowable):
    """The place of an image that is not shown."""

    def __init__(self, size: float, instead: str) -> None:
        super().__init__()
        self.width = self.height = size
        self._instead = instead

    def draw(self) -> None:
        self.canv.setStrokeColor(QUIET)
        self.canv.setDash([3, 2])
        self.canv.rect(0.5, 0.5, self.width - 1, self.height - 1)
        x, y = self.width / 2, self.height / 2 - 3
        _write(self.canv, Word(x=x, y=y, text=self._instead, size=7.5, anchor="middle", colour=QUIET))


class _Drawn(Flowable):
    """A drawing, scaled down to a width where it is wider."""

    def __init__(self, drawing: Drawing, width: float) -> None:
        super().__init__()
        self._drawing = drawing
        self._scale = min(width / drawing.width, 1.04)
        self.width, self.height = drawing.width * self._scale, drawing.height * self._scale

    def draw(self) -> None:
        self.canv.scale(self._scale, self._scale)
        self.canv.translate(0, self._drawing.height)
        for mark in self._drawing.marks:
            if isinstance(mark, Line):
                _line(self.canv, mark)
            elif isinstance(mark, Box):
                _box(self.canv, mark)
            elif isinstance(mark, Dot):
                _dot(self.canv, mark)
            else:
                _write(self.canv, replace(mark, y=-mark.y))


def _line(canvas: Canvas, line: Line) -> None:
    path = canvas.beginPath()
    path.moveTo(line.points[0][0], -line.points[0][1])
    for x, y in line.points[1:]:
        path.lineTo(x, -y)
    if line.closed:
        path.close()
    _pen(canvas, line.colour, line.width, line.dash, line.fill)
    canvas.drawPath(path, stroke=int(bool(line.colour)), fill=int(bool(line.fill)))


def _box(canvas: Canvas, box: Box) -> None:
    _pen(canvas, box.colour, box.line, box.dash, box.fill)
    canvas.rect(
        box.x, -box.y - box.height, box.width, box.height, stroke=int(bool(box.colour)), fill=int(bool(box.fill))
    )


def _dot(canvas: Canvas, dot: Dot) -> None:
    x, y, size = dot.x, -dot.y, dot.size
    if dot.shape == "cross":
        _pen(canvas, dot.fill, max(0.7, size / 3), "solid", "")
        canvas.lines([(x - size, y - size, x + size, y + size), (x - size, y + size, x + size, y - size)])
        return
    _pen(canvas, dot.colour, 1.3, "solid", dot.fill)
    if dot.shape == "square":
        canvas.rect(x - size, y - size, 2 * size, 2 * size, stroke=int(bool(dot.colour)), fill=1)
    else:
        canvas.circle(x, y, size, stroke=int(bool(dot.colour)), fill=1)


def _pen(canvas: Canvas, colour: str, width: float, dash: str, fill: str) -> None:
    if colour:
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(width)
        canvas.setDash(list(DASHES[dash]))
    if fill:
        canvas.setFillColor(fill)


_RENDERERS: dict[type[Block], Callable[[Any], list[Flowable]]] = {
    Text: _text,
    Bullets: _bullets,
    Facts: _facts,
    Table: _table,
    Pictures: _pictures,
    Figures: _figures,
    Tiles: _tiles,
    Listing: _listing,
}
