"""A cohort in colour goes the whole way: fresh images stand, copies, swapped channels and shuffled labels fail."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ganaug_core import wording
from ganaug_core.audit import Space, audit
from ganaug_core.audit.comparison import compare
from ganaug_core.audit.fidelity import realism
from ganaug_core.audit.intensity import intensities
from ganaug_core.audit.label_fidelity import labels
from ganaug_core.cohort import import_cohort, import_samples
from ganaug_core.config.importing import Choices
from ganaug_core.encoders.texture import measure
from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import silent
from ganaug_core.metrics import classifier_two_sample, power_spectrum, structural_similarity
from ganaug_core.neighbours import near_duplicate_pairs, registered
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Features, Floats, Integers, Samples
from tests import stained_cells
from tests.evidence_records import remembering

SIDE, EACH, MADE = 16, 70, 36


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    source = stained_cells.folders(tmp_path_factory.mktemp("real"), *stained_cells.cells(EACH, SIDE, seed=1))
    choices = Choices(colour=True)
    return import_cohort(source, "cells", size=SIDE, holdout=0.4, near_duplicate_limit=0, choices=choices)[0]


@pytest.fixture(scope="module")
def fresh(real: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    source = stained_cells.folders(tmp_path_factory.mktemp("made"), *stained_cells.cells(MADE, SIDE, seed=2))
    return import_samples(source, real, "fresh")


def spaces(real: Cohort, samples: Samples) -> Mapping[str, Space]:
    """Return texture, and in place of the trained classifier a linear one that sees the training images only."""
    train, images = real.where(TRAIN), real.images(np.arange(len(real)))
    texture = [measure(side) for side in (images, samples.images)]
    mean, spread = texture[0][train].mean(0), texture[0][train].std(0) + 1e-6
    texture = [(values - mean) / spread for values in texture]
    judge = LogisticRegression(max_iter=3000).fit(texture[0][train], real.labels[train])
    sure = [np.log(judge.predict_proba(values).clip(1e-9)) for values in texture]
    return {
        name: Space(
            Features(name, "test", values[0].astype(np.float32), real.ids),
            Features(name, "test", values[1].astype(np.float32), samples.ids),
        )
        for name, values in (("texture", texture), ("classifier", sure))
    }


def training_images(real: Cohort) -> tuple[Floats, Integers]:
    """Return two thirds as many of each class as there are synthetic ones, and where they stand among these."""
    rows = [real.where(TRAIN, label=label)[: MADE * 2 // 3] for label in range(3)]
    where = [np.arange(MADE * 2 // 3) + MADE * label for label in range(3)]
    return real.images(np.concatenate(rows)), np.concatenate(where)


def test_fresh_images_in_colour_fail_nothing_and_turned_copies_do(real: Cohort, fresh: Samples) -> None:
    known = remembering(real)
    fair = audit(real, fresh, spaces(real, fresh), trust_split=True, memoise=known)
    assert {name: verdict.state for name, verdict in fair.verdicts.items() if verdict.state == "fail"} == {}
    assert fair.verdicts["copying"].state in ("pass", "not_assessable")
    assert wording.in_colour(fair.measurements)
    copies, where = training_images(real)
    images = fresh.images.copy()
    images[where] = np.rot90(copies, 1, (2, 3))
    assert audit(real, replace(fresh, images=images), {}, memoise=known).verdicts["copying"].state == "fail"


def test_swapped_channels_are_no_copy_but_fail_intensity_and_realism(real: Cohort, fresh: Samples) -> None:
    copies, _ = training_images(real)
    train = real.images(real.where(TRAIN))
    usual = registered(fresh.images, train).distance
    assert registered(copies, train).distance.max() < 0.001
    assert registered(np.rot90(copies, 1, (2, 3)).copy(), train).distance.max() < 0.01
    assert np.median(registered(copies[:, [1, 2, 0]], train).distance) > np.median(usual)
    swapped = replace(fresh, images=fresh.images[:, ::-1].copy())
    comparison = compare(real, swapped, spaces(real, swapped), 0)
    by_values = intensities(comparison).finding
    assert by_values.p_value is not None
    assert by_values.p_value < 0.01
    assert " of red is " in by_values.trouble[0] or " of blue is " in by_values.trouble[0]
    by_texture = realism(comparison, silent).finding
    assert by_texture.p_value is not None
    assert by_texture.p_value < 1e-4


def test_shuffled_labels_fail_in_colour(real: Cohort, fresh: Samples) -> None:
    shuffled = replace(fresh, labels=np.random.default_rng(0).permutation(fresh.labels))
    p_values = [labels(compare(real, side, spaces(real, side), 0)).finding.p_value for side in (fresh, shuffled)]
    assert p_values[0] is not None
    assert p_values[0] > 0.05
    assert p_values[1] is not None
    assert p_values[1] < 0.001


def test_intensities_are_told_for_each_channel_by_its_name(real: Cohort, fresh: Samples) -> None:
    measurements = intensities(compare(real, fresh, {}, 0)).finding.measurements
    medians = {(one.class_name, one.encoder): one for one in measurements if one.name == "median_intensity"}
    assert {encoder for _, encoder in medians} == {"intensity, red", "intensity, green", "intensity, blue"}
    assert len(medians) == 9
    held = real.where(HOLDOUT, label=0)
    green = np.median(np.asarray(real.pixels[held, 1]).reshape(len(held), -1), axis=1)
    assert medians["gland", "intensity, green"].floor == pytest.approx(np.median(green), abs=2)


def test_colour_alone_tells_images_apart_and_near_duplicates_need_it() -> None:
    images = np.moveaxis(stained_cells.cells(4, 32)[0], 3, 1).astype(np.float32) / 127.5 - 1
    other = images[:, [1, 2, 0]]
    assert len(near_duplicate_pairs(np.concatenate([images, other]))[0]) == 0
    pairs, _ = near_duplicate_pairs(np.concatenate([images, np.rot90(images, 1, (2, 3))]))
    assert pairs.tolist() == [[row, row + len(images)] for row in range(len(images))]


def test_a_copy_in_grey_and_one_with_a_tint_are_copies_of_a_picture_in_colour() -> None:
    images = np.moveaxis(stained_cells.cells(4, 32)[0], 3, 1).astype(np.float32) / 160 - 1
    grey = images.mean(1, keepdims=True).repeat(3, 1)
    tinted = images + np.array([0.1, 0, -0.1], np.float32)[:, None, None]
    for changed in (grey, tinted):
        assert registered(changed, images).distance.max() < 0.01


def test_one_channel_is_measured_as_it_was_and_three_one_by_one() -> None:
    images = np.moveaxis(stained_cells.cells(4, 32)[0], 3, 1).astype(np.float32) / 127.5 - 1
    planes = [images[:, channel : channel + 1] for channel in range(3)]
    rings = [power_spectrum.rings(plane) for plane in planes]
    assert np.array_equal(power_spectrum.rings(images), np.concatenate(rings, 1))
    similar = [structural_similarity.structural_similarity(plane, plane[::-1]) for plane in planes]
    assert np.array_equal(structural_similarity.structural_similarity(images, images[::-1]), np.mean(similar, axis=0))
    looks = [classifier_two_sample.brightness_and_detail(plane) for plane in planes]
    halves = [np.concatenate([look[:, part] for look in looks], 1) for part in (slice(1024), slice(1024, None))]
    assert np.array_equal(classifier_two_sample.brightness_and_detail(images), np.concatenate(halves, 1))
    pattern = np.zeros((2, 3, 32, 32))
    pattern[0, 2, 5, 7], pattern[1, 0, 1, 2] = -3, 2
    brightness, detail = classifier_two_sample.as_pictures(pattern.ravel(), 3)
    assert brightness[5, 7] == -3
    assert detail[1, 2] == 2


def test_three_equal_channels_register_as_the_grey_picture_does() -> None:
    images = np.moveaxis(stained_cells.cells(4, 32)[0], 3, 1)[:, :1].astype(np.float32) / 127.5 - 1
    queries, references = images[::2], images[1::2]
    grey = registered(queries, references)
    wide = registered(queries.repeat(3, 1), references.repeat(3, 1))
    np.testing.assert_allclose(wide.distance, grey.distance, atol=1e-5)


def test_grey_synthetic_images_are_not_judged_against_a_cohort_in_colour(real: Cohort, fresh: Samples) -> None:
    with pytest.raises(EvidenceError, match="one is in colour and the other grey"):
        audit(real, replace(fresh, images=fresh.images[:, :1]), {})
