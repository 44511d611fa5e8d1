"""What an import would make, before it is started: classes, counts, first images, and pixels too coarse to judge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ganaug_core.cohort.preview import Preview
from ganaug_core.config.importing import Choices, Columns
from ganaug_core.readers.resampling import fitted
from ganaug_core.records import Slice
from ganaug_core.server.images import as_png, sheet, windowed
from ganaug_core.ui.pages.cohort.overview import COARSE_MM
from ganaug_core.ui.shared import caches, uploads, words

SIZES = (32, 64, 128, 256, 512)
SIZE, SLICES, RESPACED, SPACING = "import-size", "import-slices", "import-respaced", "import-spacing"
"""Keys of the options that a proposal changes."""
TILE = 96
MOST_CLASSES = 12


def before_import(source: Path, request: Mapping[str, Any]) -> None:
    """Show what a source holds, and propose a crop or a size where pixels would be too coarse to judge."""
    choices: Choices = request.get("choices", Choices())
    found = caches.preview(source, request.get("columns", Columns()), choices)
    if not found.counts:
        st.warning("No image was found here.", icon=":material/warning:")
        return
    st.text(_in_words(found, source))
    _pictures(found)
    _coarse(found, int(request["size"]), choices)


def _in_words(found: Preview, source: Path) -> str:
    classes = list(found.counts)
    files = "file" if found.by_folder else "image"
    each = [f"{words.clean(name)} ({words.count(count, files)})" for name, count in found.counts.items()]
    said = words.listing(each, most=MOST_CLASSES)
    if len(classes) == 1:
        deeper = uploads.folders_in(source / classes[0]) if found.by_folder else []
        inside = (
            f"It holds folders ({words.listing(map(words.clean, deeper), most=6)}): go into it to make classes of them."
        )
        return f"One class: {said}. {inside if deeper else 'To learn several, each needs a folder of its own.'}"
    if found.by_folder:
        return f"{len(classes)} classes, called as their folders: {said}."
    return f"{len(classes)} classes{'' if found.is_whole else ' so far'}: {said}."


def _pictures(found: Preview) -> None:
    """Show the first images of each class, dark and bright as the middle 99 % of their values."""
    some = [image for images in found.first.values() for image in images]
    if not some:
        st.text("The first files of the classes are no images that can be read; the import says of each why.")
        return
    low, high = np.percentile(np.concatenate([image.pixels.ravel()[::7] for image in some]), [0.5, 99.5])
    shown = [(name, images) for name, images in found.first.items() if images][:MOST_CLASSES]
    for row in range(0, len(shown), 2):
        for column, (name, images) in zip(st.columns(2), shown[row : row + 2], strict=False):
            column.text(words.clean(name))
            column.image(_strip(images, low, high), output_format="PNG", alt=f"First images of {words.clean(name)}")


def _strip(images: tuple[Slice, ...], low: float, high: float) -> bytes:
    channels = max(len(image.pixels) for image in images)
    squares = [
        windowed(np.broadcast_to(fitted(image.pixels, TILE, image.spacing_mm), (channels, TILE, TILE)), low, high)
        for image in images
    ]
    return as_png(sheet(np.stack(squares), len(squares), TILE, gap=3))


def _coarse(found: Preview, size: int, choices: Choices) -> None:
    """Warn of pixels above 2 mm, with one button for a larger size and one for a crop."""
    side = found.side_mm
    if side is None or choices.crop:
        return
    pixel = choices.spacing_mm or side / size
    if pixel <= COARSE_MM:
        return
    st.warning(
        f"At {size} pixels a pixel is {pixel:.2g} mm wide, since an image spans {side:.0f} mm: what is smaller than "
        f"about {2 * pixel:.0f} mm could not be seen, in real and in synthetic images.",
        icon=":material/grid_4x4:",
    )
    with st.container(horizontal=True):
        fine = [larger for larger in SIZES if larger > size and side / larger <= COARSE_MM]
        if fine:
            label = f"Take {fine[0]} pixels of {side / fine[0]:.2g} mm; training takes longer"
            st.button(label, icon=":material/photo_size_select_large:", on_click=_take, args=(fine[0], None))
        label = f"Keep the middle {COARSE_MM * size:.0f} mm at {COARSE_MM:g} mm a pixel"
        st.button(label, icon=":material/crop:", on_click=_take, args=(size, COARSE_MM))


def _take(size: int, spacing_mm: float | None) -> None:
    st.session_state[SIZE] = size
    if spacing_mm is None:
        st.session_state[RESPACED] = False
    else:
        st.session_state.update({SLICES: True, RESPACED: True, SPACING: spacing_mm})
