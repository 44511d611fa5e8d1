"""Sets of synthetic images side by side, whoever made them: verdicts, one table with intervals, one map with all."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from ganaug_core.config.requests import MAP_SPACE
from ganaug_core.records import ROLES, Audit, Map, Measurement
from ganaug_core.ui.shared import caches, charts, choosers, glossary, palette, show, words

MOST = 4
MOST_POINTS = 1500  # of one side on the map
COMPARED = (
    ("copied_share", "registered"),
    ("discrepancy_multiple", "texture"),
    ("frechet_multiple", "texture"),
    ("told_apart", "images"),
    ("coverage", "simclr"),
    ("self_similarity", "registered"),
    ("label_agreement", "classifier"),
)
"""What is compared: the measures behind the verdicts."""
IN_PERCENT = ("copied_share", "told_apart", "coverage", "self_similarity", "label_agreement")
SYMBOLS = ("cross-thin", "x-thin", "asterisk", "y-up")


def page() -> None:
    """Compare sets of images of one cohort."""
    left, right = st.columns([1, 2])
    with left:
        cohort = choosers.cohort()
    if cohort is None:
        show.next_step("There is nothing to compare yet. Open the phantom or load your own images.", page="cohort")
    assert cohort is not None
    names = choosers.fitting_samples(cohort)
    if len(names) < 2:
        show.next_step(
            "Comparing needs two sets of images of this cohort: draw or bring another one.", page="generators"
        )
    audited = [name for name in names if caches.audit_beside(cohort, name) is not None]
    first = [*audited, *(name for name in names if name not in audited)][:2]
    with right:
        chosen = choosers.several("Sets of synthetic images", "sets", names, most=MOST, first=first)
    if len(chosen) < 2:
        st.info("Choose at least two sets.", icon=":material/arrow_upward:")
        return
    with show.guarded():
        audits = {name: audit for name in chosen if (audit := caches.audit_beside(cohort, name)) is not None}
        for name in chosen:
            if name not in audits:
                st.text(f"{words.clean(name)} has no audit yet, so nothing is known of it here.")
                show.link("audit", f"Audit {words.plain(name)}", cohort=cohort, samples=name)
        if audits:
            st.write(sentence(audits))
            with st.container(key="table-of-sets"):
                show.table(table(audits), "What the audits found of each set, with 95 % intervals")
            st.text(
                "In brackets: 95 % intervals. Where they overlap, that row does not tell the sets apart. Real against "
                "real is what real images give among themselves."
            )
        _map(cohort, chosen)


def sentence(audits: Mapping[str, Audit]) -> str:
    """Say of each set where an audit found a problem."""
    said = []
    for name, audit in audits.items():
        troubles = [title for key, (title, _) in glossary.VERDICTS.items() if audit.verdicts[key].state == "fail"]
        trouble = f"a problem with {words.listing(troubles).lower()}" if troubles else "no problem that is sure"
        said.append(f"**{words.plain(name)}**: {trouble}")
    return "; ".join(said) + "."


def table(audits: Mapping[str, Audit]) -> pd.DataFrame:
    """Return verdicts and the measures behind them, a row each and a column a set."""
    rows: list[dict[str, str]] = [
        {
            "What": title,
            **{words.clean(name): glossary.STATES[audit.verdicts[key].state][0] for name, audit in audits.items()},
            "Real against real": "",
            "Better": "",
        }
        for key, (title, _) in glossary.VERDICTS.items()
    ]
    for measure, encoder in COMPARED:
        found = {
            name: {one.class_name: one for one in audit.measurements if (one.name, one.encoder) == (measure, encoder)}
            for name, audit in audits.items()
        }
        for class_name in dict.fromkeys(name for of_set in found.values() for name in of_set):
            some = next(of_set[class_name] for of_set in found.values() if class_name in of_set)
            title = glossary.MEASURES.get(measure, (measure.replace("_", " ").capitalize(), ""))[0]
            rows.append(
                {
                    "What": title + (f", {words.clean(class_name)}" if class_name else ""),
                    **{words.clean(name): _value(of_set.get(class_name)) for name, of_set in found.items()},
                    "Real against real": "–" if some.floor is None else _number(measure, some.floor),
                    "Better": some.better,
                }
            )
    return pd.DataFrame(rows)


def _value(measurement: Measurement | None) -> str:
    if measurement is None:
        return "–"
    value = _number(measurement.name, measurement.value)
    if measurement.interval is None:
        return value
    low, high = (_number(measurement.name, end) for end in measurement.interval)
    return f"{value} ({low} to {high})"


def _number(measure: str, value: float) -> str:
    return words.percent(value) if measure in IN_PERCENT else words.number(value)


def _map(cohort: str, chosen: Sequence[str]) -> None:
    """Draw the sets that have a map on one: their real images lie in the same places."""
    maps = {}
    for name in chosen:
        map_name = caches.workspace().newest("maps", caches.inputs(cohort, name), encoder=MAP_SPACE)
        if map_name is None:
            st.text(f"{words.clean(name)} has no map yet.")
            show.link("feature_map", f"Draw the map of {words.plain(name)}", cohort=cohort, samples=name)
        else:
            maps[name] = caches.map(map_name, cohort, name)
    together = on_one_canvas(maps)
    for name in maps.keys() - together.keys():
        st.text(
            f"The map of {words.clean(name)} was drawn anew and lies differently, so it is not shown with the others."
        )
    if together:
        alt = f"Real images, and those of {words.listing(map(words.clean, together))}, on one feature map"
        charts.show(figure(together), "map-of-sets", alt)


def on_one_canvas(maps: Mapping[str, Map]) -> dict[str, Map]:
    """Return the maps whose real images lie where those of the first one do."""
    first = next(iter(maps.values()), None)
    if first is None:
        return {}
    real = first.positions[first.roles < len(ROLES)]

    def agrees(other: Map) -> bool:
        theirs = other.positions[other.roles < len(ROLES)]
        return theirs.shape == real.shape and bool(np.allclose(theirs, real, atol=1e-4))

    return {name: map_ for name, map_ in maps.items() if agrees(map_)}


def figure(maps: Mapping[str, Map]) -> go.Figure:
    """Return real images as grey dots, and each set in a colour and a shape of its own."""
    drawn = go.Figure()
    first = next(iter(maps.values()))
    real = first.roles < len(ROLES)
    grey = {"symbol": "circle", "color": palette.QUIET, "size": 4, "opacity": 0.35}
    _points(drawn, first, real, "real images", grey)
    for number, (name, map_) in enumerate(maps.items()):
        colour = palette.of_run(number)
        marker = {"symbol": SYMBOLS[number], "color": colour, "size": 7, "line": {"width": 1.5, "color": colour}}
        _points(drawn, map_, map_.roles == len(ROLES), charts.label(name), marker)
    charts.dressed(
        drawn, "Where they lie among the real images", "first map direction", "second map direction", height=560
    )
    drawn.update_yaxes(scaleanchor="x")
    return drawn


def _points(drawn: go.Figure, map_: Map, chosen: NDArray[np.bool_], name: str, marker: dict[str, object]) -> None:
    """Add some of these points, evenly chosen: not every browser has WebGL, and more take long without it."""
    rows = np.flatnonzero(chosen)
    rows = rows[:: max(1, -(-len(rows) // MOST_POINTS))]
    x, y = map_.positions[rows, 0], map_.positions[rows, 1]
    drawn.add_scatter(x=x, y=y, mode="markers", name=name, marker=marker, hovertemplate=f"{name}<extra></extra>")
