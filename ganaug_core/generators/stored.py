"""Generators in a workspace: weights, and the passport beside them, which enters a file only when it leaves."""

import json
import struct
from typing import TYPE_CHECKING

from ganaug_core.config import Passport
from ganaug_core.errors import WorkspaceError
from ganaug_core.generators.container import with_passport, without_passport
from ganaug_core.records.origin import Origin
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.generators.sampling import Generator

WEIGHTS = "weights.safetensors"


def keep(workspace: Workspace, name: str, content: bytes, card: Passport, origin: Origin) -> None:
    """Keep a generator in the workspace.

    Args:
        content: The bytes of its file, which was checked; `card` is its passport.

    Raises:
        WorkspaceError: The name is taken, or the disk is full.
    """
    manifest = {
        "schema": "ganaug.generator/1",
        "name": name,
        "hash": card.identity,
        "passport": card.model_dump(mode="json"),
    }
    files = {WEIGHTS: without_passport(content)}
    workspace.write("generators", name, manifest, files=files, identity=card.identity, origin=origin)


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


def counted(workspace: Workspace, name: str) -> Passport:
    """Return the passport with how often the hold-out share of its cohort was looked at so far.

    Raises:
        WorkspaceError: There is no such generator, or its description or the list of looks is damaged.
    """
    card = passport(workspace, name)
    looks = holdout_log.looks_by_hash(workspace, card.cohort_digest)
    trained_here = "run" in workspace.reference("generators", name).origin.inputs
    if not looks and card.holdout_looks is None and not trained_here:
        return card
    return card.model_copy(update={"holdout_looks": max(looks, card.holdout_looks or 0)})


def file_of(workspace: Workspace, name: str) -> bytes:
    """Return the bytes of the file that a generator of the workspace leaves as; it holds no images and no paths.

    Raises:
        WorkspaceError: There is none of that name, or it is damaged.
    """
    weights = workspace.attached("generators", name, WEIGHTS)
    try:
        return with_passport(weights or b"", counted(workspace, name).model_dump(mode="json"))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, struct.error) as error:
        raise WorkspaceError(
            f"The weights of the generator {name} are missing or damaged.",
            do="Remove it and import its file again.",
            code="damaged",
        ) from error


def load(workspace: Workspace, name: str) -> "Generator":
    """Return a generator of the workspace, checked and tried like any file.

    Raises:
        WorkspaceError: There is none of that name, or it is damaged.
        GeneratorError: Its weights are not those that were written.
    """
    from ganaug_core.generators.files import loads

    return loads(file_of(workspace, name))
