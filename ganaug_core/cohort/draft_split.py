"""Cohorts whose split is still a proposal: tried with other settings, then fixed for good.

A draft's notes lie beside the cohort in `draft.json` and go when the split is fixed.
"""

import json
import tempfile
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from ganaug_core.cohort import patient_groups, small_classes
from ganaug_core.cohort.image_ids import content_digest
from ganaug_core.cohort.patient_groups import Draft
from ganaug_core.config.importing import Plan
from ganaug_core.errors import CohortError
from ganaug_core.records import Cohort, Integers, Pixels
from ganaug_core.records.digest import digest_of
from ganaug_core.storage.workspace import Workspace, translated

FILE, PATHS = "draft.json", "paths.json"


def of(workspace: Workspace, name: str) -> Draft:
    """Return what the split of a cohort can be made from.

    Raises:
        CohortError: It is fixed.
    """
    content = workspace.attached("cohorts", name, FILE)
    if content is None or workspace.manifest("cohorts", name).get("fixed", True):
        raise CohortError(
            f"The split of {name} is fixed and never changes.",
            do="Import the images again under another name to split them in another way.",
            code="fixed",
        )
    return Draft.from_bytes(content)


def plan_of(draft: Draft) -> Plan:
    """Return the settings that the present split was made with."""
    return Plan(**draft.plan)  # type: ignore[arg-type]


def tried(cohort: Cohort, draft: Draft, plan: Plan, paths: dict[str, str]) -> Cohort:
    """Return the cohort with patients, groups and roles as the plan makes them; nothing is written.

    Raises:
        CohortError: The plan cannot be.
    """
    ids = cohort.ids.tolist()
    files = [paths.get(image, "") for image in ids]
    arrangement = patient_groups.arrange(
        draft, plan, labels=cohort.labels, ids=ids, files=files, classes=cohort.classes
    )
    first, second = cohort.labels[arrangement.near_duplicates.T]
    exact = cohort.provenance.get("exact", cohort.duplicates)
    duplicates = {
        "exact": exact["exact"],
        "across_split": exact["across_split"] + patient_groups.across_split(arrangement),
        "across_classes": exact["across_classes"] + int((first != second).sum()),
    }
    shown = {key: value for key, value in asdict(plan).items() if key not in ("table", "moved", "pattern")}
    names_roles = any(role >= 0 for role in draft.given)
    proposed = patient_groups.proposed_patterns(arrangement, files, cohort.labels)
    notes = [
        *cohort.provenance.get("images", ()),
        *patient_groups.notes(arrangement, names_roles),
        *small_classes.of_labels(cohort.classes, cohort.labels, arrangement.roles),
        *([patient_groups.proposal(proposed, arrangement.own)] if proposed else []),
    ]
    provenance = cohort.provenance | {
        "proposed_patterns": [pattern for pattern, _ in proposed],
        "settings": cohort.provenance["settings"] | shown | {"moved": len(plan.moved)},
        "notes": notes,
        "exact": exact,
    }
    return replace(
        cohort,
        digest=digest_of(cohort.digest, arrangement.roles, arrangement.groups),
        patients=arrangement.patients,
        groups=arrangement.groups,
        roles=arrangement.roles,
        near_duplicates=arrangement.near_duplicates,
        near_duplicate_distances=arrangement.distances,
        own_split=arrangement.own,
        duplicates=duplicates,
        provenance=provenance,
    )


def revise(workspace: Workspace, name: str, plan: Plan) -> Cohort:
    """Split a draft again, keep it as the new proposal and return it.

    Raises:
        CohortError: The split is fixed, or the plan cannot be.
    """
    draft, paths = of(workspace, name), workspace.paths(name)
    cohort = tried(workspace.cohort(name), draft, plan, paths)
    _write(workspace, cohort, replace(draft, plan=asdict(plan)), paths)
    return cohort


def confirm_text(workspace: Workspace, name: str) -> None:
    """Keep that somebody looked at the images that may hold text and wants them in."""
    cohort = workspace.cohort(name)
    provenance = cohort.provenance | {"text_seen": len(cohort.suspected_text)}
    _write(workspace, replace(cohort, provenance=provenance), of(workspace, name), workspace.paths(name))


def leave_out(workspace: Workspace, name: str, ids: Collection[str]) -> Cohort:
    """Take images out of a draft and split the rest again.

    Raises:
        CohortError: The split is fixed, or a class would lose its last training image.
    """
    draft, cohort, paths = of(workspace, name), workspace.cohort(name), workspace.paths(name)
    stay = np.flatnonzero(~np.isin(cohort.ids, list(ids)))
    n, total = len(cohort), len(draft.patients)
    rows = [*stay.tolist(), *range(n, total)]
    new_row = {row: number for number, row in enumerate(rows)}
    near = [number for number, pair in enumerate(draft.near) if all(row in new_row for row in pair)]
    smaller = replace(
        draft,
        patients=[draft.patients[row] for row in rows],
        volumes=[draft.volumes[row] for row in rows],
        links=[[new_row[row] for row in pair] for pair in draft.links if all(row in new_row for row in pair)],
        given=[draft.given[row] for row in stay],
        near=[[new_row[row] for row in draft.near[number]] for number in near],
        distances=[draft.distances[number] for number in near],
    )
    left = replace(
        cohort,
        pixels=_copied(cohort.pixels, stay, workspace.root),
        masks=None if cohort.masks is None else _copied(cohort.masks, stay, workspace.root),
        labels=cohort.labels[stay],
        ids=cohort.ids[stay],
        volumes=cohort.volumes[stay] if len(cohort.volumes) else cohort.volumes,
        column_values=cohort.column_values[stay] if cohort.columns else cohort.column_values,
        suspected_text={key: why for key, why in cohort.suspected_text.items() if key not in ids},
    )
    counts = np.bincount(left.labels, minlength=len(cohort.classes))
    if not counts.all():
        raise CohortError(
            f"Without them the class {cohort.classes[int(counts.argmin())]} is empty.",
            do="Keep some, or import the images again without that class.",
            code="empty_class",
        )
    proposal = tried(left, smaller, plan_of(draft), paths)
    files = _files(smaller, {key: path for key, path in paths.items() if key not in ids})
    workspace.keep(proposal, name, files=files, origin=workspace.reference("cohorts", name).origin, replace=True)
    return proposal


def fix(workspace: Workspace, name: str) -> None:
    """Fix the split for good; what is fixed already stays as it is.

    Raises:
        CohortError: Somebody has to look at images with likely burned-in text first.
    """
    if workspace.manifest("cohorts", name).get("fixed", True):
        return
    cohort = workspace.cohort(name)
    if cohort.suspected_text and "text_seen" not in cohort.provenance:
        raise CohortError(
            f"{len(cohort.suspected_text):,} images of {name} may hold burned-in text, and nobody has looked at them.",
            do="Look at them on the Cohort page and confirm or leave them out: a generator learns such text first.",
            code="text",
        )
    paths = json.dumps(workspace.paths(name)).encode()
    workspace.revise(replace(cohort, fixed=True, digest=digest_of_content(cohort)), {PATHS: paths})


def digest_of_content(cohort: Cohort) -> str:
    """Return the digest that a cohort keeps once its split is fixed."""
    return content_digest(cohort.pixels, cohort.labels, cohort.roles, cohort.intensity, cohort.masks)


def _write(workspace: Workspace, cohort: Cohort, draft: Draft, paths: dict[str, str]) -> None:
    workspace.revise(cohort, _files(draft, paths))


def _files(draft: Draft, paths: dict[str, str]) -> dict[str, bytes]:
    return {FILE: draft.to_bytes(), PATHS: json.dumps(paths).encode()}


def _copied(pixels: Pixels, rows: Integers, folder: Path) -> Pixels:
    """Return the images of these rows, copied through a file in the folder: they may be more than the memory holds."""
    with translated(folder), tempfile.TemporaryFile(dir=folder) as file:
        for row in rows:
            file.write(np.ascontiguousarray(pixels[row]).tobytes())
        file.flush()
        return np.memmap(file, pixels.dtype, "r", shape=(len(rows), *pixels.shape[1:]))
