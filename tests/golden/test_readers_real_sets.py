"""The golden table: every real set comes out with the counts, units, roles and patients that its SOURCE.txt names."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ganaug_core import readers
from ganaug_core.readers import Columns
from ganaug_core.records import Skipped, Slice

Data = Callable[[str], Path]


@dataclass(frozen=True)
class Expected:
    """What SOURCE.txt says: images by class and role, unit, lowest and highest value, patients, volumes.

    `notices` counts what the table of what was left out has to tell.
    """

    images: dict[tuple[str, str | None], int]
    values: tuple[float, float]
    unit: str = "intensity"
    patients: int = 0
    volumes: int = 0
    shapes: set[tuple[int, int]] | None = None
    notices: dict[str, int] = field(default_factory=dict)
    columns: Columns | None = None


GE = "dicom_ct/ge_head"
HANNOVER = Columns(image="image_id", label="projection", patient="patient_id")
SETS = {
    "breastmnist": Expected(
        {("0", "train"): 147, ("0", "tuning"): 21, ("0", "holdout"): 42,
         ("1", "train"): 399, ("1", "tuning"): 57, ("1", "holdout"): 114}, (0, 255), shapes={(28, 28)}),
    "pneumoniamnist_full": Expected(
        {("0", "train"): 1214, ("0", "tuning"): 135, ("0", "holdout"): 234,
         ("1", "train"): 3494, ("1", "tuning"): 389, ("1", "holdout"): 390}, (0, 255), shapes={(28, 28)}),
    "mednist_6k/images": Expected(
        {(name, None): 1000 for name in ("AbdomenCT", "BreastMRI", "CXR", "ChestCT", "Hand", "HeadCT")}, (0, 255),
        shapes={(64, 64)}),
    "hannover_cxr": Expected({("ap", None): 194, ("pa", None): 49}, (0, 255), patients=71, columns=HANNOVER),
    "dicom_ct/ge_head": Expected(
        {("GE", None): 28}, (-1500, 2121), "HU", 1, 1, {(512, 512)}, {"series.missing": 1}),
    "dicom_ct/siemens_totalseg": Expected({("example_ct_dicom", None): 20}, (-1024, 1839), "HU", 0, 1, {(512, 512)}),
    "mha/elastix/Testing/Baselines": Expected(
        {("Baselines", None): 129}, (-1255, 1474), "HU", 0, 1, {(157, 115)}),
    "mha/elastix/dox/exampleinput": Expected(
        {("exampleinput", None): 3}, (-4, 251), "intensity", 0, 3, {(256, 256)}, {"not_image": 9, "mask": 1}),
    "nrrd_pyradiomics": Expected(
        {("data", None): 25 + 23 + 21 + 13}, (0, 3057), "intensity", 0, 4, {(256, 256), (120, 45), (67, 82)},
        {"mask": 3, "not_image": 1}),
    "nifti/totalseg/tests/reference_files/example_ct.nii.gz": Expected(
        {("example_ct", None): 112}, (-1207, 3382), "HU", 0, 1, {(101, 122)}),
}  # fmt: skip
"""BreastMNIST: 210 malignant, 570 others. PneumoniaMNIST: 4708, 524, 624 by role; 1583 normal, 4273 pneumonia."""


@pytest.mark.parametrize("name", SETS)
def test_a_real_set_is_what_its_source_says(name: str, data: Data) -> None:
    expected = SETS[name]
    found = list(readers.read(data(name), expected.columns))
    slices = [each for each in found if isinstance(each, Slice)]
    assert Counter((each.label, each.role) for each in slices) == expected.images
    assert {each.unit for each in slices} == {expected.unit}
    low, high = min(each.pixels.min() for each in slices), max(each.pixels.max() for each in slices)
    assert (low, high) == expected.values
    assert len({each.patient for each in slices} - {None}) == expected.patients
    assert len({each.volume for each in slices} - {None}) == expected.volumes
    if expected.shapes is not None:
        assert {each.pixels.shape[1:] for each in slices} == expected.shapes
    assert Counter(each.code for each in found if isinstance(each, Skipped)) == expected.notices


def test_mnist_has_its_seventy_thousand_digits_and_its_own_holdout(data: Data) -> None:
    counts = Counter((each.label, each.role) for each in readers.read(data("mnist_idx")) if isinstance(each, Slice))
    assert sum(count for (_, role), count in counts.items() if role == "train") == 60_000
    assert sum(count for (_, role), count in counts.items() if role == "holdout") == 10_000
    assert {label for label, _ in counts} == set("0123456789")
    assert counts["0", "holdout"] == 980


def test_ge_slices_have_their_spacing_and_modality(data: Data) -> None:
    slices = [each for each in readers.read(data(GE)) if isinstance(each, Slice)]
    assert {(each.spacing_mm, each.modality) for each in slices} == {((0.4882812, 0.4882812), "CT")}
