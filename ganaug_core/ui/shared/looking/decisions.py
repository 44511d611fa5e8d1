"""What readers decided about synthetic images, as pages need it: what counts, and the table of all of it."""

import csv
import io
from collections.abc import Iterable

from ganaug_core.records import Samples
from ganaug_core.server import decisions as written
from ganaug_core.storage.database import Decision, counting, harmless
from ganaug_core.ui.shared import caches
from ganaug_core.writers import marks

COLUMNS = ("set", "id", "generator", "seed", "index", "class", "truncation", "decision", "reason", "note", "reader")


def of(samples: Samples) -> dict[str, Decision]:
    """Return what counts for each image of a set, by id: what its reader decided last, of several the strictest."""
    return counting(of_every_reader(samples))


def of_every_reader(samples: Samples) -> list[Decision]:
    """Return what each reader decided last about each image of a set, oldest first.

    Where the database cannot be read the page says so at its top, and the images are shown without decisions.
    """
    return written.of_every_reader(caches.workspace(), samples.digest)


def table(samples: Samples, decided: Iterable[Decision]) -> str:
    """Return decisions as CSV, with what draws each image again; no cell is one that a spreadsheet computes."""
    rows = {str(image): row for row, image in enumerate(samples.ids)}
    origin = samples.provenance
    places, seeds = marks.indices(samples), marks.seeds(samples)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, "time"])
    for decision in decided:
        row = rows[decision.image]
        drawn = [str(origin.get("generator", "")), seeds[row], str(places[row])]
        shown = [samples.classes[int(samples.labels[row])], str(origin.get("truncation", "")), decision.decision]
        said = [*written.reason_and_note(decision.reason), decision.reader, decision.written]
        writer.writerow([harmless(cell) for cell in (samples.name, decision.image, *drawn, *shown, *said)])
    return text.getvalue()
