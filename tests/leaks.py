"""Searches files that leave for images of a cohort, also turned, moved or noisy ones, and for what names them."""

import base64
import html
import io
import re
from collections.abc import Collection
from pathlib import PurePosixPath

import numpy as np
from PIL import Image
from pypdf import PdfReader

from ganaug_core.neighbours import registered
from ganaug_core.records import Cohort, Floats
from ganaug_core.storage.workspace import Workspace

COPY = 0.05  # registered distance: an image turned, moved or noisy is nearer to itself
_EMBEDDED = re.compile(rb"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=]+)")


def leaks(content: bytes, cohort: Cohort, identifiers: Collection[str]) -> list[str]:
    """Return what a file tells of the cohort: a line for each picture that is one of its images, and for each name."""
    text = "".join(text_of(content).split()).lower()
    named = [name for name in identifiers if "".join(name.split()).lower() in text]
    pictures = pictures_of(content)
    if not pictures:
        return named
    shown = np.stack([as_cohort(picture, cohort) for picture in pictures])
    found = registered(shown, cohort.images(np.arange(len(cohort))))
    copies = np.flatnonzero(found.distance < COPY)
    return [*named, *(f"picture {row} is image {cohort.ids[found.nearest[row]]}" for row in copies)]


def identifiers_of(workspace: Workspace, cohort: Cohort, more: Collection[str] = ()) -> list[str]:
    """Return every name by which somebody could find an image or the cohort: ids, digests, files, folders."""
    paths = map(PurePosixPath, workspace.paths(cohort.name).values())
    parts = {part for path in paths for part in (str(path), path.name, path.stem)}
    digests = {cohort.digest[:12], cohort.identity[:12]}
    return sorted({*parts, *digests, *cohort.ids.tolist(), str(workspace.root), *more})


def pictures_of(content: bytes) -> list[Image.Image]:
    """Return every picture in a file: those of a PDF, and those that HTML, JSON or Markdown hold as text."""
    if content.startswith(b"%PDF"):
        pages = PdfReader(io.BytesIO(content)).pages
        return [picture.image for page in pages for picture in page.images if picture.image is not None]
    return [Image.open(io.BytesIO(base64.b64decode(coded))) for coded in _EMBEDDED.findall(content)]


def text_of(content: bytes) -> str:
    """Return the words of a file, of a PDF with what it says about itself."""
    if not content.startswith(b"%PDF"):
        return html.unescape(_EMBEDDED.sub(b"", content).decode("utf-8"))
    reader = PdfReader(io.BytesIO(content))
    return "\n".join([*(page.extract_text() for page in reader.pages), str(reader.metadata)])


def as_cohort(picture: Image.Image, cohort: Cohort) -> Floats:
    """Return a picture (channel, row, column) in [-1, 1] on the cohort's grid."""
    channels, rows, columns = cohort.shape
    fitting = picture.convert("L" if channels == 1 else "RGB").resize((columns, rows), Image.Resampling.BOX)
    values = np.asarray(fitting, np.float32) / 127.5 - 1
    return values[None] if channels == 1 else np.moveaxis(values, -1, 0)
