"""Cohorts of which a person, or the demo, says that they are public: their images may be shown to everybody."""

from datetime import UTC, datetime

from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Cohort
from ganaug_core.storage import ledger
from ganaug_core.storage.workspace import Workspace
from ganaug_core.wording import clean

LOG = "public.json"
DEMO = "the demo of ganaug, drawn by a program; it shows no patient"
LONGEST = 200


def state(workspace: Workspace, cohort: Cohort, source: str) -> None:
    """Write down that a cohort is public, and where it says so; an empty source takes that back.

    Raises:
        WorkspaceError: The source is too long, the list is damaged, or the disk is full.
    """
    source = clean(source)
    if len(source) > LONGEST:
        raise WorkspaceError(
            f"What makes {cohort.name} public takes more than {LONGEST} letters.", do="Say it shorter.", code="too_long"
        )
    when = datetime.now(UTC).isoformat(timespec="seconds")
    ledger.append(workspace, LOG, {"when": when, "cohort": cohort.digest, "name": cohort.name, "source": source})


def source(workspace: Workspace, cohort: Cohort) -> str:
    """Return what makes a cohort public, in the words of who said so; empty where nobody did.

    What was said holds for exactly these images: a cohort with others has to be stated anew.

    Raises:
        WorkspaceError: The list is damaged.
    """
    said = [entry for entry in ledger.entries(workspace, LOG) if entry.get("cohort") == cohort.digest]
    if said:
        return str(said[-1].get("source", ""))
    shipped = workspace.exists("cohorts", cohort.name) and workspace.reference("cohorts", cohort.name).shipped
    return DEMO if shipped else ""
