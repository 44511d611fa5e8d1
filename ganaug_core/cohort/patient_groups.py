"""Who belongs together and who plays which role: patients, groups and the split, made from what the source told.

While a cohort's split is not fixed, all of it can be made again from a `Draft` with other settings.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from ganaug_core.cohort import file_name_patterns, split
from ganaug_core.config.importing import Plan
from ganaug_core.errors import CohortError
from ganaug_core.records import HOLDOUT, ROLES, TRAIN, UNKNOWN_PATIENT, Floats, Integers
from ganaug_core.wording import listing

WIDEST_LIMIT = 0.1
"""Pairs up to this registered distance are kept while the limit of near-duplicates can be changed."""
MOST_PAIRS = 20_000


@dataclass(frozen=True)
class Draft:
    """What the source told about an image, and about the duplicates that were left out; it stays on the machine.

    Rows below n are the cohort's images, those from n on its duplicates: they still tie their patients together.

    Attributes:
        patients: Number of the patient, `UNKNOWN_PATIENT` where none is named.
        volumes: Number of the volume, -1 for single images.
        links: Pairs of rows that are exact duplicates.
        files: File of each row from n on.
        given: The source's own role of each image, -1 where it names none.
        near, distances: Near-duplicates: pairs of images up to the widest limit, and their registered distances.
        widest: Largest limit that `near` can answer.
        plan: The settings that the present split was made with.
    """

    patients: list[int]
    volumes: list[int]
    links: list[list[int]]
    files: list[str]
    given: list[int]
    near: list[list[int]]
    distances: list[float]
    widest: float
    plan: dict[str, object] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Draft":
        return cls(**json.loads(content))


@dataclass(frozen=True)
class Arrangement:
    """The split and what it rests on; all (n,) but for the `near_duplicates` (k, 2) and their `distances` (k,).

    `own` says that the split is the source's.
    """

    patients: Integers
    groups: Integers
    roles: Integers
    near_duplicates: Integers
    distances: Floats
    own: bool


def arrange(
    draft: Draft, plan: Plan, *, labels: Integers, ids: Sequence[str], files: Sequence[str], classes: Sequence[str]
) -> Arrangement:
    """Return patients, groups and roles.

    Args:
        labels, ids, files: Class, id and file of each image.

    Raises:
        CohortError: Impossible shares, a pattern that cannot be, or a class without a training image.
    """
    check_shares(plan.tuning, plan.holdout)
    n = len(labels)
    patients = _patients(draft, plan, [*files, *draft.files])
    close = [number for number, distance in enumerate(draft.distances) if distance <= plan.near_duplicate_limit]
    near_duplicates = np.array([draft.near[number] for number in close], np.int64).reshape(-1, 2)
    pairs = np.array([*draft.links, *near_duplicates.tolist()], np.int64).reshape(-1, 2)
    groups = split.united(len(patients), patients, np.array(draft.volumes, np.int64), pairs=pairs)[:n]
    groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    named_roles = np.array(draft.given, np.int64)
    own = bool((named_roles == HOLDOUT).any())
    if own:
        roles = split.with_tuning(np.maximum(named_roles, TRAIN), labels, groups, plan.tuning, plan.seed)
    else:
        roles = split.split(labels, groups, plan.tuning, plan.holdout, plan.seed)
        rows = {image: row for row, image in enumerate(ids)}
        for image, role in plan.moved.items():
            if image in rows:
                roles[groups == groups[rows[image]]] = ROLES.index(role)
    _check_train(roles, labels, classes)
    distances = np.array([draft.distances[number] for number in close], np.float32)
    return Arrangement(patients[:n], groups, roles, near_duplicates, distances, own)


def check_shares(tuning: float, holdout: float) -> None:
    """Raise `CohortError` where nothing would be left to train on."""
    if not (tuning >= 0 and holdout >= 0 and tuning + holdout < 1):
        raise CohortError(
            f"Shares of {tuning:g} for tuning and {holdout:g} for hold-out leave nothing to train on.",
            do="Choose shares from 0 that add up to less than 1.",
            code="shares",
        )


def notes(arrangement: Arrangement, names_roles: bool) -> list[str]:
    """Say what the split cannot promise, in sentences for the page; `names_roles`: the source names some."""
    sentences = []
    roles, patients = arrangement.roles, arrangement.patients
    if not arrangement.own and names_roles:
        sentences.append("The source names no hold-out share, so the split is ours.")
    if not (roles == HOLDOUT).any():
        units = len(np.unique(arrangement.groups))
        sentences.append(
            f"Nothing is held out: the images come from {units} independent {'unit' if units == 1 else 'units'}."
        )
    if apart := across_split(arrangement):
        sentences.append(
            f"{apart:,} pairs that registration shows to be one image lie on two sides of the source's split."
        )
    is_named = patients != UNKNOWN_PATIENT
    sides = {(int(patient), int(role)) for patient, role in zip(patients[is_named], roles[is_named], strict=True)}
    torn = len(sides) - len({patient for patient, _ in sides})
    if torn:
        sentences.append(f"{torn:,} patients have images on two sides of the source's split.")
    if not is_named.any():
        sentences.append("Patients are unknown: images of one patient may lie on two sides of the split.")
    if len(patients) > 1 and is_named.all() and len(np.unique(patients)) == 1:
        sentences.append(
            f"All {len(patients):,} images carry the same patient ID, so none of a second patient can be held out. Was "
            "the ID replaced when they were made anonymous, or is it another column?"
        )
    return sentences


def proposed_patterns(arrangement: Arrangement, files: Sequence[str], labels: Integers) -> list[tuple[str, int]]:
    """Return the patterns of file names that seem to tell the patients, where nothing else does."""
    if (arrangement.patients != UNKNOWN_PATIENT).any():
        return []
    return file_name_patterns.suggestions(files, labels.tolist())


def proposal(proposed: Sequence[tuple[str, int]], own: bool) -> str:
    """Return the sentence that offers them; `own`: the split is the source's."""
    patterns = listing([f"{count:,} patients ({pattern})" for pattern, count in proposed], "or")
    use = f"--patient-pattern '{proposed[0][0]}'"
    if own:
        return f"Folders or file names seem to name {patterns}: import again with {use} to see who is on two sides."
    return (
        f'Folders or file names seem to name {patterns}. If they do, say so before the split is fixed: under "Which '
        f'images belong to one patient?" on the Cohort page, or import again with {use}. The first training or audit '
        "fixes the split as it is."
    )


def across_split(arrangement: Arrangement) -> int:
    """Return the number of near-duplicates whose images play two roles; only a source's own split tears them apart."""
    first, second = arrangement.near_duplicates.T
    return int((arrangement.roles[first] != arrangement.roles[second]).sum())


def numbered(texts: Sequence[str | None]) -> list[int]:
    """Return a number for each text, the same for the same; unknown ones are `UNKNOWN_PATIENT`."""
    numbers: dict[str, int] = {}
    return [UNKNOWN_PATIENT if text is None else numbers.setdefault(text, len(numbers)) for text in texts]


def _patients(draft: Draft, plan: Plan, files: Sequence[str]) -> Integers:
    if plan.table:
        return np.array(numbered(file_name_patterns.listed(plan.table, files)), np.int64)
    if plan.pattern:
        return np.array(numbered(file_name_patterns.patients(plan.pattern, files)), np.int64)
    return np.array(draft.patients, np.int64)


def _check_train(roles: Integers, labels: Integers, classes: Sequence[str]) -> None:
    for label, name in enumerate(classes):
        if not ((roles == TRAIN) & (labels == label)).any():
            raise CohortError(
                f"The class {name} has no training image after the split.",
                do="Add images or patients of it, leave the class out, or make hold-out and tuning smaller.",
                code="empty_class",
            )
