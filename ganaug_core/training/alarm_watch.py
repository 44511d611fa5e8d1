"""Looking after a run: every alarm sees every report, and says so once when it goes off and once when it is over."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ganaug_core.alarms import ALARMS
from ganaug_core.interfaces import Alarm
from ganaug_core.records.training import Progress, Raised

CALM_REPORTS = 10
_MOST = 1500


class Watch:
    """The alarms of one run; what they remember goes into its checkpoints."""

    def __init__(self, alarms: Mapping[str, Alarm] | None = None) -> None:
        self._alarms = alarms if alarms is not None else {name: part() for name, part in ALARMS.items()}
        self._course: list[Progress] = []
        self._calm: dict[str, int] = {}

    def look(self, report: Progress) -> Progress:
        """Return the report with the alarms that went off or are over."""
        self._course.append(replace(report, preview=None, logits=None))
        if len(self._course) > _MOST:
            self._thin()
        raised, cleared = [], []
        for name, alarm in self._alarms.items():
            seen = alarm.look(self._course)
            if seen is not None:
                if name not in self._calm:
                    raised.append(Raised(name, report.images, *seen))
                self._calm[name] = 0
            elif name in self._calm:
                self._calm[name] += 1
                if self._calm[name] >= CALM_REPORTS:
                    del self._calm[name]
                    cleared.append(name)
        return replace(report, alarms=tuple(raised), cleared=tuple(cleared))

    def state(self) -> dict[str, Any]:
        """Return what `load` needs, as plain values."""
        return {"course": [each.plain() for each in self._course], "calm": dict(self._calm)}

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Go on from `state`; a checkpoint of an older version has none, and the alarms begin anew."""
        if not state:
            return
        self._course = [Progress.of(each) for each in state["course"]]
        self._calm = {name: int(reports) for name, reports in state["calm"].items() if name in self._alarms}

    def _thin(self) -> None:
        """Forget every second report of the older half that holds nothing but curves."""
        half = len(self._course) // 2
        older = [
            each
            for place, each in enumerate(self._course[:half])
            if place % 2 or each.variety is not None or each.checkup is not None
        ]
        self._course = older + self._course[half:]
