"""The frame around every page: navigation in the order of the work, the look, and the one sentence on every screen."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ganaug_core import app_root
from ganaug_core.ui.shared import choosers, demo_preparation, show


@dataclass(frozen=True)
class Screen:
    """One page: file name in `pages/` and address, title, icon, and what it answers."""

    name: str
    title: str
    icon: str
    says: str


SECTIONS: dict[str, tuple[Screen, ...]] = {
    "": (Screen("start", "Start", "home", "What runs, what was made last, and what comes next."),),
    "1 Data": (Screen("cohort", "Cohort", "folder_open", "Load labelled images, see them, split them."),),
    "2 Model": (
        Screen("training", "Training", "model_training", "Train a generator on a cohort and watch it learn."),
        Screen("search", "Search", "manage_search", "Many runs, one after the other, for the settings that draw best."),
        Screen("compare", "Compare", "compare_arrows", "Runs or sets of images side by side."),
        Screen("generators", "Generators", "deployed_code", "What each generator is, and images drawn from it."),
    ),
    "3 Look": (
        Screen("samples", "Samples", "grid_view", "Look at synthetic images beside their nearest real ones."),
        Screen("explore", "Explore", "tune", "See what lies between and around the images of a generator."),
        Screen("feature_map", "Feature map", "scatter_plot", "See where synthetic images lie among the real ones."),
    ),
    "4 Evidence": (
        Screen("audit", "Audit", "fact_check", "Does it cover the classes, and does it copy patients?"),
        Screen("benefit", "Benefit", "science", "Do synthetic images help a classifier?"),
        Screen("report", "Report", "summarize", "What was found, as a file for people inside or outside."),
        Screen("reading", "Reading room", "visibility", "Can people tell synthetic images from real ones?"),
    ),
    "5 Learn": (
        Screen("story", "Story", "slideshow", "An audit told on a projector, one screen after the other."),
        Screen(
            "lecture", "Lecture", "co_present", "How generators fail, in ninety minutes: screens, notes and a clock."
        ),
        Screen("failure_atlas", "Failure atlas", "menu_book", "How image generators fail, and how one notices."),
        Screen("lessons", "Lessons", "school", "How the game works and fails, with the seeds behind each claim."),
        Screen("playground", "Playground", "casino", "Two small games with a known truth, to set and to play."),
    ),
}
FIRST = "start"
SIDEBAR = 210  # CSS pixels, as in server/frame.css: images need the room


def path(name: str) -> Path:
    """Return the file of a page."""
    return app_root() / "pages" / f"{name}.py"


def run() -> None:
    """Draw the frame and the chosen page."""
    assets = app_root() / "assets"
    st.set_page_config(
        page_title="ganaug", page_icon=str(assets / "favicon.png"), layout="wide", initial_sidebar_state=SIDEBAR
    )
    st.logo(str(assets / "logo.svg"), size="large")
    page = st.navigation(
        {title: [_page(screen) for screen in screens] for title, screens in _available_sections().items()},
        expanded=True,  # a page behind "view more" is not found
    )
    with st.sidebar:
        st.text("Research use only. Not for diagnosis.")
        st.html('<button type="button" class="ganaug-look">Light or dark</button>')
    try:
        with show.guarded():
            demo_preparation.demo()
            show.database()
            page.run()
    finally:
        choosers.settle()


def _available_sections() -> dict[str, list[Screen]]:
    """Return the sections with the pages whose file exists."""
    sections = {
        title: [screen for screen in screens if path(screen.name).is_file()] for title, screens in SECTIONS.items()
    }
    return {title: screens for title, screens in sections.items() if screens}


def _page(screen: Screen) -> StreamlitPage:
    return st.Page(
        path(screen.name),
        title=screen.title,
        icon=f":material/{screen.icon}:",
        url_path=screen.name,
        default=screen.name == FIRST,
        help=screen.says,
    )
