"""PET becomes SUV where its header tells all that this takes, and stays in Bq/mL where it does not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from ganaug_core.readers import dicom_suv
from tests.volume_files import read, write_dicom

INJECTION = {"RadionuclideTotalDose": 3.5e8, "RadionuclideHalfLife": 6600, "RadiopharmaceuticalStartTime": "100000"}
"""350 MBq of fluorine, whose half-life is 110 minutes."""
SCAN = {
    "Units": "BQML", "PatientWeight": 70, "CorrectedImage": ["ATTN", "DECY"], "DecayCorrection": "START",
    "SeriesDate": "20260102", "SeriesTime": "115000.5", "AcquisitionDate": "20260102", "AcquisitionTime": "115500",
}  # fmt: skip
ONE_HALF_LIFE, NO_DECAY = 70_000 / 1.75e8, 70_000 / 3.5e8


def filled(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def scan(injection: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    items = [filled(**{**INJECTION, **(injection or {})})]
    return {**SCAN, "RadiopharmaceuticalInformationSequence": items, **changes}


NIGHT = {"SeriesTime": "005000", "AcquisitionTime": "010000"}
STAMPED = {"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": "20260102100000.00"}


@pytest.mark.parametrize(
    ("injection", "changes", "expected"),
    [
        ({}, {}, ONE_HALF_LIFE),
        ({}, {"DecayCorrection": "ADMIN"}, NO_DECAY),
        (STAMPED, {}, ONE_HALF_LIFE),
        ({"RadiopharmaceuticalStartTime": "230000"}, NIGHT, ONE_HALF_LIFE),
    ],
    ids=["start", "admin", "date and time", "over midnight"],
)
def test_becquerel_become_grams_a_millilitre(
    injection: dict[str, Any], changes: dict[str, Any], expected: float
) -> None:
    assert dicom_suv.factor(filled(**scan(injection, **changes))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("injection", "changes"),
    [
        ({}, {"PatientWeight": None}), ({}, {"PatientWeight": 0}), ({"RadionuclideTotalDose": None}, {}),
        ({"RadionuclideTotalDose": 350}, {}), ({"RadionuclideHalfLife": None}, {}), ({}, {"DecayCorrection": "NONE"}),
        ({}, {"CorrectedImage": ["DECY"]}), ({}, {"SeriesTime": "180000"}), ({}, {"SeriesTime": None}),
        ({**STAMPED, "RadiopharmaceuticalStartDateTime": "20260102115001"}, {}), ({}, {"Units": "CNTS"}),
        ({**STAMPED, "RadiopharmaceuticalStartDateTime": "20251230100000"}, {}),
        ({}, {"RadiopharmaceuticalInformationSequence": []}),
    ],
)  # fmt: skip
def test_a_header_that_does_not_tell_enough_has_no_factor(injection: dict[str, Any], changes: dict[str, Any]) -> None:
    assert dicom_suv.factor(filled(**scan(injection, **changes))) is None


def test_pet_is_read_in_suv_and_its_weight_stays_in_the_child(tmp_path: Path) -> None:
    files = {
        "suv.dcm": scan(), "activity.dcm": scan(PatientWeight=None), "lean.dcm": {"Units": "GML", "SUVType": "LBM"},
    }  # fmt: skip
    pixels = np.arange(48, dtype="<u2").reshape(6, 8)
    rescale = {"Modality": "PT", "RescaleSlope": 100, "RescaleIntercept": 0}
    slices, _ = read(
        *(
            write_dicom(tmp_path / name, pixels, **rescale, **attributes, SeriesInstanceUID=f"1.2.{number}")
            for number, (name, attributes) in enumerate(files.items())
        )
    )
    told = {image.source: (image.unit, float(image.pixels.max())) for image in slices}
    assert told == {
        "suv.dcm": ("g/mL", pytest.approx(4700 * ONE_HALF_LIFE)),
        "activity.dcm": ("Bq/mL", 4700),
        "lean.dcm": ("g/mL by lean body mass", 4700),
    }
    assert all("70" not in str(image.dropped) for image in slices)
