"""What the workspace knows of a set of synthetic images: a report states it and measures nothing."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ganaug_core.cohort.cohort_json import left_out
from ganaug_core.config import Passport
from ganaug_core.config.requests import MAP_SPACE
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.generators import stored as generators
from ganaug_core.jobs import runs
from ganaug_core.pipeline import METHODS
from ganaug_core.reading import answers, tables
from ganaug_core.records import Audit, Cohort, Map, Samples, Skipped
from ganaug_core.records.benefit import Benefit
from ganaug_core.records.training import Checkup
from ganaug_core.storage.database import Database, Decision
from ganaug_core.storage.workspace import READINGS, Workspace

if TYPE_CHECKING:  # what computes loads much
    from ganaug_core.reading.analysis import Results


@dataclass(frozen=True, kw_only=True)
class Study:
    """A reader study of images of a set.

    Attributes:
        ended: How many of the readers have read all images.
        results: None while somebody still reads: they would tell the truth.
    """

    images: int
    readers: int
    ended: int
    results: "Results | None"


@dataclass(frozen=True, kw_only=True)
class Set:
    """Synthetic images with everything that was found out about them; names are those of now.

    Attributes:
        settings: Of the audit.
        methods: Paragraph, BibTeX and tables of the audit; empty in audits from before they were kept.
        maps: By feature space, the newest of each.
        passport: Of the generator that drew them, None where it is not here; `generator` its name.
        run: Name of the run that made the generator, empty where it is not here; `history` its curves.
        decisions: That count, one an image and reader.
        studies: Of readers, against this cohort, the oldest first.
    """

    samples: Samples
    audit: Audit
    settings: Mapping[str, Any]
    methods: str = ""
    maps: Mapping[str, Map] = field(default_factory=dict)
    generator: str = ""
    passport: Passport | None = None
    run: str = ""
    history: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    checkups: Sequence[Checkup] = ()
    kept: int | None = None
    decisions: Sequence[Decision] = ()
    benefit: Benefit | None = None
    studies: Sequence[Study] = ()

    @property
    def name(self) -> str:
        return self.samples.name

    def map(self, encoder: str) -> Map | None:
        """Return the map in a feature space, None where nobody drew it."""
        return self.maps.get(encoder)

    @property
    def first_map(self) -> Map | None:
        """Return the map that shows everything, of SimCLR where there is one."""
        return self.maps.get(MAP_SPACE) or next(iter(self.maps.values()), None)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A cohort and one set of synthetic images, and another one where two are compared.

    Attributes:
        left_out: Files that were left out or are odd, without their names.
    """

    cohort: Cohort
    set: Set
    against: Set | None = None
    left_out: Sequence[Skipped] = ()

    @property
    def audit(self) -> Audit:
        return self.set.audit

    @property
    def samples(self) -> Samples:
        return self.set.samples


def read(workspace: Workspace, cohort: str, samples: str, against: str | None = None) -> Stored:
    """Return what is stored.

    Raises:
        EvidenceError: There is no audit of exactly these images by the present method.
        WorkspaceError: Something is not there, or damaged.
    """
    record = workspace.cohort(cohort)
    return Stored(
        cohort=record,
        set=_set(workspace, cohort, samples),
        against=_set(workspace, cohort, against) if against else None,
        left_out=left_out(record),
    )


def _set(workspace: Workspace, cohort: str, samples: str) -> Set:
    inputs = {"cohort": workspace.identity("cohorts", cohort), "samples": workspace.identity("samples", samples)}
    name = workspace.newest("audits", inputs)
    if name is None:
        raise EvidenceError(
            f"There is no audit of {samples} against {cohort}, and a report states what an audit found.",
            do=f"Audit them first: ganaug audit {cohort} {samples}",
            code="no_audit",
        )
    record, audit = workspace.samples(samples), workspace.audit(name)
    generator = workspace.named("generators", str(record.provenance.get("generator"))) or ""
    run = _run(workspace, generator)
    checkups, kept = runs.checkups(workspace, run) if run else ([], None)
    benefit = workspace.newest("benefits", inputs)
    return Set(
        samples=record,
        audit=audit,
        settings=workspace.reference("audits", name).origin.settings,
        methods=(workspace.attached("audits", name, METHODS) or b"").decode("utf-8", "replace"),
        maps=_maps(workspace, inputs),
        generator=generator,
        passport=generators.up_to_date(workspace, generator) if generator else None,
        run=run,
        history=runs.history(workspace, run) if run else {},
        checkups=checkups,
        kept=kept,
        decisions=Database(workspace.database_path).decisions(record.digest),
        benefit=workspace.benefit(benefit) if benefit else None,
        studies=_studies(workspace, samples, audit.cohort["hash"]),
    )


def _studies(workspace: Workspace, samples: str, cohort: str) -> list[Study]:
    """Return the reader studies of a set against a cohort, given by its digest; a damaged one fails alone."""
    studies = []
    for name in tables.studies_of(workspace, samples):
        with suppress(WorkspaceError):
            reading, folder = workspace.reading(name), workspace.folder(READINGS, name)
            if reading.cohort["hash"] != cohort:
                continue
            given = answers.by_reader(folder, reading)
            results = None
            if answers.is_over(folder, reading):
                from ganaug_core.reading import analysis

                results = analysis.results(reading, given)
            studies.append(
                Study(
                    images=len(reading),
                    readers=len(given),
                    ended=sum(len(of_reader) >= reading.places for of_reader in given),
                    results=results,
                )
            )
    return studies


def _run(workspace: Workspace, generator: str) -> str:
    if not generator:
        return ""
    run = workspace.reference("generators", generator).origin.inputs.get("run", "")
    return workspace.named("runs", run) or "" if run else ""


def _maps(workspace: Workspace, inputs: Mapping[str, str]) -> dict[str, Map]:
    """Return the newest map of each feature space; a damaged one fails alone."""
    maps = dict[str, Map]()
    for name, _ in workspace.find("maps", inputs):
        with suppress(WorkspaceError):
            drawn = workspace.map(name)
            maps.setdefault(drawn.encoder, drawn)
    return maps
