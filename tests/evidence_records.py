"""Cohorts and samples built by hand from real images, and failures planted in them, for the tests of the evidence."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ganaug_core.neighbours import near_duplicate_pairs
from ganaug_core.readers import phantom
from ganaug_core.records import NO_MASK, TRAIN, Cohort, Floats, Integers, Intensity, Samples
from ganaug_core.storage.workspace import digest_of

Bytes = NDArray[np.uint8]
Kept = tuple[NDArray[Any], ...]
EIGHT_BIT = Intensity("intensity", 0, 255)
_KEPT: dict[str, Kept] = {}


def remembering(real: Cohort) -> Callable[[str, Callable[[], Kept]], Kept]:
    """Return a memory for audits of a cohort: what only the cohort decides is found once for all tests of a process.

    That an audit which remembers equals one that does not has a test of its own.
    """
    own = digest_of(real.pixels, real.labels, real.roles, real.groups)

    def memoise(what: str, find: Callable[[], Kept]) -> Kept:
        if (key := f"{own}-{what}") not in _KEPT:
            _KEPT[key] = find()
        return tuple(array.copy() for array in _KEPT[key])

    return memoise


def mednist(
    folder: Path, per_class: int, size: int = 32, classes: tuple[str, ...] = ()
) -> tuple[Bytes, Integers, tuple[str, ...]]:
    """Return (n, 1, size, size) grey levels, labels and class names, of all classes or those that are named."""
    names = classes or tuple(sorted(path.name for path in folder.iterdir()))
    images, labels = [], []
    for label, name in enumerate(names):
        for path in sorted((folder / name).iterdir())[:per_class]:
            with Image.open(path) as image:
                images.append(np.asarray(image.convert("L").resize((size, size), Image.Resampling.BOX)))
            labels.append(label)
    return np.stack(images)[:, None], np.array(labels), names


def medmnist(path: Path) -> tuple[Bytes, Integers, tuple[str, ...]]:
    """Return all images of a MedMNIST file, labels and class names."""
    with np.load(path, allow_pickle=False) as file:
        images = np.concatenate([file[f"{share}_images"] for share in ("train", "val", "test")])
        labels = np.concatenate([file[f"{share}_labels"].ravel() for share in ("train", "val", "test")])
    return images[:, None], labels.astype(np.int64), tuple(str(label) for label in np.unique(labels))


def grouped(images: Bytes) -> tuple[Integers, Integers, Floats]:
    """Return the group of each image (near-duplicates joined), the pairs and their distances."""
    pairs, distances = near_duplicate_pairs(EIGHT_BIT.normalise(images))
    groups = np.arange(len(images))
    for _ in range(len(images)):
        joined = groups.copy()
        np.minimum.at(joined, pairs[:, 0], groups[pairs[:, 1]])
        np.minimum.at(joined, pairs[:, 1], groups[pairs[:, 0]])
        joined = joined[joined]
        if (joined == groups).all():
            break
        groups = joined
    return groups, pairs, distances


def cohort(
    images: Bytes,
    labels: Integers,
    classes: tuple[str, ...],
    *,
    seed: int = 0,
    holdout: float = 0.25,
    own_split: bool = True,
    groups: Integers | None = None,
) -> Cohort:
    """Return a cohort with 15 % tuning and that share of hold-out, near-duplicates of a class together."""
    pairs, distances = np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    if groups is None:
        groups, pairs, distances = grouped(images)
    random = np.random.default_rng(seed)
    roles = np.zeros(len(images), np.int64)
    for label in np.unique(labels):
        size, done = int((labels == label).sum()), 0
        for group in random.permutation(np.unique(groups[labels == label])):
            member = groups == group
            roles[member] = 2 if done < holdout * size else int(done < (holdout + 0.15) * size)
            done += int(member.sum())
    digest = hashlib.sha256(images.tobytes() + roles.tobytes()).hexdigest()
    ids = np.array([f"{index:012x}" for index in range(len(images))])
    unknown = np.full(len(images), -1)
    return Cohort(
        name="real",
        digest=digest,
        pixels=images,
        labels=labels,
        roles=roles,
        ids=ids,
        patients=unknown,
        groups=groups,
        classes=classes,
        intensity=EIGHT_BIT,
        near_duplicates=pairs,
        near_duplicate_distances=distances,
        own_split=own_split,
    )


def samples(images: Floats, labels: Integers, classes: tuple[str, ...]) -> Samples:
    """Return samples as if they came from a folder."""
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    ids = np.array([f"{index + (1 << 40):012x}" for index in range(len(images))])
    return Samples(name="drawn", digest=digest, images=images, labels=labels, ids=ids, classes=classes, source="folder")


def halves(images: Bytes, labels: Integers, most: int, seed: int) -> tuple[Integers, Integers]:
    """Return two disjoint choices of at most `most` images a class; what is in the first is in no way in the second."""
    random = np.random.default_rng(seed)
    _, content = np.unique(images.reshape(len(images), -1), axis=0, return_inverse=True)
    left, right = [], []
    for label in np.unique(labels):
        order = random.permutation(np.flatnonzero(labels == label))
        size = min(most, len(order) // 2)
        left.append(order[:size])
        rest = order[size:]
        right.append(rest[~np.isin(content[rest], content[left[-1]])][:size])
    return np.concatenate(left), np.concatenate(right)


def copied(images: Floats, how: str, seed: int) -> Floats:
    """Return copies of (n, 1, row, column) images: `exact`, `noisy`, `flipped` or `shifted`."""
    random = np.random.default_rng(seed)
    result = images.copy()
    if how == "noisy":
        result += random.normal(0, 0.075, images.shape).astype(np.float32)
    elif how == "flipped":
        result = images[..., ::-1] if random.random() < 0.5 else images[..., ::-1, :]
    elif how == "shifted":
        reach = max(1, round(images.shape[-1] / 12))
        for image in result:
            down, right = random.integers(-reach, reach + 1, 2)
            image[0] = ndimage.shift(image[0], (down, right), order=0, mode="reflect")
    elif how == "turned":
        for image in result:
            angle = random.choice([-1, 1]) * random.uniform(6, 12)
            image[0] = ndimage.rotate(image[0], angle, reshape=False, order=1, mode="reflect")
    return np.clip(result, -1, 1).astype(np.float32)


def variations(image: Floats, count: int, seed: int) -> Floats:
    """Return (count, 1, row, column) of one image (1, row, column): mirrored, moved, turned, brightened, noisy."""
    random = np.random.default_rng(seed)
    result = []
    for _ in range(count):
        view = image[0, :, ::-1] if random.random() < 0.5 else image[0]
        view = ndimage.rotate(view, random.uniform(-10, 10), reshape=False, order=1, mode="reflect")
        view = ndimage.shift(view, random.uniform(-1.5, 1.5, 2) * len(view) / 32, order=1, mode="reflect")
        result.append(view * random.uniform(0.9, 1.1) + random.normal(0, 0.02, view.shape))
    return np.clip(np.stack(result)[:, None], -1, 1).astype(np.float32)


def planted(synthetic: Floats, labels: Integers, real: Cohort, share: float, how: str, seed: int) -> Floats:
    """Return the drawn images with that share of each class replaced by copies of training images of the class."""
    random = np.random.default_rng(seed)
    result = synthetic.copy()
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rows = random.permutation(rows)[: max(1, round(share * len(rows)))]
        source = random.choice(real.where(0, label=int(label)), len(rows))
        result[rows] = copied(real.images(source), how, seed)
    return result


ODD = ("checkerboard", "broken", "doubled")


def made_odd(images: Floats, how: str, seed: int) -> Floats:
    """Return (n, 1, row, column) images with a fault: a patch of a `checkerboard`, `broken` outlines, or `doubled`.

    The patch measures a quarter of the side, .3 of the half range high; five discs of a twelfth of the side, on the
    steepest tenth of the image, take the mean of what surrounds them; an image and its copy, a sixth of the side away,
    lie one over the other, the brighter pixel on top.
    """
    random, result = np.random.default_rng(seed), images.copy()
    size = images.shape[-1]
    rows, columns = np.indices((size, size))
    for image in result:
        if how == "checkerboard":
            side = size // 4
            top, left = random.integers(0, size - side + 1, 2)
            image[0, top : top + side, left : left + side] += 0.3 * (np.indices((side, side)).sum(0) % 2 * 2 - 1)
        elif how == "broken":
            slope = np.hypot(*np.gradient(ndimage.gaussian_filter(image[0], 1)))
            steep = np.argwhere(slope >= np.quantile(slope, 0.9))
            for row, column in random.choice(steep, 5):
                away = np.hypot(rows - row, columns - column) / max(2, size / 12)
                image[0, away <= 1] = image[0, (away > 1) & (away <= 2)].mean()
        else:
            angle = random.uniform(0, 2 * np.pi)
            move = np.round(np.array([np.sin(angle), np.cos(angle)]) * size / 6)
            image[0] = np.maximum(image[0], ndimage.shift(image[0], move, order=0, mode="nearest"))
    return np.clip(result, -1, 1).astype(np.float32)


def phantom_cohort(patients: int, seed: int, holdout: float = 0.4) -> Cohort:
    """Return phantom lesions in HU as a cohort: several a patient, patients split into train, tuning and hold-out."""
    lesions = phantom.lesions(patients, seed, malignant=0.45)
    edges = np.array([0.9 - holdout, 1 - holdout]) * patients
    roles = np.digitize(np.random.default_rng(seed).permutation(patients)[lesions.patients], edges)
    digest = hashlib.sha256(lesions.pixels.tobytes() + roles.tobytes()).hexdigest()
    ids = np.array([f"{index:012x}" for index in range(len(lesions.labels))])
    return Cohort(
        name="phantom",
        digest=digest,
        pixels=lesions.pixels,
        labels=lesions.labels,
        roles=roles,
        ids=ids,
        patients=lesions.patients,
        groups=lesions.patients,
        classes=phantom.CLASSES,
        intensity=Intensity("HU", *phantom.WINDOW_HU),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=True,
    )


def masked(real: Cohort, spread: int) -> Cohort:
    """Give every second training image a disc of 12 pixels radius, its centre up to `spread` pixels off."""
    random = np.random.default_rng(0)
    down, right = np.mgrid[:64, :64] - 31.5
    masks = np.full((len(real), 64, 64), NO_MASK, np.uint8)
    for row in real.where(TRAIN)[::2]:
        off = random.integers(-spread, spread + 1, 2)
        masks[row] = (down - off[0]) ** 2 + (right - off[1]) ** 2 < 144
    return replace(real, masks=masks)


def phantom_samples(patients: int, seed: int) -> Samples:
    """Return phantom lesions of other patients, one of each, as if they came from a folder."""
    lesions = phantom.lesions(patients, seed, malignant=0.45)
    _, first = np.unique(lesions.patients, return_index=True)
    images = Intensity("HU", *phantom.WINDOW_HU).normalise(lesions.pixels[first])
    return samples(images, lesions.labels[first], phantom.CLASSES)
