"""Source formats: `read` chooses one; readers yield `Slice`s and, for what they left out, `Skipped`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ganaug_core.config.importing import LABEL_TAGS, Choices, Columns
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import arrays, dicom_medium, embedded, folders, listed_classes, tables
from ganaug_core.readers.kept_colour import in_colour
from ganaug_core.readers.tables import header
from ganaug_core.records import Skipped, Slice
from ganaug_core.wording import listing

__all__ = ["LABEL_TAGS", "Choices", "Columns", "files_by_folder", "header", "read", "table_of"]


def read(
    source: str | Path,
    columns: Columns | None = None,
    choices: Choices | None = None,
    report: Report = silent,
) -> Iterator[Slice | Skipped]:
    """Yield every image of a source, (1, row, column), or (3, row, column) where `choices.colour` asks for it.

    Args:
        source: `embedded:phantom` or `embedded:digits`, a folder with a sub-folder per class, a folder that is one
            DICOM series, an NPZ file, IDX files, a NIfTI, NRRD or MetaImage volume, a table, a folder with a table
            (`columns.labels`, or the only one of a folder without sub-folders for classes, also where one folder holds
            the images), or one with a list of its own (`listed_classes`).
        columns: Names of a table's columns.
        choices: How series and volumes become slices.
        report: Told how many DICOM headers were read, before the first of their slices comes.

    Raises:
        CohortError: There is no such source, or it holds nothing of these.
    """
    columns, choices = columns or Columns(), choices or Choices()
    images = _read(source, columns, choices, report)
    return in_colour(images) if choices.colour else images


def _read(source: str | Path, columns: Columns, choices: Choices, report: Report) -> Iterator[Slice | Skipped]:
    text = str(source)
    if text.startswith(embedded.PREFIX):
        _require_no_columns(columns, "An embedded cohort has no table")
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
    if columns.labels:
        home = path if path.is_dir() else path.parent
        return tables.read(Path(columns.labels), columns, home, choices, report)
    if (table := table_of(path, columns, choices)) is not None:
        return tables.read(table, columns, None, choices, report)
    _require_no_columns(
        replace(columns, contains=None, names={}) if _is_archive(path) else columns,
        f"{path.name} is not read from a CSV table",
    )
    if path.is_dir() and not choices.label_tag:
        if (labels := listed_classes.labels_of(path)) is not None:
            return listed_classes.read(path, labels, choices, report)
        if (table := _table_beside_folders(path)) is not None:
            return tables.read(table, columns, None, choices, report)
    return _folder(path, columns, choices, report) if path.is_dir() else _file(path, columns, choices)


def files_by_folder(source: str | Path, columns: Columns, choices: Choices) -> dict[str, list[folders.Named]] | None:
    """Return the files of each class where folders name the classes, None where something else does.

    Raises:
        CohortError: There is no such source, or a table beside the folders names other classes.
    """
    path = dicom_medium.home_of(Path(source))
    if not path.exists():
        raise CohortError(f"There is no file or folder {path.name}.", do="Check the path.", code="missing")
    if not path.is_dir() or columns.labels or choices.label_tag or table_of(path, columns, choices) is not None:
        return None
    if arrays.is_idx(path) or _archive_in(path) is not None:
        return None
    if listed_classes.labels_of(path) is not None or _table_beside_folders(path) is not None:
        return None
    return folders.outline(path)


def _require_no_columns(columns: Columns, what: str) -> None:
    options = {"--keep-column": columns.keep, "--label-contains": columns.contains, "--label-names": columns.names}
    if option := next((option for option, value in options.items() if value), None):
        raise CohortError(
            f"{what}, so it has no column to {'keep' if columns.keep else 'look into'}.",
            do=f"Name the table that has it (--labels FILE.csv), or import without {option}.",
            code="column",
        )


def _table_beside_folders(path: Path) -> Path | None:
    """Return the table that names the classes where a single folder holds the images, None where folders are classes.

    Raises:
        CohortError: A table names other classes than several folders: one of both is not meant.
    """
    first = folders.subfolders(path)
    names = {folder.name for folder in [*first, *(deeper for folder in first for deeper in folders.subfolders(folder))]}
    listed = _tables(path) if first else []
    for table in listed:
        if not (classes := tables.classes_of(table, likely=True)) - names:
            continue
        if len(listed) == len(first) == 1 and tables.classes_of(table):
            return table
        raise CohortError(
            f"{table.name} names classes ({listing(sorted(classes), most=4)}), and the folders beside it have "
            f"other names ({listing([folder.name for folder in first], most=4)}).",
            do=f"To use the table, give it: --labels {table.name}, or name its columns. To use the folders as "
            "classes, move the table away.",
            code="two_sources",
        )
    return None


def table_of(path: Path, columns: Columns | None = None, choices: Choices | None = None) -> Path | None:
    """Return the CSV table that a source is read from, None where it is read in another way."""
    columns, choices = columns or Columns(), choices or Choices()
    if not path.is_dir():
        return path if path.suffix.casefold() in tables.SUFFIXES else None
    if arrays.is_idx(path):
        return None
    listed = _tables(path)
    if len(listed) != 1 or choices.label_tag:
        return None
    names_columns = any(
        (columns.image, columns.label, columns.patient, columns.split, columns.keep, columns.contains, columns.names)
    )
    is_meant = names_columns or not folders.subfolders(path)
    return listed[0] if is_meant else None


def _tables(path: Path) -> list[Path]:
    return [
        entry
        for entry in sorted(path.iterdir())
        if entry.suffix.casefold() in tables.SUFFIXES and entry.name[0] != "." and entry.name != "manifest.csv"
    ]


def _archive_in(path: Path) -> Path | None:
    """Return the only NPZ file of a folder without sub-folders."""
    archives = [entry for entry in path.iterdir() if entry.suffix.casefold() == ".npz" and entry.name[0] != "."]
    return archives[0] if len(archives) == 1 and not folders.subfolders(path) else None


def _is_archive(path: Path) -> bool:
    return path.suffix.casefold() == ".npz" if path.is_file() else _archive_in(path) is not None


def _folder(path: Path, columns: Columns, choices: Choices, report: Report) -> Iterator[Slice | Skipped]:
    if arrays.is_idx(path):
        return arrays.read_idx(path)
    if (archive := _archive_in(path)) is not None:
        return arrays.read_npz(archive, columns.contains, columns.names, colour=choices.colour)
    return folders.read(path, choices, report)


def _file(path: Path, columns: Columns, choices: Choices) -> Iterator[Slice | Skipped]:
    if path.suffix.casefold() == ".npz":
        return arrays.read_npz(path, columns.contains, columns.names, colour=choices.colour)
    if arrays.is_idx(path):
        return arrays.read_idx(path)
    return folders.read_files([(path, path.name, path.name.split(".")[0])], choices)
