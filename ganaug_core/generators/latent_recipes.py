"""What an image is made of, in words that a browser, a set of samples and a test can hold: its recipe.

A place is a latent vector and says where it comes from:

    {"seed": 0, "index": 3}                                       the fourth latent of a seed, as a draw has it
    {"numbers": [0.1, ...]}                                       found for a real image; its noise is none
    {"between": [PLACE, PLACE], "at": 0.3}                        on the way from the first (0) to the second (1)
    {"from": PLACE, "scale": 0.7}                                 truncated
    {"from": PLACE, "principal": 0, "class": "benign", "by": 2}   along a principal direction of a class
    {"from": PLACE, "away": [PLACE, ...], "towards": [PLACE, ...], "by": 2}    from one group towards another
    {"from": PLACE, "along": [0.1, ...], "by": 2}                 along a direction that is given

A recipe is a place with classes, whose weights sum to 1, or the mixed styles of two such:

    {"place": PLACE, "classes": {"benign": 1}}
    {"coarse": RECIPE, "fine": RECIPE, "layers": 3}               the last three layers have the style of `fine`
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganaug_core.errors import GeneratorError

MOST_PLACES = 400
"""Of a recipe; what is found is found in a few steps."""
DEEPEST = 12
LAST_INDEX = 16_383
FARTHEST = 20.0
MOST_NUMBERS = 4096


@dataclass(frozen=True)
class Drawn:
    seed: int
    index: int


@dataclass(frozen=True)
class Found:
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Between:
    first: "Place"
    second: "Place"
    at: float


@dataclass(frozen=True)
class Scaled:
    start: "Place"
    scale: float


@dataclass(frozen=True)
class Principal:
    """A direction: `number` counts from 0, the one that changes images of the class most."""

    number: int
    class_name: str


@dataclass(frozen=True)
class Groups:
    """A direction: from the mean of one group to that of another."""

    away: tuple["Place", ...]
    towards: tuple["Place", ...]


@dataclass(frozen=True)
class Given:
    """A direction: these numbers."""

    numbers: tuple[float, ...]


Direction = Principal | Groups | Given


@dataclass(frozen=True)
class Moved:
    start: "Place"
    direction: Direction
    by: float


Place = Drawn | Found | Between | Scaled | Moved


@dataclass(frozen=True)
class Plain:
    """A place, and the weight of each class by name, sorted."""

    place: Place
    classes: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Mixed:
    coarse: Plain
    fine: Plain
    layers: int


Recipe = Plain | Mixed


def parsed(document: Any) -> Recipe:
    """Return the recipe that a document holds.

    Raises:
        GeneratorError: It is none; the message says what is wrong.
    """
    try:
        recipe = _recipe(document)
        count = sum(1 for _ in places_in(recipe))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _refused(str(error) or "a part is missing") from error
    if count > MOST_PLACES:
        raise _refused(f"it holds {count} places, and {MOST_PLACES} are the most")
    return recipe


def as_document(recipe: Recipe) -> dict[str, Any]:
    """Return what `parsed` reads."""
    if isinstance(recipe, Mixed):
        return {"coarse": as_document(recipe.coarse), "fine": as_document(recipe.fine), "layers": recipe.layers}
    return {"place": _place_document(recipe.place), "classes": dict(recipe.classes)}


def text(recipe: Recipe) -> str:
    """Return the one text that this recipe has."""
    return json.dumps(as_document(recipe), sort_keys=True, separators=(",", ":"))


def main_class(recipe: Recipe) -> str:
    """Return the class that an image counts for: the one with the largest weight, of the coarse styles where mixed."""
    plain = recipe.coarse if isinstance(recipe, Mixed) else recipe
    return max(plain.classes, key=lambda entry: entry[1])[0]


def resembles_real(recipe: Recipe) -> bool:
    """Whether a part was searched for to resemble a real image, which images made from it then do too."""
    return any(isinstance(place, Found) for place in places_in(recipe))


def places_in(part: Recipe | Place | Direction) -> Iterator[Place]:
    """Yield every place that a recipe goes through."""
    if isinstance(part, Drawn | Found | Between | Scaled | Moved):
        yield part
    for inner in _inner(part):
        yield from places_in(inner)


def _inner(part: Recipe | Place | Direction) -> Sequence[Recipe | Place | Direction]:
    match part:
        case Plain():
            inner: tuple[Recipe | Place | Direction, ...] = (part.place,)
        case Mixed():
            inner = (part.coarse, part.fine)
        case Between():
            inner = (part.first, part.second)
        case Scaled():
            inner = (part.start,)
        case Moved():
            inner = (part.start, part.direction)
        case Groups():
            inner = (*part.away, *part.towards)
        case _:
            inner = ()
    return inner


def _recipe(document: Mapping[str, Any]) -> Recipe:
    if "coarse" not in document:
        return _plain(document)
    layers = _whole(document["layers"], 1, 64, "layers")
    return Mixed(_plain(document["coarse"]), _plain(document["fine"]), layers)


def _plain(document: Mapping[str, Any]) -> Plain:
    weights = {str(name): _number(weight, 0, 1, "a weight") for name, weight in dict(document["classes"]).items()}
    if not math.isclose(sum(weights.values()), 1, abs_tol=1e-6):
        raise ValueError("the weights of its classes do not sum to 1")
    return Plain(_place(document["place"], DEEPEST), tuple(sorted(weights.items())))


def _place(document: Mapping[str, Any], depth: int) -> Place:
    if depth == 0:
        raise ValueError(f"it goes more than {DEEPEST} steps from where it began")
    if "seed" in document:
        return Drawn(_whole(document["seed"], 0, 2**31 - 1, "seed"), _whole(document["index"], 0, LAST_INDEX, "index"))
    if "numbers" in document:
        return Found(_numbers(document["numbers"]))
    if "between" in document:
        first, second = (_place(end, depth - 1) for end in document["between"])
        return Between(first, second, _number(document["at"], 0, 1, "at"))
    start = _place(document["from"], depth - 1)
    if "scale" in document:
        return Scaled(start, _number(document["scale"], 0, 10, "scale"))
    return Moved(start, _direction(document, depth), _number(document["by"], -FARTHEST, FARTHEST, "by"))


def _direction(document: Mapping[str, Any], depth: int) -> Direction:
    if "principal" in document:
        return Principal(_whole(document["principal"], 0, MOST_NUMBERS, "principal"), str(document["class"]))
    if "along" in document:
        return Given(_numbers(document["along"]))
    away, towards = (tuple(_place(place, depth - 1) for place in document[side]) for side in ("away", "towards"))
    if not away or not towards:
        raise ValueError("a group is empty")
    return Groups(away, towards)


def _number(value: Any, least: float, most: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{what} must be a number from {least:g} to {most:g}")
    return float(value)


def _whole(value: Any, least: int, most: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number from {least} to {most}")
    return value


def _numbers(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list | tuple) or not 0 < len(values) <= MOST_NUMBERS:
        raise ValueError(f"a vector must have from 1 to {MOST_NUMBERS} numbers")
    return tuple(_number(value, -100, 100, "a number of a vector") for value in values)


def _place_document(place: Place) -> dict[str, Any]:
    match place:
        case Drawn():
            return {"seed": place.seed, "index": place.index}
        case Found():
            return {"numbers": list(place.numbers)}
        case Between():
            return {"between": [_place_document(place.first), _place_document(place.second)], "at": place.at}
        case Scaled():
            return {"from": _place_document(place.start), "scale": place.scale}
    return {"from": _place_document(place.start), **_direction_document(place.direction), "by": place.by}


def _direction_document(direction: Direction) -> dict[str, Any]:
    match direction:
        case Principal():
            return {"principal": direction.number, "class": direction.class_name}
        case Given():
            return {"along": list(direction.numbers)}
    sides = {"away": direction.away, "towards": direction.towards}
    return {side: [_place_document(place) for place in places] for side, places in sides.items()}


def _refused(why: str) -> GeneratorError:
    return GeneratorError(
        f"This is no recipe of an image: {why}.", do="Begin again from an image that was drawn.", code="recipe"
    )
