"""The sentence on top: helps by so much, no benefit shown, or harm shown, never without an interval, look and alpha."""

from collections.abc import Mapping, Sequence

from ganaug_core.benefit.arms import BASELINE
from ganaug_core.benefit.classification_scores import PRIMARY
from ganaug_core.benefit.estimate import FEWEST_REPETITIONS
from ganaug_core.records import Verdict
from ganaug_core.records.benefit import Arm, Difference, Look, Score
from ganaug_core.wording import listing

CEILING = 0.99  # AUROC of classical augmentation above which there is nothing to gain
GAIN = 0.01  # of AUROC; where all intervals end below it, more repetitions are not advised

Doses = Mapping[str, Difference]


def answer(
    arms: Sequence[Arm],
    scores: Sequence[Score],
    differences: Sequence[Difference],
    rare: str,
    *,
    done: int,
    asked: int,
    look: Look,
) -> Verdict:
    """Return the verdict on mixing synthetic images into classical augmentation, the remedy that costs nothing.

    One dose whose corrected p lies below the look's alpha is enough for `helps`; without one, a dose that lowers the
    area makes it `harms`, and only where all of them do is the advice to leave the images alone. Before all planned
    repetitions are done, and with a plan of fewer than three, there is no verdict but what was seen so far.
    """
    titles = {arm.name: arm.title[0].lower() + arm.title[1:] for arm in arms}
    doses = {arm.name for arm in arms if arm.is_dose}
    tested = {
        difference.arm: difference
        for difference in differences
        if difference.arm in doses
        and difference.against == BASELINE
        and difference.measure == PRIMARY
        and difference.class_name == rare
    }
    base = next(
        (score for score in scores if (score.arm, score.measure, score.class_name) == (BASELINE, PRIMARY, rare)), None
    )
    if not tested or base is None:
        return Verdict("not_assessable", "Nothing can be said yet.", "Wait for the first repetition.")
    if done < asked or asked < FEWEST_REPETITIONS:
        return Verdict("not_assessable", f"So far: {_seen(tested, titles, base)}.", _wait(asked))
    shown = {
        name: difference
        for name, difference in tested.items()
        if difference.adjusted is not None and difference.adjusted < look.alpha
    }
    up = {name: difference for name, difference in shown.items() if difference.value > 0}
    down = {name: difference for name, difference in shown.items() if difference.value < 0}
    statement, do, p_value = (
        _helps(up, down, titles, base)
        if up
        else _harms(down, tested, titles, base)
        if down
        else (f"No benefit shown: {_seen(tested, titles, base)}.", _next(tested, base), None)
    )
    state = "helps" if up else "harms" if down else "none"
    parts = [statement, _not_worse(tested, up, titles, look), f"(Look {look.number}, alpha {look.alpha:g}.)"]
    return Verdict(state, " ".join(filter(None, parts)), do, p_value)


def _wait(asked: int) -> str:
    if asked < FEWEST_REPETITIONS:
        return f"An answer needs at least {FEWEST_REPETITIONS} repetitions, so that they show how much trainings vary."
    return f"Wait: the answer is given once, after all {asked} repetitions. Looking sooner would make chance findings."


def _helps(up: Doses, down: Doses, titles: Mapping[str, str], base: Score) -> tuple[str, str, float | None]:
    best = max(up.values(), key=lambda difference: difference.value)
    also = f" But {_named(down, titles)} harms." if down else ""
    return (
        f"Synthetic images help: with {titles[best.arm]} beside classical augmentation, {_moved(best, base)}.{also}",
        f"Use {titles[best.arm]}, after the audit has found neither copies nor missing groups.",
        best.adjusted,
    )


def _harms(down: Doses, tested: Doses, titles: Mapping[str, str], base: Score) -> tuple[str, str, float | None]:
    worst = min(down.values(), key=lambda difference: difference.value)
    if len(down) == len(tested):
        also = " So do all other shares." if len(tested) > 1 else ""
        return (
            f"Synthetic images harm: with {titles[worst.arm]} beside classical augmentation, "
            f"{_moved(worst, base)}.{also}",
            "Do not train classifiers with these images. Classical augmentation alone is better here.",
            worst.adjusted,
        )
    most = f" Most with {titles[worst.arm]}:" if len(down) > 1 else ""
    open_still = [name for name in tested if name not in down]
    return (
        f"Harm is shown with {_named(down, titles)} beside classical augmentation:{most} {_moved(worst, base)}. "
        f"Neither benefit nor harm is shown with {_named(open_still, titles)}.",
        f"Do not train classifiers with {_named(down, titles)}. Use classical augmentation: no share is shown to help.",
        worst.adjusted,
    )


def _not_worse(tested: Doses, up: Doses, titles: Mapping[str, str], look: Look) -> str:
    """Say with which doses a loss of the margin is ruled out, if any; one that helps needs no such sentence."""
    safe = [
        name
        for name, difference in tested.items()
        if name not in up and difference.not_worse is not None and difference.not_worse < look.alpha
    ]
    if not safe:
        return ""
    loss = f"A loss of {look.margin:g} or more (the margin, fixed before the first look)"
    return f"{loss} is ruled out with {_named(safe, titles)}."


def _seen(tested: Doses, titles: Mapping[str, str], base: Score) -> str:
    """Say how the doses moved the area, and how far their intervals reach."""
    low = min(tested.values(), key=lambda difference: difference.value)
    high = max(tested.values(), key=lambda difference: difference.value)
    ends = (
        min(difference.interval[0] for difference in tested.values()),
        max(difference.interval[1] for difference in tested.values()),
    )
    intervals = f"95 % interval {ends[0]:+.3f} to {ends[1]:+.3f}"
    if len(tested) == 1:
        moved = f"with {titles[low.arm]} it changes by {low.value:+.3f}"
    else:
        intervals = f"95 % interval of each share within {ends[0]:+.3f} to {ends[1]:+.3f}"
        if f"{low.value:+.3f}" == f"{high.value:+.3f}":
            moved = f"with synthetic images it changes by {low.value:+.3f} at every share"
        else:
            moved = (
                f"with synthetic images it changes by {low.value:+.3f} to {high.value:+.3f}, depending on their share"
            )
    return f"classical augmentation alone reaches an AUROC of {base.value:.3f}; {moved} ({intervals})"


def _moved(difference: Difference, base: Score) -> str:
    return (
        f"AUROC {'rises' if difference.value > 0 else 'falls'} by {abs(difference.value):.3f} (95 % interval of this "
        f"change {difference.interval[0]:+.3f} to {difference.interval[1]:+.3f}) from {base.value:.3f}"
    )


def _next(tested: Doses, base: Score) -> str:
    most = max(difference.interval[1] for difference in tested.values())
    if base.value >= CEILING:
        return "There is hardly anything to gain here: classical augmentation is near the ceiling already."
    if most < GAIN:
        return f"Use classical augmentation; the 95 % interval of every share ends below a gain of {GAIN:g}."
    return (
        f"Use classical augmentation; a gain of up to {most:.3f} cannot be ruled out. More repetitions (another look), "
        "a larger hold-out or a better generator may tell."
    )


def _named(arms: Sequence[str] | Doses, titles: Mapping[str, str]) -> str:
    return listing([titles[arm] for arm in arms])
