"""`ganaug benefit` and its job: what they answer, what they refuse, what they keep."""

import json
import os
import signal
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from benefit_sides import made_of, with_holdout
from small_runs import end_processes, until

from ganaug_core import benefit, cli, pipeline
from ganaug_core.config.requests import MeasureBenefit
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.jobs import launch, store
from ganaug_core.records import TRAIN
from ganaug_core.records.origin import Origin
from ganaug_core.storage import locks
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace

KEYS = {
    *("schema", "ganaug", "seed", "command", "cohort", "synthetic", "rare", "repetitions", "settings", "verdict"),
    *("look", "versions", "date", "holdout", "plan"),
    *("arms", "left_out", "scores", "differences", "notes"),
}  # fmt: skip


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with squares and synthetic images of them; classifiers take a handful of steps."""
    monkeypatch.setattr(benefit, "Classifier", partial(benefit.Classifier, steps=6, batch=8))
    cohort = with_holdout((40, 30))
    workspace.keep(cohort, cohort.name)
    workspace.keep(made_of(cohort, per_class=24), "made")
    return workspace


def ask(place: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = cli.run(["benefit", *arguments, "--workspace", str(place.root), "--json", "-"])
    return status, dict(json.loads(capsys.readouterr().out))


def test_the_command_answers_in_json_and_keeps_what_a_page_shows(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = ask(place, capsys, "squares", "made", "--repetitions", "1")
    assert status == 0
    assert document.keys() == KEYS
    assert document["schema"] == "ganaug.benefit/1"
    assert document["rare"] == "side 6"
    assert document["repetitions"] == {"done": 1, "asked": 1}
    assert document["look"] == {"number": 1, "alpha": 0.04, "next_alpha": 0.008, "margin": 0.02, "earlier": []}
    assert {"arm", "measure", "class", "value", "interval", "repetitions", "better"} == document["scores"][0].keys()
    (name,) = place.names("benefits")
    folder = place.folder("benefits", name)
    assert {path.stem for path in folder.glob("*.png")} == {arm["name"] for arm in document["arms"]}
    assert json.loads((folder / "benefit.json").read_bytes())["verdict"] == document["verdict"]
    before = len(place.names("trials"))
    assert ask(place, capsys, "squares", "made", "--repetitions", "1")[1]["scores"] == document["scores"]
    assert len(place.names("trials")) == before


def test_the_table_shows_changes_and_what_intervals_cover_also_while_nothing_is_tested(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["benefit", "squares", "made", "--repetitions", "1", "--workspace", str(place.root)]) == 0
    said = capsys.readouterr().out
    (row,) = [line for line in said.splitlines() if line.startswith("50 % synthetic")]
    assert row.count(" to ") == 2  # intervals of the area and of its change
    assert "the variation between held-out patients alone, one arm at a time" in said  # one repetition shows no other
    assert "one arm at a time: it is not widened for the number of arms or looks" in said
    assert "An answer needs at least 3 repetitions" in said


def test_another_margin_after_the_first_look_is_refused(place: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("squares", "made", "--repetitions", "1")
    assert ask(place, capsys, *options, "--margin", "0.03")[1]["look"]["margin"] == 0.03
    status, refused = ask(place, capsys, *options, "--margin", "0.3")
    assert (status, refused["error"]["code"]) == (2, "margin_fixed")
    assert "--margin 0.03" in refused["error"]["do"]


def test_a_class_made_rarer_is_a_cohort_that_this_generator_was_not_trained_on(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    status, refused = ask(place, capsys, "squares", "made", "--rare", "side 6", "--keep", "10")
    assert status == 2
    assert refused["error"]["code"] == "other_training_share"
    assert "Train a generator on squares-side-6-10" in refused["error"]["do"]
    rarer = place.cohort("squares-side-6-10")
    assert len(rarer.where(TRAIN, label=1)) == 10
    options = ("--repetitions", "1", "--trust-split")
    status, document = ask(place, capsys, "squares", "made", "--rare", "side 6", "--keep", "10", *options)
    assert status == 0
    assert document["cohort"]["classes"]["side 6"] == {"train": 10, "holdout": 26}
    assert any("made rarer on purpose" in note for note in document["notes"])


def test_rejected_images_and_copies_of_the_audit_leave_the_curated_arm(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = place.samples("made")
    rare = samples.ids[samples.labels == 1].tolist()
    Database(place.database_path).decide(samples.digest, rare[0], "reject", "artefact", samples="made")
    monkeypatch.setattr(pipeline, "suspected_copies", lambda workspace, cohort, samples: rare[1:3])
    result = place.benefit(
        pipeline.measure_benefit(place, MeasureBenefit(cohort="squares", samples="made", repetitions=1))
    )
    assert result.synthetic["curated"] == 24 - 3
    assert "curated" in [arm.name for arm in result.arms]


def test_an_audit_of_other_images_names_no_copies(place: Workspace) -> None:
    from looking_records import an_audit

    cohort, samples = place.cohort("squares"), place.samples("made")
    inputs = {"cohort": cohort.identity, "samples": samples.identity}
    place.keep(an_audit(cohort, samples), "audit", origin=Origin(inputs=inputs, revision=REVISIONS["audits"]))
    suspected = pipeline.suspected_copies(place, cohort.identity, samples.identity)
    assert suspected == samples.ids[:2].tolist()
    assert pipeline.suspected_copies(place, cohort.identity, "0" * 64) == []
    assert pipeline.suspected_copies(place, "0" * 64, samples.identity) == []


def test_the_job_has_a_process_of_its_own_can_be_stopped_or_killed_and_goes_on(workspace: Workspace) -> None:
    cohort = with_holdout((40, 30))
    workspace.keep(cohort, cohort.name)
    workspace.keep(made_of(cohort, per_class=24), "made")
    request = MeasureBenefit(cohort="squares", samples="made", repetitions=40, steps=2)
    shorter = replace(request, repetitions=1)
    try:
        job = store.submit(workspace, request).id
        until(lambda: workspace.names("benefits"), "the first estimate")
        assert locks.is_held(workspace.benefit_lock)
        assert store.get(workspace, job).message.startswith("Repetition 1 of 40: ")
        store.ask(workspace, job, "stop")
        until(lambda: store.get(workspace, job).state == "stopped", "the stop")
        learnt = set(workspace.names("trials"))
        assert learnt
        again = store.submit(workspace, request).id
        until(lambda: set(workspace.names("trials")) > learnt, "more than there was")
        process = locks.holder(workspace.benefit_lock)
        assert process is not None
        os.kill(process, signal.SIGKILL)
        until(lambda: not store.get(workspace, again).live, "the death to be seen")
        learnt = set(workspace.names("trials"))
        last = store.submit(workspace, shorter).id
        assert last != again
        until(lambda: store.get(workspace, last).state == "done", "the end")
        assert workspace.benefit(str(pipeline.existing_result(workspace, shorter))).done == 1
        assert set(workspace.names("trials")) >= learnt
    finally:
        end_processes(workspace)


def test_a_decision_during_the_experiment_changes_neither_its_job_nor_its_request(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "ensure", lambda *_: None)
    request = MeasureBenefit(cohort="squares", samples="made")
    job = store.submit(place, request)
    samples = place.samples("made")
    Database(place.database_path).decide(samples.digest, samples.ids[0], "reject", samples="made")
    assert pipeline.outcome(place, request).key == job.key
    assert store.about(place, request.step, "squares", "made") == job


def test_what_was_measured_before_a_decision_is_not_the_answer_after_it(place: Workspace) -> None:
    request = MeasureBenefit(cohort="squares", samples="made", repetitions=1)
    assert pipeline.existing_result(place, request) is None
    name = pipeline.run(place, request)
    assert pipeline.existing_result(place, request) == name
    samples = place.samples("made")
    Database(place.database_path).decide(samples.digest, samples.ids[0], "reject", samples="made")
    assert pipeline.existing_result(place, request) is None
    assert pipeline.run(place, request) != name
