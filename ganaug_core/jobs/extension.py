"""Going on from the end of a run with a larger budget."""

from ganaug_core.config.requests import Train
from ganaug_core.errors import TrainingError, WorkspaceError
from ganaug_core.storage.workspace import Workspace

TIMES = 3  # what it is offered to have in all, in budgets of the first run


def longer(
    workspace: Workspace, run: str, name: str, *, images: int | None = None, minutes: float | None = None
) -> Train:
    """Return the request for a new run that begins where another one ended.

    Args:
        images, minutes: Its whole budget, that of the first run included, in the unit of that one; without either,
            three times that.

    Raises:
        WorkspaceError: There is no such run, or its cohort is not here any more.
        TrainingError: Both budgets, or that of another unit.
    """
    config = dict(workspace.manifest("runs", run)["config"])
    unit = "images" if config.get("images") is not None else "minutes"
    given = {"images": images, "minutes": minutes}
    if given["minutes" if unit == "images" else "images"] is not None:
        raise TrainingError(
            f"The budget of the run {run} is counted in {unit}.", do=f"Give the larger one in {unit}.", code="budget"
        )
    cohort = workspace.named("cohorts", workspace.reference("runs", run).origin.inputs.get("cohort", ""))
    if cohort is None:
        raise WorkspaceError(
            f"The cohort of the run {run} is not in this workspace.", do="Import it again.", code="missing"
        )
    config[unit] = given[unit] or TIMES * config[unit]
    return Train(cohort=cohort, name=name, config=config, after=run)
