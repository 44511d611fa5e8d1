"""Images that are all alike, or that are not of their class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ganaug_core.alarms.history import checkups, varieties
from ganaug_core.records import Measurement
from ganaug_core.records.training import Progress
from ganaug_core.wording import percent


@dataclass(frozen=True)
class Collapse:
    """The generated images of a class hardly differ from each other.

    Settings:
        variety: Spread of a class's generated images over that of its training images, in (0, 1).
        looks: So many looks in a row, about every 2 % of the budget.
        begin: Share of the budget before which it may be: generators begin with one grey image.
    """

    title: ClassVar[str] = "The images are all alike"

    variety: float = 0.25
    looks: int = 3
    begin: float = 0.1

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        looks = varieties([report for report in history if report.share >= self.begin], self.looks)
        if len(looks) < self.looks:
            return None
        latest = looks[-1]
        collapsed = [name for name in latest if all(by_class.get(name, 1.0) < self.variety for by_class in looks)]
        if not collapsed:
            return None
        worst = min(collapsed, key=lambda name: latest[name])
        others = f" (and {len(collapsed) - 1} more of {len(latest)} classes)" if len(collapsed) > 1 else ""
        return (
            f"The generated images of {worst}{others} differ {percent(latest[worst])} as much as training images "
            f"do (alarm below {100 * self.variety:g} % in {self.looks} looks in a row).",
            "Stop, and train with relativistic_pairing and r1 and r2, which the recommended recipe has; halve the "
            "learning rates if it has them already.",
        )


@dataclass(frozen=True)
class ClassDropped:
    """What is drawn as one class is not recognised as it.

    Settings:
        share: Of the agreement of real images, in (0, 1); the upper end of the 95 % interval must lie below.
        checkups: So many measured checkpoints in a row.
        least: Agreement of real images below which the class cannot be told at all, so nothing is said.
        begin: Share of the budget before which it may be.
    """

    title: ClassVar[str] = "A class is missing"

    share: float = 0.5
    checkups: int = 2
    least: float = 0.5
    begin: float = 0.25

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        latest = checkups([report for report in history if report.share >= self.begin], self.checkups)
        if len(latest) < self.checkups:
            return None
        for now in latest[-1].measurements:
            name = now.class_name
            if now.name != "label_agreement" or name is None:
                continue
            if all(self._is_missing(checkup.find("label_agreement", name)) for checkup in latest):
                return (
                    f"Of the images drawn as {name}, {percent(now.value)} are recognised as it, of real ones "
                    f"{percent(now.floor or 0)} (alarm below {100 * self.share:g} % of that in {self.checkups} "
                    "checkpoints in a row).",
                    "Draw the classes equally often (class_sampling=balanced), train longer, or raise the weight of "
                    "label_matching a little.",
                )
        return None

    def _is_missing(self, agreement: Measurement | None) -> bool:
        if agreement is None or agreement.interval is None or agreement.floor is None:
            return False
        return agreement.floor >= self.least and agreement.interval[1] < self.share * agreement.floor
