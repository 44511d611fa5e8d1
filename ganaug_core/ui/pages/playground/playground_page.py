"""The playground's two games: what they begin with, and what can be set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ganaug_core.config import catalogue
from ganaug_core.lessons import OPENING, translation
from ganaug_core.lessons.rule import SEEDS
from ganaug_core.playground import Game
from ganaug_core.playground.settings import OPTIMISERS, PRIORS, REGULARISERS, SCHEDULES
from ganaug_core.playground.targets import DRAWN, TARGETS
from ganaug_core.server.games import PLAYERS
from ganaug_core.ui.shared.components.playground import playground

WORDS = {
    "ring": "ring of 8",
    "grid": "grid of 25",
    "moons": "two moons",
    "segments": "two segments",
    "dirac": "one place (Dirac)",
    DRAWN: "drawn by hand",
    "r1_r2": "R1 and R2",
    "r1": "R1",
    "r2": "R2",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "cosine": "falls (cosine)",
    "constant": "stays",
    "clouds": "8 clouds",
}
SAYS = {
    "target": "The distribution that is learnt.",
    "loss": "What both sides minimise; the losses are those of every training run.",
    "regulariser": "What steadies the discriminator, with a strength that fits the plane.",
    "optimiser": "How both sides follow their gradients.",
    "learning_rate": "Length of a step of both sides.",
    "momentum": "How long a step remembers those before: Adam's first coefficient, or the momentum of SGD.",
    "schedule": "Whether the learning rate falls to 2 % over the second half.",
    "width": "Units of each of the three hidden layers of both networks.",
    "discriminator_steps": "Updates of the discriminator in a step.",
    "generator_steps": "Updates of the generator in a step.",
    "batch": "Points of each side in an update.",
    "prior": "Distribution of the two numbers that the generator turns into a point.",
    "steps": "Length of the game.",
    "seed": "Another one draws other networks, batches and latents.",
}
FIXED = ("target", "steps", "seed")  # an exercise asks for none of these
TITLES = {
    "target": "Truth",
    "drawn": "Truth",
    "width": "Capacity",
    "discriminator_steps": "D steps",
    "generator_steps": "G steps",
}
NUMBERS: Mapping[str, Sequence[float]] = {
    "learning_rate": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1),
    "momentum": (0.0, 0.5, 0.9, 0.95),
    "width": (4, 16, 48, 128),
    "discriminator_steps": (1, 2, 5),
    "generator_steps": (1, 2, 5),
    "batch": (16, 64, 128, 512),
    "steps": (400, 1000, 2000),
    "seed": SEEDS,
}
NAMES: Mapping[str, Sequence[str]] = {
    "target": (*TARGETS, DRAWN),
    "loss": tuple(catalogue()["loss"]),
    "regulariser": tuple(REGULARISERS),
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "prior": PRIORS,
}


def show_games() -> None:
    """Show two games that can be set and played."""
    games = [replace(request, seed=OPENING.shown_seed) for request in (OPENING.failure, OPENING.cure)]
    PLAYERS.warm()
    playground(games, [_setting(name) for name in SAYS], key="playground")


def show_exercise(start: Game, goal: Mapping[str, Any], key: str, language: str = "en") -> None:
    """Show a game that fails, and beside it the same game to be changed."""
    PLAYERS.warm()
    settings = [_setting(name, language) for name in SAYS if name not in FIXED]
    texts = translation.table(language, translation.GAMES)
    playground([start, start], settings, key=key, goal=goal, texts=texts)


def setting_title(name: str) -> str:
    """Return what a setting is called."""
    return TITLES.get(name, name.replace("_", " ").capitalize())


def setting_value(name: str, value: Any) -> str:
    """Return a value in words."""
    if name == "drawn":
        counts = [value.count(place) for place in set(value)]
        if len(set(counts)) == 1:
            return f"{len(counts)} places, equally frequent"
        return f"{len(counts)} places, the rarest {min(counts)} of {len(value)}"
    return WORDS.get(value, value.replace("_", " ")) if name in NAMES else f"{value:g}"


def _setting(name: str, language: str = "en") -> dict[str, Any]:
    def said(text: str) -> str:
        return translation.say(text, language, translation.GAMES)

    values = NAMES.get(name) or NUMBERS[name]
    choices = [(str(value), said(setting_value(name, value))) for value in values]
    return {"name": name, "title": said(setting_title(name)), "says": said(SAYS[name]), "choices": choices}
