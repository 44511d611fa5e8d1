"""Names for what is made: one that can be used and is not taken yet."""

import re

from ganaug_core.errors import CohortError
from ganaug_core.ui.shared import caches


def free_name(suggested: str, kind: str = "cohorts") -> str:
    """Return a name that can be used and is not taken: `phantom`, `phantom-2`, ..."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", suggested).strip("-._")[:80] or kind.removesuffix("s")
    taken = {name.casefold() for name in caches.workspace().names(kind)}
    for number in range(1, 10_000):
        name = base if number == 1 else f"{base}-{number}"
        if name.casefold() not in taken:
            return name
    raise CohortError(f"Too many are named {base}.", do="Choose another name.", code="name_taken")
