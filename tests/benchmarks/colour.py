"""A cohort in colour, drawn by code, from import to verdicts: fresh images, copies, swapped channels, shuffled labels.

    python tests/benchmarks/colour.py [images of a class, real] [synthetic] [part of the names of sets]

Feature spaces are texture and the classifier; missing groups need SimCLR and are not judged here.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit import Space, audit
from ganaug_core.cohort import import_cohort, import_samples
from ganaug_core.config.importing import Choices
from ganaug_core.encoders.classifier import Classifier
from ganaug_core.encoders.texture import Texture
from ganaug_core.records import TRAIN, Cohort, Features, Floats, Integers, Samples
from tests import stained_cells
from tests.evidence_records import remembering

SIDE = 24
COPIED = 20
JUDGED = ("copying", "fidelity", "label_fidelity", "intensity")


def sets(real: Cohort, fresh: Samples) -> dict[str, tuple[Floats, Integers]]:
    """Return images and labels of what is judged, by what was done to fresh ones."""
    train = real.where(TRAIN)
    rows = np.concatenate([np.flatnonzero(fresh.labels == label)[:COPIED] for label in range(3)])
    originals = real.images(np.concatenate([real.where(TRAIN, label=label)[:COPIED] for label in range(3)]))
    assert len(train) >= len(rows)

    def with_copies(copies: Floats) -> Floats:
        images = fresh.images.copy()
        images[rows] = copies
        return images

    noise = np.random.default_rng(0).normal(0, 0.05, originals.shape).astype(np.float32)
    return {
        "fresh": (fresh.images, fresh.labels),
        f"{len(rows)} exact copies": (with_copies(originals), fresh.labels),
        f"{len(rows)} copies turned, with noise": (
            with_copies(np.rot90(np.clip(originals + noise, -1, 1), 1, (2, 3))),
            fresh.labels,
        ),
        f"{len(rows)} copies in grey": (with_copies(originals.mean(1, keepdims=True).repeat(3, 1)), fresh.labels),
        f"{len(rows)} training images, channels rolled": (with_copies(originals[:, [1, 2, 0]]), fresh.labels),
        "all, red and blue swapped": (fresh.images[:, ::-1].copy(), fresh.labels),
        "all, red and green swapped": (fresh.images[:, [1, 0, 2]], fresh.labels),
        "labels shuffled": (fresh.images, np.random.default_rng(0).permutation(fresh.labels)),
    }


def main(real_each: int, made_each: int, part_of_name: str) -> None:
    home, begun = Path(tempfile.mkdtemp()), time.perf_counter()
    source = stained_cells.folders(home / "real", *stained_cells.cells(real_each, SIDE, seed=1))
    real = import_cohort(source, "cells", size=SIDE, holdout=0.4, choices=Choices(colour=True))[0]
    made = stained_cells.folders(home / "made", *stained_cells.cells(made_each, SIDE, seed=2))
    fresh = import_samples(made, real, "fresh")
    train = real.where(TRAIN)
    learnt = real.images(train), real.labels[train]
    fitted = {"texture": Texture().fit(*learnt), "classifier": Classifier(classes=3).fit(*learnt)}
    of_real = {name: encoder.encode(real.images(np.arange(len(real)))) for name, encoder in fitted.items()}
    print(f"{len(real)} real images, {len(fresh)} synthetic, {time.perf_counter() - begun:.0f} s", flush=True)
    print("| set | " + " | ".join(JUDGED) + " |\n|---|" + "---|" * len(JUDGED))
    for name, (images, labels) in sets(real, fresh).items():
        if part_of_name not in name:
            continue
        samples = replace(fresh, images=images, labels=labels, digest=name)
        spaces = {
            space: Space(
                Features(space, "real", of_real[space], real.ids),
                Features(space, name, encoder.encode(images), samples.ids),
            )
            for space, encoder in fitted.items()
        }
        verdicts = audit(real, samples, spaces, trust_split=True, memoise=remembering(real)).verdicts
        print(f"| {name} | " + " | ".join(verdicts[part].state for part in JUDGED) + " |", flush=True)
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("300", "200", "")[len(sys.argv) - 1 :]]
    main(int(arguments[0]), int(arguments[1]), arguments[2])
