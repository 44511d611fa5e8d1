"""What an import is asked to do: which columns of a table, which slices of volumes, and how to split."""

from dataclasses import dataclass, field

from ganaug_core.errors import CohortError

SLICES = ("all", "mask", "largest")
PLANES = ("axial", "coronal", "sagittal", "acquired")
LABEL_TAGS = (
    "AcquisitionContrast", "BodyPartExamined", "ContrastBolusAgent", "ConvolutionKernel",
    "ImageLaterality", "ImageType", "KVP", "Laterality", "MagneticFieldStrength", "Manufacturer",
    "ManufacturerModelName", "Modality", "PatientPosition", "PatientSex", "ProtocolName", "ScanningSequence",
    "SequenceName", "SeriesDescription", "SliceThickness", "StudyDescription", "ViewPosition",
)  # fmt: skip
"""Attributes that may name a class. None of them is meant to identify a person."""


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns; None is guessed from the usual names.

    Attributes:
        labels: The table, where the source is a folder of images.
        image: File of the image: a path below the table's folder or the source, or a name that is unique there. A
            table without such a column names the class of each patient.
        label: Class.
        contains: One finding where an image may have several (`A|B`): the classes are then the finding, and `no` with
            its name.
        names: What labels mean, such as `{"0": "benign", "1": "malignant"}`; empty for labels that are names already.
        patient: Any text that is equal for images of one patient.
        split: `train`, `tuning` or `holdout` (also `val`, `test`).
        keep: Columns whose values stay with the images, to ask about subgroups.
    """

    labels: str | None = None
    image: str | None = None
    label: str | None = None
    patient: str | None = None
    split: str | None = None
    keep: tuple[str, ...] = ()
    contains: str | None = None
    names: dict[str, str] = field(default_factory=dict)


def label_names_of(text: str) -> dict[str, str]:
    """Return the name by label of `0=benign,1=malignant`, none of an empty text.

    Raises:
        CohortError: `label_names`, where it does not name each label once.
    """
    pairs = [pair.split("=", 1) for pair in text.split(",")] if text.strip() else []
    names = {pair[0].strip(): pair[-1].strip() for pair in pairs}
    if any(len(pair) < 2 for pair in pairs) or not all(names.values()) or len(names) < len(pairs):
        raise CohortError(
            f"{text[:100]} does not name each label once.",
            do="Write the names of the labels like 0=benign,1=malignant.",
            code="label_names",
        )
    return names


@dataclass(frozen=True)
class Choices:
    """How series, volumes and frames become slices. Pictures and arrays are slices already and come as they are.

    Settings:
        slices: `all`; `mask`: those that meet the mask; `largest`: the one with the largest section of the lesion.
        every: Take every k-th of these, beginning with the first, >= 1.
        plane: Of NIfTI, NRRD and MetaImage volumes: across the body's long axis (`axial`), its front-back axis
            (`coronal`), its side-to-side axis (`sagittal`), or across the axis of the widest spacing (`acquired`).
            DICOM slices are taken as they were acquired.
        volume: Number of the volume to take of a 4-D NIfTI file, from 1; None refuses such files.
        crop: Cut a square around the mask, a quarter of its longer side wider on each side.
        mask_label: Number of the lesion in the mask; None takes everything that is not 0.
        spacing_mm: Resample to this pixel spacing, > 0; with `size` the image is cut or padded to `size` such pixels
            around its middle, with `crop` around the middle of the lesion.
        size: Rows and columns of the square that slices are brought to, None leaves them as they are.
        label_tag: DICOM attribute that names the class, one of `LABEL_TAGS`.
        colour: Keep red, green and blue of pictures and arrays of 8 bits; otherwise colour becomes luminance.

    Raises:
        CohortError: A choice that there is not.
    """

    slices: str = "all"
    every: int = 1
    plane: str = "axial"
    volume: int | None = None
    crop: bool = False
    mask_label: int | None = None
    spacing_mm: float | None = None
    size: int | None = None
    label_tag: str | None = None
    colour: bool = False

    def __post_init__(self) -> None:
        for name, value, choices in (("slices", self.slices, SLICES), ("plane", self.plane, PLANES)):
            if value not in choices:
                raise CohortError(
                    f"There is no choice {value!r} for {name}.", do=f"Choose one of: {', '.join(choices)}.",
                    code="unknown_name",
                )  # fmt: skip
        if self.volume is not None and self.volume < 1:
            raise CohortError(f"There is no volume {self.volume}.", do="Choose 1 for the first.", code="volume")
        if self.every < 1:
            raise CohortError(f"Every {self.every}-th slice cannot be taken.", do="Choose 1 or more.", code="every")
        if self.spacing_mm is not None and not 0.001 <= self.spacing_mm <= 100:
            raise CohortError(
                f"A pixel spacing of {self.spacing_mm:g} mm cannot be.", do="Choose 0.001 to 100 mm.", code="spacing"
            )
        if self.label_tag is not None and self.label_tag not in LABEL_TAGS:
            raise CohortError(
                f"The class cannot be taken from the DICOM attribute {self.label_tag!r}.",
                do=f"Choose one that describes images and not persons: {', '.join(LABEL_TAGS)}.",
                code="label_tag",
            )

    @property
    def needs_mask(self) -> bool:
        """An image without a mask cannot be used."""
        return self.crop or self.slices != "all"


@dataclass(frozen=True)
class Plan:
    """How the split shall be made.

    Settings:
        tuning, holdout: Shares of each class's images.
        seed: Of the drawing.
        near_duplicate_limit: Largest registered distance of a pair that counts as one image.
        pattern: File-name pattern that tells the patient (`file_name_patterns`), empty for what the source says.
        table: Patient by file name, from a table; it goes before the pattern.
        moved: Role of single images by id; the whole group goes with them.
    """

    tuning: float = 0.15
    holdout: float = 0.25
    seed: int = 0
    near_duplicate_limit: float = 0.03  # at .05 chains of a dozen different patients appear
    pattern: str = ""
    table: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
