"""ganaug report"""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ganaug_core import pipeline, report, wording
from ganaug_core.cli import console, sources
from ganaug_core.cli.evidence import Cohort, Synthetic
from ganaug_core.cohort import withdrawal
from ganaug_core.errors import ConfigurationError, WorkspaceError
from ganaug_core.storage import exports
from ganaug_core.storage.workspace import Workspace, write_atomic


def report_(
    cohort: Cohort,
    synthetic: Synthetic,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one HTML file that asks for nothing outside.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write a PDF for A4 paper.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="SYNTHETIC", help="Compare with another audited set of this cohort.")
    ] = None,
    inside: Annotated[
        bool,
        typer.Option(
            "--inside", help="Show real images and exact numbers, marked in red; else nothing of the cohort is shown."
        ),
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="SECTION", help=f"Leave out; repeatable: {', '.join(report.SECTIONS)}."),
    ] = None,
    legal_basis: Annotated[str, typer.Option(metavar="TEXT", help="For the last page, as all that follow.")] = "",
    approval: Annotated[str, typer.Option(metavar="TEXT", help="Number of the approval.")] = "",
    recipients: Annotated[str, typer.Option(metavar="TEXT", help="Who may receive it.")] = "",
    licence: Annotated[str, typer.Option(metavar="TEXT", help="What receivers may do.")] = "",
    deletion_date: Annotated[str, typer.Option(metavar="TEXT", help="When it has to be deleted.")] = "",
    owner: Annotated[str, typer.Option(metavar="TEXT", help="Who answers for it.")] = "",
    withdrawn_data: Annotated[
        bool, typer.Option("--withdrawn-data", help="Write it although a patient behind the images withdrew.")
    ] = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Write what an audit found, for people: without anything of the cohort, or, for the inside, with real images."""
    _check(html, pdf, json)
    home = Workspace(workspace)
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, pipeline.stretch(progress, 0, 0.3))
        samples, other = (
            sources.audited(home, text, cohort_name, pipeline.stretch(progress, 0.3, 0.6)) if text else None
            for text in (synthetic, against)
        )
    assert samples is not None
    for name in filter(None, (samples, other)):
        withdrawal.require_unmarked(home, "samples", name, confirmed=withdrawn_data)
    typed = report.Sharing(
        legal_basis=legal_basis,
        approval=approval,
        recipients=recipients,
        licence=licence,
        deletion_date=deletion_date,
        owner=owner,
    )
    made = report.report(home, cohort_name, samples, against=other, inside=inside, without=without or (), sharing=typed)
    files = [path for path in (html, pdf) if path is not None]
    if html is not None:
        from ganaug_core.report.html import as_html

        write_atomic(html.absolute(), as_html(made))
    if pdf is not None:
        from ganaug_core.report.pdf import as_pdf

        write_atomic(pdf.absolute(), as_pdf(made))
    exports.record(home, "samples", samples, f"report, {made.edition} edition")
    written = wording.listing(map(str, files)) or "nothing but the JSON"
    band = f" {made.band}" if made.band else ""
    written_names = [path.name for path in files]
    document = {**report.as_json(made), "file": written_names[0] if written_names else None, "files": written_names}
    console.answer(document, f"{made.facts['answer']}\nWrote {written}: {made.edition} edition.{band}", json)


def _check(html: Path | None, pdf: Path | None, json: str | None) -> None:
    """Refuse what cannot be written, before the work."""
    if html is None and pdf is None and json is None:
        raise ConfigurationError(
            "A report needs a file to go to.", do="Give --html FILE, --pdf FILE, or both; or --json FILE.", code="usage"
        )
    for path in filter(None, (html, pdf)):
        if not path.absolute().parent.is_dir():
            raise WorkspaceError(f"The folder of {path} is not there.", do="Make it first.", code="missing")
