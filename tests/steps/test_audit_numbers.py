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

REFERENCES = {"holdout", "train", "train+holdout", "train+tuning"}
TAUGHT = {"inception_score", "mode_score"}


def spaces(real: Cohort, synthetic: Samples) -> dict[str, Space]:
    """Return texture, pixels in place of SimCLR, and a linear classifier on the texture."""
    train = real.where(TRAIN)
    features = {}
    for name, encoder in (("texture", "texture"), ("simclr", "pixels")):
        fitted = ENCODERS[encoder]().fit(real.images(train), real.labels[train])
        features[name] = [fitted.encode(images) for images in (real.images(np.arange(len(real))), synthetic.images)]
    judge = LogisticRegression(max_iter=3000, C=0.02).fit(features["texture"][0][train], real.labels[train])
    features["classifier"] = [judge.predict_log_proba(values).astype(np.float32) for values in features["texture"]]
    return {
        name: Space(Features(name, "", values[0], real.ids), Features(name, "", values[1], synthetic.ids))
        for name, values in features.items()
    }


@pytest.fixture(scope="module")
def world() -> tuple[Cohort, Samples]:
    return masked(phantom_cohort(300, 1), 2), phantom_samples(240, 2)


@pytest.fixture(scope="module")
def judged(world: tuple[Cohort, Samples]) -> Audit:
    real, synthetic = world
    random = np.random.default_rng(0)
    logits = random.normal(size=len(real.where(TRAIN))), random.normal(size=len(real.where(HOLDOUT)))
    return audit(
        real,
        synthetic,
        spaces(real, synthetic),
        seed=7,
        trust_split=True,
        membership=True,
        logits=logits,
        command="ganaug audit",
    )


def test_no_measurement_stands_alone(judged: Audit) -> None:
    document = json.loads(json.dumps(as_json(judged), allow_nan=False))
    assert len(document["measurements"]) == len(judged.measurements) > 60
    for measurement in document["measurements"]:
        low, high = measurement["interval"]
        assert low <= measurement["value"] <= high, measurement
        assert all(math.isfinite(measurement[key]) for key in ("value", "floor", "null")), measurement
        assert min(measurement["n_real"], measurement["n_synthetic"]) > 0, measurement
        assert measurement["reference"] in REFERENCES, measurement
        assert measurement["encoder"], measurement
        assert measurement["seed"] == 7
        assert measurement["p_value"] is None or 0 <= measurement["p_value"] <= 1, measurement
        if measurement["encoder"] not in ("registered", "membership"):  # copying is tested elsewhere
            assert measurement["interval_method"], measurement
            assert bool(measurement["test"]) == (measurement["p_value"] is not None), measurement
            assert not measurement["test"] or "null: " in measurement["test"], measurement
        assert measurement["name"] in glossary.MEASURES or measurement["name"].endswith("_peak"), measurement
    for entry in (*document["suspects"], *document["missing_modes"]):
        assert 0 <= entry["p_value"] <= 1 + 1e-12
        assert entry["encoder"]
    assert document["detectable_share"] is not None


def test_every_verdict_with_a_p_names_test_null_margin_and_sizes(judged: Audit) -> None:
    for name, verdict in judged.verdicts.items():
        if name == "copying" or verdict.p is None:
            continue
        assert verdict.test, name
        assert verdict.null, name
        assert verdict.patients, name
        assert verdict.images, name
        assert (verdict.p_corrected or 0) >= verdict.p
    margins = {name: judged.verdicts[name].margin for name in ("label_fidelity", "intensity")}
    assert margins["intensity"] == 0.15
    assert margins["label_fidelity"] in (0.05, 0.15)


def test_every_measure_of_the_families_is_there(judged: Audit) -> None:
    names = {measurement.name for measurement in judged.measurements}
    assert set(glossary.MEASURES) - names <= {
        "smallest_mode",
        "birthday_batch",
        "membership_sure_1_percent",
        "membership_sure_01_percent",
    }  # which need more images than this cohort may have
    kernel = [measurement for measurement in judged.measurements if measurement.name == "kernel_distance"]
    assert [measurement.encoder for measurement in kernel] == ["texture", "simclr"]
    assert all((measurement.p_value or 0) > 0.01 for measurement in kernel)  # fresh lesions


def test_the_kernel_distance_of_a_shifted_set_is_no_chance(world: tuple[Cohort, Samples]) -> None:
    real, synthetic = world
    brighter = replace(synthetic, images=np.clip(synthetic.images + 0.1, -1, 1).astype(np.float32))
    comparison = compare(real, brighter, spaces(real, brighter), 0)
    kernel = [measurement for measurement in measurements(comparison, silent) if measurement.name == "kernel_distance"]
    smallest = 0.002  # that 499 swaps can give
    assert all(measurement.p_value == pytest.approx(smallest) for measurement in kernel)


def test_scores_for_teaching_move_no_verdict(world: tuple[Cohort, Samples], monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = compare(*world, spaces(*world), 0)
    module = sys.modules[labels.__module__]
    before = labels(comparison).finding
    for name in TAUGHT:
        monkeypatch.setattr(module, name, lambda *values: 1e9)
    after = labels(comparison).finding
    assert {measurement.value for measurement in after.measurements if measurement.name in TAUGHT} == {1e9}
    assert after.p_value == before.p_value
    assert (after.trouble, after.clear, after.unable) == (before.trouble, before.clear, before.unable)


@pytest.fixture(scope="module")
def skewed(world: tuple[Cohort, Samples]) -> Comparison:
    """Nine benign to one malignant lesion among real images, half and half among fresh ones; malignant ones bright."""
    real, synthetic = world
    rare = np.flatnonzero((real.labels == 0) | (real.groups % 9 == 0))
    thin = replace(
        real,
        masks=None,
        **{name: getattr(real, name)[rare] for name in ("labels", "roles", "ids", "patients", "groups")},
        pixels=np.clip(real.pixels[rare] + 80 * real.labels[rare][:, None, None, None], -160, 240),
    )
    bright = np.clip(synthetic.images + 0.4 * synthetic.labels[:, None, None, None], -1, 1).astype(np.float32)
    even = replace(synthetic, images=bright)
    return compare(thin, even, spaces(thin, even), 0)


def test_another_class_mix_moves_no_comparison_of_two_sets(skewed: Comparison) -> None:
    held, synthetic = skewed.holdout, skewed.spaces["texture"].synthetic.values
    assert np.bincount(skewed.cohort.labels[held])[1] < 0.2 * len(held)
    numbers = [*measurements(skewed, silent), *realism(skewed, silent).finding.measurements, *literature_counts(skewed)]
    whole_set = {
        (measurement.name, measurement.encoder): measurement
        for measurement in numbers
        if measurement.class_name is None
    }
    mixed = Frechet().compare(skewed.features("texture", held), synthetic)
    assert mixed > 3 * (whole_set["frechet", "texture"].floor or 0)  # without one mix it would be seen
    for measurement in whole_set.values():
        assert near_floor(measurement), measurement


def near_floor(measurement: Measurement) -> bool:
    """Return whether what real images give, or chance, lies within twice the interval; both vary too."""
    low, high = measurement.interval or (0, 0)
    among_real = measurement.floor or 0, measurement.null or 0
    return any(low - (high - low) / 2 <= value <= high + (high - low) / 2 for value in among_real)


def test_another_class_mix_is_no_membership(world: tuple[Cohort, Samples]) -> None:
    real, synthetic = world
    roles = np.where((real.roles == HOLDOUT) & (real.labels == 0) & (real.groups % 4 > 0), 1, real.roles)
    comparison = compare(replace(real, roles=roles), synthetic, {}, 0)
    numbers = membership(
        comparison, *(real.labels[rows].astype(float) for rows in (comparison.train, comparison.holdout))
    )
    share = [real.labels[rows].mean() for rows in (comparison.train, comparison.holdout)]
    assert share[1] > share[0] + 0.2  # what the discriminator knows here is the class and nothing else
    assert numbers[0].value == pytest.approx(0.5, abs=0.02)
