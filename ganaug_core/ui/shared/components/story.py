"""Story player: large, light screens over the whole window, one after the other, by key or by click.

Nothing comes back to the server; the screen stands in the address, votes stay in the browser's tab.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from ganaug_core.playground.targets import REACH
from ganaug_core.ui.shared.components import parts
from ganaug_core.ui.shared.components.playground import NO_TEXTS

_HTML = """
<div class="story" tabindex="-1" role="region" aria-label="Story">
  <header><h2></h2><a class="leave" href="/" title="Leave the story (Escape)">Leave</a></header>
  <div class="says" aria-live="polite"></div>
  <div class="stage"></div>
  <footer>
    <span class="clock" role="timer" aria-live="off"></span>
    <button type="button" class="back">&#8592; Back</button>
    <span class="place"></span>
    <button type="button" class="next">Next &#8594;</button>
    <span class="tools"></span>
  </footer>
</div>
"""
PARTS = ("elements", "pictures", "maps", "flicker", "votes", "figure", "orbit", "games", "lecture", "screens", "main")
LIGHT = {"text": "#111111", "quiet": "#4A4F55", "line": "#D0D4D8", "real": "#5A6570", "synthetic": "#B3265E"}
"""What lines and points of a chart have on white; shapes and dashes say the same as colours."""
_component = st.components.v2.component(
    "ganaug_story",
    html=_HTML,
    css=parts.style("story"),
    js="\n".join(
        (
            parts.script("viewer", "alignment", "pixels"),
            parts.script("demonstration", "axes"),
            parts.script("playground", "language", "stream", "plane", "charts", "says"),
            parts.script("story", *PARTS),
        )
    ),
)


def story(
    chapters: Sequence[Any],
    *,
    unit: str,
    scale: tuple[float, float],
    lecture: Mapping[str, Any] | None = None,
    is_speaker: bool = False,
    texts: Mapping[str, str] = NO_TEXTS,
) -> None:
    """Show a story.

    Args:
        chapters: Screens, as `ui.pages.story.chapters.of` returns them.
        unit: Unit of the cohort's pixel values.
        scale: Low and high end of its range, which every image is shown in.
        lecture: `blocks` with `title`, `minutes`, `short`, `notes` and `still`, `block_of` each screen, and `words` for
            buttons; None where nothing is timed.
        is_speaker: Show notes and clock instead of the screen; both windows go together.
        texts: What the games' own texts are in another language, see `lessons.translation`.
    """
    data = {
        "chapters": [asdict(chapter) for chapter in chapters],
        "unit": unit,
        "scale": list(scale),
        "lecture": dict(lecture) if lecture else None,
        "isSpeaker": is_speaker,
        "texts": dict(texts),
        "reach": REACH,
        "colours": LIGHT | {"plain": LIGHT["text"], "train": LIGHT["real"]},
    }
    _component(key="story", data=data)
