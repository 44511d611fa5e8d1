"""What stands beside the lessons: a glossary in two languages, and what this program does not have."""

from dataclasses import dataclass
from pathlib import Path

from ganaug_core import app_root

PAGES = {
    "glossary": {"en": "Glossary", "zh": "术语表"},
    "not_here": {"en": "Not here, and why", "zh": "这里没有什么，为什么"},
}
"""Title of each, by language."""


@dataclass(frozen=True)
class Term:
    """A term in English and Chinese, and what it means in both."""

    en: str
    zh: str
    meaning_en: str
    meaning_zh: str


def glossary() -> list[Term]:
    """Return the terms in the order in which a lecture needs them."""
    lines = (_folder() / "glossary.tsv").read_text("utf-8").splitlines()
    return [Term(*line.split("\t")) for line in lines]


def not_here(language: str) -> str:
    """Return the page in Markdown, without its title."""
    _, _, body = (_folder() / language / "not_here.md").read_text("utf-8").partition("\n")
    return body.strip()


def _folder() -> Path:
    return app_root() / "assets" / "lessons" / "pages"
