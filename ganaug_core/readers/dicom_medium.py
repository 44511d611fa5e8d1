"""A folder that was copied from a DICOM medium: its DICOMDIR lists files whose folders are numbers and no classes."""

from pathlib import Path

from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError

DIRECTORY = "dicomdir"
"""Name of the list, in small letters."""


def home_of(path: Path) -> Path:
    """Return the folder that a DICOMDIR lists, any other path as it is."""
    return path.parent if path.name.casefold() == DIRECTORY and path.is_file() else path


def require_classes(folder: Path, choices: Choices) -> None:
    """Refuse to take the numbered folders of a medium for classes.

    Raises:
        CohortError: `no_classes`.
    """
    if not choices.label_tag and any(path.name.casefold() == DIRECTORY for path in folder.iterdir()):
        raise CohortError(
            f"{folder.name} is a copy of a DICOM medium (it has a DICOMDIR): the names of its folders are no classes.",
            do="Name the DICOM attribute that is the class (--label-tag), give a table with the classes (--labels), "
            "or sort the files into one folder per class, without the DICOMDIR.",
            code="no_classes",
        )
