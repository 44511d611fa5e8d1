"""The command line: every verb is one arrow of the flow, and calls the same tasks as the app's workers.

Exit status: 0 done, 2 the request or the data cannot be used, 1 our bug, 130 interrupted by the user with work kept.
Nothing heavy is imported before `app` and `demo` have said their first line: neither NumPy nor the other verbs.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug_core import __version__
from ganaug_core.cli import console, serve
from ganaug_core.errors import GanaugError
from ganaug_core.processor import spare_cores

OPENING = ("app", "demo")
UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # typer does not name it
INTERRUPTED = 130


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"ganaug {__version__}")
        raise typer.Exit


def commands(verb: str | None = None) -> typer.Typer:
    """Return the verbs; only those that open the app where one of these is asked for: the others load much."""
    verbs = typer.Typer(
        help="Train class-conditional GANs on medical images and see whether they cover the classes or copy the "
        "patients.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    verbs.callback()(common)
    verbs.command()(serve.app)
    verbs.command()(serve.demo)
    if verb in OPENING:
        return verbs
    from ganaug_core.cli import (
        benefit,
        bundle,
        cohorts,
        evidence,
        generators,
        handover,
        plan,
        reading,
        report,
        results,
        search,
        training,
        withdraw,
    )

    verbs.add_typer(cohorts.app, name="cohort")
    verbs.add_typer(training.runs, name="run")
    verbs.add_typer(generators.app, name="generator")
    verbs.add_typer(results.app, name="result")
    verbs.add_typer(reading.app, name="reading")
    for command in (
        serve.doctor,
        serve.password,
        bundle.bundle,
        training.train,
        search.search,
        serve.worker,
        generators.sample,
        evidence.audit,
        withdraw.withdraw,
        benefit.benefit,
        plan.plan,
        handover.handover,
    ):
        verbs.command()(command)
    verbs.command("map")(evidence.map_)
    verbs.command("report")(report.report_)
    verbs.command("open")(handover.open_)
    return verbs


def common(
    workspace: console.Workspace = None,
    version: Annotated[bool, typer.Option("--version", help="Say the version.", callback=_version)] = False,
) -> None:
    if workspace is not None:
        os.environ["GANAUG_HOME"] = str(workspace)


def main() -> None:
    """Run the command line of this process and leave with its exit status."""
    status = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # the disk that it goes to is full: said already, and Python would try once more and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status; what is our bug keeps its traceback."""
    to = _json_target(arguments)
    spare_cores()
    try:
        status = commands(_verb(arguments))(arguments, prog_name="ganaug", standalone_mode=False)
    except GanaugError as error:
        console.complain(error, to)
        return 1 if error.code == "bug" else 2
    except UsageError as error:
        console.complain(_misused(error), to)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted.", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def _verb(arguments: list[str]) -> str | None:
    """Return the first word that is neither an option nor the folder after --workspace."""
    words = iter(arguments)
    for word in words:
        if word == "--workspace":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _misused(error: Any) -> GanaugError:
    verb = error.ctx.command_path if error.ctx is not None else "ganaug"
    return GanaugError(error.format_message(), do=f"See: {verb} --help", code="usage")


def _json_target(arguments: list[str]) -> str | None:
    """Find --json before the arguments are understood: their errors are answered in JSON too."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--json="):
            to = argument.removeprefix("--json=")
        elif argument == "--json" and index + 1 < len(arguments):
            to = arguments[index + 1]
        else:
            continue
        return to if to == "-" or Path(to).absolute().parent.is_dir() else None
    return None
