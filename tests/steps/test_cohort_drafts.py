"""A split that is still a proposal: made again with other patients, limits, shares; then fixed for good."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bad_input
import numpy as np
import pytest

from ganaug_core import neighbours, pipeline
from ganaug_core.cohort import draft_split, file_name_patterns
from ganaug_core.config.importing import Plan
from ganaug_core.config.requests import ImportCohort, Train
from ganaug_core.errors import CohortError
from ganaug_core.jobs import launch, store
from ganaug_core.records import HOLDOUT, ROLES, TRAIN
from ganaug_core.storage.workspace import Workspace

Data = Callable[[str], Path]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(launch, "ensure", lambda workspace: None)
    return Workspace(tmp_path / "workspace")


def pairs_found(monkeypatch: pytest.MonkeyPatch, pairs: list[list[int]], distances: list[float]) -> list[float]:
    """Let the search of twins find these pairs; return the limits that it was asked for."""
    asked: list[float] = []

    def search(images: np.ndarray, limit: float, report: object = None) -> tuple[np.ndarray, np.ndarray]:
        asked.append(limit)
        near = [row for row, distance in enumerate(distances) if distance <= limit]
        return np.array([pairs[row] for row in near], np.int64).reshape(-1, 2), np.array(
            [distances[row] for row in near], np.float32
        )

    monkeypatch.setattr(neighbours, "near_duplicate_pairs", search)
    return asked


def drafted(place: Workspace, source: Path, **plan: Any) -> str:
    """Import a draft of named files `P<patient>_<number>.png` and return its name."""
    request = ImportCohort(source=str(source), name="d", draft=True, size=16, plan=Plan(**plan))
    return pipeline.import_cohort(place, request)


def named_by_patient(home: Path, patients: int = 10, images: int = 4) -> Path:
    """Write a folder a/ and b/ whose file names tell the patient."""
    bad_input.pictures(home / "source", {"a": patients * images, "b": patients * images})
    for name in "ab":
        for number, path in enumerate(sorted((home / "source" / name).iterdir())):
            path.rename(path.with_name(f"P{name}{number // images:03}_{number % images}.png"))
    return home / "source"


def test_a_pattern_is_tried_and_then_keeps_patients_together(place: Workspace, tmp_path: Path) -> None:
    name = drafted(place, named_by_patient(tmp_path), near_duplicate_limit=0)
    before = place.cohort(name)
    assert not before.fixed
    assert (before.patients == -1).all()
    draft = draft_split.of(place, name)
    cohort = draft_split.tried(before, draft, Plan(near_duplicate_limit=0, pattern="{patient}_*"), place.paths(name))
    assert len(np.unique(cohort.patients)) == 20
    for patient in np.unique(cohort.patients):
        assert len(np.unique(cohort.roles[cohort.patients == patient])) == 1
    assert np.array_equal(place.cohort(name).patients, before.patients), "to try writes nothing"

    draft_split.revise(place, name, Plan(near_duplicate_limit=0, pattern="{patient}_*"))
    again = place.cohort(name)
    assert np.array_equal(again.roles, cohort.roles)
    assert np.array_equal(again.pixels, before.pixels)
    assert draft_split.plan_of(draft_split.of(place, name)).pattern == "{patient}_*"
    assert not any("Patients are unknown" in note for note in again.provenance["notes"])


def test_a_table_tells_the_patients_by_file_name(place: Workspace, tmp_path: Path) -> None:
    name = drafted(place, named_by_patient(tmp_path), near_duplicate_limit=0)
    files = [Path(path).name for path in place.paths(name).values()]
    draft_split.revise(place, name, Plan(near_duplicate_limit=0, table={file: file[:5] for file in files[5:]}))
    cohort = place.cohort(name)
    assert (cohort.patients == -1).sum() == 5, "five files are not in the table"


def test_a_duplicate_that_was_left_out_ties_the_patients_of_a_pattern(place: Workspace, tmp_path: Path) -> None:
    source = named_by_patient(tmp_path)
    shutil.copy(source / "a/Pa000_0.png", source / "a/Pa009_3.png")
    name = drafted(place, source, near_duplicate_limit=0)
    cohort = draft_split.revise(place, name, Plan(near_duplicate_limit=0, pattern="{patient}_*"))
    paths = place.paths(name)
    group = {paths[str(image_id)]: int(number) for image_id, number in zip(cohort.ids, cohort.groups, strict=True)}
    assert group["a/Pa000_1.png"] == group["a/Pa009_0.png"]
    assert group["a/Pa000_1.png"] != group["a/Pa001_0.png"]


def test_the_near_duplicate_limit_can_be_moved_both_ways_without_a_new_search(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pairs_found(monkeypatch, [[0, 1], [2, 3], [4, 5]], [0.01, 0.06, 0.09])
    name = drafted(place, bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20}))
    assert asked == [0.1], "wider than the limit, so that it can be moved"
    for limit, count in ((0.05, 1), (0.08, 2), (0.1, 3), (0.0, 0)):
        cohort = draft_split.revise(place, name, Plan(near_duplicate_limit=limit))
        assert len(cohort.near_duplicates) == count
        assert (cohort.roles[cohort.near_duplicates[:, 0]] == cohort.roles[cohort.near_duplicates[:, 1]]).all()
        assert len(np.unique(cohort.groups)) == 40 - count


def test_a_move_takes_the_whole_patient_along(place: Workspace, tmp_path: Path) -> None:
    name = drafted(place, named_by_patient(tmp_path), near_duplicate_limit=0)
    plan = Plan(near_duplicate_limit=0, pattern="{patient}_*")
    cohort = draft_split.revise(place, name, plan)
    row = int(cohort.where(TRAIN)[0])
    moved = draft_split.revise(
        place, name, Plan(near_duplicate_limit=0, pattern="{patient}_*", moved={str(cohort.ids[row]): "holdout"})
    )
    there = moved.patients == moved.patients[row]
    assert there.sum() == 4
    assert (moved.roles[there] == HOLDOUT).all()
    assert (moved.roles[~there] == cohort.roles[~there]).all()


def test_what_is_fixed_never_changes(place: Workspace, tmp_path: Path) -> None:
    name = drafted(place, bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20}), near_duplicate_limit=0)
    draft_split.fix(place, name)
    fixed = place.cohort(name)
    assert fixed.fixed
    assert place.attached("cohorts", name, draft_split.FILE) is None, "file names of duplicates go with the draft"
    draft_split.fix(place, name)
    assert place.cohort(name).digest == fixed.digest
    with pytest.raises(CohortError, match="never changes"):
        draft_split.revise(place, name, Plan(seed=1))


def test_a_fixed_draft_is_the_cohort_that_the_command_line_imports(place: Workspace, tmp_path: Path) -> None:
    source = bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20})
    name = drafted(place, source, near_duplicate_limit=0)
    draft_split.fix(place, name)
    request = ImportCohort(source=str(source), name="direct", size=16, plan=Plan(near_duplicate_limit=0))
    direct = pipeline.import_cohort(place, request)
    one, other = place.cohort(name), place.cohort(direct)
    assert other.fixed
    assert one.digest == other.digest
    assert np.array_equal(one.groups, other.groups)
    assert one.identity == other.identity


def test_the_first_training_fixes_the_split(place: Workspace, tmp_path: Path) -> None:
    name = drafted(place, bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20}), near_duplicate_limit=0)
    store.submit(place, Train(cohort=name, name="r", config={}))
    assert place.cohort(name).fixed
    assert place.reference("runs", "r").origin.inputs["cohort"] == place.cohort(name).identity


def test_the_sources_own_split_is_fixed_at_once(place: Workspace, tmp_path: Path) -> None:
    for role in ROLES:
        bad_input.pictures(tmp_path / "s" / role, {"a": 5, "b": 5}, seed=len(role))
    name = drafted(place, tmp_path / "s", near_duplicate_limit=0)
    assert place.cohort(name).fixed
    with pytest.raises(CohortError, match="never changes"):
        draft_split.of(place, name)


def test_a_plan_that_cannot_be_changes_nothing(place: Workspace, tmp_path: Path) -> None:
    name = drafted(place, named_by_patient(tmp_path), near_duplicate_limit=0)
    before = place.cohort(name).digest
    for plan in (Plan(tuning=0.6, holdout=0.5), Plan(pattern="no mark_*"), Plan(pattern="{patient}{patient}")):
        with pytest.raises(CohortError):
            draft_split.revise(place, name, plan)
    assert place.cohort(name).digest == before


# patterns


@pytest.mark.parametrize(
    ("pattern", "file", "patient"),
    [
        ("{patient}_*", "a/P017_03.png", "P017"),
        ("{patient}_*", "a/P017_left_03.png", "P017"),
        ("{patient}-*.png", "P1-2.png", "P1"),
        ("{patient}-*.png", "P1-2.jpeg", None),
        ("{patient}_*", "P017.png", None),
        ("{patient}/*", "class/P3/01.png", "P3"),
        ("{patient}/*/*", "P3/series/01.dcm", "P3"),
        ("scan*_{patient}.png", "scan4_A.1.png", "A.1"),
        ("{patient}_*", "P5_scan.nii.gz:17", "P5"),
        ("[a]{patient}_*", "a/[a]7_1.png", "7"),
    ],
)
def test_patterns_say_where_the_patient_stands(pattern: str, file: str, patient: str | None) -> None:
    assert file_name_patterns.patients(pattern, [file]) == [patient]


def test_patterns_are_suggested_where_they_fit_every_name() -> None:
    assert file_name_patterns.suggestions(["a/P1_1.png", "a/P1_2.png", "b/P2_1.png"]) == [
        ("{patient}_*", 2),
        ("{patient}/*", 2),
    ]
    assert file_name_patterns.suggestions(["1.png", "2.png"]) == []


@pytest.mark.parametrize("pattern", ["*", "{patient}_{patient}", "", "{patient}*", "{patient}_" + "*" * 300])
def test_a_pattern_without_one_patient_is_refused(pattern: str) -> None:
    with pytest.raises(CohortError) as caught:
        file_name_patterns.patients(pattern, ["a.png"])
    assert "{patient}" in caught.value.what


def test_a_hostile_pattern_does_not_hang() -> None:
    assert file_name_patterns.patients("*a" * 20 + "{patient}" + "b*a" * 20, ["a" * 20_000 + "c"]) == [None]
