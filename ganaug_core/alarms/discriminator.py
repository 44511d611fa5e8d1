"""A discriminator that has won, or that knows its training images by heart."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from ganaug_core.alarms.history import series
from ganaug_core.records.training import Progress
from ganaug_core.wording import percent


@dataclass(frozen=True)
class DiscriminatorTooStrong:
    """The discriminator tells every generated image from every training image, look after look.

    Settings:
        separation: Chance that it finds a training image more real than a generated one of its class, in (0.5, 1).
            Young healthy runs on MedNIST reached 99.7 %.
        looks: Median over so many looks, about every 2 % of the budget.
        begin: Share of the budget before which it may: the first images are easy to tell.
    """

    title: ClassVar[str] = "The discriminator wins every time"

    separation: float = 0.998
    looks: int = 6
    begin: float = 0.1

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        reports = [report for report in history if report.share >= self.begin]
        separations = series(reports, "separation")[-self.looks :]
        if len(separations) < self.looks or median(separations) <= self.separation:
            return None
        return (
            f"It finds training images more real than generated ones in {100 * median(separations):.1f} % of pairs "
            f"(alarm above {100 * self.separation:g} % in {self.looks} looks; 50 % is a tie).",
            "Lower the discriminator's learning rate, raise the gamma of r1 and r2, or widen the generator.",
        )


@dataclass(frozen=True)
class DiscriminatorOverfitting:
    """The discriminator takes tuning images for generated ones: it knows the training images, not the kind.

    Settings:
        gap: Distance from training to tuning over distance from training to generated outputs, in (0, 1): 0 is
            none, 1 says that unseen real images look generated to it.
        looks: Median over so many looks, about every 2 % of the budget.

    Source: Karras et al., Training GANs with limited data, 2020, arXiv:2006.06676, equation 1, r_v; their target for
    it is 0.5 to 0.6.
    """

    title: ClassVar[str] = "The discriminator learns the training images by heart"

    gap: float = 0.6
    looks: int = 5

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        gaps = series(history, "discriminator_gap")[-self.looks :]
        if len(gaps) < self.looks or median(gaps) <= self.gap:
            return None
        return (
            f"Real images that it never learnt from lie {percent(median(gaps))} of the way to the generated ones "
            f"(alarm above {100 * self.gap:g} %; 0 % is no overfitting).",
            "Switch the augmentations on (augment=on), train for a shorter time, or add patients.",
        )
