"""Hand-made results of a cohort and of synthetic images, kept as if the work itself had made them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ganaug_core import pipeline
from ganaug_core.config.requests import Request
from ganaug_core.records import (
    MOVEMENT,
    ROLES,
    Audit,
    Cohort,
    Map,
    Measurement,
    MissingMode,
    Pixels,
    Samples,
    Suspect,
    Verdict,
)
from ganaug_core.records.benefit import Benefit
from ganaug_core.storage.workspace import Workspace

STATES = {
    "copying": "fail",
    "mode_coverage": "warn",
    "label_fidelity": "pass",
    "fidelity": "not_assessable",
    "intensity": "not_assessable",
}


def kept(
    workspace: Workspace,
    record: Cohort | Samples | Map | Audit | Benefit,
    request: Request,
    files: Mapping[str, bytes] | None = None,
) -> str:
    """Keep a record as what the request made of the images that have their names now; return its name."""
    made = pipeline.outcome(workspace, request)
    origin = pipeline.origin_now(workspace, request)
    name = origin.key(made.kind) if isinstance(record, Benefit) else made.name
    named = replace(record, name=name) if isinstance(record, Cohort | Samples) else record
    workspace.keep(named, name, files=files, origin=origin, replace=True)
    return name


def a_map(cohort: Cohort, samples: Samples, encoder: str = "simclr") -> Map:
    """Classes lie side by side, roles one above the other; a training point's nearest is the next one of its class."""
    roles = np.concatenate([cohort.roles, np.full(len(samples), 3)])
    labels = np.concatenate([cohort.labels, samples.labels])
    place = np.concatenate([np.arange(len(cohort)), np.arange(len(samples))])
    positions = np.stack([labels * 10 + place % 7, roles * 5 + place % 4], 1).astype(np.float32)
    nearest = np.full(len(roles), -1, np.int64)
    for row, label in enumerate(labels):
        train = [other for other in cohort.where(0, label=int(label)) if other != row]
        nearest[row] = train[row % len(train)]
    return Map(
        encoder=encoder,
        cohort=cohort.name,
        synthetic=samples.name,
        classes=cohort.classes,
        positions=positions[:, ::-1].copy() if encoder == "texture" else positions,
        ids=np.concatenate([cohort.ids, samples.ids]),
        roles=roles,
        labels=labels,
        nearest=nearest,
        distances=np.linspace(0.1, 2, len(roles), dtype=np.float32),
        trustworthiness=0.97,
        neighbour_hit_rate=0.52,
        **(_around(len(roles)) if encoder == "texture" else {}),
    )


def _around(n: int) -> dict[str, Pixels]:
    """Return the 15 rows after each as its neighbours; what comes last lies most densely."""
    rows = (np.arange(n)[:, None] + np.arange(1, 16)) % n
    return {"neighbours": rows, "reaches": np.linspace(2, 1, n, dtype=np.float32)}


def _nearest(cohort: Cohort, samples: Samples, suspects: tuple[Suspect, ...]) -> dict[str, Pixels]:
    """Return the nearest image of each role, mirrored; of the suspects what their pairs say."""
    nearest: dict[str, Pixels] = {}
    for number, role in enumerate(ROLES):
        rows = cohort.where(number)
        ids = cohort.ids[rows[np.arange(len(samples)) % len(rows)]].copy()
        distance = np.linspace(0.3, 0.5, len(samples), dtype=np.float32) + number / 10
        for row, suspect in enumerate(suspects if role == "train" else ()):
            ids[row], distance[row] = suspect.real, suspect.distance
        nearest |= {f"{role}.id": ids.astype("S12"), f"{role}.distance": distance}
        movement = dict(zip(MOVEMENT, (0, 1, 0, 1, 0, 0), strict=True))
        nearest |= {f"{role}.{part}": np.full(len(samples), value, np.float32) for part, value in movement.items()}
    return nearest


def an_audit(cohort: Cohort, samples: Samples, states: dict[str, str] = STATES) -> Audit:
    """Three suspects of the first class, one missing group of the second."""
    train, holdout = cohort.where(0, label=0), cohort.where(2, label=0)
    suspects = tuple(
        Suspect(
            synthetic=str(samples.ids[row]),
            real=str(cohort.ids[train[row]]),
            holdout=str(cohort.ids[holdout[row]]),
            encoder="registered",
            distance=0.02 * (row + 1),
            score=0.1 * (row + 1),
            p_value=0.01,
            q_value=0.02 if row < 2 else 0.4,
            transform="flip",
            identical=row == 0,
        )
        for row in range(3)
    )
    members = tuple(str(member) for member in cohort.ids[cohort.where(label=1)][:5])
    sizes = {"n_train": 4, "n_tuning": 4, "n_holdout": 4, "classes": list(cohort.classes), "unit": "HU"}
    measured = [
        Measurement(
            name="coverage",
            encoder="simclr",
            value=0.7,
            interval=(0.5, 0.9),
            floor=0.95,
            null=0.97,
            n_real=12,
            n_synthetic=6,
            better="higher",
            class_name=class_name,
        )
        for class_name in cohort.classes
    ]
    return Audit(
        cohort={"name": cohort.name, "hash": cohort.digest, **sizes},
        synthetic={"name": samples.name, "hash": samples.digest, "n": len(samples), "source": "generator"},
        seed=0,
        verdicts={name: Verdict(state, f"Statement on {name}.", f"Do for {name}.") for name, state in states.items()},
        measurements=(
            *measured,
            Measurement(
                name="frechet",
                encoder="texture",
                value=34.2,
                interval=None,
                floor=12.1,
                null=None,
                n_real=12,
                n_synthetic=18,
                better="lower",
            ),
        ),
        suspects=suspects,
        nearest=_nearest(cohort, samples, suspects),
        missing_modes=(
            MissingMode(
                class_name=cohort.classes[1],
                cluster=3,
                real_share=0.11,
                synthetic_share=0.02,
                interval=(0.01, 0.05),
                p_value=2e-4,
                exemplars=members[:3],
                members=members,
            ),
        ),
        scores={
            "synthetic": np.array([0.1, 0.2, *[1.0] * (len(samples) - 2)], np.float32),
            "holdout": np.array([0.8, 0.9, 1.0, 1.1], np.float32),
        },
        detectable_share=0.05,
    )
