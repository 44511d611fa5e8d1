"""The child that decodes: `python -m ganaug_core.readers.decoder`.

GDCM and ITK can abort, hang or fill the memory on a damaged file, so they run here, below a limit, and a crash costs
one file. A line on standard input asks for several files, each gets a line on standard output as soon as it is read
(what native libraries print goes nowhere). A request names a `folder` for copies, the `choices`, and `files`, each with
its path, `kind` (`dicom`, `nifti`, `nrrd`, `meta`, or `xlsx` for the lines of a workbook) and the `seconds` that the
parent waits; `pixels` is the path of a .npy, or null where only a DICOM header is asked for; with pixels,
`earlier_header` may hold these facts, and `packed_masks` masks by frame. `planes`, the slices of a series, asks for the
masks of them that the file holds. The first line says `{"process"}`, an answer is `{"facts": {...}}` or `{"code",
"say", "do"}`.

The slices come one after another, flat; the facts tell their shapes and type. Up to `SMALL` bytes follow the answer's
line; more go to the .npy, so that a volume costs the parent no memory.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray

from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError
from ganaug_core.readers import dicom, dicom_masks, dicom_pixels, private_copies, resampling, workbook
from ganaug_core.readers.burned_in import has_text
from ganaug_core.readers.refusals import EXPORT_AGAIN, MEMORY, no_memory
from ganaug_core.storage import platform

ORPHAN_SECONDS = 40
"""A decoder that hangs after its parent has died ends itself; a living parent stops it this much earlier."""

SMALL = 4 << 20
"""Bytes; making a file costs more than reading a slice, on some disks."""


def decode(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the facts of one file, and the pixels of its slices unless they went to the path in `pixels`.

    Raises:
        CohortError: The file cannot be used; with one of the codes of the headers, or `type`, `nonfinite`, `decode`.
    """
    path, choices = Path(request["path"]), Choices(**request["choices"])
    folder = Path(request["folder"])
    if request["kind"] == "xlsx":
        return {"lines": workbook.lines(private_copies.content_of(path))}, b""
    if request["planes"]:
        content = dicom.part_10(private_copies.content_of(path))
        return dicom.slice_masks(content, request["planes"], choices.mask_label, folder), b""
    if request["kind"] != "dicom":
        from ganaug_core.readers import volume_pixels  # SimpleITK: half a second that DICOM can mostly do without

        mask = Path(request["mask"]) if request["mask"] else None
        planes, facts = volume_pixels.slices(path, request["kind"], mask, choices, folder)
    elif request["pixels"] is None:
        return _header(path, choices), b""
    else:
        planes, facts = _dicom(path, request["earlier_header"], request["packed_masks"], choices, folder)
    facts["shapes"] = [plane.shape for plane in planes]
    flat = np.concatenate([plane.ravel() for plane in planes] or [np.zeros(0)])
    if flat.nbytes > SMALL:
        with private_copies.writing(Path(request["pixels"])) as file:
            # By its own numpy tells of a full disk without an error number.
            np.lib.format.write_array(SimpleNamespace(write=file.write), flat, allow_pickle=False)
        return facts, b""
    facts["type"] = flat.dtype.newbyteorder("=").str
    return facts, flat.astype(facts["type"], copy=False).tobytes()


def _header(path: Path, choices: Choices) -> dict[str, Any]:
    start = dicom.part_10(private_copies.start_of(path, dicom.FIRST_PART))
    return dicom.header(start, lambda: dicom.part_10(private_copies.content_of(path)), choices.label_tag)


def _dicom(
    path: Path, header: dict[str, Any] | None, packed_masks: dict[str, str] | None, choices: Choices, folder: Path
) -> tuple[list[NDArray[Any]], dict[str, Any]]:
    content = dicom.part_10(private_copies.content_of(path))
    if header is None:
        header = dicom.header(content[: dicom.FIRST_PART], lambda: content, choices.label_tag)
    decoded = dicom.image(content, header, choices.label_tag, folder)
    if decoded is None:
        raise private_copies.changed()
    values, padding, decoded_header = decoded
    facts: dict[str, Any] = {"count": decoded_header.frames, "index": [], "spacing_mm": [], "empty": 0,
                             "text": [], "padding": [], "masks": packed_masks is not None}  # fmt: skip
    masks = None if packed_masks is None else _masks(packed_masks, values.shape)
    placed, placed_masks = [], []
    for frame in resampling.chosen(masks, len(values), choices):
        filled = None if padding is None else padding[frame]
        pixels, share = dicom_pixels.background(values[frame], filled, decoded_header.unit)
        if pixels.min() == pixels.max():
            facts["empty"] += 1
            continue
        spacing, mask = decoded_header.plane(frame).spacing_mm, None if masks is None else masks[frame]
        if mask is not None:
            placed_masks.append(resampling.placed_mask(mask, spacing, choices))
        plane, spacing = resampling.placed(pixels, spacing, mask, choices)
        placed.append(plane)
        # Afterwards the slice is too small for letters; as it is, whoever gets it can look himself.
        facts["text"].append(choices.size is not None and has_text(pixels))
        facts["padding"].append(share)
        facts["index"].append(frame)
        facts["spacing_mm"].append(spacing)
    return placed + placed_masks, facts


def _masks(packed_masks: dict[str, str], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the masks of all frames, (frame, row, column)."""
    masks = np.zeros(shape, bool)
    for frame, packed in packed_masks.items():
        masks[int(frame)] = dicom_masks.unpacked(packed, (shape[1], shape[2]))
    return masks


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the answer for one file, and pixels; nothing that it can cause comes through as an exception."""
    platform.end_myself_after(ORPHAN_SECONDS + request["seconds"])
    try:
        facts, pixels = decode(request)
        return {"facts": facts}, pixels
    except CohortError as error:
        refusal = error
    except OSError as error:
        refusal = private_copies.disk_full() if private_copies.is_full(error) else _unexpected(error)
    except MemoryError:
        refusal = no_memory()
    except Exception as error:  # whatever the decoders raise costs one file, not the cohort
        refusal = _unexpected(error)
    finally:
        platform.end_myself_after(None)
    return {"code": refusal.code, "say": refusal.what, "do": refusal.do}, b""


def private_output() -> BinaryIO:
    """Return standard output, and let whatever else is written there from now on go nowhere."""
    results, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return os.fdopen(results, "wb")


def _unexpected(error: Exception) -> CohortError:
    say = f"the image library failed on it ({type(error).__name__})."
    return CohortError(say, do=EXPORT_AGAIN, code="unexpected")


def main() -> None:
    """Answer requests until standard input ends."""
    platform.confine(MEMORY)
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    with private_output() as results:
        results.write(json.dumps({"process": os.getpid()}).encode("ascii") + b"\n")
        results.flush()
        for line in sys.stdin:
            request = json.loads(line)
            for file in request.pop("files"):
                reply, pixels = answer(request | file)
                results.write(json.dumps(reply).encode("ascii") + b"\n" + pixels)
                results.flush()


if __name__ == "__main__":
    main()
