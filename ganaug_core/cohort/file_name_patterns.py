"""File names that tell the patient: `{patient}_*.png`, tried on the names before anybody relies on it.

`{patient}` stands for the part that names the patient, `*` for any text; neither crosses a `/`. A pattern with a `/` is
compared with the whole path below the source, from its end; one without with the file's name alone.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ganaug_core.errors import CohortError
from ganaug_core.readers import table_text
from ganaug_core.readers.file_names import bare
from ganaug_core.readers.folders import ROLE_NAMES

MARK = "{patient}"
LONGEST = 200
FEW_NAMES = 10
USUAL = ("{patient}_*", "{patient}-*", "{patient}.*", "{patient}/*", "{patient}/*/*")
_WILDS = (MARK, "*")
_WILD = re.compile(r"(\{patient\}|\*)")
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
    levels = [[token for token in _WILD.split(level) if token] for level in re.sub(r"\*+", "*", pattern).split("/")]
    if any(one in _WILDS and other in _WILDS for level in levels for one, other in pairwise(level)):
        raise CohortError(
            f"The pattern does not say where {MARK} ends: * stands directly beside it.",
            do=f"Put the character between them that the file names have there, as in {USUAL[0]}.",
            code="pattern",
        )
    return [_named(levels, without_index(file).split("/")[-len(levels) :]) for file in files]


def suggestions(files: Sequence[str], labels: Sequence[int] = ()) -> list[tuple[str, int]]:
    """Return the usual patterns that fit all files and find several patients with several files, with their number.

    Args:
        labels: Class of each file; what tells classes, parts of a split or sorts of images (40X, 100X) is no patient.
    """
    class_of = dict(zip(map(without_index, files), labels or [0] * len(files), strict=True))
    distinct = list(class_of)
    fits = []
    for pattern in USUAL:
        named = [name for name in patients(pattern, distinct) if name is not None]
        count = len(set(named))
        if len(named) < len(distinct) or not 1 < count < len(distinct) or _sorts(named, list(class_of.values())):
            continue
        if "/" in pattern or not _restarts(pattern, named, distinct):
            fits.append((pattern, count))
    return fits


def _sorts(named: Sequence[str], labels: Sequence[int]) -> bool:
    """Return whether names stand for sorts of images rather than for patients."""
    classes_of: dict[str, set[int]] = defaultdict(set)
    for name, label in zip(named, labels, strict=True):
        classes_of[name].add(label)
    classes = len(set(labels))
    if any(name.casefold() in ROLE_NAMES for name in classes_of) or (classes > 1 and len(classes_of) < 2 * classes):
        return True
    shared = sum(len(of_name) > 1 for of_name in classes_of.values())
    return len(classes_of) < FEW_NAMES and 2 * shared > len(classes_of)


def _restarts(pattern: str, named: Sequence[str], files: Sequence[str]) -> bool:
    """Return whether names are numbers that begin anew in each folder: 00.png of one class is nobody of another's."""
    if not pattern.startswith(f"{MARK}.") and not all(name.isdecimal() for name in named):
        return False
    return len({(file.rpartition("/")[0], name) for file, name in zip(files, named, strict=True)}) == len(files)


def listed(table: Mapping[str, str], files: Sequence[str]) -> list[str | None]:
    """Return the patient that a table names for each file: by its path, its name or its name without ending."""
    names = []
    for file in files:
        path = without_index(file)
        name = path.rsplit("/", 1)[-1]
        keys = (path, path.replace("/", "\\"), name, bare(name), name.split(".")[0])
        names.append(next((table[key] for key in keys if table.get(key)), None))
    return names


def without_index(file: str) -> str:
    """Return the file of a slice that is named `file:index`."""
    return _INDEX.sub("", file)


def _named(levels: Sequence[Sequence[str]], names: Sequence[str]) -> str | None:
    """Return the patient that a path tells, None where one of its names does not fit its level of the pattern."""
    if len(levels) != len(names):
        return None
    patients = [_matched(tokens, name) for tokens, name in zip(levels, names, strict=True)]
    return None if None in patients else "".join(patient or "" for patient in patients)


def _matched(tokens: Sequence[str], name: str) -> str | None:
    """Return what stands for the patient, empty where the tokens have no mark, None where the name does not fit.

    Each text is taken at the first place where it can be, which finds a fit if there is one, in linear time: a regular
    expression with many stars would try them all.
    """
    patient, start, wild = "", 0, ""
    for number, token in enumerate(tokens):
        if token in _WILDS:
            wild = token
            continue
        least = start + (wild == MARK)
        if not wild:
            at = start if name.startswith(token, start) else -1
        elif number == len(tokens) - 1:
            at = len(name) - len(token) if name.endswith(token) and len(name) - len(token) >= least else -1
        else:
            at = name.find(token, least)
        if at < 0:
            return None
        patient = name[start:at] if wild == MARK else patient
        start, wild = at + len(token), ""
    if wild == MARK:
        return name[start:] or None
    return patient if wild or start == len(name) else None


def table_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV table with a header, by column.

    Raises:
        CohortError: It is no such table.
    """
    lines = table_text.lines(content, "The table")
    rows = [dict(zip(lines[0], line, strict=False)) for line in lines[1:] if len(line) <= len(lines[0])]
    usable = [{key: value for key, value in row.items() if key} for row in rows if any(row.values())]
    if not usable:
        raise CohortError("The table has no rows.", do="Name one image in each row.", code="empty")
    return usable
