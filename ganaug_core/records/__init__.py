"""What flows: Cohort -> Run -> Generator -> Samples -> Features -> Map / Audit.

Frozen dataclasses of NumPy arrays. Images inside are (n, channel, row, column) float32 in [-1, 1]; stored pixels
keep their integer depth and `Intensity` maps them to that range and back. One opaque id (12 hex digits) names an
image everywhere: map, gallery, table, report.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug_core.records.digest import digest_of
from ganaug_core.records.made import Made

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Names = NDArray[np.str_]
Pixels = NDArray[Any]

ROLES = ("train", "tuning", "holdout")
TRAIN, TUNING, HOLDOUT = 0, 1, 2
UNKNOWN_PATIENT = -1
MASK = "mask"  # code of a `Skipped` that tells how a mask was used, or why not
NO_MASK = 255  # every pixel of the mask of an image that has none
MOVEMENT = ("turn", "flip", "angle", "scale", "right", "down")
"""What lays one image on another, as the registered search finds it.

Quarter turns counter-clockwise (0 to 3), then a mirroring left to right (0 or 1), lay the query on the reference, which
is turned by `angle` (degrees) and scaled by `scale` about its middle, and moved by `right` and `down` (pixels of 32):
pixel (x, y) of the turned query, seen from the middle, is (a x - b y + right, b x + a y + down) of the reference, where
a = scale cos(angle) and b = scale sin(angle).
"""


@dataclass(frozen=True)
class Intensity:
    """The affine map between the physical unit and [-1, 1].

    Attributes:
        unit: `HU`, `intensity` or another unit of the stored pixels.
        low: Physical value that becomes -1.
        high: Physical value that becomes 1, > low.
    """

    unit: str
    low: float
    high: float

    def normalise(self, pixels: Pixels) -> Floats:
        """Return float32 in [-1, 1]; values outside [low, high] are clipped."""
        span = self.high - self.low
        scaled = (np.asarray(pixels, np.float32) - np.float32(self.low)) * np.float32(2 / span) - 1
        clipped: Floats = np.clip(scaled, -1, 1, dtype=np.float32)
        return clipped

    def physical(self, images: Floats) -> Floats:
        """Return float32 in the unit: the exact inverse of `normalise` inside [low, high]."""
        return ((images + 1) * np.float32((self.high - self.low) / 2) + np.float32(self.low)).astype(np.float32)


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, or is read though odd, and why: `code` for machines, `say` and `do` for people."""

    file: str
    code: str
    say: str
    do: str

    @property
    def is_read(self) -> bool:
        """Whether its images are used all the same: a series or volume with something odd about it."""
        return self.code.startswith("series.") and self.code != "series.localiser"


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One image as a reader hands it over.

    Attributes:
        pixels: (channel, row, column) in the stored type and the physical unit.
        source: Path relative to the source (`name:index` for arrays and volumes); never leaves the machine.
        label: Class name, None where only a manifest knows it.
        patient: Any text that is equal for images of one patient, None where unknown.
        volume: Any text that is equal for slices of one volume, None for single images.
        role: `train`, `tuning` or `holdout` where the source has its own split.
        unit: `HU`, or `intensity` where the unit is unknown.
        unit_guessed: The format names no unit, so the values told it.
        padding: Share of the pixels that are padding, by the header or by a value far from all others: they hold the
            lowest value of the others.
        spacing_mm: Row and column spacing, None where unknown.
        colour: The source was in colour; a single channel is its luminance.
        modality: DICOM's code (`CT`, `MR`, ...), None where unknown.
        text_risk: Why the header makes burned-in text likely, None where it does not.
        dropped: Names, never values, of what the file holds beside the pixels and these attributes.
        mask: (row, column) uint8 on the grid of the pixels, 1 inside the lesion, else 0; None where there is none.
        columns: Values of the table's columns that are kept, in their order; empty text where one is not stated.
        synthetic: Its file says that a program drew it.
    """

    pixels: Pixels
    source: str
    label: str | None = None
    patient: str | None = None
    volume: str | None = None
    role: str | None = None
    unit: str = "intensity"
    unit_guessed: bool = False
    padding: float = 0.0
    spacing_mm: tuple[float, float] | None = None
    colour: bool = False
    modality: str | None = None
    text_risk: str | None = None
    dropped: tuple[str, ...] = ()
    mask: Pixels | None = None
    columns: tuple[str, ...] = ()
    synthetic: bool = False


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Labelled images with patients and a split that never changes once it is fixed.

    Attributes:
        name: Name in the workspace.
        digest: SHA-256 over pixels, labels, roles and intensity, and masks where there are some, 64 hex digits.
        pixels: (n, channel, row, column) in the stored type, opened memory-mapped and read-only.
        labels: (n,) index into `classes`.
        roles: (n,) index into `ROLES`.
        ids: (n,) opaque ids.
        patients: (n,) number of the patient, `UNKNOWN_PATIENT` where none is known.
        groups: (n,) number of the unit of the split: the union of a patient's images and of near-duplicates.
        classes: Class names in label order.
        intensity: Map to the physical unit.
        near_duplicates: (k, 2) indices of pairs that registration shows to be one image;
            `near_duplicate_distances` (k,).
        own_split: The source came with its split; otherwise we made it.
        spacing_mm: Row and column spacing, None where unknown.
        duplicates: Counts: `exact`, `across_split`, `across_classes`.
        skipped: What was left out.
        provenance: Digests and settings that the cohort was made from.
        volumes: (n,) number of the volume, -1 for single images; its slices lie in the order of position. Empty where
            no image belongs to a volume.
        modality: DICOM's code that most images share, empty where unknown.
        suspected_text: Why an image may hold burned-in text, by id.
        fixed: The split cannot be edited any more.
        masks: (n, row, column) uint8 on the grid of the pixels: 1 where at least half of a pixel lies inside the
            lesion, else 0, and `NO_MASK` all over an image that has no mask. None where no image has one.
        columns: Names of the source's columns that were kept, for subgroups.
        column_values: (n, column) their values as text, empty where one is not stated; they stay in the workspace.
    """

    name: str
    digest: str
    pixels: Pixels
    labels: Integers
    roles: Integers
    ids: Names
    patients: Integers
    groups: Integers
    classes: tuple[str, ...]
    intensity: Intensity
    near_duplicates: Integers
    near_duplicate_distances: Floats
    own_split: bool
    spacing_mm: tuple[float, float] | None = None
    duplicates: dict[str, int] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    volumes: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    modality: str = ""
    suspected_text: dict[str, str] = field(default_factory=dict)
    fixed: bool = True
    masks: Pixels | None = None
    columns: tuple[str, ...] = ()
    column_values: Names = field(default_factory=lambda: np.zeros((0, 0), np.str_))

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def identity(self) -> str:
        """What results are found by, 64 hex digits: the content, who belongs together, and what was kept of each."""
        optional = [list(self.columns), self.column_values.astype(str).tolist()] if self.columns else []
        return digest_of(
            self.digest, self.ids.astype(str).tolist(), self.patients, self.groups, self.own_split, *optional
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channel, row, column)."""
        channels, rows, columns = self.pixels.shape[1:]
        return channels, rows, columns

    def where(self, *roles: int, label: int | None = None) -> Integers:
        """Return the indices of all images in one of `roles` (all roles if none is given), of one class if asked."""
        chosen = np.isin(self.roles, roles) if roles else np.ones(len(self), bool)
        if label is not None:
            chosen &= self.labels == label
        return np.flatnonzero(chosen)

    def images(self, index: Integers) -> Floats:
        """Return images in [-1, 1], (len(index), channel, row, column)."""
        return self.intensity.normalise(self.pixels[index])

    def reading(self, index: Integers) -> "ImageRows":
        """Return the same images, each read when it is asked for."""
        return ImageRows(self, index)

    def with_mask(self) -> Integers:
        """Return the indices of all images that have a mask."""
        return np.flatnonzero(self.masks[:, 0, 0] != NO_MASK) if self.masks is not None else np.zeros(0, np.int64)

    def inside(self, index: Integers) -> NDArray[np.bool_]:
        """Return (len(index), row, column), true inside the lesion, false all over an image without a mask."""
        if self.masks is None:
            return np.zeros((len(index), *self.shape[1:]), np.bool_)
        inside: NDArray[np.bool_] = np.asarray(self.masks[index]) == 1
        return inside


@dataclass(frozen=True)
class ImageRows:
    """Images `rows` of a cohort, (n, channel, row, column) in [-1, 1], sliced and indexed as an array is.

    Pixels are read and brought to [-1, 1] when they are asked for: whoever goes through them in blocks holds a block.
    """

    cohort: Cohort
    rows: Integers

    ndim: ClassVar[int] = 4

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.rows), *self.cohort.shape)

    def __getitem__(self, index: int | slice | Integers) -> Floats:
        return self.cohort.images(self.rows[index])


class Images(Protocol):
    """Images (n, channel, row, column) float32 in [-1, 1]: an array, or what is read or made when it is asked for.

    Whoever takes them goes through them in blocks; `images[:]` is all of them at once.
    """

    @property
    def ndim(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Synthetic images, ours or anybody's.

    Attributes:
        name: Name in the workspace.
        digest: SHA-256 over images and labels.
        images: (n, channel, row, column) in [-1, 1] of the cohort's intensity.
        labels: (n,) index into `classes`.
        ids: (n,) opaque ids.
        classes: Class names in label order.
        source: `generator`, `folder` or `npz`.
        paths: (n,) path relative to the source (`name:index` for arrays), empty for a generator.
        provenance: Generator digest, seed, truncation, mixing, or what was left out at import. `cohort` holds the
            digest of the cohort whose training share the generator saw, where that is known; `imitates` the digest of
            the one onto whose grid and unit anybody's images were brought.
    """

    name: str
    digest: str
    images: Floats
    labels: Integers
    ids: Names
    classes: tuple[str, ...]
    source: str
    paths: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def identity(self) -> str:
        """What results are found by, 64 hex digits: the images under their ids, and what drew them."""
        origin = {key: self.provenance.get(key) for key in ("generator", "cohort", "truncation", "mixing")}
        return digest_of(self.digest, self.ids.astype(str).tolist(), list(self.classes), self.source, origin)


@dataclass(frozen=True)
class Features:
    """What an encoder sees: `values` (n, dimension) float32, one row per id.

    Attributes:
        encoder: Name of the encoder.
        digest: SHA-256 of the encoder's weights and of the images.
    """

    encoder: str
    digest: str
    values: Floats
    ids: Names


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number that never goes alone: value, 95 % interval, sizes, what real-vs-real gives, what chance gives.

    Attributes:
        reference: Which real images it was compared with: `holdout`, `train` or `train+holdout`.
        p_value: Of the test that belongs to it, uncorrected; None where it has none.
        test: The test, its null and its margin in words, where there is a p.
        interval_method: How the interval was made, where there is one.
        unit: Of the value where it has one: `HU`, `cycles a pixel`.
    """

    name: str
    encoder: str
    value: float
    interval: tuple[float, float] | None
    floor: float | None
    null: float | None
    n_real: int
    n_synthetic: int
    better: str
    class_name: str | None = None
    reference: str = "holdout"
    p_value: float | None = None
    unit: str = ""
    test: str = ""
    interval_method: str = ""


@dataclass(frozen=True)
class Verdict:
    """An answer, and the test that it stands on; a rule has none.

    Attributes:
        state: `pass`, `warn`, `fail` or `not_assessable`.
        p: Smallest p inside the verdict, corrected for the tests inside it; `p_corrected` for the five verdicts too
            (Holm). None where nothing could be tested, and of rules.
        test: Its name; `null` says in words what is rejected where p is small, up to which `margin` that holds.
        patients: Real patients that the test counts (groups where patients are unknown), `images` synthetic images.
    """

    state: str
    statement: str
    do: str
    p: float | None = None
    p_corrected: float | None = None
    test: str = ""
    null: str = ""
    margin: float | None = None
    patients: int | None = None
    images: int | None = None


LISTED_BELOW = 0.1  # q: of the pairs below it at most one in ten is expected to be chance


def listed(q_values: ArrayLike, identical: ArrayLike, rejected: bool = True) -> NDArray[np.bool_]:
    """Return which pairs are named as copies: equal up to noise, or, in a set that is rejected, q below the limit.

    Without a test of the whole set that rejects, a small q among hundreds is a closest pair and no copy.
    """
    named: NDArray[np.bool_] = np.asarray(identical, bool) | (rejected & (np.asarray(q_values) < LISTED_BELOW))
    return named


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A synthetic image and the real image that it resembles most.

    Attributes:
        real: Its id, of any role in the cohort; `role` says which.
        holdout: Id of the nearest held-out image.
        distance: 1 - largest normalised cross-correlation after registration, in [0, 2].
        score: Distance to what the generator may have seen over distance to hold-out; far below 1 is suspicious.
        p_value: Share of real patients with a score as small, those with a natural near-duplicate counted.
        q_value: Benjamini-Hochberg over all synthetic images.
        transform: What maps the real image on the synthetic one: `identity`, `flip`, `shift`, ...
        identical: The identity rule holds: the same image up to noise.
        rejected: The set test finds copies in this set.
    """

    synthetic: str
    real: str = field(metadata={"was": "train"})
    holdout: str
    encoder: str
    distance: float
    score: float
    p_value: float
    q_value: float
    transform: str
    role: str = "train"
    identical: bool = False
    rejected: bool = True

    @property
    def is_listed(self) -> bool:
        """Whether the pair is named as a copy; an audit shows its closest pairs beside them."""
        return bool(listed(self.q_value, self.identical, self.rejected))


@dataclass(frozen=True, kw_only=True)
class MissingMode:
    """A group of real images that the generator makes too rarely.

    Attributes:
        exemplars: Ids of its most typical real images, `members` of all, `nearest` of the nearest synthetic ones.
        n_real: Real patients of the class, `n_synthetic` its synthetic images.
    """

    class_name: str
    cluster: int
    real_share: float
    synthetic_share: float
    interval: tuple[float, float]
    p_value: float
    exemplars: tuple[str, ...]
    members: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    encoder: str = "simclr"
    n_real: int = 0
    n_synthetic: int = 0


@dataclass(frozen=True)
class Copied:
    """A real image that synthetic images seem to copy, and its patient.

    Attributes:
        real: Its id; `role` its share of the cohort.
        patient: Number of the patient or group in the cohort; it names nobody outside of it.
        synthetic: Ids of the synthetic images, the most suspicious first.
        identical: One of them is the same image up to noise.
    """

    real: str = field(metadata={"was": "train"})
    patient: int
    class_name: str
    synthetic: tuple[str, ...]
    identical: bool
    role: str = "train"


@dataclass(frozen=True, kw_only=True)
class OddImage:
    """A synthetic image that is unlike real images of its class.

    Attributes:
        score: What makes it odd most: `texture`, `outlines` or `doubt`.
        says: The same in words.
        p_value: Share of held-out images of the class (one a patient) that are as odd, itself counted.
        q_value: Benjamini-Hochberg over all synthetic images.
        ordinary: Id of the training image that it resembles most, empty where none was sought.
    """

    synthetic: str
    class_name: str
    score: str
    says: str
    p_value: float
    q_value: float
    ordinary: str = ""

    @property
    def is_listed(self) -> bool:
        """Whether it stands on the list that holds one ordinary image in ten at most, on average."""
        return self.q_value < LISTED_BELOW


@dataclass(frozen=True)
class Examples:
    """Synthetic images that show what a verdict says: what they show in words, and their ids, the plainest first."""

    says: str
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Subgroup:
    """What one question says of one subgroup of real images; what is not shown or not tested has no number.

    Attributes:
        column, group: Where the subgroup comes from, and its value there.
        question: `coverage`, `labels` or `intensities`.
        state: `named` (corrected p below .05), `not_named`, `not_tested`, or `not_shown` (too few patients).
        says: In words.
        value: What the synthetic images give for the subgroup, `reference` what it is compared with, both shares in
            [0, 1]; `interval` that of 95 % of their difference.
        patients: Of the subgroup in the whole cohort (images where patients are unknown).
        n_real: Real patients that the test counts, `n_synthetic` synthetic images.
        p_value: One-sided, uncorrected; `p_corrected` by Holm over all subgroups and questions of the audit.
    """

    column: str
    group: str
    question: str
    state: str
    says: str
    value: float | None = None
    reference: float | None = None
    interval: tuple[float, float] | None = None
    patients: int | None = None
    n_real: int | None = None
    n_synthetic: int | None = None
    p_value: float | None = None
    p_corrected: float | None = None
    test: str = ""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Five verdicts, and the evidence below them.

    Attributes:
        verdicts: By name: copying, mode_coverage, fidelity, label_fidelity, intensity.
        suspects: The closest pairs, most suspicious first: at least 20, and every one below the list's threshold.
        scores: `synthetic` (m,), `holdout` (n_h,) and `seen` copy scores, for the drawing.
        detectable_share: Smallest share of exact copies that these sizes would show, None where none would;
            `detectable_shares` the same for copies that were changed in known ways.
        nearest: Of every synthetic image the nearest real one of each role by registration, arrays (m,) named
            `train.id` (ASCII bytes), `train.distance` and `train.turn` to `train.down` (`MOVEMENT`); the same for
            `tuning` and `holdout`.
        copied: The real images behind the listed suspects, the most often copied first.
        give_aways: Ids of synthetic images that a classifier tells from real ones most surely.
        examples: By name of the verdict, for labels and intensities.
        spaces, regions: Sentences on where the feature spaces disagree, and on the lesion of each class with masks.
        membership: Sentences on who is recognised as a training image, empty where nobody asked.
        subgroups: Whether real subgroups fare worse than others, `subgroup_notes` the same in sentences; empty where
            nobody asked.
        odd_images: The oddest synthetic images and all that are listed, empty where nobody asked; `odd` sentences.
        odd_scores: Of every synthetic image, arrays (m,): `p`, `q`, and `texture`, `outlines`, `doubt` with the median
            of real images of the class at 0 and the value that a tenth of them exceed at 1; NaN where not known.
        drawings: Arrays for the figures below the verdicts, by name: `confusion.*`, `spectrum.*`, `give_away.*`,
            `histogram.*`, `region.*`. `give_away.scores` is (m,): how synthetic an image looks to a classifier that
            had not seen it, NaN for images that it was never shown (it takes as many of each class as are held out).
        made: When and with what; None in audits from before it was kept.
    """

    cohort: dict[str, Any]
    synthetic: dict[str, Any]
    seed: int
    verdicts: dict[str, Verdict]
    measurements: tuple[Measurement, ...]
    suspects: tuple[Suspect, ...]
    missing_modes: tuple[MissingMode, ...]
    scores: dict[str, Floats]
    detectable_share: float | None
    command: str = ""
    copied: tuple[Copied, ...] = ()
    give_aways: tuple[str, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)
    examples: dict[str, Examples] = field(default_factory=dict)
    spaces: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    membership: tuple[str, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    subgroup_notes: tuple[str, ...] = ()
    odd_images: tuple[OddImage, ...] = ()
    odd: tuple[str, ...] = ()
    odd_scores: dict[str, Floats] = field(default_factory=dict)
    nearest: dict[str, NDArray[Any]] = field(default_factory=dict)
    detectable_shares: dict[str, float | None] = field(default_factory=dict)
    made: Made | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Map:
    """Real images placed by UMAP, synthetic ones between their nearest real neighbours.

    Attributes:
        encoder: Feature space.
        positions: (n, 2).
        ids: (n,) ids, real first.
        roles: (n,) index into `ROLES`, 3 for synthetic.
        labels: (n,) class index.
        nearest: (n,) row of the nearest training point in feature space (itself excluded), -1 where there is none.
        distances: (n,) distance in feature space to it.
        trustworthiness: Of the real points, in [0, 1], higher is better (Venna and Kaski, 2001).
        neighbour_hit_rate: Share of the 15 nearest neighbours in feature space that are neighbours on the map too.
        neighbours: (n, k) rows of the nearest other points in feature space, real and synthetic, the nearest first;
            empty where the map was drawn without them.
        reaches: (n,) distance in feature space to the last of these: small where images crowd; empty without them.
    """

    encoder: str
    cohort: str
    synthetic: str
    classes: tuple[str, ...]
    positions: Floats
    ids: Names
    roles: Integers
    labels: Integers
    nearest: Integers
    distances: Floats
    trustworthiness: float
    neighbour_hit_rate: float
    neighbours: Integers = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    reaches: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
