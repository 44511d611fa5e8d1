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
    made = squares((120, 120))
    roles = made.roles.copy()
    for label in (0, 1):
        roles[made.where(TRAIN, label=label)[:24]] = TUNING
    return replace(made, roles=roles, groups=np.arange(len(made)), patients=np.arange(len(made)), **changes)


def real(of: Cohort, examiner: CheckpointEvaluator, role: int) -> Floats:
    """Return images of a role in the classes that the examiner asks for."""
    random = np.random.default_rng(1)
    rows = [random.choice(of.where(role, label=int(label))) for label in examiner.labels]
    return of.images(np.array(rows))


def fresh(examiner: CheckpointEvaluator) -> Floats:
    """Return new squares of the wanted classes that no cohort holds."""
    other = squares((300, 300), seed=7)
    return real(other, examiner, TRAIN)


@pytest.fixture(scope="module")
def judged() -> tuple[Cohort, CheckpointEvaluator]:
    made = cohort()
    return made, CheckpointEvaluator(made, seed=0)


# what is measured


def test_fresh_real_images_are_faithful_varied_and_no_copies(judged: tuple[Cohort, CheckpointEvaluator]) -> None:
    found = judged[1].evaluate(fresh(judged[1]), 1000)
    distance, agreement = found.find("kernel_distance"), found.find("label_agreement")
    assert distance is not None
    assert distance.interval is not None
    assert distance.floor is not None
    assert distance.interval[0] < 0.5 + distance.floor
    assert agreement is not None
    assert agreement.value > 0.9
    assert agreement.class_name is None
    assert found.copying_p is not None
    assert found.copying_p > 0.01
    assert {each.name for each in found.measurements} == {
        *("kernel_distance", "coverage", "variety", "label_agreement", "copied_share")
    }
    assert {each.class_name for each in found.measurements if each.name == "label_agreement"} == {
        *(None, "side 4", "side 6")
    }
    assert all(each.n_real >= 8 and each.n_synthetic >= 8 for each in found.measurements)


def test_training_images_are_called_copies(judged: tuple[Cohort, CheckpointEvaluator]) -> None:
    made, examiner = judged
    found = examiner.evaluate(real(made, examiner, TRAIN), 1000)
    share = found.find("copied_share")
    assert share is not None
    assert share.value > 0.8
    assert found.copying_p is not None
    assert found.copying_p < 1e-6


def test_noise_is_far_away_covers_nothing_and_is_nobodys_class(judged: tuple[Cohort, CheckpointEvaluator]) -> None:
    made, examiner = judged
    noise = np.random.default_rng(0).uniform(-1, 1, (GENERATED, *made.shape)).astype(np.float32)
    good, bad = examiner.evaluate(fresh(examiner), 1), examiner.evaluate(noise, 1)
    for name, worse in (("kernel_distance", 1), ("coverage", -1), ("label_agreement", -1)):
        ours, theirs = good.find(name), bad.find(name)
        assert ours is not None
        assert theirs is not None
        assert worse * (theirs.value - ours.value) > 0.2


def test_one_image_again_and_again_has_no_variety(judged: tuple[Cohort, CheckpointEvaluator]) -> None:
    _, examiner = judged
    images = fresh(examiner)
    first = {int(label): images[examiner.labels == label][0] for label in (0, 1)}
    found = examiner.evaluate(np.stack([first[int(label)] for label in examiner.labels]), 1).find("variety")
    assert found is not None
    assert found.value < 0.2


def test_swapped_classes_are_not_recognised(judged: tuple[Cohort, CheckpointEvaluator]) -> None:
    found = judged[1].evaluate(fresh(judged[1])[::-1].copy(), 1)
    for name in (None, "side 4", "side 6"):
        agreement = found.find("label_agreement", name)
        assert agreement is not None
        assert agreement.value < 0.3


def test_the_hold_out_is_never_opened() -> None:
    clean = cohort()
    spoilt = clean.pixels.copy()
    spoilt[clean.where(HOLDOUT)] = np.nan
    both = [CheckpointEvaluator(each, seed=0) for each in (clean, replace(clean, pixels=spoilt))]
    images = fresh(both[0])
    assert both[0].evaluate(images, 5) == both[1].evaluate(images, 5)


def test_a_small_tuning_share_selections_nothing() -> None:
    examiner = CheckpointEvaluator(squares(), seed=0)  # six patients
    assert (examiner.able, len(examiner.labels)) == (False, 0)


def test_seven_training_images_selection_nothing_and_end_no_run() -> None:
    made = cohort()
    roles = made.roles.copy()
    roles[made.where(TRAIN)[7:]] = HOLDOUT
    assert not CheckpointEvaluator(replace(made, roles=roles), seed=0).able


def test_a_class_of_one_training_image_is_not_asked_for(recwarn: pytest.WarningsRecorder) -> None:
    made = squares((120, 120, 30))
    roles = made.roles.copy()
    for label in (0, 1):
        roles[made.where(TRAIN, label=label)[:24]] = TUNING
    roles[made.where(TRAIN, label=2)[1:]] = TUNING
    made = replace(made, roles=roles, groups=np.arange(len(made)))
    examiner = CheckpointEvaluator(made, seed=0)
    found = examiner.evaluate(real(made, examiner, TUNING), 1)
    rare, common = (found.find("label_agreement", name) for name in ("side 8", "side 4"))
    assert rare is not None
    assert common is not None
    assert rare.floor == 0  # so no alarm ever says that it is missing
    assert common.floor is not None
    assert common.floor > 0.8
    assert not recwarn


def test_a_single_class_is_measured_without_agreement() -> None:
    made = squares((60,))
    made = replace(made, groups=np.arange(len(made)))
    made.roles[made.where(TRAIN)[:20]] = TUNING
    examiner = CheckpointEvaluator(made, seed=0)
    found = examiner.evaluate(real(made, examiner, TUNING), 1)
    assert found.find("label_agreement") is None
    assert found.find("coverage") is not None


# which one is kept


def checkup(images: int, distance: float, reach: float = 1.0, copying_p: float | None = 0.5) -> Checkup:
    interval = (distance - reach, distance + reach)
    return Checkup(
        images, (Measurement("kernel_distance", "texture", distance, interval, 0.1, 0.0, 60, 256, "lower"),), copying_p
    )


def kept(monkeypatch: pytest.MonkeyPatch, *found: Checkup) -> list[int]:
    """Return which checkup would be kept after each."""

    class Told:
        labels = np.zeros(GENERATED, np.int64)

        def evaluate(self, generated: Floats, images: int) -> Checkup:
            return next(each for each in found if each.images == images)

    monkeypatch.setattr(checkpoint_selection, "CheckpointEvaluator", lambda cohort, seed: Told())
    selection, moments = CheckpointSelection(squares(), 0), []
    for each in found:
        selection.measure(np.zeros(0, np.float32), each.images, None, {"weight": torch.tensor([float(each.images)])})
        assert selection.selected is not None
        assert float(selection.weights["weight"][0]) == selection.selected.images
        moments.append(selection.selected.images)
    return moments


def test_the_nearest_to_the_tuning_share_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(monkeypatch, checkup(1, 9), checkup(2, 5), checkup(3, 8)) == [1, 2, 2]


def test_of_two_that_cannot_be_told_apart_the_later_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(monkeypatch, checkup(1, 5), checkup(2, 5.9), checkup(3, 6.7)) == [1, 2, 2]


def test_a_copying_checkpoint_is_not_kept_however_good_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept(
        monkeypatch, checkup(1, 9), checkup(2, 1, copying_p=1e-4), checkup(3, 8), checkup(4, 1, copying_p=1e-9)
    )
    assert found == [1, 1, 3, 3]


def test_where_all_copy_the_best_is_kept_and_the_first_clean_one_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept(monkeypatch, checkup(1, 5, copying_p=0.001), checkup(2, 3, copying_p=0.001), checkup(3, 9))
    assert found == [1, 2, 3]


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
    assert all(np.isfinite(each).all() for each in training.generator().values())


@pytest.mark.usefixtures("often")
def test_the_kept_checkpoint_survives_a_resume(tmp_path: Any) -> None:
    made = cohort()
    first = Training(made, config())
    for report in first:
        if report.checkup is not None:
            break
    path = tmp_path / "state.pt"
    torch.save(first.state(), path)
    second = Training(made, config(), state=torch.load(path, weights_only=True))
    assert second.kept_images == first.kept_images > 0
    ours, theirs = first.generator(), second.generator()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert second.state()["selection"]["selected"] == first.state()["selection"]["selected"]


@pytest.mark.usefixtures("often")
def test_what_the_alarms_have_seen_survives_a_resume(tmp_path: Any) -> None:
    made, path = cohort(), tmp_path / "state.pt"
    first = Training(made, config())
    for report in first:
        if report.checkup is not None:
            break
    torch.save(first.state(), path)
    second = Training(made, config(), state=torch.load(path, weights_only=True))
    seen = first.state()["alarm_watch"]["history"]
    assert second.state()["alarm_watch"]["history"] == seen
    assert seen[-1]["checkup"]["images"] == report.images
    assert seen[-1]["measures"].keys() >= {"generator_loss", "generator_gradient"}


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
    made, states = cohort(), []
    for between in (1, 10**9):
        monkeypatch.setattr(checkpoint_selection, "IMAGES_BETWEEN", between)
        monkeypatch.setattr(checkpoint_selection, "MOST_SHARE", 100.0)
        training = Training(made, config())
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
