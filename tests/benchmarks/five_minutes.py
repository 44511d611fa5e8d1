"""What do five minutes of the recommended recipe give on MedNIST at 32 px? Train on synthetic, test on real.

Run: GANAUG_TEST_DATA=... python tests/benchmarks/five_minutes.py [minutes, default 5] [seed, default 0] [grid.png]

The cohort is imported as a user would, 1,000 images a class with our own split. Two classifiers of the same kind and
budget, one trained on the training share, the other on as many synthetic images, are tested on the hold-out; the
answer is the ratio of their accuracies. Agreement is the share of synthetic images that the first takes for what was
asked. What looking after the run and measuring its checkpoints cost is printed too. Limit it to two cores with
`taskset -c 0,1`.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganaug_core import cohort as cohorts
from ganaug_core import generators
from ganaug_core.config import configure
from ganaug_core.records import HOLDOUT, TRAIN, Floats, Integers
from ganaug_core.training import Training
from ganaug_core.training.recorder import sheet_of

STEPS = 1000


def classifier(images: Floats, labels: Integers, classes: int) -> nn.Module:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in ((images.shape[1], 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.ReLU()]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(256, classes))
    adam = torch.optim.Adam(network.parameters(), 2e-3)
    shown, asked = torch.from_numpy(images), torch.from_numpy(labels)
    for _ in range(STEPS):
        rows = torch.randint(len(shown), (64,))
        adam.zero_grad()
        cross_entropy(network(shown[rows]), asked[rows]).backward()
        adam.step()
    return network.eval()


@torch.no_grad()
def accuracy(network: nn.Module, images: Floats, labels: Integers) -> float:
    logits: Tensor = network(torch.from_numpy(images))
    return float((logits.argmax(1).numpy() == labels).mean())


def main() -> None:
    given = [*sys.argv[1:], *("5", "0")[len(sys.argv) - 1 :]]
    minutes, seed = float(given[0]), int(given[1])
    source = Path(os.environ["GANAUG_TEST_DATA"]) / "mednist_6k" / "images"
    cohort, _ = cohorts.import_cohort(source, "mednist", size=32)
    training = Training(cohort, configure("recommended", rows=cohort.shape[1], minutes=minutes, seed=seed))
    print(f"{len(cohort.labels)} images, {training.device_in_words}", flush=True)
    looking = 0.0
    for progress in training:
        looking += training.telemetry_seconds
        if progress.preview is not None:
            preview = progress.preview
    share = looking / training.seconds
    print(f"looks and measured checkpoints took {100 * share:.1f} % of {training.seconds:.0f} s", flush=True)
    if len(sys.argv) > 3:
        Path(sys.argv[3]).write_bytes(sheet_of(preview))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mednist.safetensors"
        generators.write(file, training.passport("mednist"), training.generator())
        train, holdout = cohort.where(TRAIN), cohort.where(HOLDOUT)
        per_class = len(train) // len(cohort.classes)
        samples = generators.draw(generators.load(file), "drawn", per_class=per_class, seed=seed + 1)
    real = classifier(cohort.images(train), cohort.labels[train], len(cohort.classes))
    synthetic = classifier(samples.images, samples.labels, len(cohort.classes))
    reached = [accuracy(network, cohort.images(holdout), cohort.labels[holdout]) for network in (real, synthetic)]
    print(f"{training.images:,} images in {training.seconds:.0f} s, seed {seed}")
    print(f"trained on real {reached[0]:.3f}, on synthetic {reached[1]:.3f}, ratio {np.divide(*reached[::-1]):.3f}")
    print(f"class agreement {accuracy(real, samples.images, samples.labels):.3f}")


if __name__ == "__main__":
    main()
