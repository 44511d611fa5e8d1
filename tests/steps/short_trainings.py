"""Trainings of some steps on squares, and whether two of them came to the same."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ganaug_core.config import TrainingConfig, configure

BATCH = 8


def config(recipe: str = "recommended", **fields: Any) -> TrainingConfig:
    fields = {"images": 40 * BATCH, "batch_size": BATCH, "threads": 1, "device": "cpu", **fields}
    return configure(recipe, {"architecture.width": 16, **fields.pop("changes", {})}, **fields)


def tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from tensors(part, f"{name}.{key}")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    ours, theirs = dict(tensors(one)), dict(tensors(other))
    assert len(ours) > 20
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
