"""The verdicts of an audit in words: one sentence over all, then each with what was found, what to do, and images."""

import streamlit as st

from ganaug_core.records import Audit, MissingMode
from ganaug_core.ui.shared import glossary, show, words

COLUMNS = (2, 6, 4)  # of a verdict: name, what was found, what to do
MEMBERSHIP = "Do the synthetic images tell whose images were trained on?"
SUBGROUPS = "Do the synthetic images serve some real subgroups (by sex, age, scanner) worse than others?"
ODD = "Which synthetic images are unlike real images of their class?"
MAPS = {
    "simclr": ("Map by SimCLR", glossary.TERMS["SimCLR"]),
    "texture": ("Map by texture", glossary.TERMS["texture"]),
    "pixels": ("Map by pixels", "The images as they are, in their main patterns of brightness."),
}


def in_one_sentence(audit: Audit) -> str:
    """Return the one sentence, worst news first; it never says that there is no problem, only that none was found."""
    by_state: dict[str, list[str]] = {}
    for name in glossary.VERDICTS:
        by_state.setdefault(audit.verdicts[name].state, []).append(glossary.VERDICTS[name][0].lower())
    fail, warn, unknown = (by_state.get(state, []) for state in ("fail", "warn", "not_assessable"))
    if fail:
        sentence = f"Do not use these images as they are: there is a problem with {words.listing(fail)}."
        return sentence + (f" Look closer at {words.listing(warn)}." if warn else "")
    if warn:
        return f"Use these images with care: look closer at {words.listing(warn)}."
    if len(unknown) == len(glossary.VERDICTS):
        return "Nothing could be judged with these images."
    sentence = f"No problem was found with {words.listing(by_state['pass'])}."
    return sentence + (f" Nothing can be said about {words.listing(unknown, 'or')}." if unknown else "")


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
                statement = words.clean(verdict.statement)
                st.text(statement, help=glossary.gloss(statement))
            with right:
                if verdict.do:
                    st.markdown(f"**What to do:** {words.plain(verdict.do)}", help=glossary.gloss(verdict.do))
                _image_links(audit, name)


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
    with st.container(horizontal=True):
        if image:
            show.link("samples", "See the image", **where, image=image)
        if on_the_map["image"]:
            show.link("feature_map", "On the map", **where, **on_the_map)


def worst_group(audit: Audit) -> MissingMode:
    """Return the missing group that most images lack."""
    return max(audit.missing_modes, key=lambda mode: mode.real_share - mode.synthetic_share)


def group_on_the_map(audit: Audit, mode: MissingMode) -> dict[str, str]:
    """Return what an address of the map says of a missing group: its space, its place, and an image of it."""
    number = str(audit.missing_modes.index(mode))
    return {"space": mode.encoder, "group": number, "image": "".join(mode.exemplars[:1])}


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
        for sentence in sentences:
            right.text(words.clean(sentence), help=glossary.gloss(sentence))


def feature_spaces(audit: Audit) -> None:
    """Say where the feature spaces disagree, and link the maps to compare."""
    if not audit.spaces:
        return
    with st.container(border=True):
        left, middle, right = st.columns(COLUMNS)
        left.markdown("**Feature spaces**", help=glossary.TERMS["feature space"] + " " + glossary.NO_VERDICT)
        for sentence in audit.spaces:
            middle.text(words.clean(sentence), help=glossary.gloss(sentence))
        where = {"cohort": str(audit.cohort["name"]), "samples": str(audit.synthetic["name"])}
        with right, st.container(horizontal=True):
            for space, (title, meaning) in MAPS.items():
                show.link("feature_map", title, help=meaning, **where, space=space)
