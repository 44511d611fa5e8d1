"""Starting a run: a recipe, a budget, and everything else folded away."""

import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from ganaug_core.config import FAMILIES, RECIPES, Recipe, TrainingConfig, configure
from ganaug_core.errors import ConfigurationError
from ganaug_core.ui import ask, show, sources, words
from ganaug_core.workspace import check_name

FIRST = "recommended"
PER_ROW = 3
FIELDS = {
    "batch_size": ("Images per step", "More is steadier and slower per step."),
    "discriminator_learning_rate": ("Learning rate of the discriminator", "How far one step moves it."),
    "generator_learning_rate": ("Learning rate of the generator", "How far one step moves it."),
    "ema_half_life_images": ("Half-life of the averaged generator, in images", "Longer is smoother."),
    "augment": ("Augmentation", "Auto: for small cohorts and long runs."),
    "class_sampling": ("How often each class is drawn", "Auto: as often as it occurs, unless very unbalanced."),
    "seed": ("Seed", "The same seed starts from the same networks."),
    "device": ("Device", "Auto: the graphics card where there is one, else the processor."),
    "precision": ("Precision", "Auto: the faster one that this machine multiplies in hardware."),
    "threads": ("Processor threads", "0 measures which number is fastest."),
}


def start(cohort: str) -> None:
    """Offer the recipes and start a run on a cohort."""
    chosen = _cards()
    recipe = RECIPES[chosen]
    left, right = st.columns(2)
    with left:
        budget = _budget(recipe)
    name = right.text_input(
        "Name of the run",
        value=sources.free_name(f"{cohort}-{chosen}", "runs"),
        max_chars=100,
        key=f"run-name-{cohort}-{chosen}",
    )
    st.text(device_in_words())
    with st.expander("Advanced"):
        changes = _advanced(recipe)
    if st.button("Start training", type="primary", icon=":material/play_arrow:"):
        config = configure(chosen, changes, **budget)
        show.start(
            "train", check_name(name), {"name": name, "cohort": cohort, "config": config.model_dump(mode="json")}
        )
        ask.next_time("run", name)
        st.rerun()


def device_in_words() -> str:
    """Say what will train; the web process asks the system, because it never loads torch."""
    if Path("/proc/driver/nvidia/version").exists():
        return "This computer has a graphics card; training will use it if PyTorch can."
    return "This computer has no NVIDIA graphics card: its processor trains. Small images and a few minutes work well."


def _cards() -> str:
    """Show one card a recipe and return the chosen one."""
    chosen: str = st.session_state.setdefault("recipe", FIRST)
    chosen_classic = RECIPES[chosen].kind == "classic"
    _row([each for each in RECIPES.values() if each.kind == "use"], chosen)
    with st.expander("The classics, to compare and to teach", icon=":material/history_edu:", expanded=chosen_classic):
        classics = [each for each in RECIPES.values() if each.kind == "classic"]
        for first in range(0, len(classics), PER_ROW):
            _row(classics[first : first + PER_ROW], chosen)
    return chosen


def _row(recipes: Sequence[Recipe], chosen: str) -> None:
    for column, recipe in zip(st.columns(PER_ROW), recipes, strict=False):
        with column.container(border=True, height="stretch"):
            st.subheader(recipe.title)
            st.write(words.plain(recipe.says))
            if recipe.source:
                st.caption(words.plain(recipe.source))
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


def _advanced(recipe: Recipe) -> dict[str, Any]:
    """Return what differs from the recipe."""
    changes: dict[str, Any] = {}
    with st.grid(3):
        for field, (label, tip) in FIELDS.items():
            standard = getattr(recipe.config, field)
            key = f"setting-{recipe.name}-{field}"
            value = _field(field, label, tip, standard, key)
            if value != standard:
                changes[field] = value
        for part in _parts(recipe.config):
            for setting, standard in part.settings.items():
                label = f"{part.name}: {setting}"
                value = _setting(label, "", standard, f"setting-{recipe.name}-{label}")
                if value != standard:
                    changes[f"{part.name}.{setting}"] = value
    more = st.text_area(
        "More changes, one per line",
        placeholder="loss = minimax\nr1.gamma = 2",
        help="A part and its setting, or a family and the name of another part: "
        f"{', '.join(FAMILIES)}. A wrong name is answered with the right ones.",
        key=f"more-{recipe.name}",
    )
    return {**changes, **_lines(more)}


def _field(field: str, label: str, tip: str, standard: Any, key: str) -> Any:
    choices = typing.get_args(TrainingConfig.model_fields[field].annotation)
    if choices and all(isinstance(each, str) for each in choices):
        return st.selectbox(label, choices, choices.index(standard), key=key, help=tip)
    return _setting(label, tip, standard, key)


def _setting(label: str, tip: str, standard: Any, key: str) -> Any:
    """Ask for a value of the standard's type."""
    if isinstance(standard, bool):
        return st.checkbox(label, standard, key=key, help=tip)
    if isinstance(standard, str):
        return st.text_input(label, standard, key=key, help=tip)
    step = 1 if isinstance(standard, int) else abs(standard) / 10 or 0.1
    least = type(standard)(0)
    return st.number_input(label, least, None, standard, step, _format(standard), key=key, help=tip)


def _parts(config: TrainingConfig) -> list[Any]:
    return [config.architecture, config.loss, *config.terms, *config.regularisers, *config.augmentations]


def _format(standard: Any) -> str:
    return "%d" if isinstance(standard, int) else "%g"


def _lines(text: str) -> dict[str, str]:
    """Return `part.setting = value` lines as a mapping."""
    changes = {}
    for line in filter(None, (each.strip() for each in text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(
                f"{line!r} is not a change.", do="Write one change per line: part.setting = value.", code="syntax"
            )
        changes[key.strip()] = value.strip()
    return changes
