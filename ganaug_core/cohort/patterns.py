"""File names that tell the patient: `{patient}_*.png`, tried on the names before anybody relies on it.

`{patient}` stands for the part that names the patient, `*` for any text; neither crosses a `/`. A pattern with a `/` is
compared with the whole path below the source, from its end; one without with the file's name alone.
"""

import re
from collections.abc import Sequence

from ganaug_core.errors import CohortError

MARK = "{patient}"
LONGEST = 200
USUAL = ("{patient}_*", "{patient}-*", "{patient}.*", "{patient}/*", "{patient}/*/*")
_INDEX = re.compile(r":\d+$")


def patients(pattern: str, files: Sequence[str]) -> list[str | None]:
    """Return what each file's name tells about its patient, None where the pattern does not fit.

    Raises:
        CohortError: The pattern is too long, or does not hold `{patient}` once.
    """
    if pattern.count(MARK) != 1 or len(pattern) > LONGEST:
        raise CohortError(
            f"The pattern does not say where the patient stands: it needs {MARK} once.",
            do=f"Write it like {USUAL[0]} for names such as P017_03.png, or {USUAL[3]} for a folder per patient.",
            code="pattern",
        )
    expression = _expression(pattern)
    found = (expression.fullmatch(_compared(pattern, without_index(file))) for file in files)
    return [each.group("patient") if each else None for each in found]


def suggestions(files: Sequence[str]) -> list[tuple[str, int]]:
    """Return the usual patterns that fit all files and find several patients with several images, with their number."""
    found = []
    for pattern in USUAL:
        named = patients(pattern, files)
        count = len(set(named))
        if None not in named and 1 < count < len(files):
            found.append((pattern, count))
    return found


def without_index(file: str) -> str:
    """Return the file of a slice that is named `file:index`."""
    return _INDEX.sub("", file)


def _compared(pattern: str, file: str) -> str:
    return "/".join(file.split("/")[-(pattern.count("/") + 1) :])


def _expression(pattern: str) -> re.Pattern[str]:
    """Return the regular expression; `{patient}` takes as little as it can, so that the first separator ends it."""
    parts = re.split(r"(\{patient\}|\*)", re.sub(r"\*+", "*", pattern))
    translated = {MARK: r"(?P<patient>[^/]+?)", "*": r"[^/]*"}
    return re.compile("".join(translated.get(part) or re.escape(part) for part in parts))
