"""The values of an .xlsx workbook (ECMA-376) as lines of text: no formula, format, macro or link is followed.

A zip archive of XML. It is read in the decoder's process, with bounds on sizes, and without document types, so that no
entity can be declared.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from xml.parsers import expat

from ganaug_core.errors import CohortError
from ganaug_core.readers.refusals import LARGEST_RATIO, bomb

SUFFIX = ".xlsx"
MOST_BYTES = 128 << 20
"""Of one part of the archive, unpacked."""
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 200_001, 1_000, 20_000_000
_SAVE = "Open it in a spreadsheet program and save the table as CSV (UTF-8)."
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_KEPT = ("v", "t")  # the elements of a cell or a string whose text counts


def lines(content: bytes) -> list[list[str]]:
    """Return the fields of each row of the only sheet that holds something, from its first row that does.

    Whole numbers have no decimal point, dates are numbers of days, errors such as #N/A are empty.

    Raises:
        CohortError: No workbook, a damaged, protected or too large one, several sheets with values, or formulas whose
            values were not saved.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            strings = _Strings()
            if "xl/sharedStrings.xml" in archive.namelist():
                _parse(_part(archive, "xl/sharedStrings.xml"), strings)
            sheets = [_sheet(archive, name, strings.texts) for name in sorted(names)]
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise _refused(f"it is no .xlsx workbook, damaged or protected ({type(error).__name__})") from error
    except expat.ExpatError as error:
        raise _refused("its XML is damaged") from error
    filled = [sheet for sheet in sheets if any(any(row) for row in sheet)]
    if len(filled) != 1:
        raise _refused(f"it has {len(filled)} sheets with values, and one is needed")
    return filled[0]


class _Strings:
    """Gathers the texts that cells refer to; a text may come in several runs, spelling aids do not count."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._runs: list[str] = []
        self._reads = self._aid = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._aid = self._aid or name == "rPh"
        self._reads = name == "t" and not self._aid

    def text(self, text: str) -> None:
        if self._reads:
            self._runs.append(text)

    def end(self, name: str) -> None:
        self._reads = False
        if name == "rPh":
            self._aid = False
        if name == "si":
            self.texts.append("".join(self._runs))
            self._runs = []


class _Sheet:
    """Gathers the rows of a sheet."""

    def __init__(self, strings: list[str]) -> None:
        self.rows: list[list[str]] = []
        self._strings = strings
        self._characters = 0
        self._place, self._kind, self._value = (0, 0), "n", ""
        self._reads = self._has_formula = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._place = self._placed(attributes.get("r", ""))
            self._kind, self._value, self._has_formula = attributes.get("t", "n"), "", False
        self._has_formula = self._has_formula or name == "f"
        self._reads = name in _KEPT

    def text(self, text: str) -> None:
        if self._reads:
            self._value += text

    def end(self, name: str) -> None:
        self._reads = False
        if name != "c":
            return
        if self._has_formula and not self._value and self._kind != "str":
            raise _refused("it holds formulas whose values were not saved")
        value = self._in_words()
        row, column = self._place
        self._characters += len(value) + column  # each cell before it takes room too
        if self._characters > MOST_CHARACTERS:
            raise _refused(f"its sheet has more than {MOST_CHARACTERS:,} letters or cells", "Split it.", "too_big")
        if value:
            self.rows += [[] for _ in range(row + 1 - len(self.rows))]
            cells = self.rows[row]
            cells += [""] * (column + 1 - len(cells))
            cells[column] = value

    def _placed(self, reference: str) -> tuple[int, int]:
        """Return row and column of a cell, from 0."""
        match = _PLACE.fullmatch(reference)
        if match is None:
            raise _refused("a cell does not say where it stands")
        column = 0
        for letter in match[1]:
            column = 26 * column + ord(letter) - ord("A") + 1
        row = int(match[2])
        if not 0 < row <= MOST_ROWS or column > MOST_COLUMNS:
            raise _refused(
                f"it has more than {MOST_ROWS - 1:,} rows or {MOST_COLUMNS:,} columns", "Split it.", "too_big"
            )
        return row - 1, column - 1

    def _in_words(self) -> str:
        value = self._value
        if self._kind == "s":
            number = int(value) if value.isdecimal() else -1
            if not 0 <= number < len(self._strings):
                raise _refused("a cell refers to a text that is not there")
            return self._strings[number]
        if self._kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if self._kind == "n" and value:
            number_value = float(value)
            whole = number_value.is_integer() and abs(number_value) < 1e15
            return str(int(number_value)) if whole else repr(number_value)
        return "" if self._kind == "e" else value


def _sheet(archive: zipfile.ZipFile, name: str, strings: list[str]) -> list[list[str]]:
    sheet = _Sheet(strings)
    try:
        _parse(_part(archive, name), sheet)
    except ValueError as error:
        raise _refused("a number of it is none") from error
    first = next((number for number, row in enumerate(sheet.rows) if row), 0)
    rows = sheet.rows[first:]
    width = len(rows[0]) if rows else 0
    return [row + [""] * (width - len(row)) for row in rows]


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part of the archive, unpacked."""
    info = archive.getinfo(name)
    if info.file_size > MOST_BYTES or info.file_size > LARGEST_RATIO * info.compress_size + (1 << 20):
        raise bomb(info.compress_size, info.file_size)
    with archive.open(info) as file:
        return file.read(MOST_BYTES)


def _parse(content: bytes, target: _Strings | _Sheet) -> None:
    """Tell a target what an XML document holds; names come without their namespace."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def local(handler: Callable[[str], None]) -> Callable[[str], None]:
        return lambda name: handler(name.rsplit("}", 1)[-1])

    def start(name: str, attributes: dict[str, str]) -> None:
        target.start(name.rsplit("}", 1)[-1], attributes)

    def refuse(*_: object) -> None:
        raise _refused("its XML declares a document type")

    parser.StartElementHandler, parser.EndElementHandler = start, local(target.end)
    parser.CharacterDataHandler = target.text
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def _refused(why: str, do: str = _SAVE, code: str = "table") -> CohortError:
    return CohortError(f"{why}.", do=do, code=code)
