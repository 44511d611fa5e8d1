"""Subgroups on request: what is planted is named, fresh images and chance raise no alarm, few patients stay unseen."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bad_input
import numpy as np
import pytest
from small_cohort import squares

from ganaug_core import audit as audit_package
from ganaug_core import cli, pipeline
from ganaug_core.audit import as_json, audit, methods
from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.subgroups import compared
from ganaug_core.cohort import as_json as cohort_as_json
from ganaug_core.cohort import draft_split, reduce_class, withdrawal
from ganaug_core.cohort.subset import subset
from ganaug_core.config.importing import Columns, Plan
from ganaug_core.config.requests import AuditSamples, ImportCohort
from ganaug_core.errors import EvidenceError
from ganaug_core.records import HOLDOUT, Audit, Cohort, Samples, Subgroup
from ganaug_core.records.subgroups import FEW, WITHHELD, column, suppressed
from ganaug_core.storage.workspace import Workspace
from tests.evidence_records import remembering
from tests.subgroup_records import world

DRAWS = 40


def rows(comparison: Comparison) -> dict[tuple[str, str], Subgroup]:
    """Return what is said of each subgroup and question."""
    return {(row.group, row.question): row for row in compared(comparison, comparison.cohort.columns).rows}


def named(comparison: Comparison) -> set[tuple[str, str]]:
    return {key for key, row in rows(comparison).items() if row.state == "named"}


def with_values(cohort: Cohort, *columns: str, **values: Any) -> Cohort:
    """Return the cohort with other kept columns, of its images in order."""
    return replace(
        cohort, columns=tuple(values), column_values=np.array(list(zip(*values.values(), strict=True)), np.str_)
    )


# what is planted


def test_a_subgroup_that_is_missing_from_the_synthetic_images_is_named() -> None:
    found = rows(world(0, made=0.0))
    row = found["B", "coverage"]
    assert row.state == "named"
    assert row.says.startswith("Too rare among the synthetic images, below four fifths of its share.")
    assert row.value == pytest.approx(0, abs=0.05)
    assert row.reference == pytest.approx(0.3, abs=0.12)
    assert row.interval is not None
    assert row.interval[1] < -0.1
    assert row.p_value is not None
    assert row.p_corrected is not None
    assert row.p_value < row.p_corrected < 0.01
    assert (row.n_real, row.n_synthetic) == (140, 600)  # of 400 patients
    assert "at least 0.8 times as often" in row.test
    assert found["A", "coverage"].state == "not_named"  # there are more of them than there should be
    assert found["A", "intensities"].says == (
        "Not tested: by pixel values the subgroup cannot be told from the other patients."
    )


def test_a_subgroup_that_is_brighter_than_the_synthetic_images_is_named() -> None:
    row = rows(world(1, apart=0.0, brighter=2.0, made_brighter=0.0))["B", "intensities"]
    assert row.state == "named"
    assert row.says.startswith("Its pixel values are too rare among the synthetic images")
    assert "A" not in {group for group, _ in named(world(1, apart=0.0, brighter=2.0, made_brighter=0.0))}


def test_a_subgroup_whose_classes_cannot_be_learnt_from_the_synthetic_images_is_named() -> None:
    row = rows(world(0, patients=700, unlike=True))["B", "labels"]
    assert row.state == "named"
    assert row.says.startswith("Its classes are learnt less well from synthetic images, by more than 5 % than others.")
    assert "one learnt from as many training images in" in row.says
    assert row.value is not None
    assert row.reference is not None
    assert row.value > row.reference + 0.05


def test_several_images_a_patient_count_once() -> None:
    comparison = world(0, per_patient=5)
    held = np.unique(comparison.cohort.groups[comparison.holdout])
    assert rows(comparison)["B", "coverage"].n_real == len(held)
    assert rows(comparison)["B", "coverage"].patients == len(
        np.unique(comparison.cohort.groups[comparison.cohort.column_values[:, 0] == "B"])
    )


# false alarms


@pytest.mark.parametrize(
    "kind",
    [
        {"apart": 0.0},  # a subgroup at random
        {"apart": 4.0, "brighter": 2.0},  # one that looks different, among fresh images
        {"apart": 4.0, "brighter": 2.0, "per_patient": 4, "patients": 200},
    ],
)
def test_fresh_images_raise_an_alarm_in_at_most_one_of_twenty(kind: dict[str, Any]) -> None:
    alarms = sum(bool(named(world(seed, **kind))) for seed in range(DRAWS))
    assert alarms <= 5  # of 40: more happen by chance in 1.4 % where one in twenty is due


# few patients


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"F": 50, "M": 60}, {}),
        ({"F": 50, "M": 60, "X": 0}, {}),
        ({"F": 11, "M": 60}, {}),
        ({"F": 10, "M": 60}, {"F": FEW, "M": WITHHELD}),  # all less F tells M
        ({"A": 3, "B": 40, "C": 90}, {"A": FEW, "B": WITHHELD}),
        ({"A": 3, "B": 4, "C": 20, "D": 90}, {"A": FEW, "B": FEW, "C": WITHHELD}),  # 7 together are fewer than 11
        ({"A": 6, "B": 7, "C": 90}, {"A": FEW, "B": FEW}),
        ({"not stated": 2, "F": 50, "M": 60}, {"not stated": FEW, "F": WITHHELD}),
    ],
)
def test_what_has_ten_patients_or_fewer_is_withheld_and_what_it_follows_from(
    sizes: dict[str, int], expected: dict[str, str]
) -> None:
    assert suppressed(sizes) == expected


def test_no_number_of_a_small_subgroup_is_told_by_anything() -> None:
    comparison = world(0, made=0.0)
    inside = comparison.cohort.column_values[:, 0] == "B"
    values = np.where(inside, "B", np.where(np.arange(len(inside)) % 2, "A", "C")).astype("U4")
    values[np.flatnonzero(~inside)[:9]] = "rare"
    several = replace(comparison, cohort=with_values(comparison.cohort, scanner=values))
    found = compared(several, ["scanner"])
    of = column(several.cohort, "scanner")
    hidden = set(of.withheld)
    assert of.withheld["rare"] == FEW
    assert len(hidden) == 2
    for row in found.rows:
        if row.group in hidden:
            assert row.state == "not_shown"
            assert (row.value, row.reference, row.interval, row.patients, row.p_value, row.n_real) == (None,) * 6
            assert row.says in (
                "Not shown: 10 patients or fewer.",
                "Not shown: the number of a smaller subgroup would follow from it.",
            )
        else:
            assert row.patients == of.shown(row.group)
    assert any(note.startswith("Not shown, because they have 10 patients or fewer") for note in found.notes)
    shown = cohort_as_json(several.cohort)["columns"][0]
    assert all((group["n"] is None) == (group["group"] in hidden) for group in shown["groups"])
    total = len(np.unique(several.cohort.groups))
    assert total - sum(group["n"] or 0 for group in shown["groups"]) > 10


def test_what_rests_on_few_patients_of_one_share_is_not_tested_and_says_so() -> None:
    comparison = world(0)
    values = comparison.cohort.column_values[:, 0].copy()
    roles = comparison.cohort.roles
    values[(values == "B") & (roles == HOLDOUT)] = "A"
    values[np.flatnonzero(values == "B")[25:]] = "A"
    values[np.flatnonzero(roles == HOLDOUT)[:5]] = "B"
    found = rows(replace(comparison, cohort=with_values(comparison.cohort, scanner=values)))
    assert found["B", "labels"].says == "Not tested: 10 patients or fewer on one side of the split."
    assert found["A", "labels"].says == "Not tested: a smaller subgroup could be told from its numbers."
    assert found["B", "labels"].n_real is None


def test_numbers_are_cut_at_the_terciles_of_the_training_share() -> None:
    cohort = world(0).cohort
    ages = np.random.default_rng(0).integers(20, 90, len(cohort))
    aged = with_values(cohort, age=[str(age) for age in ages], decade=[str(age // 10 * 10) for age in ages])
    of = column(aged, "age")
    low, high = np.quantile(ages[cohort.roles == 0], (1 / 3, 2 / 3), method="inverted_cdf")
    assert of.cuts == (low, high)
    assert of.groups == (f"up to {low}", f"above {low} up to {high}", f"above {high}")
    assert (of.of == np.searchsorted([low, high], ages)).all()
    assert column(aged, "decade").groups == ("20", "30", "40", "50", "60", "70", "80")  # few stay as they are
    missing = with_values(cohort, age=["" if row < 30 else str(age) for row, age in enumerate(ages)])
    assert column(missing, "age").not_stated == 30
    assert (column(missing, "age").of[:30] == -1).all()


# asking


@pytest.fixture(scope="module")
def made() -> tuple[Comparison, Audit]:
    comparison = world(0, made=0.0, patients=240, drawn=120)
    return comparison, judged(comparison, ("scanner",))


def judged(comparison: Comparison, subgroups: tuple[str, ...]) -> Audit:
    memory = remembering(comparison.cohort)
    return audit(comparison.cohort, comparison.samples, comparison.spaces, subgroups=subgroups, memoise=memory)


def test_it_changes_no_verdict_and_who_did_not_ask_does_not_pay(
    made: tuple[Comparison, Audit], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison, asked = made
    monkeypatch.setattr(audit_package, "compared", None)  # calling it would raise
    plain = judged(comparison, ())
    assert (plain.subgroups, plain.subgroup_notes) == ((), ())
    assert plain.verdicts == asked.verdicts
    assert [m.name for m in plain.measurements] == [m.name for m in asked.measurements]
    assert "Subgroups" not in methods(plain)["paragraph"]


def test_the_document_and_the_methods_say_what_was_asked(made: tuple[Comparison, Audit]) -> None:
    _, asked = made
    document = json.loads(json.dumps(as_json(asked), allow_nan=False))
    assert len(document["subgroups"]) == 6
    assert set(document["subgroups"][0]) == {
        *("column", "group", "question", "state", "says", "value", "reference", "interval", "patients", "n_real"),
        *("n_synthetic", "p_value", "p_corrected", "test"),
    }
    for row in document["subgroups"]:
        assert (row["p_value"] is None) == (row["value"] is None) == (row["interval"] is None) == (row["test"] == "")
        if row["interval"] is not None:
            low, high = row["interval"]
            assert low <= row["value"] - row["reference"] <= high
            assert min(row["n_real"], row["n_synthetic"], row["patients"]) > 10
    notes = document["subgroup_notes"]
    assert notes[0].startswith(
        "Subgroups by scanner: 4 questions could be tested, each patient counted once, and corrected"
    )
    assert notes[1].startswith("scanner = B (coverage): Too rare among the synthetic images")
    assert notes[-1].endswith("No verdict looks at it.")
    said = methods(asked)["paragraph"]
    assert "Subgroups by scanner were compared on request" in said
    assert (
        "Their 4 p were corrected together by Holm's method, apart from the verdicts, which they do not change" in said
    )
    assert "learnedmiller2020" in methods(asked)["bibtex"]


def test_what_cannot_be_asked_is_said() -> None:
    comparison = world(0)
    without = replace(comparison, spaces={})
    assert any("features simclr are missing" in note for note in compared(without, ["scanner"]).notes)
    one = replace(
        comparison,
        cohort=replace(comparison.cohort, labels=np.zeros_like(comparison.cohort.labels), classes=("a",)),
        labels=np.zeros_like(comparison.labels),
    )
    assert rows(one)["B", "labels"].says == "Not tested: the cohort has one class."
    small = replace(comparison, labels=np.where(np.arange(600) < 9, comparison.labels, 7))
    assert "Not tested: no class has 20 patients outside of the hold-out share, 10 held-out patients and 10" in (
        rows(small)["B", "coverage"].says
    )


def test_where_patients_are_unknown_nothing_speaks_of_patients(made: tuple[Comparison, Audit]) -> None:
    comparison = made[0]
    unknown = replace(comparison.cohort, patients=np.full(len(comparison.cohort), -1))
    told = judged(replace(comparison, cohort=unknown), ["scanner"])
    assert "each image counted once" in told.subgroup_notes[0]
    assert told.subgroup_notes[0].endswith("Sizes are numbers of images.")
    texts = [
        *told.subgroup_notes,
        *(row.says for row in told.subgroups),
        methods(told)["paragraph"].split("Subgroups")[1],
    ]
    assert not [text for text in texts if "patient" in text]


def test_a_column_that_was_not_kept_is_refused_with_those_that_were() -> None:
    comparison = world(0)
    with pytest.raises(EvidenceError, match=r"kept no column sex\. It kept: scanner\."):
        judged(comparison, ("sex",))
    with pytest.raises(EvidenceError, match=r"kept no column sex\. It kept none\."):
        judged(replace(comparison, cohort=squares()), ("sex",))


# what is kept


def test_the_values_stay_with_their_images_in_every_smaller_cohort() -> None:
    cohort = world(0).cohort
    by_id = dict(zip(cohort.ids.tolist(), cohort.column_values[:, 0].tolist(), strict=True))
    for smaller in (
        subset(cohort, np.arange(50, 300), name="part", provenance={}),
        reduce_class(cohort, cohort.classes[0], 20, name="rarer"),
    ):
        assert smaller.columns == ("scanner",)
        assert [by_id[image] for image in smaller.ids.tolist()] == smaller.column_values[:, 0].tolist()


def test_results_are_found_by_the_values_too(tmp_path: Path) -> None:
    cohort = world(0).cohort
    bare = replace(cohort, columns=(), column_values=np.zeros((0, 0), np.str_))
    other = with_values(cohort, scanner=np.where(cohort.column_values[:, 0] == "B", "C", "A"))
    assert len({cohort.identity, bare.identity, other.identity}) == 3
    assert cohort.digest == bare.digest
    assert squares().identity == replace(squares(), column_values=np.zeros((0, 0), np.str_)).identity


def test_a_cohort_that_was_stored_before_columns_could_be_kept_still_loads(tmp_path: Path) -> None:
    home = Workspace(tmp_path)
    home.keep(squares(), "old")
    folder = home.folder("cohorts", "old")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    del manifest["columns"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "column_values.npy").unlink()
    old = home.cohort("old")
    assert (old.columns, old.column_values.size) == ((), 0)
    assert old.identity == squares().identity
    assert cohort_as_json(old)["columns"] == []
    audit_before = AuditSamples(cohort="old", samples="s")
    assert audit_before.subgroups == ()


Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command with --json and returns status, document and what was said."""
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))

    def ask(*arguments: str) -> tuple[int, dict[str, Any], str]:
        capsys.readouterr()
        status = cli.run([*arguments, "--json", "-"])
        captured = capsys.readouterr()
        return status, dict(json.loads(captured.out)), captured.err

    return ask


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Sixty patients of two images each; one of them alone is of scanner Zeta9."""
    home = bad_input.pictures(tmp_path / "s", {"files": 120})
    table = [["image", "label", "patient", "scanner", "age"]]
    for number in range(120):
        patient = number // 2
        scanner = "Zeta9" if patient == 59 else ("" if patient < 12 else f"S{patient % 2}")
        table.append([f"files/{number:02}.png", "ab"[patient % 2], f"P{patient}", scanner, str(30 + patient % 40)])
    bad_input.table(home / "t.csv", table)
    return home / "t.csv"


def test_import_keeps_columns_and_says_what(run: Run, source: Path, tmp_path: Path) -> None:
    asked = ("--name", "c", "--near-duplicate-limit", "0", "--keep-column", "scanner", "--keep-column", "age")
    status, document, said = run("cohort", "import", str(source), *asked)
    assert status == 0
    scanner, age = document["columns"]
    assert (scanner["name"], scanner["counted"], scanner["cut_at"]) == ("scanner", "patients", [])
    assert {group["group"]: (group["n"], group["withheld"]) for group in scanner["groups"]} == {
        "S0": (24, None),
        "S1": (23, None),
        "Zeta9": (None, "10 or fewer"),
        "not stated": (None, "withheld"),
    }
    assert len(age["cut_at"]) == 2
    assert (
        "Kept for subgroups: scanner; patients: S0 (24), S1 (23), Zeta9 (10 or fewer) and not stated (withheld)" in said
    )
    assert "What single images state stays in the workspace." in said
    assert "Kept for subgroups: age, numbers cut at the terciles of the training share" in said
    assert not any("scanner" in image or "Zeta9" in image.values() for image in document["images"])
    assert run("cohort", "show", "c")[1] == document


def test_every_refusal_reaches_the_command_line_in_words(run: Run, source: Path) -> None:
    name = ("--name", "c", "--near-duplicate-limit", "0", "--keep-column")
    status, document, _ = run("cohort", "import", str(source), *name, "patient")
    assert (status, document["error"]["code"]) == (2, "keep_column")
    assert "names the patients, so it tells persons apart" in document["error"]["what"]
    assert run("cohort", "import", "embedded:phantom", *name, "sex")[1]["error"]["code"] == "column"
    assert run("cohort", "import", str(source), *name, "scanner")[0] == 0
    folder = source.parent / "made"
    for label in "ab":
        bad_input.pictures(folder, {label: 12}, seed=9)
    status, document, _ = run("audit", "c", str(folder), "--encoder", "pixels", "--subgroups", "sex")
    assert (status, document["error"]["code"]) == (2, "no_column")
    assert "kept no column sex. It kept: scanner." in document["error"]["what"]
    status, document, said = run("audit", "c", str(folder), "--encoder", "pixels", "--subgroups", "scanner")
    assert status == 0
    assert {row["group"] for row in document["subgroups"]} == {"S0", "S1", "Zeta9"}
    assert "No verdict looks at it." in said
    assert run("audit", "c", str(folder), "--encoder", "pixels")[1]["subgroups"] == []


def test_a_withdrawn_patient_leaves_no_value_behind(run: Run, source: Path, tmp_path: Path) -> None:
    name = ("--name", "c", "--near-duplicate-limit", "0", "--keep-column", "scanner")
    assert run("cohort", "import", str(source), *name)[0] == 0
    home = Workspace(tmp_path / "home")
    assert withheld(home.root)
    assert home.cohort("c").column_values.shape == (120, 1)
    withdrawal.delete(home, withdrawal.traces(home, "118.png"))
    assert home.cohort("c").column_values.shape == (118, 1)
    assert not withheld(home.root)
    assert "Zeta9" not in json.dumps(cohort_as_json(home.cohort("c")))


def withheld(folder: Path) -> list[Path]:
    """Return the files that hold the value of one patient, as text of a manifest or of an array."""
    words = (b"Zeta9", "Zeta9".encode("utf-32-le"))
    return [path for path in folder.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in words)]


def test_a_draft_keeps_the_values_while_its_split_is_revised(source: Path, tmp_path: Path) -> None:
    home = Workspace(tmp_path / "home")
    request = ImportCohort(
        source=str(source), name="d", plan=Plan(near_duplicate_limit=0), columns=Columns(keep=("scanner",)), draft=True
    )
    pipeline.import_cohort(home, request)
    before = home.cohort("d")
    by_id = dict(zip(before.ids.tolist(), before.column_values[:, 0].tolist(), strict=True))
    draft_split.revise(home, "d", Plan(near_duplicate_limit=0, seed=5))
    draft_split.leave_out(home, "d", before.ids[:7].tolist())
    draft_split.fix(home, "d")
    after = home.cohort("d")
    assert len(after) == 113
    assert [by_id[image] for image in after.ids.tolist()] == after.column_values[:, 0].tolist()


def test_an_audit_from_before_subgroups_could_be_asked_for_is_found(tmp_path: Path) -> None:
    home = Workspace(tmp_path)
    comparison = world(0)
    home.keep(comparison.cohort, comparison.cohort.name)
    samples: Samples = comparison.samples
    home.keep(samples, samples.name)
    request = AuditSamples(cohort=comparison.cohort.name, samples=samples.name)
    assert "subgroups" not in pipeline.outcome(home, request).origin.settings
    asked = pipeline.outcome(home, replace(request, subgroups=("scanner",)))
    assert asked.origin.settings["subgroups"] == ["scanner"]
    assert asked.key != pipeline.outcome(home, request).key
    plain = ImportCohort(source="t.csv", name="c", columns=Columns(patient="p"))
    assert "keep" not in pipeline.outcome(home, plain).origin.settings["columns"]
