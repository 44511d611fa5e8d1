"""What leaves a study: all answers as CSV, the file that iMRMC reads, and which synthetic images were taken for real.

None of it can be had before the study is over, because it holds the truth. Image ids stay in the workspace: a case has
a number.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.reading import answers
from ganaug_core.records.codec import in_json
from ganaug_core.records.reading import REAL, SYNTHETIC, Answer, Reading
from ganaug_core.storage.database import harmless
from ganaug_core.storage.workspace import READINGS, Workspace

if TYPE_CHECKING:  # what computes loads much
    from ganaug_core.reading.analysis import Results

COLUMNS = (
    *("reader", "place", "case", "cluster", "repeat", "truth", "class", "confidence", "called", "class_read"),
    *("tags", "seconds", "pauses", "answered"),
)
KIND = {REAL: "real", SYNTHETIC: "synthetic"}
MODALITY = "ganaug"


@dataclass(frozen=True)
class TakenForReal:
    """How many readers called a synthetic image real at first sight, of how many who read it."""

    called_real: int
    read_by: int


def require_over(folder: Path, reading: Reading) -> None:
    """Refuse what tells the truth while somebody still reads.

    Raises:
        EvidenceError: The study is not over.
    """
    if not answers.is_over(folder, reading):
        raise EvidenceError(
            f"The study {reading.name} is not over: results and tables hold the truth, and somebody still reads.",
            do="Wait until all readers have ended, or close it: ganaug reading close.",
            code="open",
        )


def raw(reading: Reading, given: Sequence[Sequence[Answer]]) -> str:
    """Return every answer as CSV, one a line; all numbers of the results can be computed again from it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for reader, of_reader in enumerate(given):
        repeats = reading.is_repeat(reader)
        for answer in of_reader:
            row = int(reading.orders[reader, answer.place])
            read = [reading.classes[int(reading.labels[row])], answer.confidence, KIND[answer.called]]
            read += [reading.classes[answer.label], " + ".join(answer.tags), f"{answer.seconds:.3f}", answer.pauses]
            case = [reading.readers[reader], answer.place + 1, row + 1, int(reading.clusters[row]) + 1]
            kind = [int(repeats[answer.place]), KIND[int(reading.truth[row])]]
            writer.writerow([harmless(str(cell)) for cell in (*case, *kind, *read, answer.written)])
    return text.getvalue()


def document(reading: Reading, given: Sequence[Sequence[Answer]], results: "Results | None") -> dict[str, Any]:
    """Return a study as JSON values: how far its readers are, and what it shows, null while somebody reads."""
    return {
        "schema": "ganaug.reading/1",
        "name": reading.name,
        "cohort": reading.cohort,
        "synthetic": reading.synthetic,
        "images": len(reading),
        "digest": reading.digest,
        "created": reading.created,
        "equivalence": in_json(reading.equivalence),
        "readers": [
            {"reader": reader, "done": len(of_reader), "total": reading.places}
            for reader, of_reader in zip(reading.readers, given, strict=True)
        ],
        "results": in_json(results),
    }


def imrmc(reading: Reading, given: Sequence[Sequence[Answer]]) -> str:
    """Return what iMRMC reads: the confidence of every reader who ended, first readings alone.

    N0 are real images (signal-absent), N1 synthetic ones; the line of the truth has the reader -1. iMRMC takes no
    reading twice, and knows cases, not patients.

    Source: iMRMC's manual, 4.1.1 Study Raw Data, didsr.github.io/iMRMC, and its reader (DIDSR/iMRMC, InputFile.java).
    """
    title = reading.name.replace(":", " ")  # iMRMC takes any line with "N1:" in it, such as "run1:", for a size
    ended = [reader for reader, of_reader in enumerate(given) if len(of_reader) >= reading.places]
    lines = [
        f"Reader study {title}, real (0) or synthetic (1), confidence 1 to 6",
        f"N0: {int((reading.truth == REAL).sum())}",
        f"N1: {int((reading.truth == SYNTHETIC).sum())}",
        f"NR: {len(ended)}",
        "NM: 1",
        "",
        "BEGIN DATA:",
        *(f"-1,{row + 1},truth,{int(kind)}" for row, kind in enumerate(reading.truth)),
    ]
    for reader in ended:
        repeats = reading.is_repeat(reader)
        lines += [
            f"{reading.readers[reader]},{int(reading.orders[reader, answer.place]) + 1},{MODALITY},{answer.confidence}"
            for answer in given[reader]
            if not repeats[answer.place]
        ]
    return "\n".join(lines) + "\n"


def taken_for_real(workspace: Workspace, samples: str) -> dict[str, TakenForReal]:
    """Return for each synthetic image that was read, by id, how often it was taken for real.

    Studies of these very images that are over count together; first readings alone, also of readers who did not end.

    Args:
        samples: Name of the set in the workspace.

    Raises:
        WorkspaceError: There is no such set.
    """
    counts: dict[str, list[int]] = {}
    for name in studies_of(workspace, samples):
        try:
            reading, folder = workspace.reading(name), workspace.folder(READINGS, name)
            if not answers.is_over(folder, reading):
                continue
            given = answers.by_reader(folder, reading)
        except WorkspaceError:  # a damaged study hides no other one; its own page says so
            continue
        for reader, of_reader in enumerate(given):
            repeats = reading.is_repeat(reader)
            for answer in of_reader:
                row = int(reading.orders[reader, answer.place])
                if reading.truth[row] == SYNTHETIC and not repeats[answer.place]:
                    of_image = counts.setdefault(str(reading.ids[row]), [0, 0])
                    of_image[0] += answer.called == REAL
                    of_image[1] += 1
    return {image: TakenForReal(*of_image) for image, of_image in counts.items()}


def studies_of(workspace: Workspace, samples: str) -> list[str]:
    """Return the names of the studies in which images of a set are read, the oldest first."""
    identity = workspace.identity("samples", samples)
    return [name for name, _ in workspace.made_from(READINGS, "samples", identity)]
