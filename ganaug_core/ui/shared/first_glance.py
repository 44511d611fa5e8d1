"""Sentences of audits and experiments without their statistics, for a first glance; the whole of each folds out.

What is stored keeps its words: an old audit reads like a new one, and files and reports are as they were.
"""

import re

import streamlit as st

from ganaug_core.ui.shared import glossary, words

HOW = "How do we know"
_BRACKET = re.compile(r" ?\(([^()]*)\)")
_CHANCE = re.compile(r"[pq] [=<] ")
_NAMES = re.compile(r"^(?:Fréchet distance, |Look \d+, alpha .*|SimCLR$)")
_MOVED = re.compile(r"AUROC (rises|falls) by (\d\.\d+) (\(.*?\)) from (\d\.\d+)")
_REACHED = re.compile(r"reaches an AUROC of (\d\.\d+); with (.*?) it changes")
_CHANGES = re.compile(r"([-+]0\.\d+)(?: to ([-+]0\.\d+))?")
_MARGIN = re.compile(r"\b(loss|gain) of (up to )?(0\.\d+)")


def of(sentence: str) -> str:
    """Return what a stored sentence says without p, q and the names of statistics and networks.

    An area under the curve is said as what it is: the share of pairs, one image of the class and one of another, in
    which the classifier is surer of the first. Changes of it are percentage points.
    """
    sentence = words.clean(sentence)
    if "AUROC" in sentence:
        sentence = _REACHED.sub(_reached, _MOVED.sub(_moved, sentence))
        sentence = _CHANGES.sub(_change, sentence)
    sentence = _MARGIN.sub(lambda found: f"{found[1]} of {found[2] or ''}{_points(found[3])} points", sentence)
    sentence = _BRACKET.sub(_without_statistics, sentence)
    return sentence.replace("what SimCLR sees", "their shapes").replace("SimCLR", "shape").strip()


def _moved(found: re.Match[str]) -> str:
    base, by = float(found[4]), float(found[2])
    now = base + by if found[1] == "rises" else base - by
    return f"an image of the class ranks above another one in {_pairs(now)} instead of {words.percent(base)} {found[3]}"


def _reached(found: re.Match[str]) -> str:
    ranked = f"ranks an image of the class above another one in {_pairs(float(found[1]))}"
    return f"{ranked}; with {found[2]} that changes"


def _pairs(area: float) -> str:
    return f"{words.percent(area)} of pairs"


def _change(found: re.Match[str]) -> str:
    low, high = found.groups()
    return f"{_points(low, '+')} to {_points(high, '+')} points" if high else f"{_points(low, '+')} points"


def _points(share: str, sign: str = "") -> str:
    return f"{100 * float(share):{sign}.3g}"


def _without_statistics(found: re.Match[str]) -> str:
    """Return a bracket without the clauses that tell chances, nothing where no clause is left."""
    clauses = [_NAMES.sub("", clause) for clause in found[1].split("; ") if not _CHANCE.match(clause)]
    left = "; ".join(filter(None, clauses))
    return found[0].replace(found[1], left) if left else ""


def show_grounds(*sentences: str) -> None:
    """Draw the button behind which the whole sentences stand; none where the page hides nothing of them."""
    hidden = [words.clean(sentence) for sentence in sentences if of(sentence) != words.clean(sentence)]
    if not hidden:
        return
    with st.popover(HOW, type="tertiary"):
        for sentence in hidden:
            st.text(sentence, help=glossary.gloss(sentence))
