"""One lesson at a time: its text, and two games or a figure with a slider, with the seeds behind the claim."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

import pandas as pd
import streamlit as st

from ganaug_core.lessons import (
    LESSONS,
    Lesson,
    demonstrations,
    exercises,
    further,
    kept_outcome,
    rule,
    texts,
    translation,
)
from ganaug_core.playground import Game
from ganaug_core.ui.pages.lessons import exercise
from ganaug_core.ui.pages.playground.playground_page import setting_title, setting_value
from ganaug_core.ui.shared import address, show, words
from ganaug_core.ui.shared.components.demonstration import demonstration
from ganaug_core.ui.shared.components.playground import link, playground

KEY, LANGUAGE, LISTED = "lesson", "language", "language-of-list"
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
    language = _language_so_far()
    if st.session_state.get(LISTED) != language:
        st.session_state[KEY] = st.session_state[KEY]  # or the browser goes on showing it in the language before
        st.session_state[LISTED] = language
    titles = texts.CHAPTER_TITLES.get(language, {})
    chosen = st.selectbox(
        "Lesson",
        names,
        key=KEY,
        format_func=lambda name: f"{titles.get(chapters[name], chapters[name])}: {_title(name, language)}",
        label_visibility="collapsed",
    )
    address.settle(KEY)
    return str(chosen)


def _language_so_far() -> str:
    """Return the language in which all lessons are listed: the last one that was chosen."""
    asked = st.session_state.get(LANGUAGE) or st.query_params.get(LANGUAGE)
    return asked if asked in texts.LANGUAGES and all(asked in texts.languages(name) for name in SUBJECTS) else "en"


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
        _show_games(LESSONS[name], language)
    else:
        is_random = name not in (*demonstrations.WITHOUT_CHANCE, *demonstrations.SLOW)
        figure = translation.figure(demonstrations.kept(name), language, name)
        demonstration(name, figure, is_random=is_random, language=language)
        if figure.get("table"):
            head, *rows = figure["table"]
            _show_table(head, rows)


def _show_glossary(language: str) -> None:
    terms = further.glossary()
    meanings = [term.meaning_zh if language == "zh" else term.meaning_en for term in terms]
    rows = zip((term.en for term in terms), (term.zh for term in terms), meanings, strict=True)
    heads = ("English", "中文", "释义" if language == "zh" else "What it means")
    _show_table(heads, rows)


def _show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    told = [[words.plain(cell) for cell in line] for line in (heads, *rows)]
    told.insert(1, ["---"] * len(heads))
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in told))


WORDS = {
    "en": {
        "differs": "One setting differs. **{title}**: **{before}** on side A, **{after}** on side B. Shown is seed "
        "{seed}.",
        "failed": "A game failed if {sign}: **{counts}**.{how}",
        "sometimes": " It is shown as what happens sometimes.",
        "no difference": " That is no difference.",
        "play": "Play it with other settings",
        "all": "Every game that was counted",
        "numbers": "The numbers are what the sign of failure is read from: {sign}.",
        "seed": "seed",
    },
    "zh": {
        "differs": "有一个设置不同。**{title}**：A 侧为 **{before}**，B 侧为 **{after}**。所示为种子 {seed}。",
        "failed": "失败的标志：{sign}。**{counts}**。{how}",
        "sometimes": "这里作为有时发生的情形展示。",
        "no difference": "这里没有差别。",
        "play": "用别的设置来玩",
        "all": "计入的每一局",
        "numbers": "失败的标志由这些数读出：{sign}。",
        "seed": "种子",
    },
}


def _show_games(lesson: Lesson, language: str) -> None:
    def said(text: str) -> str:
        return translation.say(text, language, translation.GAMES)

    told = WORDS[language]
    games = [replace(request, seed=lesson.shown_seed) for request in (lesson.failure, lesson.cure)]
    before, after = (said(setting_value(lesson.changed, getattr(game, lesson.changed))) for game in games)
    title, sign = said(setting_title(lesson.changed)), said(lesson.signature.says)
    st.markdown(told["differs"].format(title=title, before=before, after=after, seed=lesson.shown_seed))
    outcome = kept_outcome(lesson)
    if outcome is not None:
        counts, how = said(outcome.says(lesson.signature)), told.get(rule.shown_as(lesson), "")
        st.markdown(told["failed"].format(sign=sign, counts=counts, how=how))
    texts_of_games = translation.table(language, translation.GAMES)
    playground(games, [], key=f"games-{lesson.name}-{language}", plain=True, texts=texts_of_games)
    left, right = st.columns(2)
    if lesson.changed != "drawn":  # the playground has one drawing for both sides
        with left:
            show.link("playground", told["play"], **_query(games))
    if outcome is not None:
        with right.expander(told["all"]):
            sides = {f"{title} {before}": outcome.failures, f"{title} {after}": outcome.cures}
            table = pd.DataFrame({told["seed"]: outcome.seeds, **{side: values for side, values in sides.items()}})
            st.write(told["numbers"].format(sign=sign))
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
