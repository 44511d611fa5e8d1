"""A plan from before the first look: results that keep to it say so, all others say why they do not."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import digit_cohort
import pytest

from ganaug_core import benefit, cli, pipeline, plans
from ganaug_core.audit import as_json, thresholds
from ganaug_core.cohort import withdrawal
from ganaug_core.config.requests import AuditSamples, MeasureBenefit
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import ConfigurationError, EvidenceError, GanaugError, WorkspaceError
from ganaug_core.records import HOLDOUT, TRAIN
from ganaug_core.records.plan import Plan, Planned
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import Workspace

ASKED = AuditSamples(cohort="digits", samples="drawn", encoders=("pixels",))
BENEFIT = MeasureBenefit(cohort="digits", samples="drawn", repetitions=1, margin=0.05, doses=(0.5,), trust_split=True)


@pytest.fixture
def home(workspace: Workspace) -> Workspace:
    workspace.keep(digit_cohort.cohort(), "digits")
    workspace.keep(digit_cohort.samples(per_class=10), "drawn")
    return workspace


def write(workspace: Workspace, name: str = "first", **changes: Any) -> Plan:
    settings = {"spaces": ("pixels",), "doses": (0.5,), "repetitions": 1, "margin": 0.05, **changes}
    return plans.write(workspace, "digits", name, **settings)


def look(workspace: Workspace, name: str = "1") -> None:
    holdout_log.record(workspace, workspace.cohort("digits"), "audits", name, "a test")


def checked(workspace: Workspace, request: AuditSamples = ASKED) -> Planned:
    return plans.check_audit(workspace, workspace.cohort("digits"), request)


def test_a_plan_holds_hold_out_settings_thresholds_and_software(home: Workspace) -> None:
    plan = write(home)
    assert plan.holdout == {
        "digest": holdout_log.about(home.cohort("digits"))["digest"],
        "images": 100,
        "patients": None,
    }
    assert plan.audit == {"spaces": ["pixels"], "seed": 0}
    assert plan.benefit == {
        "class": "3", "doses": [0.5], "repetitions": 1, "margin": 0.05, "steps": None, "seed": 0,
    }  # fmt: skip
    assert plan.thresholds == thresholds.THRESHOLDS
    assert plan.thresholds["fail below corrected p"] == 0.01
    assert plan.software["revision of audits"] == REVISIONS["audits"]
    assert plan.looks == {}
    assert plan.standing == "before the first look at the hold-out share"
    assert plans.plans(Workspace(home.root), "digits") == [plan]


def test_the_digest_is_over_all_but_the_time(home: Workspace) -> None:
    plan = write(home)
    assert plan.digest == plan.own_digest == replace(plan, created="2020-01-01").own_digest
    for change in ({"audit": {"spaces": ["simclr"], "seed": 0}}, {"looks": {"audit": 1}}, {"name": "other"}):
        assert replace(plan, **change).own_digest != plan.digest


def test_an_audit_with_the_planned_settings_says_planned_and_others_say_what_differs(home: Workspace) -> None:
    assert checked(home).in_words == "Not planned: there is no plan for this hold-out share."
    plan = write(home)
    audit = home.audit(pipeline.audit_samples(home, ASKED))
    assert audit.made is not None
    assert audit.made.plan == Planned(planned=True, name="first", digest=plan.digest)
    assert as_json(audit)["plan"] == {"planned": True, "name": "first", "digest": plan.digest, "why_not": []}
    assert f"Planned (plan first, digest {plan.digest[:12]})" in audit.made.in_words[0]
    look(home)
    assert checked(home).planned, "later looks do not undo a plan"
    other = checked(home, replace(ASKED, seed=4, encoders=("texture", "pixels")))
    assert other.why_not == ("spaces pixels texture instead of pixels", "seed 4 instead of 0")
    assert other.in_words.startswith("Not planned (compared with the plan first, digest ")


def test_thresholds_methods_and_version_are_part_of_it(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home)
    monkeypatch.setitem(thresholds.THRESHOLDS, "fail below corrected p", 0.02)
    assert checked(home).why_not == ("fail below corrected p 0.02 instead of 0.01",)
    monkeypatch.undo()
    monkeypatch.setitem(REVISIONS, "audits", REVISIONS["audits"] + 1)
    assert "revision of audits" in checked(home).why_not[0]
    monkeypatch.undo()
    monkeypatch.setattr(plans, "__version__", "9")
    assert "ganaug 9 instead of" in checked(home).why_not[0]


def test_a_plan_after_a_look_is_written_and_never_makes_anything_planned(home: Workspace) -> None:
    look(home)
    look(home, "2")
    plan = write(home)
    assert plan.looks == {"audit": 2}
    assert plan.standing == "after 2 looks at the hold-out share: nothing is planned by it"
    assert checked(home).why_not == ("the plan was written after 2 looks at the hold-out share",)


def test_the_newest_plan_before_the_first_look_holds(home: Workspace) -> None:
    write(home)
    second = write(home, "second", spaces=("texture",))
    look(home)
    write(home, "third")
    assert checked(home).name == "second"
    assert checked(home, replace(ASKED, encoders=("texture",))).digest == second.digest
    assert checked(home, replace(ASKED, encoders=("texture",))).planned


def test_a_plan_that_somebody_changed_is_none(home: Workspace) -> None:
    write(home, spaces=("texture",))
    path = home.root / holdout_log.LOG
    path.write_text(path.read_text().replace('"texture"', '"pixels"'))
    assert checked(home).why_not == ("the plan is not what was written",)


def test_after_a_withdrawal_from_the_hold_out_nothing_is_as_planned(home: Workspace) -> None:
    write(home)
    cohort = home.cohort("digits")
    for role, planned in ((TRAIN, True), (HOLDOUT, False)):
        image = str(cohort.ids[cohort.where(role)[0]])
        withdrawal.delete(home, withdrawal.traces(home, image))
        assert checked(home).planned == planned
    assert checked(home).why_not == ("a patient withdrew since, and the hold-out share is not the planned one",)


def test_a_benefit_experiment_keeps_to_its_plan_or_names_what_differs(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benefit, "Classifier", partial(benefit.Classifier, steps=2))  # the usual ones take minutes
    plan = write(home)
    cohort = home.cohort("digits")
    result = home.benefit(pipeline.measure_benefit(home, BENEFIT))
    assert benefit.as_json(result)["plan"] == {"planned": True, "name": "first", "digest": plan.digest, "why_not": []}
    assert {arm.name for arm in result.arms if arm.is_dose} == {"mixed50"}
    changed = replace(BENEFIT, repetitions=3, doses=None, rare="1", steps=9)
    assert plans.check_benefit(home, cohort, changed, 0.1).why_not == (
        "class 1 instead of 3",
        "doses 0.1 0.25 0.5 instead of 0.5",
        "repetitions 3 instead of 1",
        "margin 0.1 instead of 0.05",
        "steps 9 instead of as usual",
    )


def test_an_experiment_with_all_doses_is_found_by_the_key_that_it_always_had(home: Workspace) -> None:
    every = pipeline.outcome(home, replace(BENEFIT, doses=None)).origin
    assert "doses" not in every.settings
    assert pipeline.outcome(home, BENEFIT).origin.settings["doses"] == [0.5]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"spaces": ("simcler",)}, ConfigurationError, "no encoder named 'simcler'"),
        ({"doses": (0.3,)}, EvidenceError, "no arm with 30 % synthetic images"),
        ({"margin": 0.6}, EvidenceError, "The margin is 0.6"),
        ({"rare": "x"}, EvidenceError, "no class named x"),
        ({"name": "../x"}, WorkspaceError, "cannot be a name"),
        ({"name": "first"}, WorkspaceError, "already a plan named first"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(
    home: Workspace, changes: dict[str, Any], error: type[GanaugError], words: str
) -> None:
    write(home)
    with pytest.raises(error, match=words):
        write(home, **{"name": "second", **changes})
    assert len(plans.plans(home, "digits")) == 1


def test_without_a_hold_out_there_is_nothing_to_plan(home: Workspace) -> None:
    cohort = home.cohort("digits")
    home.keep(replace(cohort, name="bare", roles=cohort.roles * 0, digest="1" * 64), "bare")
    with pytest.raises(EvidenceError, match="bare has no hold-out share"):
        plans.write(home, "bare", "first")


def test_the_command_writes_and_lists_plans(home: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    def ask(*arguments: str) -> dict[str, Any]:
        assert cli.run([*arguments, "--json", "-", "--workspace", str(home.root)]) == 0
        return dict(json.loads(capsys.readouterr().out))

    options = ("--space", "pixels", "--dose", ".5", "--repetitions", "1", "--margin", ".05")
    document = ask("plan", "digits", "--name", "first", *options)
    assert (document["schema"], document["looks"]) == ("ganaug.plan/1", {})
    assert document["digest"] == plans.plans(home, "digits")[0].digest
    assert checked(home).planned
    assert [plan["name"] for plan in ask("plan", "digits")["plans"]] == ["first"]
    assert cli.run(["plan", "digits", "--workspace", str(home.root)]) == 0
    assert "before the first look" in capsys.readouterr().out
    assert cli.run(["plan", "digits", "--name", "other", *options, "--workspace", str(home.root)]) == 0
    said = capsys.readouterr().out
    assert "100 images, patients unknown" in said
    assert "a loss of 0.05 AUROC or more is worse" in said
