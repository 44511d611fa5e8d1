"""How a result was made: what a methods section states beside the numbers."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ganaug_core.records.codec import in_json
from ganaug_core.records.plan import Planned
from ganaug_core.wording import count, listing

NOUNS = {
    "audit": ("audit",),
    "map": ("map",),
    "benefit": ("benefit experiment",),
    "reading": ("reader study", "reader studies"),
}
PACKAGES = ("ganaug", "torch", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True, kw_only=True)
class UsedEncoder:
    """A feature space that was looked through.

    Attributes:
        digest: SHA-256 over its name, image size and weights, 64 hex digits.
        seed: That it was fitted with; None where nothing was fitted here.
    """

    digest: str
    seed: int | None


@dataclass(frozen=True, kw_only=True)
class Made:
    """When, with what, and after how many looks; no identity and no number of a result depends on it.

    Attributes:
        date: UTC, ISO 8601, seconds.
        versions: By name of the package, and `python`.
        encoders: By name; empty where none was used.
        plan: Whether it keeps to a plan from before the first look.
        looks_before: How often the hold-out share had been looked at before, by what looked: `audit`, `map`, `benefit`,
            `reading`.
    """

    date: str
    versions: dict[str, str]
    encoders: dict[str, UsedEncoder] = field(default_factory=dict)
    looks_before: dict[str, int] = field(default_factory=dict)
    plan: Planned | None = None

    @property
    def in_words(self) -> tuple[str, ...]:
        """What stands below a result: whether it was planned, and how often somebody had looked before."""
        planned = () if self.plan is None else (self.plan.in_words,)
        return (*planned, looked_before(self.looks_before))


def as_json(made: Made | None) -> dict[str, Any]:
    """Return what the documents of audits and experiments say of it; null where it was not kept yet."""
    if made is None:
        return dict.fromkeys(("versions", "date", "holdout", "plan"))
    looks = {"looks_before": sum(made.looks_before.values()), "by": in_json(made.looks_before)}
    return {"versions": in_json(made.versions), "date": made.date, "holdout": looks, "plan": in_json(made.plan)}


def looked_before(looks: Mapping[str, int]) -> str:
    """Return a sentence on the looks at a hold-out share before something was made."""
    if not looks:
        return "Nobody had looked at the hold-out share before, as far as this workspace knows."
    times = sum(looks.values())
    parts = listing([count(number, *NOUNS.get(by, (by,))) for by, number in looks.items()])
    return f"The hold-out share had been looked at {'once' if times == 1 else f'{times} times'} before ({parts})."


def versions() -> dict[str, str]:
    """Return the versions of everything here that numbers may depend on; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
