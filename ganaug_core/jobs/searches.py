"""Searches as pages and the command line see them: how they stand, what they cost, and what their best run proves."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ganaug_core import wording
from ganaug_core.config.requests import Search
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import store
from ganaug_core.search import Results, beginning, results
from ganaug_core.search.space import MOST_POINTS
from ganaug_core.storage.workspace import Workspace

MOST = MOST_POINTS
names = results.names
read = results.read


def request(workspace: Workspace, wanted: Search) -> Search:
    """Return a request with the recipe's own budget where none is given.

    Raises:
        ConfigurationError: No such recipe.
    """
    if wanted.images is not None or wanted.minutes is not None:
        return wanted
    from ganaug_core.config import configure

    config = configure(wanted.recipe, rows=workspace.cohort(wanted.cohort).shape[1])
    return replace(wanted, images=config.images, minutes=config.minutes)


def last_request(found: Results) -> Search:
    """Return what was asked last of a search, to ask for it again.

    Raises:
        WorkspaceError: That is damaged.
    """
    from ganaug_core.records import codec

    try:
        return codec.decode(Search, found.request)
    except (ValueError, TypeError, KeyError) as error:
        raise WorkspaceError(
            f"What was asked of the search {found.name} cannot be read.", do="Begin a new one.", code="damaged"
        ) from error


def job(workspace: Workspace, name: str) -> store.Job | None:
    """Return the newest job of a search."""
    with suppress(WorkspaceError):
        return store.find(workspace, Search.step, name)
    return None


def state(workspace: Workspace, name: str) -> str:
    """Return the state of a search's newest job; `stopped` where there is none."""
    newest = job(workspace, name)
    return newest.state if newest is not None else "stopped"


def cost(wanted: Search) -> str:
    """Say what a search takes at most."""
    trials = beginning.trials_asked(wanted)
    many = wording.count(trials, "run")
    early = " Runs that are behind the others are stopped early." if wanted.prune else ""
    if wanted.minutes is not None:
        whole = wording.duration(60 * wanted.minutes * trials)
        return f"{many} of {wording.duration(60 * wanted.minutes)} of training each: {whole} at most.{early}"
    return f"{many} of {wanted.images or 0:,} images each.{early}"


def caution(found: Results) -> str:
    """Say how little the best of many runs proves, and how many others are as good as can be told."""
    alike = found.alike()
    others = f" {wording.count(len(alike), 'other run')} cannot be told from it by the intervals." if alike else ""
    return (
        "The best of several looks better than it is, and each had one seed; audit its images, for the hold-out was "
        f"not looked at.{others}"
    )


def settings_in_words(settings: Mapping[str, Any]) -> str:
    """Return settings in a line."""
    return ", ".join(
        f"{name} = {value:.3g}" if isinstance(value, float) else f"{name} = {value}" for name, value in settings.items()
    )
