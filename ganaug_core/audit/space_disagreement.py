"""Where the feature spaces disagree: one sees a difference that another does not, and that says what is wrong.

Two questions are asked of every space. Does the set as a whole differ from real images by more than is allowed
(`multiples`)? Are real images out of reach of the synthetic ones of their class (coverage against its floor)? The
answers describe; no verdict looks at them.
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
    differ = {each.encoder: _differs(each) for each in measured if each.name == "discrepancy_multiple"}
    short: dict[str, bool | None] = {}
    for each in measured:
        if each.name == "coverage" and each.class_name is not None:
            short[each.encoder] = _either(short.get(each.encoder, False), _falls_short(each))
    return (
        *_said(
            differ,
            "the sets differ",
            "Rely on these images only for studies of what does not differ.",
        ),
        *_said(
            short,
            "some real images have no synthetic counterpart",
            "As far as the latter sees, every kind of image is there; in the former it is drawn with less variety, or "
            "differently: look at the maps of both.",
        ),
    )


def _said(answers: Answers, what: str, so: str) -> tuple[str, ...]:
    """Return the sentence in a tuple, empty with fewer than two answers.

    Args:
        what: What a space may see, as a clause.
        so: What to make of it where spaces disagree.
    """
    yes, no, unsure = ([space for space, said in answers.items() if said is each] for each in (True, False, None))
    if len(yes) + len(no) < 2:
        return ()
    rest = f" Undecided: {_named(unsure)}." if unsure else ""
    if yes and no:
        seen, unseen = (
            listing([LOOKS_AT.get(space, f"what {space} looks at") for space in each], most=4) for each in (yes, no)
        )
        return (f"The feature spaces disagree: {what} in {seen}, but not in {unseen}.{rest} {so}",)
    if yes:
        return (f"The feature spaces agree that {what}: {_named(yes)}.{rest}",)
    return (f"It is not seen in {_named(no)} that {what}.{rest}",)


def _named(spaces: list[str]) -> str:
    return listing(["SimCLR" if each == "simclr" else each for each in spaces], most=4)


def _differs(each: Measurement) -> bool | None:
    """Return whether a set is further from real images than is allowed, by the whole interval."""
    low, high = each.interval or (each.value, each.value)
    return True if low > LIMIT else False if high < LIMIT else None


def _falls_short(each: Measurement) -> bool | None:
    """Return whether a class's coverage lies well below what other real images reach."""
    if each.interval is None or each.floor is None:
        return None
    edge = each.floor - BELOW
    return True if each.interval[1] < edge else False if each.value > edge else None


def _either(one: bool | None, other: bool | None) -> bool | None:
    """Return yes where one says yes, no where both say no."""
    return True if one or other else None if one is None or other is None else False
