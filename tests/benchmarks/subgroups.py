"""Subgroups: false alarms over all subgroups and questions together, and how often what is planted is named.

    python tests/benchmarks/subgroups.py [DRAWS]

Worlds of `tests/subgroup_records.py`: 400 patients (half training, 35 % held out), 600 synthetic images, a subgroup of
30 %. An alarm is any named subgroup of an audit, at a corrected p below .05; the intervals are those of the subgroup B
for the difference that is known: none.
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit.subgroups import compared
from ganaug_core.metrics.statistics import clopper_pearson
from ganaug_core.wording import percent
from tests.subgroup_records import world

DRAWS = 150
KINDS: dict[str, dict[str, Any]] = {
    "fresh, subgroup at random": {"apart": 0.0},
    "fresh, subgroup looks different": {"apart": 4.0, "brighter": 2.0},
    "fresh, 4 images a patient, 200 patients": {"apart": 4.0, "brighter": 2.0, "patients": 200, "per_patient": 4},
    "fresh, 150 patients": {"apart": 4.0, "brighter": 2.0, "patients": 150},
    "shown four fifths as often": {"apart": 4.0, "made": 0.24},
    "missing": {"made": 0.0},
    "missing, 150 patients": {"made": 0.0, "patients": 150},
    "shown half as often": {"made": 0.15},
    "brighter than the synthetic ones": {"apart": 0.0, "brighter": 2.0, "made_brighter": 0.0},
    "classes look otherwise": {"unlike": True},
}


def main(draws: int) -> None:
    for kind, settings in KINDS.items():
        begun = time.perf_counter()
        alarms = covered = measured = 0
        named: dict[str, int] = {}
        for seed in range(draws):
            rows = compared(world(seed, **settings), ["scanner"]).rows
            own = [row for row in rows if row.state == "named"]
            alarms += bool(own)
            for row in own:
                named[f"{row.group} {row.question}"] = named.get(f"{row.group} {row.question}", 0) + 1
            for row in rows:
                if row.group == "B" and row.interval is not None:
                    measured += 1
                    covered += row.interval[0] <= 0 <= row.interval[1]
        low, high = clopper_pearson(alarms, draws)
        which = ", ".join(f"{name} {percent(count / draws)}" for name, count in sorted(named.items())) or "-"
        holds = percent(covered / measured) if kind.startswith("fresh") and measured else "-"
        print(
            f"| {kind} | {percent(alarms / draws)} ({percent(low)} to {percent(high)}) | {which} | {holds} |",
            flush=True,
        )
        print(f"{kind}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS)
