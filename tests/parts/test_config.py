"""Configurations and passports: what is accepted, and what a wrong one is told."""

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from ganaug_core.config import FAMILIES, RECIPES, Passport, TrainingConfig, catalogue, configure, falling_weights
from ganaug_core.config.catalogue import FILE
from ganaug_core.errors import ConfigurationError
from ganaug_core.training import resolve
from ganaug_core.training.catalogue import described

CARD: dict[str, Any] = {
    "title": "healthy",
    "created": "2026-11-21T03:00:00Z",
    "software": "ganaug 0.1.0",
    "architecture": {"name": "lite", "settings": {"width": 64}, "channels": 1, "rows": 32, "columns": 32},
    "classes": [{"name": "benign", "train": 20}, {"name": "malignant", "train": 10}],
    "intensity": {"unit": "HU", "low": -160.0, "high": 240.0},
    "spacing_mm": [0.8, 0.8],
    "patients": 12,
    "cohort_name": "phantom",
    "cohort_digest": "a" * 64,
    "recipe": "recommended",
    "seed": 0,
    "images": 1000,
}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_resolves_and_survives_json(name: str) -> None:
    config = configure(name)
    assert config == RECIPES[name].config
    assert config.recipe == RECIPES[name].name == name
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config
    resolve(config, 100)


FIRST_VERSION: dict[str, Any] = {
    "recipe": "recommended",
    "architecture": {"name": "lite", "settings": {}},
    "loss": {"name": "relativistic_pairing", "settings": {}},
    "regularisers": [
        {"name": "r1", "settings": {"gamma": 2.0, "every": 4}},
        {"name": "r2", "settings": {"gamma": 2.0, "every": 4}},
    ],
    "augmentations": [{"name": "translation", "settings": {}}, {"name": "cutout", "settings": {}}],
    "augment": "on",
    "class_sampling": "auto",
    "batch_size": 32,
    "discriminator_learning_rate": 0.001,
    "generator_learning_rate": 0.001,
    "final_learning_rate": 0.1,
    "betas": [0.0, 0.99],
    "final_penalty": 0.1,
    "label_term": 0.5,
    "label_term_end": 0.0,
    "ema_half_life_images": 20000.0,
    "ema_share": 0.05,
    "minutes": None,
    "images": 1000000,
    "seed": 1,
    "device": "auto",
    "precision": "auto",
    "threads": 1,
}


def test_a_run_of_the_first_version_is_still_read() -> None:
    """Its label term was a field, and it kept its best checkpoint."""
    config = TrainingConfig.model_validate(FIRST_VERSION)
    assert [(part.name, part.settings) for part in config.terms] == [("label_matching", {"weight": 0.5, "end": 0.0})]
    assert config.keep == "best"
    assert configure(changes={"label_term": 0}).terms == ()


def test_the_name_of_a_recipe_that_was_renamed_is_still_understood() -> None:
    assert configure("dcgan") == RECIPES["dcgan-64"].config


def test_every_recipe_has_its_source_its_date_and_a_plain_line_beside_the_technical_one() -> None:
    assert len(RECIPES) == 16
    names = re.compile(r"pairing|R1|hinge|norm\b|penalty|latent|Wasserstein|critic|projection|loss\b|discriminator")
    for recipe in RECIPES.values():
        assert 60 < len(recipe.says) < 300
        assert "\n" not in recipe.says
        assert not names.search(recipe.says), "a clinician reads it"
        assert names.search(recipe.works) or "Conditional GAN" in recipe.works or "64 pixels" in recipe.works
        assert re.fullmatch(r"2026-\d\d-\d\d", recipe.date)
        assert "arXiv" in recipe.source


def test_the_recommended_recipe_is_set_by_the_size_of_the_images() -> None:
    def numbers(config: TrainingConfig) -> tuple[int, list[Any], int | None]:
        return config.batch_size, [part.settings["gamma"] for part in config.regularisers], config.images

    assert numbers(configure(images=500)) == numbers(configure(rows=64, images=500)) == (16, [0.25, 0.25], 500)
    assert numbers(configure(rows=32, images=500)) == numbers(configure(rows=28, images=500)) == (32, [1.0, 1.0], 500)
    assert numbers(configure(rows=32, images=500, changes={"r1.gamma": 3, "batch_size": 8})) == (8, [3, 1.0], 500)
    assert configure(rows=32).terms == configure(rows=64).terms
    assert configure("small-cohort", rows=32) == configure("small-cohort")


def test_the_gpu_recipe_says_that_it_is_not_measured() -> None:
    assert "not yet measured" in RECIPES["recommended-gpu"].title


def test_changes_reach_a_part_by_its_name_by_its_family_and_by_the_familys_singular() -> None:
    config = configure(changes={"r1.gamma": 3, "regulariser.every": "1", "architecture.width": "32", "label_term": 0.2})
    assert [part.settings for part in config.regularisers] == [{"gamma": 3, "every": 1}, {"gamma": 0.25, "every": 1}]
    assert config.architecture.settings == {"width": 32}
    assert [(part.name, part.settings) for part in config.terms] == [("label_matching", {"weight": 0.2, "end": 0.0})]


def test_a_family_takes_the_names_of_other_parts() -> None:
    config = configure(changes={"loss": "minimax", "regularisers": "r1", "augmentations": ""})
    assert (config.loss.name, [part.name for part in config.regularisers], config.augmentations) == (
        "minimax",
        ["r1"],
        (),
    )


def test_a_budget_in_images_replaces_the_recipes_minutes() -> None:
    assert (configure(images=500).minutes, configure(images=500).images) == (None, 500)
    assert configure(minutes=2, images=None).minutes == 2
    assert configure("recommended-gpu", minutes=2).images is None


@pytest.mark.parametrize(
    ("arguments", "say"),
    [
        ({"recipe": "stylegan9"}, "no recipe named 'stylegan9'. Choose one of: recommended, small-cohort"),
        ({"minutes": 1, "images": 100}, "either in minutes or in images"),
        ({"minutes": -1}, "minutes: .*greater than 0"),
        ({"batch_size": "many"}, "batch_size: .*valid integer"),
        ({"changes": {"colour": 1}}, "colour: Extra inputs are not permitted"),
        ({"changes": {"r3.gamma": 1}}, "no part named 'r3', so r3.gamma cannot be set. Its parts: .*r1, r2"),
        ({"betas": [0, 1.0]}, "betas.1: .*less than 1"),
        ({"discriminator_learning_rate": "NaN"}, "discriminator_learning_rate"),
    ],
)
def test_a_wrong_configuration_is_told_what_is_right(arguments: dict[str, Any], say: str) -> None:
    with pytest.raises(ConfigurationError, match=say):
        configure(**arguments)


@pytest.mark.parametrize(
    ("changes", "say"),
    [
        ({"loss": "hing"}, "no loss named 'hing'. Choose one of: hinge, least_squares, minimax"),
        (
            {"architecture.depth": 3},
            "'lite' has no setting depth. It has: class_features, critic_condition, features, latent, prior, width",
        ),
        ({"r1.gamma": -1}, "gamma -1 every 4 steps cannot be"),
    ],
)
def test_parts_that_do_not_exist_are_refused_when_they_are_built(changes: dict[str, Any], say: str) -> None:
    with pytest.raises(ConfigurationError, match=say):
        resolve(configure(changes=changes), 100)


@pytest.mark.parametrize(
    ("config", "images", "applied"),
    [
        (configure(minutes=5), 999, True),
        (configure(minutes=5), 1000, False),
        (configure(minutes=60), 5000, True),
        (configure(minutes=5, augment="on"), 5000, True),
        (configure(minutes=60, augment="off"), 100, False),
    ],
)
def test_augmentation_is_for_few_images_and_long_runs(config: TrainingConfig, images: int, applied: bool) -> None:
    assert [type(part).__name__ for part in resolve(config, images).augmentations] == (
        ["Translation", "Cutout"] if applied else []
    )


def test_a_passport_survives_json() -> None:
    card = Passport.model_validate_json(json.dumps(CARD))
    assert Passport.model_validate_json(card.model_dump_json()) == card
    assert card.intended_use == "research only, not for diagnosis"


@pytest.mark.parametrize(
    "wrong",
    [
        {"run": "rm"},
        {"title": "a\u0000b"},
        {"title": "x" * 201},
        {"seed": 1.0},
        {"seed": "1"},
        {"images": -1},
        {"metrics": {"fid": float("nan")}},
        {"intensity": {"unit": "HU", "low": 240.0, "high": -160.0}},
        {"classes": []},
        {"classes": [{"name": "Benign", "train": 1}, {"name": "benign", "train": 1}]},
        {"created": "yesterday"},
        {"licence": "mine"},
        {"cohort_digest": "a"},
        {"intended_use": "diagnosis"},
        {"schema_version": 2},
        {"spacing_mm": [0.8]},
    ],
)
def test_a_passport_refuses_what_it_does_not_know(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Passport.model_validate_json(json.dumps({**CARD, **wrong}))


# the catalogue


def test_the_catalogue_is_what_the_parts_say_of_themselves() -> None:
    assert FILE.read_text("utf-8") == described(), "run: python -m ganaug_core.training.catalogue"


def test_every_setting_of_every_part_is_explained() -> None:
    for family in FAMILIES:
        for part in catalogue()[family].values():
            assert part.is_.endswith("."), part.name
            assert part.source, part.name
            for name, setting in part.settings.items():
                assert setting.says.endswith("."), (part.name, name)
                assert not setting.choices or setting.default in setting.choices


def test_weights_that_fall_are_those_of_gradient_penalties_and_known_ones_can_be_left_out() -> None:
    config = configure("recommended", {"regularisers": "r1, dragan, spectral_norm"})
    assert [(part, setting) for part, setting, _, _ in falling_weights(config)] == [
        ("r1", "gamma"),
        ("dragan", "weight"),
    ]
    assert all(end == pytest.approx(begin * config.final_penalty) for _, _, begin, end in falling_weights(config))
    assert [part for part, *_ in falling_weights(config, config.regularisers[:1])] == ["dragan"]
    assert falling_weights(configure("recommended", {"final_penalty": 1.0})) == []
