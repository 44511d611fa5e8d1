"""What may be said of real images to those who may not see them: no exact number of a few, no id, no bare digest.

A number from 1 to 10 would say something about single persons, and whoever has an image or a whole cohort could test a
bare digest for it.
"""

import hashlib
import re
from collections.abc import Collection

from ganaug_core.records.subgroups import FEW, LEAST

ID_WITHHELD = "(id withheld)"
PATH_WITHHELD = "(path withheld)"
_FEW = re.compile(
    r"(?<![\w.,])(?:[1-9]|10) (?!or fewer)(?:"
    r"(?P<words>(?:(?!synthetic\b|times\b)[\w-]+ ){0,2}?)"
    r"(?P<noun>patient|image|file|slice|volume|repeat|(?:near-)?duplicate)s?\b(?! or fewer)"
    r"|(?P<rest>(?:of the )?(?:real|training|tuning|hold-out|held-out)\b|of them held-out\b))"
)
_ASKED_FOR = re.compile(
    r"\b(?:no class has|at least|needs?|fewer than|more than) (?:[\d,]+ [\w -]+?(?:,| and) )*$", re.IGNORECASE
)
"""What stands before a number that is asked for and counts nobody."""
_HEX = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{12,64}(?![0-9a-zA-Z])")
_PATH = re.compile(r"(?<![\w.])(?:/[^\s/'\"]+){2,}/?|\b[A-Za-z]:\\[^\s'\"]+|\\\\[^\s'\"]+")


def outside(text: str, told: Collection[str], known: Collection[str], salt: bytes) -> str:
    """Return a stored sentence as everybody may read it: without paths, small numbers, ids and bare digests.

    Args:
        told, known, salt: As in `without_digests`.
    """
    return without_digests(few_in_words(without_paths(text)), told, known, salt)


def few(number: int) -> str:
    """Return a number of real images or patients as it may be said: `10 or fewer` for 1 to 10."""
    return FEW if 1 <= number < LEAST else f"{number:,}"


def few_in_words(text: str) -> str:
    """Return a sentence in which no number of real images or patients is below 11.

    A number of images that are not said to be synthetic counts as one of real images.
    """
    return _FEW.sub(_said, text)


def _said(match: re.Match[str]) -> str:
    if _ASKED_FOR.search(match.string[: match.start()]):
        return match.group()
    rest = match["rest"] or f"{match['words']}{match['noun']}s"
    return f"{FEW} {rest}"


def salted(digest: str, salt: bytes) -> str:
    """Return a digest that is equal for equal ones on this installation and tells nothing elsewhere, 64 hex digits."""
    return hashlib.sha256(salt + digest.encode()).hexdigest()


def without_digests(text: str, told: Collection[str], known: Collection[str], salt: bytes) -> str:
    """Return text in which every id and digest is withheld or salted but those that tell of no real image.

    Args:
        told: Digests and ids that may be said, whole; also their beginnings.
        known: Whole digests of real images; what begins one of them is salted as it is.
    """

    def said(match: re.Match[str]) -> str:
        found = match.group()
        if any(digest.startswith(found) for digest in told):
            return found
        if len(found) == 12:
            return ID_WITHHELD
        whole = next((digest for digest in known if digest.startswith(found)), found)
        return salted(whole, salt)[: len(found)]

    return _HEX.sub(said, text)


def without_paths(text: str) -> str:
    """Return text without paths of a machine."""
    return _PATH.sub(PATH_WITHHELD, text)
