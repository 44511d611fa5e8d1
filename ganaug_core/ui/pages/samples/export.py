"""Synthetic images as a file to take away: the kept ones, or so many of each class, packed when it is asked for."""

import io
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st

from ganaug_core.records import Integers, Intensity, Samples
from ganaug_core.storage import exports
from ganaug_core.storage.database import Decision
from ganaug_core.ui.shared import caches, show, words

FORMATS: dict[str, Literal["png", "npz"]] = {"PNG files with a table": "png", "one NPZ file": "npz"}


def save_images(cohort: str, samples: str, decided: Mapping[str, Decision]) -> None:
    """Let the reader choose which images to save and how, with a button that packs and saves them."""
    record = caches.samples(samples)
    most = int(np.bincount(record.labels, minlength=len(record.classes)).max())
    columns = st.columns(3, vertical_alignment="bottom")
    kept = kept_rows(record, decided)
    choices = ["the kept images", "images of each class"] if len(kept) else ["images of each class"]
    which = columns[0].selectbox("Which images", choices, key="save-which")
    if which == choices[-1]:
        per_class = int(columns[1].number_input("How many of each class", 1, most, min(100, most), key="save-count"))
        rows = first_of_each(record, per_class)
    else:
        columns[1].text(words.count(len(kept), "kept image"))
        rows = kept
    format = FORMATS[str(columns[2].selectbox("Format", list(FORMATS), key="save-format"))]
    intensity = caches.cohort(cohort).intensity
    if show.withdrawn("samples", samples) and not st.checkbox("Let them leave all the same", key=f"leave-{samples}"):
        return
    st.download_button(
        f"Save {words.count(len(rows), 'image')}",
        lambda: _leaving(samples, as_zip(record, rows, intensity, format)),
        file_name=f"{samples}-{len(rows)}-{format}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        help="Values are saved in the physical unit; the table states how. Each file says that it is synthetic.",
    )


def _leaving(samples: str, content: bytes) -> bytes:
    exports.record(caches.workspace(), "samples", samples, "images")
    return content


def kept_rows(samples: Samples, decided: Mapping[str, Decision]) -> Integers:
    """Return the rows of the images that were kept."""
    kept = [image for image, decision in decided.items() if decision.decision == "keep"]
    return np.flatnonzero(np.isin(samples.ids, kept))


def first_of_each(samples: Samples, per_class: int) -> Integers:
    """Return the rows of the first images of each class."""
    rows_by_class = [np.flatnonzero(samples.labels == label)[:per_class] for label in range(len(samples.classes))]
    return np.sort(np.concatenate(rows_by_class))


def as_zip(samples: Samples, rows: Integers, intensity: Intensity, format: Literal["png", "npz"]) -> bytes:
    """Return a zip of the chosen images, their table and their manifest."""
    from ganaug_core.generators.export import export

    chosen = replace(
        samples,
        images=np.asarray(samples.images[rows]),
        labels=samples.labels[rows],
        ids=samples.ids[rows],
        paths=tuple(samples.paths[row] for row in rows) if samples.paths else (),
    )
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / samples.name
        export(chosen, intensity, folder, format)
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNG and NPZ are compressed already
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(scratch))
    return buffer.getvalue()
