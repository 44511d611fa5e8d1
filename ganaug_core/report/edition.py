"""The two editions: what each may show and say of real images."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import ROLES, Audit, Cohort, Samples, disclosure
from ganaug_core.report import pictures
from ganaug_core.report.blocks import Picture
from ganaug_core.wording import clean

SAME = 0.05
"""Registered distance to an image of the cohort below which a synthetic one stays inside, named as a copy or not: what
the import takes for one image when it looks for near-duplicates is nearer than this."""
LOW_SCORE = 0.1  # quantile of the real images' copy scores
WITHHELD = "withheld"
FEW_PICTURED = 11  # images of a class below which nothing that is averaged over them is drawn


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What may be shown.

    Attributes:
        inside: For those who may see the cohort.
        public: What makes the cohort public, in the words of who said so; empty where nobody did.
        withheld: Ids of synthetic images that may be copies.
        told: Ids and digests that tell of no real image.
        known: Whole digests of real images.
        salt: Of this installation.
    """

    inside: bool
    public: str
    withheld: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    salt: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        return "inside" if self.inside else "outside"

    @property
    def shows_all(self) -> bool:
        """Whether real images and exact numbers may be shown."""
        return self.inside or bool(self.public)

    @property
    def band(self) -> str:
        """What stands on every page of an edition that must not leave."""
        return "Contains patient images. Not to be passed on." if self.inside and not self.public else ""

    @property
    def note(self) -> str:
        """What this edition shows."""
        if self.public:
            return f"Shows images of the cohort, which is stated to be public: {self.public}."
        if self.inside:
            return "Inside edition: shows real images and exact numbers."
        return (
            "Outside edition: shows no image of the cohort and no synthetic one that may be a copy; numbers of real "
            "images and patients from 1 to 10 print as “10 or fewer”; digests of the cohort are salted, so they "
            "compare only with other reports of the same installation."
        )

    def text(self, said: object) -> str:
        """Return a stored sentence as this edition may say it, in one line."""
        text = clean(said)
        if self.shows_all:
            return disclosure.without_paths(text)
        return disclosure.outside(text, self.told, self.known, self.salt)

    def real(self, number: int) -> str:
        """Return a number of real images or patients."""
        return f"{number:,}" if self.shows_all else disclosure.few(number)

    def digest(self, digest: str) -> str:
        """Return a digest of real images."""
        return digest if self.shows_all else f"{disclosure.salted(digest, self.salt)} (salted)"

    def synthetic(self, samples: Samples, image: str, caption: str) -> Picture:
        """Return a synthetic image, or its place where it has to stay inside."""
        if image in self.withheld and not self.shows_all:
            return Picture(None, f"{caption}; it may be a copy of a real image", instead=WITHHELD)
        row = np.flatnonzero(samples.ids == image)
        return (
            Picture(pictures.png(np.asarray(samples.images[row[0]])), caption) if len(row) else Picture(None, caption)
        )

    def of_cohort(self, cohort: Cohort, image: str, caption: str) -> Picture:
        """Return a real image, or its place."""
        row = np.flatnonzero(cohort.ids == image)
        if not self.shows_all or not len(row):
            return Picture(None, caption, instead=WITHHELD)
        return Picture(pictures.png(cohort.images(row)[0]), caption, real=True)


def may_be_copies(audit: Audit, samples: Samples) -> set[str]:
    """Return the ids of synthetic images that may be copies, and so patient images in effect.

    These are the ones that the audit names, those nearer to an image of the cohort than `SAME`, and, where copying was
    found or cannot be judged, all whose score is as low as that of a tenth of the real images.
    """
    found = {suspect.synthetic for suspect in audit.suspects if suspect.is_listed or suspect.distance < SAME}
    near = np.zeros(len(samples), bool)
    for role in ROLES:
        distances = np.asarray(audit.nearest.get(f"{role}.distance", ()))
        if len(distances) == len(samples):
            near |= distances < SAME
    scores = np.asarray(audit.scores.get("synthetic", ()))
    real = real_scores(audit)
    if audit.verdicts["copying"].state != "pass" and len(real) and len(scores) == len(samples):
        near |= scores < np.quantile(real, LOW_SCORE)
    return found | set(samples.ids[near].tolist())


def real_scores(audit: Audit) -> NDArray[np.float64]:
    """Return the finite copy scores of real images, each compared without its own."""
    scores = np.concatenate([np.asarray(audit.scores.get(side, ()), np.float64) for side in ("holdout", "seen")])
    finite: NDArray[np.float64] = scores[np.isfinite(scores)]
    return finite


def rules_for(
    cohort: Cohort, sets: Sequence[tuple[Samples, Audit]], *, inside: bool, public: str, salt: bytes
) -> Edition:
    """Return the rules for a report on sets of synthetic images with their audits."""
    told, known, withheld = set[str](), {cohort.digest, cohort.identity}, set[str]()
    for samples, audit in sets:
        told |= {samples.digest, str(samples.provenance.get("generator", "")), *samples.ids.tolist()}
        known |= {used.digest for used in audit.made.encoders.values()} if audit.made is not None else set()
        withheld |= may_be_copies(audit, samples)
    return Edition(
        inside=inside,
        public=public,
        withheld=frozenset(withheld),
        told=frozenset(told - {""}),
        known=frozenset(known),
        salt=salt,
    )
