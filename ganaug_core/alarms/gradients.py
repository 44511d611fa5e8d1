"""Gradients that die or blow up."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import ClassVar

from ganaug_core.alarms.history import blown_up, series
from ganaug_core.records.training import Progress


@dataclass(frozen=True)
class VanishingGradient:
    """The generator is hardly pulled any more, so it stops learning.

    Settings:
        share: Gradient norm over what it was in the strongest tenth of the run before, in (0, 1).
        floor: A norm below this is an alarm whatever was usual; a run can begin with a dead gradient.
        window: Reports that are compared with all before, about three a second.
    """

    title: ClassVar[str] = "The generator gets no signal"

    share: float = 0.02
    floor: float = 1e-5
    window: int = 15

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        norms = series(history, "generator_gradient")
        if len(norms) < 2 * self.window:
            return None
        earlier = sorted(norms[: -self.window])
        now, before = median(norms[-self.window :]), earlier[int(0.9 * len(earlier))]
        if now >= max(self.floor, self.share * before):
            return None
        return (
            f"The generator's gradient has the norm {now:.1g}, it was {before:.1g} before (alarm below "
            f"{100 * self.share:g} % of that, or {self.floor:g}).",
            "Use a loss that does not saturate (relativistic_pairing, non_saturating), or slow the discriminator down.",
        )


@dataclass(frozen=True)
class ExplodingGradient:
    """A network is pulled far harder than before, so the next updates may throw it off.

    Settings:
        growth: Gradient norm over what was usual before, > 1.
        least: Below this norm nothing counts as exploding.
        window: Reports that are compared with all before, about three a second.
        most: Above this norm it has blown up whatever it was before: a run may have no calm time to compare with.
        reports: So many in a row above `most`.
    """

    title: ClassVar[str] = "The gradients blow up"

    growth: float = 50.0
    least: float = 50.0
    window: int = 8
    most: float = 1e5  # in 18 healthy runs (2.7 million images) no report passed 3,318
    reports: int = 5

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        for network in ("discriminator", "generator"):
            norms = series(history, f"{network}_gradient")
            if statement := blown_up(norms, f"The {network}'s gradient has the norm", **asdict(self)):
                return statement, f"Halve the {network}'s learning rate; add r1 and r2, or raise their gamma."
        return None
