"""Beginning a search: what is tried, how many runs, and how long each of them trains."""

from functools import partial
from typing import Any

import streamlit as st

from ganaug_core.config import RECIPES
from ganaug_core.config.requests import GRID, RANDOM, TPE, Search
from ganaug_core.errors import ConfigurationError
from ganaug_core.jobs import searches
from ganaug_core.search import SPACES, grid_size, parsed, prepare, read_toml, require_optuna
from ganaug_core.search.space import USUAL_SAMPLER
from ganaug_core.storage.workspace import check_name
from ganaug_core.ui.shared import caches, choosers, job_progress, names, show, words

TRIALS = 20
OWN = "own"
TITLES = {
    "recommended": ("Recommended", "Learning rates, penalties, label term and batch, anywhere between two ends."),
    "textbook": ("Textbook", "Two values each of learning rates, betas, batch and latent length: 64 points."),
    OWN: ("Your own", "Values or a range for any setting."),
}
SAMPLER_TITLES = {
    TPE: "Learn from earlier runs (TPE)",
    RANDOM: "At random",
    GRID: "Every point of a grid",
}
EXAMPLE = """\
batch_size = [16, 32, 64]
generator_learning_rate = { low = 2e-4, high = 3e-3, log = true }
r1.gamma = { low = 0.05, high = 4.0, log = true }
"""


def form(cohort: str) -> None:
    """Ask for everything and start a search on a cohort."""
    try:
        require_optuna()
    except ConfigurationError as problem:
        st.info(words.plain(f"{problem.what} {problem.do}"), icon=":material/extension:")
        return
    chosen = st.segmented_control(
        "What is searched",
        list(TITLES),
        format_func=lambda name: TITLES[name][0],
        default="recommended",
        required=True,
        key="search-space",
    )
    st.text(TITLES[chosen][1])
    space = _own_space() if chosen == OWN else dict(SPACES[chosen])
    left, middle, right = st.columns(3)
    recipe = left.selectbox("Recipe", list(RECIPES), format_func=lambda name: RECIPES[name].title, key="search-recipe")
    usual = list(SAMPLER_TITLES).index(USUAL_SAMPLER.get(chosen, TPE))
    sampler = middle.selectbox(
        "How settings are chosen",
        list(SAMPLER_TITLES),
        usual,
        format_func=lambda name: SAMPLER_TITLES[name],
        key=f"search-sampler-{chosen}",
    )
    most = grid_size(parsed(space)) if sampler == GRID and space else TRIALS
    trials = right.number_input("Runs in all", 1, 10_000, most, key=f"search-trials-{chosen}-{sampler}")
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    with left:
        budget = _budget(recipe)
    prune = middle.checkbox(
        "Stop runs early that are behind",
        True,
        key="search-prune",
        help="After 11 and 33 % of its budget, a run goes on only if it is among the best third so far (Hyperband).",
    )
    name = right.text_input(
        "Name of the search", names.free_name(f"{cohort}-search", "sweeps"), max_chars=90, key=f"search-name-{cohort}"
    )
    request = Search(
        cohort=cohort,
        name=name,
        space=space,
        trials=int(trials),
        sampler=sampler,
        recipe=recipe,
        prune=prune,
        **budget,
    )
    if space:
        st.text(f"{searches.cost(request)} A run that seems to copy is never the best; the hold-out is not looked at.")
    if st.button("Start the search", type="primary", icon=":material/play_arrow:", disabled=not space):
        check_name(name)
        prepare(caches.workspace(), request)
        job_progress.start(request)
        choosers.next_time("search", name)
        st.rerun()
    show.folded("With several machines", partial(_command, cohort, name), icon=":material/lan:")


def _command(cohort: str, name: str) -> None:
    """Say how several machines work on one search."""
    st.text(
        "The same command on each of them, with one PostgreSQL database as --storage and the same images imported, "
        "works on one search together:"
    )
    st.code(f"ganaug search {cohort} --name {name} --storage postgresql+psycopg://USER@HOST/DATABASE", language="bash")


def _own_space() -> dict[str, Any]:
    """Return the space that somebody writes; a mistake is said, and nothing is returned."""
    text = st.text_area(
        "One setting per line (TOML)",
        EXAMPLE,
        key="search-own",
        help="Names as in Advanced on the Training page: a field, or a part and its setting. lr_g, lr_d, beta1, beta2, "
        "batch and latent are short names.",
    )
    try:
        space = read_toml(text)
        parsed(space)
    except ConfigurationError as problem:
        st.warning(words.plain(f"{problem.what} {problem.do}"), icon=":material/block:")
        return {}
    return space


def _budget(recipe: str) -> dict[str, Any]:
    """Ask for the budget of each run, in the unit of the recipe or in images, which are the same on every machine."""
    config = RECIPES[recipe].config
    if config.images:
        images = st.number_input("Images each run learns from", 100, 10**9, config.images, 10_000, key="search-images")
        return {"images": int(images)}
    minutes = st.number_input(
        "Minutes each run trains", 0.05, 10_080.0, float(config.minutes or 5), 1.0, format="%g", key="search-minutes"
    )
    return {"minutes": float(minutes)}
