"""Making a study: sensible numbers first, the planned margin beside what it can show."""

import streamlit as st

from ganaug_core import pipeline
from ganaug_core.reading import design
from ganaug_core.records import Cohort, Samples
from ganaug_core.ui.shared import caches, choosers, show, words
from ganaug_core.ui.shared.components.viewer import WINDOWS
from ganaug_core.ui.shared.names import free_name

ROLES = {"Hold-out": "holdout", "Tuning": "tuning"}
REPEATS = {"none": 0.0, "one in ten": 0.1, "one in five": 0.2}
WHOLE = "The whole range"
USUAL = 120


def form() -> None:
    """Draw the form; what is asked for is made at once."""
    cohort = choosers.cohort()
    if cohort is None:
        show.next_step("There are no real images yet. Open the phantom or load your own first.", page="cohort")
    samples = choosers.samples(str(cohort))
    if samples is None:
        show.next_step(
            "There are no synthetic images of this cohort yet. Draw some from a generator, or bring those of another "
            "program.",
            page="generators",
        )
    with show.guarded_part():
        _ask(caches.cohort(str(cohort)), caches.samples(str(samples)))


def _ask(cohort: Cohort, samples: Samples) -> None:
    roles = [title for title, role in ROLES.items() if _most(cohort, samples, role) >= design.LEAST_IMAGES]
    if not roles:
        most = max(_most(cohort, samples, role) for role in ROLES.values())
        st.info(
            words.plain(
                f"Of {cohort.name} and {samples.name} a study can have {most} images at most, and needs "
                f"{design.LEAST_IMAGES}: as many real as synthetic ones of each class. Draw more synthetic images, or "
                "load a cohort with more held-out ones."
            ),
            icon=":material/arrow_forward:",
        )
        show.link("generators")
        return
    left, right = st.columns(2)
    role = ROLES[left.segmented_control("Real images from", roles, default=roles[0], key="reading-role") or roles[0]]
    readers = int(right.segmented_control("Readers", range(2, 6), default=3, key="reading-readers") or 3)
    most = _most(cohort, samples, role)
    images = design.LEAST_IMAGES
    if most > images:
        images = int(
            left.slider("Images", images, most, min(USUAL, most), 2, key="reading-images", help="Half of them real.")
        )
    repeats = REPEATS[
        right.selectbox("Seen twice", list(REPEATS), 1, key="reading-repeats", help="Tells how steady a reader is.")
    ]
    windows = {WHOLE: None, **WINDOWS.get(cohort.intensity.unit, {})}
    level = windows[left.selectbox("Window", list(windows), key="reading-window", help="The same for all images.")]
    window = None if level is None else (level[0] - level[1] / 2, level[0] + level[1] / 2)
    margin = _margin(images, readers)
    name = right.text_input("Name", free_name("reading", "readings"), key="reading-name", max_chars=100)
    if st.button("Make the study", type="primary", icon=":material/add:", key="make-study"):
        pipeline.make_reading(
            caches.workspace(),
            cohort.name,
            samples.name,
            name,
            images=images,
            readers=readers,
            repeats=repeats,
            role=role,
            window=window,
            margin=margin,
        )
        choosers.next_time("study", name)
        st.rerun()


def _margin(images: int, readers: int) -> float | None:
    """Ask whether equivalence is planned, and say what this study can show of it."""
    from ganaug_core.reading import equivalence

    planned = st.toggle(
        "Plan to show that readers are at chance",
        key="reading-planned",
        help="Only what is planned before the first answer is stated afterwards.",
    )
    if not planned:
        return None
    points = st.slider("Within so many points of 50 %", 2, 30, 10, key="reading-margin")
    st.text(equivalence.expectation(equivalence.plan(points / 100, images, readers), readers, images))
    return points / 100


def _most(cohort: Cohort, samples: Samples, role: str) -> int:
    return design.available(cohort, samples, role)
