"""Do the alarms go off when a run fails in a known way, and keep quiet when it goes well?

Run: python tests/benchmarks/alarms.py healthy|planted [seeds, default 4] [images, default 6000] [only this alarm]
(real images: GANAUG_TEST_DATA, its folder mednist_6k/images, imported at 32 pixels).

The runs are short, so they are looked at as often as one of a quarter of an hour: every 1,000 images a checkpoint is
measured.

Prints a table line a run: what was done, which alarms went off and after how many images.
Healthy runs are recipes whose grids were looked at; each planted failure is a fault put into the training, the data or
the drawn images, so that what should be heard is known. Alarms that follow from a fault (a loss that runs away takes
its gradient along) are listed too.
"""

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from ganaug_core.cohort import import_cohort
from ganaug_core.config import configure
from ganaug_core.errors import TrainingError
from ganaug_core.records import TRAIN, Cohort
from ganaug_core.training import Training, checkpoint_selection, run
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.telemetry import FixedInputs
from ganaug_core.training.training_images import TrainingImages

HEALTHY = ("recommended", "small-cohort")
BETWEEN = 1_000


def mednist() -> Cohort:
    source = Path(os.environ.get("GANAUG_TEST_DATA", "../shared/data")) / "mednist_6k/images"
    return import_cohort(source, "mednist", size=32)[0]


def few(cohort: Cohort, per_class: int) -> Cohort:
    """Return the cohort with so many training images a class; the others belong to no role."""
    roles = cohort.roles.copy()
    for label in range(len(cohort.classes)):
        roles[cohort.where(TRAIN, label=label)[per_class:]] = 9
    return dataclasses.replace(cohort, roles=roles)


# faults; each is a context in which a run is trained


@contextmanager
def constant_latents() -> Iterator[None]:
    """Every image of a class comes from the same latent vector."""
    with patch.object(
        AdversarialNetworks, "latents", lambda networks, n: torch.zeros(n, networks.parts.architecture.latent)
    ):
        original = FixedInputs.__init__

        def begin(inputs: FixedInputs, *arguments: Any) -> None:
            original(inputs, *arguments)
            inputs.preview_latents.zero_()
            inputs.logit_latents.zero_()

        with patch.object(FixedInputs, "__init__", begin):
            yield


@contextmanager
def lost_class() -> Iterator[None]:
    """The last class is never asked for while training: its images go under the name of the first."""
    original = TrainingImages.__init__

    def begin(images: TrainingImages, *arguments: Any) -> None:
        original(images, *arguments)
        images.labels[images.labels == images.labels.max()] = 0

    with patch.object(TrainingImages, "__init__", begin):
        yield


@contextmanager
def copies(share: float) -> Iterator[None]:
    """That share of the measured images are training images with a little noise."""
    original = FixedInputs.generate
    counted = [0]

    def generate(inputs: FixedInputs, networks: AdversarialNetworks, labels: Any) -> Any:
        images = original(inputs, networks, labels)
        counted[0] += 1
        real, known = networks.images.images.numpy(), networks.images.labels.numpy()
        random = np.random.default_rng(counted[0])
        for row in np.flatnonzero(random.random(len(labels)) < share):
            chosen = random.choice(np.flatnonzero(known == labels[row]))
            images[row] = np.clip(real[chosen] + random.normal(0, 0.02, real[chosen].shape), -1, 1)
        return images

    with patch.object(FixedInputs, "generate", generate):
        yield


@contextmanager
def broken_numbers(every: int) -> Iterator[None]:
    """The discriminator's loss is no number in every so-manieth step."""
    original = AdversarialNetworks._discriminator_loss

    def loss(networks: AdversarialNetworks, update: int, *rest: Any) -> Tensor:
        value = original(networks, update, *rest)
        return value * float("nan") if update % every == every - 1 else value

    with patch.object(AdversarialNetworks, "_discriminator_loss", loss):
        yield


@contextmanager
def nothing() -> Iterator[None]:
    yield


Fault = Callable[[], Any]
WITHOUT_PENALTY = {"regularisers": "", "augment": "off"}
UNBOUNDED = {
    "loss": "wasserstein",
    "terms": "",
    "r1.gamma": 1e-9,
    "r2.gamma": 1e-9,
    "discriminator_learning_rate": 0.01,
    "generator_learning_rate": 0.01,
}
PLANTED: dict[str, tuple[str, str, dict[str, Any], Fault]] = {
    "one latent vector for all images": ("collapse", "recommended", {}, constant_latents),
    "a class is never trained": ("class_dropped", "recommended", {}, lost_class),
    "discriminator 50 times as fast": (
        "discriminator_too_strong",
        "recommended",
        {**WITHOUT_PENALTY, "terms": "", "generator_learning_rate": 2e-5},
        nothing,
    ),
    "minimax against a fast discriminator": (
        "vanishing_gradient",
        "dcgan-64",
        {"loss": "minimax", "generator_learning_rate": 1e-6, "discriminator_learning_rate": 1e-3},
        nothing,
    ),
    "ten images a class, no augmentation": ("discriminator_overfitting", "recommended", WITHOUT_PENALTY, nothing),
    "Wasserstein hardly constrained, rates 10 times as high": (
        "exploding_gradient, divergence",
        "recommended",
        UNBOUNDED,
        nothing,
    ),
    "the same, rates 100 times as high": (
        "not_a_number",
        "recommended",
        {**UNBOUNDED, "discriminator_learning_rate": 0.1, "generator_learning_rate": 0.1},
        nothing,
    ),
    "three in ten images are copies": ("copying_onset", "recommended", {}, lambda: copies(0.3)),
    "one in ten images is a copy": ("copying_onset", "recommended", {}, lambda: copies(0.1)),
    "a loss that is no number": ("not_a_number", "recommended", {}, lambda: broken_numbers(150)),
}


def play(cohort: Cohort, recipe: str, changes: dict[str, Any], fault: Fault, images: int, seed: int) -> str:
    """Train, and return the columns that say what was heard."""
    heard: dict[str, int] = {}
    with ExitStack() as stack:
        stack.enter_context(fault())
        training = Training(
            cohort, configure(recipe, changes, rows=cohort.shape[1], images=images, seed=seed, threads=1, device="cpu")
        )
        end = ""
        try:
            for progress in training:
                for alarm in progress.alarms:
                    heard.setdefault(alarm.name, alarm.images)
        except TrainingError as error:
            end = f" (ended: {error.code})"
    names = ", ".join(f"{name} at {after:,}" for name, after in heard.items()) or "none"
    return f"{names}{end} | {training.images:,}"


def main(kind: str, seeds: int = 4, images: int = 6_000, only: str = "") -> None:
    torch.set_num_threads(1)
    checkpoint_selection.IMAGES_BETWEEN, checkpoint_selection.MOST_SHARE, run.TELEMETRY_SHARE = BETWEEN, 1.0, 1.0
    real = mednist()
    print("| run | seed | should be heard | heard | images |\n|---|---|---|---|---|", flush=True)
    if kind == "healthy":
        plans = [(f"{recipe}, MedNIST", "none", recipe, {}, nothing, real) for recipe in HEALTHY]
        plans.append(("recommended, phantom", "none", "recommended", {}, nothing, shown_phantom()))
    else:
        plans = [
            (name, *plan, few(real, 10) if "ten images a class" in name else real)
            for name, plan in PLANTED.items()
            if only in plan[0]
        ]
    for name, expected, recipe, changes, fault, cohort in plans:
        for seed in range(seeds):
            said = play(cohort, recipe, changes, fault, images, seed)
            print(f"| {name} | {seed} | {expected} | {said} |", flush=True)


def shown_phantom() -> Cohort:
    return import_cohort("embedded:phantom", "phantom", size=32)[0]


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]), *sys.argv[4:5])
