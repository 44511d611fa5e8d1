"""A process that plays games while somebody watches: `python -m ganaug_core.lessons.player`.

It is asked for a game or a demonstration, and sends what is seen as it comes.
"""

import importlib
import json
from collections.abc import Iterator

from ganaug_core import conversation
from ganaug_core.lessons import demonstrations, translation
from ganaug_core.playground import from_text


def main() -> None:
    """Answer until there is nothing more to answer."""
    importlib.import_module("ganaug_core.playground.game")  # pays for torch before anybody asks
    conversation.answer(_pieces)


def _pieces(line: str) -> Iterator[bytes]:
    from ganaug_core.playground import game

    wish = json.loads(line)
    if "demonstration" in wish:
        figure = demonstrations.compute(wish["demonstration"], wish["seed"])
        yield json.dumps(translation.figure(figure, wish["language"], wish["demonstration"])).encode()
    else:
        yield from game.play(from_text(wish))


if __name__ == "__main__":
    main()
