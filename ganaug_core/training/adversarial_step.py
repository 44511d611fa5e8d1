"""Generator against discriminator: the networks of a run and one step of the game."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from ganaug_core.config import TrainingConfig
from ganaug_core.interfaces import Judge
from ganaug_core.training import schedule
from ganaug_core.training.devices import Place, seeded
from ganaug_core.training.parts import Parts
from ganaug_core.training.training_images import TrainingImages
from ganaug_core.training.weight_averages import Past

_REFERENCE_ROWS = 32


class Game:
    """Two networks, their optimisers, the averaged generator.

    Everything random in step number s is a pure function of (seed, s), so a resumed run goes on as if it had not
    stopped.

    Attributes:
        average: Generator with exponentially averaged weights: the one that is kept.
        images_per_step: Real images that the discriminator sees in a step.
        augmenting: Probability of each augmentation where it adapts itself, a scalar; None where all are applied.
        skipped: Steps in a row with an update that was left out because it was not finite, a scalar on the device:
            nothing in a step waits for a GPU.
    """

    def __init__(
        self, parts: Parts, config: TrainingConfig, images: TrainingImages, shape: tuple[int, int, int], place: Place
    ) -> None:
        self.parts, self.config, self.images, self.place = parts, config, images, place
        self.classes = len(images.counts)
        self.penalty_scale = shape[1] / _REFERENCE_ROWS
        self.images_per_step = config.batch_size * config.discriminator_steps
        with seeded(config.seed):
            self.generator = _on(place, parts.architecture.generator(shape, self.classes))
            discriminator = parts.architecture.discriminator(shape, self.classes)
            for part in parts.preparations:
                part.prepare(discriminator)
            self.discriminator = _on(place, discriminator)
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self._growing = [
            module
            for network in (self.generator, self.discriminator, self.average)
            for module in network.modules()
            if hasattr(module, "grow")
        ]
        self.generator_optimiser = _optimiser(self.generator, config.generator_learning_rate, config)
        self.discriminator_optimiser = _optimiser(self.discriminator, config.discriminator_learning_rate, config)
        self.augmenting = torch.zeros((), device=place.device) if config.augment == "adaptive" else None
        self.past = Past(self.discriminator, self.generator) if parts.memories else None
        self.skipped = torch.zeros((), dtype=torch.int64, device=place.device)
        # what needs no second derivative may be compiled; weights are shared
        ready = place.compiled if not self._growing else lambda network: network
        self._draw, self._quick = ready(self.generator), ready(self.discriminator)

    def step(self, number: int, share: float) -> dict[str, Tensor]:
        """Play step `number` when `share` of the budget is spent; return the step's losses and gradient norms.

        An update whose gradient is not finite is left out. Where a side makes several updates, those of the last one
        are returned.
        """
        now = schedule.at(share, self.config)
        for optimiser, rate in (
            (self.discriminator_optimiser, self.config.discriminator_learning_rate),
            (self.generator_optimiser, self.config.generator_learning_rate),
        ):
            optimiser.param_groups[0]["lr"] = rate * now.learning_rate
        for module in self._growing:
            module.grow(share)  # type: ignore[operator]
        followed = torch.ones((), dtype=torch.bool, device=self.place.device)
        with seeded(self.config.seed, number + 1, place=self.place):
            for turn in range(self.config.discriminator_steps):
                update = number * self.config.discriminator_steps + turn
                discriminator_loss = self._discriminator_loss(update, share, now.penalty)
                discriminator_gradient, done = _update(
                    self.discriminator_optimiser, self.discriminator, discriminator_loss
                )
                followed = followed & done
                for part in self.parts.constraints:
                    part.constrain(self.discriminator)
            # an unrolled game looks at what the discriminator's weights would do
            self.discriminator.requires_grad_(self.parts.foresight is not None)
            for _ in range(self.config.generator_steps):
                generator_loss = self._generator_loss(share)
                generator_gradient, done = _update(self.generator_optimiser, self.generator, generator_loss)
                followed = followed & done
            self.discriminator.requires_grad_(True)
        self.skipped = torch.where(followed, 0, self.skipped + 1)
        self._move_average((number + 1) * self.images_per_step, done)
        if self.past is not None and bool(followed):
            self.past.remember()
        measures = {
            "discriminator_loss": discriminator_loss.detach(),
            "generator_loss": generator_loss.detach(),
            "discriminator_gradient": discriminator_gradient,
            "generator_gradient": generator_gradient,
        }
        if self.augmenting is not None:
            measures["augmentation_probability"] = self.augmenting.clone()
        return measures

    def latent(self, n: int) -> Tensor:
        return torch.randn(n, self.parts.architecture.latent).to(self.place.device)

    def _discriminator_loss(self, update: int, share: float, strength: float) -> Tensor:
        n = self.config.batch_size
        real, labels = self.images.batch(n)
        due = [part for part in self.parts.penalties if update % part.every == 0]
        terms = [
            (part, weight)
            for part in self.parts.terms
            if part.compares == "labels" and self.classes > 1 and (weight := part.weight_at(share)) > 0
        ]
        with self.place.arithmetic():
            with torch.no_grad():
                fake = self._draw(self.latent(n), labels).float()
            seen = torch.cat([self.shown(real, share), self.shown(fake, share)])
            seen.requires_grad_(bool(due))
            asked = labels.repeat(2)[:, None]
            if terms:
                # the wrong label rides along: a discriminator looks at an image once and answers for several labels
                wrong = (labels + torch.randint(1, self.classes, labels.shape).to(labels.device)) % self.classes
                asked = torch.cat([asked, wrong.repeat(2)[:, None]], 1)
            logits = self._discriminate(seen, asked, self.discriminator if due else self._quick).float()
            real_logits, fake_logits = logits[:, 0].chunk(2)
            loss = self.parts.loss.discriminator_loss(real_logits, fake_logits)
            if due:
                (gradient,) = torch.autograd.grad(logits[:, 0].sum(), seen, create_graph=True)
                real_gradient, fake_gradient = gradient.float().chunk(2)
                scaled = strength * self.penalty_scale
                loss = loss + torch.stack([part.penalty(real_gradient, fake_gradient, scaled) for part in due]).sum()
            for part in self.parts.between_penalties:
                if update % part.every == 0:
                    points = part.points(*seen.detach().chunk(2)).requires_grad_()
                    judged = self.discriminator(points, labels).float().sum()
                    (gradient,) = torch.autograd.grad(judged, points, create_graph=True)
                    loss = loss + part.penalty_between(gradient, strength)
        for term, weight in terms:
            loss = loss + weight * term.value(real_logits, logits[:n, 1])
        if self.past is not None:
            loss = loss + self._drift("discriminator")
        self.adapt(real_logits.detach(), fake_logits.detach())
        return loss

    def _generator_loss(self, share: float) -> Tensor:
        n = self.config.batch_size
        real, labels = self.images.batch(n)
        terms = [
            (part, weight)
            for part in self.parts.terms
            if part.compares == "features" and (weight := part.weight_at(share)) > 0
        ]
        with self.place.arithmetic():
            fake = self.shown(self._draw(self.latent(n), labels).float(), share)
            judge = self._judge(real, fake, labels, share)
            fake_logits = judge(fake, labels).float()
            real_logits = torch.zeros_like(fake_logits)
            if self.parts.loss.paired or terms:
                with torch.no_grad():
                    shown = self.shown(real, share)
                    if self.parts.loss.paired:
                        real_logits = judge(shown, labels).float()
            loss = self.parts.loss.generator_loss(real_logits, fake_logits)
            for term, weight in terms:
                describe: Judge = self.discriminator.describe  # type: ignore[assignment]
                loss = loss + weight * term.value(describe(shown, labels).float(), describe(fake, labels).float())
        if self.past is not None:
            loss = loss + self._drift("generator")
        return loss

    def _judge(self, real: Tensor, fake: Tensor, labels: Tensor, share: float) -> Judge:
        """Return the discriminator, or what it would be some steps ahead."""
        if self.parts.foresight is None:
            return self._quick
        shown = self.shown(real, share)

        def loss(judge: Judge) -> Tensor:
            return self.parts.loss.discriminator_loss(judge(shown, labels).float(), judge(fake, labels).float())

        return self.parts.foresight.look_ahead(self.discriminator, loss)

    def _drift(self, side: str) -> Tensor:
        assert self.past is not None
        weights, past = self.past.of(side)
        return torch.stack([part.drift(weights, past) for part in self.parts.memories]).sum()

    def _discriminate(self, images: Tensor, labels: Tensor, judge: Judge) -> Tensor:
        if self.parts.shared_batches:
            return judge(images, labels)
        halves = zip(images.chunk(2), labels.chunk(2), strict=True)
        return torch.cat([judge(each, asked) for each, asked in halves])

    def shown(self, images: Tensor, share: float) -> Tensor:
        """Return what the discriminator sees of images."""
        with torch.autocast(self.place.device.type, enabled=False):
            for part in self.parts.augmentations:
                changed = part.apply(images)
                if self.augmenting is not None:
                    chosen = torch.rand(len(images), 1, 1, 1).to(images.device) < self.augmenting
                    changed = torch.where(chosen, changed, images)
                images = changed
            for disturbance in self.parts.disturbances:
                images = disturbance.disturb(images, share)
        return images

    @torch.no_grad()
    def adapt(self, real_logits: Tensor, fake_logits: Tensor) -> None:
        """Move the augmentations' probability so that the mean sign of real logits comes to its target.

        Source: Karras et al., StyleGAN2-ADA, 2020, arXiv:2006.06676. In a paired loss logits have no zero of their own,
        so there the sign is that of the difference of a pair, which is ours.
        """
        if self.augmenting is None:
            return
        certain = (real_logits - fake_logits if self.parts.loss.paired else real_logits).sign().mean()
        by = self.config.batch_size / self.config.adaptive_images
        self.augmenting = (self.augmenting + by * (certain - self.config.adaptive_target).sign()).clamp(0, 1)

    @torch.no_grad()
    def _move_average(self, images: int, followed: Tensor) -> None:
        weight = schedule.averaging(images, self.images_per_step, self.config)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), weight)
        for kept, current in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            kept.copy_(torch.where(followed, current, kept))  # running statistics are averages already

    def state(self) -> dict[str, Any]:
        """Return copies of everything that a step changes, on the CPU."""
        kept: dict[str, Any] = {name: getattr(self, name).state_dict() for name in _KEPT}
        if self.augmenting is not None:
            kept["augmenting"] = self.augmenting
        if self.past is not None:
            kept["past"] = self.past.state()
        return {**{name: _copied(part) for name, part in kept.items()}, "skipped": int(self.skipped)}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        for name in _KEPT:
            getattr(self, name).load_state_dict(state[name])
        if self.augmenting is not None:
            self.augmenting = state["augmenting"].to(self.place.device, copy=True)
        if self.past is not None:
            self.past.load(state["past"])
        self.skipped.fill_(int(state["skipped"]))


_KEPT = ("generator", "discriminator", "average", "generator_optimiser", "discriminator_optimiser")


def _on(place: Place, network: nn.Module) -> nn.Module:
    return network.to(device=place.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _optimiser(network: nn.Module, rate: float, config: TrainingConfig) -> torch.optim.Optimizer:
    first, second = (float(beta) for beta in config.betas)
    weights = network.parameters()
    if config.optimiser == "sgd":
        return torch.optim.SGD(weights, rate, momentum=first)
    if config.optimiser == "rmsprop":
        return torch.optim.RMSprop(weights, rate, alpha=second)
    return torch.optim.Adam(weights, rate, betas=(first, second), fused=True)


def _update(optimiser: torch.optim.Optimizer, network: nn.Module, loss: Tensor) -> tuple[Tensor, Tensor]:
    """Follow the gradient of `loss` if it is finite; return its norm and whether it was, scalars on the device."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [each.grad for each in network.parameters() if each.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    finite = torch.isfinite(norm + loss.detach())
    if optimiser.defaults.get("fused"):
        optimiser.found_inf = (~finite).float()  # type: ignore[attr-defined]  # it leaves the update out by itself
        optimiser.step()
    elif finite:
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
