"""ganaug sample, and ganaug generator list | show | export | import"""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug_core import pipeline
from ganaug_core.cli import console
from ganaug_core.cohort import withdrawal
from ganaug_core.config.requests import ImportGenerator
from ganaug_core.errors import ConfigurationError, WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.records import Intensity
from ganaug_core.storage import exports
from ganaug_core.storage.workspace import Workspace, write_atomic

app = typer.Typer(help="Generators: files that cannot run code, with a passport.", no_args_is_help=True)
FORMATS = ("png", "npz")

WithdrawnData = Annotated[
    bool, typer.Option("--withdrawn-data", help="Let it leave although a patient behind it withdrew.")
]


@app.command("list")
def list_(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """List the generators of the workspace."""
    home = Workspace(workspace)
    documents, rows = [], []
    for name in home.names("generators"):
        try:
            card = _document(home, name)
            rows.append((name, card["recipe"], f"{card['images']:,} images", card["cohort_name"]))
        except WorkspaceError as error:
            card = {"name": name, **console.error_document(error)}
            rows.append((name, error.what, error.do, ""))
        documents.append(card)
    console.answer({"generators": documents}, console.table(rows) or "No generators yet: ganaug train.", json)


@app.command()
def show(generator: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Show a generator's passport."""
    document = _document(Workspace(workspace), generator)
    classes = ", ".join(f"{counts['name']} ({counts['train']:,})" for counts in document["classes"])
    lines = [f"{key}: {value}" for key, value in document.items() if isinstance(value, str | int | float)]
    console.answer(document, "\n".join([*lines, f"classes: {classes}"]), json)


@app.command()
def export(
    generator: str,
    file: Path,
    withdrawn_data: WithdrawnData = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Copy a generator to a file; it holds no images, no paths and no patients."""
    home = Workspace(workspace)
    document = _document(home, generator)
    withdrawal.require_unmarked(home, "generators", generator, confirmed=withdrawn_data)
    if not file.absolute().parent.is_dir():
        raise WorkspaceError(f"The folder of {file} is not there.", do="Make it first.", code="missing")
    content = stored.file_of(home, generator)
    exports.record(home, "generators", generator, "generator file")
    write_atomic(file.absolute(), content)
    console.answer({**document, "file": str(file)}, f"Wrote {file}.", json)


@app.command("import")
def import_(
    file: Path,
    name: Annotated[str, typer.Option(metavar="G", help="Name in the workspace.")],
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Check a generator file, try it, and take it into the workspace."""
    home = Workspace(workspace)
    pipeline.import_generator(home, ImportGenerator(path=str(file), name=name))
    console.answer(_document(home, name), f"Imported {name}.", json)


def sample(
    generator: Annotated[str, typer.Argument(metavar="GENERATOR", help="A generator's name.")],
    per_class: Annotated[int, typer.Option(metavar="N", help="Images of each class.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the images; it must be empty or new.")],
    class_: Annotated[
        list[str] | None, typer.Option("--class", metavar="C", help="Only this class; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same images.")] = 0,
    truncation: Annotated[float, typer.Option(metavar="PSI", help="Below 1: more typical, less varied.")] = 1.0,
    format: Annotated[str, typer.Option(help="png (with manifest.csv) or npz.")] = "png",
    withdrawn_data: WithdrawnData = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Draw synthetic images into a folder."""
    if format not in FORMATS:
        raise ConfigurationError(
            f"This version does not write {format}.", do=f"Choose --format {' or '.join(FORMATS)}.", code="unknown_name"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise WorkspaceError(f"{out} is not empty.", do="Give --out a new or an empty folder.", code="not_empty")
    from ganaug_core.generators import draw, export

    withdrawal.require_unmarked(Workspace(workspace), "generators", generator, confirmed=withdrawn_data)
    loaded = stored.load(Workspace(workspace), generator)
    with closing(console.Progress()) as progress:
        samples = draw(
            loaded, generator, per_class=per_class, classes=class_, seed=seed, truncation=truncation, report=progress
        )
        unit = loaded.passport.intensity
        export(samples, Intensity(unit.unit, unit.low, unit.high), out, "npz" if format == "npz" else "png")
        exports.record(Workspace(workspace), "generators", generator, "images")
    facts = {"generator": generator, "hash": loaded.digest, "seed": seed, "truncation": truncation}
    document = {"schema": "ganaug.samples/1", **facts, "n": len(samples), "out": str(out)}
    console.answer(document, f"Wrote {len(samples):,} images to {out}.", json)


@app.command()
def remove(generator: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Remove a generator; its run and what was drawn from it stay."""
    console.removed(Workspace(workspace), "generators", generator, json)


def _document(workspace: Workspace, name: str) -> dict[str, Any]:
    card = stored.counted(workspace, name)
    return {"schema": "ganaug.generator/1", "name": name, "hash": card.identity, **card.model_dump(mode="json")}
