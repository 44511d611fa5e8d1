"""The lines of a table: text with commas, semicolons or tabulators between the fields."""

import csv
import io
import re

from ganaug_core.errors import CohortError

SUFFIXES = (".csv", ".tsv")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # what a spreadsheet writes for itself
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def lines(content: bytes, name: str) -> list[list[str]]:
    """Return the fields of each line.

    Raises:
        CohortError: It is no text of that kind.
    """
    try:
        text = content.decode("utf-16" if content.startswith(_WIDE) else "utf-8-sig")
        separator = max(",;\t", key=text.split("\n", 1)[0].count)
        if named := _SEPARATOR_LINE.match(text):
            separator, text = named[1], text[named.end() :]
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except (UnicodeDecodeError, csv.Error, TypeError, ValueError) as error:
        raise CohortError(
            f"{name} cannot be read as a CSV table ({type(error).__name__}).",
            do="Save it as CSV in UTF-8, with one header row.",
            code="table",
        ) from error
