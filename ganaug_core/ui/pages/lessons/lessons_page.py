"""One lesson at a time: its text, and two games or a figure with a slider, with the seeds behind the claim."""

from dataclasses import asdict, replace

import pandas as pd
import streamlit as st

from ganaug_core.lessons import LESSONS, Lesson, demonstrations, exercises, further, kept_outcome, rule, texts
from ganaug_core.playground import Game
from ganaug_core.ui.pages.lessons import exercise
from ganaug_core.ui.pages.playground.playground_page import setting_title, setting_value
from ganaug_core.ui.shared import address, show, words
from ganaug_core.ui.shared.components.demonstration import demonstration
from ganaug_core.ui.shared.components.playground import link, playground

KEY, LANGUAGE = "lesson", "language"
SUBJECTS = (*LESSONS, *demonstrations.DEMONSTRATIONS)


def choose() -> str:
    """Return the lesson that is chosen; it stands in the address."""
    chapters = {name: chapter for chapter, members in texts.CHAPTERS.items() for name in members}
    chapters |= dict.fromkeys(exercises.EXERCISES, "Exercises") | dict.fromkeys(further.PAGES, "Further")
    names = list(chapters)
    if st.query_params.get(KEY) not in names:
        st.query_params.pop(KEY, None)
    if address.settle(KEY) not in names:
        st.session_state[KEY] = names[0]
    chosen = st.selectbox(
        "Lesson",
        names,
        key=KEY,
        format_func=lambda name: f"{chapters[name]}: {_title(name)}",
        label_visibility="collapsed",
    )
    address.settle(KEY)
    return str(chosen)


def choose_language(name: str) -> str:
    """Return the language that is chosen, English where the lesson is not written in another one."""
    written = texts.languages(name) if name in SUBJECTS else tuple(texts.LANGUAGES)
    if len(written) == 1:
        return written[0]
    if address.settle(LANGUAGE) not in written:
        st.session_state[LANGUAGE] = written[0]
    chosen = st.segmented_control(
        "Language",
        written,
        key=LANGUAGE,
        format_func=texts.LANGUAGES.__getitem__,
        required=True,
        label_visibility="collapsed",
    )
    address.settle(LANGUAGE)
    return str(chosen)


def tell(name: str, language: str) -> None:
    """Show the lesson's text."""
    st.markdown(f"## {_title(name, language)}")
    if language in texts.UNREVIEWED:
        st.write(texts.UNREVIEWED[language])
    if name in exercises.EXERCISES:
        exercise.tell(name, language)
    elif name in SUBJECTS:
        st.markdown(texts.text(name, language).body)


def _title(name: str, language: str = "en") -> str:
    if name in further.PAGES:
        return further.PAGES[name][language]
    return exercises.told(name, language).title if name in exercises.EXERCISES else texts.text(name, language).title


def show_subject(name: str, language: str) -> None:
    """Show what the lesson is about."""
    if name in exercises.EXERCISES:
        exercise.show_task(name, language)
    elif name == "glossary":
        _show_glossary(language)
    elif name == "not_here":
        st.markdown(further.not_here(language))
    elif name in LESSONS:
        _show_games(LESSONS[name])
    else:
        is_random = name not in (*demonstrations.WITHOUT_CHANCE, *demonstrations.SLOW)
        demonstration(name, demonstrations.kept(name), is_random=is_random)


def _show_glossary(language: str) -> None:
    terms = further.glossary()
    meanings = [term.meaning_zh if language == "zh" else term.meaning_en for term in terms]
    rows = zip((term.en for term in terms), (term.zh for term in terms), meanings, strict=True)
    heads = ("English", "中文", "释义" if language == "zh" else "What it means")
    lines = [heads, ("---",) * len(heads), *rows]
    st.markdown(
        "\n".join(f"| {' | '.join(words.plain(cell) if cell != '---' else cell for cell in line)} |" for line in lines)
    )


def _show_games(lesson: Lesson) -> None:
    games = [replace(request, seed=lesson.shown_seed) for request in (lesson.failure, lesson.cure)]
    before, after = (setting_value(lesson.changed, getattr(game, lesson.changed)) for game in games)
    title = setting_title(lesson.changed)
    st.markdown(
        f"One setting differs. **{title}**: **{before}** on side A, **{after}** on side B. Shown is seed "
        f"{lesson.shown_seed}."
    )
    outcome = kept_outcome(lesson)
    if outcome is not None:
        how = {"sometimes": " It is shown as what happens sometimes.", "no difference": " That is no difference."}
        st.markdown(
            f"A game failed if {lesson.signature.says}: **{outcome.says(lesson.signature)}**."
            f"{how.get(rule.shown_as(lesson), '')}"
        )
    playground(games, [], key=f"games-{lesson.name}", plain=True)
    left, right = st.columns(2)
    if lesson.changed != "drawn":  # the playground has one drawing for both sides
        with left:
            show.link("playground", "Play it with other settings", **_query(games))
    if outcome is not None:
        with right.expander("Every game that was counted"):
            sides = {f"{title} {before}": outcome.failures, f"{title} {after}": outcome.cures}
            table = pd.DataFrame({"seed": outcome.seeds, **{side: values for side, values in sides.items()}})
            st.write(f"The numbers are what the sign of failure is read from: {lesson.signature.says}.")
            st.dataframe(table.round(3), hide_index=True)


def _query(games: list[Game]) -> dict[str, str]:
    """Return the link to the playground that plays these two."""
    usual = asdict(Game())
    query = {
        f"{side}.{name}": str(value)
        for side, game in zip("ab", games, strict=True)
        for name, value in asdict(game).items()
        if name != "drawn" and (name == "seed" or value != usual[name])
    }
    drawn = {"drawn": link(games[0].drawn)} if games[0].drawn else {}
    return {**query, **drawn}
