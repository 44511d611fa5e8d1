"""Every look at a hold-out share is written down once, and counted wherever a result or a generator speaks of it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import digit_cohort
import numpy as np
import pytest
from small_cohort import squares

from ganaug_core import pipeline
from ganaug_core.audit import as_json
from ganaug_core.cohort import withdrawal
from ganaug_core.config import configure
from ganaug_core.config.requests import AuditSamples, BuildMap, MeasureBenefit, ReduceClass, Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Samples
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import Workspace

DRAWN = AuditSamples(cohort="squares", samples="drawn", encoders=("pixels",))
MAP = BuildMap(cohort="squares", samples="drawn", encoder="pixels")


def drawn(cohort: Cohort) -> Samples:
    """Return training images upside down as if they were synthetic."""
    rows = cohort.where(TRAIN)
    return Samples(
        name="drawn",
        digest="0" * 64,
        images=cohort.images(rows)[..., ::-1, :].copy(),
        labels=cohort.labels[rows],
        ids=np.array([f"{row + 4096:012x}" for row in rows]),
        classes=cohort.classes,
        source="folder",
    )


@pytest.fixture
def home(workspace: Workspace) -> Workspace:
    cohort = squares(name="squares")
    workspace.keep(cohort, "squares")
    workspace.keep(drawn(cohort), "drawn")
    return workspace


def looks(workspace: Workspace, cohort: str = "squares") -> dict[str, int]:
    return holdout_log.counts(holdout_log.looks(workspace, workspace.cohort(cohort)))


def record(workspace: Workspace, name: str, kind: str = "audits", *, once: bool = False) -> dict[str, int]:
    return holdout_log.record(workspace, workspace.cohort("squares"), kind, name, "a test", once=once)


def test_an_audit_and_a_map_are_a_look_each_and_what_is_found_again_is_none(home: Workspace) -> None:
    assert looks(home) == {}
    audit = home.audit(pipeline.audit_samples(home, DRAWN))
    assert audit.made is not None
    assert audit.made.looks_before == {}
    assert any("Nobody had looked" in sentence for sentence in audit.made.in_words)
    pipeline.build_map(home, MAP)
    assert looks(home) == {"audit": 1, "map": 1}
    pipeline.build_map(home, MAP)
    assert pipeline.existing_result(home, DRAWN) is not None
    assert looks(home) == {"audit": 1, "map": 1}, "found, not made"
    again = home.audit(pipeline.audit_samples(home, replace(DRAWN, seed=1)))
    assert as_json(again)["holdout"] == {"looks_before": 2, "by": {"audit": 1, "map": 1}}
    assert again.made is not None
    assert again.made.in_words[-1] == "The hold-out share had been looked at 2 times before (1 audit and 1 map)."
    entry = holdout_log.looks(Workspace(home.root), home.cohort("squares"))[0]
    assert (entry["by"], entry["purpose"], entry["cohort"]) == (
        "audit",
        "judging drawn",
        home.identity("cohorts", "squares"),
    )
    json.dumps(entry)


def test_a_benefit_experiment_is_one_look_also_when_it_goes_on(workspace: Workspace) -> None:
    cohort = digit_cohort.cohort()
    workspace.keep(cohort, "digits")
    workspace.keep(digit_cohort.samples(per_class=10), "drawn")
    request = MeasureBenefit(cohort="digits", samples="drawn", repetitions=1, steps=2, trust_split=True)

    def stop(share: float, doing: str) -> None:
        if share > 0.3:
            raise pipeline.StopRequested("stop")

    with pytest.raises(pipeline.StopRequested):
        pipeline.measure_benefit(workspace, request, stop)
    assert looks(workspace, "digits") == {"benefit": 1}
    result = workspace.benefit(pipeline.measure_benefit(workspace, request))
    assert looks(workspace, "digits") == {"benefit": 1}
    assert result.made is not None
    assert result.made.looks_before == {}
    other = workspace.benefit(pipeline.measure_benefit(workspace, replace(request, seed=7)))
    assert other.made is not None
    assert other.made.looks_before == {"benefit": 1}


def test_looks_are_of_the_hold_out_share_and_not_of_a_name(home: Workspace, tmp_path: Path) -> None:
    record(home, "1")
    other = replace(squares(name="other"), roles=np.roll(squares().roles, 1), digest="1" * 64)
    home.keep(other, "other")
    home.keep(squares(name="same"), "same")
    smaller = pipeline.reduce_class(home, ReduceClass(cohort="squares", class_name="side 4", keep=10))
    assert looks(home, "same") == looks(home, smaller) == {"audit": 1}
    assert looks(home, "other") == {}


def test_looks_last_when_their_result_is_gone_and_without_a_hold_out_there_are_none(home: Workspace) -> None:
    name = pipeline.build_map(home, MAP)
    home.remove("maps", name)
    assert looks(home) == {"map": 1}
    bare = replace(squares(name="bare"), roles=np.zeros(len(squares()), np.int64), digest="2" * 64)
    home.keep(bare, "bare")
    assert holdout_log.record(home, bare, "maps", "x", "a test") == {}
    assert looks(home, "bare") == {}


def test_results_from_before_looks_were_written_down_count_as_one_each(home: Workspace) -> None:
    pipeline.build_map(home, MAP)
    (home.root / holdout_log.LOG).unlink()
    assert looks(home) == {"map": 1}
    assert record(home, "1") == {"map": 1}
    home.remove("maps", home.names("maps")[0])
    assert looks(home) == {"map": 1, "audit": 1}, "it was written down with the next look"


MANY_LOOKS = """
import sys
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import Workspace
workspace, first = Workspace(sys.argv[1]), int(sys.argv[2])
cohort = workspace.cohort("squares")
for number in range(first, first + 15):
    holdout_log.record(workspace, cohort, "audits", str(number), "a test")
"""


def test_two_processes_at_once_lose_no_look(home: Workspace) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", MANY_LOOKS, str(home.root), first],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in ("0", "100")
    ]
    ends = [(child.communicate(timeout=300)[1], child.returncode) for child in children]
    assert ends == [("", 0), ("", 0)], "what a child said last, and how it ended: -9 is the system's, for memory"
    names = [entry["name"] for entry in holdout_log.looks(home, home.cohort("squares"))]
    assert len(names) == len(set(names)) == 30


def test_what_goes_on_knows_the_looks_before_it_began(home: Workspace) -> None:
    record(home, "1")
    assert record(home, "b", "benefits", once=True) == {"audit": 1}
    record(home, "2")
    assert record(home, "b", "benefits", once=True) == {"audit": 1}
    assert looks(home) == {"audit": 2, "benefit": 1}


def test_looks_stay_when_a_patient_of_the_hold_out_withdraws(home: Workspace) -> None:
    cohort = home.cohort("squares")
    record(home, "1")
    patient = int(cohort.patients[cohort.where(HOLDOUT)[0]])
    withdrawal.delete(home, withdrawal.traces(home, str(patient), "squares"))
    left = home.cohort("squares")
    assert holdout_log.about(left)["digest"] != holdout_log.about(cohort)["digest"]
    assert looks(home) == {"audit": 1}


def test_a_damaged_list_is_said_before_the_hold_out_is_read(home: Workspace) -> None:
    (home.root / holdout_log.LOG).write_text("{")
    said: list[str] = []
    with pytest.raises(WorkspaceError, match=r"list holdout\.json of the workspace is damaged"):
        pipeline.audit_samples(home, DRAWN, lambda share, doing: said.append(doing))
    assert said == home.names("audits") == home.names("encoders") == []


def test_the_passport_counts_the_looks_and_takes_them_along(home: Workspace, tmp_path: Path) -> None:
    config = configure(images=200, threads=1, changes={"architecture.width": 8}).model_dump(mode="json")
    pipeline.train(home, Train(cohort="squares", name="first", config=config))
    assert stored.up_to_date(home, "first").holdout_looks == 0
    record(home, "1")
    record(home, "2")
    card = stored.up_to_date(home, "first")
    assert card.holdout_looks == 2
    assert card.identity == stored.passport(home, "first").identity, "looks change nothing that it draws"
    assert stored.load(home, "first").passport.holdout_looks == 2
    elsewhere = Workspace(tmp_path / "elsewhere")
    stored.keep(elsewhere, "theirs", stored.file_of(home, "first"), card, home.reference("generators", "first").origin)
    assert stored.up_to_date(elsewhere, "theirs").holdout_looks == 2
    home.remove("cohorts", "squares")
    assert stored.up_to_date(home, "first").holdout_looks == 2, "the list knows a cohort that is gone"
