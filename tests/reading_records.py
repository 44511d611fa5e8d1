"""A small reader study, and readers who answer by themselves."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from ganaug_core.reading import answers, design
from ganaug_core.records import Cohort, Intensity, Samples
from ganaug_core.records.reading import SYNTHETIC, TAGS, Answer, Reading
from ganaug_core.storage.workspace import READINGS, Workspace, digest_of

COHORT, SAMPLES, STUDY = "scans", "scans-made", "room"
CLASSES = ("bright", "dark")


def sides(count: int = 120, size: int = 16, *, patients: int | None = None) -> tuple[Cohort, Samples]:
    """Return real images that are smooth and synthetic ones that are noisy: anybody and anything could tell them.

    All real images are held out; `patients` of them, else one each.
    """
    random = np.random.default_rng(5)
    labels = np.arange(count) % 2
    level = np.where(labels == 0, 150, 60)[:, None, None, None]
    smooth = level + np.linspace(0, 40, size)[None, None, :, None] + random.integers(0, 20, (count, 1, 1, 1))
    pixels = np.broadcast_to(smooth, (count, 1, size, size)).astype(np.int16)
    people = np.arange(count) % (patients or count)
    cohort = Cohort(
        name=COHORT,
        digest=digest_of(pixels),
        pixels=pixels,
        labels=labels.astype(np.int64),
        roles=np.full(count, 2, np.int64),
        ids=np.array([f"{row + 256:012x}" for row in range(count)]),
        patients=people.astype(np.int64),
        groups=people.astype(np.int64),
        classes=CLASSES,
        intensity=Intensity("HU", 0, 255),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    images = cohort.images(np.arange(count)) + random.normal(0, 0.1, pixels.shape).astype(np.float32)
    images = np.clip(images, -1, 1).astype(np.float32)
    samples = Samples(
        name=SAMPLES,
        digest=digest_of(images),
        images=images,
        labels=cohort.labels,
        ids=np.array([f"{row + 4096:012x}" for row in range(count)]),
        classes=CLASSES,
        source="generator",
        provenance={"generator": "g", "cohort": cohort.digest},
    )
    return cohort, samples


def a_study(workspace: Workspace, *, sides_kept: tuple[Cohort, Samples] | None = None, **settings: Any) -> Reading:
    """Keep both sides and make a study of them."""
    for record in sides_kept or sides():
        if not workspace.exists("cohorts" if isinstance(record, Cohort) else "samples", record.name):
            workspace.keep(record, record.name)
    return design.make(workspace, COHORT, SAMPLES, settings.pop("name", STUDY), **{"seed": 1, **settings})


def read(
    workspace: Workspace, reading: Reading, reader: int, until: int | None = None, *, skill: float = 0.5, seed: int = 0
) -> list[Answer]:
    """Let a reader answer; `skill` moves the confidence by that much towards the truth. Return the answers.

    One or two are given as a browser gives them; many are written at once, which is the same to the byte.
    """
    random = np.random.default_rng([seed, reader])
    folder = workspace.folder(READINGS, reading.name)
    begun = answers.state(folder, reading, reader).done
    given = [
        _answer(reading, reader, place, skill, random)
        for place in range(begun, reading.places if until is None else until)
    ]
    if len(given) <= 2:
        for answer in given:
            answers.give(folder, reading, reader, answer)
        return given
    with (folder / f"answers-R{reader + 1}.jsonl").open("a") as file:
        file.writelines(json.dumps(asdict(answer)) + "\n" for answer in given)
    return given


def _answer(reading: Reading, reader: int, place: int, skill: float, random: np.random.Generator) -> Answer:
    row = int(reading.orders[reader, place])
    towards = skill if reading.truth[row] == SYNTHETIC else -skill
    return Answer(
        place=place,
        item=str(reading.items[reader, place]),
        confidence=int(np.clip(np.rint(3.5 + towards + random.normal(0, 1.5)), 1, 6)),
        label=int(reading.labels[row]) if random.random() < 0.8 else int(random.integers(len(reading.classes))),
        tags=tuple(tag for tag in TAGS if random.random() < 0.1),
        seconds=round(float(random.uniform(1, 9)), 3),
        written="2026-12-01T08:00:00.000+00:00",
    )
