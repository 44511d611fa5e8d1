"""Starting a run: a recipe, a budget, and everything else folded away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from ganaug_core.cohort import small_classes
from ganaug_core.config import RECIPES, Recipe, TrainingConfig, chosen
from ganaug_core.config.requests import Train
from ganaug_core.records import Cohort
from ganaug_core.storage.workspace import check_name
from ganaug_core.ui.pages.training import advanced_form
from ganaug_core.ui.shared import caches, choosers, job_progress, names, words

FIRST = "recommended"
PER_ROW = 3
_GRAPHICS_CARD = Path("/proc/driver/nvidia/version")


def new_run(cohort: str) -> None:
    """Offer the recipes and start a run on a cohort."""
    record = caches.cohort(cohort)
    recipe = RECIPES[_recipe_cards(record)]
    left, right = st.columns(2)
    with left:
        budget = _budget(recipe)
    name = right.text_input(
        "Name of the run",
        value=names.free_name(f"{cohort}-{recipe.name}", "runs"),
        max_chars=100,
        key=f"run-name-{cohort}-{recipe.name}",
    )
    st.text(device_in_words())
    for sentence in (*_unfit(recipe, record), *small_classes.sentences(record)):
        st.text(words.clean(sentence))
    with st.expander("Advanced"):
        changes = advanced_form.form(recipe, record)
    if st.button("Start training", type="primary", icon=":material/play_arrow:"):
        config = advanced_form.check(recipe, changes, record, **budget)
        job_progress.start(Train(name=check_name(name), cohort=cohort, config=config.model_dump(mode="json")))
        choosers.next_time("run", name)
        st.rerun()


def device_in_words() -> str:
    """Say what will train; the web process asks the system, because it never loads torch."""
    if _GRAPHICS_CARD.exists():
        return "This computer has a graphics card; training will use it if PyTorch can."
    return "This computer has no NVIDIA graphics card: its processor trains. Small images and a few minutes work well."


def _unfit(recipe: Recipe, cohort: Cohort) -> list[str]:
    """Say what speaks against a recipe for these images on this computer."""
    sentences = []
    rows, columns = cohort.shape[1:]
    if recipe.kind == "use" and rows not in recipe.sides:
        sentences.append(f"This recipe is meant for images of {_sides(recipe)}; yours are {rows} × {columns}.")
    if recipe.config.device == "cuda" and not _GRAPHICS_CARD.exists():
        sentences.append("This recipe needs an NVIDIA graphics card: without one its run ends before the first step.")
    return sentences


def _recipe_cards(cohort: Cohort) -> str:
    """Show one card a recipe and return the chosen one."""
    name: str = st.session_state.setdefault("recipe", FIRST)
    by_kind = {kind: [recipe for recipe in RECIPES.values() if recipe.kind == kind] for kind in ("use", "classic")}
    _cards(by_kind["use"], name, cohort)
    is_classic = RECIPES[name].kind == "classic"
    with st.expander("The classics, to compare and to teach", icon=":material/history_edu:", expanded=is_classic):
        _cards(by_kind["classic"], name, cohort)
    return name


def _cards(recipes: Sequence[Recipe], name: str, cohort: Cohort) -> None:
    """Lay the cards of recipes in rows; `name` is the chosen one."""
    for first in range(0, len(recipes), PER_ROW):
        for column, recipe in zip(st.columns(PER_ROW), recipes[first : first + PER_ROW], strict=False):
            with column.container(border=True, height="stretch"):
                st.header(recipe.title)
                st.write(words.plain(recipe.says))
                st.write(words.plain(f"{_time(recipe)} Images of {_sides(recipe)}."))
                with st.expander("How it works"):
                    st.write(words.plain(f"{recipe.works} {_numbers(recipe.config_at(cohort.shape[1]))}"))
                    looked_at = f"Last looked at on {recipe.date}; its name on the command line is {recipe.name}."
                    st.caption(words.plain(f"{recipe.source} {looked_at}"))
                st.space("stretch")
                if recipe.name == name:
                    st.badge("Chosen", icon=":material/check:", color="blue")
                else:
                    st.button("Choose", key=f"recipe-{recipe.name}", on_click=_choose, args=(recipe.name,))


def _time(recipe: Recipe) -> str:
    """Say how long a run takes on this computer, as far as that is known before it."""
    config = recipe.config
    if config.minutes is not None:
        return f"Trains for {words.duration(60 * config.minutes)} here, or as long as you like."
    assert config.images is not None
    if config.device == "cuda" and not _GRAPHICS_CARD.exists():
        return "Needs an NVIDIA graphics card, which this computer does not have."
    return f"How long {config.images:,} images take here is shown as soon as it runs."


def _sides(recipe: Recipe) -> str:
    return f"{' or '.join(map(str, recipe.sides))} pixels"


def _numbers(config: TrainingConfig) -> str:
    """Return the numbers that the image's size decides."""
    gammas = {part.name: part.settings["gamma"] for part in chosen(config, "regularisers") if "gamma" in part.settings}
    penalties = ", ".join(f"gamma {gamma:g} in {name.upper()}" for name, gamma in gammas.items())
    return f"For this cohort: {config.batch_size} images a step{f', {penalties}' if penalties else ''}."


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
