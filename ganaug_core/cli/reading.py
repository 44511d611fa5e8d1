"""ganaug reading new | list | show | close | export: people say of images whether they are real."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import pipeline, wording
from ganaug_core.cli import console, sources
from ganaug_core.errors import ConfigurationError, WorkspaceError
from ganaug_core.reading import answers, design, tables
from ganaug_core.records.reading import SYNTHETIC, Answer, Reading
from ganaug_core.storage import exports
from ganaug_core.storage.workspace import READINGS, Workspace

if TYPE_CHECKING:
    from ganaug_core.reading.analysis import Results

app = typer.Typer(no_args_is_help=True, help="Reader studies: people say of images whether they are real.")


@app.command()
def new(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")],
    synthetic: Annotated[
        str, typer.Argument(metavar="SYNTHETIC", help="A generator's name, or a folder or NPZ of anybody's images.")
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the study.")],
    images: Annotated[int, typer.Option(help="Different images each reader sees, half of them real: 40 to 200.")] = 120,
    readers: Annotated[int, typer.Option(help="2 to 5.")] = 3,
    repeats: Annotated[float, typer.Option(metavar="SHARE", help="Images that come twice.")] = design.REPEATS,
    role: Annotated[str, typer.Option(help="Share that real images come from: holdout or tuning.")] = "holdout",
    window: Annotated[
        str | None, typer.Option(metavar="LO,HI", help="Lowest and highest value shown; else the cohort's range.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Plan to show that accuracy is one half up to this: 0.1 is 10 points."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the images that are drawn where SYNTHETIC is a generator.")] = 0,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Make a study; its readers read in the app, on the page Reading room."""
    home, between = Workspace(workspace), _window(window)
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, pipeline.stretch(progress, 0, 0.4))
        samples_name = sources.synthetic(
            home, synthetic, cohort_name, seed=seed, report=pipeline.stretch(progress, 0.4, 0.9)
        )
        reading = pipeline.make_reading(
            home,
            cohort_name,
            samples_name,
            name,
            images=images,
            readers=readers,
            repeats=repeats,
            role=role,
            window=between,
            margin=margin,
        )
    _answer(home, reading, json)


@app.command("list")
def list_(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """List studies and how far their readers are."""
    home = Workspace(workspace)
    studies = []
    for name in home.names(READINGS):
        try:
            studies.append(_document(home, home.reading(name)))
        except WorkspaceError as error:
            studies.append({"name": name, **console.error_document(error)})
    lines = [f"{study['name']}: {_progress(study)}" for study in studies]
    console.answer({"readings": studies}, "\n".join(lines) or "There is no reader study yet: ganaug reading new.", json)


@app.command()
def show(name: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Say how far the readers are, and once the study is over what it shows."""
    home = Workspace(workspace)
    _answer(home, home.reading(name), json)


@app.command()
def close(name: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """End a study before all readers have ended: no more answers are taken, and its results can be seen."""
    home = Workspace(workspace)
    answers.close(home, name)
    _answer(home, home.reading(name), json)


@app.command()
def export(
    name: str,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Every answer with the truth, as CSV.")] = None,
    imrmc: Annotated[Path | None, typer.Option(metavar="FILE", help="What iMRMC reads: FILE.imrmc.")] = None,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Write the answers of a study that is over to files."""
    home = Workspace(workspace)
    reading, folder = home.reading(name), home.folder(READINGS, name)
    tables.require_over(folder, reading)
    if csv is None and imrmc is None:
        raise ConfigurationError(
            "Nothing was asked for.", do="Give --csv FILE, --imrmc FILE, or both.", code="nothing_asked"
        )
    given, written = answers.by_reader(folder, reading), []
    for target, content in ((csv, tables.raw(reading, given)), (imrmc, tables.imrmc(reading, given))):
        if target is not None:
            if not target.absolute().parent.is_dir():
                raise WorkspaceError(f"The folder of {target} is not there.", do="Make it first.", code="missing")
            console.write_text(content, target)
            written.append(str(target))
    exports.record(home, READINGS, name, "answers")
    console.answer({"name": name, "files": written}, f"Written: {wording.listing(written)}.", json)


def _window(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigurationError(
            f"{text} is no window.", do="Give two numbers, as --window=-160,240.", code="window"
        ) from error
    return low, high


def _answer(home: Workspace, reading: Reading, json: str | None) -> None:
    document = _document(home, reading)
    console.answer(document, "\n".join(_in_words(reading, document)), json)


def _document(home: Workspace, reading: Reading) -> dict[str, Any]:
    folder = home.folder(READINGS, reading.name)
    given = answers.by_reader(folder, reading)
    return tables.document(reading, given, _results(reading, folder, given))


def _results(reading: Reading, folder: Path, given: list[list[Answer]]) -> "Results | None":
    if not answers.is_over(folder, reading):
        return None
    from ganaug_core.reading import analysis

    return analysis.results(reading, given)


def _progress(study: dict[str, Any]) -> str:
    if "error" in study:
        error = study["error"]
        return f"{error['what']} {error['do']}"
    readers = wording.listing(f"{one['reader']} {one['done']} of {one['total']}" for one in study["readers"])
    return f"{readers}{', over' if study['results'] is not None else ''}"


def _in_words(reading: Reading, document: dict[str, Any]) -> list[str]:
    made = int((reading.truth == SYNTHETIC).sum())
    lines = [
        f"{reading.name}: {len(reading) - made} images of {reading.cohort['name']} and {made} of "
        f"{reading.synthetic['name']}, digest {reading.digest}",
        _progress(document),
    ]
    if document["results"] is None:
        if reading.equivalence is not None:
            from ganaug_core.reading import equivalence

            lines.append(equivalence.expectation(reading.equivalence, len(reading.readers), len(reading)))
        lines.append("Readers read in the app: ganaug app, page Reading room.")
        return lines
    results = document["results"]
    return [*lines, *results["said"], _table(results)]


def _table(results: dict[str, Any]) -> str:
    """Return a line a reader, and the means."""
    rows = [("", "right calls", "area under the ROC curve", "d'")]
    for one in results["readers"]:
        figures = (_share(one["accuracy"]), _figure(one["auc"]), _figure(one["d_prime"]))
        rows.append((one["reader"], *figures))
    if means := results["means"]:
        rows.append(("mean", _share(means["accuracy"]), _figure(means["auc"]), ""))
    return console.table(rows)


def _share(estimate: dict[str, Any]) -> str:
    return _said(estimate, wording.percent)


def _figure(estimate: dict[str, Any]) -> str:
    return _said(estimate, wording.number)


def _said(estimate: dict[str, Any], form: Callable[[float], str]) -> str:
    if estimate["value"] is None:
        return "-"
    ends = estimate["interval"]
    return form(estimate["value"]) + (f" ({form(ends[0])} to {form(ends[1])})" if ends else "")
