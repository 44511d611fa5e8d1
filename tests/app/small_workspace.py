"""A small workspace as real work leaves it, piece by piece: a cohort, a finished run, its generator, drawn images."""

import json

import numpy as np
from safetensors.numpy import save
from sklearn.datasets import load_digits

from ganaug_core import pipeline
from ganaug_core.config import Passport, configure
from ganaug_core.config.requests import Train
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.generators.stored import WEIGHTS
from ganaug_core.records import Cohort, Intensity, Samples, Skipped
from ganaug_core.records.origin import Origin
from ganaug_core.storage.workspace import Workspace, digest_of
from ganaug_core.training.recorder import sheet_of

HOSTILE = "![x](http://198.51.100.7/a.png)<b>b</b>"
CLASSES = ("zero", f"one {HOSTILE}", "two")


def a_cohort(name: str = "small", per_class: int = 12) -> Cohort:
    digits = load_digits()
    chosen = np.concatenate([np.flatnonzero(digits.target == label)[:per_class] for label in range(3)])
    pixels = np.kron(digits.images[chosen], np.ones((2, 2))).astype(np.int16)[:, None]
    n = len(chosen)
    return Cohort(
        name=name,
        digest=digest_of(pixels),
        pixels=pixels,
        labels=digits.target[chosen].astype(np.int64),
        roles=np.arange(n, dtype=np.int64) % 3,
        ids=np.array([f"{row:012x}" for row in range(n)]),
        patients=np.full(n, -1, np.int64),
        groups=np.arange(n, dtype=np.int64),
        classes=CLASSES,
        intensity=Intensity("HU", 0, 16),
        near_duplicates=np.array([[0, 3]], np.int64),
        near_duplicate_distances=np.array([0.01], np.float32),
        own_split=False,
        duplicates={"exact": 1, "across_split": 0, "across_classes": 0},
        skipped=(Skipped(f"one/{HOSTILE}.png", "truncated", "The file ends too early.", "Copy it again."),),
    )


def some_samples(cohort: Cohort, per_class: int = 6) -> Samples:
    index = np.concatenate([cohort.where(label=label)[:per_class] for label in range(3)])
    images = cohort.images(index)[..., ::-1].copy()
    ids = np.array([f"{row + 4096:012x}" for row in range(len(index))])
    provenance = {"generator": "r1", "seed": 0, "truncation": 1.0, "cohort": cohort.digest}
    return Samples(
        name="r1-6-seed0",
        digest=digest_of(images),
        images=images,
        labels=cohort.labels[index],
        ids=ids,
        classes=CLASSES,
        source="generator",
        paths=(),
        provenance=provenance,
    )


def a_run(workspace: Workspace, cohort: Cohort, name: str = "r1") -> None:
    config = configure("recommended", minutes=1.0).model_dump(mode="json")
    origin = pipeline.outcome(workspace, Train(name=name, cohort=cohort.name, config=config)).origin
    manifest = {"schema": "ganaug.run/1", "name": name, "cohort": cohort.name, "config": config}
    folder = workspace.write("runs", name, manifest, identity=digest_of(name, cohort.identity), origin=origin)
    random = np.random.default_rng(0)
    lines, outputs = [], []
    (folder / "previews").mkdir()
    for images in (1000, 2000, 3000):
        names = ("discriminator_loss", "generator_loss", "discriminator_gradient", "generator_gradient")
        measures = dict(zip(names, random.random(4).tolist(), strict=True)) | {"images_per_second": 300.0}
        lines.append({"images": images, "seconds": images / 300, "share": images / 3000, "measures": measures})
        outputs.append(
            {"images": images} | {side: random.normal(size=64).tolist() for side in ("train", "tuning", "generated")}
        )
        (folder / "previews" / f"{images:09d}.png").write_bytes(sheet_of(cohort.images(np.arange(24) % len(cohort))))
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "logits.jsonl").write_text("".join(json.dumps(output) + "\n" for output in outputs))
    state = {**{key: lines[-1][key] for key in ("images", "seconds", "share")}, "images_per_second": 300.0}
    (folder / "state.json").write_text(json.dumps({**state, "device": "CPU, 1 of 4 threads"}))


def a_generator(
    workspace: Workspace, cohort: Cohort, name: str = "r1", architecture: str = "lite", threads: int | None = None
) -> None:
    channels, rows, columns = cohort.shape
    card = Passport.model_validate(
        {
            "title": "Digits",
            "created": "2026-11-21T02:00:00Z",
            "software": "ganaug 0.1.0",
            "architecture": {
                "name": architecture,
                "settings": {},
                "channels": channels,
                "rows": rows,
                "columns": columns,
            },
            "classes": [{"name": name, "train": 4} for name in cohort.classes],
            "intensity": {"unit": "HU", "low": 0.0, "high": 16.0},
            "spacing_mm": None,
            "patients": None,
            "cohort_name": cohort.name,
            "cohort_digest": cohort.digest,
            "recipe": "recommended",
            "seed": 0,
            "images": 3000,
            "threads": threads,
        }
    )
    manifest = {
        "schema": "ganaug.generator/1",
        "name": name,
        "hash": card.identity,
        "passport": card.model_dump(mode="json"),
    }
    run = {"run": workspace.identity("runs", name)} if workspace.exists("runs", name) else {}
    origin = Origin(
        inputs={"cohort": cohort.identity, **run},
        settings={"images": 3000},
        revision=REVISIONS["generators"],
        names={"cohort": cohort.name, **dict.fromkeys(run, name)},
    )
    files = {WEIGHTS: save({"weight": np.zeros((2, 2), np.float32)})}
    workspace.write("generators", name, manifest, files=files, identity=card.identity, origin=origin)
