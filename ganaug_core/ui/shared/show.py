"""What pages say besides their content: the next step, a link, an error in words."""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core import app_root
from ganaug_core.cohort import withdrawal
from ganaug_core.errors import GanaugError, WorkspaceError
from ganaug_core.jobs import store
from ganaug_core.ui.shared import caches, choosers, words

_log = logging.getLogger(__name__)


def next_step(text: str, page: str) -> None:
    """Say what is missing, link the page that helps, and end this page."""
    st.info(text, icon=":material/arrow_forward:")
    link(page)
    _stop_page()


def link(page: str, label: str | None = None, *, help: str | None = None, **query: str | list[str]) -> None:
    """Link another page, with what it shall show in the address; `help` is said on hover."""
    path = app_root() / "pages" / f"{page}.py"
    if path.is_file():
        st.page_link(path, label=label, icon=":material/arrow_forward:", query_params=query or None, help=help)


def error(problem: GanaugError) -> None:
    """Show what happened and what to do; what is damaged can be removed here."""
    trouble(problem.what, problem.do)
    if isinstance(problem, caches.Damaged) and st.button(
        f"Remove {problem.name}", icon=":material/delete:", key=f"remove-{problem.kind}-{problem.name}"
    ):
        try:
            _remove(problem.kind, problem.name)
        except GanaugError as refusal:
            trouble(refusal.what, refusal.do)
        else:
            st.rerun()


def _remove(kind: str, name: str) -> None:
    if kind == "runs":
        store.remove_run(caches.workspace(), name)
    else:
        caches.workspace().remove_with_caches(kind, name)


def trouble(what: str, do: str) -> None:
    """Show an error that is already in words; both may hold names from outside."""
    st.error(f"{words.plain(what)}\n\n**What to do:** {words.plain(do)}", icon=":material/error:")


def withdrawn(kind: str, name: str) -> bool:
    """Warn where something was made from data of a patient who withdrew, and return whether that may be so."""
    try:
        marked = withdrawal.is_marked(caches.workspace(), kind, name)
    except WorkspaceError as problem:  # nobody knows: the rest of the page is shown, and nothing leaves unasked
        trouble(problem.what, problem.do)
        return True
    if marked:
        what = "Holds" if kind == "cohorts" else "Made from a cohort with"
        st.warning(f"{what} data of a patient who withdrew.", icon=":material/person_remove:")
    return marked


@contextmanager
def guarded() -> Iterator[None]:
    """Show errors in words and end the page; our own bugs go to the log with a number that is also on the screen.

    A fragment swallows its own exceptions, so every fragment stands in one of these too.
    """
    try:
        yield
    except GanaugError as problem:
        error(problem)
    except Exception:
        number = secrets.token_hex(4)
        _log.exception("Unexpected error %s", number)
        trouble(
            f"Something went wrong that is not your fault (number {number}).",
            "Nothing that was saved is lost. Reload the page; if it happens again, report the number with the log.",
        )
    else:
        return
    _stop_page()


@contextmanager
def guarded_part() -> Iterator[None]:
    """Show an error in words and go on: one damaged thing in a list does not hide the others."""
    try:
        yield
    except GanaugError as problem:
        error(problem)


def table(frame: pd.DataFrame, alt: str) -> None:
    """Show a small table as text: a grid that sorts and scrolls costs a page more than all its words together."""
    st.table(frame.map(_cell).rename(columns=words.plain), hide_index=True, alt=alt)


def _cell(value: object) -> object:
    """Return a name from outside letter by letter, and a count as it stands everywhere else: 1,691."""
    if isinstance(value, str):
        return words.plain(value)
    return f"{value:,}" if isinstance(value, int | np.integer) and not isinstance(value, bool) else value


def facts(values: Mapping[str, str]) -> None:
    """Draw a row of short facts, each below its name."""
    with st.container(key="facts"):
        for column, (name, value) in zip(st.columns(len(values)), values.items(), strict=True):
            column.metric(name, value)


@st.fragment
def folded(
    label: str,
    draw: Callable[[], None],
    *,
    icon: str,
    key: str | None = None,
    news: bool = False,
    is_form: bool = False,
) -> None:
    """Draw what folds out. Its content is made when somebody opens it, so that the page stands without it.

    Args:
        draw: Draws the content.
        key: Tells apart what folds out under one label.
        news: Whether something goes on in it, or came of it, that shall be seen without opening it.
        is_form: Whether something is filled in there, which stays when it is closed again.
    """
    name = f"folded-{key or label}{'-news' if news else ''}"
    box = st.expander(label, expanded=news, icon=icon, key=name, on_change="rerun")
    was_opened = f"{name}-was-opened"
    if box.open and is_form:
        st.session_state[was_opened] = True
    if box.open or st.session_state.get(was_opened):
        with box, guarded():
            draw()


def _stop_page() -> None:
    """End the page; once it is stopped Streamlit takes no more words, so the address is written before."""
    choosers.settle()
    st.stop()


def database() -> None:
    """Say at the top of a page if the database cannot be used; everything that lies in files is shown without it."""
    try:
        store.require(caches.workspace())
    except WorkspaceError as problem:
        error(problem)
        st.text("What was made before is shown below; jobs, progress and decisions are not.")
