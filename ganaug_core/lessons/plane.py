"""The lessons in the plane: each changes one setting, and has a sign that was fixed before the seeds were played."""

from dataclasses import replace

from ganaug_core.lessons.rule import Lesson, Signature
from ganaug_core.playground import Game
from ganaug_core.playground.targets import ring

ALL_MODES = 8
LOST = Signature(
    says="fewer than seven of the eight modes are found, on average over the last quarter of the game",
    curve="modes",
    below=ALL_MODES - 1.0,
)
_CLASSIC = Game(loss="non_saturating", regulariser="none")
_DIRAC = Game(
    target="dirac",
    loss="minimax",
    regulariser="none",
    optimiser="sgd",
    learning_rate=0.2,
    schedule="constant",
    batch=16,
)
_FAR = Game(
    target="drawn",
    drawn=((1.2, 1.2),),
    loss="minimax",
    regulariser="none",
    optimiser="sgd",
    learning_rate=0.05,
    schedule="constant",
    discriminator_steps=10,
    steps=200,
)

MOMENTUM = Lesson(name="momentum", failure=Game(momentum=0.9), cure=Game(), signature=LOST)
COLLAPSE = Lesson(name="collapse", failure=replace(_CLASSIC, momentum=0.9), cure=_CLASSIC, signature=LOST)
DIRAC = Lesson(
    name="dirac",
    failure=_DIRAC,
    cure=replace(_DIRAC, regulariser="r1"),
    signature=Signature(
        says="the point is still farther than half of where it began from the place, in the last quarter of the game",
        curve="distance",
        above=0.5,
    ),
)
VANISHING = Lesson(
    name="vanishing",
    failure=_FAR,
    cure=replace(_FAR, loss="non_saturating"),
    signature=Signature(
        says="the generator's mean is still 1.2 or more from the truth's, of about 1.7 at the beginning, in the last "
        "quarter of the game",
        curve="distance",
        above=1.2,
    ),
)
BRIDGES = Lesson(
    name="bridges",
    failure=Game(),
    cure=Game(prior="clouds"),
    signature=Signature(
        says="less than nine of ten points lie within three deviations of a mode, in the last quarter of the game",
        curve="quality",
        below=0.9,
    ),
)
UNDERFITTING = Lesson(name="underfitting", failure=Game(width=4), cure=Game(), signature=LOST)
HASTE = Lesson(
    name="haste",
    failure=replace(_CLASSIC, generator_steps=5, steps=500),
    cure=replace(_CLASSIC, steps=500),
    signature=LOST,
    shown_seed=101,
)
FALLING_RATE = Lesson(name="falling_rate", failure=Game(schedule="constant"), cure=Game(), signature=LOST)
PENALTY = Lesson(name="penalty", failure=Game(regulariser="none"), cure=Game(), signature=LOST)
LOSS = Lesson(
    name="loss",
    failure=replace(_CLASSIC, loss="minimax"),
    cure=_CLASSIC,
    signature=LOST,
)


def _ring(rare: int, common: int = 8) -> tuple[tuple[float, float], ...]:
    """Return the eight modes of the ring as drawn points, one of them `rare` times and each other `common` times."""
    first, *others = [
        (round(float(x), 4), round(float(y), 4)) for x, y in ring(ALL_MODES).centres
    ]  # as a link says them
    return (first,) * rare + tuple(place for place in others for _ in range(common))


RARE = Lesson(
    name="rare",
    failure=Game(target="drawn", drawn=_ring(rare=1)),
    cure=Game(target="drawn", drawn=_ring(rare=8)),
    signature=Signature(
        says="fewer than seven and a half of the eight modes are found, on average over the last quarter of the game",
        curve="modes",
        below=ALL_MODES - 0.5,
    ),
)

LESSONS = {
    lesson.name: lesson
    for lesson in (
        MOMENTUM,
        COLLAPSE,
        RARE,
        VANISHING,
        DIRAC,
        BRIDGES,
        UNDERFITTING,
        HASTE,
        FALLING_RATE,
        PENALTY,
        LOSS,
    )
}
OPENING = MOMENTUM
"""What the playground begins with."""
