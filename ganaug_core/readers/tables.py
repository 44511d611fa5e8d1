"""A table, CSV or .xlsx, that names image, class, patient and split."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from ganaug_core.config.importing import Choices, Columns
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import class_names, folders, kept_columns, pictures, table_text, workbook
from ganaug_core.readers.file_names import Homes, bare
from ganaug_core.readers.guarded_decoding import Decoder, FileRequest
from ganaug_core.records import ROLES, Skipped, Slice

SUFFIXES = (*table_text.SUFFIXES, workbook.SUFFIX)
MOST_ROWS = 200_000
MOST_CHARACTERS = 10_000
_USUAL = {
    "image": ("image", "file", "filename", "path", "imagepath", "imageid", "imagename",
              "imageindex|imagefile(name)?|filepath|img(id|name|index|file|path)?"),
    "label": ("label", "class", "diagnosis", "target", "category", "labels|classname"),
    "patient": ("patient", "patientid", "subject", "subjectid",
                "(anon(ymi[sz]ed)?)?(patient|subject|participant|person)s?(id|no|nr|num|number|code|key|uid|hash)?",
                "pt?id|mrn"),
    "split": ("split", "role", "set", "partition"),
}  # fmt: skip
"""How columns are usually called, in small letters and digits alone; the first one counts."""
_EXAMPLES = {"image": "image, file, path", "label": "label, class, diagnosis"}
MOST_NEAREST = 10


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
        table: CSV with a header row, comma, semicolon or tabulator between the fields; or .xlsx with one sheet.
        home: A folder of images beside the table's own.

    Raises:
        CohortError: No table, a column that is not there (the message lists those that are), an unknown split, or a
            column to keep that names persons.
    """
    _check_kept(table, columns)
    homes = Homes([home, table.parent] if home else [table.parent])
    rows = list(_rows(table, columns))
    yield from (row for row in rows if isinstance(row, Skipped))
    of_images = _with_classes([row for row in rows if isinstance(row, _Row)], columns)
    read_rows = _of_patients if _by_patient(table, columns) else _of_images
    yield from read_rows(table, of_images, homes, choices, report)


def _with_classes(rows: list[_Row], columns: Columns) -> list[_Row]:
    """Return the rows with the names of their classes in place of what the table says.

    Raises:
        CohortError: The labels cannot be classes.
    """
    class_of = class_names.of([row.label for row in rows if row.label], columns.contains, columns.names)
    return [replace(row, label=class_of.get(row.label, "")) for row in rows]


def _of_images(
    table: Path, rows: Sequence[_Row], homes: Homes, choices: Choices | None, report: Report
) -> Iterator[Slice | Skipped]:
    """Yield the images that rows name, each with its row's class.

    Raises:
        CohortError: A class of which no image can be used.
    """
    row_of: dict[str, _Row] = {}
    label_of: dict[str, str | None] = {}
    files: list[folders.Named] = []
    uses = class_names.Uses(label_of)
    for row in rows:
        path = homes.find(row.image)
        if not row.label:
            yield Skipped(row.image, "no_label", f"Row {row.number} has no class.", "Fill it in.")
        elif isinstance(path, Skipped):
            uses.skipped[row.label].append(path)
            yield path
        elif (name := homes.name(path)) in row_of:
            first = row_of[name]
            say = f"Rows {first.number} ({first.label}) and {row.number} ({row.label}) name it; the first one holds."
            yield Skipped(row.image, "row", say, "Name each image in one row.")
        else:
            row_of[name], label_of[name] = row, row.label
            files.append((path, name, row.label))
    for image in uses.watch(folders.read_files(files, choices, report)):
        if isinstance(image, Skipped):
            yield image
            continue
        row = row_of[image.source if image.source in row_of else image.source.rsplit(":", 1)[0]]
        role = folders.ROLE_NAMES[row.split.casefold()] if row.split else None
        yield replace(image, patient=row.patient or image.patient, role=role, columns=row.kept)
    if uses.used:  # where nothing can be used, the caller says more
        uses.require(dict.fromkeys(row.label for row in rows if row.label))


def _by_patient(table: Path, columns: Columns) -> bool:
    """Whether a table has patients and classes, but no images."""
    names = header(table)
    has = {kind: _position(table, names, kind, getattr(columns, kind)) is not None for kind in ("image", "patient")}
    return not columns.image and has["patient"] and not has["image"]


def _of_patients(
    table: Path, rows: Sequence[_Row], homes: Homes, choices: Choices | None, report: Report
) -> Iterator[Slice | Skipped]:
    """Yield the images below the folders whose patient has a row: by patient ID, else by a folder's or file's name.

    Raises:
        CohortError: A class of whose patients there is no image.
    """
    row_of: dict[str, _Row] = {}
    for row in rows:
        if not row.label or not row.patient:
            yield Skipped(f"row {row.number}", "no_label", f"Row {row.number} has no class or patient.", "Fill it in.")
        elif row.patient in row_of and _of_patient(row_of[row.patient]) != _of_patient(row):
            first = row_of[row.patient]
            say = f"Rows {first.number} and {row.number} say different things of one patient; the first one holds."
            yield Skipped(f"row {row.number}", "row", say, "Name each patient in one row.")
        else:
            row_of.setdefault(row.patient, row)
    files: list[folders.Named] = [
        (path, homes.name(path), None)
        for home in homes.folders[:1]
        for path in folders.files_below(home)
        if path.resolve() != table.resolve()
    ]
    seen: set[str] = set()
    unknown = 0
    for image in folders.read_files(files, choices, report):
        if isinstance(image, Skipped):
            yield image
            continue
        keys = list(_patient_keys(image))
        patient = next((key for key in keys if key in row_of), None)
        if patient is None:
            unknown += 1
            near = _nearest(keys, row_of) if unknown <= MOST_NEAREST else ""
            say = f"{pictures.shown(image.source)}: no row of the table names its patient{near}."
            yield Skipped(pictures.shown(image.source), "no_label", say, "Add the patient to the table.")
            continue
        row = row_of[patient]
        seen.add(patient)
        role = folders.ROLE_NAMES[row.split.casefold()] if row.split else None
        yield replace(image, label=row.label, patient=patient, role=role, columns=row.kept)
    without = [patient for patient in row_of if patient not in seen]
    if seen and without:
        say = f"{len(without):,} of {len(row_of):,} patients of {table.name} have no image here."
        yield Skipped(table.name, "no_image", say, "Nothing to do, if there should be none.")
    empty = {row.label for row in row_of.values()} - {row_of[patient].label for patient in seen}
    if seen and empty:
        raise class_names.empty_class(min(empty), [])


def _nearest(keys: Sequence[str], row_of: Mapping[str, _Row]) -> str:
    """Return words that name the patient of the table whose name is nearest, empty where none is near."""
    near = (difflib.get_close_matches(key, row_of, 1, 0.7) for key in keys)
    name = next((names[0] for names in near if names), None)
    return f"; the nearest name there is {pictures.shown(name)}" if name else ""


def _of_patient(row: _Row) -> tuple[object, ...]:
    """Return what a table says of a patient."""
    return row.label, row.split, row.kept


def _patient_keys(image: Slice) -> Iterator[str]:
    """Yield what may name the patient of an image: the header, the folders from the innermost, the file, its start."""
    if image.patient:
        yield image.patient
    *folders_above, file = PurePosixPath(image.source).parts
    yield from reversed(folders_above)
    stem = bare(file)
    yield stem
    yield file.split(".")[0]
    yield from (stem[: separator.start()] for separator in re.finditer(r"[_\-]", stem))


def _rows(table: Path, columns: Columns) -> Iterator[_Row | Skipped]:
    lines = _lines(table)
    names = [name.strip() for name in lines[0]]
    positions = {kind: _column(table, names, kind, getattr(columns, kind)) for kind in _USUAL}
    if positions["image"] is None and positions["patient"] is None:
        raise _no_column(table, names, "image", None)
    kept_at = [_column(table, names, "keep", name) for name in columns.keep]
    for number, line in enumerate(lines[1:], start=2):
        if not any(line):
            continue
        if len(line) != len(names) or max(map(len, line)) > MOST_CHARACTERS or any("\0" in field for field in line):
            say = f"Row {number} has {len(line)} fields, the header {len(names)}; or one is too long."
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


def classes_of(table: Path, likely: bool = False) -> set[str]:
    """Return the classes that a table names for images or patients by its usual columns; none where it does not.

    Args:
        likely: Take a column that merely sounds like one of classes, where none has a usual name.
    """
    try:
        names = header(table)
        sounding = (name for name in names if re.search("label|class|finding|diagnos", _plain(name)))
        label = next(sounding, None) if likely and _position(table, names, "label", None) is None else None
        return {row.label for row in _rows(table, Columns(label=label)) if isinstance(row, _Row) and row.label}
    except CohortError:
        return set()


def _check_kept(table: Path, columns: Columns) -> None:
    """Refuse columns to keep that are used already, or that tell persons from each other."""
    if not columns.keep:
        return
    names = header(table)
    used = {kind: at for kind in _USUAL if (at := _position(table, names, kind, getattr(columns, kind))) is not None}
    for name in columns.keep:
        position = _column(table, names, "keep", name)
        kept_columns.check_use(name, next((kind for kind, at in used.items() if at == position), None))
    rows = [row for row in _rows(table, columns) if isinstance(row, _Row)]
    for number, name in enumerate(columns.keep):
        kept_columns.check_values(name, [(row.patient or row.image, row.kept[number]) for row in rows])


def _lines(table: Path) -> list[list[str]]:
    try:
        status = table.stat()
        lines = _read_lines(table, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise CohortError(
            f"{table.name} cannot be read ({type(error).__name__}).", do="Check the path and its rights.", code="table"
        ) from error
    if len(lines) < 2:
        raise CohortError(f"{table.name} has no rows.", do="Name one image in each row.", code="empty")
    if len(lines) > MOST_ROWS + 1:
        raise CohortError(f"{table.name} has more than {MOST_ROWS:,} rows.", do="Split it.", code="too_big")
    return lines


@lru_cache(maxsize=2)
def _read_lines(table: Path, changed: int, size: int) -> list[list[str]]:
    """Return the lines of a table, read once while it does not change; a workbook is read in the decoder's process."""
    if table.suffix.casefold() != workbook.SUFFIX:
        return table_text.lines(table.read_bytes(), table.name)
    with Decoder() as decoder:
        (answer,) = decoder.read([FileRequest(table, table.name, "xlsx", header_only=True)])
    if isinstance(answer, Skipped):
        raise CohortError(answer.say, do=answer.do, code=answer.code)
    lines: list[list[str]] = answer.facts["lines"]
    return lines


def _column(table: Path, names: Sequence[str], kind: str, given_name: str | None) -> int | None:
    """Return the position of a column; None for an image, a patient or a split that the table does not have.

    Raises:
        CohortError: The column asked for is not there, or there is none for the class.
    """
    position = _position(table, names, kind, given_name)
    if position is None and (given_name or kind == "label"):
        raise _no_column(table, names, kind, given_name)
    return position


def _no_column(table: Path, names: Sequence[str], kind: str, given_name: str | None) -> CohortError:
    return CohortError(
        f"{table.name} has no column {given_name!r}."
        if given_name
        else f"{table.name} has no column with a usual name for the {kind} ({_EXAMPLES[kind]}).",
        do=f"Its columns are: {', '.join(names)}. Name the right one (--{kind}-column).",
        code="column",
    )


def _position(table: Path, names: Sequence[str], kind: str, given_name: str | None) -> int | None:
    """Return the position of the column that was named, or that has a usual name; None where there is none.

    Capitals do not matter, and in the second place neither do blanks and signs.

    Raises:
        CohortError: Two columns have the name.
    """
    if given_name:
        folded = [name.casefold() for name in names]
        plain = [_plain(name) for name in names]
        wanted, wanted_plain = given_name.strip().casefold(), _plain(given_name)
        at = [number for number, name in enumerate(folded) if name == wanted] or [
            number for number, name in enumerate(plain) if name and name == wanted_plain
        ]
        if len(at) > 1:
            raise CohortError(
                f"{table.name} has {len(at)} columns called {given_name!r}.", do="Rename one of them.", code="column"
            )
        return at[0] if at else None
    usual = ((number, re.fullmatch(form, _plain(name))) for form in _USUAL[kind] for number, name in enumerate(names))
    return next((number for number, fits in usual if fits), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
