"""The Explore page: what a generator can make between, around and beyond the images that it draws."""

from typing import Any

import numpy as np
import streamlit as st

from ganaug_core.config import Passport
from ganaug_core.config.requests import DrawRecipes, FindLatent
from ganaug_core.errors import WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.records import ROLES, Cohort, Intensity, Samples
from ganaug_core.server import latents, quick_nearest
from ganaug_core.ui.shared import caches, job_progress, show, words
from ganaug_core.ui.shared.components.explorer import explorer
from ganaug_core.ui.shared.components.viewer import WINDOWS, start_window
from ganaug_core.ui.shared.looking.bench import LOOKS
from ganaug_core.ui.shared.names import free_name

KEY = "explorer"
SETS, SEARCHES = DrawRecipes.step, FindLatent.step
_SAVED = "explored-set"


def page(generator: str) -> None:
    """Draw the explorer of a generator."""
    latents.warm()
    st.html(LOOKS)
    _explorer(generator)


def progress() -> None:
    """Show, beside the title, how far a search or a set is, and what was saved last."""
    job_progress.collect(SEARCHES)
    if made := job_progress.collect(SETS):
        st.session_state[_SAVED] = made
    for kind in (SEARCHES, SETS):
        job_progress.show_running(kind, titled=False)
    saved = st.session_state.get(_SAVED)
    if saved and caches.workspace().exists("samples", saved):
        show.link("samples", f"Saved: {words.plain(saved)}", samples=saved)


@st.fragment
def _explorer(generator: str) -> None:
    with show.guarded():
        cohort = cohort_of(stored.passport(caches.workspace(), generator))
        chosen, wanted = explorer(contents(generator, cohort), key=KEY)
        if chosen is not None:
            name = free_name(str(chosen["name"]), "samples")
            job_progress.start(DrawRecipes(generator=generator, recipes=tuple(chosen["recipes"]), name=name))
            st.rerun()
        if wanted is not None and cohort is not None:
            job_progress.start(FindLatent(generator=generator, cohort=cohort, image=wanted))
            st.rerun()


def contents(generator: str, cohort: str | None) -> dict[str, Any]:
    """Return what the explorer shows.

    Args:
        cohort: Whose real images can be searched for, None for none.
    """
    workspace = caches.workspace()
    card = stored.passport(workspace, generator)
    record = caches.cohort(cohort) if cohort else None
    unit = card.intensity
    below, above = record.provenance.get("clipped", (0, 0)) if record else (0, 0)
    return {
        "draw": f"/api/latents/{caches.artefact('generators', generator)}",
        "classes": [one.name for one in card.classes],
        "unit": unit.unit,
        "scale": [unit.low, unit.high],
        "spacing": card.spacing_mm,
        "start": start_window(unit.unit, record.modality if record else ""),
        "windows": WINDOWS.get(unit.unit, {}),
        "clipped": [below > 0, above > 0],
        "suggested": f"{generator}-explored",
        "real": _real(generator, cohort, record, card) if cohort and record else None,
    }


def cohort_of(card: Passport) -> str | None:
    """Return the cohort that a generator learnt from, else one of the same classes and size, None without one."""
    others: list[str] = []
    for name in caches.workspace().names("cohorts")[::-1]:
        try:
            record = caches.cohort(name)
        except WorkspaceError:  # a damaged one does not hide the others
            continue
        shape = (card.architecture.channels, card.architecture.rows, card.architecture.columns)
        if record.digest == card.cohort_digest:
            return name
        if record.shape == shape and set(record.classes) <= {one.name for one in card.classes}:
            others.append(name)
    return others[0] if others else None


def _real(generator: str, cohort: str, record: Cohort, card: Passport) -> dict[str, Any]:
    artefact = caches.artefact("cohorts", cohort)
    running = job_progress.has_news(SEARCHES)
    return {
        "list": f"/api/list/cohorts/{artefact}.json",
        "images": f"/api/image/cohorts/{artefact}/",
        "pixels": f"/api/pixels/cohorts/{artefact}/",
        "classes": list(record.classes),
        "roles": [words.ROLES[role] for role in ROLES],
        "found": _found(generator, cohort, record, Intensity(**card.intensity.model_dump())),
        "searching": running,
    }


def _found(generator: str, cohort: str, record: Cohort, intensity: Intensity) -> list[dict[str, Any]]:
    """Return what was found for real images of the cohort with this generator, the newest first."""
    workspace = caches.workspace()
    inputs = {
        "generator": workspace.identity("generators", generator),
        "cohort": workspace.identity("cohorts", cohort),
    }
    answers = []
    for name, _ in workspace.find("samples", inputs):
        try:
            samples = caches.samples(name)
        except WorkspaceError:  # a damaged one does not hide the others
            continue
        origin = samples.provenance
        answers.append(
            {
                "image": origin["real"]["image"],
                "recipe": origin["recipes"][0],
                "says": _says(samples, record, intensity),
            }
        )
    return answers


def _says(samples: Samples, cohort: Cohort, intensity: Intensity) -> str:
    """Say how far what was found stays from the real image."""
    real, differences = samples.provenance["real"], samples.provenance["differences"]
    image = cohort.images(np.flatnonzero(cohort.ids == real["image"]))
    units = (intensity.high - intensity.low) / 2
    unit = "" if intensity.unit == "intensity" else f" {intensity.unit}"
    found, nearest, middle = (
        f"{words.number(units * differences[key])}{unit}" for key in ("found", "nearest_draw", "middle_draw")
    )
    both = quick_nearest.unit_length(np.concatenate([image, samples.images]))
    quick = words.distance(max(0.0, 1 - float(both[0] @ both[1])))
    return (
        f"The pixels differ by {found} (root of the mean square); quick distance {quick}. Of {differences['draws']} "
        f"images drawn at random the nearest differs by {nearest}, the middle one by {middle}. The search does not try "
        "everything: a nearer image may exist."
    )
