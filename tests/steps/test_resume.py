"""A run that goes on is the run that it would have been, and says where it cannot be."""

import copy
from typing import Any

import pytest
import torch
from short_trainings import BATCH, config, same
from small_cohort import squares

from ganaug_core.config import RECIPES, TrainingConfig
from ganaug_core.errors import ConfigurationError, TrainingError
from ganaug_core.training import Training

pytestmark = pytest.mark.numerical


def goes_on_bit_for_bit(plan: TrainingConfig, steps: int) -> None:
    cohort = squares()
    straight, first = Training(cohort, plan), Training(cohort, plan)
    straight.advance(2 * steps)
    first.advance(steps)
    state = first.state()
    first.advance(3)  # the state is a copy: going on does not change it
    torch.manual_seed(99)
    second = Training(cohort, plan, state=state)
    torch.randn(7)  # nor does anybody who draws random numbers in between
    second.advance(steps)
    assert second.images == straight.images == 2 * steps * plan.discriminator_steps * BATCH
    assert same(straight.state(), second.state())


@pytest.mark.parametrize("recipe", ["recommended", "dcgan-64"])
def test_twenty_and_twenty_steps_are_forty_bit_for_bit(recipe: str) -> None:
    goes_on_bit_for_bit(config(recipe), 20)


@pytest.mark.parametrize("recipe", sorted(set(RECIPES) - {"recommended", "dcgan-64"}))
def test_every_recipe_goes_on_bit_for_bit(recipe: str) -> None:
    goes_on_bit_for_bit(config(recipe, class_sampling="tempered"), 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"regularisers": "r1,r2,historical_averaging,minibatch_discrimination,dropout,instance_noise"},
        {"regularisers": "unrolled,spectral_norm", "loss": "least_squares"},
        {"augment": "adaptive", "adaptive_images": 1000, "augmentations": "flip,brightness_contrast,translation"},
        {"terms": "feature_matching,label_matching", "discriminator_steps": 2, "generator_steps": 2},
        {
            "regularisers": "lecam,dragan,consistency,pseudo_real",
            "loss": "hinge",
            "terms": "",
            "augmentations": "colour",
        },
        {"optimiser": "sgd", "betas": [0.9, 0.9]},
        {"optimiser": "rmsprop"},
    ],
)
def test_what_a_part_remembers_is_in_the_state(changes: dict[str, Any]) -> None:
    goes_on_bit_for_bit(config(changes=changes), 6)


@pytest.mark.parametrize(
    "forgotten",
    ["generator", "discriminator", "averaged_generator", "generator_optimiser", "discriminator_optimiser", "steps"],
)
def test_forgetting_any_part_of_the_state_would_change_the_result(forgotten: str) -> None:
    cohort, plan = squares(), config()
    straight, first = Training(cohort, plan), Training(cohort, plan)
    straight.advance(12)
    fresh = copy.deepcopy(first.state())
    first.advance(6)
    state = first.state()
    part = state if forgotten == "steps" else state["networks"]
    part[forgotten] = fresh["steps"] if forgotten == "steps" else fresh["networks"][forgotten]
    second = Training(cohort, plan, state=state)
    second.advance(6)
    assert not same(straight.state(), second.state())


def test_a_state_of_another_cohort_is_refused() -> None:
    state = Training(squares(), config()).state()
    with pytest.raises(TrainingError, match=r"another cohort than squares.*start a new run"):
        Training(squares(seed=1), config(), state=state)


def test_a_state_of_other_networks_is_refused() -> None:
    state = Training(squares(), config()).state()
    with pytest.raises(ConfigurationError, match=r"not those of this configuration"):
        Training(squares(), config(changes={"architecture.width": 32}), state=state)


def test_a_resumed_run_keeps_its_threads() -> None:
    state = Training(squares(), config()).state()
    assert Training(squares(), config(threads=0), state=state).threads == state["threads"] == 1


def test_going_on_elsewhere_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    state = Training(squares(), config()).state()
    with caplog.at_level("WARNING"):
        Training(squares(), config(), state=state)
        assert not caplog.text
        Training(squares(), config(), state={**state, "threads": 7})
    assert "not bit for bit" in caplog.text
