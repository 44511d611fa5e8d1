"""An exercise: its task, what is to be done, whether the goal is reached, and the answer for a teacher who asks."""

from dataclasses import asdict

import streamlit as st

from ganaug_core.lessons import exercises
from ganaug_core.lessons.exercises import GameExercise, NumberExercise
from ganaug_core.ui.pages.playground.playground_page import show_exercise

ANSWERS = "answers"
"""In the address, `answers=1` shows the answers."""
WORDS = {
    "en": {
        "ask": "Your answer",
        "check": "Check",
        "right": "The goal is reached.",
        "wrong": "Not yet. Read the task again, or take the lesson beside it.",
        "answer": "Answer",
        "begin": "Change one setting of side B.",
        "many": "More than one setting differs from side A: whatever happens now has more than one possible cause.",
        "playing": "Side B is being played.",
        "failed": "Not yet: the game still shows the sign of failure.",
        "reached": "The goal is reached.",
    },
    "zh": {
        "ask": "你的答案",
        "check": "检查",
        "right": "目标已达到。",
        "wrong": "还没有。请再读一遍题目，或看相应的课程。",
        "answer": "答案",
        "begin": "请改 B 侧的一个设置。",
        "many": "与 A 侧不同的设置多于一个：现在无论发生什么，可能的原因都不止一个。",
        "playing": "B 侧正在进行。",
        "failed": "还没有：这一局仍显示失败的迹象。",
        "reached": "目标已达到。",
    },
}


def tell(name: str, language: str) -> None:
    """Show the task, and the answer where the address asks for it."""
    told = exercises.told(name, language)
    st.markdown(told.task)
    if st.query_params.get(ANSWERS) == "1":
        st.markdown(f"**{WORDS[language]['answer']}**\n\n{told.answer}")


def show_task(name: str, language: str) -> None:
    """Show what is to be done, and say whether the goal is reached."""
    task, words = exercises.EXERCISES[name], WORDS[language]
    if isinstance(task, GameExercise):
        goal = {**asdict(task.signature), "words": {state: words[state] for state in STATES}}
        show_exercise(task.start, goal, f"exercise-{name}-{language}", language)
    else:
        _ask_number(name, task, words)


STATES = ("begin", "many", "playing", "failed", "reached")


def _ask_number(name: str, task: NumberExercise, words: dict[str, str]) -> None:
    with st.form(f"exercise-{name}", border=False):
        answer = st.number_input(
            f"{words['ask']} (%)" if task.percent else words["ask"], value=None, step=None, format="%g", width=240
        )
        is_asked = st.form_submit_button(words["check"])
    if is_asked and answer is not None:
        if task.is_right(answer):
            st.success(words["right"], icon=":material/check:")
        else:
            st.info(words["wrong"])
