"""Synthetic images that leave: without those that an audit named as copies, and audited as they leave.

    samples -> the chosen ones -> without named copies -> audited again -> files

To leave images out changes the set, so its audit is another one. That may name further images, which go too; only a set
whose own audit names none is cleared.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from ganaug_core import pipeline
from ganaug_core.config.requests import AuditSamples, SelectSamples
from ganaug_core.errors import GeneratorError
from ganaug_core.generators import stored
from ganaug_core.generators.export_manifest import Known
from ganaug_core.generators.selection import selected
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Samples
from ganaug_core.storage.database import Database, counting
from ganaug_core.storage.workspace import Workspace

ROUNDS = 5
"""Audits after which a generator is believed to copy, whatever is left out."""
_SELECTED: dict[tuple[str, tuple[str, ...]], Samples] = {}
_REMEMBERED = 8


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """What would leave, as far as the workspace knows.

    Attributes:
        samples: Exactly these images.
        left_out: Ids of the chosen images that an audit named as copies.
        named: Ids of such images that are among these because somebody asked for them.
        audit: Name of the newest audit of exactly these images, empty where there is none.
        whole: The same of the set that they were chosen from.
    """

    samples: Samples
    left_out: tuple[str, ...]
    named: frozenset[str]
    audit: str
    whole: str

    @property
    def images(self) -> tuple[str, ...]:
        """Ids of what would leave."""
        return tuple(self.samples.ids.tolist())


def leaving(
    workspace: Workspace, cohort: str, samples: Samples, images: Collection[str], *, with_copies: bool = False
) -> Leaving:
    """Return what would leave of the chosen images; nothing is made.

    Args:
        cohort: Identity of the cohort that audits compare with, empty where there is none.
        images: Ids of the chosen ones.
        with_copies: Somebody asked for the images that an audit named too.

    Raises:
        GeneratorError: Nothing is left.
    """
    chosen = set(images)
    whole = workspace.newest("audits", {"cohort": cohort, "samples": samples.identity}) or ""
    named = chosen & set(pipeline.suspected_copies(workspace, cohort, samples.identity))
    while True:
        stay = [] if with_copies else [image for image in samples.ids.tolist() if image in chosen & named]
        chosen_now = [image for image in samples.ids.tolist() if image in chosen and image not in stay]
        if not chosen_now:
            raise GeneratorError(
                "An audit named every one of these images as a copy, so none is left."
                if not samples.provenance.get("recipes")
                else "Every one of these images was searched for so that it resembles a real one.",
                do="Choose others, or train on more patients; or let named copies leave too.",
                code="copies",
            )
        current = _selected(samples, tuple(chosen_now))
        audit = workspace.newest("audits", {"cohort": cohort, "samples": current.identity}) or ""
        further = set(pipeline.suspected_copies(workspace, cohort, current.identity)) & set(chosen_now)
        if with_copies or not further:
            present = frozenset((named | further) & set(chosen_now))
            return Leaving(samples=current, left_out=tuple(stay), named=present, audit=audit, whole=whole)
        named |= further


def audited(
    workspace: Workspace,
    cohort: str,
    samples: str,
    images: Collection[str],
    *,
    with_copies: bool = False,
    seed: int = 0,
    command: str = "",
    report: Report = silent,
) -> Leaving:
    """Return what leaves, after auditing exactly that, as often as it takes.

    Args:
        cohort, samples: Names.

    Raises:
        GeneratorError: Nothing is left, or every audit of what was left named further copies.
    """
    record, identity = workspace.samples(samples), workspace.identity("cohorts", cohort)
    for number in range(ROUNDS + 1):
        found = leaving(workspace, identity, record, images, with_copies=with_copies)
        if found.audit:
            return found
        if number == ROUNDS:
            break
        name = samples
        if len(found.samples) < len(record):
            name = pipeline.select_samples(workspace, SelectSamples(samples=samples, images=found.images))
        request = AuditSamples(cohort=cohort, samples=name, seed=seed, command=command)
        pipeline.audit_samples(workspace, request, pipeline.stretch(report, number / ROUNDS, (number + 1) / ROUNDS))
    raise GeneratorError(
        f"{ROUNDS} audits in turn named further copies among what was left: the generator copies.",
        do="Train on more patients or with stronger augmentation; or let named copies leave too.",
        code="copies",
    )


def audited_with(workspace: Workspace, samples: Samples) -> str:
    """Return the identity of the cohort of the newest audit of exactly these images, empty where there is none."""
    audits = workspace.made_from("audits", "samples", samples.identity)
    return workspace.reference("audits", audits[-1][0]).origin.inputs["cohort"] if audits else ""


def known(workspace: Workspace, what: Leaving) -> Known:
    """Return what the files say of the images beside themselves.

    Raises:
        WorkspaceError: The database with the decisions, or the audit, cannot be read.
    """
    base = Database(workspace.database_path)
    sets = dict.fromkeys((what.samples.provenance.get("of", what.samples.digest), what.samples.digest))
    return Known(
        decisions={image: one.decision for digest in sets for image, one in counting(base.decisions(digest)).items()},
        audit=workspace.audit(what.audit) if what.audit else None,
        left_out=len(what.left_out),
        named=what.named,
        whole=workspace.audit(what.whole).verdicts["copying"].state if what.whole else "",
        licence=_licence(workspace, what.samples),
        searched=bool(what.samples.provenance.get("recipes")),
    )


def _selected(samples: Samples, images: tuple[str, ...]) -> Samples:
    """Return the chosen images; a page asks for the same ones at every click, and their digest takes its time."""
    if len(images) == len(samples):
        return samples
    key = samples.identity, images
    if key not in _SELECTED:
        while len(_SELECTED) >= _REMEMBERED:
            _SELECTED.pop(next(iter(_SELECTED)))
        _SELECTED[key] = selected(samples, images, samples.name)
    return replace(_SELECTED[key], name=samples.name)


def _licence(workspace: Workspace, samples: Samples) -> str:
    generator = workspace.named("generators", str(samples.provenance.get("generator")))
    return stored.passport(workspace, generator).licence if generator else "internal"
