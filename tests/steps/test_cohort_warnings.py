"""What is known before the work is said before it: names that seem to tell patients, small classes, unfit classes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bad_input
import numpy as np
import pytest
from small_cohort import squares
from typer.testing import CliRunner

from ganaug_core import generators, pipeline
from ganaug_core.cli import commands
from ganaug_core.cohort import draft_split, file_name_patterns, import_cohort, import_samples, small_classes
from ganaug_core.config import configure
from ganaug_core.config.importing import Plan
from ganaug_core.config.requests import ImportCohort, Train
from ganaug_core.errors import CohortError, ConfigurationError
from ganaug_core.readers import Columns
from ganaug_core.records import HOLDOUT, Intensity, Samples
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training

PATIENT_FOLDERS = [
    f"{c}/{c[0]}{p:02d}/40X/{k}.png" for c in ("benign", "malignant") for p in range(5) for k in range(3)
]


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))


def source_of(folder: Path, files: Sequence[str]) -> Path:
    pictures = bad_input.pictures(folder.with_name("pictures"), {"all": len(files)})
    for number, name in enumerate(files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (pictures / "all" / f"{number:02}.png").rename(folder / name)
    return folder


# ---- patients ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        (PATIENT_FOLDERS, ("{patient}/*/*", 10)),
        ([f"{'ab'[p % 2]}/sub-{p}_ses-{s}_T1w.png" for p in range(8) for s in (1, 2)], ("{patient}_*", 8)),
        ([f"{'ab'[p % 2]}/P{p}/{s}.png" for p in range(8) for s in (1, 2)], ("{patient}/*", 8)),
        ([f"{'ab'[p % 2]}/{p:04d}-{s}.png" for p in range(8) for s in (1, 2)], ("{patient}-*", 8)),
    ],
)
def test_names_that_seem_to_tell_patients_are_proposed(files: list[str], pattern: tuple[str, int]) -> None:
    assert pattern in file_name_patterns.suggestions(files, [file[0] == "b" for file in files])


@pytest.mark.parametrize(
    "files",
    [
        [f"{c}/{k:02}.png" for c in "ab" for k in range(20)],
        [f"{c}/img{k:02}.png" for c in "ab" for k in range(20)],
        [f"{c}/{k:02}_scan.png" for c in "ab" for k in range(20)],
        [f"{c}/{zoom}X/{k}.png" for c in "ab" for zoom in (40, 100, 200, 400) for k in range(5)],
        [f"{part}/{c}/{k}.png" for part in ("train", "val", "test") for c in "ab" for k in range(3)],
        [f"{c}/{c}_{k}.png" for c in "ab" for k in range(5)],
    ],
)
def test_running_numbers_classes_and_sorts_of_images_are_no_patients(files: list[str]) -> None:
    labels = [{"a": 0, "b": 1}[next(part for part in file.split("/") if part in "ab")] for file in files]
    assert file_name_patterns.suggestions(files, labels) == []


def test_the_command_line_proposes_patients_while_the_split_can_still_be_made_with_them(tmp_path: Path) -> None:
    source, home = source_of(tmp_path / "s", PATIENT_FOLDERS), Workspace(tmp_path / "home")
    arguments = ["cohort", "import", str(source), "--size", "16", "--near-duplicate-limit", "0", "--name"]
    result = CliRunner().invoke(commands(), [*arguments, "c", "--json", "-"])
    told = json.loads(result.stdout)
    assert (told["patients"], told["fixed"]) == (None, False)
    assert "10 patients ({patient}/*/*)" in result.stderr
    assert "--patient-pattern '{patient}/*/*'" in " ".join(told["notes"])
    draft_split.revise(home, "c", replace(draft_split.plan_of(draft_split.of(home, "c")), pattern="{patient}/*/*"))
    assert len(np.unique(home.cohort("c").patients)) == 10
    result = CliRunner().invoke(commands(), [*arguments, "d", "--patient-pattern", "{patient}/*/*", "--json", "-"])
    told = json.loads(result.stdout)
    assert (told["patients"], told["fixed"]) == (10, True)
    assert "seem to name" not in " ".join(told["notes"])


def test_one_patient_of_all_images_is_said(tmp_path: Path) -> None:
    bad_input.pictures(tmp_path, {"files": 6})
    rows = [[f"{number:02}.png", "ab"[number % 2], "ANON"] for number in range(6)]
    table = bad_input.table(tmp_path / "t.csv", [["image", "label", "PatientID"], *rows])
    notes = import_cohort(table, "c", near_duplicate_limit=0)[0].provenance["notes"]
    assert any(note.startswith("All 6 images carry the same patient ID") for note in notes)


# ---- small classes, and classes that no generator can have ----------------------------------------------------------


def test_small_classes_are_named_with_what_is_there_of_them(tmp_path: Path) -> None:
    source = bad_input.pictures(tmp_path / "s", {"common": 50, "rare": 3, "single": 1})
    cohort = import_cohort(source, "c", near_duplicate_limit=0)[0]
    nothing, few = small_classes.sentences(cohort)
    assert nothing.startswith(
        "Nothing is held out of single (1 image to learn from): what a generator makes of it can "
    )
    assert few.startswith("Very few images of rare (2 to learn from, 1 held out): ")
    assert {nothing, few} <= set(cohort.provenance["notes"])
    assert small_classes.sentences(squares((40, 40))) != []
    held_out = np.where(np.arange(104) % 2, HOLDOUT, squares((40, 40)).roles)
    assert small_classes.sentences(replace(squares((40, 40)), roles=held_out)) == []


def test_a_training_says_it_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Workspace(tmp_path / "home")
    home.keep(replace(squares((40, 2)), name="c"), "c")
    monkeypatch.setattr("ganaug_core.jobs.store.submit", lambda *_: (_ for _ in ()).throw(CohortError("x", do="y")))
    said = CliRunner().invoke(commands(), ["train", "c", "--name", "r", "--images", "16"]).stderr
    assert "side 6 (2 to learn from, 6 held out)" in said


@pytest.mark.parametrize(
    ("names", "word"),
    [
        (("Malignant", "malignant"), "differ by capitals only"),
        (("a", "x" * 201), "more than 200 letters"),
        (("a", "b\nc"), "line breaks"),
        (tuple(f"class {number}" for number in range(201)), "201 classes, and a generator can have 200"),
    ],
)
def test_classes_that_no_passport_holds_are_refused_before_the_first_step(
    names: tuple[str, ...], word: str, workspace: Workspace
) -> None:
    workspace.keep(replace(squares((4, 4)), name="c", classes=names), "c")
    config = configure("dcgan-64", images=64)
    with pytest.raises(ConfigurationError, match=word):
        pipeline.begin_run(workspace, Train(cohort="c", name="r", config=config.model_dump(mode="json")))
    assert workspace.names("runs") == []


def test_whatever_a_passport_cannot_hold_is_refused_when_a_run_is_prepared() -> None:
    cohort = replace(squares((4, 4), size=16), intensity=Intensity("intensity", 0.0, 2e9))
    with pytest.raises(ConfigurationError, match="cannot hold this IntensityCard: high: Input should be less"):
        Training(cohort, configure("dcgan-64", images=64, device="cpu", threads=1))


# ---- own exports ---------------------------------------------------------------------------------------------------

ODD = ("..", "../../escaped", "<b>bold</b>", "N/A", "a/b", "x" * 150, "CON", "n/a")


@pytest.mark.parametrize("format", ["png", "npz"])
def test_an_export_is_read_again_whatever_its_classes_are_called(format: str, tmp_path: Path) -> None:
    cohort = replace(squares((2, 2)), classes=ODD)
    labels = np.arange(2 * len(ODD)) % len(ODD)
    images = np.random.default_rng(0).uniform(-1, 1, (len(labels), 1, 16, 16)).astype(np.float32)
    ids = np.array([f"{number:012x}" for number in range(len(labels))])
    samples = Samples(
        name="s", digest="d" * 64, images=images, labels=labels, ids=ids, classes=ODD, source="generator", provenance={}
    )
    generators.export(samples, cohort.intensity, tmp_path / "out", format)  # type: ignore[arg-type]
    again = import_samples(tmp_path / "out", cohort, "again")
    assert sorted(again.labels.tolist()) == sorted(labels.tolist())
    for label in range(len(ODD)):
        np.testing.assert_allclose(again.images[again.labels == label], images[labels == label], atol=0.005)


def test_a_name_that_is_taken_is_refused_before_anything_is_read(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.keep(replace(squares(), name="c"), "c")
    monkeypatch.setattr("ganaug_core.readers.read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(Exception, match="already a cohort named c"):
        pipeline.import_cohort(workspace, ImportCohort(source=str(tmp_path), name="C", plan=Plan()))


def test_a_request_from_before_findings_could_be_chosen_is_found_again(workspace: Workspace) -> None:
    request = ImportCohort(source="x", name="c", columns=Columns(label="l"))
    assert "contains" not in pipeline.outcome(workspace, request).origin.settings["columns"]
