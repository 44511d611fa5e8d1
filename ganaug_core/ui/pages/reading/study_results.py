"""What a study showed: the sentences, means and readers with intervals, images taken for real, tables to save."""

import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.reading import tables
from ganaug_core.records import Integers
from ganaug_core.records.reading import REAL, SYNTHETIC, Answer, Reading
from ganaug_core.server.images import sheet
from ganaug_core.ui.pages.reading import numbers
from ganaug_core.ui.shared import charts, palette, words

if TYPE_CHECKING:  # what computes loads much
    from ganaug_core.reading.analysis import Results

MOST_PICTURES = 12
TILE = 96


def page(reading: Reading, given: Sequence[Sequence[Answer]]) -> None:
    """Draw the results of a study that is over."""
    from ganaug_core.reading import analysis

    found = analysis.results(reading, given)
    state = {True: ":material/check_circle:", False: ":material/cancel:", None: ":material/info:"}[found.equivalence]
    st.markdown(f"## {words.plain(found.said[0])}")
    if found.means:
        st.info(words.plain(found.said[1]), icon=state)
    _means(found)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        charts.show(_figure(found), key="readers", alt="Right calls and area under the ROC curve of each reader")
    with right:
        _taken(reading, given)
    with st.expander("All numbers", icon=":material/table:"):
        st.dataframe(pd.DataFrame(_rows(found)), hide_index=True, alt="Every number of every reader")
        st.dataframe(pd.DataFrame(_tags(found)), hide_index=True, alt="How often each tag was given")
    with st.expander("How it was done", icon=":material/science:"):
        for sentence in (*found.said[2:], *_methods(found)):
            st.text(words.clean(sentence))
    _save(reading, given, found)


def _means(found: "Results") -> None:
    if not found.means:
        return
    columns = st.columns(4)
    entries = (
        ("Right calls, mean", found.means["accuracy"], words.percent, "50 % is chance."),
        ("Area under the ROC curve", found.means["auc"], numbers.number, "From the confidence; 0.50 is chance."),
        ("Agreement (AC1)", found.agreement["calls"], numbers.number, "Between readers, beyond chance; 1 is always."),
        (
            "Class: synthetic − real",
            found.means["class_difference"],
            numbers.points,
            "Share of images whose class was read as meant, in points; below 0 it is harder in synthetic ones.",
        ),
    )
    for column, (title, estimate, form, help_text) in zip(columns, entries, strict=True):
        column.metric(title, numbers.value(estimate, form), help=help_text)
        column.caption(f"95 %: {numbers.interval(estimate, form)}")


def _figure(found: "Results") -> go.Figure:
    """Each reader's right calls and area, and the means, with their intervals."""
    figure = go.Figure()
    for title, name, colour, symbol in (
        ("right calls", "accuracy", palette.CLASSES[1], "circle"),
        ("area under the ROC curve", "auc", palette.CLASSES[0], "diamond"),
    ):
        points = [(one.reader, getattr(one, name)) for one in found.readers]
        points += [("mean", found.means[name])] if found.means else []
        points = [(who, estimate) for who, estimate in points if estimate.value is not None]
        values = [estimate.value for _, estimate in points]
        ends = [estimate.interval or (estimate.value, estimate.value) for _, estimate in points]
        figure.add_scatter(
            x=[who for who, _ in points],
            y=values,
            name=title,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 11},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high - value for value, (_, high) in zip(values, ends, strict=True)],
                "arrayminus": [value - low for value, (low, _) in zip(values, ends, strict=True)],
            },
        )
    figure.add_hline(y=0.5, line={"color": palette.QUIET, "dash": "dot"}, annotation_text="chance")
    figure.update_layout(scattermode="group", scattergap=0.7)
    figure.update_yaxes(range=[0, 1.06])
    return charts.dressed(figure, "Real or synthetic?", "", "share, 95 % interval", height=320)


def _taken(reading: Reading, given: Sequence[Sequence[Answer]]) -> None:
    """Pictures of the synthetic images that readers called real most often."""
    counts = called_real(reading, given)
    rows = np.flatnonzero((reading.truth == SYNTHETIC) & (counts > 0))
    st.markdown("## Synthetic, taken for real")
    if not len(rows):
        st.text("No synthetic image was called real.")
        return
    chosen = rows[np.argsort(-counts[rows], kind="stable")][:MOST_PICTURES]
    buffer = io.BytesIO()
    sheet(reading.pixels[chosen], 6, TILE, gap=4).save(buffer, "PNG")
    st.image(buffer.getvalue(), alt="Synthetic images that readers called real", output_format="PNG")
    most = int(counts[chosen[0]])
    all_of_them = int((counts[rows] == most).sum())
    st.caption(
        f"{words.count(len(rows), 'synthetic image')} called real by somebody; {all_of_them} by "
        f"{words.count(most, 'reader')}, these first."
    )


def called_real(reading: Reading, given: Sequence[Sequence[Answer]]) -> Integers:
    """Return (image,) how many readers called it real at first sight."""
    counts = np.zeros(len(reading), np.int64)
    for reader, of_reader in enumerate(given):
        repeats = reading.is_repeat(reader)
        for answer in of_reader:
            if answer.called == REAL and not repeats[answer.place]:
                counts[int(reading.orders[reader, answer.place])] += 1
    return counts


def _rows(found: "Results") -> list[dict[str, str]]:
    rows = []
    for one in found.readers:
        row = {"Reader": one.reader, "Answered": f"{one.done} of {one.total}"}
        row |= {title: numbers.said(getattr(one, name), words.percent) for title, name in numbers.SHARES}
        row |= {title: numbers.said(getattr(one, name), numbers.number) for title, name in numbers.FIGURES}
        row["Seconds an image"] = words.number(one.seconds)
        rows.append(row)
    return rows


def _tags(found: "Results") -> list[dict[str, object]]:
    names = list(found.readers[0].tags) if found.readers else []
    return [
        {
            "Found odd": name,
            "in real images": sum(one.tags[name][0] for one in found.readers),
            "in synthetic images": sum(one.tags[name][1] for one in found.readers),
        }
        for name in names
    ]


def _methods(found: "Results") -> list[str]:
    said = [numbers.TELLS]
    if found.readers:
        one = found.readers[0]
        said += [
            f"Shares: {one.accuracy.method}. d': {one.d_prime.method}, so it covers at least 95 %.",
            f"Area of a reader: {one.auc.method}.",
        ]
    if found.means:
        said += [f"Means: {found.means['auc'].method}.", f"Agreement: {found.agreement['calls'].method}."]
    if "classes" in found.agreement:
        said.append(f"Agreement on the class: {numbers.said(found.agreement['classes'], numbers.number)}.")
    return said


def _save(reading: Reading, given: Sequence[Sequence[Answer]], found: "Results") -> None:
    document = json.dumps(tables.document(reading, given, found), indent=1)
    with st.container(horizontal=True):
        for label, content, ending, mime in (
            ("All answers (CSV)", tables.raw(reading, given), ".csv", "text/csv"),
            ("For iMRMC", tables.imrmc(reading, given), ".imrmc", "text/plain"),
            ("Results (JSON)", document, ".json", "application/json"),
        ):
            st.download_button(
                label,
                content.encode(),
                file_name=f"{reading.name}{ending}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
            )
