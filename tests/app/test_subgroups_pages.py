"""Subgroups in the app: columns to keep are asked for where there is a table, findings stand on the Audit page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bad_input
import numpy as np
from looking_records import an_audit, kept
from small_workspace import some_samples
from streamlit.testing.v1 import AppTest

from ganaug_core import pipeline
from ganaug_core.cli import evidence
from ganaug_core.config.importing import Columns
from ganaug_core.config.requests import AuditSamples, ImportCohort, Sample
from ganaug_core.jobs import store
from ganaug_core.records import Subgroup
from ganaug_core.storage.workspace import Workspace

Open = Callable[..., AppTest]

SAMPLES = "r1-6-seed0"
FOUND = Subgroup(
    column="scanner",
    group="B",
    question="coverage",
    state="named",
    says="Too rare among the synthetic images.",
    value=0.02,
    reference=0.28,
    interval=(-0.33, -0.2),
    patients=119,
    n_real=140,
    n_synthetic=600,
    p_value=0.00005,
    p_corrected=0.0003,
    test="test; null: alike",
)
HIDDEN = Subgroup(column="scanner", group="C", question="coverage", state="not_shown", says="Not shown: 10 or fewer.")


def said(app: AppTest) -> str:
    assert not app.exception
    return "\n".join(element.value for element in (*app.text, *app.markdown, *app.error))


def a_table(home: Path) -> Path:
    bad_input.pictures(home, {"files": 60})
    rows = [["image", "label", "patient", "sex"]]
    rows += [[f"files/{row:02}.png", "ab"[row % 2], f"P{row // 2}", "FM"[row // 2 % 2]] for row in range(60)]
    return bad_input.table(home / "t.csv", rows)


def test_columns_to_keep_are_chosen_among_those_of_the_table(home: Workspace, page: Open, tmp_path: Path) -> None:
    table = a_table(tmp_path / "s")
    app = page("cohort")
    assert not app.multiselect
    app.text_input(key="source-path").set_value(str(table)).run()
    (choice,) = app.multiselect
    assert choice.options == ["image", "label", "patient", "sex"]
    assert choice.value == []
    choice.set_value(["sex"]).run()
    next(button for button in app.button if button.label == "Import these images").click().run()
    assert not app.exception
    (job,) = store.jobs(home)
    assert isinstance(job.request, ImportCohort)
    assert job.request.columns == Columns(keep=("sex",))
    cohort = home.cohort(pipeline.import_cohort(home, replace(job.request, size=16)))
    assert cohort.columns == ("sex",)
    words = said(page("cohort", cohort=cohort.name))
    assert (
        "Kept for subgroups: sex; patients: F (15) and M (15). What single images state stays in the workspace."
        in words
    )


def test_a_table_that_cannot_be_read_is_said_in_words(home: Workspace, page: Open, tmp_path: Path) -> None:
    table = bad_input.table(tmp_path / "t.csv", [["image", "label"]])
    app = page("cohort")
    app.text_input(key="source-path").set_value(str(table)).run()
    assert "t.csv has no rows" in said(app).replace("\\", "")


def with_columns(home: Workspace) -> None:
    """Give the cohort of the small workspace a kept column; what was made from it is made anew."""
    cohort = home.cohort("small")
    values = np.where(np.arange(len(cohort)) % 2, "B", "A")[:, None]
    home.keep(replace(cohort, columns=("scanner",), column_values=values), "small", replace=True)
    kept(home, some_samples(home.cohort("small")), Sample(generator="r1", per_class=6))


def test_subgroups_are_asked_only_where_a_column_was_kept(filled: Workspace, page: Open) -> None:
    assert not page("audit", cohort="small", samples=SAMPLES).multiselect
    with_columns(filled)
    app = page("audit", cohort="small", samples=SAMPLES)
    (choice,) = app.multiselect
    assert (choice.label, choice.options, choice.value) == ("Compare subgroups by", ["scanner"], [])
    choice.set_value(["scanner"]).run()
    next(button for button in app.button if button.label == "Start the audit").click().run()
    assert not app.exception
    (job,) = store.jobs(filled)
    assert job.request == AuditSamples(cohort="small", samples=SAMPLES, subgroups=("scanner",))


def test_what_was_found_stands_on_the_page_with_its_numbers(filled: Workspace, page: Open) -> None:
    with_columns(filled)
    cohort, samples = filled.cohort("small"), filled.samples(SAMPLES)
    plain = an_audit(cohort, samples)
    kept(filled, plain, AuditSamples(cohort="small", samples=SAMPLES))
    app = page("audit", cohort="small", samples=SAMPLES)
    assert "**Subgroups**" not in said(app)
    asked = replace(plain, subgroups=(FOUND, HIDDEN), subgroup_notes=("scanner = B (coverage): Too rare.",))
    kept(filled, asked, AuditSamples(cohort="small", samples=SAMPLES, subgroups=("scanner",)))
    app = page("audit", cohort="small", samples=SAMPLES)
    assert "scanner = B (coverage): Too rare." in said(app)
    assert "scanner = B (coverage): Too rare." in evidence._in_words(asked)
    assert "All subgroups (2)" in [expander.label for expander in app.expander]
    table = next(frame.value for frame in app.dataframe if "Subgroup" in frame.value)
    named, hidden = table.to_dict("records")
    assert named | {"In words": ""} == {
        "Subgroup": "scanner = B",
        "Question": "Coverage",
        "Finding": "fares worse",
        "Here": "2 %",
        "Compared with": "28 %",
        "95 % interval": "-33 % to -20 %",
        "p": "< 0.0001",
        "p, corrected": "0.0003",
        "In the cohort": "119",
        "Real": "140",
        "Synthetic": "600",
        "In words": "",
    }
    assert hidden["Finding"] == "too few to show"
    assert {hidden[name] for name in ("Here", "Compared with", "95 % interval", "p", "In the cohort", "Real")} == {"–"}
    (choice,) = app.multiselect
    choice.set_value(["scanner"]).run()
    next(button for button in app.button if button.label == "Run the audit again").click().run()
    assert store.jobs(filled)[0].request == AuditSamples(cohort="small", samples=SAMPLES, subgroups=("scanner",))
