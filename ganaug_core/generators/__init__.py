"""Run or file -> Generator; draw -> Samples; export.

`files` writes and reads generator files with distrust, `sampling` draws images, `export` puts them into a folder.
The first two need torch and are imported when they are first asked for: the web process exports without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganaug_core.generators.export import export

if TYPE_CHECKING:
    from ganaug_core.generators.files import load, write
    from ganaug_core.generators.sampling import Generator, draw

__all__ = ["Generator", "draw", "export", "load", "write"]

_MODULES = {"Generator": "sampling", "draw": "sampling", "load": "files", "write": "files"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
