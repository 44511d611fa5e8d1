"""Names of files and folders that every system takes."""

import os
from collections.abc import Iterable

_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³")}


def is_device(name: str) -> bool:
    """Return whether Windows takes the name for a device, as it does with `con`, `NUL.txt` and `com1.tar.gz`."""
    return name.partition(".")[0].rstrip(" ").casefold() in _DEVICES


def is_legal_here(name: str) -> bool:
    """Return whether this system takes one part of a path that came from another system."""
    if os.name == "posix":
        return True
    return not (is_device(name) or name.endswith((".", " ")) or set(name) & set('<>:"|?*'))


def same_but_for_case(name: str, names: Iterable[str]) -> str | None:
    """Return the known name that differs from `name` in capitals only, None if there is none.

    macOS and Windows take both for one file; the name itself, where it is known, is not meant.
    """
    return next((other for other in names if other != name and other.casefold() == name.casefold()), None)
