"""Whether readers are at chance up to a margin: asked only where it was planned before the first answer.

"Not significantly different from chance" says nothing: few readers never differ significantly. Equivalence is shown
where the 90 % interval of the mean accuracy, over readers and images, lies inside one half and the margin (two
one-sided tests at 5 %). Source: Schuirmann, 1987; the interval is that of `multi_reader`.
"""

import numpy as np
from scipy import special

from ganaug_core.errors import EvidenceError
from ganaug_core.reading import multi_reader
from ganaug_core.records.reading import Equivalence
from ganaug_core.wording import percent

ALPHA = 0.05
POWER = 0.8
SPREAD = 0.05  # standard deviation of accuracy between readers: a choice
CORRELATION = 0.1  # of two readers' errors on an image: a choice
MOST_READERS = 50
LEAST_MARGIN, MOST_MARGIN = 0.02, 0.3


def plan(margin: float, images: int, readers: int) -> Equivalence:
    """Return what is planned, and what it can show.

    Raises:
        EvidenceError: The margin is out of bounds.
    """
    if not LEAST_MARGIN <= margin <= MOST_MARGIN:
        raise EvidenceError(
            f"A margin of {100 * margin:g} points around one half makes no sense.",
            do=f"Choose {LEAST_MARGIN:g} to {MOST_MARGIN:g}; 0.1 is 40 % to 60 % correct.",
            code="margin",
        )
    return Equivalence(
        margin=margin,
        alpha=ALPHA,
        power=power(margin, images, readers),
        readers_needed=readers_needed(margin, images),
        spread=SPREAD,
        correlation=CORRELATION,
    )


def power(margin: float, images: int, readers: int) -> float:
    """Return the chance to show equivalence where readers are at chance; 0 where it cannot be shown at all.

    Taken for granted: accuracy differs between readers by `SPREAD`, and errors correlate by `CORRELATION`.
    """
    error = 0.25 / images
    shared = CORRELATION * error
    between = SPREAD**2 + error - shared
    total = between + readers * shared
    freedom = total**2 / (between**2 / (readers - 1))
    deviation = np.sqrt(total / readers)
    room = margin / deviation - multi_reader.quantile(1 - ALPHA, freedom)
    return max(0.0, float(2 * special.stdtr(freedom, room) - 1))


def readers_needed(margin: float, images: int) -> int | None:
    """Return the fewest readers with a power of 80 %, None where even `MOST_READERS` do not suffice."""
    enough = (readers for readers in range(2, MOST_READERS + 1) if power(margin, images, readers) >= POWER)
    return next(enough, None)


def expectation(planned: Equivalence, readers: int, images: int) -> str:
    """Say before the study what it can show."""
    points = f"{100 * planned.margin:g} points"
    if planned.power >= POWER:
        return (
            f"If readers are at chance, {readers} readers and {images} images show equivalence within {points} with a "
            f"chance of {percent(planned.power)}."
        )
    needed = "no number of readers would do: take more images or a wider margin"
    if planned.readers_needed is not None:
        needed = f"you would need {planned.readers_needed}"
    if planned.power < ALPHA:
        return f"With {readers} readers this cannot show equivalence within {points}; {needed}."
    chance = f"with a chance of only {percent(planned.power)}"
    return f"With {readers} readers this can show equivalence within {points} {chance}; {needed}."


def answer(planned: Equivalence, accuracy: multi_reader.Mean) -> tuple[bool, str]:
    """Return whether equivalence is shown, and the sentence."""
    low, high = 0.5 - planned.margin, 0.5 + planned.margin
    interval = accuracy.interval(1 - 2 * planned.alpha)
    if interval is None:
        return False, "Readers and images did not vary, so nothing can be said of other readers."
    shown = low < interval[0] and interval[1] < high
    found = (
        f"the 90 % interval of the mean accuracy, {percent(interval[0])} to {percent(interval[1])}, "
        f"{'lies inside' if shown else 'is not inside'} {percent(low)} to {percent(high)}"
    )
    said = "As planned, equivalence with chance is shown" if shown else "Equivalence with chance is not shown"
    return shown, f"{said}: {found}."
