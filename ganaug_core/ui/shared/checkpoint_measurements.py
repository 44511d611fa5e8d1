"""What the measured checkpoints of a run are worth: a sentence, figures over time, and the table."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.jobs import runs
from ganaug_core.records import Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.ui.shared import caches, charts, palette, show, words

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
    checkups, kept_images = runs.checkups(caches.workspace(), name)
    if not checkups:
        return
    st.header("How good it is")
    kept_checkup = next((checkup for checkup in checkups if checkup.images == kept_images), checkups[-1])
    st.write(verdict(kept_checkup))
    measures = [key for key in MEASURES if any(checkup.find(key) for checkup in checkups)]
    for left in range(0, len(measures), 2):
        for column, key in zip(st.columns(2), measures[left : left + 2], strict=False):
            with column:
                alt = f"{MEASURES[key][0]} at each measured checkpoint, with 95 % intervals"
                charts.show(over_time({name: checkups}, key, kept={name: kept_images}), f"{key}-{name}", alt, live)
    draw = partial(_all_measurements, name, kept_checkup)
    show.folded("All measurements of the kept checkpoint", draw, icon=":material/table:", key=f"measurements-{name}")


def _all_measurements(name: str, kept: Checkup) -> None:
    st.dataframe(table({name: kept}), hide_index=True, alt="Measurements with intervals, sizes and references")


def verdict(kept: Checkup) -> str:
    """Say in a sentence what the kept checkpoint is worth, with its references."""
    sizes = next(
        (
            (measurement.n_real, measurement.n_synthetic)
            for measurement in kept.measurements
            if measurement.class_name is None
        ),
        (0, 0),
    )
    parts = []
    if (distance := kept.find("kernel_distance")) is not None:
        low, high = distance.interval or (distance.value, distance.value)
        real = f"; training images {words.number(distance.floor)}" if distance.floor is not None else ""
        reach = f"{words.number(low)} to {words.number(high)}"
        parts.append(f"its images lie {words.number(distance.value)} from the tuning images ({reach}{real})")
    for key, sentence in (
        ("label_agreement", "{0} of its images show their class (real ones {1})"),
        ("coverage", "they cover {0} of the tuning images (training images {1})"),
    ):
        if (measurement := kept.find(key)) is not None and measurement.floor is not None:
            parts.append(sentence.format(_with_interval(measurement), words.percent(measurement.floor)))
    copying = "copying cannot be judged"
    if kept.copying_p is not None:
        copying = "no copying was found" if kept.copying_p >= 0.01 else "**copying is suspected**"
    opening = f"Kept is the checkpoint after {words.count(kept.images, 'image')}: "
    closing = (
        " In brackets: 95 % intervals, and what real images give. Judged on "
        f"{words.count(sizes[0], 'tuning image')} and {sizes[1]:,} generated ones; the hold-out is left for the audit."
    )
    return f"{opening}{'; '.join([*parts, copying])}.{closing}"


def over_time(
    checkups_by_run: Mapping[str, Sequence[Checkup]], key: str, kept: Mapping[str, int | None] | None = None
) -> go.Figure:
    """Draw a measurement over the images seen, one line a run, with intervals; a ring marks what is kept."""
    figure = go.Figure()
    scale = 100 if key in IN_PERCENT else 1
    for number, (name, checkups) in enumerate(checkups_by_run.items()):
        points = [
            (checkup.images, measurement) for checkup in checkups if (measurement := checkup.find(key)) is not None
        ]
        if not points:
            continue
        colour = palette.of_run(number) if len(checkups_by_run) > 1 else palette.ROLES["synthetic"]
        images = [images_seen for images_seen, _ in points]
        values = [scale * measurement.value for _, measurement in points]
        reaches = [_reach(measurement, scale) for _, measurement in points]
        figure.add_scatter(
            x=images,
            y=values,
            name=charts.label(name) if len(checkups_by_run) > 1 else "generated",
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": DASHES[number % len(DASHES)]},
            error_y={
                "array": [up for up, _ in reaches],
                "arrayminus": [down for _, down in reaches],
                "color": colour,
                "thickness": 1,
                "width": 3,
            },
        )
        floors = [scale * measurement.floor for _, measurement in points if measurement.floor is not None]
        if floors:
            line = {"color": palette.QUIET if len(checkups_by_run) == 1 else colour, "width": 1, "dash": "dot"}
            figure.add_scatter(
                x=[images[0], images[-1]],
                y=[floors[-1]] * 2,
                name="real images",
                mode="lines",
                line=line,
                showlegend=len(checkups_by_run) == 1,
            )
        kept_images = (kept or {}).get(name)
        if kept_images in images:
            ring = {"symbol": "circle-open", "size": 15, "color": palette.TEXT, "line": {"width": 2}}
            value = values[images.index(kept_images)]
            figure.add_scatter(
                x=[kept_images],
                y=[value],
                name="kept",
                mode="markers",
                marker=ring,
                cliponaxis=False,
                showlegend=len(checkups_by_run) == 1,
            )
    title, unit = MEASURES[key]
    charts.dressed(figure, title, f"images seen; {TIPS[key]}", unit)
    values_drawn = [
        measurement.value
        for checkups in checkups_by_run.values()
        for checkup in checkups
        if (measurement := checkup.find(key)) is not None
    ]
    if values_drawn and 0 < 20 * min(values_drawn) < max(values_drawn):
        figure.update_yaxes(type="log", exponentformat="power")
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def table(checkup_by_run: Mapping[str, Checkup]) -> pd.DataFrame:
    """Return the measurements of one checkpoint a run, a row each, with interval, reference and sizes."""
    rows: list[dict[str, Any]] = []
    for name, checkup in checkup_by_run.items():
        for measurement in checkup.measurements:
            run_column = {"Run": words.clean(name)} if len(checkup_by_run) > 1 else {}
            class_suffix = f", {words.clean(measurement.class_name)}" if measurement.class_name is not None else ""
            rows.append(
                {
                    **run_column,
                    "Measurement": MEASURES.get(measurement.name, (measurement.name, ""))[0] + class_suffix,
                    "Value": _cell(measurement, measurement.value),
                    "95 % interval": _interval(measurement),
                    "Real images give": _cell(measurement, measurement.floor),
                    "Chance gives": _cell(measurement, measurement.null),
                    "Better": measurement.better,
                    "Tuning images": measurement.n_real,
                    "Generated": measurement.n_synthetic,
                    "Seen through": measurement.encoder,
                }
            )
    return (
        pd.DataFrame(rows).sort_values("Measurement", kind="stable") if len(checkup_by_run) > 1 else pd.DataFrame(rows)
    )


def _cell(measurement: Measurement, value: float | None) -> str:
    if value is None:
        return "–"
    return words.percent(value) if measurement.name in IN_PERCENT else f"{value:.3g}"


def _interval(measurement: Measurement) -> str:
    return "–" if measurement.interval is None else " to ".join(_cell(measurement, end) for end in measurement.interval)


def _with_interval(measurement: Measurement) -> str:
    low, high = measurement.interval or (measurement.value, measurement.value)
    return f"{words.percent(measurement.value)} ({words.percent(low)} to {words.percent(high)})"


def _reach(measurement: Measurement, scale: float) -> tuple[float, float]:
    low, high = measurement.interval or (measurement.value, measurement.value)
    return scale * (high - measurement.value), scale * (measurement.value - low)
