"""ganaug sample, and ganaug generator list | show | licence | export | import"""

import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug_core import pipeline, release, wording
from ganaug_core.cli import console, sources
from ganaug_core.cohort import withdrawal
from ganaug_core.config import LICENCES
from ganaug_core.config.requests import SCALED, ImportGenerator, ImportNetwork
from ganaug_core.config.requests import Sample as SampleRequest
from ganaug_core.errors import ConfigurationError, WorkspaceError
from ganaug_core.generators import model_card, model_scripts, stored
from ganaug_core.generators.export_manifest import audit_in_words
from ganaug_core.interfaces import Report
from ganaug_core.records import Intensity
from ganaug_core.storage import exports
from ganaug_core.storage.workspace import Workspace, write_atomic

app = typer.Typer(help="Generators: files that cannot run code, with a passport.", no_args_is_help=True)

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
    lines.append(f"classes: {classes}")
    if split := document["split"]:
        lines.append(f"images: {', '.join(f'{split[share]:,} {share}' for share in ('train', 'tuning', 'holdout'))}")
    if audit := document["audit"]:
        verdicts = ", ".join(f"{name} {state}" for name, state in audit["verdicts"].items())
        lines.append(f"audited {audit['date']}, {audit['synthetic']:,} synthetic images: {verdicts}")
    console.answer(document, "\n".join([*lines, *map(_in_words, document["metrics"].items())]), json)


@app.command()
def export(
    generator: str,
    file: Path,
    withdrawn_data: WithdrawnData = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Copy a generator to a file, .safetensors or .onnx, and a model card beside it; no images, paths or patients."""
    home = Workspace(workspace)
    document = _document(home, generator)
    withdrawal.require_unmarked(home, "generators", generator, confirmed=withdrawn_data)
    if not file.absolute().parent.is_dir():
        raise WorkspaceError(f"The folder of {file} is not there.", do="Make it first.", code="missing")
    as_onnx = file.suffix.casefold() == ".onnx"
    content = stored.onnx_of(home, generator) if as_onnx else stored.file_of(home, generator)
    card = file.with_suffix(".md")
    exports.record(home, "generators", generator, "ONNX file" if as_onnx else "generator file")
    write_atomic(file.absolute(), content)
    write_atomic(card.absolute(), model_card.card(stored.up_to_date(home, generator)).encode())
    console.answer({**document, "file": str(file), "card": str(card)}, f"Wrote {file} and its card {card}.", json)


@app.command()
def script(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="stylegan, keras or monai.")],
) -> None:
    """Print a script that draws images where another program's network runs, into an NPZ file for ganaug synthetic."""
    typer.echo(model_scripts.text(program), nl=False)


@app.command()
def licence(
    generator: str,
    licence: Annotated[str, typer.Argument(metavar="LICENCE", help=f"One of: {', '.join(LICENCES)}.")],
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Say what others may do with a generator; it stands in the file that it leaves as."""
    home = Workspace(workspace)
    stored.set_licence(home, generator, licence)
    console.answer(_document(home, generator), f"{generator}: {LICENCES[licence]}.", json)


@app.command("import")
def import_(
    file: Path,
    name: Annotated[str, typer.Option(metavar="G", help="Name in the workspace.")],
    cohort: Annotated[
        str | None,
        typer.Option(metavar="C", help="Of an ONNX file: the cohort whose images it imitates."),
    ] = None,
    class_names: Annotated[
        str | None, typer.Option(metavar="A,B", help="Of an ONNX file: its classes in its order; else the cohort's.")
    ] = None,
    network_range: Annotated[
        tuple[float, float], typer.Option(metavar="LOW HIGH", help="What the network makes for black and for white.")
    ] = (-1.0, 1.0),
    latent: Annotated[str, typer.Option(metavar="INPUT", help="Of an ONNX file, where it is not found.")] = "",
    class_input: Annotated[str, typer.Option(metavar="INPUT", help="Likewise.")] = "",
    image: Annotated[str, typer.Option(metavar="OUTPUT", help="Likewise.")] = "",
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Check a generator file, or an ONNX file of another program, try it, and take it into the workspace."""
    home = Workspace(workspace)
    if file.suffix.casefold() == ".onnx":
        network = ImportNetwork(
            path=str(file),
            name=name,
            imitated=_imitated(cohort),
            class_names=tuple(part.strip() for part in class_names.split(",")) if class_names else (),
            network_range=network_range,
            latent=latent,
            class_input=class_input,
            image=image,
        )
        pipeline.import_network(home, network)
    else:
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
    truncation_by: Annotated[
        str,
        typer.Option(
            metavar="WAY", help="scaled, redrawn (anew beyond PSI), or mean_style (towards it; style-based only)."
        ),
    ] = SCALED,
    format: Annotated[str, typer.Option(help="png, png8, tiff, npz, dicom, nifti or slides.")] = "png",
    audit: Annotated[
        str | None,
        typer.Option(metavar="COHORT", help="Audit them first: named copies are left out, the rest is audited again."),
    ] = None,
    with_copies: Annotated[
        bool, typer.Option("--with-copies", help="Let images leave too that an audit named as copies.")
    ] = False,
    withdrawn_data: WithdrawnData = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Draw synthetic images into a folder; what an audit of them named as copies is left out."""
    from ganaug_core.generators import draw, export
    from ganaug_core.writers import WRITERS

    if format not in WRITERS:
        raise ConfigurationError(
            f"This version does not write {format}.",
            do=f"Choose --format {wording.listing(WRITERS, last='or')}.",
            code="unknown_name",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise WorkspaceError(f"{out} is not empty.", do="Give --out a new or an empty folder.", code="not_empty")
    home = Workspace(workspace)
    withdrawal.require_unmarked(home, "generators", generator, confirmed=withdrawn_data)
    loaded, classes = stored.load(home, generator), tuple(class_) if class_ else None
    with closing(console.Progress()) as progress:
        if audit is None:
            samples = draw(
                loaded,
                generator,
                per_class=per_class,
                classes=classes,
                seed=seed,
                truncation=truncation,
                truncation_by=truncation_by,
                report=progress,
            )
            cohort, images = release.audited_with(home, samples), samples.ids.tolist()
            leaving = release.leaving(home, cohort, samples, images, with_copies=with_copies)
        else:
            request = SampleRequest(
                generator=generator,
                per_class=per_class,
                classes=classes,
                seed=seed,
                truncation=truncation,
                truncation_by=truncation_by,
            )
            leaving = _audited(home, audit, request, with_copies, progress)
        known = release.known(home, leaving)
        unit = loaded.passport.intensity
        export(leaving.samples, Intensity(unit.unit, unit.low, unit.high), out, format, known)
        exports.record(home, "generators", generator, "images")
    facts = {"generator": generator, "hash": loaded.digest, "seed": seed, "truncation": truncation, "format": format}
    facts |= {"truncation_by": truncation_by} if truncation_by != SCALED else {}
    verdicts = {question: verdict.state for question, verdict in known.audit.verdicts.items()} if known.audit else None
    document = {
        "schema": "ganaug.samples/1",
        **facts,
        "n": len(leaving.samples),
        "out": str(out),
        "left_out": list(leaving.left_out),
        "named": sorted(leaving.named),
        "verdicts": verdicts,
    }
    text = f"Wrote {wording.count(len(leaving.samples), 'image')} to {out}. {audit_in_words(known)}"
    console.answer(document, text, json)


def _audited(
    workspace: Workspace, cohort: str, request: SampleRequest, with_copies: bool, report: Report
) -> release.Leaving:
    """Draw into the workspace and return what an audit of exactly that lets leave."""
    cohort_name = sources.cohort(workspace, cohort, pipeline.stretch(report, 0, 0.1))
    name = pipeline.sample(workspace, request, pipeline.stretch(report, 0.1, 0.2))
    return release.audited(
        workspace,
        cohort_name,
        name,
        workspace.samples(name).ids.tolist(),
        with_copies=with_copies,
        command=shlex.join(["ganaug", *sys.argv[1:]]),
        report=pipeline.stretch(report, 0.2, 1),
    )


@app.command()
def remove(generator: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Remove a generator; its run and what was drawn from it stay."""
    console.removed(generator, Workspace(workspace).remove_with_caches("generators", generator), json)


def _in_words(metric: tuple[str, Any]) -> str:
    name, measured = metric
    if isinstance(measured, float):
        return f"{name}: {measured:.3g}"
    low_high = measured["interval"] and f" ({measured['interval'][0]:.3g} to {measured['interval'][1]:.3g})"
    sizes = f"{measured['real']:,} real, {measured['synthetic']:,} synthetic images"
    return f"{name}: {measured['value']:.3g}{low_high or ''}, {sizes}"


def _document(workspace: Workspace, name: str) -> dict[str, Any]:
    card = stored.up_to_date(workspace, name)
    return {"schema": "ganaug.generator/1", "name": name, "hash": card.identity, **card.model_dump(mode="json")}


def _imitated(cohort: str | None) -> str:
    if cohort is None:
        raise ConfigurationError(
            "An ONNX file does not say what its images show.",
            do="Name the cohort that it imitates: --cohort C; classes, size, unit and range are then that cohort's.",
            code="cohort",
        )
    return cohort
