"""What the pages read, kept between reruns: the only place with Streamlit's cache decorators.

Keys are artefacts, which never change, and never arrays: Streamlit samples large arrays when it hashes them, so a
changed pixel would go unnoticed. The records are frozen and their arrays memory-mapped read-only, so all sessions share
them.
"""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st
from PIL import Image

from ganaug_core.cohort.preview import Preview
from ganaug_core.cohort.preview import preview as look_at
from ganaug_core.config.importing import Choices, Columns
from ganaug_core.errors import WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.records import Audit, Cohort, Floats, Map, Samples
from ganaug_core.records.benefit import Benefit
from ganaug_core.records.reading import Reading
from ganaug_core.server.images import as_png, sheet, windowed
from ganaug_core.storage.workspace import Workspace

MOST_STAMPS = 1000  # files and folders of a source whose times are looked at
Record = TypeVar("Record", Cohort, Samples, Map, Audit, Benefit, Reading)


class Damaged(WorkspaceError):
    """Something in the workspace that cannot be used any more; `kind` and `name` say what can be removed."""

    def __init__(self, problem: WorkspaceError, kind: str, name: str) -> None:
        super().__init__(problem.what, do=problem.do, code=problem.code)
        self.kind, self.name = kind, name


@contextmanager
def using(kind: str, name: str) -> Iterator[None]:
    """Raise what tells that this artefact is damaged as `Damaged`, so that the page can offer to remove it."""
    try:
        yield
    except Damaged:
        raise
    except WorkspaceError as problem:
        raise (Damaged(problem, kind, name) if problem.code == "damaged" else problem) from None


def workspace() -> Workspace:
    """Return the workspace of this server."""
    return _workspace(os.environ.get("GANAUG_HOME"))


def cohort(name: str) -> Cohort:
    return _record(Cohort, "cohorts", name, _cohort)


def samples(name: str) -> Samples:
    return _record(Samples, "samples", name, _samples)


def map(name: str, cohort: str, samples: str) -> Map:
    """Return a map; the cohort and the samples have the names that they have now."""
    return replace(_record(Map, "maps", name, _map), cohort=cohort, synthetic=samples)


def audit(name: str, cohort: str, samples: str) -> Audit:
    """Return an audit; the cohort and the samples have the names that they have now."""
    record = _record(Audit, "audits", name, _audit)
    return replace(record, cohort={**record.cohort, "name": cohort}, synthetic={**record.synthetic, "name": samples})


def benefit(name: str) -> Benefit:
    return _record(Benefit, "benefits", name, _benefit)


def reading(name: str) -> Reading:
    return _record(Reading, "readings", name, _reading)


def generator_file(name: str) -> bytes:
    """Return the file that a generator leaves as."""
    with using("generators", name):
        return _generator_file(str(workspace().root), artefact("generators", name), name)


def cohort_sheet(name: str, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    """Return one PNG of some images of a cohort, given by row, in the window of its intensity."""
    return _cohort_sheet(str(workspace().root), artefact("cohorts", name), images, columns, tile)


def samples_sheet(name: str, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    """Return one PNG of some synthetic images, given by row; black is -1, white is 1."""
    return _samples_sheet(str(workspace().root), artefact("samples", name), images, columns, tile)


def upper_half(picture: Path) -> str:
    """Return the upper half of a picture as an address that a figure can show."""
    return _upper_half(str(picture), picture.stat().st_mtime_ns)


def histogram(name: str) -> tuple[Floats, dict[str, Floats]]:
    """Return the borders of about 64 bins in the physical unit, and the share of pixels in each, by class."""
    return _histogram(str(workspace().root), artefact("cohorts", name))


def preview(source: Path, columns: Columns, choices: Choices) -> Preview:
    """Return a first look at a source; it is taken again when a folder of it has changed."""
    places = [source, *(source.iterdir() if source.is_dir() else ())][:MOST_STAMPS]
    stamp = hash(tuple(sorted((str(place), place.stat().st_mtime_ns) for place in places if place.exists())))
    return _preview(str(source), repr((columns, choices)), stamp, columns, choices)


def artefact(kind: str, name: str) -> str:
    """Return the artefact that has that name now, for routes and as a key."""
    return workspace().artefact(kind, name)


def inputs(cohort: str, samples: str) -> dict[str, str]:
    """Return what a map, an audit or a benefit of these two is found by."""
    home = workspace()
    return {"cohort": home.identity("cohorts", cohort), "samples": home.identity("samples", samples)}


def audit_of(cohort: str, samples: str) -> Audit | None:
    """Return the newest audit of exactly these images by the present method, None where there is none."""
    name = workspace().newest("audits", inputs(cohort, samples))
    return audit(name, cohort, samples) if name else None


def audit_beside(cohort: str, samples: str) -> Audit | None:
    """Return the audit to show beside something else: None also where it is damaged, which its own page says."""
    with suppress(WorkspaceError):
        return audit_of(cohort, samples)
    return None


def _record(record: type[Record], kind: str, name: str, open_record: Callable[[str, str], Record]) -> Record:
    """Return a record by name; Damaged where it is."""
    with using(kind, name):
        try:
            return open_record(str(workspace().root), artefact(kind, name))
        except WorkspaceError:  # replaced in this very moment, or damaged: then the words have its name
            return workspace().load(record, name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _workspace(root: str | None) -> Workspace:
    return Workspace(root)


@st.cache_resource(max_entries=8, show_spinner=False)
def _cohort(root: str, artefact: str) -> Cohort:
    return Workspace(root).open(Cohort, artefact)


@st.cache_resource(max_entries=64, show_spinner=False)  # the chooser looks at all of them; they stay on the disk
def _samples(root: str, artefact: str) -> Samples:
    return Workspace(root).open(Samples, artefact)


@st.cache_resource(max_entries=8, show_spinner=False)
def _map(root: str, artefact: str) -> Map:
    return Workspace(root).open(Map, artefact)


@st.cache_resource(max_entries=8, show_spinner=False)
def _audit(root: str, artefact: str) -> Audit:
    return Workspace(root).open(Audit, artefact)


@st.cache_resource(max_entries=8, show_spinner=False)
def _benefit(root: str, artefact: str) -> Benefit:
    return Workspace(root).open(Benefit, artefact)


@st.cache_resource(max_entries=8, show_spinner=False)
def _reading(root: str, artefact: str) -> Reading:
    return Workspace(root).open(Reading, artefact)


@st.cache_resource(max_entries=2, show_spinner=False)
def _generator_file(root: str, artefact: str, name: str) -> bytes:
    return stored.file_of(Workspace(root), name)


@st.cache_resource(max_entries=4, show_spinner="Looking at the images")
def _preview(source: str, options: str, stamp: int, _columns: Columns, _choices: Choices) -> Preview:
    return look_at(source, _columns, _choices)


@st.cache_data(max_entries=512, show_spinner=False)
def _cohort_sheet(root: str, artefact: str, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    cohort_record = _cohort(root, artefact)
    window = cohort_record.intensity.low, cohort_record.intensity.high
    return as_png(sheet(windowed(cohort_record.pixels[list(images)], *window), columns, tile, gap=3))


@st.cache_data(max_entries=64, show_spinner=False)
def _samples_sheet(root: str, artefact: str, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    samples_record = _samples(root, artefact)
    return as_png(sheet(windowed(samples_record.images[list(images)], -1, 1), columns, tile, gap=3))


@st.cache_data(max_entries=64, show_spinner=False)
def _upper_half(path: str, stamp: int) -> str:
    with Image.open(path) as whole:
        upper = whole.convert("RGB").crop((0, 0, whole.width, whole.height // 2))
    return "data:image/png;base64," + base64.b64encode(as_png(upper)).decode()


@st.cache_data(max_entries=32, show_spinner=False)
def _histogram(root: str, artefact: str) -> tuple[Floats, dict[str, Floats]]:
    """Up to 300 evenly chosen images a class tell the shape; values outside the range count at its ends."""
    cohort_record = _cohort(root, artefact)
    low, high = cohort_record.intensity.low, cohort_record.intensity.high
    bins = 64
    if (
        cohort_record.pixels.dtype.kind in "iu"
    ):  # whole numbers: a bin holds as many values as its neighbour, or it lies
        step = max(1, round((high - low) / bins))
        bins, low = int((high - low) // step) + 1, low - step / 2
        high = low + bins * step
    edges = np.linspace(low, high, bins + 1, dtype=np.float32)
    shares = {}
    for label, class_name in enumerate(cohort_record.classes):
        rows = cohort_record.where(label=label)
        chosen_rows = rows[:: max(1, len(rows) // 300)]
        counts = np.histogram(np.clip(cohort_record.pixels[chosen_rows], edges[0], edges[-1]), edges)[0].astype(
            np.float32
        )
        shares[class_name] = counts / max(1.0, float(counts.sum()))
    return edges, shares
