"""Runs side by side: what was set differently, how they went, what came out, and their images."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs
from ganaug_core.records import Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.ui.pages.compare import sets_page
from ganaug_core.ui.shared import (
    address,
    caches,
    charts,
    checkpoint_measurements,
    choosers,
    glossary,
    palette,
    run_history,
    run_quality,
    setting_titles,
    show,
    words,
)

MOST = 4
CURVES = {
    "generator_loss_average": ("Generator's loss, moving average", "loss"),
    "discriminator_loss_average": ("Discriminator's loss, moving average", "loss"),
}


RUNS, SETS = "Training runs", "Sets of images"


def page() -> None:
    """Show the comparison of the chosen runs, or of sets of images; which of both stands in the address."""
    if address.settle("what") not in (RUNS, SETS):
        st.session_state["what"] = RUNS
    if st.segmented_control("What is compared", [RUNS, SETS], key="what", required=True) == SETS:
        sets_page.page()
    else:
        _runs()


def _runs() -> None:
    run_names = runs.names(caches.workspace())[::-1]
    if len(run_names) < 2:
        show.next_step("Comparing needs two training runs; train another one first.", page="training")
    chosen = choosers.several("Training runs", "runs", run_names, most=MOST, first=_weighable(run_names))
    if len(chosen) < 2:
        st.info("Choose at least two runs.", icon=":material/arrow_upward:")
        return
    with show.guarded():
        _compare(chosen)


def _weighable(names: Sequence[str]) -> list[str]:
    """Return the two newest runs of one cohort that both have a measured checkpoint; without such the two newest."""
    workspace, measured = caches.workspace(), dict[str, list[str]]()
    for name in names:
        with suppress(WorkspaceError):  # a damaged one is said where it is chosen
            checkups, kept = runs.checkups(workspace, name)
            if any(checkup.images == kept and checkup.find("kernel_distance") for checkup in checkups):
                cohort = workspace.reference("runs", name).origin.inputs.get("cohort", name)
                measured.setdefault(cohort, []).append(name)
    pairs = [of_cohort[:2] for of_cohort in measured.values() if len(of_cohort) > 1]
    return min(pairs, key=lambda pair: names.index(pair[0]), default=list(names[:2]))


def _compare(chosen: list[str]) -> None:
    workspace = caches.workspace()
    states, manifests, cohorts = {}, {}, set()
    for name in chosen:
        with caches.using("runs", name):
            states[name] = runs.state(workspace, name)
            manifests[name] = workspace.manifest("runs", name)
            cohorts.add(workspace.reference("runs", name).origin.inputs.get("cohort", name))
    checkups_by_run = {name: runs.checkups(workspace, name) for name in chosen}
    kept_checkups = {
        name: next(checkup for checkup in checkups if checkup.images == images)
        for name, (checkups, images) in checkups_by_run.items()
        if images is not None and any(checkup.images == images for checkup in checkups)
    }
    _what_audits_say(chosen)
    st.write(verdict(kept_checkups, one_cohort=len(cohorts) == 1))
    st.header("What was set differently")
    cohort_by_run = {name: state.present_cohort or f"{state.cohort} (an earlier one)" for name, state in states.items()}
    settings = {name: manifest["config"] | {"cohort": cohort_by_run[name]} for name, manifest in manifests.items()}
    for name, state in states.items():
        settings[name]["threads"] = state.threads or settings[name]["threads"]  # what was computed with, not asked for
    differing = differences(settings)
    if differing.empty:
        st.text("Nothing: the runs were asked for in the same words.")
    else:
        show.table(differing, "Settings that differ between the runs")
    st.header("How they went")
    _curves(chosen)
    _measurements(
        {name: checkups for name, (checkups, _) in checkups_by_run.items()},
        {name: images for name, (_, images) in checkups_by_run.items()},
    )
    if kept_checkups:
        with st.expander("All measurements of the kept checkpoints", expanded=True):
            st.dataframe(
                checkpoint_measurements.table(kept_checkups),
                hide_index=True,
                alt="Measurements of each run with intervals",
            )
    _sample_grids(chosen, {name: state.seed for name, state in states.items()})


def _measurements(checkups_by_run: Mapping[str, Sequence[Checkup]], kept_images: Mapping[str, int | None]) -> None:
    """Draw each measurement of the checkpoints over time, a line a run."""
    if any(checkups_by_run.values()):
        st.header("What came out")
    measures = list(checkpoint_measurements.MEASURES.items())
    for left in range(0, len(measures), 2):
        for column, (key, (title, _)) in zip(st.columns(2), measures[left : left + 2], strict=False):
            if any(checkup.find(key) for checkups in checkups_by_run.values() for checkup in checkups):
                with column:
                    figure = checkpoint_measurements.over_time(checkups_by_run, key, kept_images)
                    charts.show(figure, f"compare-{key}", f"{title} of each run over time")


def _what_audits_say(chosen: Sequence[str]) -> None:
    """Put the verdicts on the images of each run's generator side by side, where such were audited."""
    rows = []
    for name in chosen:
        for samples, audit in run_quality.audits_of_run(name):
            words_by_verdict = {
                title: glossary.STATES[audit.verdicts[verdict].state][0]
                for verdict, (title, _) in glossary.VERDICTS.items()
            }
            rows.append({"Run": words.clean(name), "Audited images": words.clean(samples), **words_by_verdict})
    if rows:
        st.write("What the audits say of their images:")
        show.table(pd.DataFrame(rows), "What the audits say of the images of each run")


def verdict(kept_checkups: Mapping[str, Checkup], *, one_cohort: bool) -> str:
    """Say which run came closest to its tuning images, or that this cannot be told."""
    distances = {
        name: distance
        for name, checkup in kept_checkups.items()
        if (distance := checkup.find("kernel_distance")) is not None
    }
    if len(distances) < 2:
        return (
            "Fewer than two of the runs have a measured checkpoint, so their distances to the tuning images cannot be "
            "weighed."
        )
    if not one_cohort:
        return "The runs learnt from different cohorts, so their distances cannot be weighed against each other."
    order = sorted(distances, key=lambda name: distances[name].value)
    first, second = (distances[name] for name in order[:2])
    distances_text = ", ".join(f"{words.plain(name)} {_with_interval(distances[name])}" for name in order)
    floor_text = f"; training images give {words.number(first.floor)}" if first.floor is not None else ""
    ends = (first.interval or (first.value,) * 2)[1], (second.interval or (second.value,) * 2)[0]
    if ends[0] < ends[1]:
        opening = f"**{words.plain(order[0])} came closest to the tuning images.**"
    else:
        opening = "**The two best runs cannot be told apart.**"
    return (
        f"{opening} Distance of the kept checkpoint with its 95 % interval: {distances_text}{floor_text}. One run of "
        "each: another seed may turn the order round."
    )


def _with_interval(distance: Measurement) -> str:
    value = words.number(distance.value)
    if distance.interval is None:
        return value
    low, high = map(words.number, distance.interval)
    return f"{value} ({low} to {high})"


def differences(configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the settings in which the runs differ, a row each and a column a run."""
    flat = {name: _flat(config) for name, config in configs.items()}
    keys = list(dict.fromkeys(key for settings in flat.values() for key in settings))
    rows = [
        {
            "Setting": setting_titles.label(key),
            **{words.clean(name): settings.get(key, "–") for name, settings in flat.items()},
        }
        for key in keys
        if len({settings.get(key, "–") for settings in flat.values()}) > 1
    ]
    return pd.DataFrame(rows)


def _flat(config: Mapping[str, Any]) -> dict[str, str]:
    """Return settings by name, parts as `loss` and `loss.margin`."""
    flat: dict[str, str] = {}
    for key, value in config.items():
        parts = [value] if isinstance(value, dict) and "settings" in value else value
        if isinstance(parts, list | tuple) and all(isinstance(part, dict) for part in parts):
            flat[key] = ", ".join(setting_titles.title_of(part["name"]) for part in parts) or "none"
            for part in parts:
                flat |= {f"{part['name']}.{setting}": _text(number) for setting, number in part["settings"].items()}
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
    for column, (key, (title, axis)) in zip(st.columns(2), CURVES.items(), strict=True):
        figure = go.Figure()
        for number, (name, curves) in enumerate(histories.items()):
            line = {"color": palette.of_run(number), "width": 2, "dash": checkpoint_measurements.DASHES[number]}
            values = curves.get(key) or curves.get(key.removesuffix("_average"), [])
            figure.add_scatter(x=curves["images"], y=values, name=charts.label(name), mode="lines", line=line)
        with column:
            dressed = charts.dressed(figure, title, "training images seen", axis)
            charts.show(charts.without_spikes(dressed), f"compare-{key}", title)


def _sample_grids(chosen: list[str], seeds: Mapping[str, int]) -> None:
    sheets = {name: previews for name in chosen if (previews := runs.previews(caches.workspace(), name))}
    if not sheets:
        return
    st.header("What they draw at the end")
    if len(set(seeds.values())) == 1:
        st.text("The runs have one seed, so each place shows the same random starting point where networks are alike.")
    else:
        st.text("The runs have different seeds, so equal places do not show equal starting points.")
    for column, (name, previews) in zip(st.columns(len(sheets)), sheets.items(), strict=True):
        images, path = previews[-1]
        with column:
            st.text(f"{words.clean(name)}, after {words.count(images, 'image')}")
            st.image(
                run_history.enlarged(path), output_format="PNG", alt=f"Generated images of the run {words.clean(name)}"
            )
