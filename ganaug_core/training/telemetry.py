"""What a run shows of itself: the discriminator's opinion, and the same latents again and again."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.records import TRAIN, TUNING, Cohort, Floats, Integers, Measurement
from ganaug_core.training.adversarial_step import Game
from ganaug_core.training.devices import Place, seeded

PER_CLASS = 8
_LOGITS = 256
_CHUNK = 128
_LEAST = 4
_AVERAGED = 30
_LOSSES = ("discriminator_loss", "generator_loss")
_STREAM = 2**40  # far above any step number, so these latents are never those of a step


class Shown:
    """Fixed images and latents that a run is looked at with."""

    def __init__(self, cohort: Cohort, seed: int, latent: int, place: Place) -> None:
        self.classes, self.seed, self.latent, self.place = cohort.classes, seed, latent, place
        chooser = np.random.default_rng(seed)
        self.images: dict[str, tuple[Tensor, Tensor]] = {}
        for name, role in (("train", TRAIN), ("tuning", TUNING)):
            index = cohort.where(role)
            index = np.sort(chooser.permutation(index)[:_LOGITS])
            self.images[name] = (
                torch.from_numpy(cohort.images(index)).to(place.device),
                torch.from_numpy(np.asarray(cohort.labels[index], np.int64)).to(place.device),
            )
        with seeded(seed, _STREAM):
            self.labels = torch.arange(len(cohort.classes), device=place.device).repeat_interleave(PER_CLASS)
            self.latents = torch.randn(len(self.labels), latent).to(place.device)
            self.opinion_latents = torch.randn(_LOGITS, latent).to(place.device)
        self.opinion_labels = self.images["train"][1].repeat(-(-_LOGITS // len(self.images["train"][1])))[:_LOGITS]

    @property
    def asked(self) -> dict[str, Integers]:
        """Class of each image that `look` shows to the discriminator, by side."""
        sides = {side: labels for side, (_, labels) in self.images.items()} | {"generated": self.opinion_labels}
        return {side: labels.cpu().numpy() for side, labels in sides.items()}

    @torch.no_grad()
    def look(self, game: Game) -> tuple[dict[str, Floats], dict[str, float]]:
        """Return what the discriminator thinks, and how varied the current generator's images are.

        Returns:
            Up to 256 logits each of `train`, `tuning` and `generated`; and by class the spread of generated images
            over that of training images, for classes with at least four of each.
        """
        fake = self._run(game.generator, self.opinion_latents, self.opinion_labels)
        shown = {**self.images, "generated": (fake, self.opinion_labels)}
        logits = {name: self._run(game.discriminator, *each).cpu().numpy() for name, each in shown.items()}
        return logits, self._variety(fake)

    def _variety(self, fake: Tensor) -> dict[str, float]:
        found = {}
        real, labels = self.images["train"]
        for label, name in enumerate(self.classes):
            both = real[labels == label], fake[self.opinion_labels == label].clamp(-1, 1)
            if min(map(len, both)) >= _LEAST:
                spreads = [float(each.var(0).mean().sqrt()) for each in both]
                found[name] = spreads[1] / max(spreads[0], 1e-6)
        return found

    @torch.no_grad()
    def drawn(self, game: Game, labels: Integers) -> Floats:
        """Return (n, channel, row, column) images of the averaged generator, always of the same latents."""
        asked = torch.from_numpy(labels).to(self.place.device)
        with seeded(self.seed, _STREAM + 1):
            latents = torch.randn(len(labels), self.latent).to(self.place.device)
        images: Floats = self._run(game.average, latents, asked).clamp(-1, 1).cpu().numpy()
        return images

    @torch.no_grad()
    def preview(self, game: Game) -> Floats:
        """Return 8 images a class, class after class, of the averaged generator: (n, channel, row, column)."""
        images: Floats = self._run(game.average, self.latents, self.labels).clamp(-1, 1).cpu().numpy()
        return images

    def _run(self, network: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
        if not len(labels):
            return torch.zeros(0)
        was_training = network.training
        network.eval()
        with self.place.arithmetic():
            parts = [
                network(each, asked).float()
                for each, asked in zip(torch.split(inputs, _CHUNK), torch.split(labels, _CHUNK), strict=True)
            ]
        network.train(was_training)
        return torch.cat(parts).contiguous()


def opinions(logits: dict[str, Floats], labels: dict[str, Integers]) -> dict[str, float]:
    """Return what the logits say in one number each, where they say it.

    Args:
        logits: `train`, `tuning` and `generated`, (n,) each.
        labels: Class of each image; every class has logits of its own height.

    Returns:
        `separation`: chance that a training image looks more real than a generated one of its class; .5 is a tie.
        `discriminator_gap`: see `gap`.
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
    found = {"separation": float(right / pairs)} if pairs else {}
    between = gap(logits, labels)
    return found if between is None else {**found, "discriminator_gap": between.value}


def gap(logits: dict[str, Floats], labels: dict[str, Integers]) -> Measurement | None:
    """Return how far tuning images lie on the way from training to generated ones; 0 is no overfitting, 1 is all.

    Logits are taken from the mean of their class's training images. None with fewer than 12 tuning images, or where
    training and generated outputs are too alike to divide by.

    Source: Karras et al., 2020, arXiv:2006.06676, equation 1; the interval is that of the numerator.
    """
    if len(logits["tuning"]) < 12 or not all(np.isfinite(each).all() for each in logits.values()):
        return None
    classes = np.bincount(np.concatenate(list(labels.values())))
    counts = np.bincount(labels["train"], minlength=len(classes))
    of_class = np.bincount(labels["train"], logits["train"], len(classes)) / np.maximum(counts, 1)
    train, tuning, generated = (
        np.asarray(logits[side], np.float64) - of_class[labels[side]] for side in ("train", "tuning", "generated")
    )
    apart = float(train.mean() - generated.mean())
    if apart < 0.5 * float(np.sqrt((train.var() + generated.var()) / 2) + 1e-12):
        return None
    value = float(train.mean() - tuning.mean()) / apart
    reach = 1.96 * float(np.sqrt(train.var() / len(train) + tuning.var() / len(tuning))) / apart
    sizes = len(tuning), len(generated)
    interval = (value - reach, value + reach)
    return Measurement(
        name="discriminator_gap",
        encoder="discriminator",
        value=value,
        interval=interval,
        floor=None,
        null=0.0,
        n_real=sizes[0],
        n_synthetic=sizes[1],
        better="lower",
    )


class Averages:
    """Moving averages of the losses, over about thirty reports, and their ratio."""

    def __init__(self, kept: Mapping[str, float] | None = None) -> None:
        self.values = dict(kept or {"reports": 0})

    def add(self, measures: dict[str, float]) -> None:
        """Put the averages and `loss_ratio` (generator over discriminator) into the measures of a report."""
        losses = {name: measures[name] for name in _LOSSES if math.isfinite(measures.get(name, math.nan))}
        if len(losses) < len(_LOSSES):
            return
        self.values["reports"] += 1
        weight = max(2 / (_AVERAGED + 1), 1 / self.values["reports"])  # a plain mean at first
        for name, value in losses.items():
            before = self.values.get(name, value)
            self.values[name] = before + weight * (value - before)
            measures[f"{name}_average"] = self.values[name]
        if self.values["discriminator_loss"]:
            measures["loss_ratio"] = self.values["generator_loss"] / self.values["discriminator_loss"]
