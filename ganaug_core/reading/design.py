"""Making a study: which images, quantised how, in which order for whom.

What tells the kinds apart is to be the picture alone. So real and synthetic images are as many of each class, and end
on the same grid of values, however each was stored; names are random, and the order is drawn for each reader.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import EvidenceError
from ganaug_core.records import (
    HOLDOUT,
    ROLES,
    TUNING,
    UNKNOWN_PATIENT,
    Cohort,
    Floats,
    Integers,
    Intensity,
    Names,
    Pixels,
    Samples,
)
from ganaug_core.records.origin import Origin
from ganaug_core.records.reading import REAL, SYNTHETIC, Equivalence, Reading
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import READINGS, Workspace

LEAST_IMAGES, MOST_IMAGES = 40, 200
LEAST_READERS, MOST_READERS = 2, 5
REPEATS = 0.1
MOST_REPEATS = 0.5
SHOWN = 512  # CSS pixels of the longer edge, at most
READ_ROLES = {"holdout": HOLDOUT, "tuning": TUNING}


def make(
    workspace: Workspace,
    cohort: str,
    samples: str,
    name: str,
    *,
    images: int = 120,
    readers: int = 3,
    repeats: float = REPEATS,
    role: str = "holdout",
    window: tuple[float, float] | None = None,
    margin: float | None = None,
    seed: int | None = None,
) -> Reading:
    """Choose images, draw orders, write the study down and return it.

    Args:
        cohort, samples, name: Names in the workspace, and of the study.
        images: How many different images each reader sees, half of them real; 40 to 200.
        readers: 2 to 5.
        repeats: Share of the images that each reader sees a second time, in [0, 0.5].
        role: Share of the cohort that real images come from: `holdout` or `tuning`.
        window: Lowest and highest value shown in the unit; else the cohort's range.
        margin: Accuracy this close to one half counts as chance, in (0, 0.5); None plans no equivalence.
        seed: For tests; else the system's randomness, so that nobody can draw the order again.

    Raises:
        EvidenceError: A number out of bounds, sides that do not fit each other, or too few images.
        WorkspaceError: The name is taken, or an input is not there.
    """
    _check(images, readers, repeats, role, window)
    workspace.free(READINGS, name)
    cohort_record, samples_record = workspace.cohort(cohort), workspace.samples(samples)
    _check_sides(cohort_record, samples_record)
    chooser = np.random.default_rng(secrets.randbits(128) if seed is None else seed)
    real, synthetic = _choose(cohort_record, samples_record, images // 2, READ_ROLES[role], chooser)
    low, high = window or (cohort_record.intensity.low, cohort_record.intensity.high)
    sides = cohort_record.images(real), samples_record.images[synthetic]
    step, pixels = quantised(sides, cohort_record, (low, high), chooser)
    clusters = _clusters(cohort_record.groups[real], len(synthetic))
    count = len(pixels)
    orders = np.stack([_order(count, len(real), round(repeats * count / 2), chooser) for _ in range(readers)])
    reading = Reading(
        name=name,
        cohort={"name": cohort, "hash": cohort_record.digest, "role": role},
        synthetic={"name": samples, "hash": samples_record.digest},
        classes=cohort_record.classes,
        pixels=pixels,
        truth=np.repeat([REAL, SYNTHETIC], [len(real), len(synthetic)]),
        labels=np.concatenate([cohort_record.labels[real], samples_record.labels[synthetic]]),
        ids=np.concatenate([cohort_record.ids[real], samples_record.ids[synthetic]]),
        clusters=clusters,
        orders=orders,
        items=_random_names(orders.shape),
        keys=_random_names((readers,)),
        patients_known=bool((cohort_record.patients[real] != UNKNOWN_PATIENT).all()),
        window=(float(low), float(high)),
        unit=cohort_record.intensity.unit,
        step=step,
        shown=_shown(pixels.shape[2], pixels.shape[3]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        equivalence=_plan(margin, count, readers),
    )
    reading = replace(reading, digest=reading.own_digest)
    origin = Origin(
        inputs={
            "cohort": workspace.identity("cohorts", cohort),
            "samples": workspace.identity("samples", samples),
        },
        settings={"images": count, "readers": readers, "role": role, "margin": margin},
        revision=REVISIONS[READINGS],
        names={"cohort": cohort, "samples": samples},
    )
    workspace.keep(reading, name, origin=origin)
    if role == "holdout":
        holdout_log.record(workspace, cohort_record, READINGS, name, f"shown to {readers} readers")
    return reading


def available(cohort: Cohort, samples: Samples, role: str) -> int:
    """Return how many images a study can have at most: as many real as synthetic ones of each class.

    Raises:
        EvidenceError: The two do not fit each other.
    """
    _check_sides(cohort, samples)
    return min(MOST_IMAGES, 2 * sum(_pairs(cohort, samples, READ_ROLES[role])))


def quantised(
    sides: Sequence[Floats], cohort: Cohort, window: tuple[float, float], random: np.random.Generator
) -> tuple[float, Pixels]:
    """Return the common grid's step, 0 for none, and uint8 of the images of all sides, one after the other.

    Each side is stored on a grid of its own: whole HU here, 256 levels of a range there. Rounded from one grid to
    another some levels would hold two values and others one, and a histogram would tell the sides apart. So first each
    value is drawn anew from what its own grid rounded to it; then all are rounded to the coarsest grid, and windowed.

    Args:
        sides: (n, channel, row, column) in [-1, 1].
        window: Values that become black and white.
    """
    low, high = window
    physical = [_physical(images, cohort) for images in sides]
    own = [step_of(values, cohort.intensity) for values in physical]
    step, base = max(own), round(cohort.intensity.low)
    grey = []
    for values, its_step in zip(physical, own, strict=True):
        spread = values + its_step * (random.random(values.shape) - 0.5)
        common = np.rint((spread - base) / step) * step + base if step else spread
        grey.append(np.clip(np.rint((common - low) * (255 / (high - low))), 0, 255).astype(np.uint8))
    return step, np.concatenate(grey)


def step_of(values: NDArray[np.float64], intensity: Intensity) -> float:
    """Return the distance of the grid that values lie on: whole ones of the unit, or 8 bits of the range; else 0."""
    for unit in (1.0, (intensity.high - intensity.low) / 255):
        places = (np.unique(values) - intensity.low) / unit
        places -= places[0]
        if np.abs(places - np.rint(places)).max() < 0.02:  # single precision of 16 bits
            return unit * float(np.gcd.reduce(np.rint(places).astype(np.int64)) or 1)
    return 0.0


def _physical(images: Floats, cohort: Cohort) -> NDArray[np.float64]:
    return cohort.intensity.physical(np.clip(np.asarray(images, np.float32), -1, 1)).astype(np.float64)


def _check(images: int, readers: int, repeats: float, role: str, window: tuple[float, float] | None) -> None:
    if not LEAST_IMAGES <= images <= MOST_IMAGES:
        raise EvidenceError(
            f"{images} images are too {'few' if images < LEAST_IMAGES else 'many'} for a reader study.",
            do=f"Ask for {LEAST_IMAGES} to {MOST_IMAGES}.",
            code="images",
        )
    if not LEAST_READERS <= readers <= MOST_READERS:
        raise EvidenceError(
            f"A reader study here has {LEAST_READERS} to {MOST_READERS} readers, not {readers}.",
            do=f"Ask for {LEAST_READERS} to {MOST_READERS}.",
            code="readers",
        )
    if not 0 <= repeats <= MOST_REPEATS:
        raise EvidenceError(
            f"A share of {repeats:g} repeats cannot be.", do=f"Give 0 to {MOST_REPEATS:g}.", code="repeats"
        )
    if role not in READ_ROLES:
        raise EvidenceError(
            f"{role} images are not for reading: the generator may have learnt from them.",
            do=f"Choose {' or '.join(READ_ROLES)}.",
            code="role",
        )
    if window is not None and not window[0] < window[1]:
        raise EvidenceError(
            f"A window from {window[0]:g} to {window[1]:g} shows nothing.",
            do="Give the lower value first.",
            code="window",
        )


def _check_sides(cohort: Cohort, samples: Samples) -> None:
    if samples.classes != cohort.classes:
        raise EvidenceError(
            f"{samples.name} has other classes than {cohort.name}.",
            do="Choose synthetic images of this cohort's classes.",
            code="classes",
        )
    if samples.images.shape[1:] != cohort.shape:
        raise EvidenceError(
            f"The images of {samples.name} have another size or other channels than those of {cohort.name}: readers "
            "would know them by that.",
            do="Choose synthetic images of the same size.",
            code="shape",
        )


def _choose(
    cohort: Cohort, samples: Samples, half: int, role: int, chooser: np.random.Generator
) -> tuple[Integers, Integers]:
    """Return rows of as many real as synthetic images of each class, the classes as even as they can be.

    Of each patient (or group of near-duplicates) one image is taken before any second one.
    """
    candidates = [cohort.where(role, label=label) for label in range(len(cohort.classes))]
    made = [np.flatnonzero(samples.labels == label) for label in range(len(cohort.classes))]
    counts = _even(_pairs(cohort, samples, role), half)
    if 2 * sum(counts) < LEAST_IMAGES:
        raise EvidenceError(
            f"{cohort.name} has only {sum(counts)} {ROLES[role]} images of classes of which {samples.name} has as "
            f"many; a reader study needs {LEAST_IMAGES // 2} of each kind.",
            do="Draw more synthetic images of each class, or take the other share of the cohort (holdout or tuning).",
            code="too_few",
        )
    taken: Counter[int] = Counter()
    real = [
        _fresh_first(rows, cohort.groups, count, taken, chooser) for rows, count in zip(candidates, counts, strict=True)
    ]
    synthetic = [chooser.permutation(rows)[:count] for rows, count in zip(made, counts, strict=True)]
    return np.concatenate(real), np.concatenate(synthetic)


def _pairs(cohort: Cohort, samples: Samples, role: int) -> list[int]:
    """Return for each class of how many images there are both kinds."""
    return [
        min(len(cohort.where(role, label=label)), int((samples.labels == label).sum()))
        for label in range(len(cohort.classes))
    ]


def _even(available: list[int], total: int) -> list[int]:
    """Return how many of each class: as even as what there is allows, `total` together or all."""
    counts = [0] * len(available)
    while sum(counts) < min(total, sum(available)):
        open_classes = [label for label, most in enumerate(available) if counts[label] < most]
        counts[min(open_classes, key=lambda label: counts[label])] += 1
    return counts


def _fresh_first(
    rows: Integers, groups: Integers, count: int, taken: Counter[int], chooser: np.random.Generator
) -> Integers:
    """Return `count` random rows of one class, those of groups first that were taken least; `taken` counts on."""
    mixed = chooser.permutation(rows)
    turns, seen = [], Counter(taken)
    for group in groups[mixed].tolist():
        turns.append(seen[group])
        seen[group] += 1
    chosen: Integers = mixed[np.argsort(turns, kind="stable")][:count]
    taken.update(groups[chosen].tolist())
    return chosen


def _clusters(groups: Integers, synthetic: int) -> Integers:
    _, numbers = np.unique(groups, return_inverse=True)
    own = numbers.max(initial=-1) + 1 + np.arange(synthetic)
    return np.concatenate([numbers, own]).astype(np.int64)


def _order(count: int, real: int, repeated: int, chooser: np.random.Generator) -> Integers:
    """Return the rows in the order of one reader; `repeated` of each kind come again, not before a quarter later."""
    order = chooser.permutation(count).tolist()
    gap = count // 4
    early = order[: count - gap]
    for kind in (True, False):
        again = [row for row in early if (row < real) == kind]
        for row in chooser.permutation(again)[:repeated].tolist():
            first = order.index(row)
            order.insert(int(chooser.integers(first + gap, len(order) + 1)), row)
    return np.array(order, np.int64)


def _random_names(shape: tuple[int, ...]) -> Names:
    """Return 32 random hex digits each, by the system's randomness."""
    flat = [secrets.token_hex(16) for _ in range(int(np.prod(shape)))]
    names: NDArray[np.str_] = np.array(flat, "U32").reshape(shape)
    return names


def _shown(rows: int, columns: int) -> tuple[int, int]:
    """Return the size on the screen: a whole number of times the size of the image, up to `SHOWN`."""
    factor = max(1, SHOWN // max(rows, columns))
    return rows * factor, columns * factor


def _plan(margin: float | None, images: int, readers: int) -> Equivalence | None:
    if margin is None:
        return None
    from ganaug_core.reading import equivalence

    return equivalence.plan(margin, images, readers)
