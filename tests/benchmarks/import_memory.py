"""Memory of an import by number of slices: python tests/benchmarks/import_memory.py [SLICES] [SIDE] [dicom].

Prints the anonymous memory that the process holds at its peak, for a tenth of the slices and for all of them, beside
the size of the pixels. With `dicom` the slices are files, written to the temporary folder from a real head CT (set
GANAUG_TEST_DATA), with a texture of each patient's own; the import is the whole one, with decoders, search of twins
and all. Without it they come from memory and twins are not looked for.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image

from ganaug_core import readers
from ganaug_core.cohort import import_cohort
from ganaug_core.records import Slice

GE_HEAD = "dicom_ct/ge_head/In/GE"


def slices(count: int, side: int) -> Iterator[Slice]:
    base = np.random.default_rng(0).integers(-900, 900, (side, side), dtype=np.int16)
    for number in range(count):
        yield Slice(
            pixels=(base + np.int16(number % 97))[None] ^ np.int16(number & 1023),
            source=str(number),
            label="ab"[number % 2],
            unit="HU",
        )


def write(folder: Path, count: int, side: int) -> None:
    """Write `count` slices in two class folders, patients of 28 slices."""
    sources = [pydicom.dcmread(path) for path in sorted((Path(os.environ["GANAUG_TEST_DATA"]) / GE_HEAD).glob("*.dcm"))]
    step = sources[0].Rows // side
    heads = [dataset.pixel_array[::step, ::step].copy() for dataset in sources]
    random = np.random.default_rng(0)
    for number in range(count):
        patient, place = divmod(number, len(sources))
        if place == 0:
            spots = Image.fromarray(random.normal(0, 400, (14, 14)).astype(np.float32))
            texture: NDArray[np.float32] = np.asarray(spots.resize((side, side), Image.Resampling.BICUBIC))
        dataset = sources[place]
        pixels = heads[place] + texture + random.integers(-3, 4, (side, side))
        dataset.Rows = dataset.Columns = side
        dataset.PixelSpacing = [0.5 * step, 0.5 * step]
        dataset.PixelData = np.clip(pixels, -1500, 4000).astype("<i2").tobytes()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.1.{number}"
        dataset.SeriesInstanceUID, dataset.PatientID = f"1.2.826.2.{patient}", f"P{patient}"
        path = folder / f"class{patient % 2}" / f"p{patient:04}" / f"{place:02}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path)


def anonymous() -> float:
    """Return MB of memory that is no file, now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1e3


def one(count: int, side: int, folder: str) -> None:
    from ganaug_core import neighbours  # noqa: F401  torch is no memory of the import's

    if not folder:
        readers.read = lambda *_, **__: slices(count, side)
    before, most, begun = anonymous(), 0.0, time.perf_counter()
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.02):
            most = max(most, anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    limit = 0.05 if folder else 0.0
    cohort, _ = import_cohort(folder or tempfile.gettempdir(), "c", size=min(64, side), near_duplicate_limit=limit)
    over.set()
    watcher.join()
    seconds, (mine, mine_system, theirs, theirs_system, _) = time.perf_counter() - begun, os.times()
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print(
        f"{count:,} slices of {side} px: {len(cohort):,} kept, {len(cohort.near_duplicates):,} twins, "
        f"{count * side * side * 2 / 1e6:,.0f} MB of pixels; peak {most - before:,.0f} MB more than before, "
        f"decoders {child:,.0f} MB at most; {seconds:,.0f} s, "
        f"processors {mine + mine_system:,.0f} s and {theirs + theirs_system:,.0f} s of decoders"
    )


def start(count: int, side: int, folder: str) -> None:
    environment = {**os.environ, "ONE": "1", "FOLDER": folder}
    subprocess.run([sys.executable, __file__, str(count), str(side)], env=environment, check=True)


if __name__ == "__main__":
    asked, edge = (int(argument) for argument in (sys.argv[1:] + ["20000", "128"][len(sys.argv) - 1 :])[:2])
    if os.environ.get("ONE"):
        one(asked, edge, os.environ["FOLDER"])
    else:
        for number in (asked // 10, asked):
            with tempfile.TemporaryDirectory() as place:
                if sys.argv[3:] == ["dicom"]:
                    write(Path(place), number, edge)
                start(number, edge, place if sys.argv[3:] else "")
