"""A fitted encoder: plain arrays and the function that reads them, so it is kept without pickle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from ganaug_core.errors import EvidenceError
from ganaug_core.records import Floats, Images
from ganaug_core.storage.workspace import digest_of

FEWEST_IMAGES = 8

Arrays = Mapping[str, NDArray[Any]]
Encode = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Fitted:
    """A feature space, ready to use.

    Attributes:
        name: Name of the encoder in its family.
        shape: (channel, row, column) of the images it was fitted on; it takes no others.
        state: All numbers that `encode` needs.
        opened: The function that encodes a batch, made from `state`.
        facts: Settings, seed, steps, threads: whatever the state was made with.
    """

    name: str
    shape: tuple[int, int, int]
    state: Arrays
    opened: Encode = field(repr=False, compare=False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 256

    @cached_property
    def digest(self) -> str:
        """SHA-256 over name, shape and state: two encoders with one digest give the same features."""
        named = [part for key in sorted(self.state) for part in (key, np.asarray(self.state[key]))]
        return digest_of(self.name, list(self.shape), *named)

    def encode(self, images: Floats) -> Floats:
        """Return (n, dimension) float32 of images (n, channel, row, column) in [-1, 1]; n may be 0.

        Raises:
            EvidenceError: The images have another size than those the encoder was fitted on.
        """
        if tuple(images.shape[1:]) != self.shape:
            raise EvidenceError(
                f"The encoder {self.name} was fitted on images of {_sized(self.shape)}, and these have "
                f"{_sized(images.shape[1:])}.",
                do="Import the samples for the same cohort, or fit the encoder on this one.",
                code="shape",
            )
        if not len(images):
            blank = np.zeros((1, *self.shape), np.float32)
            return self.opened(blank)[:0]
        parts = [self.opened(images[start : start + self.batch]) for start in range(0, len(images), self.batch)]
        return np.concatenate(parts).astype(np.float32, copy=False)

    def to_bytes(self) -> bytes:
        """Return the state as safetensors."""
        data: bytes = to_safetensors({key: np.asarray(array, order="C") for key, array in self.state.items()})
        return data


def read_state(data: bytes) -> Arrays:
    """Return the state in `Fitted.to_bytes`.

    Raises:
        EvidenceError: The bytes are damaged.
    """
    try:
        state: Arrays = from_safetensors(data)
    except SafetensorError as error:
        raise EvidenceError(
            "The kept encoder is damaged.", do="Remove it from the workspace; it is fitted again.", code="damaged"
        ) from error
    return state


def require_images(images: Images, encoder: str) -> tuple[int, int, int]:
    """Return (channel, row, column) of images that an encoder can be fitted on.

    Raises:
        EvidenceError: Too few of them.
    """
    if len(images) < FEWEST_IMAGES:
        raise EvidenceError(
            f"The encoder {encoder} needs at least {FEWEST_IMAGES} training images, and there are {len(images)}.",
            do="Add images to the cohort, or give a smaller share to tuning and hold-out.",
            code="too_few_images",
        )
    channels, rows, columns = images.shape[1:]
    return channels, rows, columns


def moments(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation of each column of (n, d), to standardise others by.

    The deviation of a number that never changes is 1: dividing by its rounding error would shout.
    """
    mean, spread = values.mean(0), values.std(0)
    return mean, np.where(spread > 1e-5 * np.maximum(1, np.abs(mean)), spread, 1)


def _sized(shape: tuple[int, ...]) -> str:
    channels, rows, columns = shape
    return f"{rows} x {columns} pixels and {channels} channel{'s' if channels != 1 else ''}"
