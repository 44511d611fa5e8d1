"""Does the copy test hear GANs that had few training images? Copying against training size, as JSON lines.

    python tests/benchmarks/memorising.py --data ../shared/data --cohort mednist --seconds 60

Each run is the recommended recipe without augmentation at 32 x 32, on 40 to 400 images, for so many seconds of
processor time on one thread. Its images are tested against a hold-out of unseen groups; as many fresh real images are
tested against the same training images beside it.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit.comparison import compare
from ganaug_core.config import configure
from ganaug_core.generators.sampling import run as draw
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Floats, Integers
from ganaug_core.training import Training
from ganaug_core.training import run as training_run
from tests.benchmarks.power_pools import Pool, chosen, pool
from tests.evidence_records import samples

copies = importlib.import_module("ganaug_core.audit.copying")  # the package shows the function of that name
SIDE = 32
SIZES = (40, 80, 150, 250, 400)
HELD, DRAWN = 400, 600


def cohort_of(source: Pool, size: int, seed: int) -> tuple[Cohort, Integers]:
    """Return a cohort of so many training images and `HELD` held-out groups, and the rows of fresh images."""
    random = np.random.default_rng(seed)
    groups = random.permutation(np.unique(source.groups))
    first = np.unique(source.groups, return_index=True)[1]  # one image a group
    row_of = np.zeros(source.groups.max() + 1, np.int64)
    row_of[source.groups[first]] = first
    rows = row_of[groups]
    held, rest = rows[:HELD], rows[HELD : HELD + DRAWN]
    train = rows[HELD + DRAWN :][:size]
    if len(train) < size:
        raise SystemExit(f"The pool has only {len(rows)} groups.")
    members = np.sort(np.concatenate([train, held]))
    roles = np.where(np.isin(members, held), HOLDOUT, TRAIN)
    return chosen(source, members, roles, size), rest


def trained(cohort: Cohort, seconds: float, labels: Integers, seed: int) -> tuple[Floats, int]:
    """Return images of a generator after so much processor time, and how many real ones it was shown."""
    fixed = {"minutes": seconds / 60, "seed": seed, "threads": 1, "device": "cpu"}
    config = configure("recommended", {"augment": "off"}, rows=cohort.shape[1], **fixed)
    training = Training(cohort, config)
    for _ in training:
        pass
    average = training.networks.averaged_generator
    average.eval()
    torch.manual_seed(1_000 + seed)
    latents = training.networks.latents(len(labels))
    parts = zip(latents.split(200), torch.from_numpy(labels).split(200), strict=True)
    return np.concatenate([draw(average, *part).numpy() for part in parts]), training.images


def tested(cohort: Cohort, images: Floats, labels: Integers, seed: int) -> dict[str, object]:
    """Return what the copy test says."""
    comparison = compare(cohort, samples(images, labels, cohort.classes), {}, seed)
    result = copies.copies(comparison, trusted=True, report=lambda share, words: None)
    measured = result.finding.measurements[0]
    low, high = measured.interval
    line = {"p": result.finding.p_value, "share": round(measured.value, 3), "interval": [round(low, 3), round(high, 3)]}
    named = {pair.real for pair in result.copied}
    return {**line, "training_images_named": len(named), "detectable": result.detectable_share}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cohort", choices=("mednist", "pneumonia", "phantom"), default="mednist")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder of the generated images, which are then drawn only once")
    given = parser.parse_args()
    torch.set_num_threads(1)
    training_run.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[attr-defined]
    source = pool(given.data, given.cohort, SIDE, {"mednist": 300, "pneumonia": 900, "phantom": 1500}[given.cohort])
    if source.pixels.shape[-1] != SIDE:
        factor = SIDE / source.pixels.shape[-1]
        larger = [ndimage.zoom(image[0].astype(float), factor, order=1, mode="reflect") for image in source.pixels]
        pixels = np.clip(np.rint(np.stack(larger)[:, None]), 0, 255).astype(source.pixels.dtype)
        source = Pool(**{**vars(source), "pixels": pixels})
    for size in given.sizes:
        cohort, fresh = cohort_of(source, size, given.seed)
        about = {"cohort": given.cohort, "train": size, "holdout": HELD, "drawn": len(fresh)}
        real = tested(cohort, source.intensity.normalise(source.pixels[fresh]), source.labels[fresh], given.seed)
        print(json.dumps({**about, "images": "fresh real", **real}), flush=True)
        path = given.keep / f"{given.cohort}-{size}-{given.seed}.npz" if given.keep else None
        if path is not None and path.is_file():
            with np.load(path, allow_pickle=False) as file:
                images, shown = file["images"], int(file["shown"])
        else:
            images, shown = trained(cohort, given.seconds, source.labels[fresh], given.seed)
            if path is not None:
                given.keep.mkdir(parents=True, exist_ok=True)
                np.savez(path, images=images, shown=shown)
        generated = tested(cohort, images, source.labels[fresh], given.seed)
        print(json.dumps({**about, "images": "generated", "shown": shown, **generated}), flush=True)


if __name__ == "__main__":
    main()
