"""What the measured checkpoints of a run are worth: a sentence, figures over time, and the table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.jobs import runs
from ganaug_core.records import Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.ui.shared import caches, charts, palette, words

MEASURES = {
    "kernel_distance": ("Distance from tuning images", "kernel distance, texture"),
    "coverage": ("Share of tuning images that are covered", "%"),
    "variety": ("Variety within the least varied class", "% of training images"),
    "label_agreement": ("Images that show their class", "%"),
    "copied_share": ("Images too close to a training image", "%"),
    "discriminator_gap": ("What the discriminator knows by heart", "%"),
}
IN_PERCENT = frozenset(MEASURES) - {"kernel_distance"}
TIPS = {
    "kernel_distance": "lower is better",
    "coverage": "higher is better",
    "variety": "100 % is as varied",
    "label_agreement": "higher is better",
    "copied_share": "beyond chance",
    "discriminator_gap": "0 % is nothing, 100 % is all",
}
DASHES = ("solid", "dash", "dot", "dashdot")


def checkpoints(name: str, live: bool) -> None:
    """Show what the measured checkpoints are worth, and which one is kept."""
    measured, kept = runs.checkups(caches.workspace(), name)
    if not measured:
        return
    st.subheader("What its checkpoints are worth")
    best = next((each for each in measured if each.images == kept), measured[-1])
    st.write(verdict(best))
    shown = [key for key in MEASURES if any(each.find(key) for each in measured)]
    for left in range(0, len(shown), 2):
        for place, key in zip(st.columns(2), shown[left : left + 2], strict=False):
            with place:
                alt = f"{MEASURES[key][0]} at each measured checkpoint, with 95 % intervals"
                charts.show(over_time({name: measured}, key, kept={name: kept}), f"{key}-{name}", alt, live)
    with st.expander("All measurements of the kept checkpoint", key=f"measurements-{name}"):
        st.dataframe(table({name: best}), hide_index=True, alt="Measurements with intervals, sizes and references")


def verdict(kept: Checkup) -> str:
    """Say in a sentence what the kept checkpoint is worth, with its references."""
    sizes = next(((each.n_real, each.n_synthetic) for each in kept.measurements if each.class_name is None), (0, 0))
    parts = []
    for key, says in (
        ("label_agreement", "{0} of its images show their class (real ones {1})"),
        ("coverage", "they cover {0} of the tuning images (training images {1})"),
    ):
        if (found := kept.find(key)) is not None and found.floor is not None:
            parts.append(says.format(_said(found), words.percent(found.floor)))
    copying = "copying cannot be judged"
    if kept.copying_p is not None:
        copying = "no copying was found" if kept.copying_p >= 0.01 else "**copying is suspected**"
    opening = f"Kept is the checkpoint after {words.count(kept.images, 'image')}: "
    closing = f" Judged on {words.count(sizes[0], 'tuning image')} and {sizes[1]:,} generated ones; the hold-out is "
    return f"{opening}{'; '.join([*parts, copying])}.{closing}left for the audit."


def over_time(
    found: Mapping[str, Sequence[Checkup]], key: str, kept: Mapping[str, int | None] | None = None
) -> go.Figure:
    """Draw a measurement over the images seen, one line a run, with intervals; a ring marks what is kept."""
    figure = go.Figure()
    scale = 100 if key in IN_PERCENT else 1
    for place, (name, checkups) in enumerate(found.items()):
        points = [(each.images, one) for each in checkups if (one := each.find(key)) is not None]
        if not points:
            continue
        colour = palette.of_class(place) if len(found) > 1 else palette.ROLES["synthetic"]
        images, values = [at for at, _ in points], [scale * one.value for _, one in points]
        reach = [_reach(one, scale) for _, one in points]
        figure.add_scatter(
            x=images,
            y=values,
            name=words.clean(name) if len(found) > 1 else "generated",
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": DASHES[place % len(DASHES)]},
            error_y={
                "array": [up for up, _ in reach],
                "arrayminus": [down for _, down in reach],
                "color": colour,
                "thickness": 1,
                "width": 3,
            },
        )
        floors = [scale * one.floor for _, one in points if one.floor is not None]
        if floors:
            line = {"color": palette.QUIET if len(found) == 1 else colour, "width": 1, "dash": "dot"}
            figure.add_scatter(
                x=[images[0], images[-1]],
                y=[floors[-1]] * 2,
                name="real images",
                mode="lines",
                line=line,
                showlegend=len(found) == 1,
            )
        moment = (kept or {}).get(name)
        if moment in images:
            ring = {"symbol": "circle-open", "size": 15, "color": palette.TEXT, "line": {"width": 2}}
            at = values[images.index(moment)]
            figure.add_scatter(
                x=[moment],
                y=[at],
                name="kept",
                mode="markers",
                marker=ring,
                cliponaxis=False,
                showlegend=len(found) == 1,
            )
    title, unit = MEASURES[key]
    charts.dressed(figure, title, f"images seen; {TIPS[key]}", unit)
    drawn = [one.value for checkups in found.values() for each in checkups if (one := each.find(key)) is not None]
    if drawn and 0 < 20 * min(drawn) < max(drawn):
        figure.update_yaxes(type="log", exponentformat="power")
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def table(found: Mapping[str, Checkup]) -> pd.DataFrame:
    """Return the measurements of one checkpoint a run, a row each, with interval, reference and sizes."""
    rows: list[dict[str, Any]] = []
    for name, checkup in found.items():
        for each in checkup.measurements:
            run = {"Run": words.clean(name)} if len(found) > 1 else {}
            about = f", {words.clean(each.class_name)}" if each.class_name is not None else ""
            rows.append(
                {
                    **run,
                    "Measurement": MEASURES.get(each.name, (each.name, ""))[0] + about,
                    "Value": _figure(each, each.value),
                    "95 % interval": "–"
                    if each.interval is None
                    else f"{_figure(each, each.interval[0])} to {_figure(each, each.interval[1])}",
                    "Real images give": _figure(each, each.floor),
                    "Chance gives": _figure(each, each.null),
                    "Better": each.better,
                    "Tuning images": each.n_real,
                    "Generated": each.n_synthetic,
                    "Seen through": each.encoder,
                }
            )
    return pd.DataFrame(rows).sort_values("Measurement", kind="stable") if len(found) > 1 else pd.DataFrame(rows)


def _figure(found: Measurement, value: float | None) -> str:
    if value is None:
        return "–"
    return words.percent(value) if found.name in IN_PERCENT else f"{value:.3g}"


def _said(found: Measurement) -> str:
    low, high = found.interval or (found.value, found.value)
    return f"{words.percent(found.value)} ({words.percent(low)} to {words.percent(high)})"


def _reach(found: Measurement, scale: float) -> tuple[float, float]:
    low, high = found.interval or (found.value, found.value)
    return scale * (high - found.value), scale * (found.value - low)
