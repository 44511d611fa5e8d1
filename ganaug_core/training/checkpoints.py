"""Checkpoints that survive a kill, a power loss and a full disk.

A checkpoint is there when its manifest is there: payload, fsync, rename; manifest with SHA-256, fsync, rename; fsync of
the folder; only then are older ones removed. Checkpoints are private; what is shared is a generator file.
"""

import hashlib
import io
import json
import logging
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganaug_core.errors import TrainingError, WorkspaceError
from ganaug_core.storage.workspace import write_atomic

_MANIFEST = re.compile(r"checkpoint-(\d{12})\.json")
_KEEP = 2
_FREE_FACTOR = 1.5  # so much of its size must be free: the manifest and the run's other files need room too

log = logging.getLogger(__name__)


def save_checkpoint(folder: Path, state: Mapping[str, Any], images: int) -> None:
    """Write the checkpoint of `images` whole, then remove all but the newest two.

    Raises:
        TrainingError: A weight is not finite; nothing is written.
        WorkspaceError: The disk is full; the checkpoints that were there still are.
    """
    for name, tensor in _tensors(state):
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise TrainingError(
                f"The run's state is not finite in {name}, so it was not saved.",
                do="Resume from the last checkpoint with a lower learning rate.",
                code="nonfinite",
            )
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    payload = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _FREE_FACTOR * len(payload):
        raise WorkspaceError(
            f"The disk is full: a checkpoint needs {len(payload) / 1e6:.0f} MB and {free / 1e6:.0f} MB are free. "
            "The checkpoints that were there still are.",
            do="Free some space and resume the run.",
            code="disk_full",
        )
    name = f"checkpoint-{images:012d}"
    write_atomic(folder / f"{name}.pt", payload)
    manifest = {"images": images, "size": len(payload), "sha256": hashlib.sha256(payload).hexdigest()}
    write_atomic(folder / f"{name}.json", json.dumps(manifest).encode())
    _prune(folder)


def latest_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Return the newest intact state, None where there is none; damaged ones are passed over and logged."""
    for path in _manifests(folder):
        try:
            manifest = json.loads(path.read_bytes())
            payload = path.with_suffix(".pt").read_bytes()
            if len(payload) != manifest["size"] or hashlib.sha256(payload).hexdigest() != manifest["sha256"]:
                raise ValueError("its content is not what was written")
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("Checkpoint %s is damaged and passed over: %s", path.stem, error)
            continue
        state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
        return state
    return None


def _manifests(folder: Path) -> list[Path]:
    """Return the manifests, newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _MANIFEST.fullmatch(path.name)), reverse=True)


def _prune(folder: Path) -> None:
    manifests = _manifests(folder)
    for old in manifests[_KEEP:]:
        old.unlink(missing_ok=True)  # first, so that a half-removed checkpoint is not there
    current = {path.stem for path in manifests[:_KEEP]}
    for path in folder.iterdir():
        orphan = path.suffix == ".pt" and path.stem.startswith("checkpoint-") and path.stem not in current
        if orphan or path.name.endswith(".tmp"):
            path.unlink(missing_ok=True)


def _tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _tensors(entry, f"{name}.{key}".strip("."))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _tensors(entry, f"{name}.{index}")
