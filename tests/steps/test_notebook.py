"""From Python: the README's block runs as written, results show themselves, and the app sees the same workspace."""

import re
from pathlib import Path

import digit_cohort
import numpy as np
import pytest

import ganaug_core
from ganaug_core import notebook
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs
from ganaug_core.storage.workspace import Workspace

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    return Workspace()


def test_the_block_of_the_readme_runs_as_written_and_the_app_sees_what_it_made(home: Workspace) -> None:
    block = re.search(r"```python\n(.*?)```", README.read_text("utf-8"), re.S)
    assert block is not None
    names: dict[str, object] = {}
    exec(block[1], names)
    assert home.names("generators") == ["first-digits"]
    assert runs.state(home, "first-digits").generator == "first-digits"
    assert len(home.names("audits")) == len(home.names("maps")) == 1
    assert names["figure"].data  # type: ignore[attr-defined]
    assert len(names["audit"].table()) == 5  # type: ignore[attr-defined]


def test_results_show_themselves_and_no_name_becomes_markup(home: Workspace, tmp_path: Path) -> None:
    cohort = digit_cohort.cohort("odd")
    hostile = "<script>alert(1)</script>"
    from dataclasses import replace

    home.keep(replace(cohort, classes=(hostile, *cohort.classes[1:])), "odd")
    shown = notebook.CohortResult(home, "odd")._repr_html_()
    assert "400 images" in shown
    assert shown.count("<img") == 10 * notebook.SHOWN_PER_CLASS
    assert "<script>" not in shown
    assert hostile in notebook.CohortResult(home, "odd").table().index


def test_what_was_asked_before_is_found_and_something_else_under_the_name_is_refused(
    home: Workspace, tmp_path: Path
) -> None:
    source = digit_cohort.folder(tmp_path / "digits")
    cohort = ganaug_core.import_cohort(source, "digits", size=16)
    before = home.artefact("cohorts", "digits")
    assert ganaug_core.import_cohort(source, "digits", size=16).name == "digits"
    assert home.artefact("cohorts", "digits") == before
    with pytest.raises(WorkspaceError, match="already a cohort named digits"):
        ganaug_core.import_cohort(source, "digits", size=32)
    generator = ganaug_core.train(cohort, "g", images=300, architecture__width=8)
    weights = home.artefact("generators", "g")
    again = ganaug_core.train(cohort, "g", images=300, architecture__width=8)
    assert (again.name, home.artefact("generators", "g")) == ("g", weights)
    with pytest.raises(WorkspaceError, match="a run named g that was asked for something else"):
        ganaug_core.train(cohort, "g", images=600, architecture__width=8)
    assert "research only" in generator._repr_html_()
    assert {trace.name for trace in generator.curves().data} == {"discriminator loss", "generator loss"}
    samples = ganaug_core.sample(generator, per_class=2)
    assert samples._repr_html_().count("<img") == 20
    assert np.isfinite(samples.record.images).all()
