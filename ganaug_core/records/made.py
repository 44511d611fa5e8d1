"""How a result was made: what a methods section states beside the numbers."""

import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

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
    """

    date: str
    versions: dict[str, str]
    encoders: dict[str, UsedEncoder] = field(default_factory=dict)


def versions() -> dict[str, str]:
    """Return the versions of everything here that numbers may depend on; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
