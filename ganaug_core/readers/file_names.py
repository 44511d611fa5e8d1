"""Which file a table's row means: by its path, else by as much of it as is named, however it was written."""

import difflib
import unicodedata
from collections import defaultdict
from functools import cached_property
from pathlib import Path

from ganaug_core.readers import folders, pictures
from ganaug_core.records import Skipped

MOST_NEAREST = 10  # looked up among all names: a hundred thousand take a second
_ENDINGS = (*pictures.SUFFIXES, *folders.MEDICAL)


class Homes:
    """The folders in which a table's files may lie; nothing outside is ever opened."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self._asked = 0

    def find(self, text: str) -> Path | Skipped:
        """Return the file that a row means: by path, else the only one below the folders whose path ends like the text.

        Backslashes are slashes. Where no path is the text to the letter, capitals do not matter, then a known ending
        may be left away. The Unicode form never matters.
        """
        for home in self.folders if text else []:
            if _is_below(path := home / text, home):
                return path
        paths = self._meant(_plain(text.replace("\\", "/")).removeprefix("./"))
        if len(paths) == 1:
            return paths[0]
        say = f"{len(paths)} files have this name."
        if not paths:
            say = f"It is not below the folder of the table{self._hint(text)}."
        return Skipped(pictures.shown(text) or "(no name)", "missing", say, "Correct the path in the table.")

    def name(self, path: Path) -> str:
        """Return a file's path relative to the folder that it lies in."""
        home = next(folder for folder in self.folders if path.is_relative_to(folder))
        return path.relative_to(home).as_posix()

    def _meant(self, text: str) -> list[Path]:
        small = text.casefold()
        candidates = self._by_name.get(small.rsplit("/", 1)[-1], []) if text else []
        for wanted, form in ((text, str), (small, str.casefold), (small, _bare_small)):
            paths = [path for path in candidates if f"/{form(_plain(path.as_posix()))}".endswith(f"/{wanted}")]
            if paths:
                return paths
        return []

    def _hint(self, text: str) -> str:
        """Return words that name the file whose name is nearest, empty where none is near."""
        self._asked += 1
        if self._asked > MOST_NEAREST:
            return ""
        name = _plain(text.replace("\\", "/")).casefold().rsplit("/", 1)[-1]
        stem = bare(name)
        names = [stem] if stem in self._by_name else difflib.get_close_matches(name, self._by_name, 1, 0.7)
        return f"; the nearest name there is {pictures.shown(self.name(self._by_name[names[0]][0]))}" if names else ""

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        names: dict[str, list[Path]] = defaultdict(list)
        for path in sorted({path for home in self.folders for path in folders.files_below(home)}):
            small = _plain(path.name).casefold()
            for name in (small, bare(small)) if bare(small) != small else (small,):
                names[name].append(path)
        return names


def _is_below(path: Path, home: Path) -> bool:
    """Return whether there is a file of that path, and inside the folder."""
    try:
        return path.exists() and path.resolve().is_relative_to(home.resolve()) and not path.is_dir()
    except OSError:  # a name longer than the system takes
        return False


def bare(name: str) -> str:
    """Return a name without the endings of images; other dots belong to it, as in series UIDs."""
    while ending := next((ending for ending in _ENDINGS if name.casefold().endswith(ending) and name != ending), None):
        name = name[: -len(ending)]
    return name


def _bare_small(name: str) -> str:
    return bare(name).casefold()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)
