"""Reading room: a reader's screen, one image after the other in one size on black.

It speaks with the server's own routes and not through the page, so an answer needs no round trip of the page, and what
the page knows never reaches it.
"""

from collections.abc import Sequence

import streamlit as st

from ganaug_core.records.reading import SCALE, TAGS
from ganaug_core.ui.shared.components import parts

_HTML = """
<div class="room" data-step="loading">
  <header><span class="who"></span><progress max="1" value="0" aria-label="Answered"></progress>
    <span class="progress" aria-live="polite"></span>
    <span class="purpose">Research use only. Not for diagnosis.</span></header>
  <div class="desk">
    <div class="image"></div>
    <div class="questions">
      <section aria-label="Real or synthetic"><h3>Real or synthetic?</h3><div class="scale"></div></section>
      <section class="which" aria-label="Class"><h3>Which class?</h3><div class="classes"></div></section>
      <section aria-label="What is odd"><h3>What is odd, if anything</h3><div class="tags"></div></section>
      <div class="acts"><button type="button" class="next primary"><kbd>Enter</kbd>Next</button>
        <button type="button" class="pause"><kbd>P</kbd>Pause</button></div>
    </div>
  </div>
  <section class="welcome" aria-label="Before you begin">
    <h2></h2>
    <p class="asked"></p>
    <p>What is kept of you:</p>
    <ul class="kept"></ul>
    <button type="button" class="begin primary"><kbd>Enter</kbd><span></span></button>
    <button type="button" class="leave">Not now</button>
  </section>
  <section class="paused" aria-label="Pause">
    <h2>Pause</h2>
    <p>The image is hidden and the clock stands. All answers so far are on the disk: you may also leave and come
    back.</p>
    <button type="button" class="goon primary"><kbd>Enter</kbd>Go on</button>
    <button type="button" class="leave">Leave</button>
  </section>
  <section class="gone" aria-label="Thank you"><h2>Thank you. All your answers are on the disk.</h2></section>
  <p class="trouble" role="alert" hidden></p>
</div>
"""
PARTS = ("server", "screen", "keys", "main")
_component = st.components.v2.component(
    "ganaug_reading_room", html=_HTML, css=parts.style("reading_room"), js=parts.script("reading_room", *PARTS)
)


def reading_room(
    address: str,
    *,
    key: str,
    reader: str,
    title: str,
    asked: str,
    kept: Sequence[str],
    classes: Sequence[str],
    shown: tuple[int, int],
) -> bool:
    """Show the screen; return whether the reader has ended or wants to leave.

    Args:
        address: What the routes of this reader begin with.
        asked, kept: What the reader is told before: the task, and what is kept.
        shown: Rows and columns of the image in CSS pixels.
    """
    state = _component(
        key=key,
        data={
            "address": address,
            "reader": reader,
            "title": title,
            "asked": asked,
            "kept": list(kept),
            "classes": list(classes),
            "scale": list(SCALE),
            "tags": list(TAGS),
            "shown": list(shown),
        },
        on_left_change=lambda: None,
    )
    return bool(state.left)
