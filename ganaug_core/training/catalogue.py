"""The parts in words, for those who may not load torch: `python -m ganaug_core.training.catalogue` writes them down."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config.catalogue import FILE
from ganaug_core.interfaces import settings_of
from ganaug_core.losses import LOSSES, TERMS
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.storage.workspace import write_atomic

FAMILIES: dict[str, Mapping[str, Any]] = {
    "architecture": ARCHITECTURES,
    "loss": LOSSES,
    "terms": TERMS,
    "regularisers": REGULARISERS,
    "augmentations": AUGMENTATIONS,
}


def described() -> str:
    """Return all families as JSON: what each part is, what it is good for, its papers, its settings."""
    content = {family: {name: _part(part) for name, part in parts.items()} for family, parts in FAMILIES.items()}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _part(part: Any) -> dict[str, Any]:
    text = inspect.cleandoc(part.__doc__)
    descriptions = _settings(text)
    return {
        "is": _one_line(text.split("\n\n")[0]),
        "says": part.says,
        "source": _one_line(text.partition("Source: ")[2].split("\n\n")[0]),
        "settings": {
            name: {"default": default, "choices": list(choices), "says": descriptions[name]}
            for name, (_, default, choices) in settings_of(part).items()
        },
    }


def _settings(text: str) -> dict[str, str]:
    """Return what a docstring says of each setting."""
    block = re.search(r"^Settings:\n((?: +.*\n?|\n(?= ))+)", text, re.MULTILINE)
    settings = re.findall(r"^    (\w+): ((?:.*)(?:\n {8,}.*)*)", block[1], re.MULTILINE) if block else []
    return {name: _one_line(words) for name, words in settings}


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    write_atomic(FILE, described().encode())
