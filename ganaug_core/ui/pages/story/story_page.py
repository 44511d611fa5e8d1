"""Which sets a story is about: the three generators of the demo, or the audited set in the address."""

from collections.abc import Sequence

import streamlit as st

from ganaug_core import atlas
from ganaug_core.config.requests import MAP_SPACE
from ganaug_core.records import Audit
from ganaug_core.records.benefit import Benefit
from ganaug_core.ui.pages.story import chapters
from ganaug_core.ui.pages.story.chapters import Told
from ganaug_core.ui.shared import caches, choosers, show
from ganaug_core.ui.shared.components.story import story

ORDER = ("collapsed", "working", "copying")  # A, B, C: nobody shall guess from the place


def page() -> None:
    """Tell the story of the set in the address, else that of the demo, else of the chosen set."""
    if "samples" not in st.query_params and (sets := demo_sets()):
        tell(atlas.COHORT, sets)
        return
    cohort = choosers.cohort()
    if cohort is None:
        show.next_step("There is nothing to tell yet. Open the demo or load your own images first.", page="cohort")
    samples = choosers.samples(str(cohort))
    if samples is None:
        show.next_step("There are no synthetic images of this cohort yet.", page="generators")
    if caches.audit_of(str(cohort), str(samples)) is None:
        show.next_step("A story is told from an audit, and these images have none yet.", page="audit")
    tell(str(cohort), [str(samples)])


def offer(cohort: str, samples: str) -> None:
    """Link the story of an audited set; show nothing where there is no audit."""
    if caches.workspace().newest("audits", caches.inputs(cohort, samples)):
        show.link(
            "story",
            "Tell this as a story",
            help="Large screens for a projector, made from this audit.",
            cohort=cohort,
            samples=samples,
        )


def demo_sets() -> list[str]:
    """Return the demo's three sets, none where one of them, or its audit, is not here."""
    if not caches.workspace().exists("cohorts", atlas.COHORT):
        return []
    sets = [atlas.samples_of(caches.workspace(), generator) for generator in ORDER]
    here = [name for name in sets if name is not None and caches.audit_of(atlas.COHORT, name) is not None]
    return here if len(here) == len(ORDER) else []


def tell(cohort: str, sets: Sequence[str]) -> None:
    """Show the screens of a story."""
    real = caches.cohort(cohort)
    story(
        chapters.of(real, caches.artefact("cohorts", cohort), told(cohort, sets)),
        unit=real.intensity.unit,
        scale=(real.intensity.low, real.intensity.high),
    )


def told(cohort: str, sets: Sequence[str]) -> list[Told]:
    """Return what is known of the sets, with letters where there are several."""
    return [
        _told(cohort, name, letter if len(sets) > 1 else "")
        for name, letter in zip(sets, chapters.LETTERS, strict=False)
    ]


def _told(cohort: str, samples: str, letter: str) -> Told:
    workspace, inputs = caches.workspace(), caches.inputs(cohort, samples)
    map_ = workspace.newest("maps", inputs, encoder=MAP_SPACE)
    benefit = workspace.newest("benefits", inputs)
    return Told(
        letter=letter,
        samples=caches.samples(samples),
        artefact=caches.artefact("samples", samples),
        audit=_required(caches.audit_of(cohort, samples)),
        map=caches.map(map_, cohort, samples) if map_ else None,
        benefit=_of_benefit(benefit),
    )


def _required(audit: Audit | None) -> Audit:
    assert audit is not None
    return audit


def _of_benefit(name: str | None) -> Benefit | None:
    return caches.benefit(name) if name else None
