"""Several audits side by side: other draws of one generator, or other trainings of one recipe.

The first one is the audit; this says how much of it is that draw, or that training.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy import stats

from ganaug_core.audit.sentences import FAIL, VERDICTS, WARN
from ganaug_core.records import Audit, Measurement, Verdict
from ganaug_core.records.codec import in_json

Between = Literal["draws", "trainings"]
RULE = (
    "The worse of two: what more than half of them say at least, and what the smallest p says after Holm's correction "
    "over their number (beside that over the verdicts). A rule that is broken once fails. All meet the same real "
    "images, so their p are dependent and are never combined into a smaller one."
)
COVERS = {
    "draws": "Student's t over draws: further draws of this generator against the same real images; it holds neither "
    "other patients nor other trainings",
    "trainings": "Student's t over trainings: further trainings of this recipe on the same images, one draw of each; "
    "it holds no other patients",
}


def as_json(audits: Sequence[Audit], between: Between, seeds: Sequence[int]) -> dict[str, Any]:
    """Return what an audit's document holds as `draws`.

    Args:
        audits: At least two, with the same cohort and settings; the first is the one whose document it is.
        between: What differs between them.
        seeds: Of drawing, one an audit.
    """
    return {
        "between": between,
        "n": len(audits),
        "rule": RULE,
        "audits": [
            {
                "synthetic": audit.synthetic["name"],
                "hash": audit.synthetic["hash"],
                "seed": seed,
                "verdicts": {name: verdict.state for name, verdict in audit.verdicts.items()},
            }
            for audit, seed in zip(audits, seeds, strict=True)
        ],
        "verdicts": {name: _verdict([audit.verdicts[name] for audit in audits]) for name in VERDICTS},
        "measurements": _measurements(audits, between),
    }


def over_all(verdicts: Sequence[Verdict]) -> tuple[str, float | None]:
    """Return the state of one verdict over all audits, and its smallest p, corrected for their number too (`RULE`).

    For a pass at least half must pass. Of five good draws one at least would warn by chance in up
    to 23 %; by this rule they do in 5 %, however much the draws depend on each other (normal scores).
    """
    half = len(verdicts) / 2
    states = Counter(verdict.state for verdict in verdicts)
    tested = [verdict.p_corrected for verdict in verdicts if verdict.p_corrected is not None]
    p = min(1.0, len(verdicts) * min(tested)) if tested else None
    broken = any(verdict.state == "fail" and verdict.p_corrected is None for verdict in verdicts)
    if broken or states["fail"] > half or (p is not None and p < FAIL):
        return "fail", p
    if states["fail"] + states["warn"] > half or (p is not None and p < WARN):
        return "warn", p
    return ("pass" if states["pass"] >= half else "not_assessable"), p


def _verdict(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    state, p = over_all(verdicts)
    counted = Counter(verdict.state for verdict in verdicts)
    states = {name: counted[name] for name in ("pass", "warn", "fail", "not_assessable")}
    return {"state": state, "states": states, "p_corrected": p}


def _measurements(audits: Sequence[Audit], between: Between) -> list[dict[str, Any]]:
    """Return mean and spread of each measurement that two audits have at least."""
    values: dict[tuple[Any, ...], list[float]] = {}
    for audit in audits:
        met = Counter[tuple[Any, ...]]()
        for measurement in audit.measurements:
            key = _key(measurement)
            values.setdefault((*key, met[key]), []).append(measurement.value)
            met[key] += 1
    return [
        {
            "name": name,
            "class": class_name,
            "encoder": encoder,
            **in_json(_spread(np.asarray(found))),
            "interval_method": COVERS[between],
        }
        for (name, class_name, encoder, *_), found in values.items()
        if len(found) > 1
    ]


def _key(measurement: Measurement) -> tuple[Any, ...]:
    return measurement.name, measurement.class_name, measurement.encoder, measurement.reference


def _spread(values: Any) -> dict[str, Any]:
    """Return the mean of (n,) values, their standard deviation, and the 95 % interval of the mean."""
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * spread / np.sqrt(len(values))
    return {"n": len(values), "mean": mean, "spread": spread, "interval": [mean - reach, mean + reach]}
