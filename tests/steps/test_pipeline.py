"""The whole way on a real, small cohort: what pipeline.py says is what happens."""

from pathlib import Path

import digit_cohort
import pytest

from ganaug_core import pipeline
from ganaug_core.storage.workspace import Workspace

VERDICTS = {"copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"}


def test_the_whole_way_on_digits_gives_an_audit_a_map_and_samples(tmp_path: Path) -> None:
    told: list[str] = []
    judged = pipeline.run(
        digit_cohort.folder(tmp_path / "digits"),
        tmp_path / "workspace",
        encoders=("pixels", "texture"),
        minutes=0.05,
        per_class=20,
        size=16,
        seed=3,
        report=lambda share, doing: told.append(doing),
    )
    workspace = Workspace(tmp_path / "workspace")
    cohort, samples, drawn = workspace.cohort("cohort"), workspace.samples("samples"), workspace.map("map")
    assert set(judged.verdicts) == VERDICTS
    assert workspace.audit("audit").verdicts == judged.verdicts
    assert len(samples) == 20 * len(cohort.classes)
    assert len(drawn.ids) == len(cohort) + len(samples)
    assert judged.seed == 3
    assert drawn.encoder == "pixels"
    assert judged.verdicts["label_fidelity"].state == "not_assessable", "there is no classifier's space"
    assert any("Training" in each for each in told)


def test_an_unknown_recipe_is_refused_before_anything_long_begins(tmp_path: Path) -> None:
    from ganaug_core.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="no recipe named 'magic'"):
        pipeline.run("embedded:digits", tmp_path, recipe="magic", minutes=0.05, size=16)
