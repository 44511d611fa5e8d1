"""A `.ganaug` file: what one person saw and decided, for another who has the same cohort.

    sets, decisions, audits, maps, a view -> FILE.ganaug -> another workspace

It holds synthetic images and no image of the cohort. Real images are named by their place in it, because their ids are
made with a salt that stays on an installation; whoever opens the file needs the same cohort, with the same patients and
split, for audits and maps. Sets and decisions open without it.
"""

from ganaug_core.handover.opening import Opened, open_file
from ganaug_core.handover.saving import packed, save_file

__all__ = ["Opened", "open_file", "packed", "save_file"]
