"""Losses that are no numbers, or that run away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

from ganaug_core.alarms.history import blown_up, series
from ganaug_core.records.training import Progress


@dataclass(frozen=True)
class NotANumber:
    """An update was left out because its loss or gradient was not finite.

    Settings:
        updates: Left out since the last report, >= 1.
    """

    title: ClassVar[str] = "The arithmetic broke down"

    updates: int = 1

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        left_out = history[-1].measures.get("left_out", 0.0)
        if left_out < self.updates:
            return None
        counted = "1 update was" if left_out == 1 else f"{left_out:.0f} updates were"
        return (
            f"{counted} no number and left out; the weights are unharmed (alarm from {self.updates}, and four in a row "
            "end the attempt).",
            "If it comes again: halve both learning rates, or set precision=float32.",
        )


@dataclass(frozen=True)
class Divergence:
    """A loss has grown far beyond what it was before, in either direction.

    Settings:
        growth: Size of the loss over what was usual before, > 1.
        least: Below this size no loss counts as running away; the losses of critics have no scale of their own.
        window: Reports that are compared with all before, about three a second.
        most: Above this size a loss has run away whatever it was before: a run may have no calm time to compare with.
        reports: So many in a row above `most`.
    """

    title: ClassVar[str] = "The losses run away"

    growth: float = 20.0
    least: float = 50.0
    window: int = 15
    most: float = 1e5  # in 18 healthy runs (2.7 million images) no report passed 201
    reports: int = 5

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        for network in ("discriminator", "generator"):
            sizes = [abs(loss) for loss in series(history, f"{network}_loss")]
            if statement := blown_up(sizes, f"The {network}'s loss has the size", **asdict(self)):
                return statement, "Halve both learning rates; add r1 and r2, or raise their gamma."
        return None
