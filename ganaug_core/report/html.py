"""A report as one HTML file: nothing in it asks for anything from outside."""

import base64
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

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
from ganaug_core.report.drawing import sign
from ganaug_core.report.svg import svg

CLOSED = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may load: pictures and styles of the file itself."""
RESEARCH = "Research use only. Not for diagnosis."


def as_html(report: Report) -> bytes:
    """Return the file, UTF-8."""
    style = Path(__file__).with_name("page.css").read_text("utf-8")
    first, *middle, last = report.sections
    links = "".join(f'<a href="#{escape(part.name)}">{escape(part.title)}</a>' for part in (*middle, last))
    left_out = f"<p>Left out on request: {escape(', '.join(report.left_out))}.</p>" if report.left_out else ""
    head = (
        f"<header><h1>{escape(report.title)}</h1>"
        f"<p>Cohort {escape(report.cohort)} · {escape(report.made)} · {escape(report.software)} · {RESEARCH}</p>"
        f"<p>{escape(report.note)}</p>{left_out}</header>"
    )
    parts = [
        f'<section class="first">{_blocks(first)}</section>',
        f"<nav>{links}</nav>",
        *(_section(part) for part in middle),
        _section(last, "last"),
    ]
    body = f"{head}{''.join(parts)}<footer>{escape(report.software)}. {RESEARCH}</footer>"
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{CLOSED}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head>"
        f"<body>{_banded(report.band, body)}</body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _banded(band: str, body: str) -> str:
    """Return the body under its band: a table's head is the one thing that browsers print on every page."""
    if not band:
        return body
    head = f'<thead><tr><td><div class="band">{escape(band)}</div></td></tr></thead>'
    return f'<table class="sheet">{head}<tbody><tr><td>{body}</td></tr></tbody></table>'


def _section(section: Section, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<section{name} id="{escape(section.name)}"><h2>{escape(section.title)}</h2>{_blocks(section)}</section>'


def _blocks(section: Section) -> str:
    return "".join(map(_block, section.blocks))


def _block(block: Block) -> str:
    return _RENDERERS[type(block)](block)


def _text(text: Text) -> str:
    if text.style == "heading":
        return f"<h3>{escape(text.text)}</h3>"
    kind = "" if text.style == "plain" else f' class="{text.style}"'
    return f"<p{kind}>{escape(text.text)}</p>"


def _bullets(bullets: Bullets) -> str:
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in bullets.sentences)}</ul>"


def _facts(facts: Facts) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(said)}</td></tr>" for name, said in facts.rows)
    return f'<table class="facts">{rows}</table>'


def _pictures(pictures: Pictures) -> str:
    across = f"grid-template-columns: repeat({pictures.columns}, 1fr)"
    return f'<div class="pictures" style="{across}">{"".join(map(_picture, pictures.pictures))}</div>'


def _figures(figures: Figures) -> str:
    return f'<div class="row">{"".join(map(_figure, figures.figures))}</div>'


def _tiles(tiles: Tiles) -> str:
    return f'<div class="tiles">{"".join(map(_tile, tiles.tiles))}</div>'


def _listing(listing: Listing) -> str:
    return f"<details><summary>{escape(listing.title)}</summary><pre>{escape(listing.text)}</pre></details>"


def _together(together: Together) -> str:
    return f'<div class="together">{"".join(map(_block, together.blocks))}</div>'


def _table(table: Table) -> str:
    total = sum(table.widths)
    columns = "".join(f'<col style="width: {100 * width / total:.1f}%">' for width in table.widths)
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    kind = ' class="dense"' if table.small else ""
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = f"<thead><tr>{head}</tr></thead>"
    return f"<table{kind}>{caption}<colgroup>{columns}</colgroup>{head}<tbody>{rows}</tbody></table>"


def _picture(picture: Picture) -> str:
    if picture.png is None:
        seen = f'<div class="absent">{escape(picture.instead)}</div>'
    else:
        data = base64.b64encode(picture.png).decode()
        seen = f'<img class="picture" alt="{escape(picture.caption)}" src="data:image/png;base64,{data}">'
    kind = ' class="real"' if picture.real else ""
    return f"<figure{kind}>{seen}<figcaption>{escape(picture.caption)}</figcaption></figure>"


def _figure(figure: Figure) -> str:
    return f"<figure>{svg(figure.drawing, figure.caption)}<figcaption>{escape(figure.caption)}</figcaption></figure>"


def _tile(tile: Tile) -> str:
    shows = _picture(tile.shows) if isinstance(tile.shows, Picture) else _figure(tile.shows)
    mark = svg(sign(tile.state), "", decorative=True)
    return (
        f'<div class="tile {tile.state}" title="{escape(tile.question)}"><b>{escape(tile.title)}</b>'
        f'<div class="state">{mark}<span>{escape(tile.word)}</span></div>{shows}</div>'
    )


_RENDERERS: dict[type[Block], Callable[[Any], str]] = {
    Text: _text,
    Bullets: _bullets,
    Facts: _facts,
    Table: _table,
    Pictures: _pictures,
    Figure: _figure,
    Figures: _figures,
    Tiles: _tiles,
    Listing: _listing,
    Together: _together,
}
