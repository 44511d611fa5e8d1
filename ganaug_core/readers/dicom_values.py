"""One attribute of a DICOM header as text or numbers; a damaged one is refused in words."""

import math
from contextlib import suppress
from functools import lru_cache
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from ganaug_core.readers.refusals import damaged


def value(dataset: Any, keyword: str) -> Any:
    """Return an attribute or None.

    Raises:
        CohortError: `dicom.attributes`, where it is there and cannot be read.
    """
    try:
        raw = dataset.get_item(_tag(keyword))
        if raw is None:
            return None
        simple = _simple(raw)
        return dataset.get(keyword) if simple is None else simple
    except Exception as error:  # pydicom converts on access, and a damaged value raises whatever its type's parser does
        raise damaged(f"{keyword} cannot be read.", "dicom.attributes") from error


@lru_cache(maxsize=256)
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _simple(raw: Any) -> int | str | list[float] | float | None:
    """Return a value of the kinds that most attributes are of, ten times faster than pydicom; None for it to read."""
    if not isinstance(raw, RawDataElement) or not raw.value:
        return None
    content = raw.value
    if raw.VR == "US" and len(content) == 2:
        return int.from_bytes(content, "little" if raw.is_little_endian else "big")
    if raw.VR in ("CS", "UI") and b"\\" not in content and content.isascii():
        return str(content, "ascii").rstrip(" \0")
    if raw.VR == "DS":
        with suppress(ValueError):
            decimals = [float(word) for word in content.split(b"\\")]
            return decimals if len(decimals) > 1 else decimals[0]
    return None


def text(dataset: Any, keyword: str) -> str:
    """Return an attribute as text, empty where it is absent."""
    content = value(dataset, keyword)
    return "" if content is None else str(content).strip(" \0")


def whole(dataset: Any, keyword: str, otherwise: int | None = None) -> int:
    """Return a whole number.

    Raises:
        CohortError: `dicom.attributes`, where it is none, or missing and there is no `otherwise`.
    """
    content = value(dataset, keyword)
    if content in (None, "") and otherwise is not None:
        return otherwise
    try:
        return int(content)
    except (TypeError, ValueError, OverflowError) as error:
        raise damaged(f"{keyword} is missing or not a whole number.", "dicom.attributes") from error


def numbers(dataset: Any, keyword: str, count: int, code: str) -> tuple[float, ...] | None:
    """Return finite numbers, None where there are none.

    Raises:
        CohortError: `code`.
    """
    content = value(dataset, keyword)
    if content is None or content == "" or (count > 1 and not content):
        return None
    try:
        values = tuple(float(number) for number in (content if count > 1 else [content]))
    except (TypeError, ValueError) as error:
        raise damaged(f"{keyword} is not made of numbers.", code) from error
    if len(values) != count or not all(math.isfinite(number) for number in values):
        raise damaged(f"{keyword} is not made of {count} finite numbers.", code)
    return values
