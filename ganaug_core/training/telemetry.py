"""What a run shows of itself: the discriminator's logits, and images of the same latents again and again."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.records import TRAIN, TUNING, Cohort, Floats, Integers, Measurement
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.devices import Compute, seeded

PER_CLASS = 8
_LOGITS = 256
_CHUNK = 128
_FEWEST_IMAGES = 4
_AVERAGED_REPORTS = 30
_LOSSES = ("discriminator_loss", "generator_loss")
_STREAM = 2**40  # far above any step number, so these latents are never those of a step


class FixedInputs:
    """The same images and latents again and again, by which a run is watched."""

    def __init__(self, cohort: Cohort, seed: int, networks: AdversarialNetworks, compute: Compute) -> None:
        self.classes, self.seed, self.compute = cohort.classes, seed, compute
        random = np.random.default_rng(seed)
        self.images: dict[str, tuple[Tensor, Tensor]] = {}
        for name, role in (("train", TRAIN), ("tuning", TUNING)):
            index = cohort.where(role)
            index = np.sort(random.permutation(index)[:_LOGITS])
            self.images[name] = (
                torch.from_numpy(cohort.images(index)).to(compute.device),  # (n, channel, row, column)
                torch.from_numpy(np.asarray(cohort.labels[index], np.int64)).to(compute.device),  # (n,)
            )
        with seeded(seed, _STREAM):
            self.preview_labels = torch.arange(len(cohort.classes), device=compute.device).repeat_interleave(PER_CLASS)
            self.preview_latents = networks.latents(len(self.preview_labels))
            self.logit_latents = networks.latents(_LOGITS)
        train_labels = self.images["train"][1]
        self.generated_labels = train_labels.repeat(-(-_LOGITS // len(train_labels)))[:_LOGITS]

    @property
    def logit_labels(self) -> dict[str, Integers]:
        """Class of each image whose logit `logits_and_variety` returns, by side."""
        sides = {side: labels for side, (_, labels) in self.images.items()} | {"generated": self.generated_labels}
        return {side: labels.cpu().numpy() for side, labels in sides.items()}

    @torch.no_grad()
    def logits_and_variety(self, networks: AdversarialNetworks) -> tuple[dict[str, Floats], dict[str, float]]:
        """Return what the discriminator says, and how varied the current generator's images are.

        Returns:
            Up to 256 logits each of `train`, `tuning` and `generated`; and by class the spread of generated images
            over that of training images, for classes with at least four of each.
        """
        fake = self._run(networks.generator, self.logit_latents, self.generated_labels)
        sides = {**self.images, "generated": (fake, self.generated_labels)}
        logits = {
            side: self._run(networks.discriminator, images, labels).cpu().numpy()
            for side, (images, labels) in sides.items()
        }
        return logits, self._variety(fake)

    def _variety(self, generated: Tensor) -> dict[str, float]:
        varieties = {}
        train, labels = self.images["train"]
        for label, name in enumerate(self.classes):
            real, fake = train[labels == label], generated[self.generated_labels == label].clamp(-1, 1)
            if min(len(real), len(fake)) >= _FEWEST_IMAGES:
                varieties[name] = _spread(fake) / max(_spread(real), 1e-6)
        return varieties

    @torch.no_grad()
    def generate(self, networks: AdversarialNetworks, labels: Integers) -> Floats:
        """Return (n, channel, row, column) images of the averaged generator, always of the same latents."""
        with seeded(self.seed, _STREAM + 1):
            latents = networks.latents(len(labels))
        return self._generated(networks, latents, torch.from_numpy(labels).to(self.compute.device))

    @torch.no_grad()
    def preview(self, networks: AdversarialNetworks) -> Floats:
        """Return 8 images a class, class after class, of the averaged generator: (n, channel, row, column)."""
        return self._generated(networks, self.preview_latents, self.preview_labels)

    def _generated(self, networks: AdversarialNetworks, latents: Tensor, labels: Tensor) -> Floats:
        images: Floats = self._run(networks.averaged_generator, latents, labels).clamp(-1, 1).cpu().numpy()
        return images

    def _run(self, network: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
        if not len(labels):
            return torch.zeros(0)
        was_training = network.training
        network.eval()
        with self.compute.autocast():
            outputs = [
                network(chunk, chunk_labels).float()
                for chunk, chunk_labels in zip(torch.split(inputs, _CHUNK), torch.split(labels, _CHUNK), strict=True)
            ]
        network.train(was_training)
        return torch.cat(outputs).contiguous()


def _spread(images: Tensor) -> float:
    """Return the root of the mean variance of a pixel."""
    return float(images.var(0).mean().sqrt())


def logit_measures(logits: dict[str, Floats], labels: dict[str, Integers]) -> dict[str, float]:
    """Return what the logits say in one number each, where they say it.

    Args:
        logits: `train`, `tuning` and `generated`, (n,) each.
        labels: Class of each image; every class has logits of its own height.

    Returns:
        `separation`: chance that a training image looks more real than a generated one of its class; .5 is a tie.
        `discriminator_gap`: see the function.
    """
    if not (np.isfinite(logits["train"]).all() and np.isfinite(logits["generated"]).all()):
        return {}
    right = pairs = 0.0
    for label in np.intersect1d(labels["train"], labels["generated"]):
        train = np.sort(logits["train"][labels["train"] == label])
        generated = logits["generated"][labels["generated"] == label]
        below = np.searchsorted(train, generated, "left") + np.searchsorted(train, generated, "right")
        pairs += len(train) * len(generated)
        right += len(train) * len(generated) - below.sum() / 2
    measures = {"separation": float(right / pairs)} if pairs else {}
    gap = discriminator_gap(logits, labels)
    return measures if gap is None else {**measures, "discriminator_gap": gap.value}


def discriminator_gap(logits: dict[str, Floats], labels: dict[str, Integers]) -> Measurement | None:
    """Return how far tuning images lie on the way from training to generated ones; 0 is no overfitting, 1 is all.

    Logits are taken from the mean of their class's training images. None with fewer than 12 tuning images, or where
    training and generated outputs are too alike to divide by.

    Source: Karras et al., 2020, arXiv:2006.06676, equation 1; the interval is that of the numerator.
    """
    if len(logits["tuning"]) < 12 or not all(np.isfinite(values).all() for values in logits.values()):
        return None
    classes = np.bincount(np.concatenate(list(labels.values())))
    counts = np.bincount(labels["train"], minlength=len(classes))
    class_means = np.bincount(labels["train"], logits["train"], len(classes)) / np.maximum(counts, 1)
    train, tuning, generated = (
        np.asarray(logits[side], np.float64) - class_means[labels[side]] for side in ("train", "tuning", "generated")
    )
    distance = float(train.mean() - generated.mean())
    if distance < 0.5 * float(np.sqrt((train.var() + generated.var()) / 2) + 1e-12):
        return None
    value = float(train.mean() - tuning.mean()) / distance
    margin = 1.96 * float(np.sqrt(train.var() / len(train) + tuning.var() / len(tuning))) / distance
    return Measurement(
        name="discriminator_gap",
        encoder="discriminator",
        value=value,
        interval=(value - margin, value + margin),
        floor=None,
        null=0.0,
        n_real=len(tuning),
        n_synthetic=len(generated),
        better="lower",
    )


class LossAverages:
    """Moving averages of the losses, over about thirty reports, and their ratio."""

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self.values = dict(values or {"reports": 0})

    def add(self, measures: dict[str, float]) -> None:
        """Put the averages and `loss_ratio` (generator over discriminator) into the measures of a report."""
        losses = {name: measures[name] for name in _LOSSES if math.isfinite(measures.get(name, math.nan))}
        if len(losses) < len(_LOSSES):
            return
        self.values["reports"] += 1
        weight = max(2 / (_AVERAGED_REPORTS + 1), 1 / self.values["reports"])  # a plain mean at first
        for name, value in losses.items():
            before = self.values.get(name, value)
            self.values[name] = before + weight * (value - before)
            measures[f"{name}_average"] = self.values[name]
        if self.values["discriminator_loss"]:
            measures["loss_ratio"] = self.values["generator_loss"] / self.values["discriminator_loss"]
