"""The Samples page: the workbench from the side of the gallery."""

import streamlit as st

from ganaug_core.config.requests import MAP_SPACE
from ganaug_core.ui.shared import show
from ganaug_core.ui.shared.looking import bench


def page(cohort: str, samples: str) -> None:
    """Draw the workbench of one set of synthetic images."""
    show.withdrawn("samples", samples)
    st.html(bench.LOOKS)
    bench.show_bench(cohort, samples, space=MAP_SPACE, view="gallery")
