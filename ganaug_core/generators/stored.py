"""Generators in a workspace: weights, and the passport beside them, which enters a file only when it leaves."""

import json
import struct
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug_core.config import LICENCES, AuditCard, MeasureCard, Passport, SplitCard
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import ConfigurationError, GeneratorError, WorkspaceError
from ganaug_core.generators.container import with_passport, without_passport
from ganaug_core.records import Audit
from ganaug_core.records.origin import Origin
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.generators.sampling import Generator

WEIGHTS = "weights.safetensors"
HEADLINES = (
    "copied_share",
    "precision",
    "recall",
    "coverage",
    "told_apart",
    "discrepancy_multiple",
    "frechet_multiple",
    "vendi_ratio",
)
"""Measures of an audit that its generator's passport states: copies, realism and variety."""


def keep(workspace: Workspace, name: str, content: bytes, card: Passport, origin: Origin) -> None:
    """Keep a generator in the workspace.

    Args:
        content: The bytes of its file, which was checked; `card` is its passport.

    Raises:
        WorkspaceError: The name is taken, or the disk is full.
    """
    files = {WEIGHTS: without_passport(content)}
    workspace.write("generators", name, _manifest(name, card), files=files, identity=card.identity, origin=origin)


def _manifest(name: str, card: Passport) -> dict[str, Any]:
    return {
        "schema": "ganaug.generator/1",
        "name": name,
        "hash": card.identity,
        "passport": card.model_dump(mode="json"),
    }


def passport(workspace: Workspace, name: str) -> Passport:
    """Return what a generator of the workspace says about itself.

    Raises:
        WorkspaceError: There is none of that name, or its description is damaged.
    """
    manifest = workspace.manifest("generators", name)
    try:
        return Passport.model_validate_json(json.dumps(manifest["passport"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WorkspaceError(
            f"The passport of the generator {name} is damaged.",
            do="Remove it and import its file again.",
            code="damaged",
        ) from error


def up_to_date(workspace: Workspace, name: str) -> Passport:
    """Return the passport with what the workspace knows of the generator now.

    That is how often the hold-out share of its cohort was looked at, the newest audit of its images against that
    cohort, and the split where the passport is older than that entry. What came with the file of a generator stays
    where nothing newer is known.

    Raises:
        WorkspaceError: There is no such generator, or its description or the list of looks is damaged.
    """
    card = passport(workspace, name)
    known: dict[str, Any] = {}
    if card.cohort_digest is None:
        return card
    looks = holdout_log.looks_by_hash(workspace, card.cohort_digest)
    reference = workspace.reference("generators", name)
    if looks or card.holdout_looks is not None or "run" in reference.origin.inputs:
        known["holdout_looks"] = max(looks, card.holdout_looks or 0)
    audit = _newest_audit(workspace, reference.identity, card.cohort_digest)
    if audit is not None:
        known |= {"audit": _audit_card(audit), "metrics": _metrics(audit)}
    if card.split is None and (split := _split(workspace, card)) is not None:
        known["split"] = split
    return card.model_copy(update=known)


def _split(workspace: Workspace, card: Passport) -> SplitCard | None:
    """Return the split of the cohort of a generator that learnt from all of its training images, if it is here."""
    for name in workspace.names("cohorts"):
        with suppress(WorkspaceError):
            if workspace.manifest("cohorts", name).get("digest") == card.cohort_digest:
                split = SplitCard.of(workspace.cohort(name))
                return split if split.train == sum(counts.train for counts in card.classes) else None
    return None


def _newest_audit(workspace: Workspace, generator: str, cohort_digest: str) -> Audit | None:
    """Return the newest audit of images of a generator, drawn as it draws by itself, against the cohort of its run."""
    sample_sets = {
        reference.identity
        for _, reference in workspace.find(
            "samples", {"generator": generator}, truncation=1.0, mixing=0.0, classes=None
        )
    }
    written = sorted(
        (when, name) for samples in sample_sets for name, when in workspace.made_from("audits", "samples", samples)
    )
    for _, name in reversed(written):
        with suppress(WorkspaceError):  # a damaged audit fails alone
            audit = workspace.audit(name)
            present = workspace.reference("audits", name).origin.revision == REVISIONS["audits"]
            if present and audit.cohort["hash"] == cohort_digest and audit.made is not None:
                return audit
    return None


def _audit_card(audit: Audit) -> AuditCard:
    assert audit.made is not None
    states: Any = {name: verdict.state for name, verdict in audit.verdicts.items()}
    return AuditCard(date=audit.made.date[:10], synthetic=int(audit.synthetic["n"]), verdicts=states)


def _metrics(audit: Audit) -> dict[str, float | MeasureCard]:
    return {
        f"{measured.name}, {measured.encoder}": MeasureCard(
            value=float(measured.value),
            interval=None if measured.interval is None else [float(end) for end in measured.interval],
            real=measured.n_real,
            synthetic=measured.n_synthetic,
        )
        for measured in audit.measurements
        if measured.class_name is None and measured.name in HEADLINES and np.isfinite(measured.value)
    }


def set_licence(workspace: Workspace, name: str, licence: str) -> None:
    """Say what others may do with a generator: its passport is written anew beside the same weights.

    Raises:
        ConfigurationError: There is no such licence.
        WorkspaceError: There is no such generator, it is damaged, or the disk is full.
    """
    if licence not in LICENCES:
        raise ConfigurationError(
            f"There is no licence named {licence!r}.", do=f"Choose one of: {', '.join(LICENCES)}.", code="unknown_name"
        )
    card = passport(workspace, name).model_copy(update={"licence": licence})
    weights, reference = workspace.attached("generators", name, WEIGHTS), workspace.reference("generators", name)
    workspace.write(
        "generators",
        name,
        _manifest(name, card),
        files={} if weights is None else {WEIGHTS: weights},
        identity=reference.identity,
        origin=reference.origin,
        shipped=reference.shipped,
        replace=True,
    )


def file_of(workspace: Workspace, name: str) -> bytes:
    """Return the bytes of the file that a generator of the workspace leaves as; it holds no images and no paths.

    Raises:
        WorkspaceError: There is none of that name, or it is damaged.
    """
    weights = workspace.attached("generators", name, WEIGHTS)
    try:
        return with_passport(weights or b"", up_to_date(workspace, name).model_dump(mode="json"))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, struct.error) as error:
        raise WorkspaceError(
            f"The weights of the generator {name} are missing or damaged.",
            do="Remove it and import its file again.",
            code="damaged",
        ) from error


def onnx_of(workspace: Workspace, name: str) -> bytes:
    """Return a generator as the bytes of an ONNX file, made in a process of its own; it takes some seconds.

    Raises:
        WorkspaceError: There is none of that name, or it is damaged.
        ConfigurationError: The packages are not installed.
        GeneratorError: It could not be made.
    """
    from ganaug_core.generators.onnx_graph import require_packages

    require_packages()
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "generator.safetensors", Path(folder) / "generator.onnx"
        source.write_bytes(file_of(workspace, name))
        command = [sys.executable, "-m", "ganaug_core.generators.onnx_export", str(source), str(out)]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if not out.is_file():
            raise GeneratorError(
                f"The generator {name} could not be written as ONNX: the process that does it ended.",
                do="Save it as a safetensors file; try again when the machine has more memory free.",
                code="onnx",
            )
        return out.read_bytes()


def load(workspace: Workspace, name: str) -> "Generator":
    """Return a generator of the workspace, checked and tried like any file.

    Raises:
        WorkspaceError: There is none of that name, or it is damaged.
        GeneratorError: Its weights are not those that were written.
    """
    from ganaug_core.generators.files import loads

    return loads(file_of(workspace, name))
