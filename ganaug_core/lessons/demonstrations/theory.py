"""The game of the theory in one dimension: the best discriminator, slopes of the losses, smoothing."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from ganaug_core.interfaces import Loss
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, with_slider
from ganaug_core.losses import LOSSES
from ganaug_core.losses.minimax import Minimax
from ganaug_core.wording import percent

Values = NDArray[np.float64]
_LINE = np.linspace(-5, 5, 161)
_QUANTILES = ndtri((np.arange(4000) + 0.5) / 4000)  # a standard normal sample without chance


def the_game(seed: int = 0) -> Figure:
    """Truth N(0, 1), generator N(shift, 1): D* = p / (p + q), and the value of the game at D*, by the minimax loss."""
    shifts = np.linspace(0, 4, 17)
    truth = _normal(_LINE, 0)
    made, best, values, divergences = [], [], [], []
    for shift in shifts:
        density = _normal(_LINE, shift)
        made.append(numbers(density))
        best.append(numbers(truth / (truth + density)))
        real, fake = (torch.from_numpy(_log_ratio(sample, shift)) for sample in (_QUANTILES, _QUANTILES + shift))
        value = -float(Minimax().discriminator_loss(real, fake))
        values.append(value)
        divergences.append((value + math.log(4)) / 2)
    says = [
        f"At a shift of {shift:.2f}, V = {value:.3f}, about 2 × {divergence:.3f} − 1.386: twice the Jensen-Shannon "
        "divergence of truth and generator, less log 4."
        for shift, value, divergence in zip(shifts, values, divergences, strict=True)
    ]
    says[0] = (
        "Where the generator draws exactly as the truth does, D* is one half everywhere and the value of the game is "
        f"{values[0]:.3f}, minus log 4."
    )
    return with_slider(
        "Shift of the generator",
        shifts,
        "{:.2f}".format,
        6,
        says,
        Chart(
            title="Truth p, generator q, and D* = p / (p + q)",
            x="x",
            y="density, and D*",
            y_range=(0, 1),
            lines=(
                Line(name="truth p", role="real", x=numbers(_LINE), y=numbers(truth)),
                Line(name="generator q", role="synthetic", x=numbers(_LINE), y=made),
                Line(name="D*", role="plain", x=numbers(_LINE), y=best, kind="dashes"),
                Line(name="p = q, so D* = 1/2", role="plain", x=[], y=[[shift / 2] for shift in shifts], upright=True),
            ),
        ),
        Chart(
            title="Value of the game at D*",
            x="shift",
            y="V(D*, G)",
            y_range=(-1.5, 0.1),
            lines=(
                *followed(shifts, {"V": ("synthetic", values)}),
                Line(name="-log 4", role="plain", x=[0, 4], y=[-math.log(4)] * 2, kind="dashes"),
            ),
        ),
    )


def slopes(seed: int = 0) -> Figure:
    """How much a generated point learns, by what the discriminator says of it: the losses' own derivatives."""
    chances = np.array([0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99])
    logits = np.log(chances / (1 - chances))
    line = np.linspace(-7, 5, 121)
    losses = {"saturating (minimax)": "minimax", "non-saturating": "non_saturating"}
    curves = {title: np.abs(_generator_slopes(LOSSES[name](), line)) for title, name in losses.items()}
    at = {title: np.abs(_generator_slopes(LOSSES[name](), logits)) for title, name in losses.items()}
    roles = ("real", "synthetic")
    says = tuple(
        f"Where D calls a generated point real with a chance of {chance:.3g}, the saturating loss leaves a slope of "
        f"{first:.3g} and the non-saturating one {second:.3g}, {second / first:.3g} times as much."
        for chance, first, second in zip(chances, *at.values(), strict=True)
    )
    return with_slider(
        "D(G(z))",
        chances,
        "{:g}".format,
        2,
        says,
        Chart(
            title="Slope of the generator's loss at a generated point",
            x="logit of D(G(z))",
            y="slope",
            y_range=(0, 1),
            lines=(
                *(
                    Line(name=title, role=role, x=numbers(line), y=numbers(curves[title]))  # type: ignore[arg-type]
                    for title, role in zip(losses, roles, strict=True)
                ),
                Line(
                    name="here",
                    role="plain",
                    x=[],
                    y=[[logit] for logit in numbers(logits)],
                    upright=True,
                ),
            ),
        ),
    )


def attention_scaling(seed: int = 0) -> Figure:
    """How much of its attention a query gives to one of 64 keys, by its features, with and without scaling."""
    source = torch.Generator().manual_seed(seed)
    features, queries, keys = (2, 4, 8, 16, 32, 64, 128, 256, 512), 400, 64
    largest: dict[bool, list[float]] = {False: [], True: []}
    for width in features:
        query, key = (torch.randn(count, width, generator=source) for count in (queries, keys))
        for is_scaled, shares in largest.items():
            products = query @ key.T / (math.sqrt(width) if is_scaled else 1.0)  # (query, key)
            shares.append(float(torch.softmax(products, 1).amax(1).mean()))
    return with_slider(
        "Features of a query",
        features,
        str,
        5,
        (
            f"With {width} features a query gives {percent(plain)} of its attention on average to the one of {keys} "
            f"keys that gets most; divided by the root of {width} it gives {percent(scaled)}. Even shares would be "
            f"{percent(1 / keys)}."
            for width, plain, scaled in zip(features, largest[False], largest[True], strict=True)
        ),
        Chart(
            title=f"Largest share of attention, of {keys} keys",
            x="features",
            y="share",
            y_range=(0, 1),
            log_x=True,
            lines=followed(
                features, {"without scaling": ("synthetic", largest[False]), "scaled": ("real", largest[True])}
            ),
        ),
    )


def sigmoid_twice(seed: int = 0) -> Figure:
    """The discriminator's loss on what already went through a sigmoid, by the minimax loss, which expects logits."""
    logits = np.linspace(-6, 6, 25)
    right, twice = (_real_losses(logits, is_twice=is_twice) for is_twice in (False, True))
    least = float(torch.nn.functional.softplus(torch.tensor(-1.0))) + math.log(2)
    return with_slider(
        "Logit of a real image",
        logits,
        "{:g}".format,
        18,
        (
            f"At a logit of {logit:g} the loss of a real image is {loss:.3f} with a slope of {slope:.2g}. Through a "
            f"sigmoid first, it is {wrong:.3f} with a slope of {wrong_slope:.2g}; both sides together never fall below "
            f"{least:.3f}."
            for logit, loss, slope, wrong, wrong_slope in zip(logits, *right, *twice, strict=True)
        ),
        *(
            Chart(
                title=title,
                x="logit",
                y=y,
                lines=followed(
                    logits,
                    {"from the logit": ("real", right[place]), "sigmoid, and again": ("synthetic", twice[place])},
                ),
            )
            for place, (title, y) in enumerate((("Loss of a real image", "loss"), ("Slope that is left", "slope")))
        ),
    )


def smoothing(seed: int = 0) -> Figure:
    """The discriminator that smoothed labels make best, found by setting the loss's own slope to 0."""
    targets = (0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
    truth, made = _normal(_LINE, -1.2), _normal(_LINE, 1.2)
    one_sided = [_best(Minimax(real_target=target), truth, made) for target in targets]
    two_sided = [_best(Minimax(target, 1 - target), truth, made) for target in targets]
    says = []
    for target, one, two in zip(targets, one_sided, two_sided, strict=True):
        says.append(
            f"Real points get the label {target:g}. One-sided, D* is at most {one.max():.2f} and falls to "
            f"{one.min():.2f} where only generated points lie. Two-sided (generated ones get {1 - target:.2g}), it "
            f"stays at {two.min():.2f} there."
        )
    return with_slider(
        "Label of real images",
        targets,
        "{:g}".format,
        3,
        says,
        Chart(
            title="Best discriminator, truth on the left, generator on the right",
            x="x",
            y="D*",
            y_range=(0, 1),
            lines=(
                Line(name="one-sided", role="real", x=numbers(_LINE), y=[numbers(line) for line in one_sided]),
                Line(name="two-sided", role="synthetic", x=numbers(_LINE), y=[numbers(line) for line in two_sided]),
                Line(name="without", role="plain", x=numbers(_LINE), y=numbers(one_sided[-1]), kind="dashes"),
            ),
        ),
    )


def _normal(x: Values, mean: float) -> Values:
    density: Values = np.exp(-0.5 * (x - mean) ** 2) / math.sqrt(2 * math.pi)
    return density


def _log_ratio(x: Values, shift: float) -> Values:
    """Return log p / q of N(0, 1) and N(shift, 1): the logit of D*."""
    return (shift**2 - 2 * shift * x) / 2


def _generator_slopes(loss: Loss, logits: Values) -> Values:
    """Return the derivative of the generator's loss by the logit of each generated point."""
    fake = torch.from_numpy(logits).requires_grad_()
    (gradient,) = torch.autograd.grad(loss.generator_loss(torch.zeros_like(fake), fake) * len(logits), fake)
    return gradient.numpy()


def _real_losses(logits: Values, *, is_twice: bool) -> tuple[Values, Values]:
    """Return loss and slope at real images of these logits, generated ones set aside."""
    real = torch.from_numpy(logits).requires_grad_()
    given = real.sigmoid() if is_twice else real
    aside = torch.full_like(real, -60.0)  # a generated image that costs nothing
    losses = torch.stack(
        [Minimax().discriminator_loss(one[None], none[None]) for one, none in zip(given, aside, strict=True)]
    )
    (slope,) = torch.autograd.grad(losses.sum(), real)
    return losses.detach().numpy(), -slope.numpy()


def _best(loss: Minimax, truth: Values, made: Values) -> Values:
    """Return the probability at which p times the real part's slope and q times the other's add up to 0."""
    p, q = torch.from_numpy(truth), torch.from_numpy(made)
    low, high = torch.full_like(p, -30.0), torch.full_like(p, 30.0)
    for _ in range(60):
        middle = (low + high) / 2
        real, fake = middle.clone().requires_grad_(), middle.clone().requires_grad_()
        both = loss.discriminator_loss(real, fake) * len(truth)
        slope_real, slope_fake = torch.autograd.grad(both, (real, fake))
        rises = p * slope_real + q * slope_fake > 0
        low, high = torch.where(rises, low, middle), torch.where(rises, middle, high)
    return low.sigmoid().numpy()
