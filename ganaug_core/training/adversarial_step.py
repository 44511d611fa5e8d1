"""Generator against discriminator: the networks of a run and one step of their training."""

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from ganaug_core.architectures.layers import draw_latents
from ganaug_core.config import TrainingConfig
from ganaug_core.draws import drawn, keeping
from ganaug_core.interfaces import (
    Discriminator,
    GradientPenalty,
    GrowingNetwork,
    InterpolatedGradientPenalty,
    LogitFunction,
    Term,
)
from ganaug_core.training import schedule
from ganaug_core.training.devices import Compute, seeded
from ganaug_core.training.parts import Parts
from ganaug_core.training.processes import ALONE, Processes
from ganaug_core.training.training_images import ImageBatches
from ganaug_core.training.weight_averages import HistoricalAverages

_REFERENCE_ROWS = 32  # a penalty's gamma is told for images of this size; the gradient's norm grows with the side


class AdversarialNetworks:
    """Generator and discriminator, their optimisers, the averaged generator, and one step of their training.

    Everything random in step number s is a pure function of (seed, s), so a resumed run goes on as if it had not
    stopped.

    Attributes:
        averaged_generator: Generator with exponentially averaged weights: the one that is kept.
        images_per_step: Real images that the discriminator sees in a step, those of all processes.
        rows: Images of a batch that this process computes: all, or its share of them.
        augmentation_probability: That of each augmentation where it adapts itself, a scalar; None where all are
            applied.
        logit_averages: Averages of earlier logits of real and of generated images, (2,), NaN before the first; None
            where no part asks for them.
        pseudo_share: Share of generated images among those shown as real, a scalar; None where none are.
        nonfinite_steps: Steps in a row with an update that was left out because it was not finite, a scalar on the
            device: nothing in a step waits for a GPU.
    """

    def __init__(
        self,
        parts: Parts,
        config: TrainingConfig,
        images: ImageBatches,
        shape: tuple[int, int, int],
        compute: Compute,
        *,
        processes: Processes = ALONE,
    ) -> None:
        self.parts, self.config, self.images, self.compute = parts, config, images, compute
        self.processes, self.rows = processes, config.batch_size // processes.size
        self.classes = len(images.counts)
        self.penalty_scale = shape[1] / _REFERENCE_ROWS
        self.images_per_step = config.batch_size * config.discriminator_steps
        with seeded(config.seed):
            self.generator = _on(compute, parts.architecture.generator(shape, self.classes))
            discriminator = parts.architecture.discriminator(shape, self.classes)
            for regulariser in parts.layer_regularisers:
                regulariser.apply_to(discriminator)
            self.discriminator = _on(compute, discriminator)
        self.averaged_generator = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self._growing = [
            module
            for network in (self.generator, self.discriminator, self.averaged_generator)
            for module in network.modules()
            if isinstance(module, GrowingNetwork)
        ]
        self.generator_optimiser = _optimiser(self.generator, config.generator_learning_rate, config)
        self.discriminator_optimiser = _optimiser(self.discriminator, config.discriminator_learning_rate, config)
        self.augmentation_probability = torch.zeros((), device=compute.device) if config.augment == "adaptive" else None
        self.historical_averages = (
            HistoricalAverages(self.discriminator, self.generator) if parts.historical_penalties else None
        )
        self.logit_averages = torch.full((2,), torch.nan, device=compute.device) if parts.logit_penalties else None
        self.pseudo_share = torch.zeros((), device=compute.device) if parts.deception else None
        self.nonfinite_steps = torch.zeros((), dtype=torch.int64, device=compute.device)
        # what needs no second derivative may be compiled; weights are shared
        compiled = compute.compiled if not self._growing else lambda network: network
        self._compiled_generator, self._compiled_discriminator = compiled(self.generator), compiled(self.discriminator)

    def step(self, number: int, share: float) -> dict[str, Tensor]:
        """Take step `number` when `share` of the budget is spent; return the step's losses and gradient norms.

        An update whose gradient is not finite is left out. Where a network makes several updates, those of the last
        one are returned. Several processes take the step together, each with its rows of the batch.
        """
        with self.processes.step(number, share), keeping(self.processes.own_rows(self.config.batch_size)):
            return self._step(number, share)

    def _step(self, number: int, share: float) -> dict[str, Tensor]:
        factors = schedule.at(share, self.config)
        for optimiser, rate in (
            (self.discriminator_optimiser, self.config.discriminator_learning_rate),
            (self.generator_optimiser, self.config.generator_learning_rate),
        ):
            optimiser.param_groups[0]["lr"] = rate * factors.learning_rate
        for module in self._growing:
            module.grow(share)
        all_finite = torch.ones((), dtype=torch.bool, device=self.compute.device)
        with seeded(self.config.seed, number + 1, compute=self.compute):
            for turn in range(self.config.discriminator_steps):
                update = number * self.config.discriminator_steps + turn
                discriminator_loss, discriminator_gradient, finite = self._update(
                    self.discriminator_optimiser, self._discriminator_loss(update, share, factors.penalty)
                )
                all_finite = all_finite & finite
                for constraint in self.parts.weight_constraints:
                    constraint.constrain(self.discriminator)
            # an unrolled discriminator needs the gradient of its weights
            _let_learn(self.discriminator_optimiser, self.parts.unrolling is not None)
            for _ in range(self.config.generator_steps):
                generator_loss, generator_gradient, finite = self._update(
                    self.generator_optimiser, self._generator_loss(share)
                )
                all_finite = all_finite & finite
            _let_learn(self.discriminator_optimiser, True)
        self.nonfinite_steps = torch.where(all_finite, 0, self.nonfinite_steps + 1)
        self._move_average((number + 1) * self.images_per_step, finite)
        if self.historical_averages is not None and bool(all_finite):
            self.historical_averages.update()
        measures = {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "discriminator_gradient": discriminator_gradient,
            "generator_gradient": generator_gradient,
        }
        if self.augmentation_probability is not None:
            measures["augmentation_probability"] = self.augmentation_probability.clone()
        if self.pseudo_share is not None:
            measures["pseudo_share"] = self.pseudo_share.clone()
        return measures

    def latents(self, n: int) -> Tensor:
        """Return (n, latent) Gaussian numbers, with noise behind each latent where the generator takes any."""
        latent = self.parts.architecture.latent
        return drawn(lambda rows: draw_latents(self.generator, latent, rows), n).to(self.compute.device)

    def _discriminator_loss(self, update: int, share: float, strength: float) -> Tensor:
        n = self.rows
        real, labels = self.images.batch(n)  # (n, channel, row, column), (n,)
        penalties = [penalty for penalty in self.parts.gradient_penalties if update % penalty.every == 0]
        terms = self._terms("labels", share) if self.classes > 1 else []
        with self.compute.autocast():
            with torch.no_grad():
                fake = self._compiled_generator(self.latents(n), labels).float()
                if self.parts.deception is not None and self.pseudo_share is not None:
                    generated = self._compiled_generator(self.latents(n), labels).float()
                    real = self.parts.deception.deceive(real, generated, self.pseudo_share)
            # (2 n, channel, row, column), real ones first
            images = torch.cat([self.discriminator_input(real, share), self.discriminator_input(fake, share)])
            images.requires_grad_(bool(penalties))
            image_labels = labels.repeat(2)[:, None]  # (2 n, 1)
            if terms:
                # the wrong label rides along: a discriminator looks at an image once and answers for several labels
                shift = drawn(lambda rows: torch.randint(1, self.classes, (rows,)), n)
                wrong = (labels + shift.to(labels.device)) % self.classes
                image_labels = torch.cat([image_labels, wrong.repeat(2)[:, None]], 1)  # (2 n, 2), right and wrong
            discriminator = self.discriminator if penalties else self._compiled_discriminator
            logits = self._discriminate(images, image_labels, discriminator).float()  # (2 n, 1 or 2)
            real_logits, fake_logits = logits[:, 0].chunk(2)  # (n,) each
            loss = self.parts.loss.discriminator_loss(real_logits, fake_logits)
            if penalties:
                loss = loss + self._gradient_penalty(penalties, logits[:, 0], images, strength)
            for penalty in self.parts.interpolated_penalties:
                if update % penalty.every == 0:
                    loss = loss + self._interpolated_penalty(penalty, images.detach(), labels, strength)
            if self.parts.consistency is not None:
                changed = self._transformed(images.detach())
                changes = self._discriminate(changed, image_labels[:, :1], discriminator).float()[:, 0] - logits[:, 0]
                loss = loss + self.parts.consistency.consistency_penalty(*changes.chunk(2))
        for term, weight in terms:
            loss = loss + weight * term.value(real_logits, logits[:n, 1])
        if self.historical_averages is not None:
            loss = loss + self._historical_penalty(self.historical_averages, "discriminator")
        for part in self.parts.logit_penalties:
            loss = loss + part.logit_penalty(real_logits, fake_logits, self._moved_logit_averages(part.decay, logits))
        self.adapt_augmentation(real_logits.detach(), fake_logits.detach())
        return loss

    def _gradient_penalty(
        self, penalties: Sequence[GradientPenalty], logits: Tensor, images: Tensor, strength: float
    ) -> Tensor:
        """Return the sum of penalties on the gradient of logits (2 n,) at images (2 n, channel, row, column)."""
        (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        real_gradient, fake_gradient = gradient.float().chunk(2)  # (n, channel, row, column) each
        scaled = strength * self.penalty_scale
        return torch.stack([penalty.penalty(real_gradient, fake_gradient, scaled) for penalty in penalties]).sum()

    def _interpolated_penalty(
        self, penalty: InterpolatedGradientPenalty, images: Tensor, labels: Tensor, strength: float
    ) -> Tensor:
        between = penalty.interpolate(*images.chunk(2)).requires_grad_()  # (n, channel, row, column)
        logits = self.discriminator(between, labels).float()  # (n,)
        (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
        return penalty.interpolated_penalty(gradient, strength)

    def _generator_loss(self, share: float) -> Tensor:
        n = self.rows
        real, labels = self.images.batch(n)  # (n, channel, row, column), (n,)
        terms = self._terms("features", share)
        with self.compute.autocast():
            fake = self.discriminator_input(self._compiled_generator(self.latents(n), labels).float(), share)
            discriminate = self._opponent(real, fake, labels, share)
            fake_logits = discriminate(fake, labels).float()  # (n,)
            real_logits = torch.zeros_like(fake_logits)
            if self.parts.loss.paired or terms:
                with torch.no_grad():
                    real_input = self.discriminator_input(real, share)
                    if self.parts.loss.paired:
                        real_logits = discriminate(real_input, labels).float()
            loss = self.parts.loss.generator_loss(real_logits, fake_logits)
            for term, weight in terms:
                extract_features = cast(Discriminator, self.discriminator).extract_features
                real_features = extract_features(real_input, labels).float()  # (n, feature)
                loss = loss + weight * term.value(real_features, extract_features(fake, labels).float())
        if self.historical_averages is not None:
            loss = loss + self._historical_penalty(self.historical_averages, "generator")
        return loss

    def _opponent(self, real: Tensor, fake: Tensor, labels: Tensor, share: float) -> LogitFunction:
        """Return the discriminator, or what it would be some steps ahead."""
        if self.parts.unrolling is None:
            return self._compiled_discriminator
        real_input = self.discriminator_input(real, share)

        def loss(discriminate: LogitFunction) -> Tensor:
            real_logits, fake_logits = discriminate(real_input, labels).float(), discriminate(fake, labels).float()
            return self.parts.loss.discriminator_loss(real_logits, fake_logits)

        return self.parts.unrolling.unroll(self.discriminator, loss)

    def _terms(self, compares: str, share: float) -> list[tuple[Term, float]]:
        """Return the added terms that compare `labels` or `features`, and their weights where these are not 0."""
        return [
            (term, weight)
            for term in self.parts.terms
            if term.compares == compares and (weight := term.weight_at(share)) > 0
        ]

    def _historical_penalty(self, averages: HistoricalAverages, network: str) -> Tensor:
        weights, means = averages.weights_and_means(network)
        penalties = [part.historical_penalty(weights, means) for part in self.parts.historical_penalties]
        return torch.stack(penalties).sum()

    def _discriminate(self, images: Tensor, labels: Tensor, discriminate: LogitFunction) -> Tensor:
        """Return logits of the labels' shape; real and generated images go apart where the batch counts."""
        if self.parts.shared_batches:
            return discriminate(images, labels)
        halves = zip(images.chunk(2), labels.chunk(2), strict=True)
        return torch.cat([discriminate(half, half_labels) for half, half_labels in halves])

    def discriminator_input(self, images: Tensor, share: float) -> Tensor:
        """Return what the discriminator sees of images: augmented, with instance noise."""
        with torch.autocast(self.compute.device.type, enabled=False):
            for augmentation in self.parts.augmentations:
                augmented = augmentation.apply(images)
                if self.augmentation_probability is not None:
                    numbers = drawn(lambda n: torch.rand(n, 1, 1, 1), len(images))
                    chosen = numbers.to(images.device) < self.augmentation_probability
                    augmented = torch.where(chosen, augmented, images)
                images = augmented
            for noise in self.parts.input_noise:
                images = noise.add_noise(images, share)
        return images

    def _transformed(self, images: Tensor) -> Tensor:
        """Return images changed by every named augmentation."""
        with torch.autocast(self.compute.device.type, enabled=False):
            for transform in self.parts.transforms:
                images = transform.apply(images)
        return images

    @torch.no_grad()
    def _moved_logit_averages(self, decay: float, logits: Tensor) -> Tensor:
        """Return averages of logits (2 n, ...) of real and generated images, this batch included."""
        assert self.logit_averages is not None
        now = torch.stack([self.processes.mean(half) for half in logits[:, 0].chunk(2)])
        self.logit_averages = torch.where(self.logit_averages.isnan(), now, self.logit_averages.lerp(now, 1 - decay))
        return self.logit_averages

    @torch.no_grad()
    def adapt_augmentation(self, real_logits: Tensor, fake_logits: Tensor) -> None:
        """Move the augmentations' probability, or the share of pseudo real images, to the target of the mean sign.

        Source: Karras et al., StyleGAN2-ADA, 2020, arXiv:2006.06676. In a paired loss logits have no zero of their own,
        so there the sign is that of the difference of a pair, which is ours.
        """
        if self.augmentation_probability is None and self.pseudo_share is None:
            return
        signs = (real_logits - fake_logits if self.parts.loss.paired else real_logits).sign()
        certainty = self.processes.mean(signs)
        if self.parts.deception is not None and self.pseudo_share is not None:
            self.pseudo_share = self.parts.deception.moved(self.pseudo_share, certainty, self.config.batch_size)
        if self.augmentation_probability is None:
            return
        change = self.config.batch_size / self.config.adaptive_images
        direction = (certainty - self.config.adaptive_target).sign()
        self.augmentation_probability = (self.augmentation_probability + change * direction).clamp(0, 1)

    def _update(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Follow the gradient of `loss` if it is finite; return the loss, the gradient's norm and whether it was.

        They are scalars on the device, the same in all processes: loss and gradient are means over all of them.
        """
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [weight.grad for weight in _weights(optimiser) if weight.grad is not None]
        loss = self.processes.average(gradients, loss.detach())
        norm = torch.nn.utils.get_total_norm(gradients)
        finite = torch.isfinite(norm + loss)
        if optimiser.defaults.get("fused"):
            optimiser.found_inf = (~finite).to(torch.float32)  # type: ignore[attr-defined]  # it leaves the update out
            optimiser.step()
        elif finite:
            optimiser.step()
        return loss, norm, finite

    @torch.no_grad()
    def _move_average(self, images: int, finite: Tensor) -> None:
        weight = schedule.averaging_weight(images, self.images_per_step, self.config)
        torch._foreach_lerp_(list(self.averaged_generator.parameters()), list(self.generator.parameters()), weight)
        for average, current in zip(self.averaged_generator.buffers(), self.generator.buffers(), strict=True):
            if self.config.ema_statistics == "averaged" and average.is_floating_point():
                current = torch.lerp(average, current, weight)
            average.copy_(torch.where(finite, current, average))

    def state(self) -> dict[str, Any]:
        """Return copies of everything that a step changes, on the CPU."""
        state: dict[str, Any] = {name: getattr(self, name).state_dict() for name in _WITH_STATE}
        if self.augmentation_probability is not None:
            state["augmentation_probability"] = self.augmentation_probability
        for name in ("logit_averages", "pseudo_share"):
            if getattr(self, name) is not None:
                state[name] = getattr(self, name)
        if self.historical_averages is not None:
            state["historical_averages"] = self.historical_averages.state()
        copies = {name: _copied(value) for name, value in state.items()}
        return {**copies, "nonfinite_steps": int(self.nonfinite_steps)}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        for name in _WITH_STATE:
            getattr(self, name).load_state_dict(state[name])
        if self.augmentation_probability is not None:
            self.augmentation_probability = state["augmentation_probability"].to(self.compute.device, copy=True)
        for name in ("logit_averages", "pseudo_share"):
            if getattr(self, name) is not None:
                setattr(self, name, state[name].to(self.compute.device, copy=True))
        if self.historical_averages is not None:
            self.historical_averages.load(state["historical_averages"])
        self.nonfinite_steps.fill_(int(state["nonfinite_steps"]))


_WITH_STATE = (
    "generator",
    "discriminator",
    "averaged_generator",
    "generator_optimiser",
    "discriminator_optimiser",
)


def _on(compute: Compute, network: nn.Module) -> nn.Module:
    return network.to(device=compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _optimiser(network: nn.Module, rate: float, config: TrainingConfig) -> torch.optim.Optimizer:
    first, second = (float(beta) for beta in config.betas)
    weights = network.parameters()
    if config.optimiser == "sgd":
        return torch.optim.SGD(weights, rate, momentum=first)
    if config.optimiser == "rmsprop":
        return torch.optim.RMSprop(weights, rate, alpha=second)
    return torch.optim.Adam(weights, rate, betas=(first, second), fused=True)


def _weights(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    """Return all weights of the optimiser's network, without a walk through its modules."""
    weights: list[Tensor] = optimiser.param_groups[0]["params"]
    return weights


def _let_learn(optimiser: torch.optim.Optimizer, learns: bool) -> None:
    for weight in _weights(optimiser):
        weight.requires_grad_(learns)


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(entry) for entry in value]
    return value
