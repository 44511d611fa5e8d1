"""The Report page: the edition, what a person states, and the files."""

from collections.abc import Callable

from looking_records import an_audit, kept
from streamlit.testing.v1 import AppTest

from ganaug_core.config.requests import AuditSamples
from ganaug_core.storage import public_cohorts
from ganaug_core.storage.workspace import Workspace

Open = Callable[..., AppTest]
SAMPLES = "r1-6-seed0"


def test_without_an_audit_the_page_leads_to_one(filled: Workspace, page: Open) -> None:
    app = page("report", cohort="small", samples=SAMPLES)
    assert "not audited yet" in app.info[0].value


def test_editions_and_statements(filled: Workspace, page: Open) -> None:
    cohort = filled.cohort("small")
    kept(filled, an_audit(cohort, filled.samples(SAMPLES)), AuditSamples(cohort="small", samples=SAMPLES))
    app = page("report", cohort="small", samples=SAMPLES)
    assert not app.exception
    assert not app.error, "the outside edition is offered first, and has no band"
    assert [button.label for button in app.get("download_button")] == ["Save as PDF", "Save as HTML", "Save as JSON"]
    app.radio(key="report-edition").set_value("Inside: with real images").run()
    assert app.error[0].value == "Contains patient images. Not to be passed on."
    assert app.button(key="report-state-small").disabled
    app.text_input(key="report-public-small").input("A public set, CC0").run()
    app.button(key="report-state-small").click().run()
    assert public_cohorts.source(filled, cohort) == "A public set, CC0"
    assert not app.error, "what is public contains no patient images that must stay"
    app.button(key="report-not-public-small").click().run()
    assert public_cohorts.source(filled, cohort) == ""
    app.multiselect(key="report-without").set_value(["map"]).run()
    app.text_input(key="report-owner").input("Radiology").run()
    assert not app.exception
