"""A document of its own inside a page; in `st.iframe` its scripts could run with the rights of the app."""

import streamlit as st

from ganaug_core.ui.shared.components import parts

_component = st.components.v2.component(
    "ganaug_document",
    html='<iframe sandbox=""></iframe>',
    css=parts.style("document"),
    js=parts.script("document", "main"),
)


def document(html: bytes, *, key: str, title: str, height: int) -> None:
    """Show an HTML file as it is; nothing in it can run.

    Args:
        title: What it is, for a screen reader.
        height: CSS pixels.
    """
    _component(key=key, data={"document": html.decode("utf-8"), "title": title, "height": height})
