"""What leaves: without named copies, audited as it leaves, and the files say so."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from looking_records import an_audit, kept
from streamlit.testing.v1 import AppTest

from ganaug_core import generators, pipeline, release
from ganaug_core.config.requests import AuditSamples, SelectSamples
from ganaug_core.errors import GeneratorError
from ganaug_core.generators.export_manifest import audit_in_words
from ganaug_core.records import Suspect, Verdict
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace

SAMPLES = "r1-6-seed0"


def judge(workspace: Workspace, samples: str, named: list[str]) -> None:
    """Keep an audit of a set that names these images as copies."""
    cohort, record = workspace.cohort("small"), workspace.samples(samples)
    suspects = tuple(
        Suspect(
            synthetic=image, real=str(cohort.ids[0]), holdout=str(cohort.ids[1]), encoder="registered", distance=0.01,
            score=0.1, p_value=0.001, q_value=0.01, transform="flip", identical=True,
        )
        for image in named
    )  # fmt: skip
    audit = an_audit(cohort, record)
    copying = Verdict("fail", "Copies of 7 held-out patients, of 225 real patients.", "Train anew.")
    verdicts = {**audit.verdicts, "copying": copying}
    kept(workspace, replace(audit, suspects=suspects, verdicts=verdicts), AuditSamples(cohort="small", samples=samples))


@pytest.fixture
def auditor(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Audits that name what stands here, one list after the other, and then nothing."""
    to_name: list[list[str]] = []

    def audit(workspace: Workspace, request: AuditSamples, report: object) -> str:
        judge(workspace, request.samples, to_name.pop(0) if to_name else [])
        return ""

    monkeypatch.setattr(pipeline, "audit_samples", audit)
    return to_name


def test_what_each_audit_names_goes_until_one_names_nothing(filled: Workspace, auditor: list[list[str]]) -> None:
    ids = filled.samples(SAMPLES).ids.tolist()
    auditor += [ids[:2], ids[2:3]]
    found = release.audited(filled, "small", SAMPLES, ids)
    assert found.left_out == tuple(ids[:3])
    assert found.samples.ids.tolist() == ids[3:]
    assert filled.named("samples", found.samples.identity) == f"{SAMPLES}-{len(ids) - 3}-chosen"
    known = release.known(filled, found)
    assert known.audit is not None
    assert known.audit.suspects == ()
    assert (
        "3 images that an audit named as copies were left out. Exactly these images were audited again."
        in audit_in_words(known)
    )
    assert "Of the whole set that they come from, the verdict on copying is: fail." in audit_in_words(known)
    assert release.audited(filled, "small", SAMPLES, ids).audit == found.audit, "found again without another one"


def test_asked_for_named_copies_leave_and_are_marked(filled: Workspace, tmp_path: Path) -> None:
    record = filled.samples(SAMPLES)
    ids = record.ids.tolist()
    judge(filled, SAMPLES, ids[:2])
    Database(filled.database_path).decide(record.digest, ids[1], "keep", samples=SAMPLES)
    identity = filled.identity("cohorts", "small")
    found = release.leaving(filled, identity, record, ids, with_copies=True)
    generators.export(
        found.samples, filled.cohort("small").intensity, tmp_path / "out", "dicom", release.known(filled, found)
    )
    rows = list(csv.DictReader((tmp_path / "out" / "manifest.csv").read_text().splitlines()))
    assert [row["named_as_copy"] for row in rows] == ["yes", "yes", *["no"] * (len(ids) - 2)]
    assert [row["decision"] for row in rows] == ["", "keep", *[""] * (len(ids) - 2)]
    assert [row["index"] for row in rows] == [str(number) for number in range(len(ids))]
    document = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert document["named_copies_included"] == document["audit"]["named_as_copies"] == 2
    assert document["audit"]["verdicts"]["copying"]["statement"] == (
        "Copies of 10 or fewer held-out patients, of 225 real patients."
    )


def test_no_document_names_a_real_image_or_its_cohort(filled: Workspace, tmp_path: Path) -> None:
    record, cohort = filled.samples(SAMPLES), filled.cohort("small")
    ids = record.ids.tolist()
    judge(filled, SAMPLES, ids[:2])
    found = release.leaving(filled, filled.identity("cohorts", "small"), record, ids, with_copies=True)
    generators.export(found.samples, cohort.intensity, tmp_path / "out", "npz", release.known(filled, found))
    written = "".join(
        (tmp_path / "out" / name).read_text() for name in ("manifest.json", "README.md", "croissant.json")
    )
    secrets = [*cohort.ids.tolist(), cohort.digest, cohort.identity, str(filled.root)]
    assert [secret for secret in secrets if secret in written] == []
    assert ids[0] in (tmp_path / "out" / "manifest.csv").read_text(), "ids are found where they are"


def test_a_generator_whose_every_image_is_named_gives_nothing(filled: Workspace, auditor: list[list[str]]) -> None:
    ids = filled.samples(SAMPLES).ids.tolist()
    auditor.append(ids)
    with pytest.raises(GeneratorError, match="named every one of these images"):
        release.audited(filled, "small", SAMPLES, ids)


def test_audits_end_where_each_names_more(filled: Workspace, auditor: list[list[str]]) -> None:
    ids = filled.samples(SAMPLES).ids.tolist()
    auditor += [[image] for image in ids]
    with pytest.raises(GeneratorError, match="5 audits in turn named further copies"):
        release.audited(filled, "small", SAMPLES, ids)


def test_a_chosen_image_keeps_its_place_in_the_draw(filled: Workspace) -> None:
    ids = filled.samples(SAMPLES).ids.tolist()
    first = pipeline.select_samples(filled, SelectSamples(samples=SAMPLES, images=(ids[5], ids[2], ids[3])))
    second = pipeline.select_samples(filled, SelectSamples(samples=first, images=(ids[5],)))
    assert filled.samples(second).provenance["index"] == [5]
    assert pipeline.select_samples(filled, SelectSamples(samples=SAMPLES, images=(ids[2], ids[3], ids[5]))) == first


def form(cohort: str, samples: str) -> None:
    """What stands behind *Save*: a script of its own, since a test cannot open a popover."""
    from ganaug_core.ui.shared import caches
    from ganaug_core.ui.shared.looking import decisions, export

    export.save_images(cohort, samples, decisions.of(caches.samples(samples)))


def test_the_form_leaves_named_copies_out_unless_asked(filled: Workspace) -> None:
    ids = filled.samples(SAMPLES).ids.tolist()
    judge(filled, SAMPLES, ids[:2])
    app = AppTest.from_function(form, args=("small", SAMPLES)).run(timeout=30)
    assert not app.exception
    assert any("2 of these images were named as copies" in warning.value for warning in app.warning)
    assert any("Exactly these images were not audited" in text.value for text in app.text)
    app.checkbox(key=f"save-copies-{SAMPLES}").check().run()
    assert any("Exactly these images were audited" in text.value for text in app.text)
