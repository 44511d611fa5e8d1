"""The number of threads that was measured for a kind of run: kept with the installation, looked up at the next start.

Another number of threads rounds differently, so a seed gives the same weights only where the number stays. The file
`threads.json` lies beside the installation's salt; without it every number is measured anew.
"""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from platformdirs import user_data_path

from ganaug_core.config import TrainingConfig
from ganaug_core.errors import WorkspaceError
from ganaug_core.processor import available_cores
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import digest_of, write_atomic
from ganaug_core.training.devices import Compute, processor
from ganaug_core.training.parts import Parts

_KINDS = 1000  # kinds of run that are remembered; the oldest are forgotten first

log = logging.getLogger(__name__)


def remembered(kind: str, measure: Callable[[], int]) -> int:
    """Return the number of threads for a kind of run, measured if this installation does not know it.

    Of two processes that measure at once the second takes the number of the first. A file that is damaged or may not
    be written is no error: the number is measured at every start.
    """
    file = _file()
    if threads := _fitting(_numbers(file).get(kind)):
        return threads
    measured = measure()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with locks.hold(file.with_suffix(".lock"), "Measuring threads"):
            numbers = _numbers(file)
            if threads := _fitting(numbers.pop(kind, None)):
                return threads
            newest = [*numbers.items(), (kind, measured)][-_KINDS:]
            write_atomic(file, json.dumps(dict(newest), indent=1).encode())
    except (OSError, WorkspaceError) as error:
        log.info("The number of threads is not remembered: %s", error)
    return measured


def kind_of(parts: Parts, config: TrainingConfig, shape: tuple[int, int, int], classes: int, compute: Compute) -> str:
    """Return a text that is the same for runs whose step takes the same time here: machine, recipe, size."""
    step = {
        "parts": [
            {"part": type(part).__name__, **asdict(part)}  # type: ignore[call-overload]
            for part in (
                parts.architecture,
                parts.loss,
                *parts.terms,
                *parts.regularisers,
                *parts.augmentations,
            )
        ],
        "shape": shape,
        "classes": classes,
        "precision": str(compute.dtype),
        "compiled": compute.compile_backend,
        **{
            field: getattr(config, field)
            for field in ("batch_size", "optimiser", "discriminator_steps", "generator_steps", "augment")
        },
    }
    instructions = torch.backends.cpu.get_cpu_capability()
    machine = f"{processor()}, {instructions}, {available_cores()} cores, PyTorch {torch.__version__}"
    return f"{machine}, {digest_of(step)[:16]}"


def _file() -> Path:
    return Path(os.environ.get("GANAUG_HOME") or user_data_path("ganaug")).expanduser() / "threads.json"


def _numbers(file: Path) -> dict[str, Any]:
    """Return what is remembered, nothing where the file is not there or damaged."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _fitting(number: Any) -> int | None:
    """Return a number of threads that this machine has cores for; a file can hold anything."""
    return number if type(number) is int and 1 <= number <= available_cores() else None
