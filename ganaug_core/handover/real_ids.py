"""Ids of real images are salted, so elsewhere the same image has another one; in a file each is its row."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Cohort
from ganaug_core.records.digest import digest_of

_ID = re.compile(r"\b[0-9a-f]{12}\b")
_ROW = re.compile(r"\brow-([0-9]{7})\b")


def likeness(cohort: Cohort) -> str:
    """Return what a cohort has in common with the same one elsewhere, 64 hex digits.

    That is the content, who belongs together, whose split it is and what was kept of each image; not the ids.
    """
    optional = [list(cohort.columns), cohort.column_values.astype(str).tolist()] if cohort.columns else []
    return digest_of(cohort.digest, cohort.patients, cohort.groups, cohort.own_split, *optional)


def to_rows(cohort: Cohort) -> Callable[[str], str]:
    """Return what writes a text with `row-0000012` in the place of the id of that image of the cohort."""
    row_of = {str(image): f"row-{row:07}" for row, image in enumerate(cohort.ids.tolist())}
    return lambda text: _ID.sub(lambda match: row_of.get(match[0], match[0]), text)


def to_ids(cohort: Cohort) -> Callable[[str], str]:
    """Return what undoes it.

    Raises (what is returned):
        ValueError: A row that the cohort does not have.
    """

    def id_of(match: re.Match[str]) -> str:
        row = int(match[1])
        if row >= len(cohort):
            raise ValueError(f"row {row} of {len(cohort)}")
        return str(cohort.ids[row])

    return lambda text: _ROW.sub(id_of, text)


def in_values(value: Any, translate: Callable[[str], str]) -> Any:
    """Return JSON values with every text translated; keys stay."""
    if isinstance(value, str):
        return translate(value)
    if isinstance(value, list):
        return [in_values(entry, translate) for entry in value]
    if isinstance(value, Mapping):
        return {key: in_values(entry, translate) for key, entry in value.items()}
    return value


def in_array(array: NDArray[Any], translate: Callable[[str], str]) -> NDArray[Any]:
    """Return an array with every text translated; other arrays as they are."""
    if array.dtype.kind not in "US":
        return array
    texts = [translate(text) for text in array.astype(str).ravel().tolist()]
    return np.array(texts).reshape(array.shape).astype(array.dtype.kind) if texts else array
