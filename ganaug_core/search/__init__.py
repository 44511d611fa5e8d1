"""Searching for the settings of a recipe that draw best: many runs, one after the other, without the hold-out.

`space` says what is searched, `objective` what a run is worth, `study` asks optuna for the next settings and tells it
what came of them, `identity` keeps two searches apart, `results` is what pages and the command line read. The runs
themselves are ordinary ones: `jobs.searching` asks for them. optuna is loaded in `study` alone.
"""

from ganaug_core.search.beginning import begin, configurations, prepare, require_optuna
from ganaug_core.search.results import Results, Trial
from ganaug_core.search.space import SPACES, Range, grid_size, named_or_file, parsed, read_toml

__all__ = [
    "SPACES",
    "Range",
    "Results",
    "Trial",
    "begin",
    "configurations",
    "grid_size",
    "named_or_file",
    "parsed",
    "prepare",
    "read_toml",
    "require_optuna",
]
