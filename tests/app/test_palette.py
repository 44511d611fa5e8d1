"""Colours that appear together stay apart: for everybody, for deuteranopes and protanopes, and in a grey print."""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray

from ganaug_core.ui.shared import palette

# Machado, Oliveira and Fernandes, 2009, severity 1, on linear red, green and blue
SIMULATED = {
    "everybody": np.eye(3),
    "deuteranopes": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopes": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
PALETTES = {
    "classes": palette.CLASSES,
    "roles": tuple(palette.ROLES.values()),
    "runs": palette.RUNS,
    "verdicts": tuple(palette.STATES.values()),
}
COLOURED, GREY, OTHERS, CONTRAST = 10.5, 8.5, 12.0, 3.9


def linear(colour: str) -> NDArray[np.float64]:
    values = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b*, D65: a distance of 2 is just noticed side by side."""
    shares = XYZ @ light.clip(0, 1) / WHITE
    x, y, z = np.where(shares > 0.008856, np.cbrt(shares), 7.787 * shares + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, eyes: str = "everybody") -> float:
    first, second = (lab(SIMULATED[eyes] @ linear(colour)) for colour in (one, other))
    return float(np.linalg.norm(first - second))


def test_the_simulation_makes_red_and_green_alike_and_leaves_blue_and_yellow_apart() -> None:
    red, green = "#C0504D", "#7F7F00"
    assert distance(red, green) > 2.5 * distance(red, green, "deuteranopes")
    assert distance("#0000FF", "#FFFF00", "protanopes") > 100
    assert distance("#FFFFFF", "#000000") == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("eyes", SIMULATED)
@pytest.mark.parametrize("name", PALETTES)
def test_colours_of_one_palette_stay_apart(name: str, eyes: str) -> None:
    nearest = min(combinations(PALETTES[name], 2), key=lambda pair: distance(*pair, eyes))
    assert distance(*nearest, eyes) > COLOURED, nearest


@pytest.mark.parametrize("colours", [*map(PALETTES.get, ("roles", "runs", "verdicts")), palette.CLASSES[:4]])
def test_in_grey_they_differ_by_lightness(colours: Sequence[str]) -> None:
    lightness = sorted(lab(linear(colour))[0] for colour in colours)
    assert np.diff(lightness).min() > GREY


def test_a_colour_means_one_thing() -> None:
    for one, other in combinations(PALETTES.values(), 2):
        nearest = min(product(one, other), key=lambda pair: distance(*pair))
        assert distance(*nearest) > OTHERS, nearest


@pytest.mark.parametrize("name", PALETTES)
def test_every_colour_is_seen_on_the_dark_ground(name: str) -> None:
    ground = float(XYZ[1] @ linear(palette.GROUND))
    for colour in PALETTES[name]:
        assert (XYZ[1] @ linear(colour) + 0.05) / (ground + 0.05) > CONTRAST, colour
