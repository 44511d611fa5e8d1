"""The sentence on top: helps by so much, no benefit shown, or harms, never without an interval."""

from collections.abc import Mapping, Sequence

from ganaug_core.benefit.arms import BASELINE
from ganaug_core.benefit.bootstrap import FEWEST_REPETITIONS
from ganaug_core.benefit.classification_scores import PRIMARY
from ganaug_core.records import Verdict
from ganaug_core.records.benefit import Arm, Difference, Score

ALPHA = 0.05
CEILING = 0.99  # AUROC of classical augmentation above which there is nothing to gain


def answer(
    arms: Sequence[Arm], scores: Sequence[Score], differences: Sequence[Difference], rare: str, done: int
) -> Verdict:
    """Return the verdict on mixing synthetic images into classical augmentation, the remedy that costs nothing.

    One dose that helps after Holm's correction is enough for `helps`; without one, a dose that lowers the area makes
    it `harms`. Fewer than three repetitions never give a verdict, only what was seen so far.
    """
    titles = {arm.name: arm.title for arm in arms}
    doses = {arm.name: arm for arm in arms if arm.classical and arm.uses_synthetic}
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
    if done < FEWEST_REPETITIONS:
        wait = "Wait for the other repetitions: the intervals do not yet hold the variation between trainings."
        return Verdict("not_assessable", f"So far: {_seen(tested, titles, base)}.", wait)
    sure = {
        name: difference
        for name, difference in tested.items()
        if difference.adjusted is not None and difference.adjusted < ALPHA
    }
    up = {name: difference for name, difference in sure.items() if difference.value > 0}
    down = {name: difference for name, difference in sure.items() if difference.value < 0}
    if up:
        best = max(up.values(), key=lambda difference: difference.value)
        also = f" But {_named(list(down), titles)} harms." if down else ""
        return Verdict(
            "helps",
            f"Synthetic images help: with {_named([best.arm], titles)} beside classical augmentation, "
            f"{_moved(best, base)}.{also}",
            f"Use {_named([best.arm], titles)}, after the audit has found neither copies nor missing groups.",
            best.adjusted,
        )
    if down:
        worst = min(down.values(), key=lambda difference: difference.value)
        rest = " Other shares show no benefit." if len(down) < len(tested) else " So do all other shares."
        rest = rest if len(tested) > 1 else ""
        return Verdict(
            "harms",
            f"Synthetic images harm: with {_named([worst.arm], titles)} beside classical augmentation, "
            f"{_moved(worst, base)}.{rest}",
            "Do not train classifiers with these images. Classical augmentation alone is better here.",
            worst.adjusted,
        )
    return Verdict("none", f"No benefit shown: {_seen(tested, titles, base)}.", _next(tested, base))


def _seen(tested: Mapping[str, Difference], titles: Mapping[str, str], base: Score) -> str:
    """Say how the doses moved the area, and the widest interval."""
    low = min(tested.values(), key=lambda difference: difference.value)
    high = max(tested.values(), key=lambda difference: difference.value)
    ends = (
        min(difference.interval[0] for difference in tested.values()),
        max(difference.interval[1] for difference in tested.values()),
    )
    if len(tested) == 1:
        moved = f"with {_named([low.arm], titles)} it changes by {low.value:+.3f}"
    elif f"{low.value:+.3f}" == f"{high.value:+.3f}":
        moved = f"with synthetic images it changes by {low.value:+.3f} at every share"
    else:
        moved = f"with synthetic images it changes by {low.value:+.3f} to {high.value:+.3f}, depending on their share"
    return (
        f"classical augmentation alone reaches an AUROC of {base.value:.3f}; {moved} "
        f"(95 % intervals within {ends[0]:+.3f} to {ends[1]:+.3f})"
    )


def _moved(difference: Difference, base: Score) -> str:
    return (
        f"AUROC {'rises' if difference.value > 0 else 'falls'} by {abs(difference.value):.3f} (95 % interval of the "
        f"change {difference.interval[0]:+.3f} to {difference.interval[1]:+.3f}) from {base.value:.3f}"
    )


def _next(tested: Mapping[str, Difference], base: Score) -> str:
    most = max(difference.interval[1] for difference in tested.values())
    if base.value >= CEILING:
        return "There is hardly anything to gain here: classical augmentation is near the ceiling already."
    if most < 0.01:
        return "Use classical augmentation; a gain of 0.01 or more is unlikely with these images."
    return (
        f"Use classical augmentation; a gain of up to {most:.3f} cannot be ruled out. More repetitions, more hold-out "
        "patients or a better generator would tell."
    )


def _named(arms: Sequence[str], titles: Mapping[str, str]) -> str:
    return " and ".join(titles[arm][0].lower() + titles[arm][1:] for arm in arms)
