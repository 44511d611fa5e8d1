"""A CSV table that names image, class, patient and split."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from ganaug_core.config.importing import Choices, Columns
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import folders, kept_columns, pictures
from ganaug_core.records import ROLES, Skipped, Slice

MOST_ROWS = 200_000
MOST_CHARACTERS = 10_000
_USUAL = {
    "image": ("image", "file", "filename", "file_name", "path", "image_path", "image_id", "image_name"),
    "label": ("label", "class", "diagnosis", "target", "category"),
    "patient": ("patient", "patient_id", "patientid", "subject", "subject_id"),
    "split": ("split", "role", "set", "partition"),
}


@dataclass(frozen=True)
class _Row:
    """What a table says about an image."""

    number: int
    image: str
    label: str
    patient: str
    split: str
    kept: tuple[str, ...] = ()


def read(
    table: Path,
    columns: Columns,
    home: Path | None = None,
    choices: Choices | None = None,
    report: Report = silent,
) -> Iterator[Slice | Skipped]:
    """Yield the images that a table names, or all images of the patients that it names.

    Args:
        table: CSV with a header row; comma, semicolon or tabulator between the fields.
        home: A folder of images beside the table's own.

    Raises:
        CohortError: No table, a column that is not there (the message lists those that are), an unknown split, or a
            column to keep that names persons.
    """
    _check_kept(table, columns)
    homes = _Homes([home, table.parent] if home else [table.parent])
    if _by_patient(table, columns):
        yield from _of_patients(table, columns, homes, choices=choices, report=report)
        return
    rows: dict[str, _Row] = {}
    files: list[folders.Named] = []
    for row in _rows(table, columns):
        if isinstance(row, Skipped):
            yield row
            continue
        path = homes.find(row.image)
        if isinstance(path, Skipped):
            yield path
        elif not row.label:
            yield Skipped(row.image, "no_label", f"Row {row.number} has no class.", "Fill it in.")
        elif (name := homes.name(path)) in rows:
            first = rows[name]
            say = f"Rows {first.number} ({first.label}) and {row.number} ({row.label}) name it; the first one holds."
            yield Skipped(row.image, "row", say, "Name each image in one row.")
        else:
            rows[name] = row
            files.append((path, name, row.label))
    for image in folders.read_files(files, choices, report):
        if isinstance(image, Skipped):
            yield image
            continue
        row = rows[image.source if image.source in rows else image.source.rsplit(":", 1)[0]]
        role = folders.ROLE_NAMES[row.split.casefold()] if row.split else None
        yield replace(image, patient=row.patient or image.patient, role=role, columns=row.kept)


def _by_patient(table: Path, columns: Columns) -> bool:
    """Whether a table has patients and classes, but no images."""
    header = [name.strip().casefold() for name in _lines(table)[0]]
    images = [columns.image] if columns.image else _USUAL["image"]
    patients = [columns.patient.strip().casefold()] if columns.patient else _USUAL["patient"]
    return not columns.image and not set(images) & set(header) and bool(set(patients) & set(header))


def _of_patients(
    table: Path, columns: Columns, homes: "_Homes", *, choices: Choices | None, report: Report
) -> Iterator[Slice | Skipped]:
    """Yield the images below the folders whose patient has a row: by patient ID, else by a folder's or file's name."""
    rows: dict[str, _Row] = {}
    for row in _rows(table, columns):
        if isinstance(row, Skipped):
            yield row
        elif not row.label or not row.patient:
            yield Skipped(f"row {row.number}", "no_label", f"Row {row.number} has no class or patient.", "Fill it in.")
        elif row.patient in rows and _of_patient(rows[row.patient]) != _of_patient(row):
            first = rows[row.patient]
            say = f"Rows {first.number} and {row.number} say different things of one patient; the first one holds."
            yield Skipped(f"row {row.number}", "row", say, "Name each patient in one row.")
        else:
            rows.setdefault(row.patient, row)
    files: list[folders.Named] = [
        (path, homes.name(path), None)
        for home in homes.folders[:1]
        for path in folders.files_below(home)
        if path.resolve() != table.resolve()
    ]
    for image in folders.read_files(files, choices, report):
        if isinstance(image, Skipped):
            yield image
            continue
        patient = next((key for key in _patient_keys(image) if key in rows), None)
        if patient is None:
            say = f"{pictures.shown(image.source)}: no row of the table names its patient."
            yield Skipped(pictures.shown(image.source), "no_label", say, "Add the patient to the table.")
            continue
        row = rows[patient]
        role = folders.ROLE_NAMES[row.split.casefold()] if row.split else None
        yield replace(image, label=row.label, patient=patient, role=role, columns=row.kept)


def _of_patient(row: _Row) -> tuple[object, ...]:
    """Return what a table says of a patient."""
    return row.label, row.split, row.kept


def _patient_keys(image: Slice) -> Iterator[str]:
    """Yield what may name the patient of an image: the header, the folders from the innermost, the file, its start."""
    if image.patient:
        yield image.patient
    *folders_above, file = PurePosixPath(image.source).parts
    yield from reversed(folders_above)
    stem = file.split(".")[0]
    yield stem
    yield from (stem[: separator.start()] for separator in re.finditer(r"[_\-]", stem))


def _rows(table: Path, columns: Columns) -> Iterator[_Row | Skipped]:
    lines = _lines(table)
    header = [name.strip() for name in lines[0]]
    positions = {kind: _column(table, header, kind, getattr(columns, kind)) for kind in _USUAL}
    kept_at = [_column(table, header, "keep", name) for name in columns.keep]
    for number, line in enumerate(lines[1:], start=2):
        if not any(line):
            continue
        if len(line) != len(header) or max(map(len, line)) > MOST_CHARACTERS or any("\0" in field for field in line):
            say = f"Row {number} has {len(line)} fields, the header {len(header)}; or one is too long."
            yield Skipped(f"row {number}", "row", say, "Put text that holds the separator in quotes.")
            continue
        values = {kind: "" if at is None else line[at].strip() for kind, at in positions.items()}
        if values["split"] and values["split"].casefold() not in folders.ROLE_NAMES:
            raise CohortError(
                f"{table.name}, row {number}: {values['split']!r} is no part of a split.",
                do=f"Use {', '.join(ROLES)}, or name another column for the split.",
                code="split",
            )
        yield _Row(number, **values, kept=tuple(kept_columns.stated(line[at]) for at in kept_at if at is not None))


def header(table: Path) -> list[str]:
    """Return the names of a table's columns.

    Raises:
        CohortError: It cannot be read as a CSV table, or has no rows.
    """
    return [name.strip() for name in _lines(table)[0]]


def _check_kept(table: Path, columns: Columns) -> None:
    """Refuse columns to keep that are used already, or that tell persons from each other."""
    if not columns.keep:
        return
    names = header(table)
    folded = [name.casefold() for name in names]
    used = {kind: at for kind in _USUAL if (at := _usual(folded, kind, getattr(columns, kind))) is not None}
    for name in columns.keep:
        position = _column(table, names, "keep", name)
        kept_columns.check_use(name, next((kind for kind, at in used.items() if at == position), None))
    rows = [row for row in _rows(table, columns) if isinstance(row, _Row)]
    for number, name in enumerate(columns.keep):
        kept_columns.check_values(name, [(row.patient or row.image, row.kept[number]) for row in rows])


def _lines(table: Path) -> list[list[str]]:
    try:
        text = table.read_text("utf-8-sig")
        first = text.split("\n", 1)[0]
        separator = max(",;\t", key=first.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CohortError(
            f"{table.name} cannot be read as a CSV table ({type(error).__name__}).",
            do="Save it as CSV in UTF-8, with one header row.",
            code="table",
        ) from error
    if len(lines) < 2:
        raise CohortError(f"{table.name} has no rows.", do="Name one image in each row.", code="empty")
    if len(lines) > MOST_ROWS + 1:
        raise CohortError(f"{table.name} has more than {MOST_ROWS:,} rows.", do="Split it.", code="too_big")
    return lines


def _column(table: Path, header: list[str], kind: str, given_name: str | None) -> int | None:
    """Return the position of a column; None for a patient or a split that the table does not have.

    Raises:
        CohortError: The column asked for is not there, or there is none for image or class.
    """
    folded = [name.casefold() for name in header]
    position = _usual(folded, kind, given_name)
    if position is not None:
        return position
    if not given_name and (kind in ("patient", "split") or (kind == "image" and set(_USUAL["patient"]) & set(folded))):
        return None
    raise CohortError(
        f"{table.name} has no column {given_name!r}."
        if given_name
        else f"{table.name} has no column with a usual name for the {kind} ({', '.join(_USUAL[kind][:3])}).",
        do=f"Its columns are: {', '.join(header)}. Name the right one (--{kind}-column).",
        code="column",
    )


def _usual(folded: list[str], kind: str, given_name: str | None) -> int | None:
    """Return the position of the column that was named, or that has a usual name; None where there is none."""
    names = [given_name.strip().casefold()] if given_name else _USUAL[kind]
    return next((folded.index(name) for name in names if name in folded), None)


class _Homes:
    """The folders in which a table's files may lie; nothing outside is ever opened."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders

    def find(self, text: str) -> Path | Skipped:
        """Return the file that a row means: by path, else by a name or stem that is unique below the folders."""
        for home in self.folders if text else []:
            path = home / text
            if path.exists() and path.resolve().is_relative_to(home.resolve()) and not path.is_dir():
                return path
        paths = self._names.get(text, [])
        if len(paths) == 1:
            return paths[0]
        say = f"{len(paths)} files have this name." if paths else "It is not below the folder of the table."
        return Skipped(pictures.shown(text) or "(no name)", "missing", say, "Correct the path in the table.")

    def name(self, path: Path) -> str:
        """Return a file's path relative to the folder that it lies in."""
        home = next(folder for folder in self.folders if path.is_relative_to(folder))
        return path.relative_to(home).as_posix()

    @cached_property
    def _names(self) -> dict[str, list[Path]]:
        names: dict[str, list[Path]] = defaultdict(list)
        for path in {path for home in self.folders for path in folders.files_below(home)}:
            for name in {path.name, path.name.split(".")[0]}:
                names[name].append(path)
        return names
