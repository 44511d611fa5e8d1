"""The lecture: its plan with notes and stills, the screens for the projector, and the speaker's window."""

import html

import streamlit as st

from ganaug_core import atlas
from ganaug_core.lessons import texts, translation
from ganaug_core.lessons.lecture import MINUTES
from ganaug_core.ui.pages.lecture import screens
from ganaug_core.ui.pages.story import story_page
from ganaug_core.ui.shared import address, caches, show
from ganaug_core.ui.shared.components.story import story

LANGUAGE, WINDOW = "language", "window"
ENGLISH = "Screens of the demo are in English. 演示数据的画面为英文。"
PRESENT, SPEAKER = "present", "speaker"


def choose_language() -> str:
    """Return the language of the lecture; it stands in the address."""
    if address.settle(LANGUAGE) not in texts.LANGUAGES:
        st.session_state[LANGUAGE] = next(iter(texts.LANGUAGES))
    chosen = st.segmented_control(
        "Language",
        list(texts.LANGUAGES),
        key=LANGUAGE,
        format_func=texts.LANGUAGES.__getitem__,
        required=True,
        label_visibility="collapsed",
    )
    address.settle(LANGUAGE)
    return str(chosen)


def present() -> bool:
    """Show the screens, or the speaker's window, where the address asks for it, and return whether it does."""
    window, language = st.query_params.get(WINDOW), st.query_params.get(LANGUAGE, "")
    if window not in (PRESENT, SPEAKER):
        return False
    sets = story_page.demo_sets()
    cohort = caches.cohort(atlas.COHORT) if sets else None
    artefact = caches.artefact("cohorts", atlas.COHORT) if sets else ""
    told = story_page.told(atlas.COHORT, sets) if sets else []
    chapters, lecture = screens.of(language if language in texts.LANGUAGES else "en", cohort, artefact, told)
    story(
        chapters,
        unit=cohort.intensity.unit if cohort else "",
        scale=(cohort.intensity.low, cohort.intensity.high) if cohort else (0.0, 1.0),
        lecture=lecture,
        is_speaker=window == SPEAKER,
        texts=translation.table(language, translation.GAMES),
    )
    return True


def plan(language: str) -> None:
    """Show the blocks with their minutes, notes, short versions and stills."""
    if language in texts.UNREVIEWED:
        st.write(f"{texts.UNREVIEWED[language]} {ENGLISH}")
    present_column, speaker_column, save_column = st.columns(3)
    with present_column:
        show.link(
            "lecture", "Present", help="Large, light screens; keys lead through.", window=PRESENT, language=language
        )
    with speaker_column:
        show.link(
            "lecture",
            "Speaker's window",
            help="Notes and the clock, for a second window of this browser: both go together.",
            window=SPEAKER,
            language=language,
        )
    blocks = screens.blocks(language)
    save_column.download_button(
        "Save stills and notes as HTML",
        _page_of(blocks),
        f"lecture-{language}.html",
        "text/html",
        on_click="ignore",
        help="Opens without the app: should the machine fail.",
    )
    if not story_page.demo_sets():
        st.info("The demo is not in this workspace: its screens are stills. Open it on the page Start.")
    begin = 0
    for block in blocks:
        end = begin + block["minutes"]
        with st.expander(f"{begin} to {end} min: {block['title']}", expanded=begin == 0):
            notes, picture = st.columns([3, 2])
            notes.markdown("**In two minutes**\n\n" + "\n\n".join(block["short"]))
            notes.markdown("**Notes**\n\n" + "\n\n".join(block["notes"]))
            for number, still in enumerate(block["stills"], 1):
                picture.image(still, alt=f"Still of screen {number} of the block: {block['title']}")
        begin = end
    st.write(
        f"{MINUTES} minutes. Keys: arrows or page keys lead through, up and down move a slider, T starts and stops the "
        "clock, 2 shows the version of two minutes with its still, P stops what moves, Escape leaves."
    )


def _page_of(blocks: list[dict[str, object]]) -> str:
    """Return one page with all stills, short versions and notes, that asks for nothing from outside."""
    parts = []
    for block in blocks:
        paragraphs = [*block["short"], *block["notes"]]  # type: ignore[misc]
        text = "".join(f"<p>{html.escape(str(paragraph))}</p>" for paragraph in paragraphs)
        pictures = "".join(f'<img src="{still}" alt="">' for still in block["stills"])  # type: ignore[attr-defined]
        parts.append(
            f"<section><h2>{html.escape(str(block['title']))} ({block['minutes']} min)</h2>{text}{pictures}</section>"
        )
    style = (
        "body{font:20px/1.4 system-ui,sans-serif;color:#111;background:#fff;margin:24px}"
        "section{break-after:page}img{max-width:100%;max-height:60vh}"
    )
    return f'<!doctype html><meta charset="utf-8"><title>Lecture</title><style>{style}</style>{"".join(parts)}'
