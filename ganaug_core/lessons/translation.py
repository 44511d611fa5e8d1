"""What figures and tables say in another language: sentences with their numbers taken out, one file a lesson.

A figure is computed in English. Each of its texts is looked up with `#` for every number, and what is found has the
numbers put back: `#1` is the first of them. So a figure that is computed anew is told too, and its code knows one
language. A text that stands in no file stays as it is; a test finds those.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ganaug_core import app_root

COMMON, GAMES = "common", "games"
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?")
_TOLD = ("slider", "positions", "says", "title", "x_names", "name", "table")
_OF_CHART = ("x", "y")


def pattern(text: str) -> str:
    """Return a text with `#` for each number."""
    return _NUMBER.sub("#", text)


def say(text: str, language: str, file: str = COMMON) -> str:
    """Return a text in a language, as the lesson's file or the common one says it."""
    if language == "en":
        return text
    key = pattern(text)
    found = table(language, file).get(key) or table(language, COMMON).get(key)
    if found is None:
        return text
    numbers = _NUMBER.findall(text)
    return re.sub(r"#(\d+)", lambda place: numbers[int(place[1]) - 1], found)


def figure(content: Mapping[str, Any], language: str, file: str) -> dict[str, Any]:
    """Return a figure of `demonstrations` with all that people read in a language."""
    if language == "en":
        return dict(content)

    def of(value: Any) -> Any:
        if isinstance(value, str):
            return say(value, language, file)
        return [of(part) for part in value] if isinstance(value, list) else value

    def told(part: Any, names: tuple[str, ...]) -> Any:
        return {name: of(value) if name in names else value for name, value in part.items()}

    charts = [
        {**told(chart, (*_TOLD, *_OF_CHART)), "lines": [told(line, _TOLD) for line in chart["lines"]]}
        for chart in content["charts"]
    ]
    pictures = [[told(picture, _TOLD) for picture in row] for row in content.get("pictures", ())]
    return {**told(content, _TOLD), "charts": charts, "pictures": pictures}


@cache
def table(language: str, file: str) -> Mapping[str, str]:
    """Return what each pattern is in a language; empty where there is no file."""
    path = app_root() / "assets" / "lessons" / language / "figures" / f"{file}.tsv"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return dict(line.split("\t") for line in lines if line)
