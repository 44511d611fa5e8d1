"""Run or file -> Generator; draw -> Samples; export.

`files` writes and reads generator files with distrust, `sampling` draws images, `export` puts them into a folder.
"""

from ganaug_core.generators.export import export
from ganaug_core.generators.files import load, write
from ganaug_core.generators.sampling import Generator, draw

__all__ = ["Generator", "draw", "export", "load", "write"]
