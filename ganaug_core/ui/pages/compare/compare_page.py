"""Runs side by side: what was set differently, how they went, what came out, and their images."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.jobs import runs
from ganaug_core.records.training import Checkup
from ganaug_core.ui.shared import (
    caches,
    charts,
    checkpoint_measurements,
    choosers,
    palette,
    run_history,
    setting_titles,
    show,
    words,
)

MOST = 4
CURVES = {
    "generator_loss_average": ("Generator's loss, moving average", "loss"),
    "discriminator_loss_average": ("Discriminator's loss, moving average", "loss"),
}


def page() -> None:
    """Show the comparison of the chosen runs."""
    known = runs.names(caches.workspace())[::-1]
    if len(known) < 2:
        show.next_step("Comparing needs two training runs; train another one first.", page="training")
    chosen = choosers.several("Training runs", "runs", known, most=MOST)
    if len(chosen) < 2:
        st.info("Choose at least two runs.", icon=":material/arrow_upward:")
        return
    with show.guarded():
        _compare(chosen)


def _compare(chosen: list[str]) -> None:
    workspace = caches.workspace()
    states, manifests, cohorts = {}, {}, set()
    for name in chosen:
        with caches.using("runs", name):
            states[name] = runs.state(workspace, name)
            manifests[name] = workspace.manifest("runs", name)
            cohorts.add(workspace.reference("runs", name).origin.inputs.get("cohort", name))
    measured = {name: runs.checkups(workspace, name) for name in chosen}
    kept = {
        name: next(each for each in found if each.images == images)
        for name, (found, images) in measured.items()
        if images is not None and any(each.images == images for each in found)
    }
    st.write(answer(kept, one_cohort=len(cohorts) == 1))
    st.subheader("What was set differently")
    learnt = {name: each.present_cohort or f"{each.cohort} (an earlier one)" for name, each in states.items()}
    settings = {name: each["config"] | {"cohort": learnt[name]} for name, each in manifests.items()}
    for name, seen in states.items():
        settings[name]["threads"] = seen.threads or settings[name]["threads"]  # what was computed with, not asked for
    differing = differences(settings)
    if differing.empty:
        st.text("Nothing: the runs were asked for in the same words.")
    else:
        st.dataframe(differing, hide_index=True, alt="Settings that differ between the runs")
    st.subheader("How they went")
    _curves(chosen)
    if any(checkups for checkups, _ in measured.values()):
        st.subheader("What came out")
    for left in range(0, len(checkpoint_measurements.MEASURES), 2):
        for place, key in zip(st.columns(2), list(checkpoint_measurements.MEASURES)[left : left + 2], strict=False):
            found = {name: checkups for name, (checkups, _) in measured.items()}
            if any(each.find(key) for checkups in found.values() for each in checkups):
                with place:
                    figure = checkpoint_measurements.over_time(
                        found, key, {name: images for name, (_, images) in measured.items()}
                    )
                    charts.show(
                        figure, f"compare-{key}", f"{checkpoint_measurements.MEASURES[key][0]} of each run over time"
                    )
    if kept:
        with st.expander("All measurements of the kept checkpoints", expanded=True):
            st.dataframe(
                checkpoint_measurements.table(kept), hide_index=True, alt="Measurements of each run with intervals"
            )
    _grids(chosen, {name: each.seed for name, each in states.items()})


def answer(kept: Mapping[str, Checkup], *, one_cohort: bool) -> str:
    """Say which run came closest to its tuning images, or that this cannot be told."""
    distances = {name: found for name, each in kept.items() if (found := each.find("kernel_distance")) is not None}
    if len(distances) < 2:
        return "Fewer than two of the runs have a measured checkpoint yet, so there is nothing to weigh."
    if not one_cohort:
        return "The runs learnt from different cohorts, so their distances cannot be weighed against each other."
    order = sorted(distances, key=lambda name: distances[name].value)
    first, second = (distances[name] for name in order[:2])
    said = ", ".join(
        f"{words.plain(name)} {words.number(found.value)}"
        + (f" ({words.number(found.interval[0])} to {words.number(found.interval[1])})" if found.interval else "")
        for name, found in ((name, distances[name]) for name in order)
    )
    real = f"; training images give {words.number(first.floor)}" if first.floor is not None else ""
    reach = (first.interval or (first.value,) * 2)[1], (second.interval or (second.value,) * 2)[0]
    if reach[0] < reach[1]:
        opening = f"**{words.plain(order[0])} came closest to the tuning images.**"
    else:
        opening = "**The two best runs cannot be told apart.**"
    return (
        f"{opening} Distance of the kept checkpoint with its 95 % interval: {said}{real}. One run of each: another "
        "seed may turn the order round."
    )


def differences(configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the settings in which the runs differ, a row each and a column a run."""
    flat = {name: _flat(config) for name, config in configs.items()}
    keys = list(dict.fromkeys(key for each in flat.values() for key in each))
    rows = [
        {"Setting": setting_titles.label(key), **{words.clean(name): each.get(key, "–") for name, each in flat.items()}}
        for key in keys
        if len({each.get(key, "–") for each in flat.values()}) > 1
    ]
    return pd.DataFrame(rows)


def _flat(config: Mapping[str, Any]) -> dict[str, str]:
    """Return settings by name, parts as `loss` and `loss.margin`."""
    flat: dict[str, str] = {}
    for key, value in config.items():
        chosen = [value] if isinstance(value, dict) and "settings" in value else value
        if isinstance(chosen, list | tuple) and all(isinstance(each, dict) for each in chosen):
            flat[key] = ", ".join(setting_titles.title_of(each["name"]) for each in chosen) or "none"
            for each in chosen:
                flat |= {f"{each['name']}.{setting}": _text(given) for setting, given in each["settings"].items()}
        elif value is not None:
            flat[key] = _text(value)
    return flat


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return words.clean(", ".join(map(_text, value)) if isinstance(value, list | tuple) else value)


def _curves(chosen: list[str]) -> None:
    histories = {name: runs.history(caches.workspace(), name) for name in chosen}
    for place, (key, (title, axis)) in zip(st.columns(2), CURVES.items(), strict=True):
        figure = go.Figure()
        for number, (name, curves) in enumerate(histories.items()):
            line = {"color": palette.of_class(number), "width": 2, "dash": checkpoint_measurements.DASHES[number]}
            values = curves.get(key) or curves.get(key.removesuffix("_average"), [])
            figure.add_scatter(x=curves["images"], y=values, name=words.clean(name), mode="lines", line=line)
        with place:
            dressed = charts.dressed(figure, title, "training images seen", axis)
            charts.show(charts.without_spikes(dressed), f"compare-{key}", title)


def _grids(chosen: list[str], seeds: Mapping[str, int]) -> None:
    sheets = {name: found for name in chosen if (found := runs.previews(caches.workspace(), name))}
    if not sheets:
        return
    st.subheader("What they draw at the end")
    if len(set(seeds.values())) == 1:
        st.text("The runs have one seed, so each place shows the same random starting point where networks are alike.")
    else:
        st.text("The runs have different seeds, so equal places do not show equal starting points.")
    for place, (name, found) in zip(st.columns(len(sheets)), sheets.items(), strict=True):
        images, path = found[-1]
        with place:
            st.text(f"{words.clean(name)}, after {words.count(images, 'image')}")
            st.image(
                run_history.enlarged(path), output_format="PNG", alt=f"Generated images of the run {words.clean(name)}"
            )
