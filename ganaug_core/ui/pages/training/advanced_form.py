"""The Advanced form: every exchangeable part with its line and its settings, and everything else that decides a run."""

import typing
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ganaug_core.config import (
    FAMILIES,
    SINGLE,
    PartCard,
    PartConfig,
    Recipe,
    TrainingConfig,
    catalogue,
    check_names,
    chosen,
    configure,
    falling_weights,
    refuse_exclusions,
)
from ganaug_core.errors import ConfigurationError
from ganaug_core.records import Cohort
from ganaug_core.ui.shared import words
from ganaug_core.ui.shared.setting_titles import FIELDS, TITLES, title_of


def form(recipe: Recipe, cohort: Cohort) -> dict[str, Any]:
    """Ask for everything and return what differs from the recipe for these images, as changes for `configure`.

    Parts that exclude each other are named with the reason as soon as they are chosen.
    """
    changes: dict[str, Any] = {}
    config = recipe.config_at(cohort.shape[1])
    # a recipe that is another one for small images has fields of its own for them
    form_name = recipe.name if config == recipe.config else f"{recipe.name}-small"
    for family in FAMILIES:
        changes |= _ask_family(config, form_name, family)
    for title, fields in FIELDS.items():
        st.markdown(f"**{title}**")
        with st.grid(3):
            for field, (label, tip) in fields.items():
                standard = getattr(config, field)
                value = _ask_field(field, label, tip, standard, f"setting-{form_name}-{field}")
                if value != standard:
                    changes[field] = value
    more = st.text_area(
        "More changes, one per line",
        placeholder="betas = [0.5, 0.999]\nr1.gamma = 2",
        help="A field, or a part and its setting. A wrong name is answered with the right ones.",
        key=f"more-{form_name}",
    )
    changes |= _changes_of(more)
    try:
        _say_how_penalties_fall(check(recipe, changes, cohort))
    except ConfigurationError as problem:
        st.warning(words.plain(f"{problem.what} {problem.do}"), icon=":material/block:")
    return changes


def _say_how_penalties_fall(config: TrainingConfig) -> None:
    """Say from what weight to what weight the gradient penalties fall, which is easily missed."""
    for part, setting, begin, end in falling_weights(config):
        st.caption(f"{title_of(part)}: its {setting} falls from {begin:g} to {end:g} over the second half.")


def check(recipe: Recipe, changes: Mapping[str, Any], cohort: Cohort, **budget: Any) -> TrainingConfig:
    """Return the configuration.

    Raises:
        ConfigurationError: A wrong name or value, or parts that exclude each other for images of the cohort's unit.
    """
    config = configure(recipe.name, changes, rows=cohort.shape[1], **budget)
    check_names(config)
    refuse_exclusions(config, cohort.intensity.unit)
    return config


def _ask_family(config: TrainingConfig, form_name: str, family: str) -> dict[str, Any]:
    """Ask for the parts of a family and for their settings."""
    parts, title = catalogue()[family], TITLES[family]
    standard = chosen(config, family)
    names = [part.name for part in standard]
    st.markdown(f"**{title[0]}**")
    key = f"part-{form_name}-{family}"
    widget_options: dict[str, Any] = {
        "label_visibility": "collapsed",
        "format_func": title_of,
        "key": key,
        "help": title[1],
    }
    if family in SINGLE:
        part_names = [st.selectbox(title[0], list(parts), list(parts).index(names[0]), **widget_options)]
    else:
        part_names = st.multiselect(title[0], list(parts), names, placeholder="None", **widget_options)
    changes: dict[str, Any] = {} if part_names == names else {family: ",".join(part_names)}
    for name in part_names:
        # another choice of parts starts from the parts' own defaults, so that all that is shown must be named
        part_config = next((part for part in standard if part.name == name), PartConfig(name=name))
        changes |= _ask_settings(form_name, parts[name], part_config, all_of_them=bool(changes))
    return changes


def _ask_settings(form_name: str, part: PartCard, config: PartConfig, *, all_of_them: bool) -> dict[str, Any]:
    st.caption(f"{title_of(part.name)}: {words.plain(part.says)} Source: {words.plain(part.source)}")
    changes: dict[str, Any] = {}
    if not part.settings:
        return changes
    with st.grid(3):
        for setting, card in part.settings.items():
            standard = config.settings.get(setting, card.default)
            label = f"{title_of(part.name)}: {setting.replace('_', ' ')}"
            key = f"setting-{form_name}-{part.name}: {setting}"
            value = _ask_value(label, card.says, standard, key, card.choices)
            if value != (card.default if all_of_them else standard):
                changes[f"{part.name}.{setting}"] = value
    return changes


def _ask_field(field: str, label: str, tip: str, standard: Any, key: str) -> Any:
    choices = typing.get_args(TrainingConfig.model_fields[field].annotation)
    names = choices if all(isinstance(choice, str) for choice in choices) else ()
    return _ask_value(label, tip, standard, key, names)


def _ask_value(label: str, tip: str, standard: Any, key: str, choices: tuple[Any, ...]) -> Any:
    """Ask for a value of the standard's type."""
    if isinstance(standard, bool):
        return st.checkbox(label, standard, key=key, help=tip)
    if choices:
        return st.selectbox(label, choices, choices.index(standard), key=key, help=tip)
    step = 1 if isinstance(standard, int) else abs(standard) / 10 or 0.1
    least = type(standard)(0)
    shown = "%d" if isinstance(standard, int) else "%g"
    return st.number_input(label, least, None, standard, step, shown, key=key, help=tip)


def _changes_of(text: str) -> dict[str, str]:
    """Return `part.setting = value` lines as a mapping."""
    changes = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(
                f"{line!r} is not a change.", do="Write one change per line: part.setting = value.", code="syntax"
            )
        changes[key.strip()] = value.strip()
    return changes
