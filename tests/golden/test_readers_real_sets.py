"""The golden table: every real set comes out with the counts, units, roles and patients that its SOURCE.txt names."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ganaug_core import readers
from ganaug_core.readers import Choices, Columns, folders
from ganaug_core.records import Skipped, Slice

Data = Callable[[str], Path]


@dataclass(frozen=True)
class Expected:
    """What SOURCE.txt says: images by class and role, unit, lowest and highest value, patients, volumes.

    `notices` counts what the table of what was left out has to tell; `masked` the slices that come with a mask.
    """

    images: dict[tuple[str, str | None], int]
    values: tuple[float, float]
    unit: str = "intensity"
    patients: int = 0
    volumes: int = 0
    shapes: set[tuple[int, int]] | None = None
    notices: dict[str, int] = field(default_factory=dict)
    columns: Columns | None = None
    masked: int = 0


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
        {("exampleinput", None): 3}, (-4, 251), "intensity", 0, 3, {(256, 256)}, {"not_image": 9, "mask": 1},
        masked=2),
    "mha/elastix/Testing/Data/3DCT_lung_baseline_small.mha": Expected(
        {("3DCT_lung_baseline_small", None): 64}, (-1130, 1379), "HU", 0, 1, {(78, 57)}),
    "mha/elastix/Testing/Data/2DMRI-T1_brain.mha": Expected(
        {("2DMRI-T1_brain", None): 1}, (-2, 217), "intensity", 0, 1, {(256, 256)}),
    "nrrd_pyradiomics": Expected(
        {("data", None): 25 + 23 + 21 + 13}, (0, 3057), "intensity", 0, 4, {(256, 256), (120, 45), (67, 82)},
        {"mask": 3, "not_image": 1}, masked=25 + 23 + 21 + 13),
    "nifti/totalseg/tests/reference_files/example_ct.nii.gz": Expected(
        {("example_ct", None): 112}, (-1207, 3382), "HU", 0, 1, {(101, 122)}),
    "nifti/totalseg/tests/reference_files/example_ct_sm.nii.gz": Expected(
        {("example_ct_sm", None): 30}, (-1100, 1207), "HU", 0, 1, {(101, 122)}),
    "nifti/totalseg/tests/reference_files/example_mr_sm.nii.gz": Expected(
        {("example_mr_sm", None): 20}, (-47, 833), "intensity", 0, 1, {(91, 117)}),
    "nifti/totalseg/tests/reference_files/pulmonary_report": Expected(
        {("models", None): 112}, (-1064, 3343), "HU", 0, 1, {(102, 122)}, {"mask": 1}),
}  # fmt: skip
"""BreastMNIST: 210 malignant, 570 others. PneumoniaMNIST: 4708, 524, 624 by role; 1583 normal, 4273 pneumonia."""


@pytest.mark.parametrize("name", SETS)
def test_a_real_set_is_what_its_source_says(name: str, data: Data) -> None:
    expected = SETS[name]
    results = list(readers.read(data(name), expected.columns))
    slices = [result for result in results if isinstance(result, Slice)]
    assert Counter((image.label, image.role) for image in slices) == expected.images
    assert {image.unit for image in slices} == {expected.unit}
    low, high = min(image.pixels.min() for image in slices), max(image.pixels.max() for image in slices)
    assert (low, high) == expected.values
    assert len({image.patient for image in slices} - {None}) == expected.patients
    assert len({image.volume for image in slices} - {None}) == expected.volumes
    if expected.shapes is not None:
        assert {image.pixels.shape[1:] for image in slices} == expected.shapes
    assert Counter(result.code for result in results if isinstance(result, Skipped)) == expected.notices
    assert sum(image.mask is not None for image in slices) == expected.masked


def test_every_set_of_images_stands_in_the_table(data: Data) -> None:
    folders_of_classes = {path.name for path in data("mednist_6k").parent.iterdir() if path.is_dir()}
    elsewhere = {"mnist_idx", "dicom_robust"}  # below, and in test_readers_against_pydicom
    assert folders_of_classes - elsewhere == {name.split("/")[0] for name in SETS}


def test_a_segmentation_of_many_organs_is_the_mask_of_the_volume_on_its_grid(data: Data) -> None:
    home = data("nifti/totalseg/tests/reference_files")
    files = [(home / "example_ct_sm.nii.gz", "a.nii.gz", "ct"), (home / "example_seg.nii.gz", "a_seg.nii.gz", "ct")]
    liver = [
        result
        for result in folders.read_files(files, Choices(slices="mask", mask_label=5))
        if isinstance(result, Slice)
    ]
    organs = [result for result in folders.read_files(files, Choices()) if isinstance(result, Slice)]
    assert len(organs) == 30
    assert all(image.mask is not None for image in organs)
    inside = np.concatenate([image.pixels[0][image.mask == 1] for image in liver])
    assert 0 < np.median(inside) < 150, "HU of a liver with contrast"


def test_mnist_has_its_seventy_thousand_digits_and_its_own_holdout(data: Data) -> None:
    counts = Counter(
        (result.label, result.role) for result in readers.read(data("mnist_idx")) if isinstance(result, Slice)
    )
    assert sum(count for (_, role), count in counts.items() if role == "train") == 60_000
    assert sum(count for (_, role), count in counts.items() if role == "holdout") == 10_000
    assert {label for label, _ in counts} == set("0123456789")
    assert counts["0", "holdout"] == 980


def test_ge_slices_have_their_spacing_and_modality(data: Data) -> None:
    slices = [result for result in readers.read(data(GE)) if isinstance(result, Slice)]
    assert {(image.spacing_mm, image.modality) for image in slices} == {((0.4882812, 0.4882812), "CT")}
