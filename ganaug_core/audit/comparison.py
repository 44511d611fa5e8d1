"""What an audit compares: which images are training, hold-out and synthetic, and of which class and patient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics import statistics
from ganaug_core.metrics.class_names import labels_in
from ganaug_core.metrics.missing_modes import crowding
from ganaug_core.metrics.statistics import Values
from ganaug_core.neighbours import Registered
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Features, Floats, Integers, Samples
from ganaug_core.records.made import UsedEncoder

Arrays = tuple[NDArray[Any], ...]
OF_SHAPES = ("simclr", "texture", "pixels")  # the first that is there tells how close slices of one patient lie
Memoise = Callable[[str, Callable[[], Arrays]], Arrays]
"""From the name of what only the cohort decides, and how to compute it, to the result, now computed or kept before."""


def recompute(what: str, find: Callable[[], Arrays]) -> Arrays:
    """Compute anew: what stands for `Memoise` where nothing is kept."""
    return find()


class Space(NamedTuple):
    """One feature space: all images of the cohort in its order, and the synthetic ones in theirs.

    Attributes:
        encoder: Which one it is, for the record; None where the features are somebody else's.
    """

    real: Features
    synthetic: Features
    encoder: UsedEncoder | None = None


@dataclass(frozen=True)
class Comparison:
    """A cohort and synthetic images of it, with the synthetic labels in the cohort's numbering.

    Attributes:
        labels: (m,) class number of each synthetic image in the cohort's order of classes.
        seed: For every draw of the audit.
        memoise: Keeps what real images show among themselves: it is the same in every audit of the cohort.
    """

    cohort: Cohort
    samples: Samples
    spaces: Mapping[str, Space]
    labels: Integers
    seed: int
    memoise: Memoise = recompute

    @cached_property
    def train(self) -> Integers:
        """Rows of the training images."""
        return self.cohort.where(TRAIN)

    @cached_property
    def holdout(self) -> Integers:
        """Rows of the held-out images: only the audit reads them."""
        return self.cohort.where(HOLDOUT)

    @cached_property
    def ours(self) -> bool:
        """Whether the images are of a generator that certainly saw this cohort's training share and nothing else."""
        return self.samples.provenance.get("cohort") == self.cohort.digest

    @cached_property
    def drawn_here(self) -> bool:
        """Whether a generator drew the images here: each by itself, where others' sets may hold slices of one body."""
        return self.samples.source == "generator"

    @cached_property
    def seen_roles(self) -> tuple[int, ...]:
        """What the generator may have been trained on: of other programs' generators tuning images too."""
        return (TRAIN,) if self.ours else (TRAIN, TUNING)

    @cached_property
    def seen(self) -> Integers:
        """Rows of the images that the generator may have been trained on."""
        return self.cohort.where(*self.seen_roles)

    @cached_property
    def weights(self) -> Values:
        """(n,) 1 / images of the same patient, class and role: sums count patients."""
        groups = self.cohort.groups * len(self.cohort.classes) + self.cohort.labels
        return statistics.weights(groups, self.cohort.roles)

    @cached_property
    def crowds(self) -> dict[int, float]:
        """How many synthetic images of each class count as one, >= 1: slices of one patient are not independent.

        1 where a generator drew them here, each by itself, and where no feature space tells.
        """
        space = next((name for name in OF_SHAPES if name in self.spaces), None)
        labels = [int(label) for label in np.unique(self.labels)]
        if self.drawn_here or space is None:
            return dict.fromkeys(labels, 1.0)
        result = {}
        for label in labels:
            rows = self.cohort.where(TRAIN, HOLDOUT, label=label)
            synthetic = self.spaces[space].synthetic.values[self.labels == label]
            result[label] = crowding(self.features(space, rows), self.cohort.groups[rows], synthetic)
        return result

    def independent(self, label: int, images: int) -> int:
        """Return as how many independent images so many synthetic ones of a class count, >= 1."""
        return max(1, int(images / self.crowds[label]))

    def halved(self) -> "Comparison":
        """Return the same for a cohort without hold-out: one half of the training patients stands in for it."""
        groups = np.unique(self.cohort.groups[self.train])
        chosen = self.random(480).permutation(groups)[: len(groups) // 2]
        stands_in = (self.cohort.roles == TRAIN) & np.isin(self.cohort.groups, chosen)
        return replace(self, cohort=replace(self.cohort, roles=np.where(stands_in, HOLDOUT, self.cohort.roles)))

    def features(self, space: str, rows: Integers) -> Floats:
        """Return (len(rows), d) real features."""
        return self.spaces[space].real.values[rows]

    def searched(self, what: str, search: Callable[[], Registered]) -> Registered:
        """Return what a search among real images found, now or before."""
        return Registered(*self.memoise(what, search))

    def patients(self, rows: Integers) -> int:
        """Return how many patients or groups the rows come from."""
        return len(np.unique(self.cohort.groups[rows]))

    def held_out(self, labels: Integers | Sequence[int]) -> int:
        """Return how many held-out patients or groups have images of these classes; each counts once."""
        return self.patients(self.holdout[np.isin(self.cohort.labels[self.holdout], labels)])

    def random(self, purpose: int) -> np.random.Generator:
        """Return a stream of its own for each purpose, so that one part's draws do not move another's."""
        return np.random.default_rng([self.seed, purpose])


def random_subset(rows: Integers, most: int, random: np.random.Generator) -> Integers:
    """Return at most so many of the rows, chosen at random and in their order: a cohort may be sorted by scanner."""
    return np.sort(random.permutation(rows)[:most])


def compare(
    cohort: Cohort, samples: Samples, spaces: Mapping[str, Space], seed: int, memoise: Memoise = recompute
) -> Comparison:
    """Return cohort and samples side by side after checking that they fit.

    Raises:
        EvidenceError: No synthetic images, colour beside grey, a class that the cohort does not have, or features of
            other images or that are no numbers.
    """
    if len(samples) == 0:
        raise EvidenceError(
            f"{samples.name} holds no synthetic images.", do="Draw or import samples first.", code="empty"
        )
    if samples.provenance.get("mixing"):
        raise EvidenceError(
            f"{samples.name} is a table of mixed styles: its images share shapes and textures with each other, so they "
            "say nothing about how varied the generator is.",
            do="Audit images that were drawn without mixing.",
            code="not_independent",
        )
    if samples.provenance.get("moments"):
        raise EvidenceError(
            f"{samples.name} holds what one run drew over time, the same latents again and again.",
            do="Audit images of its generator.",
            code="not_independent",
        )
    if samples.provenance.get("recipes"):
        raise EvidenceError(
            f"{samples.name} holds images that somebody looked for between and around others: they say nothing of what "
            "the generator draws by itself.",
            do="Audit images that the generator drew.",
            code="not_independent",
        )
    if samples.images.shape[1] != cohort.shape[0]:
        raise EvidenceError(
            f"{cohort.name} has {cohort.shape[0]} channels and {samples.name} has {samples.images.shape[1]}: one is in "
            "colour and the other grey.",
            do="Import both in colour or both in grey.",
            code="channels",
        )
    labels = labels_in(cohort, samples)
    for name, space in spaces.items():
        if len(space.real.values) != len(cohort) or len(space.synthetic.values) != len(samples):
            raise EvidenceError(
                f"The {name} features are of other images: {len(space.real.values)} and {len(space.synthetic.values)} "
                f"rows for {len(cohort)} real and {len(samples)} synthetic images.",
                do="Compute the features again.",
            )
        if not (np.isfinite(space.real.values).all() and np.isfinite(space.synthetic.values).all()):
            raise EvidenceError(
                f"The {name} features hold values that are no numbers.",
                do="Compute the features again, or leave this space out.",
            )
    return Comparison(cohort, samples, spaces, labels, seed, memoise)
