"""The digest by which a result finds what it was made from."""

import hashlib
import json
from typing import Any

import numpy as np


def digest_of(*parts: Any) -> str:
    """Return the SHA-256 of arrays (type, shape, bytes) and JSON values as 64 hex digits.

    Everything that is found again is found by this, encoders among it: if it changed, all of them would silently be
    fitted anew. A test pins its values.
    """
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(f"{part.dtype.str}{part.shape}".encode())
            if part.size:  # an empty array has no bytes to look at
                sha.update(memoryview(np.ascontiguousarray(part).data).cast("B"))
        else:
            sha.update(json.dumps(part, sort_keys=True, default=str).encode())
        sha.update(b"\0")
    return sha.hexdigest()
