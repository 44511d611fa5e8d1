"""A process that draws images while somebody moves a slider: `python -m ganaug_core.generators.sampler WORKSPACE`.

It is asked, in one line of JSON, for the images of some recipes: `generator` is a name, `artefact` what that name must
mean, `recipes` a list. The answer is a line of JSON, then the pixels of all images as little-endian int16: 32767 is 1.
It keeps one core and the last generators that it was asked for.
"""

import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ganaug_core import conversation
from ganaug_core.errors import GanaugError, GeneratorError
from ganaug_core.generators import stored
from ganaug_core.generators.latent_recipes import Moved, Plain, Principal, Recipe, parsed
from ganaug_core.generators.latent_space import LatentSpace
from ganaug_core.storage.workspace import Workspace

FULL = 32_767
MOST_RECIPES = 64
_GENERATORS = 2


def main(arguments: list[str]) -> None:
    """Answer until there is nothing more to answer."""
    torch.set_num_threads(1)
    workspace = Workspace(arguments[0])

    @lru_cache(_GENERATORS)
    def space(name: str, artefact: str) -> LatentSpace:
        if workspace.artefact("generators", name) != artefact:
            raise GeneratorError(
                f"Another generator has the name {name} by now.", do="Reload the page.", code="replaced"
            )
        return LatentSpace(stored.load(workspace, name))

    def pieces(line: str) -> Iterator[bytes]:
        try:
            wish = json.loads(line)
            yield from answer(space(wish["generator"], wish["artefact"]), wish["recipes"])
        except GanaugError as error:
            yield json.dumps({"what": error.what, "do": error.do}).encode()

    conversation.answer(pieces)


def answer(space: LatentSpace, documents: list[Any]) -> Iterator[bytes]:
    """Yield what is said of the images, and the images.

    Raises:
        GeneratorError: Too many are asked for, or a recipe that cannot be followed.
    """
    if not 0 < len(documents) <= MOST_RECIPES:
        raise GeneratorError(f"{len(documents)} images cannot be drawn at a time.", do="Ask for 1 to 64.")
    recipes = [parsed(document) for document in documents]
    images = space.images(recipes)
    channels, rows, columns = images.shape[1:]
    said = {
        "images": len(images),
        "channels": channels,
        "rows": rows,
        "columns": columns,
        "latent": space.length,
        "layers": space.layers,
        "shares": [_share(space, recipe) for recipe in recipes],
    }
    yield json.dumps(said).encode() + b"\n"
    yield np.rint(images * FULL).astype("<i2").tobytes()


def _share(space: LatentSpace, recipe: Recipe) -> float | None:
    """Return how much of all change the principal direction makes up that an image was last moved along."""
    match recipe:
        case Plain(place=Moved(direction=Principal() as direction)):
            return float(space.directions(direction.class_name).shares[direction.number])
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
