"""Missing groups: which real images of a class have hardly a synthetic one near them, in several feature spaces?

What a group has in common may be shapes (`simclr`), texture, or brightness (`pixels`); no space shows all. A space is
looked at only where synthetic images are near enough to real ones in it for their absence to mean something. What is no
neighbourhood in any of them a rule may find that is learnt from shapes and texture (`witness`). All together are one
test: p-values are multiplied by how many there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.metrics import detectable_deletion, missing_modes, witness
from ganaug_core.metrics.detectable_deletion import Smallest
from ganaug_core.metrics.missing_modes import Region, Scan
from ganaug_core.metrics.statistics import StatedTest
from ganaug_core.records import Floats, Integers, Measurement, MissingMode
from ganaug_core.wording import WITNESS

SPACES = "simclr", "texture", "pixels"
LEARNT_FROM = "simclr", "texture"  # by the witness
PREPARED = {"simclr": missing_modes.directions, "texture": missing_modes.whitened}
EXEMPLARS = 5
TOO_FEW = "there are too few images of every class", "Import more images."
VISIBLE = 0.3  # of a class: the smallest group that a pass must have been able to see
NEW = 0.8  # of a named group must not be in those named before it: else its pictures stand there twice


class Seen(NamedTuple):
    """The smallest group whose absence would be noticed, of one class in one space."""

    space: str
    label: int
    smallest: Smallest

    @property
    def hidden(self) -> bool:
        """Whether a large group could be absent unnoticed."""
        return self.smallest.share is None or self.smallest.share > VISIBLE


@dataclass(frozen=True)
class Groups:
    """What was looked at, and what is missing.

    Attributes:
        scans: By space, and `WITNESS`; empty if nothing could be counted, and `unable` says why and what to do.
        missing: Groups that are named, with their space, the most certain first; no two share many images.
        worst: The region that lacks most, named or not, with its space; None if none lost more than half.
        visible: For each class in each space that was looked at.
    """

    scans: Mapping[str, Scan]
    missing: tuple[tuple[str, Region], ...] = ()
    worst: tuple[str, Region] | None = None
    visible: tuple[Seen, ...] = ()
    unable: tuple[str, str] = ("", "")

    @property
    def p_value(self) -> float:
        """That no region is visited less than it should be, corrected for regions, classes and spaces."""
        return self.worst[1].p_value if self.worst else 1.0

    @property
    def test(self) -> StatedTest:
        """What it belongs to."""
        return missing_modes.TEST._replace(name=missing_modes.TEST.corrected(len(self.scans)))

    @property
    def spaces(self) -> list[str]:
        """Those whose regions were looked at."""
        return [space for space, scanned in self.scans.items() if not scanned.learnt]

    def critical(self, space: str) -> float:
        """Return what a region of a space must lack to be named."""
        return self.scans[space].critical(missing_modes.P_LIMIT / len(self.scans))


def missing_groups(comparison: Comparison, real: Integers, measured: tuple[Measurement, ...]) -> Groups:
    """Return which groups of real images are missing among the synthetic ones.

    Args:
        comparison: Cohort and samples.
        real: Rows of the training and held-out images.
        measured: The measurements; precision and density decide in which spaces groups can be counted.
    """
    reasons = {space: _closed(comparison, measured, space) for space in SPACES}
    if (unable := reasons[SPACES[0]]) is not None:
        return Groups({}, unable=unable)
    opened = [space for space, reason in reasons.items() if reason is None]
    features = {
        space: PREPARED[space](*sides) if space in PREPARED else sides
        for space, sides in ((space, _features(comparison, real, space)) for space in opened)
    }
    learnt_from = [_features(comparison, real, space) for space in LEARNT_FROM if space in opened]
    features[WITNESS] = witness.joined(learnt_from)
    scans = {
        space: missing_modes.scan(
            *values,
            comparison.cohort.labels[real],
            comparison.labels,
            comparison.cohort.groups[real],
            slices=not comparison.drawn_here,
            learn=witness.regions if space == WITNESS else None,
            seed=comparison.seed,
        )
        for space, values in features.items()
    }
    scans = {space: scanned for space, scanned in scans.items() if scanned.classes}
    if not scans:
        return Groups({}, unable=TOO_FEW)
    groups = Groups(scans, *_named(scans))
    visible = tuple(
        Seen(
            space,
            label,
            detectable_deletion.smallest_deleted(
                of_class, features[space][0][of_class.rows], groups.critical(space), comparison.random(310 + label)
            ),
        )
        for space in groups.spaces
        for label, of_class in scans[space].classes.items()
    )
    return replace(groups, visible=visible)


def _closed(comparison: Comparison, measured: tuple[Measurement, ...], space: str) -> tuple[str, str] | None:
    """Return why groups cannot be counted in a space and what to do; None if synthetic images are near enough."""
    if space not in comparison.spaces:
        return f"the features {space} are missing", "Audit in this space too."
    values = {
        measurement.name: (measurement.value, measurement.floor or 0.0)
        for measurement in measured
        if measurement.encoder == space and measurement.class_name is None
    }
    if "precision" not in values:
        return TOO_FEW
    wanted = {
        "precision": missing_modes.PRECISION_GATE * min(1.0, values["precision"][1]),
        "density": missing_modes.DENSITY_GATE * min(1.0, values["density"][1]),
    }
    if any(values[name][0] < least for name, least in wanted.items()):
        said = "; ".join(f"{name} {values[name][0]:.2f}, wanted {least:.2f}" for name, least in wanted.items())
        why = f"the synthetic images differ too much from the real ones to be counted in groups ({said})"
        return why, "Train longer, or audit with more images."
    return None


def _features(comparison: Comparison, real: Integers, space: str) -> tuple[Floats, Floats]:
    return comparison.features(space, real), comparison.spaces[space].synthetic.values


def _named(scans: Mapping[str, Scan]) -> tuple[tuple[tuple[str, Region], ...], tuple[str, Region] | None]:
    """Return the groups to name and the worst region, their p-values corrected for the spaces too."""
    candidates = []
    for space, scanned in scans.items():
        for place, (label, region, p_value) in enumerate(scanned.worst()):
            p_value = min(1.0, p_value * len(scans))
            if place and p_value >= missing_modes.P_LIMIT:
                break
            statistic = float(scanned.classes[label].statistics[region])
            candidates.append((p_value, -statistic, space, label, region))
    named: list[tuple[str, Region]] = []
    worst, claimed = None, np.array([], np.int64)
    for p_value, _, space, label, region in sorted(candidates):
        group = missing_modes.described(scans[space], label, region, p_value)
        worst = worst or (space, group)
        new = ~np.isin(group.members, claimed)
        if p_value < missing_modes.P_LIMIT and new.mean() >= NEW:
            named.append((space, group))
            claimed = np.union1d(claimed, group.members)
    return tuple(named), worst


def for_the_record(comparison: Comparison, real: Integers, groups: Groups) -> tuple[MissingMode, ...]:
    """Return the missing groups with the ids of their images and of the nearest synthetic ones."""
    return tuple(_missing_mode(comparison, real, groups, number) for number in range(len(groups.missing)))


def _missing_mode(comparison: Comparison, real: Integers, groups: Groups, number: int) -> MissingMode:
    space, group = groups.missing[number]
    seen_in = SPACES[0] if space == WITNESS else space
    members = tuple(str(image_id) for image_id in comparison.cohort.ids[real[group.members]])
    middle = comparison.features(seen_in, real[group.members]).mean(0)
    generated = np.flatnonzero(comparison.labels == group.label)
    away = np.linalg.norm(comparison.spaces[seen_in].synthetic.values[generated] - middle, axis=1)
    nearest = generated[np.argsort(away, kind="stable")[:EXEMPLARS]]
    return MissingMode(
        class_name=comparison.cohort.classes[group.label],
        cluster=number,
        real_share=group.real_share,
        synthetic_share=group.synthetic_share,
        interval=group.interval,
        p_value=group.p_value,
        exemplars=members[:EXEMPLARS],
        members=members,
        nearest=tuple(str(sample_id) for sample_id in comparison.samples.ids[nearest]),
        encoder=space,
        n_real=round(groups.scans[space].classes[group.label].patients),
        n_synthetic=len(generated),
    )


def self_test(comparison: Comparison, groups: Groups) -> list[Measurement]:
    """Return the smallest group whose absence would be noticed, by class and space, as measurements."""
    result = []
    for space, label, smallest in groups.visible:
        if smallest.share is None:
            continue
        of_class = groups.scans[space].classes[label]
        patients, generated = round(of_class.patients), int((comparison.labels == label).sum())
        result.append(
            Measurement(
                name="smallest_mode",
                encoder=space,
                value=smallest.share,
                interval=smallest.interval,
                interval_method=detectable_deletion.METHOD,
                floor=missing_modes.smallest_visible(
                    patients, generated, groups.critical(space)
                ),  # of a group that is a region
                null=1.0,  # groups that no encoder separates: only the absence of all is noticed
                n_real=patients,
                n_synthetic=generated,
                better="lower",
                class_name=comparison.cohort.classes[label],
                reference="train+holdout",
            )
        )
    return result
