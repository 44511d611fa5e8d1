"""The bytes of a generator file: weights, and a passport that is put in when they leave. Nothing here loads torch."""

import json
import struct
from collections.abc import Mapping
from typing import Any

KEY = "ganaug"


def data_start(content: bytes) -> int:
    """Return where the tensors begin in the bytes of a safetensors file."""
    length: int = struct.unpack("<Q", content[:8])[0]
    return 8 + length


def with_passport(weights: bytes, passport: Mapping[str, Any]) -> bytes:
    """Return the bytes of a generator file: checked weights, and the passport that they travel with.

    Raises:
        ValueError: The weights are not whole; what else may be raised of damaged ones is any error of their parsing.
    """
    tensors = json.loads(weights[8 : data_start(weights)])
    if data_start(weights) + max(tensor["data_offsets"][1] for tensor in tensors.values()) != len(weights):
        raise ValueError("weights of another length than their header says")
    return _joined({"__metadata__": {KEY: json.dumps(passport)}, **tensors}, weights)


def without_passport(content: bytes) -> bytes:
    """Return the weights alone, as safetensors, of the bytes of a checked generator file."""
    tensors = json.loads(content[8 : data_start(content)])
    tensors.pop("__metadata__", None)
    return _joined(tensors, content)


def _joined(header: Mapping[str, Any], content: bytes) -> bytes:
    packed = json.dumps(header, separators=(",", ":")).encode()
    packed += b" " * (-len(packed) % 8)  # tensors begin at a multiple of 8
    return struct.pack("<Q", len(packed)) + packed + content[data_start(content) :]
