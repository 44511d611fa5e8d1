"""What a bundle is made of: the packages that ganaug needs, what their wheels say, and the list of them (CycloneDX)."""

import email
import hashlib
import re
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from ganaug_core.errors import GanaugError

GPU_PARTS = ("nvidia-", "cuda-")  # what PyTorch for CUDA asks for
LICENCE_NAME = 80  # longer, or of many lines, is the licence itself
NAMED_LIBC = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}  # PEP 600


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel and what it says of itself; `name` is normalised, `licences` are CycloneDX license choices."""

    file: Path
    name: str
    version: str
    requires: list[str]
    licences: list[dict[str, Any]]
    sha256: str


def read_wheel(file: Path) -> Wheel:
    """Return what a wheel says of itself."""
    with zipfile.ZipFile(file) as archive:
        entry = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        message = email.message_from_string(archive.read(entry).decode("utf-8", "replace"))
    return Wheel(
        file=file,
        name=canonicalize_name(message["Name"]),
        version=message["Version"],
        requires=message.get_all("Requires-Dist") or [],
        licences=licences(message["License-Expression"], message["License"], message.get_all("Classifier") or []),
        sha256=digest(file),
    )


def digest(file: Path) -> str:
    """Return a file's SHA-256."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """Return the packages that these need here, and those that they need in turn: normalised name to installed version.

    Raises:
        GanaugError: One is not installed, or in a version that the requirement does not allow.
    """
    versions: dict[str, str] = {}
    waiting = [(line, "") for line in requirements]  # a requirement, and the extra for which it is asked
    followed: set[tuple[str, str]] = set()
    while waiting:
        line, asked_for = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": asked_for}):
            continue
        distribution = _installed(requirement)
        name = canonicalize_name(requirement.name)
        versions[name] = distribution.version
        new = {(name, extra) for extra in ("", *requirement.extras)} - followed
        waiting += [(needed, extra) for _, extra in new for needed in distribution.requires or ()]
        followed |= new
    return dict(sorted(versions.items()))


def gpu_build() -> str | None:
    """Return the version of a PyTorch for graphics cards; None where it is the processor build.

    Raises:
        GanaugError: PyTorch, or what it needs, is not installed.
    """
    needed = closure(["torch"])
    local = needed["torch"].partition("+")[2]
    for_gpu = local not in ("", "cpu") or any(name.startswith(GPU_PARTS) for name in needed)
    return needed["torch"] if for_gpu else None


def licences(expression: str | None, licence: str | None, classifiers: Sequence[str]) -> list[dict[str, Any]]:
    """Return CycloneDX license choices: an SPDX expression, else a short name, else what the classifiers say."""
    for stated in (expression, licence):
        try:
            return [{"expression": canonicalize_license_expression(stated or "")}]
        except InvalidLicenseExpression:
            continue
    if licence and licence != "UNKNOWN" and len(licence) <= LICENCE_NAME and not re.search(r"\n|://", licence):
        return [{"license": {"name": licence}}]
    classified = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License :: ")]
    return [{"license": {"name": name}} for name in classified or ["not stated in the package"]]


def least_system(files: Iterable[Path]) -> str:
    """Return the oldest glibc or macOS on which all these wheels run ("2.28"); "0" where they name none."""
    needed = [min(map(_system_version, parse_wheel_filename(file.name)[3])) for file in files]
    return ".".join(map(str, max(needed, default=(0,))))


def bill_of_materials(own: Wheel, others: Iterable[Wheel]) -> dict[str, Any]:
    """Return a CycloneDX 1.6 document: ganaug, and each package that it needs."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {"component": _component(own, "application")},
        "components": [_component(wheel, "library") for wheel in others],
    }


def _component(wheel: Wheel, kind: str) -> dict[str, Any]:
    address = f"pkg:pypi/{wheel.name}@{wheel.version.replace('+', '%2B').replace('!', '%21')}"
    return {
        "type": kind,
        "bom-ref": address,
        "name": wheel.name,
        "version": wheel.version,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
        "licenses": wheel.licences,
        "purl": address,
    }


def _installed(requirement: Requirement) -> metadata.Distribution:
    try:
        distribution = metadata.distribution(requirement.name)
    except metadata.PackageNotFoundError:
        raise GanaugError(
            f"{requirement.name} is needed and not installed here.",
            do="Install what ganaug needs (pip install -e .) and ask again.",
            code="missing",
        ) from None
    if not requirement.specifier.contains(distribution.version, prereleases=True):
        raise GanaugError(
            f"{requirement.name} {distribution.version} is installed here, and {requirement.specifier} is needed.",
            do="Install what ganaug needs (pip install -e .) and ask again.",
            code="version",
        )
    return distribution


def _system_version(tag: Any) -> tuple[int, ...]:
    """Return the glibc or macOS version of a wheel's tag; (0,) where it names none."""
    named = tag.platform.split("_")[0]
    if named in NAMED_LIBC:
        return NAMED_LIBC[named]
    numbers = re.match(r"(?:manylinux|macosx)_(\d+)_(\d+)_", tag.platform)
    return tuple(map(int, numbers.groups())) if numbers else (0,)
