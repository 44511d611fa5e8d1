"""Two processes that train as one: a script whose first process starts the second, compares and writes down.

python two_processes.py float64 OUT CASE ...    weights after some steps, two processes against one
python two_processes.py float32 OUT             gradients of the first step; then the second process dies
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from short_trainings import config
from small_cohort import squares

from ganaug_core.config import TrainingConfig
from ganaug_core.errors import TrainingError
from ganaug_core.records import Cohort
from ganaug_core.training import Training, processes
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.follower import follow
from ganaug_core.training.processes import ALONE, Processes

STEPS, STEPS_OF_A_PART = 20, 6
_BARE: dict[str, Any] = {"terms": "", "regularisers": "", "loss": "non_saturating", "augment": "on"}
_SPECIAL: dict[str, dict[str, Any]] = {
    "loss:wasserstein": {"regularisers": "r1,r2"},
    "terms:label_matching": {"loss": "relativistic_pairing"},
    "regularisers:consistency": {"augmentations": "translation,geometric"},
    "regularisers:pseudo_real": {"regularisers": [{"name": "pseudo_real", "settings": {"images": 100}}]},
}
EXTRA: dict[str, dict[str, Any]] = {
    "recipe:recommended": {},
    "recipe:wgan-gp": {},
    "recipe:cgan": {},
    "style without mixing": {**_BARE, "architecture": {"name": "style", "settings": {"mixing": 0.0, "width": 16}}},
    "dropout in every layer": {**_BARE, "regularisers": [{"name": "dropout", "settings": {"layers": "every"}}]},
    "adaptive augmentation": {**_BARE, "augment": "adaptive", "adaptive_images": 1000, "loss": "relativistic_pairing"},
    "tempered classes": {**_BARE, "class_sampling": "tempered"},
    "several steps": {**_BARE, "discriminator_steps": 2, "generator_steps": 2, "regularisers": "r1,lecam"},
}


def plan(case: str) -> TrainingConfig:
    """Return the configuration of a case: `family:part`, `recipe:name`, or one of `EXTRA`."""
    family, _, name = case.partition(":")
    precision = {"precision": "float32"}
    if family == "recipe":
        return config(name, **precision)
    if case in EXTRA:
        return config(**precision, changes=EXTRA[case])
    changes = {**_BARE, family: name, **_SPECIAL.get(case, {})}
    return config(**precision, changes={**changes, "architecture.width": 16})


def compute_in_float64() -> None:
    """Let everything that training computes in float32 be computed in float64."""
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
    read = Cohort.images
    Cohort.images = lambda *arguments: read(*arguments).astype(np.float64)  # type: ignore[method-assign]


def trained(case: str, group: Processes) -> dict[str, torch.Tensor]:
    training = Training(squares(), plan(case), processes=group)
    training.advance(STEPS_OF_A_PART if ":" in case and not case.startswith("recipe:") else STEPS)
    networks = training.state()["networks"]
    return {
        f"{network}.{name}": weights
        for network in ("generator", "discriminator", "averaged_generator")
        for name, weights in networks[network].items()
    }


def compare_weights(out: Path, cases: list[str], group: Processes) -> None:
    together = {case: trained(case, group) for case in cases}
    differences = {}
    for case in cases:
        alone = trained(case, ALONE)
        differences[case] = max(float((alone[name] - weights).abs().max()) for name, weights in together[case].items())
    out.write_text(json.dumps(differences))


def gradients(group: Processes) -> dict[str, torch.Tensor]:
    """Return those of both networks in the first step; plain descent, so that the second one's hardly moves."""
    training = Training(squares(), config(precision="float32", optimiser="sgd"), processes=group)
    training.advance(1)
    networks = training.networks
    return {
        f"{side}.{name}": weight.grad.clone()
        for side, network in (("generator", networks.generator), ("discriminator", networks.discriminator))
        for name, weight in network.named_parameters()
        if weight.grad is not None
    }


def compare_gradients(out: Path, group: Processes) -> None:
    together, alone = gradients(group), gradients(ALONE)
    difference = max(float((alone[name] - gradient).abs().max()) for name, gradient in together.items())
    largest = max(float(gradient.abs().max()) for gradient in alone.values())
    try:
        Training(squares(), config(), processes=group).advance(STEPS)
        error = None
    except TrainingError as lost:
        error = {"what": lost.what, "do": lost.do, "code": lost.code}
    out.write_text(json.dumps({"difference": difference, "largest": largest, "count": len(alone), "error": error}))


def die_in_the_third_step_of_the_second_run() -> None:
    take, taken = AdversarialNetworks.step, []

    def step(networks: AdversarialNetworks, number: int, share: float) -> Any:
        taken.append(number)
        if len(taken) == 4:
            os._exit(3)
        return take(networks, number, share)

    AdversarialNetworks.step = step  # type: ignore[method-assign]


def main(kind: str, out: Path, cases: list[str]) -> None:
    if kind == "float64":
        compute_in_float64()
    torch.set_num_threads(1)
    processes.say_ready()
    with processes.joined(2, 1, "cpu", [sys.executable, __file__, *sys.argv[1:]]) as group:
        if group.rank:
            if kind == "float32":
                die_in_the_third_step_of_the_second_run()
            follow(squares(), group)
        elif kind == "float64":
            compare_weights(out, cases, group)
        else:
            compare_gradients(out, group)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
