"""Colours and patterns that survive colour blindness, a grey print and a dark reading room.

Classes, roles, runs and verdicts have palettes of their own, so that a colour means one thing. Those of one palette
stay apart for deuteranopes and protanopes; roles, runs, verdicts and the first four classes also in grey. On the ground
`#0B0D10`, which figures and images have in every theme, each reaches a contrast of 3.9. Colour never goes alone: roles
have a shape, classes a name, runs a dash, verdicts a sign.
"""

GROUND = "#0B0D10"
PANEL = "#15191E"
TEXT = "#E8EAED"
QUIET = "#AEB6BF"
LINE = "#2A3138"

CLASSES = ("#F2E044", "#64B6F6", "#E1702C", "#15805F", "#B46BD6", "#9C7B4B", "#9FE1C7", "#CF5682")
ROLES = {"train": "#E4E9EF", "tuning": "#687582", "holdout": "#8390BA", "synthetic": "#FF8EB1"}
RUNS = ("#8FE5EA", "#A98BEF", "#C8C06A", "#588BA3")
PATTERNS = {"train": "", "tuning": "/", "holdout": "x", "synthetic": "+"}
STATES = {"pass": "#B8F0B2", "warn": "#E3AE3C", "fail": "#F95F55", "not_assessable": "#917477"}


def of_run(number: int) -> str:
    """Return the colour of the k-th of the runs, or sets, that are compared."""
    return RUNS[number % len(RUNS)]


def of_class(label: int) -> str:
    """Return the colour of a class by its index; beyond eight classes the colours come again."""
    return CLASSES[label % len(CLASSES)]
