"""Keep, reject or flag a synthetic image: buttons, keys, counts, and the table of what was decided."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Samples
from ganaug_core.storage.database import Database, Decision
from ganaug_core.ui.shared import caches, words
from ganaug_core.ui.shared.address import IMAGE

WORDS = {"keep": "Keep", "reject": "Reject", "flag": "Flag"}
DONE = {"keep": "kept", "reject": "rejected", "flag": "flagged"}
ICONS = {"keep": ":material/check:", "reject": ":material/close:", "flag": ":material/flag:"}
KEYS = {"keep": "k", "reject": "x", "flag": "f"}
REASONS = ("artefact", "blurred", "wrong class", "wrong anatomy", "resembles a patient")
FASTEST_SECONDS = 0.3  # nobody looks faster: a key that is held down must not judge image after image
STALE_SECONDS = 2.0  # a key right after a decision, before the next image is there, must not judge the same image again
_NOT_WRITTEN = "decision-not-written"


def of(samples: Samples) -> dict[str, Decision]:
    """Return what was decided last about each image of a set, by id.

    Where the database cannot be read the page says so at its top, and the images are shown without decisions.
    """
    try:
        newest = Database(caches.workspace().database_path).decisions(samples.digest)
    except WorkspaceError:
        return {}
    return {decision.image: decision for decision in newest}


def buttons(samples: Samples, image: str, shown: Sequence[str], decided: Mapping[str, Decision]) -> None:
    """Draw the buttons about one image; each can be pressed by a key.

    Args:
        shown: Ids in the order of the gallery; after a decision the next undecided one is chosen.
    """
    if (problem := st.session_state.pop(_NOT_WRITTEN, None)) is not None:
        st.error(words.plain(f"The decision was not written. {problem[0]} {problem[1]}"), icon=":material/error:")
    newest = decided.get(image)
    goes_on = st.session_state.get("onward", True)
    following = _next(image, shown, decided) if goes_on else image
    columns = st.columns(3)
    for column, (decision, text) in zip(columns, WORDS.items(), strict=True):
        column.button(
            text,
            key=f"decide-{decision}",
            icon=ICONS[decision],
            shortcut=KEYS[decision],
            type="primary" if newest is not None and newest.decision == decision else "secondary",
            width="stretch",
            on_click=_decide,
            args=(samples.digest, samples.name, image, decision),
            kwargs={"reason": None, "following": following},
        )
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.text("Reject because:")
        for number, reason in enumerate(REASONS, 1):
            st.button(
                reason,
                key=f"because-{number}",
                shortcut=str(number),
                on_click=_decide,
                args=(samples.digest, samples.name, image, "reject"),
                kwargs={"reason": reason, "following": following},
            )
    if newest is not None:
        because = f": {words.plain(newest.reason)}" if newest.reason else ""
        st.markdown(f"{ICONS[newest.decision]} This image is **{DONE[newest.decision]}**{because}.")


def note(image: str) -> None:
    """Ask for a note, and whether to go on after a decision."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.text_input(
        "Note, kept with the next decision",
        key=f"note-{image}",
        max_chars=200,
        placeholder="optional, for instance: ring at 3 h",
    )
    right.toggle("Go on after each", value=True, key="onward")


def _decide(digest: str, samples: str, image: str, decision: str, *, reason: str | None, following: str) -> None:
    now = time.monotonic()
    since = now - st.session_state.get("decided-at", -STALE_SECONDS)
    moves_on_from_the_last = image != following and image == st.session_state.get("decided-image")
    if since < (STALE_SECONDS if moves_on_from_the_last else FASTEST_SECONDS):
        return
    st.session_state.update({"decided-at": now, "decided-image": image})
    note_text = words.clean(st.session_state.get(f"note-{image}", ""))
    reasons = "; ".join(filter(None, (reason, note_text)))
    try:
        Database(caches.workspace().database_path).decide(digest, image, decision, reasons, samples=samples)
    except WorkspaceError as problem:
        st.session_state[_NOT_WRITTEN] = problem.what, problem.do
        return
    st.session_state[IMAGE] = following


def _next(image: str, shown: Sequence[str], decided: Mapping[str, Decision]) -> str:
    """Return the next undecided image after this one, going round; this one where all are decided."""
    start = shown.index(image) if image in shown else -1
    in_order = [*shown[start + 1 :], *shown[: start + 1]]
    return next((candidate for candidate in in_order if candidate not in decided and candidate != image), image)


def summary(samples: Samples, origin: str, decided: Mapping[str, Decision]) -> None:
    """Say where the images come from and how many were decided about, and offer the table."""
    counts = Counter(decision.decision for decision in decided.values())
    counted = ", ".join(f"{counts[decision]:,} {done}" for decision, done in DONE.items())
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.text(f"{origin}. {counted}, {max(0, len(samples) - len(decided)):,} not yet looked at")
    right.download_button(
        "Save decisions (CSV)",
        lambda: Database(caches.workspace().database_path).decisions_csv(samples.digest).encode(),
        file_name=f"{samples.name}-decisions.csv",
        mime="text/csv",
        icon=":material/download:",
        disabled=not decided,
        on_click="ignore",
    )
