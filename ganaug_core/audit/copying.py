"""Copying: is any synthetic image an image of the cohort, and are too many of them too close to what training saw?"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ganaug_core.audit import closest_pairs, identity, nearest_distances, planted_copies, source_split
from ganaug_core.audit.closest_pairs import SPACE, Suspicion
from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.crowds import crowd_weights
from ganaug_core.audit.identity import Identical
from ganaug_core.audit.near_duplicates import near_duplicate_rates
from ganaug_core.audit.registered_distances import (
    References,
    Side,
    nearest_of_each_role,
    references,
    synthetic_side,
    with_the_detail_of,
)
from ganaug_core.audit.sentences import FAIL, Finding
from ganaug_core.interfaces import Report
from ganaug_core.metrics import copying, statistics
from ganaug_core.metrics.copying import NearDuplicateRate
from ganaug_core.metrics.statistics import Values, benjamini_hochberg, conformal, wilson
from ganaug_core.neighbours import Registered
from ganaug_core.records import HOLDOUT, Copied, Floats, Integers, Measurement, Pixels, Suspect
from ganaug_core.wording import chance, count, listing, percent

ALPHA = FAIL  # after Holm's correction at least a warning
WANTED = 0.05  # share of copies that a pass must have been able to notice
LEAST_HELD_OUT = 50  # patients; with fewer a score is little more than the distance to training
SUSPICIOUS = 0.05  # p from which on a second look costs nothing
EXACT = "exact"  # the change that leaves an image as it is
TEST = "count of low copy scores (Beta-Binomial), smallest p over ranks and classes"
DO = "Look at the closest pairs; train on more patients or with stronger augmentation, and do not share this set."
UNTRUSTED = "Tick that it was not, if you know so (command line: --trust-split)"


@dataclass(frozen=True)
class Copies:
    """The finding, the pairs that show it, the copy scores of both sides, and the nearest real image of each role."""

    finding: Finding
    suspects: tuple[Suspect, ...] = ()
    scores: dict[str, Floats] = field(default_factory=dict)
    detectable_share: float | None = None
    detectable_shares: dict[str, float | None] = field(default_factory=dict)
    copied: tuple[Copied, ...] = ()
    nearest: dict[str, Pixels] = field(default_factory=dict)


@dataclass(frozen=True)
class _Tested:
    """The set test with what it was made of."""

    test: copying.SetTest
    design: copying.Design
    exchanged: copying.SetTest
    detectable: dict[str, float | None]

    @property
    def of_exact(self) -> float | None:
        return self.detectable[EXACT]


def copies(comparison: Comparison, *, trusted: bool, report: Report) -> Copies:
    """Return what speaks for copying.

    Args:
        comparison: Cohort and samples.
        trusted: The generator certainly never saw the hold-out.
        report: Progress.
    """
    nearest = nearest_of_each_role(comparison, lambda share, message: report(0.5 * share, message))
    recorded = closest_pairs.for_the_record(comparison, nearest)
    if len(comparison.seen) == 0 or comparison.patients(comparison.holdout) < 2:
        return replace(_identity_alone(comparison, nearest), nearest=recorded)
    synthetic = synthetic_side(comparison, nearest)
    real = references(comparison, lambda share, message: report(0.5 + 0.4 * share, message))
    natural = np.minimum(real.side.to_seen, real.side.to_holdout)
    identical = identity.identical(comparison, nearest, natural)
    tested, standing = _tested(comparison, synthetic, real, lambda share, message: report(0.9 + 0.1 * share, message))
    measurements = (
        _measurement(tested.test),
        _measurement(tested.exchanged, "copied_share_reversed"),
        *nearest_distances.measurements(comparison, synthetic, real),
    )
    sides = source_split.sides_differ(comparison, real)
    if identical.copies:
        finding = _broken_rule(comparison, identical)
    elif not trusted:
        why, do = _untrusted(comparison)
        finding = Finding(p_value=None, unable=(why + identity.repeats_in_words(identical), do))
    elif sides is not None:
        finding = Finding(p_value=None, unable=sides)
    else:
        finding = _set_test_finding(comparison, tested, identity.repeats_in_words(identical))
    suspicion = _suspicion(
        comparison, synthetic, standing, rejected=trusted and sides is None and tested.test.p_value < ALPHA
    )
    suspects = closest_pairs.closest_pairs(comparison, nearest, identical, suspicion)
    held = comparison.cohort.roles[real.rows] == HOLDOUT
    return Copies(
        replace(finding, measurements=measurements),
        suspects,
        {"synthetic": synthetic.scores, "holdout": real.side.scores[held], "seen": real.side.scores[~held]},
        tested.of_exact,
        tested.detectable,
        closest_pairs.copied(comparison, suspects),
        recorded,
    )


def _untrusted(comparison: Comparison) -> tuple[str, str]:
    """Return why copying cannot be judged where nobody said what the generator has seen, and what to do."""
    if comparison.cohort.own_split:
        chosen, do = "held-out images came with the cohort", f"{UNTRUSTED}."
    else:
        chosen, do = (
            "we chose the held-out images",
            f"{UNTRUSTED}, or import the cohort with the split that it was trained on.",
        )
    return f"Copying cannot be judged: {chosen}, and this generator may have been trained on them.", do


def set_test(
    comparison: Comparison, synthetic: Side, real: References, matched: Callable[[], References]
) -> tuple[copying.SetTest, copying.Design, References]:
    """Return the set test, and the references on which it stands.

    What it finds must stand when images that resemble each other count as one (`crowds`), and against references with
    the detail of the synthetic images, which `matched` makes: otherwise blur would look like copying.
    """
    groups, near_duplicates = _groups_and_near_duplicates(comparison, synthetic, real)

    def tested(against: References, weights: Values | None) -> tuple[copying.SetTest, copying.Design]:
        return copying.set_test(
            synthetic.scores,
            against.side.scores,
            synthetic.classes,
            against.side.classes,
            groups,
            partners=against.partners,
            near_duplicates=near_duplicates,
            weights=weights,
            seed=comparison.seed,
        )

    first, design = tested(real, None)
    if first.p_value >= SUSPICIOUS:
        return first, design, real
    of_crowds = crowd_weights(comparison, synthetic, real.side, groups)
    second, _ = tested(real, of_crowds)
    if second.p_value >= SUSPICIOUS:
        return replace(first, p_value=second.p_value), design, real
    other = matched()
    third, other_design = tested(other, of_crowds)
    fewer, _ = tested(other, None)
    return replace(fewer, p_value=max(first.p_value, second.p_value, third.p_value)), other_design, other


def _exchanged_test(comparison: Comparison, synthetic: Side, real: References) -> copying.SetTest:
    """Return the set test with the sides exchanged: how many images are as close to held-out ones, which nobody copied.

    Blur and other faults of the whole set spread the scores to both sides; copies lie on one.
    """
    groups, near_duplicates = _groups_and_near_duplicates(comparison, synthetic, real)
    return copying.set_test(
        -synthetic.scores,
        -real.side.scores,
        synthetic.classes,
        real.side.classes,
        groups,
        partners=real.partners,
        near_duplicates=near_duplicates,
        seed=comparison.seed,
    )[0]


def _groups_and_near_duplicates(
    comparison: Comparison, synthetic: Side, real: References
) -> tuple[Integers, dict[int, NearDuplicateRate]]:
    rates = near_duplicate_rates(comparison, synthetic.classes, synthetic.to_holdout)
    return comparison.cohort.groups[real.rows], rates


def _tested(comparison: Comparison, synthetic: Side, real: References, report: Report) -> tuple[_Tested, References]:
    test, design, standing = set_test(
        comparison, synthetic, real, lambda: with_the_detail_of(comparison, synthetic, real)
    )
    detectable = {EXACT: design.detectable_share(ALPHA)}
    if detectable[EXACT] is not None:
        for name, found in planted_copies.found_shares(comparison, real, report).items():
            detectable[name] = design.detectable_share(ALPHA, found)
    return _Tested(test, design, _exchanged_test(comparison, synthetic, standing), detectable), standing


def _suspicion(comparison: Comparison, synthetic: Side, real: References, *, rejected: bool) -> Suspicion:
    """Return (m,) the share of real patients of the class with a score as small, natural near-duplicates counted."""
    groups, near_duplicates = _groups_and_near_duplicates(comparison, synthetic, real)
    p_values = conformal(synthetic.scores, real.side.scores, statistics.weights(groups, np.zeros_like(groups)))
    for label in np.intersect1d(synthetic.classes, real.side.classes):
        inside, others = synthetic.classes == label, real.side.classes == label
        own = groups[others]
        p_values[inside] = conformal(
            synthetic.scores[inside], real.side.scores[others], statistics.weights(own, np.zeros_like(own))
        )
        natural = near_duplicates.get(int(label), (0.0, 0.0))[0]
        p_values[inside] = np.minimum(natural + (1 - natural) * p_values[inside], 1)
    return Suspicion(synthetic.scores, p_values, benjamini_hochberg(p_values), rejected)


def _identity_alone(comparison: Comparison, nearest: dict[int, Registered]) -> Copies:
    """Return what can be said without held-out images: an equal image is a copy all the same."""
    patients = comparison.patients(comparison.holdout)
    unable = (
        f"Copying cannot be judged: {count(len(comparison.train), 'training image')} and "
        f"{count(patients, 'held-out patient')}.",
        "Import a cohort with more patients, or a larger hold-out share.",
    )
    if not nearest:
        return Copies(Finding(p_value=None, unable=unable))
    identical = identity.identical(comparison, nearest, np.zeros(0, np.float32))
    suspects = closest_pairs.closest_pairs(comparison, nearest, identical, Suspicion.none(len(comparison.samples)))
    if not identical.copies:
        return Copies(Finding(p_value=None, unable=unable), suspects)
    measurement = Measurement(
        name="copied_share",
        encoder=SPACE,
        value=len(identical.copies) / len(comparison.samples),
        interval=wilson(len(identical.copies), len(comparison.samples)),
        floor=0.0,
        null=0.0,
        n_real=len(comparison.cohort),
        n_synthetic=len(comparison.samples),
        better="lower",
        reference="train+tuning+holdout",
        interval_method="Wilson, of the share of equal images",
    )
    finding = replace(_broken_rule(comparison, identical), measurements=(measurement,))
    return Copies(finding, suspects, copied=closest_pairs.copied(comparison, suspects))


def _broken_rule(comparison: Comparison, identical: Identical) -> Finding:
    sentence = identity.sentence(comparison, identical) + identity.repeats_in_words(identical)
    repeats = comparison.cohort.duplicates.get("exact", 0)
    if repeats:
        sentence += f" The cohort itself holds {count(repeats, 'exact repeat')}."
    return Finding(p_value=None, rule=True, trouble=(sentence, DO))


def _set_test_finding(comparison: Comparison, tested: _Tested, repeats: str) -> Finding:
    """Return what the set test says where the generator never saw the hold-out."""
    test, design = tested.test, tested.design
    held_out = comparison.patients(comparison.holdout)
    sizes = (
        f"{count(test.n_synthetic, 'synthetic image')}, {count(test.n_references, 'real patient')}, {held_out:,} of "
        "them held-out"
    )
    low, high = test.interval
    trouble = (
        f"About {percent(test.share)} of the synthetic images (95 % interval {percent(low)} to {percent(high)}) are "
        f"closer to {_seen(comparison)} images than real patients are that were left out of them "
        f"({chance(test.p_value)}; {sizes}). {_exchanged_sentence(test, tested.exchanged)}{repeats}",
        DO,
    )
    power = _power_sentence(comparison, tested)
    finding = Finding(
        p_value=test.p_value,
        trouble=trouble,
        test=TEST,
        null=f"synthetic images are as far from {_seen(comparison)} images as real patients that those lack",
        margin=0.0,
        patients=test.n_references,
        images=test.n_synthetic,
    )
    if tested.of_exact is not None and tested.of_exact <= WANTED and held_out >= LEAST_HELD_OUT:
        clear = (
            f"No copying found ({sizes}). {power} {_condition(comparison)}{repeats}",
            "Look at the closest pairs all the same.",
        )
        return replace(finding, clear=clear)
    return replace(
        finding,
        unable=(
            f"No copying found, but these numbers could hide it ({sizes}). {power}{repeats}",
            _what_is_needed(comparison, design, held_out),
        ),
    )


def _what_is_needed(comparison: Comparison, design: copying.Design, held_out: int) -> str:
    if held_out < LEAST_HELD_OUT:
        return f"Use a hold-out of at least {count(LEAST_HELD_OUT, 'patient')}; this one has {held_out}."
    more = copying.needed(design, ALPHA, WANTED)
    if more is None:
        return "Use a much larger hold-out."
    return (
        f"To see {percent(WANTED)} copies, audit with about {count(more[0], 'real patient')} (one in four "
        f"held-out) and {count(more[1], 'synthetic image')}."
    )


def _condition(comparison: Comparison) -> str:
    """Return what a pass does not say."""
    if comparison.ours:
        return "This is not a proof of privacy."
    return "This holds if the generator was trained on no held-out image, and is not a proof of privacy."


def _seen(comparison: Comparison) -> str:
    return "training" if comparison.ours else "training and tuning"


def _exchanged_sentence(test: copying.SetTest, exchanged: copying.SetTest) -> str:
    """Return what the exchanged test says of the first."""
    low, high = exchanged.interval
    said = f"As much closer to held-out images are {percent(exchanged.share)} ({percent(low)} to {percent(high)})"
    if high < test.share:
        return f"{said}, which nobody could copy: fewer."
    return f"{said}, which nobody could copy: perhaps as many, so the images as a set may differ from real ones."


def _measurement(test: copying.SetTest, name: str = "copied_share") -> Measurement:
    return Measurement(
        name=name,
        encoder=SPACE,
        value=test.share,
        interval=test.interval,
        floor=0.0,
        null=0.0,
        n_real=test.n_references,
        n_synthetic=test.n_synthetic,
        better="lower",
        reference="train+holdout",
        p_value=test.p_value,
        test=TEST,
        interval_method="low: Beta-Binomial, the other images fresh; high: Clopper-Pearson, none of them near",
    )


def _power_sentence(comparison: Comparison, tested: _Tested) -> str:
    """Return the smallest shares that would be found, and of which copies."""
    exact, design = tested.of_exact, tested.design
    if exact is None:
        return "Not even a set of nothing but copies would be told from chance."
    sentence = f"Copies as near as exact ones give a warning from {percent(exact)} on, spread over all classes"
    as_well = [
        name
        for name, share in tested.detectable.items()
        if name != EXACT and share is not None and share <= exact * 1.25
    ]
    later = [f"{name}: {percent(share)}" for name, share in tested.detectable.items() if share and share > exact * 1.25]
    never = [name for name, share in tested.detectable.items() if share is None]
    sentence += f", and so do copies that are {listing(as_well)}" if as_well else ""
    sentence += f"; others from more on ({'; '.join(later)})" if later else ""
    sentence += f"; not found at any share are those that are {listing(never, 'or')}" if never else ""
    sentence += "."
    if design.near_duplicates:
        share = sum(m * share for m, (share, _) in zip(design.synthetic, design.near_duplicates, strict=True))
        sentence += (
            f" The cohort repeats itself: {percent(share / sum(design.synthetic))} of these images may have a natural "
            f"near-duplicate among the {_seen(comparison)} images, and as many are allowed."
        )
    return sentence + _blind_classes(comparison, design)


def _blind_classes(comparison: Comparison, design: copying.Design) -> str:
    """Return a sentence on classes of which alone only large shares would be found, empty where there are none."""
    if len(design.references) == 1:
        return ""
    names = comparison.cohort.classes
    blind = []
    for index, (real, generated) in enumerate(zip(design.references, design.synthetic, strict=True)):
        rates = design.near_duplicates[index : index + 1]
        alone = replace(design, references=(real,), synthetic=(generated,), near_duplicates=rates)
        share = alone.detectable_share(ALPHA / (len(design.references) + 1))
        if share is None or share > 2 * WANTED:
            blind.append(f"{names[design.labels[index]]} ({'no share' if share is None else percent(share)})")
    return f" In one class alone only larger shares do: {listing(blind, most=4)}." if blind else ""
