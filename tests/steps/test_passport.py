"""What a passport says beside the weights (audit, split, licence), and that it leaves with them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from looking_records import an_audit, kept
from small_cohort import squares
from typer.testing import CliRunner

from ganaug_core import pipeline
from ganaug_core.cli import commands
from ganaug_core.config import MeasureCard, SplitCard, configure
from ganaug_core.config.requests import AuditSamples, Sample, Train
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import ConfigurationError
from ganaug_core.generators import stored
from ganaug_core.generators.container import with_passport
from ganaug_core.records import UNKNOWN_PATIENT, Audit
from ganaug_core.records.made import Made
from ganaug_core.storage.workspace import Workspace


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a cohort and a generator of it."""
    home = Workspace(tmp_path_factory.mktemp("passport"))
    home.keep(squares(name="squares"), "squares")
    config = configure(images=32, threads=1, changes={"architecture.width": 8}).model_dump(mode="json")
    pipeline.train(home, Train(cohort="squares", name="first", config=config))
    return home.root


@pytest.fixture
def home(trained: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(trained, tmp_path / "home"))


def audited(home: Workspace, value: float, cohort: str = "squares", **drawing: float) -> Audit:
    """Keep an audit of images of the generator that measured this recall."""
    samples = pipeline.sample(home, Sample(generator="first", per_class=6, **drawing))  # type: ignore[arg-type]
    blank = an_audit(home.cohort(cohort), home.samples(samples))
    of_class = replace(blank.measurements[0], name="recall")
    recall = replace(of_class, class_name=None, value=value)
    measured = (recall, of_class, replace(recall, name="density"))
    audit = replace(blank, measurements=measured, made=Made(date="2026-11-30T20:00:55+00:00", versions={}))
    kept(home, audit, AuditSamples(cohort=cohort, samples=samples, seed=int(100 * value)))
    return audit


def test_the_newest_audit_of_its_own_images_stands_in_the_passport_and_in_the_file(home: Workspace) -> None:
    assert (stored.up_to_date(home, "first").audit, stored.up_to_date(home, "first").metrics) == (None, {})
    audited(home, 0.3, truncation=0.5)
    assert stored.up_to_date(home, "first").audit is None, "its most typical images are not its images"
    audited(home, 0.6)
    verdicts = audited(home, 0.75).verdicts
    card = stored.load(home, "first").passport
    assert card.audit is not None
    assert card.audit.verdicts == {name: verdict.state for name, verdict in verdicts.items()}
    assert (card.audit.date, card.audit.synthetic) == ("2026-11-30", 12)
    whole = MeasureCard(value=0.75, interval=[0.5, 0.9], real=12, synthetic=6)
    assert card.metrics == {"recall, simclr": whole}, "no single class, and what no verdict reads is left out"
    assert card.identity == stored.passport(home, "first").identity
    assert home.manifest("generators", "first")["passport"]["metrics"] == {}, "what is kept never changes"


def test_an_audit_by_an_earlier_method_or_against_another_cohort_says_nothing(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.keep(replace(home.cohort("squares"), name="other", digest="1" * 64), "other")
    audited(home, 0.6, "other")
    assert stored.up_to_date(home, "first").audit is None
    audited(home, 0.75)
    assert stored.up_to_date(home, "first").audit is not None
    monkeypatch.setitem(REVISIONS, "audits", REVISIONS["audits"] + 1)
    assert stored.up_to_date(home, "first").audit is None


def test_the_passport_names_the_split_and_who_made_it(home: Workspace) -> None:
    cohort = home.cohort("squares")
    split = stored.passport(home, "first").split
    assert split is not None
    assert [split.train, split.tuning, split.holdout] == [len(cohort.where(role)) for role in range(3)]
    assert split.by == ("source" if cohort.own_split else "ganaug")
    patients = cohort.patients.copy()
    patients[:] = range(len(patients))
    known = SplitCard.of(replace(cohort, patients=patients))
    assert known.patients == [split.train, split.tuning, split.holdout]
    patients[-1] = UNKNOWN_PATIENT
    assert SplitCard.of(replace(cohort, patients=patients)).patients is None


def test_a_passport_from_before_takes_the_split_from_its_cohort_where_it_learnt_from_all_of_it(home: Workspace) -> None:
    card, weights = stored.passport(home, "first"), home.attached("generators", "first", stored.WEIGHTS)
    assert weights is not None
    old = card.model_copy(update={"split": None})
    part = old.model_copy(update={"classes": [counts.model_copy(update={"train": 1}) for counts in card.classes]})
    for name, passport in (("old", old), ("part", part)):
        content = with_passport(weights, passport.model_dump(mode="json"))
        stored.keep(home, name, content, passport, home.reference("generators", "first").origin)
    assert stored.up_to_date(home, "old").split == card.split
    assert stored.up_to_date(home, "part").split is None


def test_a_licence_is_set_and_leaves_with_the_same_generator(home: Workspace, tmp_path: Path) -> None:
    before = stored.load(home, "first")
    assert before.passport.licence == "internal"
    runner, app, at = CliRunner(), commands(), ["--workspace", str(home.root)]
    answer = runner.invoke(app, ["generator", "licence", "first", "CC-BY-4.0", *at])
    assert "first: free with attribution (CC BY 4.0)." in answer.stdout
    file = tmp_path / "first.safetensors"
    assert runner.invoke(app, ["generator", "export", "first", str(file), *at]).exit_code == 0
    assert runner.invoke(app, ["generator", "import", str(file), "--name", "second", *at]).exit_code == 0
    shown = runner.invoke(app, ["generator", "show", "second", "--json", "-", *at])
    assert json.loads(shown.stdout)["licence"] == "CC-BY-4.0"
    assert stored.load(home, "second").digest == before.digest == home.identity("generators", "first")
    with pytest.raises(ConfigurationError, match=r"no licence named 'mine'.*Choose one of: CC0-1.0, CC-BY-4.0"):
        stored.set_licence(home, "first", "mine")
