"""The attributes of DICOM Secondary Capture: what a synthetic image may truthfully be in a world made for patients.

Nothing is taken from a header of a real image: every attribute below is made of the image, its generator and the unit.
A crop of a synthetic image has no true geometry, so there is no frame of reference, no spacing and no position. There
is no date either, so the same images give the same files and the same UIDs. Each image is a patient of its own, as the
images of a set are independent draws; who splits them by Patient ID splits them right.

Source: DICOM PS3.3 2024e, A.8.1 (Secondary Capture Image), C.12.1.1 (Synthetic Data, Contributing Equipment); PS3.16
CID 7005.
"""

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

import ganaug_core
from ganaug_core.records import Intensity, Samples
from ganaug_core.writers import marks
from ganaug_core.writers.stored_values import Storage

HOUNSFIELD = "HU"
EMPTY = (
    "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
    "PatientOrientation", "Laterality",
)  # fmt: skip
"""What the standard asks for and nobody has."""
_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "ganaug")
_LONGEST_TEXT = 1024


def file_of(stored: NDArray[Any], storage: Storage, intensity: Intensity, samples: Samples, image_id: str) -> Dataset:
    """Return the whole file of one image of these samples, (row, column) or (row, column, 3) of stored values."""
    dataset = _pixels(stored, storage, intensity)
    _add_origin(dataset, samples, image_id)
    _add_uids(dataset)
    return dataset


def _pixels(stored: NDArray[Any], storage: Storage, intensity: Intensity) -> Dataset:
    """Return the attributes of the pixels."""
    dataset = Dataset()
    bits = 8 * stored.itemsize
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    if stored.ndim == 3:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    else:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.RescaleSlope, dataset.RescaleIntercept = _decimal(storage.slope), _decimal(storage.offset)
        dataset.RescaleType = HOUNSFIELD if intensity.unit == HOUNSFIELD else "US"
        dataset.WindowCenter = _decimal((intensity.low + intensity.high) / 2)
        dataset.WindowWidth = _decimal(intensity.high - intensity.low)
        dataset.VOILUTFunction = "LINEAR_EXACT"  # the plain one is half a step off, and wrong for ranges below 1
    content = np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("<"))).tobytes()
    dataset.add_new("PixelData", "OB" if bits == 8 else "OW", content + b"\0" * (len(content) % 2))
    # what no Hounsfield scale is behind has no modality that can be known without a source header
    dataset.Modality = "CT" if intensity.unit == HOUNSFIELD and stored.ndim == 2 else "OT"
    return dataset


def _add_origin(dataset: Dataset, samples: Samples, image_id: str) -> None:
    """Say who is shown (nobody) and what drew it."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SyntheticData = "YES"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.ConversionType = "SYN"
    dataset.PatientID, dataset.PatientName = f"SYN-{image_id}", "SYNTHETIC^NOT A PATIENT"
    dataset.StudyDescription = dataset.SeriesDescription = marks.VISIBLE
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    for keyword in EMPTY:
        setattr(dataset, keyword, "")
    dataset.BurnedInAnnotation, dataset.LossyImageCompression = "NO", "00"
    dataset.DerivationDescription = f"{marks.MARK} {marks.sentence(samples)}"[:_LONGEST_TEXT]
    dataset.Manufacturer, dataset.ManufacturerModelName = "ganaug", "generative model"
    dataset.SoftwareVersions = ganaug_core.__version__
    dataset.ContributingEquipmentSequence = [_equipment(samples)]


def _add_uids(dataset: Dataset) -> None:
    """Add UIDs that are a digest of everything else: equal files have equal ones, others have not.

    Their root 2.25 is that of every UUID: no registration, no organisation, no machine.
    """
    content = dataset.to_json()
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.StudyInstanceUID = (
        UID(f"2.25.{uuid.uuid5(_SPACE, f'{level} {content}').int}") for level in ("instance", "series", "study")
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = UID(f"2.25.{_SPACE.int}")
    dataset.file_meta.ImplementationVersionName = f"GANAUG {ganaug_core.__version__}"[:16]


def _equipment(samples: Samples) -> Dataset:
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109100", "DCM"
    purpose.CodeMeaning = "Synthesizing Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = "ganaug"
    equipment.ManufacturerModelName = f"generator {marks.origin(samples)['generator']}"[:64]
    equipment.SoftwareVersions = ganaug_core.__version__
    equipment.ContributionDescription = "The image was drawn by a trained generative model."
    return equipment


def _decimal(number: float) -> str:
    return f"{number:.12g}"[:16]
