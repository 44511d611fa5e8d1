"""The verdicts on whole sets (realism, labels, intensities) on the phantom: fresh lesions pass, planted faults fail."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from sklearn.linear_model import LogisticRegression

from ganaug_core.audit import Space, audit
from ganaug_core.encoders import ENCODERS
from ganaug_core.records import TRAIN, Audit, Cohort, Features, Floats, Samples
from ganaug_core.storage.workspace import Workspace
from tests.evidence_records import phantom_cohort, phantom_samples, remembering

pytestmark = pytest.mark.numerical

Change = Callable[[Floats], Floats]


def spaces(real: Cohort, synthetic: Samples) -> dict[str, Space]:
    """Return the texture of all images, and a linear classifier on it."""
    train = real.where(TRAIN)
    fitted = ENCODERS["texture"]().fit(real.images(train), real.labels[train])
    features = [fitted.encode(images) for images in (real.images(np.arange(len(real))), synthetic.images)]
    judge = LogisticRegression(max_iter=3000, C=0.02).fit(features[0][train], real.labels[train])
    sure = [judge.predict_log_proba(values).astype(np.float32) for values in features]
    return {
        name: Space(Features(name, "", values[0], real.ids), Features(name, "", values[1], synthetic.ids))
        for name, values in (("texture", features), ("classifier", sure))
    }


def judge(real: Cohort, synthetic: Samples, change: Change = lambda images: images) -> Audit:
    changed = replace(synthetic, images=np.clip(change(synthetic.images), -1, 1).astype(np.float32))
    return audit(real, changed, spaces(real, changed), trust_split=True, memoise=remembering(real))


@pytest.fixture(scope="module")
def world() -> tuple[Cohort, Samples]:
    return phantom_cohort(400, 1), phantom_samples(300, 2)


@pytest.fixture(scope="module")
def fresh(world: tuple[Cohort, Samples]) -> Audit:
    return judge(*world)


def test_fresh_lesions_pass_all_verdicts_on_whole_sets(fresh: Audit) -> None:
    for name in ("fidelity", "intensity"):
        assert fresh.verdicts[name].state == "pass", fresh.verdicts[name]
    assert fresh.verdicts["label_fidelity"].state in ("pass", "not_assessable")
    assert "A blur of" in fresh.verdicts["fidelity"].statement
    assert " HU against " in fresh.verdicts["intensity"].statement


def test_every_measurement_has_an_interval_sizes_and_a_reference(fresh: Audit) -> None:
    assert not [measurement.name for measurement in fresh.measurements if measurement.interval is None]
    assert not [
        measurement.name
        for measurement in fresh.measurements
        if not (measurement.n_real and measurement.n_synthetic and measurement.reference)
    ]
    for measurement in fresh.measurements:
        assert measurement.interval is not None
        assert measurement.interval[0] <= measurement.value <= measurement.interval[1], measurement
    hu = {measurement.name for measurement in fresh.measurements if measurement.unit == "HU"}
    assert {"median_intensity", "low_intensity", "high_intensity", "noise_level", "soft_tissue_peak"} <= hu


def test_a_set_is_compared_with_real_against_real_of_the_same_size(fresh: Audit) -> None:
    measurements = {
        (measurement.name, measurement.encoder): measurement
        for measurement in fresh.measurements
        if measurement.class_name is None
    }
    for name in ("discrepancy_multiple", "frechet_multiple"):
        assert measurements[name, "texture"].value == pytest.approx(1, abs=1.2)
        assert measurements[name, "texture"].floor == pytest.approx(1, abs=1.2)
    assert measurements["told_apart", "texture"].value == pytest.approx(0.5, abs=0.12)
    assert (measurements["discrepancy_multiple", "texture"].p_value or 0) > 0.01
    sharp = [measurement for measurement in fresh.measurements if measurement.name == "sharp_kernel_share"]
    assert [measurement.class_name for measurement in sharp] == ["benign", "malignant"]
    assert sharp[0].value < sharp[1].value  # the phantom's confounder


def test_blurred_images_fail_realism_and_the_sentence_says_by_how_much(world: tuple[Cohort, Samples]) -> None:
    result = judge(*world, lambda images: ndimage.gaussian_filter(images, (0, 0, 0.5, 0.5)))
    assert result.verdicts["fidelity"].state == "fail"
    assert (
        "times as much" in result.verdicts["fidelity"].statement
        or "less detail" in result.verdicts["fidelity"].statement
    )
    assert result.verdicts["intensity"].state == "pass"


def test_twenty_hounsfield_units_fail_intensity_in_the_unit(world: tuple[Cohort, Samples]) -> None:
    result = judge(*world, lambda images: images + 0.1)
    assert result.verdicts["intensity"].state == "fail"
    assert " HU in the usual synthetic image" in result.verdicts["intensity"].statement
    shown = result.examples["intensity"]
    assert "highest" in shown.says
    means = dict(zip(world[1].ids.tolist(), world[1].images.mean((1, 2, 3)), strict=True))
    assert np.mean([means[image_id] for image_id in shown.images]) > np.quantile(list(means.values()), 0.6)


def test_an_artefact_that_a_classifier_sees_is_a_warning_and_is_shown(world: tuple[Cohort, Samples]) -> None:
    def marked(images: Floats) -> Floats:
        result = images.copy()
        result[..., 20, 40] += 0.5
        return result

    result = judge(*world, marked)
    assert result.verdicts["fidelity"].state == "warn"
    assert "A simple classifier tells" in result.verdicts["fidelity"].statement
    assert np.unravel_index(np.abs(result.drawings["give_away.detail"]).argmax(), (32, 32)) == (10, 20)
    scores = dict(zip(world[1].ids.tolist(), result.drawings["give_away.scores"].tolist(), strict=True))
    shown = {image: score for image, score in scores.items() if not np.isnan(score)}
    assert result.give_aways == tuple(sorted(shown, key=shown.__getitem__, reverse=True)[: len(result.give_aways)])


def test_the_confusion_table_shows_where_the_labels_went(world: tuple[Cohort, Samples], fresh: Audit) -> None:
    real, synthetic = world
    held, right = fresh.drawings["confusion.holdout"], fresh.drawings["confusion.synthetic"]
    assert held.sum(1) == pytest.approx([1, 1])
    assert np.diag(right) == pytest.approx(np.diag(held), abs=0.15)
    swapped = judge(real, replace(synthetic, labels=1 - synthetic.labels))
    assert swapped.drawings["confusion.synthetic"] == pytest.approx(right[::-1], abs=1e-6)
    assert swapped.verdicts["label_fidelity"].state == "fail"


def test_few_images_are_not_judged_and_the_sentence_says_how_many_are_needed(world: tuple[Cohort, Samples]) -> None:
    real, synthetic = world
    few = replace(synthetic, images=synthetic.images[:9], labels=synthetic.labels[:9], ids=synthetic.ids[:9])
    result = judge(real, few)
    for name in ("fidelity", "intensity"):
        assert result.verdicts[name].state == "not_assessable"
        assert any(letter.isdigit() for letter in result.verdicts[name].do)


def test_an_audit_is_kept_and_read_whole(fresh: Audit, tmp_path: object) -> None:
    workspace = Workspace(str(tmp_path))
    workspace.keep(fresh, "phantom--drawn")
    read = workspace.audit("phantom--drawn")
    assert read.measurements == fresh.measurements
    assert read.copied == fresh.copied
    assert read.give_aways == fresh.give_aways
    assert set(read.drawings) == set(fresh.drawings)
    assert np.array_equal(read.drawings["give_away.detail"], fresh.drawings["give_away.detail"])
    assert read.examples == fresh.examples
    assert read.spaces == fresh.spaces
