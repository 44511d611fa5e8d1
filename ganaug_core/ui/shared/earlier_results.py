"""Results of other images that had the same names, and those by an earlier method: to read, not to rely on."""

from collections.abc import Callable

import streamlit as st

from ganaug_core.storage.workspace import Reference
from ganaug_core.ui.shared import caches, show, words


def earlier_results(kind: str, title: str, cohort: str, samples: str, tell: Callable[[str], None]) -> None:
    """List the earlier results of a kind, folded away; nothing where there are none.

    Args:
        kind: Their kind in the workspace.
        title: What they are called, `Earlier audits`.
        tell: Shows one of them by name.
    """
    names = {"cohort": cohort, "samples": samples}
    earlier = caches.workspace().earlier(kind, names, caches.inputs(cohort, samples))
    if not earlier:
        return

    def each() -> None:
        for name, reference in earlier:
            st.text(f"{words.moment(reference.written)}: {_why_outdated(cohort, samples, reference)}")
            with show.guarded_part():
                tell(name)

    show.folded(f"{title} ({len(earlier)})", each, icon=":material/history:", key=f"earlier-{kind}")


def _why_outdated(cohort: str, samples: str, reference: Reference) -> str:
    """Say what is no longer so since a result was made."""
    inputs = caches.inputs(cohort, samples)
    names = {"cohort": cohort, "samples": samples}
    made_from = [f"an earlier {names[role]}" for role in names if reference.origin.inputs.get(role) != inputs[role]]
    if made_from:
        return f"made from {words.listing(made_from)}. It says nothing about the images that have this name now."
    return "made by an earlier version of the method, whose numbers were others. Run it again to compare."
