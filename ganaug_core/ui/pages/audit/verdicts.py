"""The verdicts of an audit in words: one sentence over all, then each with what was found, what to do, and images."""

import streamlit as st

from ganaug_core import terms
from ganaug_core.records import Audit, MissingMode
from ganaug_core.ui.shared import first_glance, glossary, show, words

COLUMNS = (2, 6, 4)  # of a verdict: name, what was found, what to do
MEMBERSHIP = "Do the synthetic images tell whose images were trained on?"
SUBGROUPS = "Do the synthetic images serve some real subgroups (by sex, age, scanner) worse than others?"
ODD = "Which synthetic images are unlike real images of their class?"
MAPS = {
    "simclr": ("Map by shape", glossary.TERMS["SimCLR"]),
    "texture": ("Map by texture", glossary.TERMS["texture"]),
    "pixels": ("Map by pixels", "The images as they are, in their main patterns of brightness."),
}


def in_one_sentence(audit: Audit) -> str:
    """Return the one sentence, worst news first."""
    return terms.in_one_sentence({name: verdict.state for name, verdict in audit.verdicts.items()})


def questions() -> str:
    """Return what the questions in the sentence on top are."""
    return "\n\n".join(f"**{glossary.VERDICTS[name][0]}**: {glossary.VERDICTS[name][1]}" for name in glossary.VERDICTS)


def verdict_rows(audit: Audit) -> None:
    """Five verdicts, one below the other: sign, word and colour together, what was found, what to do, the images."""
    for name in glossary.VERDICTS:
        verdict = audit.verdicts[name]
        title, meaning = glossary.VERDICTS[name]
        word, sign, colour = glossary.STATES[verdict.state]
        with st.container(border=True):
            left, middle, right = st.columns(COLUMNS)
            with left:
                st.markdown(f"**{title}**", help=meaning)
                st.badge(word, icon=sign, color=colour, help=glossary.STATES_MEANING[verdict.state])  # type: ignore[arg-type]
            with middle:
                statement = first_glance.of(verdict.statement)
                st.text(statement, help=glossary.gloss(statement))
            with right:
                if verdict.do:
                    do = first_glance.of(verdict.do)
                    st.markdown(f"**What to do:** {words.plain(do)}", help=glossary.gloss(do))
                with st.container(horizontal=True, vertical_alignment="center"):
                    _image_links(audit, name)
                    first_glance.show_grounds(verdict.statement, verdict.do)


def _image_links(audit: Audit, verdict: str) -> None:
    """Link the image that shows best what a verdict says: among the samples, and on the map."""
    images = [suspect.synthetic for suspect in audit.suspects[:1]] if verdict == "copying" else []
    if verdict == "fidelity":
        images = list(audit.give_aways[:1])
    elif verdict in audit.examples:
        images = list(audit.examples[verdict].images[:1])
    where = {"cohort": str(audit.cohort["name"]), "samples": str(audit.synthetic["name"])}
    image = "".join(images)
    on_the_map = {"image": image}
    if verdict == "mode_coverage" and audit.missing_modes:
        mode = worst_group(audit)
        image, on_the_map = "".join(mode.nearest[:1]), group_on_the_map(audit, mode)
    if image:
        show.link("samples", "See the image", **where, image=image)
    if on_the_map["image"]:
        show.link("feature_map", "On the map", **where, **on_the_map)


def worst_group(audit: Audit) -> MissingMode:
    """Return the missing group that most images lack."""
    return max(audit.missing_modes, key=lambda mode: mode.real_share - mode.synthetic_share)


def group_on_the_map(audit: Audit, mode: MissingMode) -> dict[str, str]:
    """Return what an address of the map says of a missing group: its space, its finding, and an image of it."""
    finding = f"missing-{audit.missing_modes.index(mode)}"
    return {"space": mode.encoder, "finding": finding, "image": "".join(mode.exemplars[:1])}


def on_request(audit: Audit) -> None:
    """Say what decides no verdict: of lesions where there are masks, and of what somebody asked for."""
    _told("Lesions", "Values and texture inside the masks.", audit.regions)
    _told("Membership", MEMBERSHIP, audit.membership)
    _told("Subgroups", SUBGROUPS, audit.subgroup_notes)
    _told("Odd images", ODD, audit.odd)


def _told(title: str, question: str, sentences: tuple[str, ...]) -> None:
    if not sentences:
        return
    with st.container(border=True):
        left, right = st.columns((COLUMNS[0], sum(COLUMNS[1:])))
        left.markdown(f"**{title}**", help=f"{question} {glossary.NO_VERDICT}")
        with right:
            _sentences(sentences)
            first_glance.show_grounds(*sentences)


def _sentences(sentences: tuple[str, ...]) -> None:
    for sentence in map(first_glance.of, sentences):
        st.text(sentence, help=glossary.gloss(sentence))


def feature_spaces(audit: Audit) -> None:
    """Say where the feature spaces disagree, and link the maps to compare."""
    if not audit.spaces:
        return
    with st.container(border=True):
        left, middle, right = st.columns(COLUMNS)
        left.markdown("**Feature spaces**", help=glossary.TERMS["feature space"] + " " + glossary.NO_VERDICT)
        with middle:
            _sentences(audit.spaces)
        where = {"cohort": str(audit.cohort["name"]), "samples": str(audit.synthetic["name"])}
        with right, st.container(horizontal=True):
            for space, (title, meaning) in MAPS.items():
                show.link("feature_map", title, help=meaning, **where, space=space)
            first_glance.show_grounds(*audit.spaces)
