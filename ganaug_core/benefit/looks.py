"""How often the same question was looked at, and what a look may still spend.

Who looks again after "no benefit shown" gets another chance of a false finding: with a verdict after every repetition
from the third to the tenth, .05 became .16 (`tests/benchmarks/benefit_looks.py`). So the number of repetitions is a
plan, the answer is given once when all are done, and each further experiment on the same images is another look. A look
spends four fifths of what those before it have left: .04, .008, .0016 and so on, together below .05 however often one
looks (Bonferroni's bound, which needs to know nothing of how the looks hang together).
"""

from collections.abc import Sequence
from typing import Any

from ganaug_core.benefit.estimate import FEWEST_REPETITIONS
from ganaug_core.config.requests import MARGIN
from ganaug_core.errors import EvidenceError
from ganaug_core.records.benefit import Benefit, EarlierLook, Look

ALPHA = 0.05  # of all looks together
SPENT = 0.8  # share of what is left; of most questions people look once or twice
SHOWN = {"helps": "helps", "none": "no benefit shown", "harms": "harm shown", "not_assessable": "not finished"}
LARGEST_MARGIN = 0.5  # of an area under the ROC curve, where it leads from perfect to guessing


def level(number: int) -> float:
    """Return the chance of a wrong claim that look `number`, from 1, may have."""
    return float(f"{ALPHA * SPENT * (1 - SPENT) ** (number - 1):.6g}")


def look(
    earlier: Sequence[Benefit],
    *,
    rare: str,
    seed: int,
    asked: int,
    settings: dict[str, Any],
    curated_hash: str,
    margin: float | None = None,
) -> Look:
    """Return which look an experiment is.

    An experiment that was stopped goes on as the look that it was; one that is done is the same look when it is run
    again. Everything else about the same class that showed an interval with repetitions counts: other numbers of
    repetitions, seeds, settings and curations. One that was stopped counts twice, as it may have been stopped at the
    best moment.

    Args:
        earlier: What is kept of the same cohort and samples, the oldest first.
        margin: None takes that of the first look, else the default.

    Raises:
        EvidenceError: A margin out of range, or another one than was fixed before the first look.
    """
    of_class = [benefit for benefit in earlier if benefit.rare == rare]
    fixed = _margin(of_class, margin)
    before = []
    for benefit in of_class:
        if (benefit.seed, benefit.asked, benefit.settings) == (seed, asked, settings):
            if benefit.done < asked:
                continue
            if benefit.look is not None and benefit.synthetic.get("curated_hash") == curated_hash:
                return benefit.look
        if benefit.done >= FEWEST_REPETITIONS:
            before.append(_earlier(benefit))
    before.sort(key=lambda other: other.number)
    number = 1 + max((other.number + (other.done < other.asked) for other in before), default=0)
    return Look(number=number, alpha=level(number), next_alpha=level(number + 1), margin=fixed, earlier=tuple(before))


def sentences(look: Look) -> tuple[str, ...]:
    """Return what a reader must know of the looks before and after this one."""
    before = "; ".join(
        f"look {other.number} after {other.done} of {other.asked} repetitions, alpha {other.alpha:g}: "
        f"{SHOWN[other.state]}"
        for other in look.earlier
    )
    return (
        f"The chance that any share is wrongly said to help, to harm or to lose less than {look.margin:g} is kept "
        f"below {look.alpha:g} at this look and {ALPHA:g} at all looks; the next would have {look.next_alpha:g}. "
        "Counted are experiments on the same images and class that this workspace still holds.",
        *([f"Looked at before: {before}."] if before else []),
    )


def _earlier(benefit: Benefit) -> EarlierLook:
    number, alpha = (benefit.look.number, benefit.look.alpha) if benefit.look else (1, ALPHA)
    return EarlierLook(number=number, done=benefit.done, asked=benefit.asked, alpha=alpha, state=benefit.verdict.state)


def checked_margin(wanted: float) -> float:
    """Return a margin if it can be one.

    Raises:
        EvidenceError: It is out of range.
    """
    if not 0 < wanted < LARGEST_MARGIN:
        raise EvidenceError(
            f"The margin is {wanted:g}; a loss of area under the ROC curve lies between 0 and {LARGEST_MARGIN}.",
            do=f"Give the loss that you would still accept, such as {MARGIN}.",
            code="margin",
        )
    return wanted


def _margin(earlier: Sequence[Benefit], wanted: float | None) -> float:
    if wanted is not None:
        checked_margin(wanted)
    looks = [benefit.look for benefit in earlier if benefit.look is not None]
    fixed = looks[0].margin if looks else MARGIN if earlier or wanted is None else wanted
    if wanted not in (None, fixed):
        raise EvidenceError(
            f"The margin was {fixed:g} before the first look at these images and would now be {wanted:g}: chosen "
            "after a look it proves nothing.",
            do=f"Leave the margin as it was (command line: --margin {fixed:g}).",
            code="margin_fixed",
        )
    return fixed
