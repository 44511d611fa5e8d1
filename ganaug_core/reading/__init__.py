"""Reader studies: two to five people say of images whether they are real, how sure they are, and which class they show.

    design.make -> answers.give, one image after the other -> answers.close -> analysis.results -> tables

A study is an artefact that never changes; each reader's answers grow in a file beside it, one line each, on the disk
before the browser hears of it. Who reads is R1, R2, ... and nothing else. Nothing here draws pages.
"""

from ganaug_core.reading.tables import TakenForReal, taken_for_real

__all__ = ["TakenForReal", "taken_for_real"]
