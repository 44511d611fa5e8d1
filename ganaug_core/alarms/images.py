"""Images that are all alike, or that are not of their class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ganaug_core.alarms.history import checkups, varieties
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

    def look(self, course: Sequence[Progress]) -> tuple[str, str] | None:
        found = varieties([each for each in course if each.share >= self.begin], self.looks)
        if len(found) < self.looks:
            return None
        low = [name for name in found[-1] if all(each.get(name, 1.0) < self.variety for each in found)]
        if not low:
            return None
        worst = min(low, key=lambda name: found[-1][name])
        others = f" (and {len(low) - 1} more of {len(found[-1])} classes)" if len(low) > 1 else ""
        return (
            f"The generated images of {worst}{others} differ {percent(found[-1][worst])} as much as training images "
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

    def look(self, course: Sequence[Progress]) -> tuple[str, str] | None:
        found = checkups([each for each in course if each.share >= self.begin], self.checkups)
        if len(found) < self.checkups:
            return None
        for now in found[-1].measurements:
            name = now.class_name
            if now.name != "label_agreement" or name is None:
                continue
            history = [each.find("label_agreement", name) for each in found]
            if all(
                each is not None
                and each.interval is not None
                and each.floor is not None
                and each.floor >= self.least
                and each.interval[1] < self.share * each.floor
                for each in history
            ):
                return (
                    f"Of the images drawn as {name}, {percent(now.value)} are recognised as it, of real ones "
                    f"{percent(now.floor or 0)} (alarm below {100 * self.share:g} % of that in {self.checkups} "
                    "checkpoints in a row).",
                    "Draw the classes equally often (class_sampling=balanced), train longer, or raise the weight of "
                    "label_matching a little.",
                )
        return None
