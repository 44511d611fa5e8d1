"""ganaug handover | open: sets, decisions, audits and maps for somebody who has the same cohort."""

from pathlib import Path
from typing import Annotated

import typer

from ganaug_core import handover as handing_over
from ganaug_core.cli import console
from ganaug_core.cli.generators import WithdrawnData
from ganaug_core.errors import WorkspaceError
from ganaug_core.storage.workspace import Workspace
from ganaug_core.wording import count, listing


def handover(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="What audits and maps compare with.")],
    samples: Annotated[list[str], typer.Argument(metavar="SAMPLES...", help="Sets of synthetic images.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Ends with .ganaug.")],
    reader: Annotated[str, typer.Option(metavar="NAME", help="Whose decisions yours are, for who opens the file.")],
    view: Annotated[str, typer.Option(metavar="ADDRESS", help="What to show first: /samples?... of the app.")] = "",
    with_copies: Annotated[
        bool, typer.Option("--with-copies", help="Let images leave too that an audit named as copies.")
    ] = False,
    withdrawn_data: WithdrawnData = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Write sets, decisions, audits and maps into a file, without an image of the cohort."""
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise WorkspaceError(f"{out} cannot be written: its folder is not there.", do="Make it first.", code="missing")
    facts = handing_over.save_file(
        Workspace(workspace),
        out,
        cohort,
        samples,
        reader=reader,
        view=view,
        with_copies=with_copies,
        withdrawn_data=withdrawn_data,
    )
    text = (
        f"Wrote {out}: {listing(facts['sets'])}, {count(facts['decisions'], 'decision')}, "
        f"{count(len(facts['results']), 'audit or map', 'audits and maps')}. It holds no image of {cohort}."
    )
    console.answer({"schema": "ganaug.handover/1", "file": str(out), **facts}, text, json)


def open_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .ganaug file.")],
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Take what somebody handed over into the workspace; nothing that is here is changed."""
    opened = handing_over.open_file(Workspace(workspace), file)
    view = [f"What they looked at: {opened.view}"] if opened.view else []
    console.answer({"schema": "ganaug.opened/1", **vars(opened)}, "\n".join([*opened.in_words, *view]), json)
