"""What a run has written so far, for a new run that goes on from there with a larger budget.

The older run stays as it is: what was said of it, by a search above all, stays true.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganaug_core.config.requests import Train
from ganaug_core.errors import TrainingError
from ganaug_core.storage.workspace import Workspace

_GROWING_FILES = ("history.jsonl", "logits.jsonl", "alarms.jsonl", "checkups.jsonl", "state.json")
_BUDGET = ("images", "minutes")


def past(workspace: Workspace, run: str) -> tuple[dict[str, bytes], dict[str, Path]]:
    """Return the files of a run by name: those that grow as bytes, its newest checkpoint to be linked.

    Raises:
        TrainingError: It has no checkpoint.
    """
    folder = workspace.folder("runs", run)
    manifests = sorted((folder / "checkpoints").glob("checkpoint-*.json"))
    if not manifests:
        raise TrainingError(
            f"The run {run} has no checkpoint, so nothing can go on from it.",
            do="Start a new run on the same cohort.",
            code="no_checkpoint",
        )
    names = [*_GROWING_FILES, *(f"previews/{sheet.name}" for sheet in (folder / "previews").glob("*.png"))]
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    newest = f"checkpoints/{manifests[-1].stem}"
    files[f"{newest}.json"] = manifests[-1].read_bytes()
    return files, {f"{newest}.pt": folder / f"{newest}.pt"}


def require_same(workspace: Workspace, request: Train) -> None:
    """Refuse to go on from a run of another cohort or of other settings than a larger budget of the same kind.

    Raises:
        TrainingError: It is such a run.
    """
    before = workspace.manifest("runs", request.after).get("config", {})
    cohort = workspace.reference("runs", request.after).origin.inputs.get("cohort")
    if cohort != workspace.identity("cohorts", request.cohort) or _settings(before) != _settings(request.config):
        raise TrainingError(
            f"The run {request.after} has another cohort or other settings than {request.name} would have.",
            do="Go on with the same cohort and the same settings; only the budget may grow.",
            code="other_settings",
        )
    if before.get("architecture", {}).get("name") == "progressive":
        raise TrainingError(
            f"The networks of the run {request.after} grow over its budget, so they cannot go on with another one.",
            do="Start a new run with the larger budget.",
            code="growing",
        )
    unit = next((name for name in _BUDGET if before.get(name) is not None), "images")
    if request.config.get(unit) is None or request.config[unit] <= before[unit]:
        raise TrainingError(
            f"The run {request.after} has had its {before[unit]:,g} {unit} already.",
            do=f"Give more than that, in {unit}.",
            code="budget",
        )


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in (*_BUDGET, "threads")}
