"""The map as a file: a picture, a drawing, or a page that can be turned about."""

from collections.abc import Callable

import streamlit as st

from ganaug_core.records import Map
from ganaug_core.storage import exports
from ganaug_core.ui.pages.feature_map import plotly_map
from ganaug_core.ui.shared import caches

FORMATS: dict[str, tuple[str, str, str]] = {
    "png": ("PNG", "image/png", "A picture of 216 dots an inch."),
    "svg": ("SVG", "image/svg+xml", "A drawing that stays sharp at every size and can be changed."),
    "html": ("Plotly (HTML)", "text/html", "A page of its own that zooms and hides layers; it needs no connection."),
}


def buttons(name: str, map_: Map, space: str) -> None:
    """Offer a map in each format; none holds an image or an id.

    Args:
        space: The feature space in words.
    """
    st.text("Save the map as")
    with st.container(horizontal=True):
        for form, (title, kind, says) in FORMATS.items():
            st.download_button(
                title,
                _leaving(name, map_, space, form),
                file_name=f"map-{map_.synthetic}-{map_.encoder}.{form}",
                mime=kind,
                key=f"save-map-{form}",
                on_click="ignore",
                help=says,
            )


def _leaving(name: str, map_: Map, space: str, form: str) -> Callable[[], bytes]:
    """Return what makes the file once it is asked for, and writes down that it left."""

    def content() -> bytes:
        made = as_file(map_, space, form)
        exports.record(caches.workspace(), "maps", name, f"map ({form})")
        return made

    return content


def as_file(map_: Map, space: str, form: str) -> bytes:
    """Return a map in a format of `FORMATS`."""
    from ganaug_core.report import map_figure, raster  # with the whole report: the page need not wait for it

    if form == "png":
        return raster.png(map_figure.drawing(map_, space))
    if form == "svg":
        return map_figure.as_svg(map_, space)
    figure, _ = plotly_map.feature_map(map_)
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    return page.encode()
