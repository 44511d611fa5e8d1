"""What the pages read, kept between reruns: the only place with Streamlit's cache decorators.

Keys are names and the time stamp of the manifest, never arrays: Streamlit samples large arrays when it hashes them, so
a changed pixel would go unnoticed. The records are frozen and their arrays memory-mapped read-only, so all sessions
share them.
"""

import base64
import os
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from ganaug_core import server
from ganaug_core.records import Audit, Cohort, Floats, Map, Samples
from ganaug_core.records.benefit import Benefit
from ganaug_core.storage.workspace import Workspace


def workspace() -> Workspace:
    """Return the workspace of this server."""
    return _workspace(os.environ.get("GANAUG_HOME"))


def manifest(kind: str, name: str) -> dict[str, Any]:
    """Return the manifest of an artefact; a WorkspaceError tells in words that it is not there."""
    return _manifest(str(workspace().root), kind, name, _stamp(kind, name))


def cohort(name: str) -> Cohort:
    return _cohort(str(workspace().root), name, _stamp("cohorts", name))


def samples(name: str) -> Samples:
    return _samples(str(workspace().root), name, _stamp("samples", name))


def map(name: str) -> Map:
    return _map(str(workspace().root), name, _stamp("maps", name))


def audit(name: str) -> Audit:
    return _audit(str(workspace().root), name, _stamp("audits", name))


def benefit(name: str) -> Benefit:
    return _benefit(str(workspace().root), name, _stamp("benefits", name))


def thumbnails(name: str, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    """Return one PNG of some images of a cohort, given by row, in the window of its intensity."""
    return _thumbnails(str(workspace().root), name, _stamp("cohorts", name), images, columns, tile)


def drawn(name: str, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    """Return one PNG of some synthetic images, given by row; black is -1, white is 1."""
    return _drawn(str(workspace().root), name, _stamp("samples", name), images, columns, tile)


def upper_half(picture: Path) -> str:
    """Return the upper half of a picture as an address that a figure can show."""
    return _upper_half(str(picture), picture.stat().st_mtime_ns)


def histogram(name: str) -> tuple[Floats, dict[str, Floats]]:
    """Return the borders of about 64 bins in the physical unit, and the share of pixels in each, by class."""
    return _histogram(str(workspace().root), name, _stamp("cohorts", name))


def _stamp(kind: str, name: str) -> int:
    """Return when the manifest was written, 0 where there is none (reading it will say so)."""
    try:
        return (workspace().folder(kind, name) / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _workspace(root: str | None) -> Workspace:
    return Workspace(root)


@st.cache_data(max_entries=256, show_spinner=False)
def _manifest(root: str, kind: str, name: str, stamp: int) -> dict[str, Any]:
    return Workspace(root).manifest(kind, name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _cohort(root: str, name: str, stamp: int) -> Cohort:
    return Workspace(root).cohort(name)


@st.cache_resource(max_entries=16, show_spinner=False)
def _samples(root: str, name: str, stamp: int) -> Samples:
    return Workspace(root).samples(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _map(root: str, name: str, stamp: int) -> Map:
    return Workspace(root).map(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _audit(root: str, name: str, stamp: int) -> Audit:
    return Workspace(root).audit(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _benefit(root: str, name: str, stamp: int) -> Benefit:
    return Workspace(root).benefit(name)


@st.cache_data(max_entries=512, show_spinner=False)
def _thumbnails(root: str, name: str, stamp: int, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    found = _cohort(root, name, stamp)
    window = found.intensity.low, found.intensity.high
    return server.as_png(server.sheet(server.windowed(found.pixels[list(images)], *window), columns, tile, gap=3))


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(root: str, name: str, stamp: int, images: tuple[int, ...], columns: int, tile: int) -> bytes:
    found = _samples(root, name, stamp)
    return server.as_png(server.sheet(server.windowed(found.images[list(images)], -1, 1), columns, tile, gap=3))


@st.cache_data(max_entries=64, show_spinner=False)
def _upper_half(path: str, stamp: int) -> str:
    with Image.open(path) as whole:
        upper = whole.convert("RGB").crop((0, 0, whole.width, whole.height // 2))
    return "data:image/png;base64," + base64.b64encode(server.as_png(upper)).decode()


@st.cache_data(max_entries=32, show_spinner=False)
def _histogram(root: str, name: str, stamp: int) -> tuple[Floats, dict[str, Floats]]:
    """Up to 300 evenly chosen images a class tell the shape; values outside the range count at its ends."""
    found = _cohort(root, name, stamp)
    low, high = found.intensity.low, found.intensity.high
    bins = 64
    if found.pixels.dtype.kind in "iu":  # whole numbers: a bin holds as many values as its neighbour, or it lies
        step = max(1, round((high - low) / bins))
        bins, low = int((high - low) // step) + 1, low - step / 2
        high = low + bins * step
    edges = np.linspace(low, high, bins + 1, dtype=np.float32)
    shares = {}
    for label, class_name in enumerate(found.classes):
        index = found.where(label=label)
        some = index[:: max(1, len(index) // 300)]
        counted = np.histogram(np.clip(found.pixels[some], edges[0], edges[-1]), edges)[0].astype(np.float32)
        shares[class_name] = counted / max(1.0, float(counted.sum()))
    return edges, shares
