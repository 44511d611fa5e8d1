"""The failure atlas: a lesson's story, its training, its map and what the audit says."""

import streamlit as st

from ganaug_core import atlas
from ganaug_core.config.requests import MAP_SPACE
from ganaug_core.ui.shared import audited_map, caches, first_glance, glossary, run_history, show, words


def offer_demo() -> None:
    """Offer to lay the demo into this workspace, and end the page."""
    if not atlas.being_prepared(caches.workspace()):  # then the frame of the page says so
        st.info("The lessons use the embedded demo, which is not in this workspace yet.", icon=":material/school:")
        if st.button("Open the demo", type="primary"):
            atlas.prepare(caches.workspace())
            st.rerun()
    st.stop()


def choose_lesson() -> atlas.Lesson:
    """Return the chosen lesson; it stands in the address."""
    titles = {lesson.generator: lesson.title for lesson in atlas.LESSONS}
    in_address = st.query_params.get("lesson")
    if st.session_state.get("lesson") not in titles:
        st.session_state["lesson"] = in_address if in_address in titles else atlas.LESSONS[0].generator
    chosen = st.segmented_control("Lesson", list(titles), format_func=titles.__getitem__, key="lesson", required=True)
    st.query_params["lesson"] = str(chosen)
    return next(lesson for lesson in atlas.LESSONS if lesson.generator == chosen)


def story(lesson: atlas.Lesson) -> None:
    st.write(f"**What to look for.** {lesson.see}")
    st.write(f"**Why it happens.** {lesson.why}")
    st.write(f"**What helps.** {lesson.cure}")


def verdicts(lesson: atlas.Lesson) -> None:
    """Show what the audit says of the finished generator."""
    st.write("**What the audit says**")
    samples = atlas.samples_of(caches.workspace(), lesson.generator)
    audit = caches.audit_of(atlas.COHORT, samples) if samples else None
    if audit is None:
        st.write("This generator has not been audited yet.")
        return
    by_name = audit.verdicts
    for key in glossary.VERDICTS:
        word, sign, colour = glossary.STATES[by_name[key].state]
        statement = words.plain(first_glance.of(by_name[key].statement))
        st.markdown(f"**{glossary.VERDICTS[key][0]}** :{colour}-badge[{sign} {word}]  \n{statement}")
    show.link("audit", "Open the whole audit", cohort=atlas.COHORT, samples=str(samples))


def training(lesson: atlas.Lesson) -> None:
    """Show the history with its time scrubber."""
    run_history.show_history(lesson.generator)


def feature_map(lesson: atlas.Lesson) -> None:
    """Draw where the finished generator's images lie among the real ones."""
    workspace = caches.workspace()
    samples = atlas.samples_of(workspace, lesson.generator)
    name = workspace.newest("maps", caches.inputs(atlas.COHORT, samples), encoder=MAP_SPACE) if samples else None
    if name is None or samples is None:
        return
    st.write("Where its images lie among the real ones. Point at a dot to see it beside the nearest training image.")
    map_, audit = caches.map(name, atlas.COHORT, samples), caches.audit_beside(atlas.COHORT, samples)
    audited_map.show(name, map_, audit, key=f"map-{lesson.generator}", height=400)
    show.link("feature_map", "Open it in the workbench", cohort=atlas.COHORT, samples=samples)
