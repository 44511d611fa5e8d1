"""Arrays: MedMNIST-style and plain NPZ files, and IDX files."""

import gzip
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import CohortError
from ganaug_core.readers import class_names
from ganaug_core.readers.value_types import luminance
from ganaug_core.records import Skipped, Slice

MOST_BYTES = 8 << 30
MOST_RATIO = 200
_ROLES = {"train": "train", "val": "tuning", "test": "holdout"}
_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_CHANNELS = (1, 3, 4)


def read_npz(
    path: Path, finding: str | None = None, meaning: Mapping[str, str] | None = None, *, colour: bool = False
) -> Iterator[Slice | Skipped]:
    """Yield the images of `train_images`, `val_images` (tuning), `test_images` (holdout), or of plain `images`.

    Labels are (n,) or (n, 1), numbers, booleans or text, or (n, k) with a single 1 in each row; an array `classes`
    names the numbers. Where a row has several of k findings, one is chosen.

    Args:
        finding: Number or name of the finding that makes two classes, for such labels or for text like `A|B`.
        meaning: What labels mean, where there is no array `classes`.
        colour: Images in colour, of 8 bits or real numbers, are (3, row, column); otherwise their luminance.

    Raises:
        CohortError: No such arrays, of unequal length, or a damaged file.
    """
    arrays = load_npz(path)
    roles = {key: role for key, role in _ROLES.items() if f"{key}_images" in arrays}
    if not roles and "images" not in arrays:
        raise CohortError(
            f"{path.name} has no array named images or train_images; it has {', '.join(sorted(arrays)) or 'none'}.",
            do="Save images as `images` (n, row, column) and classes as `labels` (n,).",
            code="arrays",
        )
    names = [str(name) for name in arrays.get("classes", ())]
    prefixes: dict[str, str | None] = {f"{key}_": role for key, role in roles.items()} or {"": None}
    parts = [
        (prefix, role, _images(path, arrays, f"{prefix}images"), _labels(path, arrays, prefix, names, finding))
        for prefix, role in prefixes.items()
    ]
    texts = [label for *_, labels in parts for label in labels if label]
    # an export of ours has the names that its cohort had
    is_ours = "synthetic" in arrays and not (finding or meaning)
    class_of = {} if is_ours else class_names.of(texts, finding, meaning)
    for prefix, role, images, labels in parts:
        class_labels = [class_of.get(label, label) for label in labels]
        yield from _slices(f"{path.name}:{prefix}", images, class_labels, role, colour)


def load_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file; nothing in it can run.

    Raises:
        CohortError: Damaged, unreasonably large when unpacked, or with objects inside.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise CohortError(f"{path.name} unpacks to more than 8 GB.", do="Split it.", code="too_big")
        if any(member.file_size > MOST_RATIO * member.compress_size + (1 << 26) for member in members):
            raise CohortError(f"{path.name} unpacks to far more than it holds.", do="Save it again.", code="bomb")
        with np.load(path, allow_pickle=False) as archive_arrays:
            return {key: archive_arrays[key] for key in archive_arrays.files}
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, KeyError, NotImplementedError) as error:
        raise CohortError(
            f"{path.name} is no NPZ file of numbers, or it is damaged ({type(error).__name__}).",
            do="Save it again with numpy.savez, without objects.",
            code="damaged",
        ) from error


def drawn_with(path: Path) -> dict[str, Any]:
    """Return `generator` (digest), `truncation` and `seeds` of the images of an NPZ file, what of them it says.

    They are the arrays `network` (64 hex digits), `truncation` (a number) and `seeds` (n,) of scripts that draw.
    """
    arrays = load_npz(path)
    said: dict[str, Any] = {}
    network = str(arrays["network"]) if "network" in arrays and arrays["network"].ndim == 0 else ""
    if re.fullmatch("[0-9a-f]{64}", network):
        said["generator"] = network
    for name, dimensions in (("truncation", 0), ("seeds", 1)):
        values = arrays.get(name)
        if values is not None and values.ndim == dimensions and values.dtype.kind in "iuf":
            said[name] = values.tolist()
    return said


def read_idx(path: Path) -> Iterator[Slice | Skipped]:
    """Yield the images of a pair of IDX files, or of the pairs in a folder: `train-...` and `t10k-...` (holdout).

    Raises:
        CohortError: No pair, or a damaged file.
    """
    pairs = []
    for images in sorted(path.glob("*-images*idx3*")) if path.is_dir() else [path]:
        labels = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
        if not labels.exists():
            raise CohortError(
                f"{images.name} has no {labels.name} beside it.", do="Put both into one folder.", code="no_classes"
            )
        pairs.append((images, labels))
    whole = {images.name.split("-")[0] for images, _ in pairs} == {"train", "t10k"}
    for images, labels in pairs:
        role = ("train" if images.name.startswith("train") else "holdout") if whole else None
        pair = {"images": _idx(images), "labels": _idx(labels)}
        yield from _slices(
            f"{images.name}:", _images(images, pair, "images"), _labels(images, pair, "", [], None), role
        )


def is_idx(path: Path) -> bool:
    """Whether a path is an IDX image file or a folder of such pairs."""
    return "idx3" in path.name if path.is_file() else any(path.glob("*-images*idx3*"))


def _idx(path: Path) -> NDArray[Any]:
    """Return the array of an IDX file, gzip or not: two zeros, type, dimensions, big-endian sizes, values."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            zero, kind, dimensions = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
            stored = np.dtype(_IDX_TYPES[kind])
            size = int(np.prod(shape, dtype=object)) * stored.itemsize
            if zero or size > MOST_BYTES:
                raise ValueError(size)
            content = file.read(size + 1)
        return np.frombuffer(content, stored).reshape(shape).astype(stored.newbyteorder("="), copy=False)
    except (OSError, EOFError, ValueError, KeyError, zlib.error, struct.error) as error:
        raise CohortError(
            f"{path.name} is no IDX file, or it is damaged.", do="Fetch it again.", code="damaged"
        ) from error


def _slices(
    name: str, images: NDArray[Any], labels: Sequence[str], role: str | None, keep_colour: bool = False
) -> Iterator[Slice | Skipped]:
    """Yield the images of an array, (n, row, column) or (n, row, column, channel >= 3)."""
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        source = f"{name}{index}".replace("_", ":")
        pixels = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)[:3]
        if len(pixels) == 3 and not (keep_colour and (image.dtype == np.uint8 or image.dtype.kind == "f")):
            pixels = luminance(pixels)[None]
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            yield Skipped(source, "nonfinite", "It holds pixels that are not numbers.", "Replace them.")
        elif not label:
            yield Skipped(source, "no_label", "It has no class.", "Give it one.")
        else:
            yield Slice(pixels=pixels, source=source, label=label, role=role, colour=image.ndim == 3)


def _images(path: Path, arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """Return (n, row, column) or (n, row, column, channel >= 3).

    Raises:
        CohortError: The array holds volumes, or anything else.
    """
    images = arrays[name]
    stack = _grey_or_colour(images)
    if stack is not None:
        return stack
    if images.dtype.kind in "uif" and images.size and (images.ndim == 5 or min(images.shape[1:]) > 4):
        raise CohortError(
            f"{path.name}: {name} holds 3-D images, {images.shape} (image, then the sides of a volume), and ganaug "
            "makes 2-D images.",
            do="Use the 2-D set, or save the slices that you want as (n, row, column), all of a volume in one part.",
            code="volumes",
        )
    raise CohortError(
        f"{path.name}: {name} {images.shape} of type {images.dtype} are no images.",
        do="Images must be numbers, (n, row, column) or (n, row, column, channel), labels (n,).",
        code="arrays",
    )


def _labels(
    path: Path, arrays: Mapping[str, NDArray[Any]], prefix: str, names: list[str], finding: str | None
) -> list[str]:
    """Return the class of each image of a part, empty where there is none; several findings are joined by |.

    Raises:
        CohortError: There are none, they do not fit the images, or an image has several.
    """
    key, images = f"{prefix}labels", f"{prefix}images"
    if key not in arrays:
        raise CohortError(f"{path.name} has {images} but no {key}.", do="Save the classes too.", code="no_classes")
    labels = arrays[key]
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if len(labels.shape) not in (1, 2) or labels.dtype.kind not in "buifUS" or len(labels) != len(arrays[images]):
        raise CohortError(
            f"{path.name}: {images} {arrays[images].shape} and {key} {labels.shape} do not fit.",
            do="Images must be numbers, (n, row, column) or (n, row, column, channel), labels (n,).",
            code="arrays",
        )
    if labels.ndim == 1:
        return [_class(label, names) for label in labels]
    held = labels.astype(bool) if labels.dtype.kind in "bui" and np.isin(labels, (0, 1)).all() else None
    if held is None or (finding is None and (held.sum(1) != 1).any()):
        raise CohortError(
            f"{path.name}: an image has {labels.shape[1]} labels ({key} {labels.shape}), and it can be of one class.",
            do=f"Choose one of them: --label-contains N, from 0 to {labels.shape[1] - 1}, makes the classes N and no N."
            if held is not None
            else "Save one label for each image, (n,).",
            code="several_labels",
        )
    return ["|".join(_class(number, names) for number in np.flatnonzero(row)) or "none" for row in held]


def _grey_or_colour(images: NDArray[Any]) -> NDArray[Any] | None:
    """Return (n, row, column) or (n, row, column, channel >= 3), None for anything else (a volume, for instance)."""
    if images.dtype.kind not in "uif" or images.ndim not in (3, 4) or 0 in images.shape[1:]:
        return None
    if images.ndim == 3:
        return images
    if images.shape[1] in (1, 3) and images.shape[3] not in _CHANNELS:
        images = np.moveaxis(images, 1, 3)
    if images.shape[3] not in _CHANNELS:
        return None
    return images[..., 0] if images.shape[3] == 1 else images


def _class(label: Any, names: list[str]) -> str:
    """Return the name of a class: from `classes`, the text itself, or the number without a needless `.0`.

    Empty where the label is not a number.
    """
    if isinstance(label, bytes | np.bytes_):
        return label.decode("utf-8", "replace")
    if isinstance(label, np.floating) and np.isnan(label):
        return ""
    if isinstance(label, np.floating) and float(label).is_integer():
        label = int(label)
    if isinstance(label, int | np.integer) and 0 <= int(label) < len(names):
        return names[int(label)]
    return str(label)
