"""Fidelity: how much more do synthetic images differ from real ones than real ones do among themselves?

No finite generator equals its data, so the verdict asks for the size of the difference, not for its existence: the
mean discrepancy and the Fréchet distance in multiples of what two real sets show (`multiples`), and the spectrum by
how often a synthetic image has more or less detail than a real one. A classifier that tells the two apart asks for
a second look only: it tells every generator of today. Tests of exact equality stand beside, in the measurements.
"""

from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit import power_spectrum
from ganaug_core.audit.comparison import Sides
from ganaug_core.audit.measurements import LABEL_SPACE
from ganaug_core.audit.real_against_real import LIMIT, SIZE, Multiple, multiples
from ganaug_core.audit.sentences import FAIL, Finding
from ganaug_core.interfaces import Report
from ganaug_core.metrics import classifier_two_sample
from ganaug_core.metrics.statistics import Dominance, dominance
from ganaug_core.records import Floats, Integers, Measurement
from ganaug_core.wording import count, percent

SPACE, IMAGES = "texture", "images"
MOST = 600  # images of a side that the classifier sees
LEAST = 24
TOLD = 0.25  # area under the curve above .5 at which a classifier is worth a warning
PARTS = 3  # mean discrepancy, Fréchet distance, detail
SHOWN = 24


@dataclass(frozen=True)
class Realism:
    """The finding, the synthetic images that are told most surely, and what gives them away."""

    finding: Finding
    give_aways: tuple[str, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)


def realism(both: Sides, report: Report) -> Realism:
    """Return what speaks against the realism of the set as a whole."""
    held, drawn = _balanced(both)
    patients = both.patients(both.holdout[held])
    if min(patients, len(drawn)) < LEAST:
        return Realism(
            Finding(
                None,
                unable=(
                    f"Realism cannot be judged with {count(len(drawn), 'synthetic image')} and "
                    f"{count(patients, 'held-out patient')} of their classes.",
                    f"Audit with at least {LEAST} held-out patients and {LEAST} synthetic images of their classes.",
                ),
            )
        )
    fine = power_spectrum.detail(both)
    measurements = list(fine.measurements)
    found: list[Multiple] = []
    told: dict[str, Dominance] = {}
    spaces = [name for name in both.spaces if name != LABEL_SPACE]
    for place, space in enumerate(spaces):
        report(place / (len(spaces) + 1), f"Comparing the sets in the space {space}")
        distances = multiples(both, space)
        measurements += [each.measurement(space) for each in distances]
        if space == SPACE:
            found = distances
            seen = both.features(space, both.holdout[held]), both.spaces[space].synthetic.values[drawn]
            told[space], _ = _classified(both, held, drawn, *seen)
    report(len(spaces) / (len(spaces) + 1), "Looking for what gives images away")
    told[IMAGES], ids, pictures = _by_pictures(both, held, drawn)
    measurements += [_of_told(each, space, len(held), len(drawn)) for space, each in told.items()]
    finding = _finding(both, len(drawn), fine, found, told, tuple(measurements))
    return Realism(finding, ids, {**fine.drawings, **pictures})


def _classified(
    both: Sides, held: Integers, drawn: Integers, real: Floats, synthetic: Floats
) -> tuple[Dominance, classifier_two_sample.Discriminant]:
    """Return how well a classifier tells held-out and synthetic images apart, at the cohort's class mix.

    Args:
        held: Places in the hold-out, `drawn` among the synthetic images: `_balanced`.
        real: Features of those, `synthetic` of these.
    """
    found = classifier_two_sample.discriminant(
        real,
        synthetic,
        both.cohort.labels[both.holdout[held]],
        both.labels[drawn],
        both.cohort.groups[both.holdout[held]],
        both.random(410),
    )
    mass = both.weights[both.holdout[held]]
    return dominance(found.real, mass, found.synthetic, TOLD), found


def _balanced(both: Sides) -> tuple[Integers, Integers]:
    """Return places in the hold-out and among the synthetic images, as many of each class, `MOST` at most."""
    random = both.random(411)
    labels = both.cohort.labels[both.holdout]
    pools = [(np.flatnonzero(labels == label), np.flatnonzero(both.labels == label)) for label in np.unique(labels)]
    total = sum(min(len(left), len(right)) for left, right in pools)
    share = min(1.0, MOST / max(total, 1))
    picks = [
        [np.sort(random.permutation(pool)[: int(share * min(len(left), len(right)))]) for pool in (left, right)]
        for left, right in pools
    ]
    held, drawn = (np.concatenate([np.zeros(0, np.int64), *(pick[side] for pick in picks)]) for side in range(2))
    return held, drawn


def _by_pictures(both: Sides, held: Integers, drawn: Integers) -> tuple[Dominance, tuple[str, ...], dict[str, Floats]]:
    """Return the same for the images themselves, the images that are told most surely, and the pattern as pictures."""
    images = both.cohort.images(both.holdout[held]), both.samples.images[drawn]
    told, found = _classified(
        both, held, drawn, *(classifier_two_sample.brightness_and_detail(each) for each in images)
    )
    order = np.argsort(-found.synthetic, kind="stable")[:SHOWN]
    brightness, fine = classifier_two_sample.as_pictures(found.pattern)
    pictures = {"give_away.brightness": brightness, "give_away.detail": fine}
    return told, tuple(str(each) for each in both.samples.ids[drawn[order]]), pictures


def _finding(
    both: Sides,
    size: int,
    fine: power_spectrum.Detail,
    found: list[Multiple],
    told: dict[str, Dominance],
    measurements: tuple[Measurement, ...],
) -> Finding:
    sizes = f"{count(size, 'image')} a side, {count(both.held_out(both.labels), 'held-out patient')}"
    p_value = min(1.0, PARTS * min([fine.p_value, *(each.p_value for each in found)]))
    do = "Look at the images that give themselves away; train longer, or with another recipe."
    worst = min(found, key=lambda each: each.p_value, default=None)
    if worst is not None and worst.p_value <= fine.p_value:
        allowed = f"allowed are {LIMIT:g}"
        trouble = f"As a set the synthetic images differ from real ones {_times(worst, allowed, sizes)}"
    else:
        trouble = f"{fine.sentence} ({sizes})"
    surest = max(told, key=lambda space: told[space].chance)
    caution = None
    if len(told) * told[surest].p_value < FAIL:
        low, high = told[surest].interval
        caution = (
            f"A simple classifier tells a synthetic from a real image in {percent(told[surest].chance)} of pairs, "
            f"where chance gives 50 % (95 % interval {percent(low)} to {percent(high)}; {sizes})."
            + (f" Their texture differs {_times(worst)}." if worst is not None else ""),
            "Look at what gives them away. For a study of texture or small detail do not rely on these images.",
        )
    calm = bool(found) and found[0].upper < LIMIT
    clear = None
    if calm and fine.visible is not None and fine.visible <= power_spectrum.VISIBLE_BLUR and worst is not None:
        clear = (
            f"As a set the synthetic images differ from real ones about as real ones do among themselves: "
            f"{_times(found[0], sizes)}. A blur of {fine.visible:g} pixels would have been noticed.",
            "Look at what gives single images away all the same.",
        )
    return Finding(
        p_value,
        (f"{trouble}.", do),
        clear,
        _unable(both, found, fine, sizes),
        caution=caution,
        measurements=measurements,
    )


def _unable(both: Sides, found: list[Multiple], fine: power_spectrum.Detail, sizes: str) -> tuple[str, str]:
    more = "Audit with more held-out and more synthetic images."
    if SPACE not in both.spaces:
        return f"Realism cannot be judged: the features {SPACE} are missing.", "Audit in this space too."
    if not found:
        few = f"{count(both.patients(both.train), 'training patient')}, at least 8 of these classes are needed"
        return f"Realism cannot be judged: {few}.", "Import a cohort with more training patients."
    if found[0].upper >= LIMIT:
        return f"The images may differ from real ones too much or not: {_times(found[0], sizes)}.", more
    seen = "no blur" if fine.visible is None else f"only a blur of {fine.visible:g} pixels or more"
    return f"No difference found, but at these numbers {seen} would be noticed ({sizes}).", more


def _times(each: Multiple, *more: str) -> str:
    """Return how much in words; the interval and what else there is to say of it stand in one bracket."""
    low, high = (max(0.0, end) for end in each.interval)
    beside = "; ".join((f"{each.title}, 95 % interval {low:.1f} to {high:.1f}", *more))
    return f"{max(0.0, each.value):.1f} times as much as two sets of {SIZE} real images do ({beside})"


def _of_told(each: Dominance, space: str, n_real: int, n_synthetic: int) -> Measurement:
    return Measurement(
        name="told_apart",
        encoder=space,
        value=each.chance,
        interval=each.interval,
        floor=0.5,
        null=0.5,
        n_real=n_real,
        n_synthetic=n_synthetic,
        better="lower",
        p_value=each.p_value,
    )
