"""Scripts to run where a network of another program runs: they draw its images into an NPZ file that ganaug imports.

Such networks cannot be loaded here: they need their own program, and many are pickles, which ganaug never opens.
"""

from pathlib import Path

from ganaug_core.errors import ConfigurationError

PROGRAMS = ("stylegan", "keras", "monai")


def text(program: str) -> str:
    """Return the script for a program.

    Raises:
        ConfigurationError: There is none for it.
    """
    if program not in PROGRAMS:
        raise ConfigurationError(
            f"There is no script for {program!r}.", do=f"Choose one of: {', '.join(PROGRAMS)}.", code="unknown_name"
        )
    return (Path(__file__).parent / "scripts" / f"{program}.py.txt").read_text("utf-8")
