"""Variety within each class by its pairs, beside the verdict: structural similarity, and the birthday test."""

from collections.abc import Iterator

import numpy as np

from ganaug_core.audit.comparison import Sides
from ganaug_core.metrics import structural_similarity
from ganaug_core.metrics.statistics import halves, spread_interval
from ganaug_core.records import Floats, Integers, Measurement

SPACE, IMAGES = "simclr", "images"
MOST, LEAST = 200, 20
HALVES = 20
SMALLEST = 16  # rows and columns


def within_classes(both: Sides) -> tuple[Measurement, ...]:
    """Return both numbers of every class that has enough images on all sides."""
    return tuple(each for label in range(len(both.cohort.classes)) for each in _of_class(both, label))


def _of_class(both: Sides, label: int) -> Iterator[Measurement]:
    random = both.random(470 + label)
    held, train = (
        _one_each(both, rows[both.cohort.labels[rows] == label], random) for rows in (both.holdout, both.train)
    )
    drawn = random.permutation(np.flatnonzero(both.labels == label))[:MOST]
    if min(len(held), len(train), len(drawn)) < LEAST:
        return
    name, sizes = both.cohort.classes[label], (len(held), len(drawn))
    if min(both.cohort.shape[1:]) >= SMALLEST:
        pairs = [_pairs(both.cohort.images(held)), _pairs(np.asarray(both.samples.images[drawn]))]
        usual, value = (float(each.mean()) for each in pairs)
        reach = 1.96 * float(pairs[1].std(ddof=1) / np.sqrt(len(pairs[1])))
        yield Measurement(
            name="pair_similarity",
            encoder=IMAGES,
            value=value,
            interval=(value - reach, value + reach),
            floor=usual,
            null=usual,
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="as real",
            class_name=name,
        )
    if SPACE in both.spaces:
        limit = structural_similarity.near_duplicate(both.features(SPACE, train), np.arange(len(train)))
        strangers = np.arange(MOST)

        def batch(features: Floats) -> float:
            return structural_similarity.birthday_batch(features, strangers[: len(features)], limit)

        synthetic = both.spaces[SPACE].synthetic.values[drawn]
        value, usual = batch(synthetic), batch(both.features(SPACE, held))
        spread = [batch(synthetic[half]) for half in halves(np.arange(len(drawn)), HALVES, random)]
        yield Measurement(
            name="birthday_batch",
            encoder=SPACE,
            value=value,
            interval=spread_interval(value, spread, least=1.0),
            floor=usual,
            null=structural_similarity.birthday_null(),
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="as real",
            class_name=name,
            reference="train+holdout",
        )


def _one_each(both: Sides, rows: Integers, random: np.random.Generator) -> Integers:
    """Return one random row of each patient, `MOST` at most."""
    order = random.permutation(rows)
    _, first = np.unique(both.cohort.groups[order], return_index=True)
    return np.asarray(random.permutation(order[first])[:MOST])


def _pairs(images: Floats) -> Floats:
    """Return the similarity of images that are paired once: independent pairs."""
    half = len(images) // 2
    return structural_similarity.structural_similarity(images[:half], images[half : 2 * half]).astype(np.float32)
