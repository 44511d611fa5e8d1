"""What the Start page says is next, and what was made last."""

from dataclasses import replace
from pathlib import Path

from ganaug_core.config.requests import AuditSamples
from ganaug_core.records.origin import Origin
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.start.recent_work import next_step, recent
from tests.app.test_story import COHORT, made
from tests.looking_records import an_audit, kept


def test_the_next_step_follows_what_was_made_last(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert next_step(workspace).page == "cohort"
    workspace.keep(COHORT, "squares")
    assert (next_step(workspace).page, next_step(workspace).query) == ("training", {"cohort": "squares"})
    samples = replace(made("drawn", 0), name="drawn")
    origin = Origin(inputs={"cohort": COHORT.identity}, names={"cohort": "squares"})
    workspace.keep(samples, "drawn", origin=origin)
    assert (next_step(workspace).page, next_step(workspace).query) == ("audit", {"samples": "drawn"})
    kept(workspace, an_audit(COHORT, samples), AuditSamples(cohort="squares", samples="drawn"))
    step = next_step(workspace)
    assert step.says == "Look at what the audit of drawn found, and decide."
    assert (step.page, step.query) == ("samples", {"cohort": "squares", "samples": "drawn"})
    places = recent(workspace)
    assert [place.says for place in places] == [
        "Audit: drawn against squares",
        "Synthetic images: drawn",
        "Cohort: squares",
    ]
    assert places[1].query == {"cohort": "squares", "samples": "drawn"}
    (workspace.root / "samples" / "drawn.json").write_text("{")  # damaged: the others are still told
    assert [place.page for place in recent(workspace)] == ["audit", "cohort"]
    workspace.write("runs", "mine", {})
    assert next_step(workspace).query == {"run": "mine"}


def test_what_the_demo_brought_is_not_own_work(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("cohorts", "phantom", {}, identity="0" * 64, shipped="1" * 64)
    assert recent(workspace) == []
    assert next_step(workspace).says.startswith("Load your own labelled images")
