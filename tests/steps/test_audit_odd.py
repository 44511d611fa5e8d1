"""Cohorts that are odd in one way: an audit has an answer for each, or says in words what it lacks."""

import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from ganaug_core.audit import Space, missing_groups
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.copying import copies
from ganaug_core.audit.fidelity import realism
from ganaug_core.audit.intensity import intensities
from ganaug_core.audit.label_fidelity import labels
from ganaug_core.audit.measurements import measurements
from ganaug_core.audit.memorisation import literature_counts, membership
from ganaug_core.audit.missing_groups import _closed
from ganaug_core.audit.power_spectrum import detail
from ganaug_core.audit.real_against_real import LIMIT, relative_distances
from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import silent
from ganaug_core.metrics.density_coverage import Coverage
from ganaug_core.records import HOLDOUT, TRAIN, Features
from tests.evidence_records import cohort, samples

DIMENSION = 6


def noise(patients: tuple[int, int], images: int, synthetic: int, *, classes: int = 1, size: int = 16) -> Comparison:
    """Return noise with normal features, texture and simclr, the same on all sides.

    Args:
        patients: Of training and of the hold-out, of each class.
        images: Of each patient.
        drawn: Synthetic images of each class.
    """
    random = np.random.default_rng(5)
    roles = np.tile(np.repeat([TRAIN, HOLDOUT], np.array(patients) * images), classes)
    labels_of = np.repeat(np.arange(classes), sum(patients) * images)
    pixels = random.integers(0, 256, (len(roles), 1, size, size)).astype(np.uint8)
    names = tuple(f"class {number}" for number in range(classes))
    real = replace(cohort(pixels, labels_of, names, groups=np.arange(len(roles)) // images), roles=roles)
    generated = samples(
        random.uniform(-1, 1, (synthetic * classes, 1, size, size)).astype(np.float32),
        np.repeat(np.arange(classes), synthetic),
        real.classes,
    )
    views = {}
    for name in ("texture", "simclr"):
        real_features, synthetic_features = (
            random.standard_normal((n, DIMENSION)).astype(np.float32) for n in (len(real), len(generated))
        )
        views[name] = Space(
            Features(name, "", real_features, real.ids), Features(name, "", synthetic_features, generated.ids)
        )
    return compare(real, generated, views, 0)


def test_few_training_patients_are_named_where_realism_cannot_be_judged() -> None:
    finding = realism(noise((6, 30), 3, 60), silent).finding
    assert finding.clear is None
    assert "6 training patients" in finding.unable[0]
    assert "more training patients" in finding.unable[1]


def test_a_sentence_has_one_bracket_for_all_that_stands_beside_a_number() -> None:
    far = noise((30, 30), 1, 60)
    far.spaces["texture"].synthetic.values[:] += 3
    close = noise((30, 30), 1, 60)
    said = [realism(comparison, silent).finding for comparison in (far, close)]
    sentences = [said[0].trouble[0], (said[1].clear or said[1].unable)[0]]
    for sentence in sentences:
        assert re.search(
            r"times as much as two sets of 300 real images do \((mean|Fréchet) \w+, 95 % interval", sentence
        )
        assert ") (" not in sentence
        assert "))" not in sentence
    assert "; 60 synthetic images, 30 held-out patients); allowed are 3." in sentences[0]


def test_few_patients_of_the_same_classes_leave_the_mean_discrepancy_and_never_a_pass() -> None:
    comparison = noise((30, 30), 1, 30, classes=2)
    roles, labels_of = comparison.cohort.roles.copy(), comparison.cohort.labels
    roles[(labels_of == 1) & (roles == TRAIN)] = HOLDOUT
    roles[np.flatnonzero((labels_of == 0) & (roles == HOLDOUT))[4:]] = 1
    thin = replace(comparison, cohort=replace(comparison.cohort, roles=roles))
    assert [distance.name for distance in relative_distances(thin, "texture")] == ["discrepancy_multiple"]
    finding = realism(thin, silent).finding
    assert finding.clear is None


def test_fresh_images_pass_by_both_distances_and_each_prints_its_own_numbers() -> None:
    distances = relative_distances(noise((200, 160), 2, 250), "texture")
    assert [distance.name for distance in distances] == ["discrepancy_multiple", "frechet_multiple"]
    for distance in distances:
        assert distance.n_real == 160
        assert distance.n_synthetic == 250
        assert distance.interval[0] < 1 < distance.interval[1]
        assert distance.upper < LIMIT


def test_one_far_distance_is_no_pass_though_the_other_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = noise((200, 160), 1, 250, size=32)
    module = sys.modules[realism.__module__]
    near = relative_distances(comparison, "texture")
    assert realism(comparison, silent).finding.clear is not None
    for number in range(2):
        changed = list(near)
        changed[number] = replace(near[number], upper=LIMIT + 1)
        monkeypatch.setattr(module, "relative_distances", lambda *_, changed=changed: changed)
        finding = realism(comparison, silent).finding
        assert finding.clear is None
        assert near[number].title in finding.unable[0]


def test_patients_with_more_images_than_were_drawn_are_compared() -> None:
    distance = relative_distances(noise((12, 30), 16, 15), "texture")[0]
    assert distance.interval[0] < 1 < distance.interval[1]


@pytest.mark.parametrize("slices", [3, 8, 20])
def test_slices_of_a_patient_are_no_reason_to_call_fresh_images_strange(slices: int) -> None:
    comparison, random = noise((30, 24), slices, 120), np.random.default_rng(7)
    real, synthetic = (comparison.spaces["simclr"][side].values for side in range(2))
    owners = random.standard_normal((54, DIMENSION)).repeat(slices, 0)
    real[:] = owners * 0.98 + random.standard_normal(real.shape) * 0.02  # the slices of a patient are nearly one image
    synthetic[:] = random.standard_normal(synthetic.shape)
    rows = measurements(comparison, silent)
    measured = {row.name: row for row in rows if row.encoder == "simclr" and row.class_name is None}
    for name in ("recall", "coverage"):
        assert measured[name].value > 0.5, measured[name]
    for name in ("precision", "density"):
        row = measured[name]
        assert row.value > 0.5, row  # balls that end at a slice of the same patient hold nothing
        low, high = row.interval or (0, 0)
        assert abs((row.null or 0) - row.value) <= high - low, row  # and there is no formula for independent images
        assert row.n_real == 24
    assert abs(measured["kernel_distance"].value) < 2
    assert _closed(comparison, rows, "simclr") is None


def test_a_formula_says_what_chance_gives_where_every_patient_has_one_image() -> None:
    rows = measurements(noise((60, 40), 1, 60), silent)
    nulls = {row.name: row.null for row in rows if row.encoder == "simclr" and row.class_name is None}
    assert nulls["density"] == 1
    assert nulls["coverage"] == pytest.approx(Coverage(5).null(40, 40))


def test_images_of_one_held_out_patient_are_not_compared_with_each_other() -> None:
    assert literature_counts(noise((30, 1), 60, 60)) == ()


def test_classes_that_are_on_one_side_only_say_nothing_of_membership() -> None:
    comparison = noise((30, 30), 1, 20, classes=2)
    roles = np.where(comparison.cohort.labels == 0, TRAIN, HOLDOUT)
    apart = replace(comparison, cohort=replace(comparison.cohort, roles=roles))
    assert membership(apart, np.zeros(60), np.zeros(60)) == ()


def test_a_patient_with_images_of_two_classes_counts_once_in_the_sentences() -> None:
    comparison = noise((20, 20), 1, 40, classes=2)
    shared = replace(comparison, cohort=replace(comparison.cohort, groups=comparison.cohort.groups % 40))
    assert "20 held-out patients" in intensities(shared).finding.unable[0]
    assert "20 of them held-out" in copies(shared, trusted=True, report=silent).finding.unable[0]


def test_images_of_twelve_pixels_have_a_spectrum() -> None:
    spectrum = detail(noise((20, 30), 1, 60, size=12))
    assert len(spectrum.measurements) == 6
    assert 0 < spectrum.p_value <= 1


def test_features_that_are_no_numbers_are_refused_by_name() -> None:
    comparison = noise((10, 10), 1, 20)
    comparison.spaces["texture"].synthetic.values[3] = np.nan
    with pytest.raises(EvidenceError, match="texture features hold values that are no numbers"):
        compare(comparison.cohort, comparison.samples, comparison.spaces, 0)


def test_what_labels_lack_is_what_there_is_to_do() -> None:
    single, pair = (labels(noise((10, 10), 1, 20, classes=classes)).finding.unable for classes in (1, 2))
    assert single == ("Labels cannot be judged: the cohort has one class.", "Audit with at least two classes.")
    assert pair == ("Labels cannot be judged: the features classifier are missing.", "Audit in this space too.")


def test_the_second_kernel_is_seen_where_a_cohort_is_sorted_by_scanner() -> None:
    comparison = noise((1200, 20), 1, 20)
    soft = comparison.cohort.pixels.astype(np.float32)
    soft[:1000] = ndimage.gaussian_filter(soft[:1000], (0, 0, 1, 1))
    apart = replace(comparison, cohort=replace(comparison.cohort, pixels=soft.astype(np.uint8)))
    names = {measurement.name for measurement in intensities(apart).finding.measurements}
    assert "sharp_kernel_share" in names


def test_images_of_a_generator_count_each_and_those_of_others_may_be_slices() -> None:
    comparison = noise((30, 30), 8, 200)
    random, space = np.random.default_rng(8), comparison.spaces["simclr"]
    real, drawn = space.real, space.synthetic
    centres = random.standard_normal((60, DIMENSION))
    real.values[:] = centres[comparison.cohort.groups] + 0.05 * random.standard_normal(real.values.shape)
    drawn.values[:] = centres[np.arange(200) % 6] + 0.05 * random.standard_normal(drawn.values.shape)
    ours = replace(comparison, samples=replace(comparison.samples, source="generator"))
    rows = np.arange(len(comparison.cohort))
    measured = tuple(
        replace(measurement, value=1.0) for measurement in measurements(comparison, silent) if measurement.encoder
    )
    by_others, by_us = (missing_groups.missing_groups(kind, rows, measured) for kind in (comparison, ours))
    assert by_us.missing
    assert not by_others.missing
    assert by_us.scans["simclr"].classes[0].synthetic == 200
    assert by_others.scans["simclr"].classes[0].synthetic < 50
