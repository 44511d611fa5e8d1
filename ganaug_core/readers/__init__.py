"""Source formats: `read` chooses one; readers yield `Slice`s and, for what they left out, `Skipped`."""

from collections.abc import Iterator
from pathlib import Path

from ganaug_core.config.importing import LABEL_TAGS, Choices, Columns
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import arrays, embedded, folders, tables
from ganaug_core.records import Skipped, Slice

__all__ = ["LABEL_TAGS", "Choices", "Columns", "read"]


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
        name = text.removeprefix(embedded.PREFIX)
        if name not in embedded.EMBEDDED:
            raise CohortError(
                f"There is no embedded cohort {name!r}.",
                do=f"Choose {' or '.join(embedded.PREFIX + cohort for cohort in embedded.EMBEDDED)}.",
                code="unknown_name",
            )
        return embedded.EMBEDDED[name]()
    path = Path(source)
    if not path.exists():
        raise CohortError(f"There is no file or folder {path.name}.", do="Check the path.", code="missing")
    columns, choices = columns or Columns(), choices or Choices()
    if columns.labels:
        home = path if path.is_dir() else path.parent
        return tables.read(Path(columns.labels), columns, home, choices, report)
    if path.is_dir():
        return _folder(path, columns, choices, report)
    return _file(path, columns, choices)


def _folder(path: Path, columns: Columns, choices: Choices, report: Report) -> Iterator[Slice | Skipped]:
    if arrays.is_idx(path):
        return arrays.read_idx(path)
    entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    csv_tables = [entry for entry in entries if entry.suffix.casefold() == ".csv" and entry.name != "manifest.csv"]
    archives = [entry for entry in entries if entry.suffix.casefold() == ".npz"]
    has_folders = any(entry.is_dir() for entry in entries)
    names_columns = any((columns.image, columns.label, columns.patient, columns.split))
    if len(csv_tables) == 1 and (names_columns or not has_folders) and not choices.label_tag:
        return tables.read(csv_tables[0], columns, None, choices, report)
    if len(archives) == 1 and not has_folders:
        return arrays.read_npz(archives[0])
    return folders.read(path, choices, report)


def _file(path: Path, columns: Columns, choices: Choices) -> Iterator[Slice | Skipped]:
    suffix = path.suffix.casefold()
    if suffix == ".npz":
        return arrays.read_npz(path)
    if suffix == ".csv":
        return tables.read(path, columns, None, choices)
    if arrays.is_idx(path):
        return arrays.read_idx(path)
    return folders.read_files([(path, path.name, path.name.split(".")[0])], choices)
