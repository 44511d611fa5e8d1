"""The audit on real images: fresh ones pass, planted failures fail for their reason, small cohorts get an answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from ganaug_core.audit import Space, as_json, audit
from ganaug_core.audit.comparison import Arrays, compare
from ganaug_core.audit.measurements import measurements
from ganaug_core.audit.mode_coverage import modes
from ganaug_core.errors import EvidenceError
from ganaug_core.features import memoised
from ganaug_core.interfaces import silent
from ganaug_core.records import (
    HOLDOUT,
    MOVEMENT,
    ROLES,
    TRAIN,
    TUNING,
    Audit,
    Cohort,
    Features,
    Floats,
    Integers,
    Samples,
)
from ganaug_core.storage.workspace import Workspace
from tests.evidence_records import (
    EIGHT_BIT,
    cohort,
    copied,
    halves,
    medmnist,
    mednist,
    planted,
    remembering,
    samples,
    variations,
)

STATES = {"pass", "warn", "fail", "not_assessable"}


def flat(images: Floats) -> Floats:
    return images.reshape(len(images), -1)


def spaces(real: Cohort, synthetic: Samples) -> dict[str, Space]:
    """Return principal components in place of the trained encoder, and a linear classifier; both see train only."""
    train = real.where(TRAIN)
    axes = PCA(min(24, len(train) - 1), random_state=0).fit(flat(real.images(train)))
    features = [axes.transform(flat(images)) for images in (real.images(np.arange(len(real))), synthetic.images)]
    judge = LogisticRegression(max_iter=3000).fit(features[0][train], real.labels[train])
    sure = [np.log(judge.predict_proba(values).clip(1e-9)) for values in features]
    return {
        name: Space(
            Features(name, "test", values[0].astype(np.float32), real.ids),
            Features(name, "test", values[1].astype(np.float32), synthetic.ids),
        )
        for name, values in (("simclr", features), ("classifier", sure))
    }


@pytest.fixture(scope="module")
def world(data: Callable[[str], Path]) -> tuple[Cohort, Floats, Integers]:
    """Return a cohort of 2 classes of MedNIST and as many fresh real images."""
    images, labels, classes = mednist(data("mednist_6k/images"), 600, 32, ("CXR", "Hand"))
    left, right = halves(images, labels, 300, seed=0)
    return cohort(images[left], labels[left], classes, holdout=0.34), EIGHT_BIT.normalise(images[right]), labels[right]


@pytest.fixture(scope="module")
def fresh(world: tuple[Cohort, Floats, Integers]) -> Audit:
    real, images, labels = world
    synthetic = samples(images, labels, real.classes)
    views, memory = spaces(real, synthetic), remembering(real)
    return audit(real, synthetic, views, trust_split=True, command="ganaug audit", memoise=memory)


def judge(real: Cohort, images: Floats, labels: Integers, *, features: bool = False) -> Audit:
    synthetic = samples(images, labels, real.classes)
    given = spaces(real, synthetic) if features else {}
    return audit(real, synthetic, given, trust_split=True, memoise=remembering(real))


def test_fresh_real_images_pass_copying_and_mode_coverage(fresh: Audit) -> None:
    assert fresh.verdicts["copying"].state == "pass"
    assert fresh.verdicts["mode_coverage"].state == "pass"
    assert fresh.verdicts["label_fidelity"].state != "fail"
    assert fresh.detectable_share is not None
    assert fresh.detectable_share <= 0.05
    assert "600 real images, 206 of them held-out" in fresh.verdicts["copying"].statement
    for verdict in fresh.verdicts.values():  # nobody knows whose the images are
        assert "patient" not in f"{verdict.statement} {verdict.do} {verdict.null}"


def test_a_table_of_mixed_styles_is_not_audited(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    synthetic = replace(samples(images, labels, real.classes), provenance={"mixing": 0.5})
    with pytest.raises(EvidenceError, match=r"share shapes and textures.*drawn without mixing"):
        audit(real, synthetic, {})


def test_the_closest_pairs_are_shown_whatever_the_verdict(fresh: Audit) -> None:
    assert len(fresh.suspects) >= 20
    assert all(0 < suspect.p_value <= suspect.q_value <= 1 for suspect in fresh.suspects)
    distances = [suspect.distance for suspect in fresh.suspects]
    assert distances == sorted(distances)
    assert distances[0] == min(fresh.nearest[f"{role}.distance"].min() for role in ROLES)
    assert not any(suspect.is_listed for suspect in fresh.suspects)
    assert fresh.scores["synthetic"].shape == (600,)


def test_the_document_has_the_keys_of_the_contract_and_only_finite_numbers(fresh: Audit) -> None:
    document = json.loads(json.dumps(as_json(fresh), allow_nan=False))
    assert list(document) == [
        *("schema", "ganaug", "seed", "command", "cohort", "synthetic"),
        *("verdicts", "measurements", "suspects", "missing_modes", "copied", "give_aways"),
        *("examples", "spaces", "regions", "membership", "subgroups", "subgroup_notes"),
        *("odd", "odd_images", "detectable_share", "detectable_shares"),
        *("encoders", "versions", "date", "holdout", "plan"),
    ]
    assert document["schema"] == "ganaug.audit/2"
    assert list(document["verdicts"]) == ["copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"]
    assert {verdict["state"] for verdict in document["verdicts"].values()} <= STATES
    assert set(document["cohort"]) == {
        *("name", "hash", "n_train", "n_tuning", "n_holdout", "classes", "unit", "own_split", "split_by")
    }
    assert set(document["synthetic"]) == {"name", "hash", "n", "source"}
    assert set(document["measurements"][0]) == {
        *("name", "class", "encoder", "value", "interval", "floor", "null", "n_real", "n_synthetic", "better"),
        *("reference", "p_value", "unit", "test", "interval_method", "seed"),
    }
    assert set(document["verdicts"]["copying"]) == {
        *("state", "statement", "do", "test", "null", "margin", "p", "p_corrected", "patients", "images")
    }
    assert set(document["suspects"][0]) == {
        *("synthetic", "real", "role", "encoder", "distance", "p_value", "q_value", "transform", "listed")
    }
    strange = replace(fresh.measurements[0], value=float("nan"), interval=(0.0, float("inf")))
    changed = as_json(replace(fresh, measurements=(strange,)))["measurements"][0]
    assert changed["value"] is None
    assert changed["interval"] is None


def test_measurements_of_fresh_images_lie_near_their_floor(fresh: Audit) -> None:
    measurements = {
        measurement.name: measurement
        for measurement in fresh.measurements
        if measurement.encoder == "simclr" and measurement.class_name is None
    }
    for name in ("precision", "recall", "coverage"):
        assert measurements[name].interval is not None
        assert measurements[name].value == pytest.approx(measurements[name].floor, abs=0.1)
    assert {measurement.class_name for measurement in fresh.measurements if measurement.name == "coverage"} > {"Hand"}


def test_two_audits_with_one_seed_are_equal(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    synthetic = samples(images[::6], labels[::6], real.classes)
    first, second = (as_json(audit(real, synthetic, {})) for _ in range(2))
    assert first == second


def test_feature_spaces_that_come_later_give_the_same_audit_and_are_asked_for_after_the_search(
    world: tuple[Cohort, Floats, Integers],
) -> None:
    real, images, labels = world
    synthetic = samples(images[::6], labels[::6], real.classes)
    views, said = spaces(real, synthetic), list[str]()

    def later() -> dict[str, Space]:
        said.append("now")
        return dict(views)

    late = audit(real, synthetic, later, report=lambda share, doing: said.append(doing))
    assert as_json(late) == as_json(audit(real, synthetic, views))
    assert said.count("now") == 1
    assert "Looking for the closest images" in said[: said.index("now")]
    assert not any("Measuring" in doing for doing in said[: said.index("now")])


def test_an_audit_that_remembers_its_cohort_equals_one_that_does_not(
    world: tuple[Cohort, Floats, Integers], tmp_path: Path
) -> None:
    real, images, labels = world
    computed, memoised_real = [], memoised(real, Workspace(tmp_path))

    def memoise(what: str, find: Callable[[], Arrays]) -> Arrays:
        def compute() -> Arrays:
            computed.append(what)
            return find()

        return memoised_real(what, compute)

    for variant in (images[::6], images[::6, :, :, ::-1]):
        synthetic = samples(variant, labels[::6], real.classes)
        views = spaces(real, synthetic)
        with_memory, without = audit(real, synthetic, views, memoise=memoise), audit(real, synthetic, views)
        assert as_json(with_memory) == as_json(without)
        assert all(np.array_equal(with_memory.scores[side], without.scores[side]) for side in with_memory.scores)
    assert len(computed) == len(set(computed))
    assert {name.split("-")[0] for name in computed} == {"references", "rounded", "planted", "class", "floors", "noise"}


@pytest.mark.parametrize("how", ["exact", "noisy", "flipped", "shifted"])
def test_a_fifth_of_copies_fails_copying_and_is_named(world: tuple[Cohort, Floats, Integers], how: str) -> None:
    real, images, labels = world
    every_second = slice(None, None, 2)
    result = judge(
        real, planted(images[every_second], labels[every_second], real, 0.2, how, seed=1), labels[every_second]
    )
    assert result.verdicts["copying"].state == "fail"
    assert result.suspects[0].q_value < 0.1 or result.suspects[0].identical


def test_as_many_copies_of_images_that_it_never_saw_speak_against_copying(
    world: tuple[Cohort, Floats, Integers],
) -> None:
    real, images, labels = world
    exchange = {TRAIN: HOLDOUT, HOLDOUT: TRAIN}
    exchanged = replace(real, roles=np.array([exchange.get(role, role) for role in real.roles]))
    copies_of_train = planted(images, labels, real, 0.1, "exact", seed=1)
    copies_of_all = planted(copies_of_train, labels, exchanged, 0.1, "exact", seed=2)
    for variant in (copies_of_train, copies_of_all):  # too noisy to be equal to an image, and near to it all the same
        variant[(variant != images).any((1, 2, 3))] += np.random.default_rng(3).normal(0, 0.11, images.shape[1:])
    said = [judge(real, variant, labels).verdicts["copying"].statement for variant in (copies_of_train, copies_of_all)]
    assert "which nobody could copy: fewer" in said[0], said
    assert "perhaps as many, so the images as a set may differ" in said[1]


def test_many_views_of_one_unseen_patient_are_no_copies_and_views_of_a_training_image_are(
    world: tuple[Cohort, Floats, Integers], fresh: Audit
) -> None:
    real, images, labels = world
    order = np.argsort(fresh.scores["synthetic"])
    hands = order[labels[order] == 1]

    def with_views(first: Floats) -> Audit:
        changed = images.copy()
        changed[hands[-60:]] = variations(first, 60, seed=1)
        return judge(real, changed, labels)

    assert with_views(images[hands[0]]).verdicts["copying"].state == "pass"  # nearest to training, but nobody's
    assert with_views(real.images(real.where(TRAIN, label=1)[:1])[0]).verdicts["copying"].state == "fail"


def test_a_single_exact_copy_among_many_fails_and_is_named(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    images, labels = images[::3], labels[::3]
    changed = images.copy()
    source = real.where(TRAIN, label=int(labels[77]))[5]
    changed[77] = real.images(np.array([source]))[0]
    result = judge(real, changed, labels)
    assert result.verdicts["copying"].state == "fail"
    assert result.suspects[0].identical
    assert real.ids[source] in result.verdicts["copying"].statement
    assert "1 image of 200 synthetic images equals an image of the cohort" in result.verdicts["copying"].statement
    assert result.verdicts["copying"].p is None  # a rule, no test


@pytest.mark.parametrize("role", [TUNING, HOLDOUT])
def test_an_exact_copy_of_any_role_fails_and_is_named(world: tuple[Cohort, Floats, Integers], role: int) -> None:
    real, images, labels = world
    images, labels = images[::3].copy(), labels[::3]
    source = real.where(role, label=int(labels[50]))[3]
    images[50] = real.images(np.array([source]))[0]
    result = judge(real, images, labels)
    assert result.verdicts["copying"].state == "fail"
    assert (result.suspects[0].real, result.suspects[0].role) == (real.ids[source], ROLES[role])
    assert (result.suspects[0].identical, result.suspects[0].distance) == (True, pytest.approx(0, abs=1e-3))
    assert {TUNING: "1 tuning image", HOLDOUT: "1 hold-out image"}[role] in result.verdicts["copying"].statement
    assert [(image.real, image.role) for image in result.copied] == [(real.ids[source], ROLES[role])]


def test_a_picture_that_the_cohort_holds_of_two_patients_is_reported_and_no_copy(
    world: tuple[Cohort, Floats, Integers],
) -> None:
    real, images, labels = world
    images, labels = images[::3].copy(), labels[::3]
    one, two = real.where(TRAIN, label=0)[:2]
    pixels = np.array(real.pixels)
    pixels[two] = pixels[one][:, :, ::-1]
    twice = replace(real, pixels=pixels, digest="twice")
    images[7] = twice.images(np.array([one]))[0]
    result = judge(twice, images, labels)
    assert result.verdicts["copying"].state == "pass"
    assert "1 synthetic image equals a picture that the cohort itself holds more than once" in (
        result.verdicts["copying"].statement
    )
    assert not any(suspect.identical for suspect in result.suspects)
    assert str(samples(images, labels, real.classes).ids[7]) in {suspect.synthetic for suspect in result.suspects}


def test_the_audit_keeps_the_nearest_image_of_each_role_with_the_movement(
    world: tuple[Cohort, Floats, Integers],
) -> None:
    real, images, labels = world
    images, labels = images[:30].copy(), labels[:30]
    sources = [int(real.where(role)[9]) for role in range(3)]
    originals = real.images(np.array(sources))
    images[0], images[1], images[2] = originals[0, :, ::-1], np.rot90(originals[1], 1, (1, 2)), originals[2]
    nearest = judge(real, images, labels).nearest
    for row, role in enumerate(ROLES):
        assert nearest[f"{role}.id"][row].decode() == real.ids[sources[row]]
        assert nearest[f"{role}.distance"][row] == pytest.approx(0, abs=1e-3)
        assert nearest[f"{role}.distance"].shape == (30,)
    moved = [[float(nearest[f"{role}.{part}"][row]) for part in MOVEMENT] for row, role in enumerate(ROLES)]
    assert moved[0] == pytest.approx([2, 1, 0, 1, 0, 0], abs=0.05)  # upside down: half a turn and mirrored
    assert moved[1] == pytest.approx([3, 0, 0, 1, 0, 0], abs=0.05)  # three more quarters bring it back
    assert moved[2] == pytest.approx([0, 0, 0, 1, 0, 0], abs=0.05)


@pytest.mark.parametrize("fault", ["labels shuffled", "blurred", "brighter"])
def test_other_faults_of_the_whole_set_do_not_suspect_copying(
    world: tuple[Cohort, Floats, Integers], fault: str
) -> None:
    real, images, labels = world
    changes: dict[str, Callable[[Floats], Floats]] = {
        "labels shuffled": lambda images: images,
        "blurred": lambda images: ndimage.gaussian_filter(images, (0, 0, 0.8, 0.8), mode="reflect"),
        "brighter": lambda images: np.clip(images + 0.2, -1, 1).astype(np.float32),
    }
    shuffled = np.random.default_rng(5).permutation(labels) if fault == "labels shuffled" else labels
    verdict = judge(real, changes[fault](images), shuffled).verdicts["copying"]
    assert verdict.state == "pass", verdict
    assert verdict.p is not None
    assert verdict.p > 0.05


def test_a_source_of_which_the_sides_differ_is_not_judged_by_exchange(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    pixels = np.array(real.pixels)
    held = real.where(HOLDOUT)
    other_scanner = ndimage.gaussian_filter(pixels[held].astype(float), (0, 0, 1.5, 1.5))
    pixels[held] = np.clip(255 - other_scanner, 0, 255).astype(np.uint8)
    verdict = judge(replace(real, pixels=pixels, digest="two scanners"), images[::3], labels[::3]).verdicts["copying"]
    assert verdict.state == "not_assessable"
    assert "training and held-out images differ" in verdict.statement


def test_a_source_whose_sides_look_different_is_not_judged_at_all(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    pixels = np.array(real.pixels)
    held = real.where(HOLDOUT)
    pixels[held] = np.clip(pixels[held].astype(int) + 40, 0, 255).astype(np.uint8)
    brighter = replace(real, pixels=pixels, digest="two sites")
    result = judge(brighter, images, labels, features=True)
    verdicts = result.verdicts
    assert not any(suspect.is_listed for suspect in result.suspects)
    assert result.missing_modes == ()
    assert {verdict.state for verdict in verdicts.values()} == {"not_assessable"}
    assert "CXR the held-out image has the higher" in verdicts["intensity"].statement
    copied = images.copy()
    copied[3] = brighter.images(held[:1])[0]
    assert judge(brighter, copied, labels).verdicts["copying"].state == "fail"  # a rule needs no exchange
    drawn_by_us = judge(replace(brighter, own_split=False), images, labels, features=True).verdicts
    assert drawn_by_us["intensity"].state == "fail"


def test_an_equal_image_is_a_copy_without_any_hold_out(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    alone = replace(real, roles=np.where(real.roles == HOLDOUT, 1, real.roles))
    changed = images[::20].copy()
    changed[3] = real.images(real.where(TRAIN)[4:5])[0, :, :, ::-1]
    result = judge(alone, changed, labels[::20])
    assert result.verdicts["copying"].state == "fail"
    assert [image.real for image in result.copied] == [str(real.ids[real.where(TRAIN)[4]])]
    assert result.copied[0].identical
    assert result.suspects[0].holdout == ""
    assert judge(alone, images[::20], labels[::20]).verdicts["copying"].state == "not_assessable"


@pytest.mark.parametrize("count", [40, 300])
def test_a_class_that_shows_one_image_again_and_again_fails_mode_coverage(
    world: tuple[Cohort, Floats, Integers], count: int
) -> None:
    real, images, labels = world
    rest = labels != 1
    repeated = variations(images[np.flatnonzero(labels == 1)[0]], count, seed=2)
    result = judge(
        real, np.concatenate([images[rest], repeated]), np.concatenate([labels[rest], np.full(count, 1)]), features=True
    )
    assert result.verdicts["mode_coverage"].state == "fail"
    assert real.classes[1] in result.verdicts["mode_coverage"].statement
    assert result.verdicts["copying"].state != "fail"


def test_a_fifth_of_a_class_that_shows_one_image_is_a_warning_with_both_numbers(
    world: tuple[Cohort, Floats, Integers],
) -> None:
    real, images, labels = world
    hands = np.flatnonzero(labels == 1)
    changed = images.copy()
    changed[hands[: len(hands) // 5]] = variations(images[hands[0]], len(hands) // 5, seed=2)
    verdict = judge(real, changed, labels, features=True).verdicts["mode_coverage"]
    assert verdict.state == "warn", verdict
    assert "The class Hand repeats itself more than real images do: " in verdict.statement
    assert "near-duplicate among them (95 % interval" in verdict.statement
    assert ", of real ones " in verdict.statement


def test_a_missing_group_is_named_with_its_images(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    views = spaces(real, samples(images, labels, real.classes))["simclr"].synthetic.values
    inside = np.flatnonzero(labels == 0)
    axis = views[inside] @ PCA(1, random_state=0).fit(views[inside]).components_[0]
    gone = inside[axis > np.quantile(axis, 0.7)]
    remaining = np.setdiff1d(np.arange(len(images)), gone)
    result = judge(real, images[remaining], labels[remaining], features=True)
    assert result.verdicts["mode_coverage"].state == "fail"
    assert {mode.class_name for mode in result.missing_modes} == {real.classes[0]}
    mode = result.missing_modes[0]
    assert set(mode.exemplars) <= set(mode.members) <= set(real.ids)
    assert mode.synthetic_share < 0.5 * mode.real_share
    assert set(mode.nearest) <= set(
        samples(images[remaining], labels[remaining], real.classes).ids[labels[remaining] == 0]
    )
    document = as_json(result)["missing_modes"][0]
    assert (document["encoder"], document["seed"], document["reference"]) == ("simclr", 0, "train+holdout")
    assert (document["n_real"], document["n_synthetic"]) == (mode.n_real, len(remaining) - 300)
    assert mode.n_real > 100


def test_without_a_hold_out_a_missing_group_is_found_and_nothing_ever_passes(
    world: tuple[Cohort, Floats, Integers],
) -> None:
    real, images, labels = world
    alone = replace(real, roles=np.where(real.roles == HOLDOUT, TRAIN, real.roles))
    synthetic = samples(images, labels, real.classes)
    views = spaces(alone, synthetic)
    comparison = compare(alone, synthetic, views, seed=0)
    calm = modes(comparison, measurements(comparison, silent), silent)
    assert calm.finding.verdict(calm.finding.p_value).state == "not_assessable"
    assert "There is no hold-out" in calm.finding.unable[0]
    inside = np.flatnonzero(labels == 0)
    values = views["simclr"].synthetic.values
    axis = values[inside] @ PCA(1, random_state=0).fit(values[inside]).components_[0]
    remaining = np.setdiff1d(np.arange(len(images)), inside[axis > np.quantile(axis, 0.7)])
    left = samples(images[remaining], labels[remaining], real.classes)
    views = {
        name: Space(view.real, Features(name, "test", view.synthetic.values[remaining], left.ids))
        for name, view in views.items()
    }
    comparison = compare(alone, left, views, seed=0)
    measured = measurements(comparison, silent)
    assert {measurement.reference for measurement in measured} == {"train"}
    result = modes(comparison, measured, silent)
    verdict = result.finding.verdict(result.finding.p_value)
    assert verdict.state == "fail"
    assert "There is no hold-out" in verdict.statement
    assert {mode.class_name for mode in result.missing} == {real.classes[0]}


def test_an_absent_class_fails_mode_coverage(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    result = judge(real, images[labels != 0][::4], labels[labels != 0][::4])
    assert result.verdicts["mode_coverage"].state == "fail"
    assert f"No synthetic image of {real.classes[0]}" in result.verdicts["mode_coverage"].statement
    assert result.verdicts["mode_coverage"].p is None  # a rule, and no test


def test_swapped_labels_fail_label_fidelity(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    images, wrong = images[::3], labels[::3].copy()
    wrong[::4] = 1 - wrong[::4]
    result = judge(real, images, wrong, features=True)
    assert result.verdicts["label_fidelity"].state == "fail"
    assert "A classifier" in result.verdicts["label_fidelity"].statement
    shown = {int(image_id, 16) - (1 << 40) for image_id in result.examples["label_fidelity"].images}
    assert np.mean([row % 4 == 0 for row in shown]) > 0.8
    assert "sees another class" in result.examples["label_fidelity"].says


def test_another_class_mix_is_no_copying(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    rare = np.flatnonzero((real.labels != 0) | (np.arange(len(real)) % 9 == 0))
    thin = replace(
        real,
        pixels=real.pixels[rare],
        labels=real.labels[rare],
        roles=real.roles[rare],
        ids=real.ids[rare],
        patients=real.patients[rare],
        groups=real.groups[rare],
        near_duplicates=real.near_duplicates[:0],
        near_duplicate_distances=real.near_duplicate_distances[:0],
    )
    assert judge(thin, images, labels).verdicts["copying"].state in ("pass", "not_assessable")


def test_a_foreign_generator_may_have_seen_our_holdout(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    ours = replace(real, own_split=False)
    synthetic = samples(images[::12], labels[::12], real.classes)
    memory = remembering(ours)
    for given, whose in ((ours, "we chose the held-out images"), (real, "held-out images came with the cohort")):
        foreign = audit(given, synthetic, {}, memoise=memory).verdicts["copying"]
        assert foreign.state == "not_assessable"
        assert whose in foreign.statement
        assert "--trust-split" in foreign.do
    trained = replace(synthetic, provenance={"cohort": ours.digest})
    trusted = audit(ours, synthetic, {}, trust_split=True, memoise=memory)
    for result in (trusted, audit(ours, trained, {}, memoise=memory)):
        assert result.verdicts["copying"].statement.startswith("No copying found")


def test_a_small_holdout_never_passes_and_says_what_is_needed(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    few = np.concatenate([real.where(TRAIN), real.where(HOLDOUT)[::20]])
    roles = np.full(len(real), 1)
    roles[few] = real.roles[few]
    verdict = judge(replace(real, roles=roles), images[::8], labels[::8]).verdicts["copying"]
    assert verdict.state == "not_assessable"
    assert "hold-out of at least 50 images" in verdict.do


@pytest.mark.parametrize("case", ["digits", "two images", "no holdout", "no train", "one class", "one sample"])
def test_tiny_and_odd_cohorts_get_an_answer_and_never_a_pass(case: str) -> None:
    random = np.random.default_rng(3)
    size = {"two images": 2}.get(case, 40)
    images = random.integers(0, 255, (size, 1, 8, 8)).astype(np.uint8)
    labels = np.arange(size) % (1 if case == "one class" else 2)
    real = cohort(images, labels, ("a", "b")[: labels.max() + 1], groups=np.arange(size))
    if case in ("no holdout", "no train"):
        roles = np.where(real.roles == (HOLDOUT if case == "no holdout" else TRAIN), 1, real.roles)
        real = replace(real, roles=roles)
    count = 1 if case == "one sample" else 30
    pixels = random.uniform(-1, 1, (count, 1, 8, 8)).astype(np.float32)
    drawn_labels = np.arange(count) % len(real.classes)
    synthetic = samples(pixels, drawn_labels, real.classes)
    values = random.standard_normal((len(real) + count, 3)).astype(np.float32)
    views = {
        name: Space(
            Features(name, "", values[: len(real)], real.ids), Features(name, "", values[len(real) :], synthetic.ids)
        )
        for name in ("simclr", "classifier")
    }
    result = audit(real, synthetic, views)
    json.dumps(as_json(result), allow_nan=False)
    assert {verdict.state for verdict in result.verdicts.values()} <= STATES - {"pass"}
    assert all(verdict.do and verdict.statement for verdict in result.verdicts.values())


def test_requests_that_do_not_fit_are_told_in_words(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    with pytest.raises(EvidenceError, match="no synthetic images"):
        audit(real, samples(images[:0], labels[:0], real.classes), {})
    with pytest.raises(EvidenceError, match="no class spleen"):
        audit(real, samples(images[:3], np.zeros(3, np.int64), ("spleen",)), {})
    synthetic = samples(images[:30], labels[:30], real.classes)
    wrong = spaces(real, samples(images[:29], labels[:29], real.classes))
    with pytest.raises(EvidenceError, match="features are of other images"):
        audit(real, synthetic, wrong)


def test_classes_are_matched_by_name_and_not_by_number(world: tuple[Cohort, Floats, Integers]) -> None:
    real, images, labels = world
    turned = samples(images[::3], 1 - labels[::3], real.classes[::-1])
    result = audit(real, turned, spaces(real, turned), memoise=remembering(real))
    assert result.verdicts["label_fidelity"].state != "fail"


@pytest.mark.parametrize("name", ["breastmnist/breastmnist.npz", "pneumoniamnist_full/pneumoniamnist.npz"])
def test_the_verdicts_hold_on_other_cohorts(name: str, data: Callable[[str], Path]) -> None:
    images, labels, classes = medmnist(data(name))
    left, right = halves(images, labels, 150, seed=4)
    real = cohort(images[left], labels[left], classes)
    new, new_labels = EIGHT_BIT.normalise(images[right]), labels[right]
    fresh = judge(real, new[::2], new_labels[::2])
    assert fresh.verdicts["copying"].state in ("pass", "not_assessable")
    assert not any(suspect.is_listed for suspect in fresh.suspects)
    assert fresh.copied == ()
    changed = planted(new, new_labels, real, 0.2, "shifted", seed=5)
    assert judge(real, changed, new_labels).verdicts["copying"].state == "fail"
    changed = new.copy()
    changed[3] = copied(real.images(real.where(TRAIN)[:1]), "exact", 0)[0]
    assert judge(real, changed, new_labels).verdicts["copying"].state == "fail"
