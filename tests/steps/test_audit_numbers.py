"""Every number of an audit has an interval, sizes, a reference, a space, a seed, a floor and a null; none lies alone.

And none depends on the class mix: every comparison of two sets is made within classes, or at one mix.
"""

import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ganaug_core.audit import Space, as_json, audit
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.fidelity import realism
from ganaug_core.audit.label_fidelity import labels
from ganaug_core.audit.measurements import measurements
from ganaug_core.audit.memorisation import literature_counts, membership
from ganaug_core.encoders import ENCODERS
from ganaug_core.interfaces import silent
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.records import HOLDOUT, TRAIN, Audit, Cohort, Features, Measurement, Samples
from ganaug_core.ui.shared import glossary
from tests.evidence_records import masked, phantom_cohort, phantom_samples

pytestmark = pytest.mark.numerical

REFERENCES = {"holdout", "train", "train+holdout"}
TAUGHT = {"inception_score", "mode_score"}


def spaces(real: Cohort, drawn: Samples) -> dict[str, Space]:
    """Return texture, pixels in place of SimCLR, and a linear classifier on the texture."""
    train = real.where(TRAIN)
    found = {}
    for name, encoder in (("texture", "texture"), ("simclr", "pixels")):
        fitted = ENCODERS[encoder]().fit(real.images(train), real.labels[train])
        found[name] = [fitted.encode(each) for each in (real.images(np.arange(len(real))), drawn.images)]
    judge = LogisticRegression(max_iter=3000, C=0.02).fit(found["texture"][0][train], real.labels[train])
    found["classifier"] = [judge.predict_log_proba(each).astype(np.float32) for each in found["texture"]]
    return {
        name: Space(Features(name, "", values[0], real.ids), Features(name, "", values[1], drawn.ids))
        for name, values in found.items()
    }


@pytest.fixture(scope="module")
def world() -> tuple[Cohort, Samples]:
    return masked(phantom_cohort(300, 1), 2), phantom_samples(240, 2)


@pytest.fixture(scope="module")
def judged(world: tuple[Cohort, Samples]) -> Audit:
    real, drawn = world
    random = np.random.default_rng(0)
    logits = random.normal(size=len(real.where(TRAIN))), random.normal(size=len(real.where(HOLDOUT)))
    return audit(real, drawn, spaces(real, drawn), seed=7, logits=logits, command="ganaug audit")


def test_no_measurement_stands_alone(judged: Audit) -> None:
    document = json.loads(json.dumps(as_json(judged), allow_nan=False))
    assert len(document["measurements"]) == len(judged.measurements) > 60
    for each in document["measurements"]:
        low, high = each["interval"]
        assert low <= each["value"] <= high, each
        assert all(math.isfinite(each[key]) for key in ("value", "floor", "null")), each
        assert min(each["n_real"], each["n_synthetic"]) > 0, each
        assert each["reference"] in REFERENCES, each
        assert each["encoder"], each
        assert each["seed"] == 7
        assert each["p_value"] is None or 0 <= each["p_value"] <= 1, each
        assert each["name"] in glossary.MEASURES or each["name"].endswith("_peak"), each
    for each in (*document["suspects"], *document["missing_modes"]):
        assert 0 <= each["p_value"] <= 1
        assert each["encoder"]
    assert document["detectable_share"] is not None


def test_every_measure_of_the_families_is_there(judged: Audit) -> None:
    names = {each.name for each in judged.measurements}
    assert set(glossary.MEASURES) - names <= {
        "smallest_mode",
        "birthday_batch",
    }  # which need more images than this cohort may have
    kernel = [each for each in judged.measurements if each.name == "kernel_distance"]
    assert [each.encoder for each in kernel] == ["texture", "simclr"]
    assert all((each.p_value or 0) > 0.01 for each in kernel)  # fresh lesions


def test_the_kernel_distance_of_a_shifted_set_is_no_chance(world: tuple[Cohort, Samples]) -> None:
    real, drawn = world
    brighter = replace(drawn, images=np.clip(drawn.images + 0.1, -1, 1).astype(np.float32))
    both = compare(real, brighter, spaces(real, brighter), 0)
    kernel = [each for each in measurements(both, silent) if each.name == "kernel_distance"]
    assert all(each.p_value == pytest.approx(0.002) for each in kernel)  # the smallest that 499 swaps can give


def test_scores_for_teaching_move_no_verdict(world: tuple[Cohort, Samples], monkeypatch: pytest.MonkeyPatch) -> None:
    both = compare(*world, spaces(*world), 0)
    module = sys.modules[labels.__module__]
    before = labels(both).finding
    for name in TAUGHT:
        monkeypatch.setattr(module, name, lambda *values: 1e9)
    after = labels(both).finding
    assert {each.value for each in after.measurements if each.name in TAUGHT} == {1e9}
    assert after.p_value == before.p_value
    assert (after.trouble, after.clear, after.unable) == (before.trouble, before.clear, before.unable)


@pytest.fixture(scope="module")
def skewed(world: tuple[Cohort, Samples]) -> Comparison:
    """Nine benign to one malignant lesion among real images, half and half among fresh ones; malignant ones bright."""
    real, drawn = world
    rare = np.flatnonzero((real.labels == 0) | (real.groups % 9 == 0))
    thin = replace(
        real,
        masks=None,
        **{name: getattr(real, name)[rare] for name in ("labels", "roles", "ids", "patients", "groups")},
        pixels=np.clip(real.pixels[rare] + 80 * real.labels[rare][:, None, None, None], -160, 240),
    )
    bright = np.clip(drawn.images + 0.4 * drawn.labels[:, None, None, None], -1, 1).astype(np.float32)
    even = replace(drawn, images=bright)
    return compare(thin, even, spaces(thin, even), 0)


def test_another_class_mix_moves_no_comparison_of_two_sets(skewed: Comparison) -> None:
    held, synthetic = skewed.holdout, skewed.spaces["texture"].synthetic.values
    assert np.bincount(skewed.cohort.labels[held])[1] < 0.2 * len(held)
    found = [*measurements(skewed, silent), *realism(skewed, silent).finding.measurements, *literature_counts(skewed)]
    whole = {(each.name, each.encoder): each for each in found if each.class_name is None}
    mixed = Frechet().compare(skewed.features("texture", held), synthetic)
    assert mixed > 3 * (whole["frechet", "texture"].floor or 0)  # without one mix it would be seen
    for each in whole.values():
        assert near_floor(each), each


def near_floor(each: Measurement) -> bool:
    """Return whether what real images give lies within twice the interval."""
    low, high = each.interval or (0, 0)
    return low - (high - low) / 2 <= (each.floor or 0) <= high + (high - low) / 2


def test_another_class_mix_is_no_membership(world: tuple[Cohort, Samples]) -> None:
    real, drawn = world
    roles = np.where((real.roles == HOLDOUT) & (real.labels == 0) & (real.groups % 4 > 0), 1, real.roles)
    both = compare(replace(real, roles=roles), drawn, {}, 0)
    found = membership(both, *(real.labels[rows].astype(float) for rows in (both.train, both.holdout)))
    share = [real.labels[rows].mean() for rows in (both.train, both.holdout)]
    assert share[1] > share[0] + 0.2  # what the discriminator knows here is the class and nothing else
    assert found[0].value == pytest.approx(0.5, abs=0.02)
