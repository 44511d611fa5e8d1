"""The command line of cohorts: what it takes beyond a folder, and what its JSON tells."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bad_input
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ganaug_core.cli import commands
from ganaug_core.cohort import as_json, import_cohort
from ganaug_core.storage.workspace import Workspace
from tests import stained_cells
from tests.mask_files import Series, write_seg, write_series

Data = Callable[[str], Path]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


def answered(*arguments: str) -> dict[str, object]:
    """Run `ganaug cohort ...` and return its JSON."""
    result = CliRunner().invoke(commands(), ["cohort", *arguments, "--json", "-"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_the_terminal_names_what_was_left_out_and_the_document_does_not(place: Workspace, tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 8, "b": 8})
    bad_input.truncated(home / "a" / "07.png")
    result = CliRunner().invoke(commands(), ["cohort", "import", str(home), "--name", "c", "--json", "-"])
    assert "a/07.png" in result.stderr
    assert "07.png" not in result.stdout
    assert '"left-out file 1"' in result.stdout


def test_a_pattern_names_the_patients(place: Workspace, tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20})
    for path in home.glob("*/*.png"):
        path.rename(path.with_name(f"{path.parent.name}{int(path.stem) // 4}_{path.stem}.png"))
    told = answered(
        "import", str(home), "--name", "c", "--patient-pattern", "{patient}_*", "--near-duplicate-limit", "0"
    )
    assert (told["patients"], told["fixed"], told["suspected_text"]) == (10, True, [])
    roles = {}
    for image in told["images"]:  # type: ignore[attr-defined]
        roles.setdefault(image["patient"], set()).add(image["role"])
    assert all(len(of_patient) == 1 for of_patient in roles.values())
    assert answered("show", "c") == told
    listed = answered("list")["cohorts"]
    assert [(cohort["name"], cohort["n"], cohort["fixed"]) for cohort in listed] == [("c", 40, True)]  # type: ignore[attr-defined]
    gone = answered("remove", "c")
    assert gone["removed"] == "c"
    assert not any(gone["made_from_it"].values())  # type: ignore[attr-defined]
    assert answered("list") == {"cohorts": []}


def test_a_volume_is_thinned_and_its_range_given_in_percent(place: Workspace, data: Data) -> None:
    source = data("nifti/totalseg/tests/reference_files/example_ct.nii.gz")
    more = ("--every", "8", "--range", "1%,99%", "--size", "64", "--near-duplicate-limit", "0")
    told = answered("import", str(source), "--name", "v", *more)
    assert (told["n"], told["volumes"], told["unit"]) == (14, 1, "HU")
    low, high = told["range"]  # type: ignore[misc]
    pixels = place.cohort("v").pixels
    assert -1207 <= low < high < 3382
    assert (pixels.min(), pixels.max()) == (np.ceil(low), np.floor(high))
    assert any("which were set to the ends" in note for note in told["notes"])  # type: ignore[attr-defined]


def test_colour_is_kept_where_it_is_asked_for(place: Workspace, tmp_path: Path) -> None:
    source = stained_cells.folders(tmp_path / "cells", *stained_cells.cells(5, 16))
    more = ("--size", "16", "--near-duplicate-limit", "0")
    assert answered("import", str(source), "--name", "grey", *more)["channels"] == 1
    assert answered("import", str(source), "--name", "colour", "--colour", *more)["channels"] == 3
    assert place.cohort("colour").shape == (3, 16, 16)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--range", "1%,99"), "mixes"),
        (("--range", "a,b"), "two numbers"),
        (("--patient-pattern", "P_*"), "{patient}"),
        (("--plane", "diagonal"), "diagonal"),
    ],
)
def test_what_cannot_be_is_answered_in_words(
    place: Workspace, tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 5, "b": 5})
    result = CliRunner().invoke(commands(), ["cohort", "import", str(home), "--name", "c", *arguments])
    assert word in str(result.exception) + result.output
    assert place.names("cohorts") == []


def test_the_lesions_of_a_dicom_segmentation_are_cut_out(place: Workspace, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("benign", "malignant"):
        for number in range(3):
            series = Series(uid=f"1.2.{len(name)}.{number}")
            home = tmp_path / "s" / name / str(number)
            write_series(home, series, random.integers(-99, 99, series.shape).astype(np.int16))
            marked = np.zeros((20, 30))
            marked[5:12, 10:20] = 1
            write_seg(home / "seg.dcm", series, [(1, place, marked) for place in (1, 2, 4)])
    more = (
        "--slices",
        "mask",
        "--every",
        "2",
        "--crop",
        "--size",
        "16",
        "--near-duplicate-limit",
        "0",
        "--holdout",
        "0.34",
    )
    told = answered(
        "import", str(tmp_path / "s"), "--name", "m", *more, "--seed", "1", "--patient-pattern", "*/{patient}/*"
    )
    assert (told["n"], told["masks"], told["volumes"]) == (12, 12, 6)
    said = CliRunner().invoke(commands(), ["cohort", "show", "m"]).output
    assert said.count("Mask: ") == 3
    assert "... and 3 more" in said
    assert "Left out" not in said


def test_twins_are_counted_as_images_and_groups_in_words_and_in_the_document(place: Workspace, tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20})
    for number, turned in enumerate((Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90)):
        Image.open(home / "a" / "00.png").transpose(turned).save(home / "a" / f"twin{number}.png")
    Image.open(home / "a" / "05.png").transpose(Image.Transpose.ROTATE_180).save(home / "b" / "other.png")
    shutil.copy(home / "a" / "07.png", home / "a" / "again.png")
    counts = {"exact": 1, "registered": 5, "groups": 2, "across_split": 0, "across_classes": 1}
    told = answered("import", str(home), "--name", "c", "--size", "16")
    assert told["duplicates"] == counts
    assert answered("show", "c")["duplicates"] == counts
    said = CliRunner().invoke(commands(), ["cohort", "show", "c"]).stdout
    assert "1 exact duplicate left out: one image of each is enough." in said
    assert "5 images in 2 groups are one with another after a flip, a turn or a shift. They stay" in said
    assert "The same image lies in two classes: 1 time." in said
    answered("import", str(home), "--name", "unsought", "--size", "16", "--near-duplicate-limit", "0")
    said = CliRunner().invoke(commands(), ["cohort", "show", "unsought"]).stdout
    assert "were not looked for: the limit was 0" in said


def test_a_cohort_without_counts_is_still_told_whole(place: Workspace, tmp_path: Path) -> None:
    cohort = import_cohort(bad_input.pictures(tmp_path / "s", {"a": 8, "b": 8}), "c", near_duplicate_limit=0)[0]
    old = replace(cohort, duplicates={"exact": 3}, near_duplicates=np.array([[0, 1], [1, 4]]))
    told = as_json(replace(old, near_duplicate_distances=np.zeros(2, np.float32)))
    assert told["duplicates"] == {"exact": 3, "registered": 3, "groups": 1, "across_split": 0, "across_classes": 0}
