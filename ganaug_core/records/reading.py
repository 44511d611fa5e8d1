"""A reader study: which images are read, in which order by whom, and what was planned; and one answer."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Integers, Names, Pixels
from ganaug_core.records.digest import digest_of

SCALE = (
    "surely real",
    "probably real",
    "rather real",
    "rather synthetic",
    "probably synthetic",
    "surely synthetic",
)
"""What the confidence 1 to 6 means: there is no middle, so every answer is a call too."""
FIRST_SYNTHETIC = 4  # from this confidence on an image is called synthetic
TAGS = ("blurred", "pattern", "wrong anatomy", "odd noise", "cut edge")
REAL, SYNTHETIC = 0, 1


@dataclass(frozen=True, kw_only=True)
class Equivalence:
    """What was planned before the first answer: readers are at chance up to a margin.

    Attributes:
        margin: Accuracy between 0.5 - margin and 0.5 + margin counts as chance, in (0, 0.5).
        alpha: Of each of the two one-sided tests; the interval has the level 1 - 2 alpha.
        power: Chance to show it, as expected before, if readers are at chance; `readers_needed` for 80 %, None where
            these images do not suffice for any number.
        spread, correlation: What was taken for granted: standard deviation of accuracy between readers, and
            correlation of two readers' errors on an image.
    """

    margin: float
    alpha: float
    power: float
    readers_needed: int | None
    spread: float
    correlation: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A reader study as it was made; it never changes, and answers are kept beside it.

    Attributes:
        cohort, synthetic: `name` and `hash`; of the cohort also `role`, the share that its images come from.
        pixels: (n, channel, row, column) uint8, quantised alike for both kinds.
        truth: (n,) 0 for real and 1 for synthetic images.
        labels: (n,) index into `classes`.
        ids: (n,) opaque ids of the images where they come from; never sent to a reader.
        clusters: (n,) images with the same number belong to one patient, or to near-duplicates; each synthetic image is
            one of its own.
        orders: (reader, place) row of the image that a reader sees at a place; a row may come twice.
        items: (reader, place) 32 random hex digits, what the image is called at that place.
        keys: (reader,) 32 random hex digits, what opens the study as that reader.
        patients_known: Whether `clusters` stand for patients.
        window: Lowest and highest value shown, in `unit`.
        step: Of the grid that values of both kinds were rounded to, in `unit`; 0 where they were not.
        shown: Rows and columns on the screen, in CSS pixels.
        created: UTC, ISO 8601.
        digest: SHA-256 over all of it but the digest, 64 hex digits.
    """

    name: str
    cohort: dict[str, Any]
    synthetic: dict[str, Any]
    classes: tuple[str, ...]
    pixels: Pixels
    truth: Integers
    labels: Integers
    ids: Names
    clusters: Integers
    orders: Integers
    items: Names
    keys: Names
    patients_known: bool
    window: tuple[float, float]
    unit: str
    step: float
    shown: tuple[int, int]
    created: str
    equivalence: Equivalence | None = None
    digest: str = ""

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def readers(self) -> tuple[str, ...]:
        """`R1`, `R2`, ...: nobody is known by another name."""
        return tuple(f"R{number + 1}" for number in range(len(self.keys)))

    @property
    def places(self) -> int:
        """How many images each reader sees, repeats among them."""
        return int(self.orders.shape[1])

    @property
    def own_digest(self) -> str:
        """What the digest must be if nobody changed the study."""
        arrays = [np.asarray(array) for array in (self.pixels, self.truth, self.labels, self.clusters, self.orders)]
        texts = [np.asarray(names).astype(str).tolist() for names in (self.ids, self.items, self.keys)]
        plan = None if self.equivalence is None else vars(self.equivalence)
        facts = [self.name, self.cohort, self.synthetic, list(self.classes), list(self.window), self.unit]
        rest = [self.step, list(self.shown), self.patients_known, self.created, plan]
        return digest_of(*arrays, *texts, *facts, *rest)

    def is_repeat(self, reader: int) -> NDArray[np.bool_]:
        """Return (place,) whether a reader sees an image for the second time there."""
        _, first = np.unique(self.orders[reader], return_index=True)
        repeat = np.ones(self.places, bool)
        repeat[first] = False
        return repeat


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a reader said of one image.

    Attributes:
        place: From 0, in the reader's own order.
        item: What the image was called there.
        confidence: 1 (surely real) to 6 (surely synthetic).
        label: Class that was read, index into the study's classes.
        tags: Some of `TAGS`.
        seconds: That the image was on the screen; pauses do not count.
        pauses: How often the reader paused at it.
        written: UTC, ISO 8601.
    """

    place: int
    item: str
    confidence: int
    label: int
    tags: tuple[str, ...] = ()
    seconds: float = 0.0
    pauses: int = 0
    written: str = field(default="")

    @property
    def called(self) -> int:
        """The call: 0 real, 1 synthetic."""
        return SYNTHETIC if self.confidence >= FIRST_SYNTHETIC else REAL
