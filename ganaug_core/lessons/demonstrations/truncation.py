"""Truncation of the demo's working generator, scaled and drawn anew: what gets more typical gets less varied."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganaug_core import atlas
from ganaug_core.config.requests import REDRAWN, SCALED
from ganaug_core.generators import Generator, files, stored
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Picture, followed, png, with_slider
from ganaug_core.playground.game import one_thread
from ganaug_core.readers.phantom import CLASSES
from ganaug_core.records import Floats
from ganaug_core.storage.workspace import Workspace
from ganaug_core.wording import percent

_LIMITS = (0.1, 0.3, 0.5, 0.7, 1.0)
_IMAGES, _SHOWN = 64, 4
_LABEL = CLASSES.index("malignant")


def truncation(seed: int = 0) -> Figure:
    """Variety of the malignant lesions of the demo's working generator by the limit, and some of them."""
    generator = _working()
    labels = np.full(_IMAGES, _LABEL)

    def drawn(limit: float, way: str) -> Floats:
        return generator.sample(labels, seed=seed, truncation=limit, truncation_by=way)

    with one_thread():
        whole = _variety(drawn(1.0, SCALED))
        sets = [(drawn(limit, SCALED), drawn(limit, REDRAWN)) for limit in _LIMITS]
    varieties = [(_variety(scaled) / whole, _variety(redrawn) / whole) for scaled, redrawn in sets]
    figure = with_slider(
        "Limit",
        _LIMITS,
        "{:g}".format,
        2,
        (
            f"At {limit:g} the images differ from their mean by {percent(scaled)} of what they do without truncation "
            f"where latents are scaled, and by {percent(redrawn)} where numbers beyond the limit are drawn anew."
            for limit, (scaled, redrawn) in zip(_LIMITS, varieties, strict=True)
        ),
        Chart(
            title=f"Variety of {_IMAGES} images",
            x="limit",
            y="share of that without",
            y_range=(0, 1.1),
            lines=followed(
                _LIMITS,
                {
                    "scaled": ("real", [scaled for scaled, _ in varieties]),
                    "drawn anew (as published)": ("synthetic", [redrawn for _, redrawn in varieties]),
                },
            ),
        ),
    )
    pictures = [
        tuple(Picture(f"drawn anew, {number + 1}", png(redrawn[number, 0]), ()) for number in range(_SHOWN))
        for _, redrawn in sets
    ]
    return replace(figure, pictures=tuple(pictures))


def _working() -> Generator:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        atlas.install(workspace, kinds=("generators",))
        return files.loads(stored.file_of(workspace, "working"))


def _variety(images: Floats) -> float:
    """Return the root mean square distance of a pixel from the mean image."""
    return float(np.sqrt(((images - images.mean(0)) ** 2).mean()))
