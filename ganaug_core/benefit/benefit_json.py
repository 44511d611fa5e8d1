"""A benefit experiment as JSON, schema `ganaug.benefit/1`: every number is finite or null."""

from typing import Any

from ganaug_core import __version__
from ganaug_core.records import made
from ganaug_core.records.benefit import Benefit
from ganaug_core.records.codec import in_json


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
        "settings": in_json(benefit.settings),
        "look": in_json(benefit.look),
        "verdict": {"state": verdict.state, "statement": verdict.statement, "do": verdict.do},
        "arms": in_json(benefit.arms),
        "left_out": benefit.left_out,
        "scores": in_json(benefit.scores),
        "differences": in_json(benefit.differences),
        "notes": in_json(benefit.notes),
        **made.as_json(benefit.made),
    }
