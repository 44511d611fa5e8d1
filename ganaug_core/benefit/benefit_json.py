"""A benefit experiment as JSON, schema `ganaug.benefit/1`: every number is finite or null."""

from dataclasses import asdict
from typing import Any

from ganaug_core import __version__
from ganaug_core.records.benefit import Benefit


def as_json(benefit: Benefit) -> dict[str, Any]:
    """Return the document that `ganaug benefit --json` writes."""
    verdict = benefit.verdict
    return {
        "schema": "ganaug.benefit/1",
        "ganaug": __version__,
        "seed": benefit.seed,
        "command": benefit.command,
        "cohort": benefit.cohort,
        "synthetic": benefit.synthetic,
        "rare": benefit.rare,
        "repetitions": {"done": benefit.done, "asked": benefit.asked},
        "settings": benefit.settings,
        "verdict": {"state": verdict.state, "statement": verdict.statement, "do": verdict.do},
        "arms": [asdict(arm) for arm in benefit.arms],
        "left_out": benefit.left_out,
        "scores": [_renamed(asdict(score)) for score in benefit.scores],
        "differences": [_renamed(asdict(difference)) for difference in benefit.differences],
        "notes": list(benefit.notes),
    }


def _renamed(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON says `class`, as in the audit's document; Python cannot."""
    result = {"class" if key == "class_name" else key: value for key, value in fields.items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in result.items()}
