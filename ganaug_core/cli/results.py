"""ganaug result list | remove: synthetic images, and the maps, audits, experiments and studies made from them."""

from typing import Annotated, Any

import typer

from ganaug_core import wording
from ganaug_core.cli import console
from ganaug_core.errors import ConfigurationError, WorkspaceError
from ganaug_core.storage.workspace import READINGS, RESULTS, SWEEPS, Workspace

KINDS = ("samples", *RESULTS, READINGS, SWEEPS)

app = typer.Typer(no_args_is_help=True, help="What was made in the workspace: list, remove.")

Kind = Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")]


@app.command("list")
def list_(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """List samples, maps, audits, experiments and reader studies, and what they were made from; the oldest first."""
    home = Workspace(workspace)
    results = [_facts(home, kind, name) for kind in KINDS for name in home.names(kind)]
    rows = [(facts["kind"], facts["name"], facts.get("written", ""), _made_from(facts)) for facts in results]
    console.answer({"results": results}, console.table(rows) or "Nothing was made yet: ganaug audit.", json)


@app.command()
def remove(kind: Kind, name: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Remove one of them, damaged or not; what was made from it stays but for what can be computed again."""
    if kind not in KINDS:
        raise ConfigurationError(
            f"{kind} is no kind of result.", do=f"Give {wording.listing(KINDS, 'or')}.", code="unknown_name"
        )
    console.removed(name, Workspace(workspace).remove_with_caches(kind, name), json)


def _facts(workspace: Workspace, kind: str, name: str) -> dict[str, Any]:
    """Return what the list says of a result; of a damaged one, that it is damaged."""
    facts = {"kind": kind, "name": name}
    try:
        reference = workspace.reference(kind, name)
    except WorkspaceError as error:
        return {**facts, **console.error_document(error)}
    return {**facts, "written": reference.written[:19], "made_from": reference.origin.names}


def _made_from(facts: dict[str, Any]) -> str:
    if "error" in facts:
        return f"{facts['error']['what']} {facts['error']['do']}"
    return ", ".join(f"{role} {name}" for role, name in facts["made_from"].items())
