"""Texts of the lessons: one Markdown file a lesson and language, and the order in which they are taught."""

from dataclasses import dataclass
from pathlib import Path

from ganaug_core import app_root

CHAPTERS = {
    "The game": (
        "the_game",
        "slopes",
        "vanishing",
        "heaps",
        "bounds",
        "dirac",
        "smoothing",
        "sigmoid_twice",
        "attention_scaling",
        "truncation",
    ),
    "Beside the GAN": ("four_models",),
    "How it fails": ("momentum", "collapse", "rare", "rare_mode", "underfitting", "bridges", "haste"),
    "Labels": ("does_the_label_stay", "false_prevalence"),
    "Comparisons: no difference, or only sometimes": ("falling_rate", "penalty", "loss"),
    "Numbers that mislead": (
        "inception_score",
        "loss_variance",
        "frechet_over_n",
        "precision_and_collapse",
        "coverage_over_m",
        "authenticity_of_bad_images",
        "nearest_ratio",
        "threshold_of_one_percent",
        "malformed_precision_recall",
        "map_distance",
        "super_resolution",
        "energy_of_a_run",
    ),
}
CHAPTER_TITLES = {
    "zh": {
        "The game": "博弈",
        "Beside the GAN": "GAN 之外",
        "How it fails": "它如何失败",
        "Labels": "标签",
        "Comparisons: no difference, or only sometimes": "比较：没有差别，或只是有时",
        "Numbers that mislead": "误导人的数字",
        "Exercises": "练习",
        "Further": "延伸",
    }
}
LANGUAGES = {"en": "English", "zh": "中文"}
UNREVIEWED = {"zh": "This translation was not yet reviewed by a native reader. 此译文尚未经母语读者审阅。"}


@dataclass(frozen=True)
class Text:
    """A lesson's title and what is said of it, in Markdown."""

    title: str
    body: str


def text(name: str, language: str = "en") -> Text:
    """Return a lesson's text."""
    first, _, body = _path(name, language).read_text("utf-8").partition("\n")
    return Text(first.removeprefix("# ").strip(), body.strip())


def languages(name: str) -> tuple[str, ...]:
    """Return the languages in which a lesson is written, English first."""
    return tuple(language for language in LANGUAGES if _path(name, language).is_file())


def _path(name: str, language: str) -> Path:
    return app_root() / "assets" / "lessons" / language / f"{name}.md"
