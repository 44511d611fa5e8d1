"""Colours and patterns that survive colour blindness and a dark reading room.

Okabe and Ito, 2008, without the black; on the ground `#0B0D10` every colour but the last reaches a contrast of 5.
Colour never goes alone: roles have a shape, classes a name.
"""

GROUND = "#0B0D10"
PANEL = "#15191E"
TEXT = "#E8EAED"
QUIET = "#AEB6BF"
LINE = "#2A3138"

CLASSES = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#B8B8B8", "#0072B2")
ROLES = {"train": "#56B4E9", "tuning": "#B8B8B8", "holdout": "#F0E442", "synthetic": "#E69F00"}
PATTERNS = {"train": "", "tuning": "/", "holdout": "x", "synthetic": "+"}
STATES = {"pass": "#009E73", "warn": "#E69F00", "fail": "#D55E00", "not_assessable": "#B8B8B8"}


def of_class(label: int) -> str:
    """Return the colour of a class by its index; beyond eight classes the colours come again."""
    return CLASSES[label % len(CLASSES)]
