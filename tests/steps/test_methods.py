"""What a paper must state of an audit: how it was made, and the words, references and table that say so."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import digit_cohort
import pytest

from ganaug_core import features, pipeline
from ganaug_core.audit import as_json
from ganaug_core.config.requests import AuditSamples
from ganaug_core.records import Audit
from ganaug_core.storage.workspace import Workspace

ASKED = AuditSamples(cohort="digits", samples="drawn", encoders=("pixels", "random_convolution"), seed=3)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with an audit of noise against digits of nobody known."""
    workspace = Workspace(tmp_path_factory.mktemp("methods") / "workspace")
    workspace.keep(digit_cohort.cohort(count=200), "digits")
    workspace.keep(digit_cohort.samples(), "drawn")
    pipeline.audit_samples(workspace, ASKED)
    return workspace


@pytest.fixture
def audit(judged: Workspace) -> Audit:
    return judged.audit(str(pipeline.existing_result(judged, ASKED)))


def test_the_document_names_encoders_versions_and_the_day(judged: Workspace, audit: Audit) -> None:
    document = json.loads(json.dumps(as_json(audit), allow_nan=False))
    fitted = features.fit(judged.cohort("digits"), "pixels", cache=judged)
    assert document["encoders"].keys() == {"pixels", "random_convolution"}
    assert document["encoders"]["pixels"] == {"digest": fitted.digest, "seed": 0}
    assert document["versions"].keys() == {"python", "ganaug", "torch", "numpy", "scipy", "scikit-learn"}
    assert document["versions"]["scipy"] == version("scipy")
    made = datetime.fromisoformat(document["date"])
    assert abs((datetime.now(UTC) - made).total_seconds()) < 600
    assert made.utcoffset() is not None


def test_an_audit_made_again_another_day_is_the_same_audit(judged: Workspace, audit: Audit) -> None:
    name = pipeline.existing_result(judged, ASKED)
    before = as_json(audit)
    assert pipeline.audit_samples(judged, ASKED) == name
    again = as_json(judged.audit(str(name)))
    changing = ("date", "holdout")
    assert {key: value for key, value in again.items() if key not in changing} == {
        key: value for key, value in before.items() if key not in changing
    }


def test_an_audit_from_before_this_was_kept_still_opens(judged: Workspace, tmp_path: Path) -> None:
    name = str(pipeline.existing_result(judged, ASKED))
    manifest = judged.manifest("audits", name)
    del manifest["made"]
    arrays = {
        path.stem: judged.array("audits", name, path.stem) for path in judged.folder("audits", name).glob("*.npy")
    }
    older = Workspace(tmp_path)
    older.write("audits", name, manifest, arrays)
    document = as_json(older.audit(name))
    assert (document["encoders"], document["versions"], document["date"]) == (None, None, None)
