"""Set test for copying: are more synthetic than real images suspiciously close to the images that training saw?

The references are scores of real patients that the rest does not contain: held-out ones, and seen ones that are left
out in turn. If synthetic images are as far, the number of their scores below the k-th smallest of n references is
Beta-Binomial(m, k, n + 1 - k). Two seen images that are each other's nearest have low scores together: with d of them
in a bunch the order statistic spreads as one of n / d does. The test counts class by class, so that another class mix
is no copying, adds the classes up, takes the smallest p over several k and over the classes, and calibrates that
minimum by drawing order statistics. It assumes one image a patient: with several, one of each is drawn, many times.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.errors import EvidenceError
from ganaug_core.records import Integers

Scores = NDArray[np.floating]
NearDuplicateRate = tuple[float, float]
DRAWS, SUBSETS = 20_000, 99
BUNCHED = 0.1  # of the references, the lowest ones tell how many come in a bunch
SHARES = (0.0, 0.0, 0.01, 0.02)
LEAST = (1, 2, 1, 1)


def scores(to_train: Scores, to_holdout: Scores) -> Scores:
    """Return (n,) copy scores from (n,) distances: to the nearest training over that to the nearest held-out image."""
    return to_train / np.maximum(to_holdout, 1e-6)


def levels(references: int) -> tuple[int, ...]:
    """Return the ranks k that are looked at: 1, 2, 1 % and 2 % of the references."""
    ranks = (max(least, int(np.ceil(share * references))) for share, least in zip(SHARES, LEAST, strict=True))
    return tuple(min(rank, references) for rank in ranks)


def bunch(reference_scores: Scores, partners: Integers) -> float:
    """Return how many of the lowest references come in a bunch on average, in [1, 2].

    Args:
        reference_scores: (n,).
        partners: (n,) the reference that is each other's nearest with this one, -1 for none.
    """
    lowest = np.zeros(len(reference_scores), bool)
    lowest[np.argsort(reference_scores)[: max(1, int(BUNCHED * len(reference_scores)))]] = True
    paired = lowest & (partners >= 0) & lowest[partners]
    return float(lowest.sum() / (lowest.sum() - paired.sum() / 2))


@dataclass(frozen=True)
class SetTest:
    """What the set test says.

    Attributes:
        p_value: Chance of a set as suspicious if nothing is copied, calibrated over all ranks and classes.
        share: Share of copies that explains how many synthetic images lie below the threshold of their class, at the
            rank of 2 %; in [0, 1].
        interval: 95 % interval of the generator's share of copies that are as close: the lower end takes the other
            images for fresh ones, the upper end lets none of them be so close.
        n_references: Real patients (or groups) that were counted, once in each class.
        n_synthetic: Synthetic images of classes that have references.
    """

    p_value: float
    share: float
    interval: tuple[float, float]
    n_references: int
    n_synthetic: int


@dataclass(frozen=True)
class Design:
    """Sizes of a set test, and everything that follows from them alone.

    Attributes:
        references: Real images of each class that none of the rest is a patient of, all >= 1.
        synthetic: Synthetic images of each class, all >= 1.
        near_duplicates: Of each class, the share of fresh real images with a near-duplicate in the training images, and
            from how many independent images that is known; empty where the cohort has none.
        seed: For the draws.
        bunched: How many of the references come in a bunch, >= 1.
        labels: Number of each class.
    """

    references: tuple[int, ...]
    synthetic: tuple[int, ...]
    near_duplicates: tuple[NearDuplicateRate, ...] = ()
    seed: int = 0
    bunched: float = 1.0
    labels: tuple[int, ...] = ()

    def smallest(self, counts: Integers) -> NDArray[np.float64]:
        """Return (draws,) the smallest p over ranks and families for counts (draws, classes, ranks).

        All classes together weigh as much as the single ones together, so that many classes cost little power.
        """
        best = np.ones(len(counts))
        for family, classes in enumerate(self._families):
            sums = counts[:, list(classes)].sum(1)
            for rank, table in enumerate(self._tables[family]):
                best = np.minimum(best, self._weight(family) * table[sums[:, rank]])
        return best

    def p_value(self, counts: Integers) -> float:
        """Return the calibrated p of observed counts (classes, ranks)."""
        observed = float(self.smallest(counts[None])[0])
        tests = sum(
            len({tuple(table) for table in tables}) / self._weight(family) for family, tables in enumerate(self._tables)
        )
        calibrated = (1 + int((self._null <= observed * (1 + 1e-9)).sum())) / (DRAWS + 1)
        return min(1.0, observed * tests, calibrated)  # the first is an upper bound, finer than the draws

    def detectable_share(self, alpha: float, found: Sequence[float] = (1.0,) * len(SHARES)) -> float | None:
        """Return the smallest share of copies that gives p < alpha even if no other image came near; None if none does.

        Args:
            alpha: Level.
            found: Share of such copies that lie below the threshold of each rank; exact ones all do.
        """
        total = sum(self.synthetic)
        low, high = 0, total
        if self._with_copies(high, found) >= alpha:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._with_copies(middle, found) < alpha else (middle, high)
        return high / total

    def _with_copies(self, copies: int, found: Sequence[float]) -> float:
        """Return the p of so many copies, spread over the classes, and nothing else near."""
        taken = np.array(self.synthetic) - np.array(self._without(copies))
        return self.p_value(np.floor(taken[:, None] * np.array(found) + 1e-9).astype(np.int64))

    def interval(self, count: int, rank: int) -> tuple[float, float]:
        """Return the 95 % interval of the generator's share of copies that explains the summed count at a rank.

        Nobody knows how many other images come as close: between none, which makes the upper end (Clopper and Pearson,
        1934), and as many as of fresh ones, which makes the lower.
        """
        total = sum(self.synthetic)

        def by_chance(copies: int) -> float:
            table = self._survival(self._without(copies), range(len(self.references)), rank)
            rest = count - copies
            return float(table[rest]) if 0 <= rest < len(table) else float(rest < 0)

        lower = _first(lambda copies: by_chance(copies) > 0.025, total)
        upper = 1.0 if count >= total else float(stats.beta.ppf(0.975, count + 1, total - count))
        return min(lower / total, upper), upper

    def expected(self, rank: int) -> float:
        """Return the mean of the summed count under chance."""
        by_chance = sum(m * levels(n)[rank] / (n + 1) for n, m in zip(self.references, self.synthetic, strict=True))
        return by_chance + sum(m * share for m, (share, _) in zip(self.synthetic, self.near_duplicates, strict=False))

    def scaled(self, references: float, synthetic: float) -> "Design":
        """Return the design with so many times as many images."""
        return replace(
            self,
            references=tuple(int(np.ceil(n * references)) for n in self.references),
            synthetic=tuple(int(np.ceil(m * synthetic)) for m in self.synthetic),
        )

    def _weight(self, family: int) -> int:
        """Return by how much the p-values of a family count less: 1 for all classes, their number for a single one."""
        return 1 if family == 0 else len(self.references)

    @cached_property
    def _families(self) -> tuple[tuple[int, ...], ...]:
        every = tuple(range(len(self.references)))
        return (every,) if len(every) == 1 else (every, *((family,) for family in every))

    @cached_property
    def _tables(self) -> list[list[NDArray[np.float64]]]:
        """For each family and rank P(count >= j), j = 0 ... m."""
        return [
            [self._survival(self.synthetic, classes, rank) for rank in range(len(SHARES))] for classes in self._families
        ]

    def _survival(self, synthetic: tuple[int, ...], classes: Sequence[int], rank: int) -> NDArray[np.float64]:
        mass = np.ones(1)
        for index in classes:
            n, m = self.references[index], synthetic[index]
            k = levels(n)[rank]
            mass = np.convolve(mass, stats.betabinom.pmf(np.arange(m + 1), m, self._rank(k), self._rest(n, k)))
            if beta := self._near_duplicate_beta(index):
                mass = np.convolve(mass, stats.betabinom.pmf(np.arange(m + 1), m, *beta))[: len(mass)]
        table: NDArray[np.float64] = np.clip(mass[::-1].cumsum()[::-1], 0, 1)
        return table

    @cached_property
    def _null(self) -> NDArray[np.float64]:
        return self.smallest(self._simulated_counts(self.synthetic, DRAWS))

    def _simulated_counts(self, synthetic: tuple[int, ...], draws: int) -> Integers:
        """Return (draws, classes, ranks) counts of synthetic images below order statistics of held-out ones."""
        random = np.random.default_rng(self.seed)
        counts = np.zeros((draws, len(self.references), len(SHARES)), np.int64)
        for index, (n, m) in enumerate(zip(self.references, synthetic, strict=True)):
            ranks = levels(n)
            below, past = np.zeros(draws), 0.0
            beta = self._near_duplicate_beta(index)
            done = random.binomial(m, random.beta(*beta, draws)) if beta else np.zeros(draws, np.int64)
            for rank in sorted(set(ranks)):
                # the next order statistic of n uniforms lies a Beta-distributed part of the rest further up
                further = self._rank(rank) - past
                step = random.beta(further, self._rest(n, rank), draws) if further > 0 else np.zeros(draws)
                done = done + random.binomial(m - done, step)
                below, past = below + (1 - below) * step, self._rank(rank)
                for column in (column for column, value in enumerate(ranks) if value == rank):
                    counts[:, index, column] = done
        return counts

    def _rank(self, rank: int) -> float:
        """Return the rank among bunches: the lowest reference is the lowest bunch."""
        return max(1.0, rank / self.bunched)

    def _rest(self, references: int, rank: int) -> float:
        return max((references + 1) / self.bunched - self._rank(rank), 0.5)

    def _near_duplicate_beta(self, index: int) -> tuple[float, float] | None:
        """Return the Beta distribution of the share of near-duplicates in a class, None where there are none."""
        share, images = self.near_duplicates[index] if self.near_duplicates else (0.0, 0.0)
        return (share * images, (1 - share) * images) if 0 < share < 1 else None

    def _without(self, copies: int) -> tuple[int, ...]:
        """Return the synthetic images of each class that are no copies, if copies are spread evenly."""
        share = copies / sum(self.synthetic)
        edges = np.rint(np.cumsum((0, *self.synthetic)) * share).astype(int)
        return tuple(int(m - taken) for m, taken in zip(self.synthetic, np.diff(edges), strict=True))


def set_test(
    synthetic: Scores,
    references: Scores,
    synthetic_labels: Integers,
    reference_labels: Integers,
    reference_groups: Integers,
    *,
    partners: Integers | None = None,
    near_duplicates: Mapping[int, NearDuplicateRate] | None = None,
    weights: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> tuple[SetTest, Design]:
    """Return the test of copy scores: distance to seen over distance to held-out images, small is suspicious.

    With several references in a group, one of each group is drawn `SUBSETS` times; twice the median p is then valid,
    however the draws depend on each other. (A permutation of patients would need patients of synthetic images.)

    Args:
        synthetic: (m,) scores.
        references: (n,) scores of real images, each computed without the images of its own group.
        synthetic_labels: (m,) class numbers; classes without references are left out.
        reference_labels: (n,).
        reference_groups: (n,) patient or group.
        partners: (n,) as in `bunch`; none without it.
        near_duplicates: By class, as in `Design`.
        weights: (m,) in (0, 1]: 1 / images that count as one, since they resemble each other. Their sum, rounded up, is
            then the number of images, and counts are rounded down: the p-value is too large rather than too small.
        seed: For the draws.

    Raises:
        EvidenceError: No class has both synthetic images and references.
    """
    shared = np.intersect1d(synthetic_labels, reference_labels)
    if len(shared) == 0:
        raise EvidenceError(
            "No class has both synthetic and held-out images.", do="Draw samples of the cohort's classes."
        )
    random = np.random.default_rng(seed)
    keys = np.unique(np.stack([reference_labels, reference_groups]), axis=1, return_inverse=True)[1].ravel()
    single = len(np.unique(keys)) == len(keys)
    masses = np.ones(len(synthetic)) if weights is None else weights
    candidates = [_ranked(synthetic[synthetic_labels == label], masses[synthetic_labels == label]) for label in shared]
    observed = []
    sizes: tuple[int, ...] = ()
    for _ in range(1 if single else SUBSETS):
        order = np.arange(len(keys)) if single else random.permutation(len(keys))
        chosen = order[np.unique(keys[order], return_index=True)[1]]
        ordered = [np.sort(references[chosen][reference_labels[chosen] == label]) for label in shared]
        sizes = tuple(len(of_class) for of_class in ordered)
        observed.append(
            [
                [_below(candidate, of_class[rank - 1]) for rank in levels(len(of_class))]
                for candidate, of_class in zip(candidates, ordered, strict=True)
            ]
        )
    counts = np.array(observed, np.int64)
    rates = tuple(near_duplicates.get(int(label), (0.0, 0.0)) for label in shared) if near_duplicates else ()
    images = tuple(int(np.ceil(candidate[1][-1] - 1e-9)) for candidate in candidates)
    bunched = 1.0 if partners is None else bunch(references, partners)
    design = Design(sizes, images, rates, seed, bunched, tuple(shared.tolist()))
    p_values = [design.p_value(observation) for observation in counts]
    last = len(SHARES) - 1
    count = int(np.median(counts[:, :, last].sum(1)))
    total, expected = sum(design.synthetic), design.expected(last)
    share = max(0.0, (count - expected) / max(total - expected, 1))
    low, high = design.interval(count, last)
    return SetTest(
        p_value=p_values[0] if single else min(1.0, 2 * float(np.median(p_values))),
        share=share,
        interval=(min(low, share), max(high, share)),
        n_references=sum(design.references),
        n_synthetic=total,
    ), design


def _ranked(scores: Scores, weights: NDArray[np.float64]) -> tuple[Scores, NDArray[np.float64]]:
    """Return the scores sorted, and the summed weights of those before each, one more for all."""
    order = np.argsort(scores)
    return scores[order], np.concatenate([[0.0], np.cumsum(weights[order])])


def _below(ranked: tuple[Scores, NDArray[np.float64]], threshold: float) -> int:
    """Return the summed weight of the scores below the threshold, rounded down."""
    return int(ranked[1][np.searchsorted(ranked[0], threshold, side="left")] + 1e-9)


def needed(design: Design, alpha: float, share: float) -> tuple[int, int] | None:
    """Return references and synthetic images that would show that share of copies; None beyond fifty times as many."""
    for synthetic in (1.0, 2.0, 4.0, 10.0):
        for references in (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0, 50.0):
            larger = design.scaled(references, synthetic)
            least = larger.detectable_share(alpha)
            if least is not None and least <= share:
                return sum(larger.references), sum(larger.synthetic)
    return None


def _first(holds: Callable[[int], bool], total: int) -> int:
    """Return the smallest number in [0, total] from which a monotone condition holds, total + 1 if it never does."""
    low, high = 0, total + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
