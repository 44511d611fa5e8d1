"""What was made last in a workspace, and the one thing that comes next; names and references alone are read."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage.workspace import Reference, Workspace

MOST = 6
_PAGES = {
    "cohorts": ("Cohort", "cohort", "cohort"),
    "runs": ("Training run", "training", "run"),
    "generators": ("Generator", "generators", "generator"),
    "samples": ("Synthetic images", "samples", "samples"),
    "maps": ("Map", "feature_map", ""),
    "audits": ("Audit", "audit", ""),
    "benefits": ("Benefit experiment", "benefit", ""),
}
"""What each kind is called, the page that shows it, and the key of its name in an address."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere to go.

    Attributes:
        says: What is there.
        page, query: Its address.
        written: When it was made, UTC, as text that sorts; empty for a step that is to come.
    """

    says: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    written: str = ""


def recent(workspace: Workspace) -> list[Place]:
    """Return what was made last, the newest first; what the demo brought does not count."""
    places = []
    for kind, (title, page, key) in _PAGES.items():
        for name, reference in _references(workspace, kind):
            names = reference.origin.names
            about: dict[str, str] = {role: names[role] for role in ("cohort", "samples") if role in names}
            if not key and len(about) < 2:
                continue  # nobody can say what it was made from
            shown = name if key else f"{about['samples']} against {about['cohort']}"
            query = {key: name} if key else about
            if kind == "samples" and "cohort" in about:
                query = {"cohort": about["cohort"], "samples": name}
            places.append(Place(says=f"{title}: {shown}", page=page, query=query, written=reference.written))
    return sorted(places, key=lambda place: place.written, reverse=True)[:MOST]


def next_step(workspace: Workspace) -> Place:
    """Return what comes after what was made last."""
    own = {kind: _references(workspace, kind) for kind in ("cohorts", "runs", "generators", "samples")}
    newest = max(
        ((reference.written, kind, name) for kind, found in own.items() for name, reference in found), default=None
    )
    if newest is None:
        return Place(says="Load your own labelled images: see them, and split them by patient.", page="cohort")
    _, kind, name = newest
    if kind == "cohorts":
        return Place(says=f"Train a generator on {name}.", page="training", query={"cohort": name})
    if kind == "runs":
        return Place(says=f"See how the training {name} goes.", page="training", query={"run": name})
    if kind == "generators":
        return Place(says=f"Draw images from {name}.", page="generators", query={"generator": name})
    return _after_samples(workspace, name, own["samples"])


def _after_samples(workspace: Workspace, name: str, samples: list[tuple[str, Reference]]) -> Place:
    identity = dict(samples)[name].identity
    for audit, _ in workspace.made_from("audits", "samples", identity)[::-1]:
        with suppress(WorkspaceError):
            names = workspace.reference("audits", audit).origin.names
            query = {"cohort": names.get("cohort", ""), "samples": name}
            return Place(says=f"Look at what the audit of {name} found, and decide.", page="samples", query=query)
    return Place(says=f"Audit {name}: are they varied, real and no copies?", page="audit", query={"samples": name})


def _references(workspace: Workspace, kind: str) -> list[tuple[str, Reference]]:
    """Return the references of what somebody made here, oldest first."""
    readable = []
    for name in workspace.names(kind):
        with suppress(WorkspaceError):  # its own page says that it is damaged
            reference = workspace.reference(kind, name)
            if not reference.shipped:
                readable.append((name, reference))
    return readable
