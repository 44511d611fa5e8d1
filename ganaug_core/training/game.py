"""Generator against discriminator: the networks of a run and one step of the game."""

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganaug_core.config import TrainingConfig
from ganaug_core.interfaces import Regulariser
from ganaug_core.training import schedule
from ganaug_core.training.devices import Place, seeded
from ganaug_core.training.images import TrainingImages
from ganaug_core.training.parts import Parts

_REFERENCE_ROWS = 32


class Game:
    """Two networks, their optimisers, the averaged generator.

    Everything random in step number s is a pure function of (seed, s), so a resumed run goes on as if it had not
    stopped.

    Attributes:
        average: Generator with exponentially averaged weights: the one that is kept.
        skipped: Updates in a row that were left out because they were not finite.
    """

    def __init__(
        self, parts: Parts, config: TrainingConfig, images: TrainingImages, shape: tuple[int, int, int], place: Place
    ) -> None:
        self.parts, self.config, self.images, self.place = parts, config, images, place
        self.classes = len(images.counts)
        self.penalty_scale = shape[1] / _REFERENCE_ROWS
        with seeded(config.seed):
            self.generator = _on(place, parts.architecture.generator(shape, self.classes))
            self.discriminator = _on(place, parts.architecture.discriminator(shape, self.classes))
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.generator_optimiser = _adam(self.generator, config.generator_learning_rate, config)
        self.discriminator_optimiser = _adam(self.discriminator, config.discriminator_learning_rate, config)
        self.skipped = 0

    def step(self, number: int, share: float) -> dict[str, Tensor]:
        """Play step `number` when `share` of the budget is spent; return the step's losses and gradient norms.

        An update whose gradient is not finite is left out.
        """
        now = schedule.at(share, self.config)
        for optimiser, rate in (
            (self.discriminator_optimiser, self.config.discriminator_learning_rate),
            (self.generator_optimiser, self.config.generator_learning_rate),
        ):
            optimiser.param_groups[0]["lr"] = rate * now.learning_rate
        with seeded(self.config.seed, number + 1):
            discriminator_loss = self._discriminator_loss(number, now)
            discriminator_gradient, first = _update(
                self.discriminator_optimiser, self.discriminator, discriminator_loss
            )
            self.discriminator.requires_grad_(False)
            generator_loss = self._generator_loss()
            generator_gradient, second = _update(self.generator_optimiser, self.generator, generator_loss)
            self.discriminator.requires_grad_(True)
        self.skipped = 0 if first and second else self.skipped + 1
        if second:
            self._move_average((number + 1) * self.config.batch_size)
        return {
            "discriminator_loss": discriminator_loss.detach(),
            "generator_loss": generator_loss.detach(),
            "discriminator_gradient": discriminator_gradient,
            "generator_gradient": generator_gradient,
        }

    def latent(self, n: int) -> Tensor:
        return torch.randn(n, self.parts.architecture.latent).to(self.place.device)

    def _discriminator_loss(self, number: int, now: schedule.Moment) -> Tensor:
        n = self.config.batch_size
        real, labels = self.images.batch(n)
        due = [part for part in self.parts.regularisers if number % part.every == 0]
        with_label_term = now.label_term > 0 and self.classes > 1
        with self.place.arithmetic():
            with torch.no_grad():
                fake = self.generator(self.latent(n), labels).float()
            seen = torch.cat([self._augment(real), self._augment(fake)])
            seen.requires_grad_(bool(due))
            asked = labels.repeat(2)[:, None]
            if with_label_term:
                # the wrong label rides along: a discriminator looks at an image once and answers for several labels
                wrong = (labels + torch.randint(1, self.classes, labels.shape).to(labels.device)) % self.classes
                asked = torch.cat([asked, wrong.repeat(2)[:, None]], 1)
            logits = self._discriminate(seen, asked).float()
            real_logits, fake_logits = logits[:, 0].chunk(2)
            loss = self.parts.loss.discriminator_loss(real_logits, fake_logits)
            if due:
                loss = loss + self._penalty(due, logits[:, 0], seen, now.penalty)
        if with_label_term:
            loss = loss + now.label_term * softplus(logits[:n, 1] - real_logits).mean()
        return loss

    def _generator_loss(self) -> Tensor:
        n = self.config.batch_size
        real, labels = self.images.batch(n)
        with self.place.arithmetic():
            fake = self.generator(self.latent(n), labels)
            fake_logits = self.discriminator(self._augment(fake.float()), labels).float()
            real_logits = torch.zeros_like(fake_logits)
            if self.parts.loss.paired:
                with torch.no_grad():
                    real_logits = self.discriminator(self._augment(real), labels).float()
        return self.parts.loss.generator_loss(real_logits, fake_logits)

    def _penalty(self, due: Iterable[Regulariser], logits: Tensor, seen: Tensor, strength: float) -> Tensor:
        (gradient,) = torch.autograd.grad(logits.sum(), seen, create_graph=True)
        real_gradient, fake_gradient = gradient.float().chunk(2)
        scaled = strength * self.penalty_scale
        return torch.stack([part.penalty(real_gradient, fake_gradient, scaled) for part in due]).sum()

    def _discriminate(self, images: Tensor, labels: Tensor) -> Tensor:
        if self.parts.architecture.shared_batches:
            logits: Tensor = self.discriminator(images, labels)
            return logits
        halves = zip(images.chunk(2), labels.chunk(2), strict=True)
        return torch.cat([self.discriminator(each, asked) for each, asked in halves])

    def _augment(self, images: Tensor) -> Tensor:
        with torch.autocast(self.place.device.type, enabled=False):
            for part in self.parts.augmentations:
                images = part.apply(images)
        return images

    @torch.no_grad()
    def _move_average(self, images: int) -> None:
        weight = schedule.averaging(images, self.config.batch_size, self.config)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), weight)
        for kept, current in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            kept.copy_(current)  # running statistics are averages already

    def state(self) -> dict[str, Any]:
        """Return copies of everything that a step changes, on the CPU."""
        kept = {name: getattr(self, name).state_dict() for name in _KEPT}
        return {**{name: _copied(part) for name, part in kept.items()}, "skipped": self.skipped}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        for name in _KEPT:
            getattr(self, name).load_state_dict(state[name])
        self.skipped = int(state["skipped"])


_KEPT = ("generator", "discriminator", "average", "generator_optimiser", "discriminator_optimiser")


def _on(place: Place, network: nn.Module) -> nn.Module:
    return network.to(device=place.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _adam(network: nn.Module, rate: float, config: TrainingConfig) -> torch.optim.Adam:
    first, second = (float(beta) for beta in config.betas)
    return torch.optim.Adam(network.parameters(), rate, betas=(first, second), fused=True)


def _update(optimiser: torch.optim.Optimizer, network: nn.Module, loss: Tensor) -> tuple[Tensor, bool]:
    """Follow the gradient of `loss` if it is finite; return its norm and whether it was."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [each.grad for each in network.parameters() if each.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    finite = bool(torch.isfinite(norm + loss.detach()))
    if finite:
        optimiser.step()
    return norm, finite


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(part) for part in value]
    return value
