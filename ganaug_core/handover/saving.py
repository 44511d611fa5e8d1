"""Workspace -> file."""

import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganaug_core import __version__, pipeline
from ganaug_core.cohort import withdrawal
from ganaug_core.errors import WorkspaceError
from ganaug_core.handover import container, real_ids
from ganaug_core.handover.container import Part
from ganaug_core.records import Cohort, Samples, codec, disclosure
from ganaug_core.storage import exports
from ganaug_core.storage.database import LOCAL, Database
from ganaug_core.storage.workspace import Workspace, write_atomic
from ganaug_core.wording import count

_DRAWN = ("generator", "title", "cohort", "seed", "truncation", "per_class", "mixing", "recipes")
_GOES_ALONG = (*_DRAWN, "index", "seeds", "of", "imitates", "notes")
"""What of a set's provenance goes along: no path, and no name of a file."""


def save_file(
    workspace: Workspace,
    path: Path,
    cohort: str,
    samples: Sequence[str],
    *,
    reader: str,
    view: str = "",
    with_copies: bool = False,
    withdrawn_data: bool = False,
) -> dict[str, Any]:
    """Write sets with what was decided, measured and mapped of them; return what the file holds.

    Args:
        cohort: Name of the cohort that audits and maps compare with.
        samples: Names of the sets.
        reader: Whose decisions the ones of this workspace's own reader are.
        view: The address of what was looked at, without the server (`/samples?...`).
        with_copies: Let images leave too that an audit named as copies of real ones: they show patients, in effect.
        withdrawn_data: Let sets leave too that were made from data of somebody who withdrew.

    Raises:
        CohortError: A set was made from withdrawn data.
        WorkspaceError: A name that is not here, a set with named copies, or a full disk.
    """
    content, facts = packed(
        workspace, cohort, samples, reader=reader, view=view, with_copies=with_copies, withdrawn_data=withdrawn_data
    )
    write_atomic(path.absolute(), content)
    return facts


def packed(
    workspace: Workspace,
    cohort: str,
    samples: Sequence[str],
    *,
    reader: str,
    view: str = "",
    with_copies: bool = False,
    withdrawn_data: bool = False,
) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of such a file, and what it holds; as `save_file` besides."""
    name = reader.strip()
    if not name or name == LOCAL or len(name) > 100:
        raise WorkspaceError(
            f"{name!r} cannot be the name of a reader.", do="Give a name of up to 100 letters.", code="name"
        )
    real = workspace.cohort(cohort)
    sets = [workspace.samples(one) for one in dict.fromkeys(samples)]
    for record in sets:
        withdrawal.require_unmarked(workspace, "samples", record.name, confirmed=withdrawn_data)
        if not with_copies:
            _require_no_named_copy(workspace, real, record)
    parts = [_set(workspace, real, record) for record in sets]
    results = [part for record in sets for part in _results(workspace, real, record)]
    decisions = [entry for record in sets for entry in _decisions(workspace, record, name)]
    shares = {"images": len(real), "classes": list(real.classes), "rows": real.shape[1]}
    facts = {
        "software": f"ganaug {__version__}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "reader": name,
        "cohort": {"name": real.name, "digest": real.digest, "likeness": real_ids.likeness(real), **shares},
        "decisions": decisions,
        "view": real_ids.to_rows(real)(view),
    }
    buffer = io.BytesIO()
    container.write(buffer, facts, [*parts, *results])
    for record in sets:
        exports.record(workspace, "samples", record.name, "hand-over file")
    held = {"sets": [part.name for part in parts], "results": [part.kind for part in results]}
    return buffer.getvalue(), {"cohort": facts["cohort"], **held, "decisions": len(decisions), "reader": name}


def _require_no_named_copy(workspace: Workspace, cohort: Cohort, samples: Samples) -> None:
    named = pipeline.suspected_copies(workspace, cohort.identity, samples.identity)
    if named:
        raise WorkspaceError(
            f"{_copies(samples, len(named))}, so whoever gets them gets these, in effect.",
            do="Hand over a set without them (ganaug sample --audit), or let them leave (--with-copies).",
            code="copies",
        )


def _copies(samples: Samples, n: int) -> str:
    images = f"{count(n, 'image')} of {samples.name}"
    if samples.provenance.get("recipes"):
        return f"Somebody searched for {images} so that they resemble real images"
    return f"An audit named {images} as copies of real images"


def _set(workspace: Workspace, cohort: Cohort, samples: Samples) -> Part:
    provenance = {key: value for key, value in samples.provenance.items() if key in _GOES_ALONG}
    return _part(workspace, "samples", samples.name, replace(samples, paths=(), provenance=provenance), cohort)


def _results(workspace: Workspace, cohort: Cohort, samples: Samples) -> list[Part]:
    """Return the newest audit of exactly these images, and the newest map in each feature space."""
    inputs = {"cohort": cohort.identity, "samples": samples.identity}
    audit = workspace.newest("audits", inputs)
    parts = [_part(workspace, "audits", audit, workspace.audit(audit), cohort)] if audit else []
    by_space: dict[str, Part] = {}
    for name, _ in workspace.find("maps", inputs):
        map_ = workspace.map(name)
        if map_.encoder not in by_space:
            by_space[map_.encoder] = _part(workspace, "maps", name, map_, cohort)
    return [*parts, *by_space.values()]


def _part(workspace: Workspace, kind: str, name: str, record: Any, cohort: Cohort) -> Part:
    as_rows = real_ids.to_rows(cohort) if kind != "samples" else str

    def translate(text: str) -> str:
        # a class is what its cohort calls it, elsewhere too, even where that looks like a path
        return text if text in cohort.classes else disclosure.without_paths(as_rows(text))

    values, arrays = codec.encode(record)
    origin = codec.plain(workspace.reference(kind, name).origin)
    texts = {file: workspace.attached(kind, name, file) for file in pipeline.BESIDE_AUDIT} if kind == "audits" else {}
    return Part(
        kind=kind,
        name=name,
        values=real_ids.in_values(values, translate),
        origin={**origin, "inputs": {role: one for role, one in origin["inputs"].items() if role != "cohort"}},
        arrays={key: real_ids.in_array(array, translate) for key, array in arrays.items()},
        files={file: translate(text.decode()) for file, text in texts.items() if text is not None},
    )


def _decisions(workspace: Workspace, samples: Samples, reader: str) -> list[dict[str, str]]:
    decided = Database(workspace.database_path).decisions(samples.digest)
    return [{**asdict(one), "reader": reader if one.reader == LOCAL else one.reader} for one in decided]
