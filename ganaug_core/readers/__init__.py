"""Source formats: `read` chooses one; readers yield `Slice`s and, for what they left out, `Skipped`."""

from collections.abc import Iterator
from pathlib import Path

from ganaug_core.config.importing import LABEL_TAGS, Choices, Columns
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import arrays, dicom_medium, embedded, folders, tables
from ganaug_core.readers.tables import header
from ganaug_core.records import Skipped, Slice

__all__ = ["LABEL_TAGS", "Choices", "Columns", "header", "read", "table_of"]


def read(
    source: str | Path,
    columns: Columns | None = None,
    choices: Choices | None = None,
    report: Report = silent,
) -> Iterator[Slice | Skipped]:
    """Yield every image of a source.

    Args:
        source: `embedded:phantom` or `embedded:digits`, a folder with a sub-folder per class, a folder that is one
            DICOM series, an NPZ file, IDX files, a NIfTI, NRRD or MetaImage volume, a CSV table, or a folder with
            a table (`columns.labels`, or the only CSV file of a folder without sub-folders for classes).
        columns: Names of a table's columns.
        choices: How series and volumes become slices.
        report: Told how many DICOM headers were read, before the first of their slices comes.

    Raises:
        CohortError: There is no such source, or it holds nothing of these.
    """
    text = str(source)
    if text.startswith(embedded.PREFIX):
        if columns is not None and columns.keep:
            raise CohortError(
                "An embedded cohort has no table, so it has no column to keep.",
                do="Import it without --keep-column.",
                code="column",
            )
        name = text.removeprefix(embedded.PREFIX)
        if name not in embedded.EMBEDDED:
            raise CohortError(
                f"There is no embedded cohort {name!r}.",
                do=f"Choose {' or '.join(embedded.PREFIX + cohort for cohort in embedded.EMBEDDED)}.",
                code="unknown_name",
            )
        return embedded.EMBEDDED[name]()
    path = dicom_medium.home_of(Path(source))
    if not path.exists():
        raise CohortError(f"There is no file or folder {path.name}.", do="Check the path.", code="missing")
    columns, choices = columns or Columns(), choices or Choices()
    if columns.labels:
        home = path if path.is_dir() else path.parent
        return tables.read(Path(columns.labels), columns, home, choices, report)
    if (table := table_of(path, columns, choices)) is not None:
        return tables.read(table, columns, None, choices, report)
    if columns.keep:
        raise CohortError(
            f"{path.name} is not read from a CSV table, so it has no column to keep.",
            do="Name the table that has it (--labels FILE.csv), or import without --keep-column.",
            code="column",
        )
    return _folder(path, choices, report) if path.is_dir() else _file(path, choices)


def table_of(path: Path, columns: Columns | None = None, choices: Choices | None = None) -> Path | None:
    """Return the CSV table that a source is read from, None where it is read in another way."""
    columns, choices = columns or Columns(), choices or Choices()
    if not path.is_dir():
        return path if path.suffix.casefold() == ".csv" else None
    if arrays.is_idx(path):
        return None
    entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    csv_tables = [entry for entry in entries if entry.suffix.casefold() == ".csv" and entry.name != "manifest.csv"]
    names_columns = any((columns.image, columns.label, columns.patient, columns.split, columns.keep))
    has_folders = any(entry.is_dir() for entry in entries)
    is_meant = (names_columns or not has_folders) and not choices.label_tag
    return csv_tables[0] if len(csv_tables) == 1 and is_meant else None


def _folder(path: Path, choices: Choices, report: Report) -> Iterator[Slice | Skipped]:
    if arrays.is_idx(path):
        return arrays.read_idx(path)
    entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    archives = [entry for entry in entries if entry.suffix.casefold() == ".npz"]
    if len(archives) == 1 and not any(entry.is_dir() for entry in entries):
        return arrays.read_npz(archives[0])
    return folders.read(path, choices, report)


def _file(path: Path, choices: Choices) -> Iterator[Slice | Skipped]:
    if path.suffix.casefold() == ".npz":
        return arrays.read_npz(path)
    if arrays.is_idx(path):
        return arrays.read_idx(path)
    return folders.read_files([(path, path.name, path.name.split(".")[0])], choices)
