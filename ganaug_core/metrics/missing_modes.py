"""Missing modes: regions of a feature space where a class has real images and hardly a synthetic one.

A region is an image with its nearest others, real and synthetic, up to a share of the class. Regions lie around images
drawn by chance and have several sizes, so a group need not be a cluster to be missed. Only regions that lost more than
half count. How much the worst of them lacks is compared with the worst of as many random exchanges of real patients
and synthetic images: the p-values hold for all regions of all classes together.

Source: Kulldorff, 1997, A spatial scan statistic, Communications in Statistics 26:1481 (the likelihood ratio over
overlapping regions); Westfall and Young, 1993 (the largest statistic by permutation); Richardson and Weiss, 2018,
arXiv:1805.12462 (shares of real and synthetic images by region).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from ganaug_core.metrics.statistics import StatedTest, Values, wilson
from ganaug_core.metrics.two_sample import squared
from ganaug_core.records import Floats, Integers

CENTRES = 300
SHARES = (0.05, 0.1, 0.2)  # of a class, real and synthetic: the sizes of regions
FEWEST_PATIENTS = 16
MOST = 3000  # images of a side and class that are looked at
EXCHANGES = 1000
MEMBER = 0.5  # how often an image must lie in a region to be one of it
PICKS = 8  # times that one image of each patient is chosen for the exchanges
WHITENED = 8  # principal components
CROWD_MOST = 1500  # images of a side that tell how close together images of one patient lie
P_LIMIT, RATIO_LIMIT = 0.01, 0.5
PRECISION_GATE, DENSITY_GATE = 0.7, 0.5  # of what other real images reach
TEST = StatedTest(
    "scan of regions, the largest of all regions and classes by permutation",
    "a region's share is as large as among real images",
)


class Region(NamedTuple):
    """A region that the synthetic images visit too rarely.

    Attributes:
        label: Class number.
        members: Rows of its real images, the most typical first.
        real_share: Share of the class's patients, `synthetic_share` of its synthetic images.
        interval: Wilson interval of the synthetic share, of this region as if it had been the only one.
        p_value: Corrected for all regions of all classes.
    """

    label: int
    members: Integers
    real_share: float
    synthetic_share: float
    interval: tuple[float, float]
    p_value: float


class Sides(NamedTuple):
    """Both sides of one class, as regions are sought in them.

    Attributes:
        rows: (n,) rows of its real images, `patients` (n,) numbers from 0 of whose they are, `mass` (n,) of which those
            of a patient sum to 1.
        real: (n, d) their features, `synthetic` (m, d).
        crowd: How many synthetic images count as one.
    """

    rows: Integers
    patients: Integers
    mass: Values
    real: Floats
    synthetic: Floats
    crowd: float


@dataclass(frozen=True, kw_only=True)
class OfClass:
    """All regions of one class.

    Attributes:
        rows: (n,) rows of its real images, `mass` (n,) of which those of a patient sum to 1.
        inside: (n, region) 1 where a real image lies in a region, else 0; in `witness` how often.
        hits: (region,) how many synthetic images lie in each, of `synthetic`; slices of one patient count as one.
    """

    rows: Integers
    mass: Values
    inside: NDArray[np.float32]
    hits: Values
    synthetic: float

    @property
    def patients(self) -> float:
        """How many real patients the class has."""
        return float(self.mass.sum())

    @cached_property
    def real_hits(self) -> Values:
        """(region,) how many of them lie in each region."""
        result: Values = self.mass @ self.inside
        return result

    @cached_property
    def statistics(self) -> Values:
        """(region,) what each lacks, see `lack`."""
        return lack(self.real_hits, self.patients, self.hits, self.synthetic)


Seek = Callable[[Sides, np.random.Generator], tuple[OfClass, Values]]
"""Finds the regions of a class, and (exchange,) the largest lack of any where real and synthetic changed sides."""


@dataclass(frozen=True)
class Scan:
    """All regions of one feature space.

    Attributes:
        classes: By class number; a class without synthetic images or with fewer than 16 patients is not among them.
        chance: (exchange,) the largest lack of any region when real patients and synthetic images change sides.
        learnt: Where the regions lie was learnt from who is real (`witness`): no region has a p of its own.
    """

    classes: dict[int, OfClass]
    chance: Values
    learnt: bool = False

    @property
    def regions(self) -> int:
        """How many there are in all classes."""
        return sum(len(of_class.hits) for of_class in self.classes.values())

    def critical(self, level: float) -> float:
        """Return the lack beyond which `p_value` is below a level."""
        beyond = int(level * (len(self.chance) + 1)) - 1  # exchanges that may reach it
        return float(np.sort(self.chance)[::-1][max(0, beyond)])

    def p_value(self, of_class: OfClass, region: int) -> float:
        """Return the p of a region, corrected for all; by Bonferroni where no exchange tells it from smaller ones."""
        statistic = of_class.statistics[region]
        reached = int((self.chance >= statistic - 1e-9).sum())
        if reached or self.learnt:
            return (1 + reached) / (len(self.chance) + 1)
        counts = of_class.hits[region], of_class.synthetic, of_class.real_hits[region], of_class.patients
        return min(1 / (len(self.chance) + 1), self.regions * fewer(*(round(float(count)) for count in counts)))

    def worst(self) -> Iterator[tuple[int, int, float]]:
        """Yield class, region and p of all regions that lost more than half, the worst first."""
        rare = [
            (float(statistic), label, region)
            for label, of_class in self.classes.items()
            for region, statistic in enumerate(of_class.statistics)
            if statistic > 0
        ]
        for _, label, region in sorted(rare, reverse=True):
            yield label, region, self.p_value(self.classes[label], region)


def scan(
    real: Floats,
    synthetic: Floats,
    real_labels: Integers,
    synthetic_labels: Integers,
    groups: Integers,
    *,
    slices: bool = False,
    learn: Seek | None = None,
    seed: int = 0,
) -> Scan:
    """Return the regions of every class.

    Args:
        real: (n, d) features, training and hold-out together; `synthetic` (m, d).
        real_labels: (n,), `synthetic_labels` (m,).
        groups: (n,) whose the real images are: regions count patients.
        slices: The synthetic images may come from bodies too: those that lie as close together as images of one
            patient count as one. Else each was drawn by itself.
        learn: Learns from who is real where regions lie (`witness.regions`); None: they lie around images.
        seed: Of regions and exchanges.
    """
    random, classes = np.random.default_rng(seed), {}
    chance = np.zeros(EXCHANGES)
    for label in np.unique(real_labels):
        rows = np.sort(random.permutation(np.flatnonzero(real_labels == label))[:MOST])
        generated = synthetic[np.sort(random.permutation(np.flatnonzero(synthetic_labels == label))[:MOST])]
        _, patients, images = np.unique(groups[rows], return_inverse=True, return_counts=True)
        if len(images) < FEWEST_PATIENTS or len(generated) == 0:
            continue
        crowd = crowding(real[rows], patients, generated) if slices else 1.0
        sides = Sides(rows, patients, 1 / images[patients], real[rows], generated, crowd)
        classes[int(label)], of_chance = (learn or _around_images)(sides, random)
        chance = np.maximum(chance, of_chance)
    return Scan(classes, chance, learnt=learn is not None)


def _around_images(sides: Sides, random: np.random.Generator) -> tuple[OfClass, Values]:
    """Return regions of images and their nearest others, and (exchange,) the largest lack where sides changed."""
    every = np.append(sides.mass, np.full(len(sides.synthetic), 1 / sides.crowd))
    inside = _regions(np.concatenate([sides.real, sides.synthetic]), every, random)
    of_class = OfClass(
        rows=sides.rows,
        mass=sides.mass,
        inside=inside[: len(sides.rows)],
        hits=inside[len(sides.rows) :].sum(0, dtype=np.float64) / sides.crowd,
        synthetic=len(sides.synthetic) / sides.crowd,
    )
    return of_class, _exchanged(inside, sides.patients, max(1, round(of_class.synthetic)), random)


def lack(hits: Values, total: float, synthetic_hits: Values, synthetic: float) -> Values:
    """Return the signed root of the deviance of two shares, 0 where the synthetic one is not below half of the real.

    Args:
        hits: (...) real patients in each region, of `total`.
        synthetic_hits: (...) synthetic images in it, of `synthetic`.
    """
    pooled = (hits + synthetic_hits) / (total + synthetic)
    deviance = 2 * (
        _surprise(hits, total, pooled)
        + _surprise(total - hits, total, 1 - pooled)
        + _surprise(synthetic_hits, synthetic, pooled)
        + _surprise(synthetic - synthetic_hits, synthetic, 1 - pooled)
    )
    rare = synthetic_hits / synthetic < RATIO_LIMIT * hits / total
    result: Values = np.where(rare, np.sqrt(np.maximum(deviance, 0)), 0.0)
    return result


def _surprise(count: Values, total: float, share: Values) -> Values:
    expected = np.maximum(total * share, 1e-12)
    result: Values = np.where(count > 1e-9, count * np.log(np.maximum(count, 1e-12) / expected), 0.0)
    return result


def _regions(values: Floats, mass: Values, random: np.random.Generator) -> NDArray[np.float32]:
    """Return (n, region) 1 where an image lies in a region: those nearest to a centre, up to each of `SHARES`."""
    centres = random.choice(len(values), min(CENTRES, len(values)), replace=False, p=mass / mass.sum())
    distances = cdist(values[centres], values)  # (centre, n)
    order = np.argsort(distances, axis=1, kind="stable")
    reached = np.cumsum(mass[order], axis=1) / mass.sum()
    every = np.zeros((len(SHARES), len(centres), len(values)), np.float32)
    for inside, share in zip(every, SHARES, strict=True):
        np.put_along_axis(inside, order, (reached <= share).astype(np.float32), axis=1)
    result: NDArray[np.float32] = every.reshape(-1, len(values)).T
    return result


def _exchanged(inside: NDArray[np.float32], patients: Integers, synthetic: int, random: np.random.Generator) -> Values:
    """Return (exchange,) the largest lack when patients, by one image each, and synthetic images change sides.

    One image a patient varies more than the mean of several, as the real side has them: a little careful.
    """
    real, count = len(patients), int(patients.max()) + 1
    largest = np.zeros(EXCHANGES)
    for part in np.array_split(np.arange(EXCHANGES), PICKS):
        shuffled, one = random.permutation(real), np.empty(count, np.int64)
        one[patients[shuffled]] = shuffled
        units = np.concatenate([inside[one], inside[real:]])  # (patient or synthetic image, region)
        place = np.argsort(random.random((len(part), len(units)), dtype=np.float32), axis=1)
        left = (place < count).astype(np.float32) @ units
        right = ((place >= count) & (place < count + synthetic)).astype(np.float32) @ units
        largest[part] = lack(left.astype(np.float64), count, right.astype(np.float64), synthetic).max(1)
    return largest


def described(scanned: Scan, label: int, region: int, p_value: float) -> Region:
    """Return one region with its images, those in most other regions that lack synthetic images first."""
    of_class = scanned.classes[label]
    members = np.flatnonzero(of_class.inside[:, region] >= MEMBER)
    typical = of_class.inside[members] @ of_class.statistics
    hits, total = float(of_class.hits[region]), of_class.synthetic
    return Region(
        label=label,
        members=of_class.rows[members[np.argsort(-typical, kind="stable")]],
        real_share=float(of_class.real_hits[region] / of_class.patients),
        synthetic_share=hits / total,
        interval=wilson(hits, total),
        p_value=p_value,
    )


def whitened(real: Floats, synthetic: Floats) -> tuple[Floats, Floats]:
    """Return both in the leading principal components of the real images, each of deviation 1.

    Hand-made numbers measure one thing many times and another once; without this a rare texture drowns.
    """
    axes = PCA(min(WHITENED, *real.shape), svd_solver="full").fit(real)
    spread = np.sqrt(axes.explained_variance_)
    varied = spread > 1e-4 * spread[0]  # the others hold rounding errors only
    before, after = (axes.transform(values)[:, varied] / spread[varied] for values in (real, synthetic))
    return before.astype(np.float32), after.astype(np.float32)


def directions(real: Floats, synthetic: Floats) -> tuple[Floats, Floats]:
    """Return both as vectors of length 1 from the mean of the real images: what a contrastive loss compares."""
    mean = real.mean(0)
    before, after = (
        (values - mean) / np.maximum(np.linalg.norm(values - mean, axis=1, keepdims=True), 1e-9)
        for values in (real, synthetic)
    )
    return before, after


def crowding(real: Floats, patients: Integers, synthetic: Floats) -> float:
    """Return how many synthetic images count as one, >= 1: fresh slices of one patient are no independent images.

    Twice the number of other synthetic images that are nearer to one than half of a patient's images are to each
    other, less what images of other patients give. 1 where no patient has several images.

    Args:
        real: (n, d) of one class, `patients` (n,), `synthetic` (m, d).
    """
    order = np.argsort(patients, kind="stable")[:CROWD_MOST]  # whole patients, but the last
    own = patients[order][:, None] == patients[order][None]
    squares = squared(real[order])
    pairs = np.triu(own, 1)
    if not pairs.any() or own.all():
        return 1.0
    radius = float(np.median(squares[pairs]))
    usual = float((squares[~own] < radius).mean())
    some = np.random.default_rng(0).permutation(len(synthetic))[:CROWD_MOST]
    close = squared(synthetic[some])[np.triu_indices(len(some), 1)] < radius
    return 1 + 2 * (len(synthetic) - 1) * max(0.0, float(close.mean()) - usual) if len(close) else 1.0


def fewer(hits: int, total: int, real_hits: int, real_total: int) -> float:
    """Return the one-sided p of Fisher's exact test that the synthetic share is as large as the real one."""
    table = [[hits, total - hits], [real_hits, real_total - real_hits]]
    return float(stats.fisher_exact(table, alternative="less").pvalue)


def smallest_visible(patients: int, synthetic: int, critical: float) -> float | None:
    """Return the smallest share of a class whose complete absence would be noticed as a region; None if none would.

    Args:
        patients: Real patients of the class.
        synthetic: Synthetic images of the class.
        critical: What a region must lack.
    """
    hits = np.arange(1, patients + 1)
    beyond = np.flatnonzero(lack(hits.astype(np.float64), patients, np.zeros(patients), synthetic) > critical)
    return float(hits[beyond[0]] / patients) if len(beyond) else None
