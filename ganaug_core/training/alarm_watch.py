"""The alarms of a run: every alarm sees every report, and says so once when it goes off and once when it is over."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ganaug_core.alarms import ALARMS
from ganaug_core.interfaces import Alarm
from ganaug_core.records.training import Progress, Raised

CALM_REPORTS = 10
_MOST_REPORTS = 1500


class AlarmWatch:
    """The alarms of one run; what they remember goes into its checkpoints."""

    def __init__(self, alarms: Mapping[str, Alarm] | None = None) -> None:
        self._alarms = alarms if alarms is not None else {name: part() for name, part in ALARMS.items()}
        self._history: list[Progress] = []
        self._calm: dict[str, int] = {}

    def check(self, report: Progress) -> Progress:
        """Return the report with the alarms that went off or are over."""
        self._history.append(replace(report, preview=None, logits=None))
        if len(self._history) > _MOST_REPORTS:
            self._thin()
        raised, cleared = [], []
        for name, alarm in self._alarms.items():
            finding = alarm.check(self._history)
            if finding is not None:
                if name not in self._calm:
                    raised.append(Raised(name, report.images, *finding))
                self._calm[name] = 0
            elif name in self._calm:
                self._calm[name] += 1
                if self._calm[name] >= CALM_REPORTS:
                    del self._calm[name]
                    cleared.append(name)
        return replace(report, alarms=tuple(raised), cleared=tuple(cleared))

    def state(self) -> dict[str, Any]:
        """Return what `load` needs, as plain values."""
        return {"history": [report.plain() for report in self._history], "calm": dict(self._calm)}

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Go on from `state`; without one the alarms begin anew."""
        if not state:
            return
        self._history = [Progress.of(report) for report in state["history"]]
        self._calm = {name: int(reports) for name, reports in state["calm"].items() if name in self._alarms}

    def _thin(self) -> None:
        """Forget every second report of the older half that holds nothing but curves."""
        half = len(self._history) // 2
        older = [
            report
            for index, report in enumerate(self._history[:half])
            if index % 2 or report.variety is not None or report.checkup is not None
        ]
        self._history = older + self._history[half:]
