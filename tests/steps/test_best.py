"""The kept checkpoint: the best one on the tuning share, and no copying one while there is another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from small_cohort import squares

from ganaug_core.config import TrainingConfig, configure
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Floats, Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.training import Training, checkpoint_selection
from ganaug_core.training.checkpoint_selection import CheckpointSelection
from ganaug_core.training.checkup import GENERATED, CheckpointEvaluator

pytestmark = pytest.mark.numerical


def cohort(**changes: Any) -> Cohort:
    """Squares with 60 tuning images, each of its own patient."""
    plain = squares((120, 120))
    roles = plain.roles.copy()
    for label in (0, 1):
        roles[plain.where(TRAIN, label=label)[:24]] = TUNING
    own = np.arange(len(plain))
    return replace(plain, roles=roles, groups=own, patients=own.copy(), **changes)


def real(of: Cohort, evaluator: CheckpointEvaluator, role: int) -> Floats:
    """Return images of a role in the classes that the evaluator asks for."""
    random = np.random.default_rng(1)
    rows = [random.choice(of.where(role, label=int(label))) for label in evaluator.labels]
    return of.images(np.array(rows))


def fresh(evaluator: CheckpointEvaluator) -> Floats:
    """Return new squares of the wanted classes that no cohort holds."""
    other = squares((300, 300), seed=7)
    return real(other, evaluator, TRAIN)


@pytest.fixture(scope="module")
def evaluated() -> tuple[Cohort, CheckpointEvaluator]:
    images = cohort()
    return images, CheckpointEvaluator(images, seed=0)


# what is measured


def test_fresh_real_images_are_faithful_varied_and_no_copies(evaluated: tuple[Cohort, CheckpointEvaluator]) -> None:
    measured = evaluated[1].evaluate(fresh(evaluated[1]), 1000)
    distance, agreement = measured.find("kernel_distance"), measured.find("label_agreement")
    assert distance is not None
    assert distance.interval is not None
    assert distance.floor is not None
    assert distance.interval[0] < 0.5 + distance.floor
    assert agreement is not None
    assert agreement.value > 0.9
    assert agreement.class_name is None
    assert measured.copying_p is not None
    assert measured.copying_p > 0.01
    assert {measurement.name for measurement in measured.measurements} == {
        *("kernel_distance", "coverage", "variety", "label_agreement", "copied_share")
    }
    assert {
        measurement.class_name for measurement in measured.measurements if measurement.name == "label_agreement"
    } == {*(None, "side 4", "side 6")}
    assert all(measurement.n_real >= 8 and measurement.n_synthetic >= 8 for measurement in measured.measurements)


def test_training_images_are_called_copies(evaluated: tuple[Cohort, CheckpointEvaluator]) -> None:
    images, evaluator = evaluated
    measured = evaluator.evaluate(real(images, evaluator, TRAIN), 1000)
    share = measured.find("copied_share")
    assert share is not None
    assert share.value > 0.8
    assert measured.copying_p is not None
    assert measured.copying_p < 1e-6


def test_noise_is_far_away_covers_nothing_and_is_nobodys_class(evaluated: tuple[Cohort, CheckpointEvaluator]) -> None:
    images, evaluator = evaluated
    noise = np.random.default_rng(0).uniform(-1, 1, (GENERATED, *images.shape)).astype(np.float32)
    good, bad = evaluator.evaluate(fresh(evaluator), 1), evaluator.evaluate(noise, 1)
    for name, worse in (("kernel_distance", 1), ("coverage", -1), ("label_agreement", -1)):
        ours, theirs = good.find(name), bad.find(name)
        assert ours is not None
        assert theirs is not None
        assert worse * (theirs.value - ours.value) > 0.2


def test_one_image_again_and_again_has_no_variety(evaluated: tuple[Cohort, CheckpointEvaluator]) -> None:
    _, evaluator = evaluated
    images = fresh(evaluator)
    first = {int(label): images[evaluator.labels == label][0] for label in (0, 1)}
    variety = evaluator.evaluate(np.stack([first[int(label)] for label in evaluator.labels]), 1).find("variety")
    assert variety is not None
    assert variety.value < 0.2


def test_swapped_classes_are_not_recognised(evaluated: tuple[Cohort, CheckpointEvaluator]) -> None:
    measured = evaluated[1].evaluate(fresh(evaluated[1])[::-1].copy(), 1)
    for name in (None, "side 4", "side 6"):
        agreement = measured.find("label_agreement", name)
        assert agreement is not None
        assert agreement.value < 0.3


def test_the_hold_out_is_never_opened() -> None:
    clean = cohort()
    spoilt = clean.pixels.copy()
    spoilt[clean.where(HOLDOUT)] = np.nan
    evaluators = [CheckpointEvaluator(images, seed=0) for images in (clean, replace(clean, pixels=spoilt))]
    images = fresh(evaluators[0])
    assert evaluators[0].evaluate(images, 5) == evaluators[1].evaluate(images, 5)


def test_a_small_tuning_share_selections_nothing() -> None:
    evaluator = CheckpointEvaluator(squares(), seed=0)  # six patients
    assert (evaluator.able, len(evaluator.labels)) == (False, 0)


def test_seven_training_images_selection_nothing_and_end_no_run() -> None:
    images = cohort()
    roles = images.roles.copy()
    roles[images.where(TRAIN)[7:]] = HOLDOUT
    assert not CheckpointEvaluator(replace(images, roles=roles), seed=0).able


def test_a_class_of_one_training_image_is_not_asked_for(recwarn: pytest.WarningsRecorder) -> None:
    images = squares((120, 120, 30))
    roles = images.roles.copy()
    for label in (0, 1):
        roles[images.where(TRAIN, label=label)[:24]] = TUNING
    roles[images.where(TRAIN, label=2)[1:]] = TUNING
    images = replace(images, roles=roles, groups=np.arange(len(images)))
    evaluator = CheckpointEvaluator(images, seed=0)
    measured = evaluator.evaluate(real(images, evaluator, TUNING), 1)
    rare, common = (measured.find("label_agreement", name) for name in ("side 8", "side 4"))
    assert rare is not None
    assert common is not None
    assert rare.floor == 0  # so no alarm ever says that it is missing
    assert common.floor is not None
    assert common.floor > 0.8
    assert not recwarn


def test_a_single_class_is_measured_without_agreement() -> None:
    images = squares((60,))
    images = replace(images, groups=np.arange(len(images)))
    images.roles[images.where(TRAIN)[:20]] = TUNING
    evaluator = CheckpointEvaluator(images, seed=0)
    measured = evaluator.evaluate(real(images, evaluator, TUNING), 1)
    assert measured.find("label_agreement") is None
    assert measured.find("coverage") is not None


# which one is kept


def checkup(images: int, distance: float, reach: float = 1.0, copying_p: float | None = 0.5) -> Checkup:
    interval = (distance - reach, distance + reach)
    return Checkup(
        images,
        (
            Measurement(
                name="kernel_distance",
                encoder="texture",
                value=distance,
                interval=interval,
                floor=0.1,
                null=0.0,
                n_real=60,
                n_synthetic=256,
                better="lower",
            ),
        ),
        copying_p,
    )


def kept(monkeypatch: pytest.MonkeyPatch, *checkups: Checkup) -> list[int]:
    """Return which checkup would be kept after each."""

    class Prepared:
        labels = np.zeros(GENERATED, np.int64)

        def evaluate(self, generated: Floats, images: int) -> Checkup:
            return next(checkup for checkup in checkups if checkup.images == images)

    monkeypatch.setattr(checkpoint_selection, "CheckpointEvaluator", lambda cohort, seed: Prepared())
    selection, kept_images = CheckpointSelection(squares(), 0), []
    for measured in checkups:
        selection.measure(
            np.zeros(0, np.float32), measured.images, None, {"weight": torch.tensor([float(measured.images)])}
        )
        assert selection.selected is not None
        assert float(selection.weights["weight"][0]) == selection.selected.images
        kept_images.append(selection.selected.images)
    return kept_images


def test_the_nearest_to_the_tuning_share_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(monkeypatch, checkup(1, 9), checkup(2, 5), checkup(3, 8)) == [1, 2, 2]


def test_of_two_that_cannot_be_told_apart_the_later_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(monkeypatch, checkup(1, 5), checkup(2, 5.9), checkup(3, 6.7)) == [1, 2, 2]


def test_a_copying_checkpoint_is_not_kept_however_good_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    images = kept(
        monkeypatch, checkup(1, 9), checkup(2, 1, copying_p=1e-4), checkup(3, 8), checkup(4, 1, copying_p=1e-9)
    )
    assert images == [1, 1, 3, 3]


def test_where_all_copy_the_best_is_kept_and_the_first_clean_one_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    images = kept(monkeypatch, checkup(1, 5, copying_p=0.001), checkup(2, 3, copying_p=0.001), checkup(3, 9))
    assert images == [1, 2, 3]


# in a run


def config(**fields: Any) -> TrainingConfig:
    changes = {"architecture.width": 16, **fields.pop("changes", {})}
    return configure(changes=changes, **{"images": 800, "batch_size": 8, "threads": 1, "device": "cpu", **fields})


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure at every report: the run is over in a second."""
    monkeypatch.setattr(checkpoint_selection, "IMAGES_BETWEEN", 1)
    monkeypatch.setattr(checkpoint_selection, "MOST_SHARE", 100.0)


@pytest.mark.usefixtures("often")
def test_the_generator_is_that_of_the_kept_checkpoint() -> None:
    training = Training(cohort(), config())
    reports = [report for report in training if report.checkup is not None]
    assert reports[-1].images == 800
    assert training.kept_images == reports[-1].kept == training.passport("r").images
    assert {report.checkup.images for report in reports if report.checkup} >= {training.kept_images}
    assert all(np.isfinite(weight).all() for weight in training.generator().values())


@pytest.mark.usefixtures("often")
def test_the_last_checkpoint_is_kept_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_selection, "replaces", lambda new, best: False)  # the first is the best
    best, last = (Training(cohort(), config(keep=keep)) for keep in ("best", "last"))
    for training in (best, last):
        kept = [report.kept for report in training if report.checkup is not None]
    assert best.kept_images < 800
    assert kept == sorted(set(kept))
    assert last.kept_images == last.passport("r").images == kept[-1] == 800
    averaged = last.networks.averaged_generator.state_dict()
    assert all(np.array_equal(weight, averaged[name].numpy()) for name, weight in last.generator().items())


@pytest.mark.usefixtures("often")
def test_the_kept_checkpoint_survives_a_resume(tmp_path: Any) -> None:
    images = cohort()
    first = Training(images, config())
    for report in first:
        if report.checkup is not None:
            break
    path = tmp_path / "state.pt"
    torch.save(first.state(), path)
    second = Training(images, config(), state=torch.load(path, weights_only=True))
    assert second.kept_images == first.kept_images > 0
    ours, theirs = first.generator(), second.generator()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert second.state()["selection"]["selected"] == first.state()["selection"]["selected"]


@pytest.mark.usefixtures("often")
def test_what_the_alarms_have_seen_survives_a_resume(tmp_path: Any) -> None:
    images, path = cohort(), tmp_path / "state.pt"
    first = Training(images, config())
    for report in first:
        if report.checkup is not None:
            break
    torch.save(first.state(), path)
    second = Training(images, config(), state=torch.load(path, weights_only=True))
    history = first.state()["alarm_watch"]["history"]
    assert second.state()["alarm_watch"]["history"] == history
    assert history[-1]["checkup"]["images"] == report.images
    assert history[-1]["measures"].keys() >= {"generator_loss", "generator_gradient"}


@pytest.mark.usefixtures("often")
def test_a_run_that_is_stopped_is_measured_as_it_is() -> None:
    training = Training(cohort(), config())
    training.advance(10)
    last = training.settle()
    assert last is not None
    assert last.checkup is not None
    assert last.checkup.images == last.kept == training.kept_images == 80
    assert training.settle() is None


def test_without_a_tuning_share_the_last_checkpoint_is_kept() -> None:
    training = Training(squares(), config())
    assert all(report.checkup is None for report in training)
    assert training.kept_images == 800
    assert training.state()["selection"]["images"] == 800


def test_measuring_changes_nothing_about_training(monkeypatch: pytest.MonkeyPatch) -> None:
    images, states = cohort(), []
    for between in (1, 10**9):
        monkeypatch.setattr(checkpoint_selection, "IMAGES_BETWEEN", between)
        monkeypatch.setattr(checkpoint_selection, "MOST_SHARE", 100.0)
        training = Training(images, config())
        list(training)
        states.append(training.state()["networks"])
    pairs = zip(states[0]["generator"].values(), states[1]["generator"].values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_measuring_too_often_for_its_cost_becomes_rarer() -> None:
    selection = CheckpointSelection(squares(size=32), 0)
    assert not selection.due(0.5, checkpoint_selection.IMAGES_BETWEEN - 1)
    assert selection.due(0.5, checkpoint_selection.IMAGES_BETWEEN)
    selection.record_cost(0.5, checkpoint_selection.IMAGES_BETWEEN, spent=5.0, seconds=10.0)
    assert not selection.due(0.56, 2 * checkpoint_selection.IMAGES_BETWEEN)
    assert selection.due(0.6, 3 * checkpoint_selection.IMAGES_BETWEEN)
    assert selection.due(1.0, checkpoint_selection.IMAGES_BETWEEN + 1)
