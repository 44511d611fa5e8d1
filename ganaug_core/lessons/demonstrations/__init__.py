"""Demonstrations with a slider: every number on them comes from our losses, networks and metrics.

`figure` is what pages show; the files of the others need torch or SciPy, so pages read what `compute` once wrote, and
ask a player to compute it anew with other random numbers.
"""

import importlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganaug_core import app_root

DEMONSTRATIONS = {
    "the_game": "theory",
    "slopes": "theory",
    "smoothing": "theory",
    "sigmoid_twice": "theory",
    "attention_scaling": "theory",
    "truncation": "truncation",
    "four_models": "four_models",
    "loss_variance": "loss_variance",
    "heaps": "two_heaps",
    "bounds": "two_heaps",
    "rare_mode": "rare_mode",
    "does_the_label_stay": "label",
    "inception_score": "pitfalls",
    "frechet_over_n": "pitfalls",
    "precision_and_collapse": "pitfalls",
    "malformed_precision_recall": "pitfalls",
    "coverage_over_m": "pitfalls",
    "threshold_of_one_percent": "pitfalls",
    "nearest_ratio": "pitfalls",
    "authenticity_of_bad_images": "pitfalls",
    "false_prevalence": "false_prevalence",
    "map_distance": "map_distance",
    "super_resolution": "super_resolution",
    "energy_of_a_run": "energy",
}
"""Each one's name, which is its function's too, and the file of that function."""
WITHOUT_CHANCE = ("the_game", "slopes", "smoothing", "sigmoid_twice", "loss_variance", "energy_of_a_run")
SLOW = (
    "does_the_label_stay",
    "four_models",
    "map_distance",
    "super_resolution",
)  # minutes of one core: not while somebody waits


def compute(name: str, seed: int = 0) -> dict[str, Any]:
    """Return a figure as JSON values; seconds of one core."""
    module = importlib.import_module(f"{__name__}.{DEMONSTRATIONS[name]}")
    return dict(json.loads(json.dumps(asdict(getattr(module, name)(seed)))))


def file(name: str) -> Path:
    """Return where the figure lies that a page opens with."""
    return app_root() / "assets" / "lessons" / "demonstrations" / f"{name}.json"


def kept(name: str) -> dict[str, Any]:
    """Return the figure that is shipped, of seed 0."""
    return dict(json.loads(file(name).read_text("utf-8")))
