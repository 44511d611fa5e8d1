"""The Samples page: the workbench from the side of the gallery."""

import streamlit as st

from ganaug_core.config.requests import MAP_SPACE
from ganaug_core.ui.shared import caches, show
from ganaug_core.ui.shared.looking import bench


def page(cohort: str, samples: str) -> None:
    """Draw the workbench of one set of synthetic images."""
    show.withdrawn("samples", samples)
    st.html(bench.LOOKS)
    bench.show_bench(cohort, samples, space=MAP_SPACE, view="gallery")


def explore_link(samples: str) -> None:
    """Link what else the generator can make; nothing where it is not in this workspace."""
    identity = caches.samples(samples).provenance.get("generator")
    if identity and (name := caches.workspace().named("generators", str(identity))):
        show.link("explore", "Explore", help="What else its generator can make.", generator=name)
