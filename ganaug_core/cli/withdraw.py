"""ganaug withdraw"""

from typing import Annotated, Any

import typer

from ganaug_core import wording
from ganaug_core.cli import console
from ganaug_core.cohort import withdrawal
from ganaug_core.jobs import store
from ganaug_core.storage.workspace import CACHES, Workspace


def withdraw(
    patient: Annotated[
        str,
        typer.Argument(metavar="PATIENT", help="Number in the cohort, id of an image, name of a file or folder."),
    ],
    cohort: Annotated[str | None, typer.Option(metavar="NAME", help="The cohort that the number counts in.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the images and all that shows them.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is.")] = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Find what was made from a patient's images; mark it, or delete the images and mark what cannot forget them."""
    home = Workspace(workspace)
    patient_traces = withdrawal.traces(home, patient, cohort)
    if not dry_run:
        store.require_idle(home, patient_traces.images, patient_traces.rows.jobs)
        (withdrawal.delete if delete else withdrawal.mark)(home, patient_traces)
    counts = {name: len(ids) for name, ids in patient_traces.images.items()}
    shown = {kind: names for kind, names in patient_traces.made_from.items() if kind not in CACHES}
    done = "nothing" if dry_run else "deleted" if delete else "marked"
    lines = [f"{name}: {wording.count(count, 'image')}" for name, count in counts.items()]
    lines += [f"made from it, {line}" for line in wording.dependents(shown)]
    lines += [f"in the database: {line}" for line in wording.rows(patient_traces.counts)]
    lines += [f"left {entry['when'][:10]}: {entry['form']} of {entry['name']}" for entry in patient_traces.exports]
    document: dict[str, Any] = {"schema": "ganaug.withdrawal/1", "done": done, "images": counts}
    document |= {"made_from": patient_traces.made_from, "exports": patient_traces.exports}
    document |= {"database": patient_traces.counts}
    console.answer(document, "\n".join([*lines, WHAT_WAS_DONE[done]]), json)


WHAT_WAS_DONE = {
    "nothing": "Nothing was changed.",
    "marked": "All of it is marked as made from withdrawn data; nothing was deleted.",
    "deleted": "The images are deleted, with samples, maps, audits, experiments, previews, decisions and jobs. Runs "
    "and generators cannot forget: they are marked, and leave the workspace only with --withdrawn-data. Look yourself "
    "after the source of the images and after what was exported before.",
}
