"""How near synthetic and real images lie to what the generator may have seen, and to what it certainly has not.

The registered search finds for every synthetic image the nearest training, tuning and held-out image. The copy score is
the distance to seen images over that to held-out ones. Real patients give the references: each is compared with the
rest of both sides without its own group, so that it too is a patient that the rest does not contain.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.matched_detail import matched_detail
from ganaug_core.interfaces import Report, silent
from ganaug_core.metrics import copying
from ganaug_core.neighbours import Registered, registered
from ganaug_core.records import HOLDOUT, ROLES, Floats, Images, Integers

SEEN_REFERENCES = 1500  # of the seen images at most so many are references; every held-out one is
NOBODY = -1


@dataclass(frozen=True)
class Side:
    """Images of one kind, synthetic or real, with their distances.

    Attributes:
        to_seen: (n,) registered distance to the nearest seen image, `to_holdout` to the nearest held-out one; of other
            groups. 2 where there is none.
        scores: (n,) copy scores.
        classes: (n,) class of the nearest image of both sides: a label may be wrong, and thresholds must not be.
    """

    to_seen: Floats
    to_holdout: Floats
    scores: Floats
    classes: Integers


@dataclass(frozen=True)
class References:
    """Real images as references: `rows` in the cohort, `side`, and which are each other's nearest (`copying.bunch`)."""

    rows: Integers
    side: Side
    partners: Integers


def nearest_of_each_role(comparison: Comparison, report: Report) -> dict[int, Registered]:
    """Return by role what every synthetic image resembles most; `nearest` are rows of the cohort."""
    roles = [role for role in range(len(ROLES)) if len(comparison.cohort.where(role))]
    result = {}
    for number, role in enumerate(roles):
        rows = comparison.cohort.where(role)

        def part(share: float, message: str, number: int = number) -> None:
            report((number + share) / len(roles), message)

        of_role = registered(comparison.samples.images, comparison.cohort.reading(rows), report=part)
        result[role] = of_role._replace(nearest=rows[of_role.nearest])
    return result


def synthetic_side(comparison: Comparison, nearest: dict[int, Registered]) -> Side:
    """Return the distances of the synthetic images; a random held-out group is left out for each, as for references."""
    seen = [nearest[role] for role in comparison.seen_roles if role in nearest]
    distances = np.stack([found.distance for found in seen])
    best = distances.argmin(0)
    rows = np.stack([found.nearest for found in seen])[best, np.arange(len(best))]
    held, groups = nearest[HOLDOUT], comparison.cohort.groups
    to_holdout, held_rows = held.distance.copy(), held.nearest.copy()
    left_out = random_groups(comparison, comparison.labels)
    again = np.flatnonzero(groups[held_rows] == left_out)
    if len(again):
        among = comparison.holdout
        found = registered(
            np.asarray(comparison.samples.images[again]),
            comparison.cohort.reading(among),
            query_groups=left_out[again],
            reference_groups=groups[among],
        )
        to_holdout[again] = found.distance
        held_rows[again] = np.where(found.nearest < 0, NOBODY, among[found.nearest])
    return side(comparison, Found(distances.min(0), rows), Found(to_holdout, held_rows), comparison.labels)


def references(comparison: Comparison, report: Report) -> References:
    """Return the references among the real images; what is found is kept with the cohort."""
    cohort = comparison.cohort
    others = random_subset(np.flatnonzero(cohort.roles != HOLDOUT), SEEN_REFERENCES, comparison.random(4))
    rows = np.sort(np.concatenate([others, comparison.holdout]))
    search = _Search(comparison, rows, cohort.reading(rows))
    which = f"{'+'.join(ROLES[role] for role in comparison.seen_roles)}-{comparison.seed}"
    seen = comparison.searched(
        f"references-seen-{which}", lambda: search.seen(lambda share, message: report(0.7 * share, message))
    )
    held = comparison.searched(
        f"references-holdout-{comparison.seed}",
        lambda: search.holdout(lambda share, message: report(0.7 + 0.3 * share, message)),
    )
    return search.result(seen, held)


def with_the_detail_of(comparison: Comparison, synthetic: Side, real: References) -> References:
    """Return the same references filtered to the detail of the synthetic images (`matched_detail`)."""
    images = matched_detail(
        comparison.cohort.images(real.rows), real.side.classes, comparison.samples.images, synthetic.classes
    )
    search = _Search(comparison, real.rows, images)
    return search.result(search.seen(silent), search.holdout(silent))


@dataclass(frozen=True)
class _Search:
    """Real images `rows`, as they are or changed, against the cohort without their own groups."""

    comparison: Comparison
    rows: Integers
    images: Images

    def seen(self, report: Report) -> Registered:
        cohort, seen = self.comparison.cohort, self.comparison.seen
        own = cohort.groups[self.rows]
        return registered(
            self.images,
            cohort.reading(seen),
            query_groups=own,
            reference_groups=cohort.groups[seen],
            report=report,
        )

    def holdout(self, report: Report) -> Registered:
        cohort, held = self.comparison.cohort, self.comparison.holdout
        drawn = random_groups(self.comparison, cohort.labels[self.rows])
        left_out = np.where(cohort.roles[self.rows] == HOLDOUT, cohort.groups[self.rows], drawn)
        return registered(
            self.images,
            cohort.reading(held),
            query_groups=left_out,
            reference_groups=cohort.groups[held],
            report=report,
        )

    def result(self, to_seen: Registered, to_held: Registered) -> References:
        cohort = self.comparison.cohort
        seen, held = (
            Found(found.distance, np.where(found.nearest < 0, NOBODY, among[found.nearest]))
            for found, among in ((to_seen, self.comparison.seen), (to_held, self.comparison.holdout))
        )
        own_side = np.where(cohort.roles[self.rows] == HOLDOUT, held.rows, seen.rows)
        return References(
            self.rows, side(self.comparison, seen, held, cohort.labels[self.rows]), partners(self.rows, own_side)
        )


class Found(NamedTuple):
    """The nearest image on one side: distances (n,) and rows in the cohort, `NOBODY` where there is none."""

    distance: Floats
    rows: Integers


def side(comparison: Comparison, seen: Found, held: Found, labels: Integers) -> Side:
    """Return distances with scores and classes; an image without anything near keeps the class of its label."""
    rows = np.where(seen.distance <= held.distance, seen.rows, held.rows)
    return Side(
        seen.distance,
        held.distance,
        copying.scores(seen.distance, held.distance).astype(np.float32),
        np.where(rows == NOBODY, labels, comparison.cohort.labels[rows]),
    )


def random_groups(comparison: Comparison, labels: Integers) -> Integers:
    """Return for each image with one of the labels the group of a random held-out image of its class.

    A held-out image is compared without its own patient; this lets all images see as many of them.
    """
    random, cohort = comparison.random(1), comparison.cohort
    held_labels, groups = cohort.labels[comparison.holdout], cohort.groups[comparison.holdout]
    result = random.choice(groups, len(labels))
    for label in np.unique(labels):
        if (held_labels == label).any():
            inside = labels == label
            result[inside] = random.choice(groups[held_labels == label], int(inside.sum()))
    return result


def partners(rows: Integers, nearest: Integers) -> Integers:
    """Return (n,) the place of the reference that is each other's nearest with this one, -1 for none.

    Args:
        rows: (n,) of the references in the cohort, sorted.
        nearest: (n,) cohort row of the nearest on the own side.
    """
    place = np.full(int(max(rows.max(), nearest.max())) + 1, NOBODY)
    place[rows] = np.arange(len(rows))
    partner = np.where(nearest == NOBODY, NOBODY, place[nearest])
    mutual = (partner != NOBODY) & (partner[partner] == np.arange(len(rows)))
    return np.where(mutual, partner, NOBODY)
