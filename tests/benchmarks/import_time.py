"""How fast is the import of CT slices? Ours against MONAI's LoadImage, bare pydicom and bare SimpleITK, on all cores.

Run: GANAUG_TEST_DATA=DIR python tests/benchmarks/import_time.py [slices] [rounds]        (pip install monai)

The slices are those of a real head CT (512 x 512, 16 bits), written again with other noise, so that none is a copy.
Ours is everything: private copies, SHA-256, header against bytes, order and rules of the series, rescale to HU, search
for burned-in text, 64 x 64 pixels; once as `readers.read`, once as `import_cohort` without the search of twins, which
no reader has. Theirs is one call a file, in a pool of as many processes, with the libraries already imported; the
start of our decoders is counted. The ways take turns, so that a busy machine is busy for all of them.
"""

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from ganaug_core import readers
from ganaug_core.cohort import import_cohort
from ganaug_core.records import Skipped, Slice

CORES = len(os.sched_getaffinity(0))
GE_HEAD = "dicom_ct/ge_head/In/GE"
Taken = tuple[float, float]
"""Seconds by the clock on the wall, and of all processors; the latter hardly depend on who else works here."""


def write(folder: Path, count: int) -> list[str]:
    """Write `count` slices in two class folders, patients of 28 slices, as a scanner would."""
    sources = [pydicom.dcmread(path) for path in sorted((Path(os.environ["GANAUG_TEST_DATA"]) / GE_HEAD).glob("*.dcm"))]
    random = np.random.default_rng(0)
    files = []
    for number in range(count):
        dataset = sources[number % len(sources)]
        patient = number // len(sources)
        pixels = dataset.pixel_array + random.integers(-3, 4, (dataset.Rows, dataset.Columns)).astype(np.int16)
        dataset.PixelData = pixels.astype("<i2").tobytes()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.1.{number}"
        dataset.SeriesInstanceUID, dataset.PatientID = f"1.2.826.2.{patient}", f"P{patient}"
        path = folder / f"class{patient % 2}" / f"{number:05}.dcm"
        path.parent.mkdir(exist_ok=True)
        dataset.save_as(path)
        files.append(str(path))
    return files


_load: Callable[[str], Any]


def start_monai() -> None:
    """Import what a process of the pool needs, once."""
    global _load
    warnings.simplefilter("ignore")
    import torch
    from monai.transforms import LoadImage

    torch.set_num_threads(1)
    _load = LoadImage(image_only=True)


def start_pydicom() -> None:
    global _load
    _load = lambda path: pydicom.dcmread(path).pixel_array  # noqa: E731


def start_simpleitk() -> None:
    global _load
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    _load = lambda path: SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path, imageIO="GDCMImageIO"))  # noqa: E731


def one(path: str) -> tuple[int, float]:
    begin = time.process_time()
    return int(np.asarray(_load(path)).size), time.process_time() - begin


def pooled(start: Callable[[], None], files: list[str]) -> Taken:
    """Return what a warm pool takes for all files."""
    with get_context("spawn").Pool(CORES, start) as pool:
        pool.map(one, files[: 4 * CORES], chunksize=1)
        begin = time.perf_counter()
        done = pool.map(one, files, chunksize=16)
        seconds = time.perf_counter() - begin
    if {size for size, _ in done} != {512 * 512}:
        raise SystemExit("not every slice was read")
    return seconds, sum(cpu for _, cpu in done)


def timed(work: Callable[[], Any]) -> tuple[Any, Taken]:
    """Return what the work gives and takes, with that of its children, their start included."""
    begin, before = time.perf_counter(), os.times()
    outcome = work()
    seconds, after = time.perf_counter() - begin, os.times()
    return outcome, (seconds, sum(after[:4]) - sum(before[:4]))


def by_readers(folder: Path, count: int) -> Taken:
    results, taken = timed(lambda: list(readers.read(folder, choices=readers.Choices(size=64))))
    refused = [entry for entry in results if isinstance(entry, Skipped) and not entry.code.startswith("series.")]
    if sum(isinstance(image, Slice) for image in results) != count or refused:
        raise SystemExit(f"not every slice was read: {refused[:3]}")
    return taken


def by_import(folder: Path, count: int) -> Taken:
    (cohort, _), taken = timed(lambda: import_cohort(folder, "head", size=64, near_duplicate_limit=0))
    if len(cohort) != count:
        raise SystemExit(f"{len(cohort)} of {count} slices in the cohort")
    return taken


def main() -> None:
    count, rounds = (int(argument) for argument in (*sys.argv[1:], *("2000", "3")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as place:
        files = write(Path(place), count)
        ways: dict[str, Callable[[], Taken]] = {
            "ours, readers": lambda: by_readers(Path(place), count),
            "ours, whole import": lambda: by_import(Path(place), count),
            "MONAI LoadImage": lambda: pooled(start_monai, files),
            "bare SimpleITK": lambda: pooled(start_simpleitk, files),
            "bare pydicom": lambda: pooled(start_pydicom, files),
        }
        taken: dict[str, list[Taken]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(way())
                wall, cpu = (seconds / count * 1000 for seconds in taken[name][-1])
                print(f"{name}: {wall:.2f} ms a slice, {cpu:.2f} ms of processors", flush=True)
    print(f"\n{count} slices, {CORES} cores, median of {rounds} rounds:")
    monai = np.median(taken["MONAI LoadImage"], axis=0)
    for name, times in taken.items():
        wall, cpu = np.median(times, axis=0)
        print(
            f"  {name:20} {wall:6.2f} s  {wall / count * 1000:5.2f} ms a slice, {wall / monai[0]:4.2f} of MONAI; "
            f"processors {cpu / count * 1000:5.2f} ms a slice, {cpu / monai[1]:4.2f} of MONAI"
        )


if __name__ == "__main__":
    main()
