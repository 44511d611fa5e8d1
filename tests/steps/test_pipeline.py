"""The whole way on a real, small cohort: what pipeline.py says is what happens."""

import threading
from dataclasses import replace
from pathlib import Path

import digit_cohort
import pytest

from ganaug_core import pipeline
from ganaug_core.config import configure
from ganaug_core.config.requests import AuditSamples, BuildMap, ImportCohort, Sample, Train
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.storage.workspace import Workspace

VERDICTS = {"copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with digits from files and a generator that saw them for a few seconds."""
    folder = tmp_path_factory.mktemp("way")
    workspace = Workspace(folder / "workspace")
    source = digit_cohort.folder(folder / "digits")
    pipeline.import_cohort(workspace, ImportCohort(source=str(source), name="digits", size=16))
    config = configure(images=3000, threads=1, seed=3, changes={"architecture.width": 8}).model_dump(mode="json")
    pipeline.train(workspace, Train(cohort="digits", name="first", config=config))
    return workspace


def test_the_whole_way_on_digits_gives_an_audit_a_map_and_samples(trained: Workspace) -> None:
    messages: list[str] = []
    shares: list[float] = []
    samples = pipeline.sample(trained, Sample(generator="first", per_class=20, seed=3))
    request = AuditSamples(cohort="digits", samples=samples, encoders=("pixels", "texture"), seed=3)
    audit = trained.audit(pipeline.audit_samples(trained, request, lambda share, doing: shares.append(share)))
    map_request = BuildMap(cohort="digits", samples=samples, encoder="pixels", seed=1)
    map_ = trained.map(pipeline.build_map(trained, map_request, lambda share, doing: messages.append(doing)))
    cohort = trained.cohort("digits")
    assert set(audit.verdicts) == VERDICTS
    assert audit.seed == 3
    assert audit.verdicts["label_fidelity"].state == "not_assessable", "there is no classifier's space"
    assert len(trained.samples(samples)) == 20 * len(cohort.classes)
    assert len(map_.ids) == len(cohort) + len(trained.samples(samples))
    assert any("looking through" in doing for doing in messages)
    assert shares == sorted(shares), "encoders and the search for copies are one progress"
    assert shares[-1] == 1.0
    assert audit.made is not None
    assert set(audit.made.encoders) == {"pixels", "texture"}


def test_a_stopped_audit_and_one_without_its_run_leave_nothing_at_work(trained: Workspace) -> None:
    samples = pipeline.sample(trained, Sample(generator="first", per_class=20, seed=3))
    request = AuditSamples(cohort="digits", samples=samples, encoders=("simclr", "classifier"), seed=4)

    def stop(share: float, doing: str) -> None:
        raise pipeline.StopRequested("stop")

    with pytest.raises(pipeline.StopRequested):
        pipeline.audit_samples(trained, request, stop)
    brought = replace(trained.samples(samples), name="brought", digest="0" * 64, provenance={}, source="folder")
    trained.keep(brought, "brought")
    unknown = AuditSamples(cohort="digits", samples="brought", encoders=("discriminator",), trust_split=True)
    with pytest.raises(EvidenceError, match="The run that made brought is not in this workspace"):
        pipeline.audit_samples(trained, unknown)
    assert trained.find("audits", {"samples": trained.identity("samples", "brought")}) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ganaug")]


def test_what_was_made_is_found_and_not_made_again(trained: Workspace) -> None:
    request = Sample(generator="first", per_class=5)
    samples = pipeline.sample(trained, request)
    before = trained.artefact("samples", samples)
    assert pipeline.existing_result(trained, request) == samples
    assert pipeline.sample(trained, request) == samples
    assert trained.artefact("samples", samples) == before
    map_ = BuildMap(cohort="digits", samples=samples, encoder="pixels")
    assert pipeline.existing_result(trained, map_) is None
    assert (
        pipeline.build_map(trained, map_)
        == pipeline.existing_result(trained, map_)
        == pipeline.build_map(trained, map_)
    )


def test_samples_of_another_generator_under_the_same_name_are_other_samples(trained: Workspace, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.keep(trained.cohort("digits"), "digits")
    config = configure(images=600, threads=1, changes={"architecture.width": 8}).model_dump(mode="json")
    pipeline.train(workspace, Train(cohort="digits", name="first", config=config))
    old = pipeline.sample(workspace, Sample(generator="first", per_class=2))
    for kind in ("runs", "generators"):
        workspace.remove(kind, "first")
    pipeline.train(workspace, Train(cohort="digits", name="first", config={**config, "seed": 1}))
    new = pipeline.sample(workspace, Sample(generator="first", per_class=2))
    assert new != old
    assert new.startswith(old)
    assert workspace.samples(new).digest != workspace.samples(old).digest
    assert not set(workspace.samples(new).ids) & set(workspace.samples(old).ids)


def test_an_explicit_name_that_is_taken_is_refused_before_anything_is_drawn(trained: Workspace) -> None:
    pipeline.sample(trained, Sample(generator="first", per_class=2, name="mine"))
    with pytest.raises(WorkspaceError, match="already a sample named mine"):
        pipeline.sample(trained, Sample(generator="first", per_class=3, name="mine"))


def test_a_run_whose_generator_would_take_a_name_is_refused_before_it_trains(trained: Workspace) -> None:
    name = "taken"
    pipeline.train(trained, Train(cohort="digits", name=name, config=configure(images=64, threads=1).model_dump()))
    trained.remove("runs", name)
    with pytest.raises(WorkspaceError, match="already a generator named taken"):
        pipeline.begin_run(trained, Train(cohort="digits", name=name, config=configure(images=64).model_dump()))


def test_an_unknown_recipe_is_refused_before_anything_long_begins() -> None:
    from ganaug_core.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="no recipe named 'magic'"):
        configure("magic", minutes=0.05)
