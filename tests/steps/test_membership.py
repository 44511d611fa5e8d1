"""Membership by nearness to the synthetic images: fresh real ones tell nobody, and a memoriser is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganaug_core import audit as audit_package
from ganaug_core.audit import as_json, audit, membership_attack
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.membership_attack import Attacked, attack
from ganaug_core.interfaces import silent
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Floats, Integers, Samples
from ganaug_core.ui.shared import glossary
from tests.evidence_records import EIGHT_BIT, Bytes, cohort, copied, halves, medmnist, remembering, samples

DRAWS = 30
Pool = tuple[Bytes, Integers, tuple[str, ...]]


@pytest.fixture(scope="module")
def pool(data: Callable[[str], Path]) -> Pool:
    images, labels, classes = medmnist(data("pneumoniamnist_full/pneumoniamnist.npz"))
    random = np.random.default_rng(0)
    kept = np.concatenate([random.permutation(np.flatnonzero(labels == label))[:260] for label in (0, 1)])
    return images[kept], labels[kept], classes


def drawn(pool: Pool, seed: int, most: int = 60) -> tuple[Cohort, Floats, Integers]:
    """Return a cohort of a third hold-out, and as many fresh images, of other images of the pool each time."""
    images, labels, classes = pool
    left, right = halves(images, labels, most, seed)
    real = cohort(
        images[left], labels[left], classes, seed=seed, holdout=0.4, own_split=False, groups=np.arange(len(left))
    )
    return real, EIGHT_BIT.normalise(images[right]), labels[right]


def asked(real: Cohort, images: Floats, labels: Integers, seed: int = 0) -> Comparison:
    return compare(real, samples(images, labels, real.classes), {}, seed)


def numbers(found: Attacked) -> dict[str, float]:
    return {measurement.name: measurement.value for measurement in found.measurements}


def memorised(real: Cohort, share: float, seed: int) -> tuple[Floats, Integers]:
    """Return noisy copies of a share of the training images, and their labels."""
    seen = np.random.default_rng(seed).permutation(real.where(TRAIN))
    seen = seen[: round(share * len(seen))]
    return copied(real.images(seen), "noisy", seed), real.labels[seen]


def test_fresh_real_images_tell_nobody(pool: Pool) -> None:
    found = [attack(asked(*drawn(pool, seed), seed), trusted=True, report=silent) for seed in range(DRAWS)]
    areas = np.array([numbers(one)["membership_auc"] for one in found])
    assert abs(areas.mean() - 0.5) < 3 * areas.std() / np.sqrt(DRAWS)
    alarms = sum((one.measurements[0].p_value or 0) <= 0.05 for one in found)
    assert alarms <= 4  # of 30: more happen by chance in 1.6 %
    assert abs(np.mean([numbers(one)["membership_excess_risk"] for one in found])) < 0.05


def test_a_memoriser_is_found(pool: Pool) -> None:
    real, _, _ = drawn(pool, 0, most=120)
    found = attack(asked(real, *memorised(real, 0.3, 0)), trusted=True, report=silent)
    area, risk = (
        measurement
        for measurement in found.measurements
        if measurement.name in ("membership_auc", "membership_excess_risk")
    )
    assert area.value > 0.6
    assert area.p_value is not None
    assert area.p_value < 0.01
    assert area.interval is not None
    assert area.interval[0] > 0.5
    assert risk.interval is not None
    assert risk.interval[0] > 0
    assert risk.value == pytest.approx(0.3, abs=0.15)  # that share is known


def test_as_many_of_each_class_and_one_image_a_patient(pool: Pool) -> None:
    real, images, labels = drawn(pool, 0)
    pairs = replace(real, groups=real.groups // 2)  # two images a patient, some of both roles: each role counts its own
    rows = membership_attack._asked(asked(pairs, images, labels))
    for chosen, role in ((rows.members, TRAIN), (rows.nonmembers, HOLDOUT), (rows.tuning, TUNING)):
        assert set(pairs.roles[chosen]) == {role}
        assert len(np.unique(pairs.groups[chosen])) == len(chosen)
    counts = [np.bincount(real.labels[chosen], minlength=2).tolist() for chosen in (rows.members, rows.nonmembers)]
    assert counts[0] == counts[1]
    assert min(counts[0]) > 0


def test_small_holdouts_get_no_share_at_few_false_alarms_and_are_told_why(pool: Pool) -> None:
    found = attack(asked(*drawn(pool, 0)), trusted=True, report=silent)
    assert set(numbers(found)) == {"membership_auc", "membership_excess_risk"}
    text = " ".join(found.sentences)
    assert "one held-out image in 100 is taken for a training image cannot be said" in text
    assert "needs 99 held-out patients, and no class has more than 24 here" in text
    assert "needs 999 held-out patients" in text
    assert "Another attack may find more." in text


def test_a_large_enough_class_gets_its_share_with_interval_and_test(pool: Pool) -> None:
    images, labels, classes = pool
    groups = np.arange(len(images))
    real = cohort(images, labels, classes, holdout=0.4, own_split=False, groups=groups)
    found = attack(asked(real, *memorised(real, 0.5, 1)), trusted=True, report=silent)
    sure = next(one for one in found.measurements if one.name == "membership_sure_1_percent")
    assert (sure.encoder, sure.reference, sure.better) == ("registered", "train+holdout", "lower")
    assert sure.interval is not None
    assert sure.interval[0] <= sure.value <= sure.interval[1]
    assert "Beta-Binomial" in sure.test
    assert "Clopper-Pearson" in sure.interval_method
    assert sure.null == pytest.approx(0.01, abs=0.005)
    assert sure.p_value is not None
    assert sure.p_value < 0.01


def test_where_the_split_is_not_known_it_is_not_assessable(pool: Pool) -> None:
    real, images, labels = drawn(pool, 0)
    synthetic = samples(images[::4], labels[::4], real.classes)
    memory = remembering(real)
    foreign = audit(real, synthetic, {}, membership=True, memoise=memory)
    assert "--trust-split" in foreign.membership[0]
    assert not any(measurement.name.startswith("membership") for measurement in foreign.measurements)
    for trusted in (
        audit(real, synthetic, {}, membership=True, trust_split=True, memoise=memory),
        audit(real, replace(synthetic, provenance={"cohort": real.digest}), {}, membership=True, memoise=memory),
    ):
        assert "training image is nearer" in trusted.membership[0]
    document = as_json(trusted)
    assert document["membership"] == list(trusted.membership)
    names = {measurement["name"] for measurement in document["measurements"]}
    assert {"membership_auc", "membership_excess_risk"} <= names
    assert {name for name in names if name.startswith("membership")} <= set(glossary.MEASURES)


def test_nobody_who_did_not_ask_pays_for_it(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    real, images, labels = drawn(pool, 0)
    monkeypatch.setattr(audit_package, "attack", None)  # calling it would raise
    plain = audit(real, samples(images[::4], labels[::4], real.classes), {}, memoise=remembering(real))
    assert plain.membership == ()


def test_a_split_of_its_own_whose_sides_differ_is_not_judged(pool: Pool) -> None:
    real, images, labels = drawn(pool, 0, most=90)
    train = real.where(TRAIN)
    pixels = real.pixels.copy()
    first, second = train[:-1:2], train[1::2]
    pixels[second] = np.clip(pixels[first].astype(int) + 3, 0, 255)  # training images come in pairs, held-out ones not
    apart = replace(real, pixels=pixels, own_split=True)
    found = attack(asked(apart, images, labels), trusted=True, report=silent)
    assert found.measurements == ()
    assert "own split" in found.sentences[0]
    assert attack(asked(replace(real, own_split=True), images, labels), trusted=True, report=silent).measurements


@pytest.mark.parametrize("role", [TRAIN, TUNING, HOLDOUT])
def test_a_side_that_is_missing_is_named(pool: Pool, role: int) -> None:
    real, images, labels = drawn(pool, 0)
    roles = np.where(real.roles == role, TRAIN if role != TRAIN else TUNING, real.roles)
    text = " ".join(attack(asked(replace(real, roles=roles), images, labels), trusted=True, report=silent).sentences)
    expected = "needs 3 tuning patients" if role == TUNING else "needs 20 training patients and as many held-out ones"
    assert expected in text


def test_one_synthetic_image_is_enough_to_ask(pool: Pool) -> None:
    real, images, labels = drawn(pool, 0)
    one: Samples = samples(images[:1], labels[:1], real.classes)
    found = attack(compare(real, one, {}, 0), trusted=True, report=silent)
    assert all(np.isfinite(measurement.value) for measurement in found.measurements)
