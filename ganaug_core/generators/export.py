"""Synthetic images as files for other people's tools; every file says that it is synthetic."""

import shutil
import tempfile
from pathlib import Path

from ganaug_core.errors import GeneratorError
from ganaug_core.generators import croissant, data_card, export_manifest
from ganaug_core.generators.export_manifest import Known
from ganaug_core.records import Intensity, Samples
from ganaug_core.storage import platform
from ganaug_core.storage.workspace import translated
from ganaug_core.wording import listing
from ganaug_core.writers import WRITERS

NOTHING_KNOWN = Known()


def export(
    samples: Samples, intensity: Intensity, folder: Path, format: str = "png", known: Known = NOTHING_KNOWN
) -> None:
    """Write samples into a new folder, whole or not at all.

    The images are written in one of `writers.WRITERS`. Beside them `manifest.csv` (one row an image) and
    `manifest.json` state how stored values become physical ones, where each image comes from and what is `known` of
    it; `README.md` is a data card for people and hubs, `croissant.json` the same for machines. No path of a source is
    written, and no id, count or digest of a real image.

    Raises:
        GeneratorError: The folder is there and not empty, there is no image, or the format cannot hold these images.
        WorkspaceError: The disk is full, or the folder may not be written.
    """
    if format not in WRITERS:
        raise GeneratorError(
            f"There is no format {format!r}.", do=f"Choose {listing(WRITERS, last='or')}.", code="unknown_name"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GeneratorError(
            f"{folder.name} is already there and not empty.", do="Choose a new folder.", code="name_taken"
        )
    if not len(samples):
        raise GeneratorError("No image is left to export.", do="Choose other images.", code="empty")
    with translated(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            written = WRITERS[format]().write(samples, intensity, temporary)
            described = export_manifest.described(samples, intensity, format, written, known)
            export_manifest.write(temporary, samples, described, written, known)
            data_card.write(temporary, described)
            croissant.write(temporary, described, written)
            temporary.chmod(0o755)
            platform.replace(temporary, folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
