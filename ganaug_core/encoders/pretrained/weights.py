"""Weights from elsewhere: looked for in a folder, fetched from their usual source, or asked for in words.

A file is read as tensors only, never as code. Which file it was stands in the encoder's state as a digest, so features
of other weights are never mistaken for these.
"""

import hashlib
import logging
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError

import torch
from platformdirs import user_data_path
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ganaug_core.errors import EvidenceError

PATIENCE = 15  # seconds until a silent server counts as absent
PIECE = 1 << 20

Tensors = Mapping[str, Tensor]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """Where the numbers of a network come from.

    Attributes:
        encoder: Name of the encoder in its family.
        files: Names that are looked for in the folder of weights, in this order; the first is what a download is kept
            as.
        by_hand: What to do where there is no file and no way to fetch it; one sentence.
        source: Address of the usual source, empty where a program cannot fetch it.
        sha256: Digest of what lies at `source`.
        megabytes: Size of it.
    """

    encoder: str
    files: tuple[str, ...]
    by_hand: str
    source: str = ""
    sha256: str = ""
    megabytes: int = 0

    def file(self) -> Path | None:
        """Return the file if it lies in the folder of weights."""
        return next((path for name in self.files if (path := folder() / name).is_file()), None)

    def say(self) -> tuple[bool, str, str]:
        """Return whether the encoder can run now, what there is to say, and what to do."""
        if path := self.file():
            return True, f"Weights in {path}.", ""
        if self.source:
            say = f"Its weights ({self.megabytes} MB) are not on this machine; with internet they are fetched on use."
        else:
            say = "Its weights are not on this machine."
        return False, say, f"{self.by_hand} The folder is {folder()}."

    def path(self) -> Path:
        """Return the file; fetch it if it is not there.

        Raises:
            EvidenceError: It is not there and cannot be fetched; the message says how to get it.
        """
        if path := self.file():
            return path
        why = "they are not on this machine"
        if self.source:
            try:
                return _fetched(self.source, folder() / self.files[0], self.sha256)
            except OSError as error:  # no network, no such address, no room
                why = f"{self.source} could not be reached ({getattr(error, 'reason', error)})"
        raise EvidenceError(
            f"The encoder {self.encoder} needs weights, and {why}.",
            do=f"{self.by_hand} The folder is {folder()}. Or leave this encoder out.",
            code="no_weights",
        )


def folder() -> Path:
    """Return the folder of weights: `GANAUG_WEIGHTS`, else `weights` beside the default workspace."""
    if chosen := os.environ.get("GANAUG_WEIGHTS"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("GANAUG_HOME") or user_data_path("ganaug")).expanduser() / "weights"


@lru_cache(maxsize=2)
def read(path: Path) -> tuple[Tensors, str]:
    """Return the tensors of a safetensors file or of a state dictionary of PyTorch, and the file's SHA-256.

    Raises:
        EvidenceError: It is damaged, or holds a program instead of numbers.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    try:
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise EvidenceError(
            f"The weights {path.name} cannot be read: the file is damaged or holds a program, not numbers alone.",
            do="Fetch it again, or save its state dictionary as safetensors.",
            code="damaged",
        ) from error
    tensors = {key: value.float() for key, value in dict(state).items() if isinstance(value, Tensor)}
    return tensors, digest.hexdigest()


def _fetched(source: str, path: Path, sha256: str) -> Path:
    """Download to a temporary file, check it, and put it in its place.

    Raises:
        EvidenceError: What came is not what is wanted.
    """
    log.info("Fetching %s", source)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(source, timeout=PATIENCE) as answer, temporary.open("wb") as file:
            while piece := answer.read(PIECE):
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != sha256:
            raise EvidenceError(
                f"What {source} sent is not the file that is wanted.",
                do=f"Try again later, or put the right {path.name} into {path.parent}.",
                code="damaged",
            )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
