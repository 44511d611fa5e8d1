"""An audit as JSON, schema `ganaug.audit/2`: every number is finite or null."""

from typing import Any

from ganaug_core import __version__
from ganaug_core.records import Audit, Verdict, made
from ganaug_core.records.codec import in_json


def as_json(audit: Audit) -> dict[str, Any]:
    """Return the document that `ganaug audit --json` writes."""
    return {
        "schema": "ganaug.audit/2",
        "ganaug": __version__,
        "seed": audit.seed,
        "command": audit.command,
        "cohort": audit.cohort,
        "synthetic": audit.synthetic,
        "verdicts": {name: _verdict(verdict) for name, verdict in audit.verdicts.items()},
        "measurements": [{**in_json(measurement), "seed": audit.seed} for measurement in audit.measurements],
        "suspects": [
            {**_without(suspect, "holdout", "score", "identical", "rejected"), "listed": suspect.is_listed}
            for suspect in audit.suspects
        ],
        "missing_modes": [
            {**_without(mode, "members"), "reference": "train+holdout", "seed": audit.seed}
            for mode in audit.missing_modes
        ],
        "copied": in_json(audit.copied),
        "give_aways": in_json(audit.give_aways),
        "examples": in_json(audit.examples),
        "spaces": in_json(audit.spaces),
        "regions": in_json(audit.regions),
        "membership": in_json(audit.membership),
        "subgroups": in_json(audit.subgroups),
        "subgroup_notes": in_json(audit.subgroup_notes),
        "odd": in_json(audit.odd),
        "odd_images": [{**in_json(image), "listed": image.is_listed} for image in audit.odd_images],
        "detectable_share": in_json(audit.detectable_share),
        "detectable_shares": in_json(audit.detectable_shares),
        "encoders": None if audit.made is None else in_json(audit.made.encoders),
        **made.as_json(audit.made),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {name: None if value == "" else value for name, value in in_json(verdict).items()}


def _without(record: Any, *left_out: str) -> dict[str, Any]:
    return {name: value for name, value in in_json(record).items() if name not in left_out}
