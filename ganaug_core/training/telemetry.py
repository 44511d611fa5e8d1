"""What a run shows of itself: the discriminator's opinion, and the same latents again and again."""

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.records import TRAIN, TUNING, Cohort, Floats
from ganaug_core.training.devices import Place, seeded
from ganaug_core.training.game import Game

PER_CLASS = 8
_LOGITS = 256
_CHUNK = 128
_STREAM = 2**40  # far above any step number, so these latents are never those of a step


class Shown:
    """Fixed images and latents that a run is looked at with."""

    def __init__(self, cohort: Cohort, seed: int, latent: int, place: Place) -> None:
        classes = len(cohort.classes)
        self.place = place
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
            self.labels = torch.arange(classes, device=place.device).repeat_interleave(PER_CLASS)
            self.latents = torch.randn(len(self.labels), latent).to(place.device)
            self.opinion_latents = torch.randn(_LOGITS, latent).to(place.device)
        self.opinion_labels = self.images["train"][1].repeat(-(-_LOGITS // len(self.images["train"][1])))[:_LOGITS]

    @torch.no_grad()
    def logits(self, game: Game) -> dict[str, Floats]:
        """Return up to 256 logits of images of the training share, the tuning share and the current generator."""
        fake = self._run(game.generator, self.opinion_latents, self.opinion_labels)
        shown = {**self.images, "generated": (fake, self.opinion_labels)}
        return {name: self._run(game.discriminator, *each).cpu().numpy() for name, each in shown.items()}

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
