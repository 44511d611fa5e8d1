"""Starting a run: a recipe, a budget, and everything else folded away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from ganaug_core.cohort import small_classes
from ganaug_core.config import RECIPES, Recipe
from ganaug_core.config.requests import Train
from ganaug_core.storage.workspace import check_name
from ganaug_core.ui.pages.training import advanced_form
from ganaug_core.ui.shared import caches, choosers, job_progress, names, words

FIRST = "recommended"
PER_ROW = 3


def new_run(cohort: str) -> None:
    """Offer the recipes and start a run on a cohort."""
    chosen = _recipe_cards()
    recipe = RECIPES[chosen]
    left, right = st.columns(2)
    with left:
        budget = _budget(recipe)
    name = right.text_input(
        "Name of the run",
        value=names.free_name(f"{cohort}-{chosen}", "runs"),
        max_chars=100,
        key=f"run-name-{cohort}-{chosen}",
    )
    st.text(device_in_words())
    for sentence in small_classes.sentences(caches.cohort(cohort)):
        st.text(words.clean(sentence))
    with st.expander("Advanced"):
        unit = caches.cohort(cohort).intensity.unit
        changes = advanced_form.form(recipe, unit)
    if st.button("Start training", type="primary", icon=":material/play_arrow:"):
        config = advanced_form.check(chosen, changes, unit, **budget)
        job_progress.start(Train(name=check_name(name), cohort=cohort, config=config.model_dump(mode="json")))
        choosers.next_time("run", name)
        st.rerun()


def device_in_words() -> str:
    """Say what will train; the web process asks the system, because it never loads torch."""
    if Path("/proc/driver/nvidia/version").exists():
        return "This computer has a graphics card; training will use it if PyTorch can."
    return "This computer has no NVIDIA graphics card: its processor trains. Small images and a few minutes work well."


def _recipe_cards() -> str:
    """Show one card a recipe and return the chosen one."""
    chosen: str = st.session_state.setdefault("recipe", FIRST)
    chosen_classic = RECIPES[chosen].kind == "classic"
    _recipe_row([recipe for recipe in RECIPES.values() if recipe.kind == "use"], chosen)
    with st.expander("The classics, to compare and to teach", icon=":material/history_edu:", expanded=chosen_classic):
        classics = [recipe for recipe in RECIPES.values() if recipe.kind == "classic"]
        for first in range(0, len(classics), PER_ROW):
            _recipe_row(classics[first : first + PER_ROW], chosen)
    return chosen


def _recipe_row(recipes: Sequence[Recipe], chosen: str) -> None:
    for column, recipe in zip(st.columns(PER_ROW), recipes, strict=False):
        with column.container(border=True, height="stretch"):
            st.subheader(recipe.title)
            st.write(words.plain(recipe.says))
            st.caption(words.plain(f"{recipe.source} Last looked at on {recipe.date}.".strip()))
            st.space("stretch")
            if recipe.name == chosen:
                st.badge("Chosen", icon=":material/check:", color="blue")
            else:
                st.button("Choose", key=f"recipe-{recipe.name}", on_click=_choose, args=(recipe.name,))


def _choose(name: str) -> None:
    st.session_state["recipe"] = name


def _budget(recipe: Recipe) -> dict[str, Any]:
    if recipe.config.images:
        images = st.number_input("Images to learn from, in all", 1_000, 10**9, recipe.config.images, 100_000)
        return {"images": int(images)}
    minutes = st.number_input(
        "Minutes of training",
        0.1,
        10_080.0,
        float(recipe.config.minutes or 5),
        1.0,
        format="%g",
        key=f"minutes-{recipe.name}",
    )
    return {"minutes": float(minutes)}
