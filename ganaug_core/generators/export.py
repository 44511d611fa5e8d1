"""Synthetic images as files for other people's tools; every file says that it is synthetic."""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import ganaug_core
from ganaug_core.errors import GeneratorError
from ganaug_core.records import Floats, Intensity, Samples
from ganaug_core.storage import platform
from ganaug_core.storage.workspace import translated

MARK = "Synthetic image made by a generative model, not a patient. Research only, not for diagnosis."


@dataclass(frozen=True)
class Storage:
    """How physical values become whole numbers: stored = (physical - offset) / slope, rounded."""

    dtype: type[np.uint8] | type[np.uint16]
    slope: float
    offset: float

    def stored(self, physical: Floats) -> NDArray[Any]:
        values = np.rint((physical.astype(np.float64) - self.offset) / self.slope)
        return np.clip(values, 0, np.iinfo(self.dtype).max).astype(self.dtype)


def storage_of(intensity: Intensity) -> Storage:
    """Return 8 bit for values in 0..255, else 16 bit: whole units where the range is wide enough for them, steps of
    1/65535 of the range where it is not."""
    span = intensity.high - intensity.low
    if intensity.low >= 0 and intensity.high <= 255 and span > 16:
        return Storage(np.uint8, 1.0, 0.0)
    if 255 <= span <= 65535:
        return Storage(np.uint16, 1.0, float(np.floor(intensity.low)))
    return Storage(np.uint16, span / 65535, intensity.low)


def export(samples: Samples, intensity: Intensity, folder: Path, format: Literal["png", "npz"] = "png") -> None:
    """Write samples into a new folder, whole or not at all.

    `png` writes CLASS/0000.png, `npz` one `samples.npz` with `images` in the physical unit, (n, row, column) or
    (n, row, column, channel), `labels` and `classes`. Beside them `manifest.csv` (one row an image) and `manifest.json`
    state how stored values become physical ones. No path of a source is written.

    Raises:
        GeneratorError: The folder is there and not empty, or the format cannot hold these images.
        WorkspaceError: The disk is full, or the folder may not be written.
    """
    if format not in ("png", "npz"):
        raise GeneratorError(f"There is no format {format!r}.", do="Choose png or npz.", code="unknown_name")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GeneratorError(
            f"{folder.name} is already there and not empty.", do="Choose a new folder.", code="name_taken"
        )
    storage = storage_of(intensity)
    channels = samples.images.shape[1]
    if format == "png" and channels != 1 and (channels != 3 or storage.dtype is not np.uint8):
        raise GeneratorError(
            f"PNG cannot hold {channels} channels of these values.", do="Export as npz.", code="format"
        )
    with translated(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            names = (
                _write_png(samples, intensity, storage, temporary)
                if format == "png"
                else _write_npz(samples, intensity, temporary)
            )
            _write_manifests(samples, intensity, storage if format == "png" else None, names, temporary)
            temporary.chmod(0o755)
            platform.replace(temporary, folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _write_png(samples: Samples, intensity: Intensity, storage: Storage, temporary: Path) -> list[str]:
    mark = PngInfo()
    mark.add_text("Synthetic", MARK)
    mark.add_text("Software", f"ganaug {ganaug_core.__version__}")
    mark.add_text("Generator", str(samples.provenance.get("generator", "unknown")))
    folders = _folder_names(samples.classes)
    counts = [0] * len(folders)
    names = []
    for label, physical in zip(samples.labels.tolist(), _physical(samples, intensity), strict=True):
        name = f"{folders[label]}/{counts[label]:04d}.png"
        counts[label] += 1
        path = temporary / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(storage.stored(physical)).save(path, pnginfo=mark)
        names.append(name)
    return names


def _write_npz(samples: Samples, intensity: Intensity, temporary: Path) -> list[str]:
    physical = np.stack(list(_physical(samples, intensity)))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        images=physical,
        labels=samples.labels,
        classes=np.array(samples.classes),
        ids=samples.ids,
        synthetic=np.array(MARK),
    )
    (temporary / "samples.npz").write_bytes(buffer.getvalue())
    return [f"samples.npz:{index}" for index in range(len(samples))]


def _physical(samples: Samples, intensity: Intensity) -> Iterator[Floats]:
    """Yield images in the unit, (row, column) or (row, column, channel)."""
    for image in samples.images:
        physical = intensity.physical(image)
        yield physical[0] if len(physical) == 1 else np.moveaxis(physical, 0, -1)


def _write_manifests(
    samples: Samples, intensity: Intensity, storage: Storage | None, names: list[str], temporary: Path
) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    slope, offset = (storage.slope, storage.offset) if storage else (1.0, 0.0)
    table.writerow(["image", "label", "id", "synthetic", "unit", "slope", "offset"])
    for name, label, image_id in zip(names, samples.labels, samples.ids, strict=True):
        table.writerow([name, samples.classes[label], image_id, "yes", intensity.unit, slope, offset])
    (temporary / "manifest.csv").write_text(text.getvalue(), "utf-8")
    content = {
        "schema": "ganaug.export/1",
        "synthetic": MARK,
        "unit": intensity.unit,
        "physical": "stored * slope + offset",
        "slope": slope,
        "offset": offset,
        "range": [intensity.low, intensity.high],
        "classes": list(samples.classes),
        "n": len(samples),
        "samples": samples.digest,
        **{key: samples.provenance[key] for key in _PROVENANCE if key in samples.provenance},
    }
    (temporary / "manifest.json").write_text(json.dumps(content, indent=1), "utf-8")


_PROVENANCE = ("generator", "title", "cohort", "seed", "truncation", "mixing", "per_class")


def _folder_names(classes: tuple[str, ...]) -> list[str]:
    """Return a folder's name for each class: safe on every system, and distinct."""
    names: list[str] = []
    for number, class_name in enumerate(classes):
        name = re.sub(r"[^\w .-]", "_", class_name).strip(" .") or f"class {number}"
        name = f"{name} {number}" if platform.is_device(name) else name
        is_taken = name.casefold() in {other.casefold() for other in names}
        names.append(f"{name} {number}" if is_taken else name)
    return names
