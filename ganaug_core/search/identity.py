"""What makes two searches the same: data, settings, objective and the budget of each run.

Trials of one study can be compared only then, so a study with another identity takes no trial. How many trials there
shall be is no part of it: a search can be made longer.
"""

import json
from collections.abc import Mapping
from typing import Any

from ganaug_core.config.requests import Search
from ganaug_core.errors import ConfigurationError
from ganaug_core.records import Cohort
from ganaug_core.search.objective import OBJECTIVE

REVISION = 1  # of what a value means
_IN_WORDS = {
    "cohort": "the images",
    "recipe": "the recipe",
    "changes": "the settings that are the same in every run",
    "space": "the space",
    "sampler": "the sampler",
    "images": "the budget in images",
    "minutes": "the budget in minutes",
    "prune": "whether runs are stopped early",
    "seed": "the seed",
    "objective": "what is measured",
}


def identity(cohort: Cohort, request: Search) -> dict[str, Any]:
    """Return what must agree, as JSON values; the cohort by its digest, which is the same on every machine."""
    settings = {key: getattr(request, key) for key in _IN_WORDS if hasattr(request, key) and key != "cohort"}
    whole = {"cohort": cohort.digest, **settings, "objective": f"{OBJECTIVE}/{REVISION}"}
    return dict(json.loads(json.dumps(whole)))


def require_same(name: str, kept: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse to add trials to a search that was begun with something else.

    Raises:
        ConfigurationError: It was; the message names what differs, with both values where they are short.
    """
    differing = [key for key in _IN_WORDS if kept.get(key) != wanted.get(key)]
    if differing:
        values = [f"{_IN_WORDS[key]}{_values(kept.get(key), wanted.get(key))}" for key in differing]
        raise ConfigurationError(
            f"The search {name} was begun with other settings, so its trials cannot be compared with new ones: "
            f"{'; '.join(values)}.",
            do="Ask for it as it was begun, or choose another name.",
            code="other_search",
        )


def _values(kept: Any, wanted: Any) -> str:
    if all(isinstance(value, bool | int | float | str) and len(str(value)) < 40 for value in (kept, wanted)):
        return f" (was {kept}, is {wanted})"
    return ""
