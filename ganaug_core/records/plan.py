"""What was fixed before the first look at a hold-out share, and whether a result keeps to it."""

from dataclasses import dataclass, fields
from typing import Any

from ganaug_core.records.codec import plain
from ganaug_core.records.digest import digest_of
from ganaug_core.wording import listing

SHOWN = 12  # hex digits of a digest in sentences
SIGNED_AFTER = ("created", "digest")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be asked of a hold-out share, and when an answer counts.

    Attributes:
        cohort: What it was called when the plan was written.
        holdout: `digest` over its images and their classes, `images`, and `patients`, None where one is unknown.
        audit: `spaces`, `seed`.
        benefit: `class`, `doses`, `repetitions`, `margin`, `steps` (None is the default), `seed`.
        thresholds: Levels and margins of the verdicts, as in the code.
        software: `ganaug`, and the revision of each method.
        looks: At this hold-out share before the plan, by what looked; empty for a plan that fixes anything.
        created: UTC, ISO 8601.
        digest: SHA-256 over all of it but `created`, 64 hex digits.
    """

    name: str
    cohort: str
    holdout: dict[str, Any]
    audit: dict[str, Any]
    benefit: dict[str, Any]
    thresholds: dict[str, float]
    software: dict[str, Any]
    looks: dict[str, int]
    created: str
    digest: str = ""

    @property
    def own_digest(self) -> str:
        """What the digest must be if nobody changed the plan."""
        signed = {field.name: plain(getattr(self, field.name)) for field in fields(self)}
        return digest_of({name: value for name, value in signed.items() if name not in SIGNED_AFTER})

    @property
    def standing(self) -> str:
        """Whether it came before the first look, in words."""
        if times := sum(self.looks.values()):
            return f"after {times} {'look' if times == 1 else 'looks'} at the hold-out share: nothing is planned by it"
        return "before the first look at the hold-out share"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Whether a result keeps to a plan that was written before the first look.

    Attributes:
        name, digest: Of the plan that it was held against, empty where there is none.
        why_not: Reasons in words; empty where it is planned.
    """

    planned: bool
    name: str = ""
    digest: str = ""
    why_not: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """`Planned (plan first, digest ...)`, or `Not planned` with the reasons."""
        plan = f"plan {self.name}, digest {self.digest[:SHOWN]}" if self.name else ""
        if self.planned:
            return f"Planned ({plan}): as it was fixed before the first look at the hold-out share."
        against = f" (compared with the {plan})" if plan else ""
        return f"Not planned{against}: {listing(self.why_not)}."
