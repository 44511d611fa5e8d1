"""Where the feature spaces disagree: one sees a difference that another does not, and that says what is wrong.

Two questions are asked of every space. Does the set as a whole differ from real images by more than is allowed
(`relative_distances`)? Are real images out of reach of the synthetic ones of their class (coverage against its floor)?
The answers describe; no verdict looks at them.
"""

from collections.abc import Mapping, Sequence

from ganaug_core.audit.real_against_real import LIMIT
from ganaug_core.records import Measurement
from ganaug_core.wording import listing

BELOW = 0.1  # how far the whole interval of coverage must lie below what other real images reach
LOOKS_AT = {
    "simclr": "the look as a whole (SimCLR)",
    "texture": "grain, edges and fine detail (texture)",
    "pixels": "brightness, place and coarse shape (pixels)",
    "radiomics": "radiomic texture (radiomics)",
    "random_convolution": "small patterns (random convolution)",
    "discriminator": "what the discriminator looks at (discriminator)",
}

Answers = Mapping[str, bool | None]
"""By space: yes, no, or None where the interval leaves it open."""


def in_words(measured: Sequence[Measurement]) -> tuple[str, ...]:
    """Return a sentence for each question that two spaces answer: whether they agree, and what to make of it."""
    differ = {
        measurement.encoder: _differs(measurement)
        for measurement in measured
        if measurement.name == "discrepancy_multiple"
    }
    short: dict[str, bool | None] = {}
    for measurement in measured:
        if measurement.name == "coverage" and measurement.class_name is not None:
            short[measurement.encoder] = _either(short.get(measurement.encoder, False), _falls_short(measurement))
    return (
        *_sentence(
            differ,
            "the sets differ",
            "Rely on these images only for studies of what does not differ.",
        ),
        *_sentence(
            short,
            "some real images have no synthetic counterpart",
            "As far as the latter sees, every kind of image is there; in the former it is drawn with less variety, or "
            "differently: look at the maps of both.",
        ),
    )


def _sentence(answers: Answers, what: str, so: str) -> tuple[str, ...]:
    """Return the sentence in a tuple, empty with fewer than two answers.

    Args:
        what: What a space may see, as a clause.
        so: What to make of it where spaces disagree.
    """
    yes, no, unsure = ([space for space, said in answers.items() if said is state] for state in (True, False, None))
    if len(yes) + len(no) < 2:
        return ()
    rest = f" Undecided: {_named(unsure)}." if unsure else ""
    if yes and no:
        seen, unseen = (
            listing([LOOKS_AT.get(space, f"what {space} looks at") for space in group], most=4) for group in (yes, no)
        )
        return (f"The feature spaces disagree: {what} in {seen}, but not in {unseen}.{rest} {so}",)
    if yes:
        return (f"The feature spaces agree that {what}: {_named(yes)}.{rest}",)
    return (f"It is not seen in {_named(no)} that {what}.{rest}",)


def _named(spaces: list[str]) -> str:
    return listing(["SimCLR" if space == "simclr" else space for space in spaces], most=4)


def _differs(measurement: Measurement) -> bool | None:
    """Return whether a set is further from real images than is allowed, by the whole interval."""
    low, high = measurement.interval or (measurement.value, measurement.value)
    return True if low > LIMIT else False if high < LIMIT else None


def _falls_short(measurement: Measurement) -> bool | None:
    """Return whether a class's coverage lies well below what other real images reach."""
    if measurement.interval is None or measurement.floor is None:
        return None
    edge = measurement.floor - BELOW
    return True if measurement.interval[1] < edge else False if measurement.value > edge else None


def _either(left: bool | None, right: bool | None) -> bool | None:
    """Return yes where one says yes, no where both say no."""
    return True if left or right else None if left is None or right is None else False
