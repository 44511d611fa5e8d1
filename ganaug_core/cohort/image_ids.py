"""Opaque names of images: stable on one installation, telling nothing elsewhere."""

import hashlib
from collections.abc import Sequence

import numpy as np

from ganaug_core.records import Integers, Intensity, Names, Pixels
from ganaug_core.storage.workspace import digest_of

LENGTH = 12


def ids(images: Pixels, sources: Sequence[str], salt: bytes) -> Names:
    """Return (n,) different names of 12 hex digits.

    The salt stays on the machine: without it nobody can find out whether an image or a path belongs to a name. The
    same image under the same path keeps its name when a cohort is imported again.
    """
    taken: set[str] = set()
    names = []
    for image, source in zip(images, sources, strict=True):
        content = hashlib.sha256(
            salt + source.encode("utf-8", "replace") + b"\0" + np.ascontiguousarray(image).tobytes()
        )
        digest = content.hexdigest()
        while digest[:LENGTH] in taken:  # one in 10^14 for two images; the next digits differ
            digest = hashlib.sha256(digest.encode()).hexdigest()
        taken.add(digest[:LENGTH])
        names.append(digest[:LENGTH])
    return np.array(names)


def content_digest(
    pixels: Pixels, labels: Integers, roles: Integers, intensity: Intensity, masks: Pixels | None = None
) -> str:
    """Return the digest of a cohort, 64 hex digits: equal pixels, labels, roles, intensity and masks give the same."""
    optional = [] if masks is None else [masks]
    return digest_of(pixels, labels, roles, [intensity.unit, intensity.low, intensity.high], *optional)
