"""File formats in which synthetic images leave; every file says in its metadata that a trained algorithm made it."""

from ganaug_core.interfaces import Writer
from ganaug_core.writers.arrays import Npz
from ganaug_core.writers.dicom import Dicom
from ganaug_core.writers.nifti import Nifti
from ganaug_core.writers.pictures import Png, Png8, Tiff
from ganaug_core.writers.slides import Slides

WRITERS: dict[str, type[Writer]] = {
    "png": Png,
    "png8": Png8,
    "tiff": Tiff,
    "npz": Npz,
    "dicom": Dicom,
    "nifti": Nifti,
    "slides": Slides,
}
