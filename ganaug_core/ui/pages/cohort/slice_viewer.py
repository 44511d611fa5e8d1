"""A closer look at real images: slice by slice, windowed in the browser, with the value under the cursor."""

import numpy as np
import streamlit as st

from ganaug_core.records import ROLES, Cohort, Integers
from ganaug_core.ui.shared import words
from ganaug_core.ui.shared.components.viewer import Panel, start_window, viewer

MOST = 600


def slices(cohort: Cohort) -> None:
    """Scroll through the images of a class or the slices of a volume."""
    st.header("Look closer")
    left, right = st.columns([2, 3], gap="large")
    with left:
        label = st.selectbox(
            "Class",
            range(len(cohort.classes)),
            format_func=lambda index: words.clean(cohort.classes[index]),
            key=f"closer-{cohort.name}",  # another cohort has other classes
        )
        rows = _choose_series(cohort, label)
        if cohort.spacing_mm is None:
            st.text("No scale: the pixel spacing is not known, or differs from image to image.")
        else:
            rows_mm, columns_mm = cohort.spacing_mm
            st.text(f"Pixels of {rows_mm:.3g} × {columns_mm:.3g} mm.")
        st.text("Turn the mouse wheel over the image, or press Page Up and Page Down, to go through them.")
    with right:
        low, high = cohort.intensity.low, cohort.intensity.high
        below, above = cohort.provenance.get("clipped", (0, 0))
        viewer(
            (),
            key="closer-viewer",
            unit=cohort.intensity.unit,
            scale=(low, high),
            series=[_panel(cohort, int(row)) for row in rows],
            index=len(rows) // 2,
            behind="Slice" if len(cohort.volumes) and (cohort.volumes[rows] >= 0).all() else "Image",
            start=start_window(cohort.intensity.unit, cohort.modality),
            clipped=(below > 0, above > 0),
        )


def _choose_series(cohort: Cohort, label: int) -> Integers:
    """Return the rows to scroll through: one volume of the class, if there are volumes, else the class."""
    rows = cohort.where(label=label)
    volumes = cohort.volumes[rows] if len(cohort.volumes) else np.full(len(rows), -1)
    volume_numbers = [int(volume) for volume in np.unique(volumes) if volume >= 0]
    if volume_numbers:
        choices = volume_numbers if (volumes >= 0).all() else [*volume_numbers, -1]
        names = {volume: f"Volume {number}" for number, volume in enumerate(volume_numbers, start=1)} | {
            -1: "Single images"
        }
        chosen = choices[0]
        if len(choices) > 1:
            chosen = st.selectbox(
                "Volume", choices, format_func=names.__getitem__, key=f"closer-volume-{cohort.name}-{label}"
            )
        rows = rows[volumes == chosen]
    shown_of = f"{MOST} of " if len(rows) > MOST else ""
    st.text(f"{shown_of}{words.count(len(rows), 'image')}, in the order in which they came.")
    if shown_of:
        rows = rows[np.linspace(0, len(rows) - 1, MOST).astype(int)]
    return rows


def _panel(cohort: Cohort, row: int) -> Panel:
    image = str(cohort.ids[row])
    note = f"{words.ROLES[ROLES[cohort.roles[row]]]}, image {image}"
    return Panel("cohorts", cohort.name, image, words.clean(cohort.classes[cohort.labels[row]]), note)
