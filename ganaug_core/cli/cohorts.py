"""ganaug cohort import | list | show | public | remove"""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import pipeline, wording
from ganaug_core.cli import console
from ganaug_core.config.importing import Choices, Columns, Plan, label_names_of
from ganaug_core.config.requests import ImportCohort
from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.storage import public_cohorts
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.records import Cohort

app = typer.Typer(help="Labelled images with a fixed split, by patient where patients are known.", no_args_is_help=True)
Paths = Annotated[bool, typer.Option("--paths", help="Tell each image's source path too; it may name a patient.")]


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Folder, file, or embedded:phantom, embedded:digits.")
    ],
    name: Annotated[str, typer.Option(help="Name in the workspace.")],
    labels: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Table that names images and labels.")] = None,
    image_column: Annotated[str | None, typer.Option(metavar="C", help="Column of the table.")] = None,
    label_column: Annotated[str | None, typer.Option(metavar="C", help="Column of the table.")] = None,
    patient_column: Annotated[str | None, typer.Option(metavar="C", help="Column of the table.")] = None,
    split_column: Annotated[str | None, typer.Option(metavar="C", help="Column of the table.")] = None,
    keep_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="C", help="Column of the table (sex, age, scanner) to keep, to ask about subgroups; repeatable."
        ),
    ] = None,
    label_contains: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Where an image has several findings (A|B): the one that makes the classes."),
    ] = None,
    label_names: Annotated[
        str | None, typer.Option(metavar="0=NAME,1=NAME", help="What numbers in the column of labels mean.")
    ] = None,
    size: Annotated[int, typer.Option(metavar="PX", help="Rows and columns of the stored images.")] = 64,
    value_range: Annotated[
        str | None,
        typer.Option("--range", metavar="LO,HI", help="Physical values that become black and white, or 0.5%,99.5%."),
    ] = None,
    tuning: Annotated[float, typer.Option(help=wording.SHARES["tuning"])] = 0.15,
    holdout: Annotated[float, typer.Option(help=wording.SHARES["holdout"])] = 0.25,
    seed: Annotated[int, typer.Option(help="Of the split.")] = 0,
    patient_pattern: Annotated[
        str, typer.Option(metavar="PATTERN", help="Where file names tell the patient, such as '{patient}_*.png'.")
    ] = "",
    near_duplicate_limit: Annotated[
        float, typer.Option(help="Registered distance below which two images are one.")
    ] = 0.03,
    slices: Annotated[str, typer.Option(help="Of a volume: all, mask (those it meets), or largest (section).")] = "all",
    every: Annotated[int, typer.Option(metavar="K", help="Of a volume, each K-th slice.")] = 1,
    plane: Annotated[str, typer.Option(help="axial, coronal, sagittal or acquired.")] = "axial",
    volume: Annotated[int | None, typer.Option(metavar="N", help="Of a 4-D NIfTI file, this volume (from 1).")] = None,
    crop: Annotated[bool, typer.Option("--crop", help="Cut a square around the lesion of the mask.")] = False,
    mask_label: Annotated[int | None, typer.Option(help="Number of the lesion in the mask; all by default.")] = None,
    spacing: Annotated[float | None, typer.Option(metavar="MM", help="One pixel spacing for all images.")] = None,
    label_tag: Annotated[str | None, typer.Option(metavar="KEYWORD", help="DICOM attribute that is the class.")] = None,
    colour: Annotated[
        bool, typer.Option("--colour", help="Keep red, green and blue of 8-bit images; else colour becomes grey.")
    ] = False,
    paths: Paths = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Read labelled images, find near-duplicates, and split them, by patient where patients are known."""
    home = Workspace(workspace)
    columns = Columns(
        labels=str(labels) if labels else None,
        image=image_column,
        label=label_column,
        patient=patient_column,
        split=split_column,
        keep=tuple(dict.fromkeys(keep_column or ())),
        contains=label_contains,
        names=label_names_of(label_names or ""),
    )
    choices = Choices(
        slices=slices,
        every=every,
        plane=plane,
        volume=volume,
        crop=crop,
        mask_label=mask_label,
        spacing_mm=spacing,
        label_tag=label_tag,
        colour=colour,
    )
    plan = Plan(
        tuning=tuning, holdout=holdout, seed=seed, near_duplicate_limit=near_duplicate_limit, pattern=patient_pattern
    )
    request = ImportCohort(
        source=source, name=name, plan=plan, size=size, columns=columns, choices=choices, **_range(value_range)
    )
    with closing(console.Progress()) as progress:
        pipeline.import_cohort(home, request, progress)
    _show(home, name, paths, json)


@app.command("list")
def list_(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """List the cohorts of the workspace."""
    home = Workspace(workspace)
    cohorts = [_facts(home, name) for name in home.names("cohorts")]
    rows = [
        (facts["name"], facts["error"]["what"], facts["error"]["do"])
        if "error" in facts
        else (facts["name"], f"{facts['n']:,} images", ", ".join(facts["classes"]))
        for facts in cohorts
    ]
    console.answer({"cohorts": cohorts}, console.table(rows) or "No cohorts yet: ganaug cohort import.", json)


def _facts(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return what the list says of a cohort; of a damaged one, that it is damaged."""
    try:
        cohort = workspace.cohort(name)
    except WorkspaceError as error:
        return {"name": name, **console.error_document(error)}
    facts = {"name": name, "hash": cohort.digest, "n": len(cohort), "classes": list(cohort.classes)}
    return {**facts, "fixed": cohort.fixed, "unit": cohort.intensity.unit}


@app.command()
def show(name: str, paths: Paths = False, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Say what a cohort holds and how it is split."""
    _show(Workspace(workspace), name, paths, json)


@app.command()
def remove(name: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Remove a cohort; what was made from it stays but for what can be computed again. The source is not touched."""
    console.removed(name, Workspace(workspace).remove_with_caches("cohorts", name), json)


def _show(workspace: Workspace, name: str, paths: bool, json: str | None) -> None:
    from ganaug_core.cohort import as_json

    cohort = workspace.cohort(name)
    document = as_json(cohort, workspace.paths(name) if paths else None)
    console.answer(document, _in_words(cohort, document), json)


@app.command()
def public(
    cohort: str,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="What says so: name and licence of the published set.")
    ] = "",
    no_longer: Annotated[bool, typer.Option("--not", help="Take it back.")] = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """State that a cohort is public: reports for the outside may then show its images and exact numbers."""
    if bool(source.strip()) == no_longer:
        raise CohortError(
            "It is not said what makes the cohort public.",
            do="Give the name and licence of the published set, or --not to take it back.",
            code="usage",
        )
    home = Workspace(workspace)
    record = home.cohort(cohort)
    public_cohorts.state(home, record, source)
    said = public_cohorts.source(home, record)
    document = {"schema": "ganaug.public/1", "cohort": cohort, "public": said or None}
    console.answer(document, f"{cohort} is stated to be public: {said}." if said else f"{cohort} is not public.", json)


def _in_words(cohort: "Cohort", document: dict[str, Any]) -> str:
    from ganaug_core.records import MASK

    rows = [("class", "train", "tuning", "holdout")]
    rows += [(name, *(f"{counts[role]:,}" for role in rows[0][1:])) for name, counts in document["classes"].items()]
    patients = f", {document['patients']:,} patients" if document["patients"] else ", patients unknown"
    low, high = document["range"]
    lines = [
        f"{cohort.name}: {document['n']:,} images{patients}, {document['size'][0]} x {document['size'][1]} px, "
        f"{low:g} to {high:g} {document['unit']}",
        console.table(rows),
    ]
    if document["values"]:
        lines += wording.values(document["values"], low, high, document["unit"])
    lines += _duplicates_in_words(cohort, document["duplicates"])
    lines += document["notes"]
    lines += wording.kept_columns(document["columns"])
    if text := document["suspected_text"]:
        lines.append(f"{len(text):,} images may hold burned-in text, which a generator learns first: look at them.")
    if not cohort.fixed:
        lines.append("The split is a proposal.")
    masks, series, skipped = (
        [entry for entry in cohort.skipped if entry.code == MASK],
        [entry for entry in cohort.skipped if entry.is_read],
        [entry for entry in cohort.skipped if entry.code != MASK and not entry.is_read],
    )
    for title, notes, most in (("Mask", masks, 3), ("Series", series, 10), ("Left out", skipped, 10)):
        lines += [f"{title}: {entry.file}: {entry.say} {entry.do}" for entry in notes[:most]]
        if len(notes) > most:
            lines.append(f"... and {len(notes) - most} more (--json lists all).")
    return "\n".join(lines)


def _duplicates_in_words(cohort: "Cohort", counts: dict[str, int]) -> list[str]:
    """Say what occurs twice, as the Cohort page does; nothing where no image does."""
    lines = [wording.exact_duplicates(counts["exact"])] if counts["exact"] else []
    if counts["registered"]:
        stay = "They stay" if cohort.own_split else "They stay, and each group lies on one side of the split"
        lines.append(f"{wording.twins(counts['registered'], counts['groups'])} {stay}.")
    elif cohort.provenance.get("settings", {}).get("near_duplicate_limit") == 0:
        lines.append(wording.twins_not_sought())
    for key, where in (("across_split", "on two sides of the source's split"), ("across_classes", "in two classes")):
        if counts[key]:
            lines.append(f"The same image lies {where}: {wording.count(counts[key], 'time')}.")
    return lines


def _range(text: str | None) -> dict[str, Any]:
    """Return `value_range`, or `percentiles` where both numbers end with a percent sign."""
    if text is None:
        return {}
    try:
        low, high = (end.strip() for end in text.split(","))
        pair = float(low.removesuffix("%")), float(high.removesuffix("%"))
    except ValueError as error:
        raise CohortError(
            f"--range {text} is not two numbers.",
            do="Write it like --range=-160,240 or --range=0.5%,99.5%.",
            code="range",
        ) from error
    if low.endswith("%") != high.endswith("%"):
        raise CohortError(
            f"--range {text} mixes a value with a percentile.", do="Give both with % or both without.", code="range"
        )
    return {"percentiles" if low.endswith("%") else "value_range": pair}
