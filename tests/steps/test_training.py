"""Training: it learns, it stops, and it says what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from short_trainings import BATCH, config, same, tensors
from small_cohort import squares
from torch import Tensor

from ganaug_core.config import configure
from ganaug_core.errors import ConfigurationError, TrainingError
from ganaug_core.losses import LOSSES
from ganaug_core.losses.relativistic_pairing import RelativisticPairing
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Intensity
from ganaug_core.training import Training, resolve, run, schedule
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.telemetry import FixedInputs
from ganaug_core.training.training_images import TrainingImages

pytestmark = pytest.mark.numerical

# what a run reports


@pytest.mark.parametrize("recipe", ["recommended", "dcgan-64"])
def test_a_run_ends_with_its_budget_and_shows_itself_at_both_ends(recipe: str) -> None:
    training = Training(squares(), config(recipe))
    reports = list(training)
    first, last = reports[0], reports[-1]
    assert (first.images, first.share, last.images, last.share) == (0, 0.0, 40 * BATCH, 1.0)
    for report in (first, last):
        assert report.preview is not None
        assert report.preview.shape == (2 * 8, 1, 16, 16)
        assert np.abs(report.preview).max() <= 1
        assert report.logits is not None
        assert {name: len(values) for name, values in report.logits.items()} == {
            "train": 80,
            "tuning": 12,
            "generated": 256,
        }
    assert last.measures.keys() - {"discriminator_gap"} == {
        "discriminator_loss",
        "generator_loss",
        "discriminator_loss_average",
        "generator_loss_average",
        "loss_ratio",
        "separation",
        "left_out",
        "discriminator_gradient",
        "generator_gradient",
        "images_per_second",
        "learning_rate",
    }
    assert all(np.isfinite(value) for value in last.measures.values())
    assert last.measures["images_per_second"] > 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock: a step takes 10 ms, looking at the networks 200 ms, and nothing is computed."""
    now = [0.0]

    def step(networks: AdversarialNetworks, number: int, share: float) -> dict[str, Tensor]:
        now[0] += 0.01
        return {"discriminator_loss": torch.tensor(float(number))}

    def look(inputs: FixedInputs, networks: AdversarialNetworks) -> tuple[dict[str, Any], dict[str, float]]:
        now[0] += 0.2
        return {side: np.ones(len(labels), np.float32) for side, labels in inputs.logit_labels.items()}, {}

    monkeypatch.setattr(run.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(AdversarialNetworks, "step", step)
    monkeypatch.setattr(FixedInputs, "logits_and_variety", look)
    return now


def test_minutes_are_minutes_of_training_and_not_of_waiting(clock: list[float]) -> None:
    reports = []
    for report in Training(squares(), config(images=None, minutes=1)):
        reports.append(report)
        clock[0] += 100
    assert reports[-1].share == 1
    assert 60 <= reports[-1].seconds < 60.5
    assert all(0 <= before.share <= after.share for before, after in pairwise(reports))
    assert 150 < len(reports) <= 202


def test_a_report_holds_means_since_the_one_before(clock: list[float]) -> None:
    steps, means = 0, []
    for report in Training(squares(), config(images=None, minutes=0.05)):
        played = report.images // BATCH - steps
        if played:
            means.append((report.measures["discriminator_loss"], steps + (played - 1) / 2))
        steps += played
    assert len(means) > 5
    assert all(mean == pytest.approx(expected) for mean, expected in means)


@pytest.mark.parametrize("minutes", [1, 20])
def test_looking_at_a_run_costs_less_than_a_twentieth_of_its_time(minutes: float, clock: list[float]) -> None:
    reports = list(Training(squares(), config(images=None, minutes=minutes)))
    previews = sum(report.preview is not None for report in reports)
    assert 0.2 * previews < 0.05 * reports[-1].seconds
    assert previews == pytest.approx(51 if minutes == 20 else 8, abs=2)


def test_previews_are_always_of_the_same_latents() -> None:
    starts = [next(iter(Training(squares(), config(changes=change)))).preview for change in ({}, {"r1.gamma": 9})]
    assert np.array_equal(*starts)  # type: ignore[arg-type]


# what a run learns from


def test_the_losses_go_where_they_should_and_the_classes_come_apart() -> None:
    cohort = squares((60, 60))
    training = Training(cohort, config(images=250 * BATCH))
    reports = list(training)
    preview = reports[-1].preview
    assert preview is not None
    real = [cohort.images(cohort.where(TRAIN, label=label)).mean() for label in (0, 1)]
    generated = [preview[:8].mean(), preview[8:].mean()]
    assert generated[1] - generated[0] > 0.3 * (real[1] - real[0]) > 0


def test_the_hold_out_is_never_opened_and_the_tuning_share_teaches_nothing() -> None:
    clean = squares()
    spoilt_pixels = clean.pixels.copy()
    spoilt_pixels[clean.where(HOLDOUT)] = np.nan
    spoilt_pixels[clean.where(TUNING)] = 17
    spoilt = replace(clean, pixels=spoilt_pixels)
    runs = [Training(cohort, config(images=6 * BATCH)) for cohort in (clean, spoilt)]
    ends = [list(run)[-1] for run in runs]
    assert same(runs[0].state(), runs[1].state())
    assert all(np.isfinite(values).all() for values in (ends[1].logits or {}).values())


def test_a_cohort_without_a_tuning_share_trains_and_shows_none() -> None:
    cohort = squares()
    cohort.roles[cohort.where(TUNING)] = HOLDOUT
    logits = next(iter(Training(cohort, config()))).logits
    assert logits is not None
    assert [len(logits[name]) for name in ("train", "tuning", "generated")] == [80, 0, 256]


def test_a_rare_class_is_drawn_by_the_square_root_of_its_size() -> None:
    cohort = squares((90, 10))
    shares = {}
    for sampling in ("auto", "natural", "tempered", "balanced"):
        images = TrainingImages(cohort, config(class_sampling=sampling), torch.device("cpu"))
        torch.manual_seed(0)
        shares[sampling] = images.batch(20_000)[1].double().mean().item()
    assert shares == pytest.approx({"auto": 0.25, "natural": 0.1, "tempered": 0.25, "balanced": 0.5}, abs=0.02)


def test_a_mild_imbalance_stays_natural() -> None:
    images = TrainingImages(squares((50, 10)), config(), torch.device("cpu"))
    torch.manual_seed(0)
    assert images.batch(20_000)[1].double().mean().item() == pytest.approx(1 / 6, abs=0.02)


def test_images_and_labels_stay_together_in_a_batch() -> None:
    cohort = squares((90, 10))
    images = TrainingImages(cohort, config(), torch.device("cpu"))
    for image, label in zip(*images.batch(50), strict=True):
        bright = int((image > 0.5).sum())
        assert bright == (4 + 2 * int(label)) ** 2


def test_one_class_trains_without_the_label_term() -> None:
    training = Training(squares((40,)), config(images=3 * BATCH))
    assert np.isfinite(list(training)[-1].measures["discriminator_loss"])


def test_settings_follow_the_budget() -> None:
    plan = config(final_learning_rate=0.1)
    moments = [schedule.at(share, plan) for share in (0.0, 0.5, 0.75, 1.0, 1.2)]
    assert [moment.learning_rate for moment in moments] == pytest.approx([1, 1, 0.55, 0.1, 0.1])
    assert [moment.penalty for moment in moments] == pytest.approx([1, 1, 0.55, 0.1, 0.1])
    moments = [
        schedule.at(share, config(learning_rate_schedule="exponential", final_learning_rate=0.01))
        for share in (0.0, 0.5, 1.0, 1.2)
    ]
    assert [moment.learning_rate for moment in moments] == pytest.approx([1, 0.1, 0.01, 0.01])
    whole = config(learning_rate_schedule="cosine_from_start", final_learning_rate=0.1)
    assert [schedule.at(share, whole).learning_rate for share in (0.0, 0.5, 1.0)] == pytest.approx([1, 0.55, 0.1])


def test_running_statistics_are_copied_or_averaged_with_the_weights() -> None:
    means = []
    for statistics in ("copied", "averaged"):
        networks = Training(squares(), config("dcgan-64", ema_statistics=statistics)).networks
        for step in range(3):
            networks.step(step, step / 3)
        states = [network.state_dict() for network in (networks.averaged_generator, networks.generator)]
        name = next(name for name in states[0] if name.endswith("running_mean"))
        means.append([state[name] for state in states])
    torch.testing.assert_close(*means[0])
    torch.testing.assert_close(means[0][1], means[1][1])  # what is learnt is the same
    assert not torch.allclose(*means[1], atol=1e-5)


def test_the_average_has_its_half_life() -> None:
    plan = config()
    assert (1 - schedule.averaging_weight(10**6, BATCH, plan)) ** (10_000 / BATCH) == pytest.approx(0.5)
    assert (1 - schedule.averaging_weight(10_000, BATCH, plan)) ** (500 / BATCH) == pytest.approx(0.5)


# what parts do in a run


def test_several_critic_steps_show_as_many_images() -> None:
    training = Training(squares(), config(changes={"discriminator_steps": 3}))
    training.advance(5)
    assert training.images == 5 * 3 * BATCH


@pytest.mark.parametrize(("certainty", "probability"), [(1.0, 0.5), (-1.0, 0.0)])
def test_the_probability_of_augmentations_rises_while_the_discriminator_is_certain(
    certainty: float, probability: float
) -> None:
    plan = config(changes={"augment": "adaptive", "adaptive_images": 1000})
    networks = Training(squares(), plan).networks
    for _ in range(500 // BATCH):
        networks.adapt_augmentation(torch.full((BATCH,), certainty), torch.zeros(BATCH))
    assert networks.augmentation_probability is not None
    assert networks.augmentation_probability.item() == pytest.approx(probability, abs=0.01)


def test_at_half_a_probability_half_of_the_images_are_changed() -> None:
    networks = Training(squares(), config(changes={"augment": "adaptive", "augmentations": "translation"})).networks
    images = torch.rand(400, 1, 16, 16)
    for probability in (0.0, 0.5, 1.0):
        networks.augmentation_probability = torch.tensor(probability)
        changed = (networks.discriminator_input(images, 0.0) != images).flatten(1).any(1).double().mean().item()
        assert changed == pytest.approx(probability * (1 - 1 / 25), abs=0.07)  # a shift by nothing is one in 5 x 5


def test_clipped_weights_stay_clipped_after_a_step() -> None:
    training = Training(squares(), config("wgan"))
    training.advance(3)
    weights = training.state()["networks"]["discriminator"]
    floats = [weight for name, weight in weights.items() if weight.is_floating_point() and "running" not in name]
    assert max(float(weight.abs().max()) for weight in floats) <= 0.01


def test_a_consistent_discriminator_notices_less_of_a_shift() -> None:
    changes = {"loss": "hinge", "terms": "", "augment": "off", "augmentations": "translation", "batch_size": 16}
    noticed = []
    for regularisers in ("r1", "r1,consistency"):
        training = Training(squares(), config(changes={**changes, "regularisers": regularisers}))
        training.advance(40)
        networks, images = training.networks, torch.from_numpy(squares().pixels) / 127.5 - 1
        labels = torch.from_numpy(squares().labels)
        torch.manual_seed(0)
        with torch.no_grad():
            logits = [networks.discriminator(shown, labels) for shown in (images, networks._transformed(images))]
        noticed.append(float((logits[0] - logits[1]).std() / logits[0].std()))
    assert noticed[1] < 0.7 * noticed[0]


def test_the_share_of_pseudo_real_images_and_the_averages_of_logits_move() -> None:
    changes = {"loss": "hinge", "terms": "", "regularisers": "lecam,pseudo_real", "pseudo_real.images": 1000}
    networks = Training(squares(), config(changes=changes)).networks
    assert networks.pseudo_share is not None
    for _ in range(500 // BATCH):
        networks.adapt_augmentation(torch.ones(BATCH), torch.zeros(BATCH))
    assert networks.pseudo_share.item() == pytest.approx(0.5, abs=0.01)
    logits = torch.tensor([[2.0], [4.0], [-1.0], [-3.0]])
    assert networks._moved_logit_averages(0.9, logits).tolist() == [3.0, -2.0]
    moved = networks._moved_logit_averages(0.9, torch.zeros(4, 1))
    assert moved.tolist() == pytest.approx([2.7, -1.8])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"regularisers": "consistency", "augmentations": "", "augment": "off"}, "no augmentation is named"),
        ({"regularisers": "lecam"}, "in a paired loss logits have no level"),
        ({"augmentations": "colour", "augment": "on"}, "intensities are HU, and colour would leak"),
    ],
)
def test_parts_that_do_not_go_together_say_why(changes: dict[str, Any], says: str) -> None:
    cohort = squares(intensity=Intensity("HU", -100.0, 200.0))
    with pytest.raises(ConfigurationError, match=says):
        Training(cohort, configure(changes=changes))


def test_historical_averaging_holds_weights_back() -> None:
    moved = []
    for changes in ({}, {"regularisers": "r1,r2,historical_averaging", "historical_averaging.weight": 5.0}):
        training = Training(squares(), config(changes=changes))
        before = training.state()["networks"]["generator"]
        training.advance(30)
        after = training.state()["networks"]["generator"]
        moved.append(sum(float((after[name] - before[name]).square().sum()) for name in before))
    assert moved[1] < moved[0]


def test_a_progressive_run_that_is_stopped_early_leaves_a_coarse_generator() -> None:
    training = Training(squares(size=32), config("progressive"))
    training.advance(2)
    blocks = next(iter(training)).preview
    assert blocks is not None
    assert np.array_equal(blocks, blocks[..., ::4, ::4].repeat(4, 2).repeat(4, 3))
    assert training.generator()["grown"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("changes", "say"),
    [
        ({"loss": "wasserstein", "regularisers": ""}, r"without a bound the critic grows.*Add one of: weight_clipping"),
        ({"architecture": "dcgan"}, r"r1 and r2 looks at the gradient of one image's logit.*critic_batch_norm=false"),
        ({"loss": "hinge"}, r"label term with the hinge loss collapsed.*Leave label_matching out"),
        ({"regularisers": "weight_clipping,spectral_norm"}, r"bound the same weights"),
        ({"regularisers": "r1,r1"}, r"r1 is named twice"),
        ({"regularisers": "unrolled", "terms": "feature_matching"}, r"discriminator of now"),
        ({"augment": "adaptive", "augmentations": ""}, r"needs an augmentation"),
    ],
)
def test_parts_that_exclude_each_other_are_refused_with_the_reason(changes: dict[str, Any], say: str) -> None:
    with pytest.raises(ConfigurationError, match=say) as caught:
        resolve(configure(changes=changes), 100)
    assert caught.value.code == "excluded"


def test_a_change_of_brightness_is_refused_for_hounsfield_units_and_allowed_without_a_unit() -> None:
    plan = configure(changes={"augmentations": "brightness_contrast", "augment": "on"})
    with pytest.raises(ConfigurationError, match=r"intensities are HU, and brightness_contrast would leak"):
        resolve(plan, 100, "HU")
    assert len(resolve(plan, 100).augmentations) == 1


def test_a_dcgan_without_batch_norm_in_the_critic_takes_gradient_penalties() -> None:
    plan = configure(changes={"architecture": "dcgan", "architecture.critic_batch_norm": False})
    assert resolve(plan, 100).shared_batches


# randomness


def test_another_seed_is_another_run() -> None:
    runs = [Training(squares(), config(seed=seed)) for seed in (0, 1)]
    for training in runs:
        training.advance(2)
    assert not same(runs[0].state(), runs[1].state())


def test_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(4)
    expected = torch.randn(3)
    torch.manual_seed(4)
    Training(squares(), config()).advance(2)
    assert torch.equal(torch.randn(3), expected)


# what goes wrong


@dataclass(frozen=True)
class _Spoilt:
    """A loss that is not a number from call `first` to call `last`."""

    paired: ClassVar[bool] = True
    first: int = 2
    last: int = 2
    calls: ClassVar[Iterator[int]] = count()

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        call = next(type(self).calls)
        loss = RelativisticPairing().discriminator_loss(real_logits, fake_logits)
        return loss * float("nan") if self.first <= call <= self.last else loss

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return RelativisticPairing().generator_loss(real_logits, fake_logits)


def spoilt(monkeypatch: pytest.MonkeyPatch, first: int, last: int) -> Training:
    monkeypatch.setitem(LOSSES, "spoilt", _Spoilt)
    monkeypatch.setattr(_Spoilt, "calls", count())
    return Training(squares(), config(changes={"loss": "spoilt", "loss.first": first, "loss.last": last}))


def test_a_batch_that_gives_no_number_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    training = spoilt(monkeypatch, 2, 4)
    training.advance(10)
    assert all(torch.isfinite(tensor).all() for _, tensor in tensors(training.state()))


def test_four_in_a_row_stop_the_run_in_words_and_the_weights_stay_good(monkeypatch: pytest.MonkeyPatch) -> None:
    training = spoilt(monkeypatch, 2, 9)
    with pytest.raises(TrainingError, match=r"unstable: after 48 images 4 updates in a row.*last checkpoint"):
        list(training)
    assert all(torch.isfinite(tensor).all() for _, tensor in tensors(training.state()))


def test_a_pixel_that_is_no_number_is_found_before_the_first_step() -> None:
    cohort = squares()
    cohort.pixels[cohort.where(TRAIN)[3], 0, 2, 2] = np.nan
    with pytest.raises(
        TrainingError, match=rf"1 training images hold .* first is {cohort.ids[cohort.where(TRAIN)[3]]}"
    ):
        Training(cohort, config())


def test_a_class_without_training_images_is_named() -> None:
    with pytest.raises(TrainingError, match=r"class side 6 of squares has no training image"):
        Training(squares((40, 0)), config())


def test_an_image_size_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"17 x 17"):
        Training(squares(size=17), config())


def test_the_passport_says_what_was_trained() -> None:
    cohort: Cohort = squares(spacing_mm=(0.8, 0.7))
    training = Training(cohort, config())
    training.advance(3)
    card = training.passport("small")
    assert (card.title, card.images, card.recipe, card.cohort_digest) == (
        "small",
        3 * BATCH,
        "recommended",
        cohort.digest,
    )
    assert [(class_card.name, class_card.train) for class_card in card.classes] == [("side 4", 40), ("side 6", 40)]
    assert (card.spacing_mm, card.patients) == ([0.8, 0.7], 40)
    assert card.architecture.settings == {
        "width": 16,
        "latent": 64,
        "class_features": 32,
        "features": 128,
        "prior": "gaussian",
        "critic_condition": "projection",
    }
