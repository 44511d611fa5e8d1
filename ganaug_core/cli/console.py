"""How the command line speaks: answers, JSON, errors and progress."""

import errno
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug_core import wording
from ganaug_core.errors import GanaugError, WorkspaceError

LINE_SECONDS = 15.0
BAR_SECONDS = 0.1


def _usable(to: str | None) -> str | None:
    """A result that cannot be written is refused before the work, not after it."""
    if to is not None and to != "-" and not Path(to).absolute().parent.is_dir():
        raise WorkspaceError(
            f"The folder of {to} is not there.", do="Make it, or give --json another file.", code="missing"
        )
    return to


Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.", callback=_usable),
]
Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="DIR", help="Where everything lies; else GANAUG_HOME, else your data folder."),
]


def answer(document: Mapping[str, Any], text: str, to: str | None) -> None:
    """Give the result: JSON where it was asked for, and then the text on standard error; else the text.

    Raises:
        WorkspaceError: The file cannot be written.
    """
    with _written_to("standard error" if to is not None else "standard output"):
        typer.echo(text, err=to is not None)
    if to is not None:
        write_json(document, to)


def write_json(document: Mapping[str, Any], to: str) -> None:
    """Write a document to a file, or to standard output where `to` is -."""
    from ganaug_core.records.codec import in_json

    encoded = json.dumps(in_json(document), indent=1, allow_nan=False, ensure_ascii=False)
    with _written_to("standard output" if to == "-" else to):
        if to == "-":
            typer.echo(encoded)
            return
        try:
            Path(to).write_text(encoded + "\n", "utf-8")
        except OSError:
            if Path(to).is_file():  # half of a document is none
                Path(to).unlink(missing_ok=True)
            raise


def write_text(text: str, to: Path) -> None:
    """Write a text to a file.

    Raises:
        WorkspaceError: It cannot be written.
    """
    with _written_to(str(to)):
        to.write_text(text, "utf-8")


@contextmanager
def _written_to(target: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # whoever read it has gone: not a matter of the disk
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise WorkspaceError(
            f"The result could not be written to {target}: {error.strerror}. What was made in the workspace is kept.",
            do="Free some space and ask for it again." if full else "Give --json a file that may be written.",
            code="disk_full" if full else "permission",
        ) from error


def complain(error: GanaugError, to: str | None) -> None:
    """Say what happened and what to do, in words and, where it was asked for, as JSON.

    Where that cannot be written either, the exit status has to do.
    """
    with suppress(OSError):
        typer.secho(f"Error: {error.what}", err=True, fg="red")
        typer.echo(error.do, err=True)
    if to is not None:
        with suppress(WorkspaceError):
            write_json(error_document(error), to)


def error_document(error: GanaugError) -> dict[str, Any]:
    """Return an error as the command line's JSON, with the files that could not be used where they are the reason."""
    skipped = {"skipped": list(error.skipped)} if error.skipped else {}
    return {"error": {"what": error.what, "do": error.do, "code": error.code, **skipped}}


def removed(name: str, dependent: dict[str, list[str]], to: str | None) -> None:
    """Say what was removed, and what else was made from it."""
    lines = wording.dependents(dependent)
    kept = f" Made from it, and kept: {'; '.join(lines)}." if lines else ""
    answer({"removed": name, "made_from_it": dependent}, f"Removed {name}.{kept}", to)


class Progress:
    """Shows `report(share, message)` on standard error: a bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._begun = self._last = time.monotonic()
        self._first: float | None = None
        self._tenths = -1
        self._message = ""
        self._width = 0

    def __call__(self, share: float, message: str, seconds_left: float | None = None) -> None:
        now = time.monotonic()
        if self._first is None and share > 0:
            self._first, self._begun = share, now
        if seconds_left is None and self._first is not None and share - self._first > 0.05:
            seconds_left = (now - self._begun) / (share - self._first) * (1 - share)
        left = f", {wording.left(seconds_left)}" if seconds_left is not None and share < 1 else ""
        with suppress(OSError):  # a log on a full disk does not end the work
            if self._terminal:
                self._draw(share, f"{message}{left}", now)
            else:
                self._say(share, message, left, now)

    def close(self) -> None:
        """Leave the bar's line."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0

    def _draw(self, share: float, text: str, now: float) -> None:
        if now - self._last < BAR_SECONDS and self._width:
            return
        self._last = now
        full = round(24 * share)
        line = f"[{'#' * full}{'.' * (24 - full)}] {wording.done(share):>5}  {text}"[:110]
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def _say(self, share: float, message: str, left: str, now: float) -> None:
        new_words = message != self._message and not any(letter.isdigit() for letter in message)
        if int(share * 10) > self._tenths or new_words or now - self._last > LINE_SECONDS:
            self._tenths, self._message, self._last = int(share * 10), message, now
            sys.stderr.write(f"{wording.done(share):>5}  {message}{left}\n")
            sys.stderr.flush()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
