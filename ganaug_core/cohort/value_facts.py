"""What the values of a cohort are, so that a wrong unit or range is seen before the split is fixed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganaug_core.cohort.image_stack import Stack
from ganaug_core.records import Intensity, Slice

BINS = 40
BEYOND = 0.25
"""Of the range: how far the histogram goes beyond it, where there are values."""


def facts(
    stack: Stack,
    rows: Sequence[int],
    slices: Sequence[Slice],
    intensity: Intensity,
    *,
    why: str,
    clipped: tuple[float, float],
) -> dict[str, Any]:
    """Return the facts of the values as they came.

    `lowest` and `highest`; `why` the range is what it is; the shares of all values that were `below` and `above` it,
    and of pixels that were `padding`; the share of images whose unit is a guess (`unit_guessed`); a `histogram` of some
    values of every image (`edges`, and `shares` between them).
    """
    lowest, highest = stack.extremes(rows)
    low, high = intensity.low, intensity.high
    reach = BEYOND * (high - low)
    ends = max(min(lowest, low), low - reach), min(max(highest, high), high + reach)
    counts, edges = np.histogram(stack.values(rows), BINS, ends)
    return {
        "lowest": lowest,
        "highest": highest,
        "why": why,
        "below": clipped[0],
        "above": clipped[1],
        "padding": float(np.mean([image.padding for image in slices])),
        "unit_guessed": float(np.mean([image.unit_guessed for image in slices])),
        "histogram": {"edges": edges.tolist(), "shares": (counts / max(1, counts.sum())).tolist()},
    }


def sentences(values: dict[str, Any], intensity: Intensity, *, below: int, above: int) -> list[str]:
    """Say what was guessed, filled and clipped, with its share; `below` and `above` count images."""
    said = []
    if values["unit_guessed"]:
        said.append(
            f"That they are CT in {intensity.unit} is a guess for {_share(values['unit_guessed'])} of the images: "
            "their format names no unit, and their values are as low as those of lung and air."
        )
    if intensity.unit == "g/mL":
        said.append("PET is in SUV by body weight (g/mL): activity by injected dose, corrected for decay, and weight.")
    if intensity.unit == "Bq/mL":
        said.append(
            "PET stays in Bq/mL, which does not compare between patients: for SUV a header must tell weight, dose, "
            "half-life, times, and how decay and attenuation were corrected."
        )
    if values["padding"]:
        said.append(
            f"{_share(values['padding'])} of the pixels are padding, as the files say or a value far from all others: "
            "they do not count for the range, and became as dark as the darkest pixel of their image."
        )
    if below or above:
        said.append(
            f"Values are kept from {intensity.low:g} to {intensity.high:g} {intensity.unit} ({values['why']}): "
            f"{below:,} images have lower ones ({_share(values['below'])} of all values) and {above:,} higher ones "
            f"({_share(values['above'])}), which were set to the ends."
        )
    return said


def _share(share: float) -> str:
    """Return a share in percent with two digits that count."""
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"
