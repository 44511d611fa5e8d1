"""The child that decodes: `python -m ganaug_core.readers.decoder FD`.

GDCM and ITK can abort, hang or fill the memory on a damaged file, so they run here, below a limit, and a crash costs
one file. One request a line on standard input, one answer a line on the file descriptor FD (never standard output:
native libraries print there). A request is `{"path", "kind": "dicom" | "nifti", "pixels": path of a .npy or null}`, an
answer is `{"facts": {...}}` or `{"code", "say", "do"}`.
"""

import gzip
import json
import os
import resource
import signal
import sys
import warnings
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK
from numpy.typing import NDArray

from ganaug_core.errors import CohortError
from ganaug_core.readers import headers

itk: Any = SimpleITK  # half of its functions carry no types
MEMORY = 4 << 30
"""Bytes of address space."""
ORPHAN_SECONDS = 60
"""A decoder that hangs after its parent has died ends itself; a living parent stops it much earlier."""
DIRECTIONS = "ITK only supports orthonormal direction cosines"


def decode(request: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of one file; its pixels, (slice, row, column), go to the path in `pixels`.

    Raises:
        CohortError: The file cannot be used; with one of the codes of `headers`, or `type`, `nonfinite`, `decode`.
    """
    path, target = Path(request["path"]), request["pixels"]
    with path.open("rb") as file:
        start = file.read(352)
    kind = "dicom" if start[128:132] == b"DICM" else "nifti" if _is_nifti(start) else None
    if kind != request["kind"]:
        raise CohortError(
            f"the content is not that of a {'DICOM' if request['kind'] == 'dicom' else 'NIfTI'} file.",
            do="Look whether the name fits the content, or leave it out.",
            code="type",
        )
    return _dicom(path, target) if kind == "dicom" else _nifti(path, target)


def _is_nifti(start: bytes) -> bool:
    return start[:2] == b"\x1f\x8b" or start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0")


def _dicom(path: Path, target: str | None) -> dict[str, Any]:
    try:
        dataset = pydicom.dcmread(path, defer_size=None if target else 4096)
    except RecursionError as error:
        raise CohortError("sequences are nested too deeply.", do="Leave it out.", code="dicom.nesting") from error
    except MemoryError:
        raise
    except Exception as error:  # pydicom lets whatever its parsers raise come through
        raise headers.damaged("the header is damaged.", "dicom.parse") from error
    promised = headers.dicom(dataset)
    if target is not None:
        headers.dicom_holds(dataset, promised, path.stat().st_size)
        if promised.photometric == "MONOCHROME1":
            _call_it_monochrome2(path, dataset)
        image = _read(path, "GDCMImageIO")
        if image.GetSize() != (promised.columns, promised.rows, 1) or image.GetNumberOfComponentsPerPixel() != 1:
            raise headers.damaged("the decoded image has another size.", "decode")
        _keep(as_dark_to_bright(itk.GetArrayViewFromImage(image), promised), target)
    return asdict(promised)


def as_dark_to_bright(values: NDArray[Any], promised: headers.Dicom) -> NDArray[Any]:
    """Return MONOCHROME1 values mirrored in the range of the stored type; HU and MONOCHROME2 stay what they are."""
    if promised.photometric == "MONOCHROME2" or promised.unit == "HU":
        return values
    ends = -1 if promised.signed else (1 << promised.bits_stored) - 1
    return ends * promised.slope + 2 * promised.intercept - values.astype(np.float64)


def _call_it_monochrome2(path: Path, dataset: Any) -> None:
    """Change one byte of the staged copy: GDCM inverts MONOCHROME1 before the rescale, which makes HU wrong."""
    at = dataset["PhotometricInterpretation"].file_tell
    with path.open("r+b") as file:
        file.seek(at)
        if file.read(11) != b"MONOCHROME1":
            raise headers.damaged("the polarity cannot be read.", "dicom.parse")
        file.seek(at + 10)
        file.write(b"2")


def _nifti(path: Path, target: str | None) -> dict[str, Any]:
    promised = headers.nifti(_nifti_start(path))
    plain = _uncompressed(path, promised)
    headers.nifti_holds(promised, plain.stat().st_size)
    if promised.dtype.kind == "f":  # ITK turns what is not a number into 0
        count = promised.length // promised.dtype.itemsize
        _require_finite(np.memmap(plain, promised.dtype, "r", promised.offset, (count,)))
    image = _read(plain, "NiftiImageIO")
    if image.GetDimension() == 4:
        image = image[:, :, :, 0]
    elif image.GetDimension() == 2:
        image = itk.JoinSeries([image])
    # Slices across the axis that is nearest to the patient's long one, seen as radiologists do: front up, left right.
    image = itk.DICOMOrient(image, "LPS")
    columns, rows, _ = image.GetSpacing()
    if target is not None:
        _keep(itk.GetArrayViewFromImage(image), target)
    return {"spacing_mm": (rows, columns)}


def _nifti_start(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(352)
    if start[:2] != b"\x1f\x8b":
        return start
    try:
        with gzip.open(path) as file:
            return file.read(352)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged_gzip() from error


def _uncompressed(path: Path, promised: headers.Nifti) -> Path:
    """Return the file, unpacked beside itself if it is gzip: ITK fills what is missing of a stream with zeros."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path
    most = promised.offset + promised.length + promised.slice_length
    # Not before 16 MB: an empty mask packs better than any image, and that much does no harm.
    if promised.length > max(16 << 20, headers.LARGEST_RATIO * path.stat().st_size):
        raise headers.bomb(path.stat().st_size, promised.length)
    plain = path.with_name("plain.nii")
    written = 0
    try:
        with gzip.open(path) as source, plain.open("wb") as copy:
            while written < most and (block := source.read(min(1 << 20, most - written))):
                written += copy.write(block)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged_gzip() from error
    return plain


def _damaged_gzip() -> CohortError:
    return headers.damaged("the compressed file ends early or is damaged.", "truncated")


def _read(path: Path, reader: str) -> Any:
    """Return the image; the reader is named, because ITK would choose one by content."""
    try:
        return itk.ReadImage(str(path), imageIO=reader)
    except RuntimeError as error:
        if "allocat" in str(error):
            raise MemoryError from error
        if DIRECTIONS in str(error):
            raise CohortError(
                "the axes of the volume are not perpendicular.",
                do="Resample it on a rectangular grid and import it again.",
                code="nifti.orientation",
            ) from error
        raise headers.damaged("the image library cannot decode it.", "decode") from error


def _keep(pixels: NDArray[Any], target: str) -> None:
    """Write int16 where all values are whole and fit, otherwise float32."""
    low, high = pixels.min(), pixels.max()
    whole = pixels.dtype.kind in "iu" or bool(np.array_equal(pixels, np.rint(pixels)))
    narrow = pixels.astype(np.int16 if whole and low >= -32768 and high <= 32767 else np.float32)
    _require_finite(narrow)
    np.save(target, narrow, allow_pickle=False)


def _require_finite(values: NDArray[Any]) -> None:
    wrong = values.size - int(np.count_nonzero(np.isfinite(values)))
    if wrong:
        raise CohortError(
            f"{wrong:,} pixels are not numbers.", do="Replace them by a value and import it again.", code="nonfinite"
        )


def answer(line: str) -> dict[str, Any]:
    """Return the answer to one request; nothing that a file can cause comes through as an exception."""
    signal.alarm(ORPHAN_SECONDS)
    try:
        return {"facts": decode(json.loads(line))}
    except CohortError as error:
        return {"code": error.code, "say": error.what, "do": error.do}
    except MemoryError:
        do = "Cut or resample it and import it again."
        return {"code": "too_big", "say": "there is not enough memory to decode it.", "do": do}
    except Exception as error:  # whatever the decoders raise costs one file, not the cohort
        say = f"the image library failed on it ({type(error).__name__})."
        return {"code": "decode", "say": say, "do": headers.EXPORT_AGAIN}
    finally:
        signal.alarm(0)


def main() -> None:
    """Answer requests until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    itk.ProcessObject.SetGlobalWarningDisplay(False)
    itk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    with os.fdopen(int(sys.argv[1]), "w", encoding="ascii") as results:
        print("{}", file=results, flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(line)), file=results, flush=True)


if __name__ == "__main__":
    main()
