"""Does `ganaug audit` keep its word on real images? Runs the command line as a user would and prints a table.

    python tests/benchmarks/acceptance.py --data ../shared/data --cohort mednist --draws 3 --out acceptance.jsonl

Each draw parts the real images of a source into a cohort and fresh ones, disjoint by content (flips and turns count as
the same), imports the cohort, and gives as "synthetic", with `--trust-split`:

- the fresh images, which must pass copying and mode coverage;
- the fresh images with a fifth of each class replaced by exact, noisy, flipped or shifted copies of training images,
  which must fail copying;
- a thousand fresh images with one exact copy among them, which must fail copying and name the pair;
- fresh images but for one class that shows one fresh image in forty, or in as many variations as the class had images,
  which must fail mode coverage and name the class.

Where a source holds fewer images than 400 fresh ones a class, the table says how many there were. Of the two CT series
the lower third is fresh: one patient a class, neighbouring slices, so only copies and repetitions can be judged there.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core import readers
from ganaug_core.records import Slice

Pixels = NDArray[Any]
FRESH, MOST_REAL = 400, 1200
COPIES = ("exact", "noisy", "flipped", "shifted")
DRAWS_OF = {"mednist": "png", "breast": "npz", "pneumonia": "npz", "ct": "npz"}  # how synthetic images are given


@dataclass(frozen=True)
class Source:
    """Real images (n, row, column) of one size, their class numbers, and their files where they stay files."""

    images: Pixels
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    files: tuple[Path, ...] = ()


def source(home: Path, name: str) -> Source:
    """Return all images of a source."""
    if name == "mednist":
        folder = home / "mednist_6k" / "images"
        classes = tuple(sorted(class_folder.name for class_folder in folder.iterdir()))
        files = [
            (path, label)
            for label, class_name in enumerate(classes)
            for path in sorted((folder / class_name).iterdir())
        ]
        images = np.stack([np.asarray(Image.open(path).convert("L")) for path, _ in files])
        return Source(images, np.array([label for _, label in files]), classes)
    if name == "ct":
        folder = home / "dicom_ct"
        classes = tuple(sorted(class_folder.name for class_folder in folder.iterdir() if class_folder.is_dir()))
        labelled_slices = [
            (image.pixels[0], label, folder / class_name / image.source)
            for label, class_name in enumerate(classes)
            for image in readers.read(folder / class_name)
            if isinstance(image, Slice)
        ]
        images, labels, paths = zip(*labelled_slices, strict=True)
        return Source(np.stack(images), np.array(labels), classes, tuple(paths))
    path = home / {"breast": "breastmnist/breastmnist.npz", "pneumonia": "pneumoniamnist_full/pneumoniamnist.npz"}[name]
    with np.load(path) as kept:
        parts = [(kept[f"{part}_images"], kept[f"{part}_labels"].ravel()) for part in ("train", "val", "test")]
    classes = {"breast": ("malignant", "normal"), "pneumonia": ("normal", "pneumonia")}[name]
    return Source(
        np.concatenate([part_images for part_images, _ in parts]),
        np.concatenate([part_labels for _, part_labels in parts]),
        classes,
    )


def parted(real: Source, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of the cohort and of the fresh images; no content is in both, and none twice among the fresh."""
    random = np.random.default_rng(seed)
    content = np.array([_content(image) for image in real.images])
    cohort, fresh = [], []
    for label in range(len(real.classes)):
        rows = np.flatnonzero(real.labels == label)
        order = rows if real.files else random.permutation(rows)
        size = min(FRESH, int(0.4 * len(order))) if not real.files else len(order) // 3
        rest = order[: len(order) - size][:MOST_REAL]
        cohort.append(rest)
        last = order[len(order) - size :]
        first_of_its_kind = np.unique(content[last], return_index=True)[1]
        fresh.append(last[np.sort(first_of_its_kind)])
    kept = np.concatenate(cohort)
    new = np.concatenate(fresh)
    return kept, new[~np.isin(content[new], content[kept])]


def _content(image: Pixels) -> str:
    """Return what is equal for an image, its mirror images and its quarter turns."""
    views = [np.rot90(side, turn) for side in (image, image[:, ::-1]) for turn in range(4)]
    return min(np.ascontiguousarray(view).tobytes().hex() for view in views)


def cases(
    real: Source, train: NDArray[np.int64], fresh: NDArray[np.int64], seed: int
) -> Iterator[tuple[str, Pixels, NDArray[np.int64], dict[str, Any]]]:
    """Yield what is given as synthetic: its name, images, class numbers, and what the audit must say."""
    random = np.random.default_rng(seed)
    images, labels = real.images[fresh], real.labels[fresh]
    yield "fresh", images, labels, {"copying": "pass", "mode_coverage": "pass"}
    for how in COPIES:
        mixed = images.copy()
        for label in range(len(real.classes)):
            rows = random.permutation(np.flatnonzero(labels == label))
            rows = rows[: max(1, round(0.2 * len(rows)))]
            chosen = random.choice(train[real.labels[train] == label], len(rows))
            mixed[rows] = [copy(image, how, random) for image in real.images[chosen]]
        yield f"20 % {how}", mixed, labels, {"copying": "fail"}
    thousand = np.sort(random.permutation(len(fresh))[:1000])
    place = int(random.integers(len(thousand)))
    original = int(random.choice(train[real.labels[train] == labels[thousand[place]]]))
    single = images[thousand].copy()
    single[place] = real.images[original]
    yield f"one in {len(thousand):,}", single, labels[thousand], {"copying": "fail", "pair": (place, original)}
    broken = seed % len(real.classes)
    rest = np.flatnonzero(labels != broken)
    shown = random.choice(np.flatnonzero(labels == broken))
    for count in sorted({40, int((labels == broken).sum())}):
        views = np.stack([variation(images[shown], random) for _ in range(count)])
        mixed, named = np.concatenate([images[rest], views]), np.append(labels[rest], np.full(count, broken))
        yield f"one image, {count} views", mixed, named, {"mode_coverage": "fail", "class": real.classes[broken]}


def copy(image: Pixels, how: str, random: np.random.Generator) -> Pixels:
    """Return a copy that a careless generator could have made of an image."""
    span = float(np.ptp(image)) or 1.0
    if how == "noisy":
        return _rounded(image + random.normal(0, 0.03 * span, image.shape), image)
    if how == "flipped":
        return image[:, ::-1] if random.random() < 0.5 else image[::-1]
    if how == "shifted":
        reach = max(1, len(image) // 16)
        down, right = random.choice([-1, 1], 2) * random.integers(1, reach + 1, 2)
        return ndimage.shift(image, (down, right), order=0, mode="nearest")
    return image


def variation(image: Pixels, random: np.random.Generator) -> Pixels:
    """Return one image mirrored, turned, moved, brightened and noisy."""
    span, low = float(np.ptp(image)) or 1.0, float(image.min())
    view = image[:, ::-1] if random.random() < 0.5 else image
    view = ndimage.rotate(view.astype(float), random.uniform(-10, 10), reshape=False, order=1, mode="nearest")
    view = ndimage.shift(view, random.uniform(-1.5, 1.5, 2) * len(view) / 32, order=1, mode="nearest")
    view = low + (view - low) * random.uniform(0.9, 1.1) + random.normal(0, 0.01 * span, view.shape)
    return _rounded(view, image)


def _rounded(values: Pixels, like: Pixels) -> Pixels:
    bounds = np.iinfo(like.dtype)
    return np.clip(np.rint(values), bounds.min, bounds.max).astype(like.dtype)


def ganaug(home: Path, *arguments: str) -> dict[str, Any]:
    """Run the command line and return what it answers."""
    command = [sys.executable, "-m", "ganaug_core.cli", *arguments, "--workspace", str(home), "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout))


def write_cohort(real: Source, rows: NDArray[np.int64], folder: Path) -> Path:
    """Write one folder a class, PNG or the files as they are, named by their row."""
    for row in rows.tolist():
        place = folder / real.classes[real.labels[row]]
        place.mkdir(parents=True, exist_ok=True)
        if real.files:
            shutil.copy(real.files[row], place / f"{row:05d}.dcm")
        else:
            Image.fromarray(real.images[row]).save(place / f"{row:05d}.png")
    return folder


def write_synthetic(real: Source, images: Pixels, labels: NDArray[np.int64], path: Path, how: str) -> Path:
    """Write one folder a class, or one NPZ; the place of an image is its number in the name."""
    path.parent.mkdir(exist_ok=True)
    if how == "npz":
        names = np.array(real.classes)[labels]
        np.savez_compressed(path.with_suffix(".npz"), images=images, labels=names)
        return path.with_suffix(".npz")
    for place, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        folder = path / real.classes[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{place:05d}.png")
    return path


def number_in(path: str) -> int:
    """Return the number that a path of ours ends with: `CLASS/00012.png`, `name.npz:12`."""
    return int(re.findall(r"\d+", path.rpartition("/")[2])[-1])


def judged(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """Return `kept` where the audit said what it must, `not judged` where it said that it cannot tell, or `BROKEN`."""
    states = {key: answer["verdicts"][key]["state"] for key in expected if key in answer["verdicts"]}
    wrong = {state for key, state in states.items() if state != expected[key]}
    if "pair" in expected:
        pairs = {
            (number_in(suspect["synthetic_path"]), number_in(suspect["train_path"])) for suspect in answer["suspects"]
        }
        named = expected["pair"] in pairs
    else:
        named = expected.get("class", "") in answer["verdicts"]["mode_coverage"]["statement"]
    if wrong == {"not_assessable"}:
        return "not judged"
    return "kept" if named and not wrong else "BROKEN"


def draw(home: Path, name: str, size: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield one line for each case of one draw."""
    real = source(home, name)
    kept, fresh = parted(real, seed)
    with tempfile.TemporaryDirectory(prefix="acceptance-") as scratch:
        place = Path(scratch)
        folder = write_cohort(real, kept, place / "cohort")
        known = ganaug(
            place / "w", "cohort", "import", str(folder), "--name", "real", "--size", str(size), "--paths",
            "--seed", str(seed),
        )  # fmt: skip
        train = np.array([number_in(image["path"]) for image in known["images"] if image["role"] == "train"])
        counts = {part: known[part] for part in ("n_train", "n_tuning", "n_holdout")}
        for case, images, labels, expected in cases(real, train, fresh, seed):
            given = write_synthetic(real, images, labels, place / "made" / re.sub(r"\W+", "-", case), DRAWS_OF[name])
            began = time.monotonic()
            arguments = ("audit", "real", str(given), "--trust-split", "--paths", "--seed", str(seed))
            answer = ganaug(place / "w", *arguments)
            yield {
                "cohort": name,
                "seed": seed,
                "case": case,
                "outcome": judged(answer, expected),
                **{key: verdict["state"] for key, verdict in answer["verdicts"].items()},
                "says": {key: answer["verdicts"][key]["statement"] for key in ("copying", "mode_coverage")},
                "synthetic": np.bincount(labels, minlength=len(real.classes)).tolist(),
                **counts,
                "seconds": round(time.monotonic() - began, 1),
            }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--cohort", choices=DRAWS_OF, default="mednist")
    asked.add_argument("--size", type=int, default=64)
    asked.add_argument("--draws", type=int, default=1)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--out", type=Path, help="append every line as JSON")
    chosen = asked.parse_args()
    for seed in range(chosen.first, chosen.first + chosen.draws):
        for line in draw(chosen.data, chosen.cohort, chosen.size, seed):
            states = ", ".join(f"{key} {line[key]}" for key in ("copying", "mode_coverage", "label_fidelity"))
            told = f"{line['cohort']} {seed} {line['case']:24s} {line['outcome']:10s} {states}; {line['seconds']} s"
            print(told, flush=True)
            if chosen.out:
                with chosen.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
