"""Variety within each class by its pairs, beside the verdict: structural similarity, and the birthday test."""

from collections.abc import Iterator

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.metrics import half_sampling, structural_similarity
from ganaug_core.records import Floats, Integers, Measurement

SPACE, IMAGES = "simclr", "images"
MOST, LEAST = 200, 20
HALVES = 20
SMALLEST = 16  # rows and columns


def within_classes(comparison: Comparison) -> tuple[Measurement, ...]:
    """Return both numbers of every class that has enough images on all sides."""
    return tuple(
        measurement for label in range(len(comparison.cohort.classes)) for measurement in _of_class(comparison, label)
    )


def _of_class(comparison: Comparison, label: int) -> Iterator[Measurement]:
    random = comparison.random(470 + label)
    held, train = (
        _one_each(comparison, rows[comparison.cohort.labels[rows] == label], random)
        for rows in (comparison.holdout, comparison.train)
    )
    generated = random.permutation(np.flatnonzero(comparison.labels == label))[:MOST]
    if min(len(held), len(train), len(generated)) < LEAST:
        return
    name, sizes = comparison.cohort.classes[label], (len(held), len(generated))
    if min(comparison.cohort.shape[1:]) >= SMALLEST:
        pairs = [_pairs(comparison.cohort.images(held)), _pairs(np.asarray(comparison.samples.images[generated]))]
        usual, value = (float(similarity.mean()) for similarity in pairs)
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
            interval_method="normal, pairs",
        )
    if SPACE in comparison.spaces:
        limit = structural_similarity.near_duplicate(comparison.features(SPACE, train), np.arange(len(train)))
        strangers = np.arange(MOST)

        def batch(features: Floats) -> float:
            return structural_similarity.birthday_batch(features, strangers[: len(features)], limit)

        synthetic = comparison.spaces[SPACE].synthetic.values[generated]
        value, usual = batch(synthetic), batch(comparison.features(SPACE, held))
        splits = half_sampling.complements(
            np.arange(len(generated)), np.zeros(len(generated), np.int64), HALVES, random
        )
        halves = np.array([[batch(synthetic[half]), batch(synthetic[~half])] for half in splits])
        yield Measurement(
            name="birthday_batch",
            encoder=SPACE,
            value=value,
            interval=half_sampling.interval(value, halves, len(generated), least=1.0),
            floor=usual,
            null=structural_similarity.birthday_null(),
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="as real",
            class_name=name,
            reference="train+holdout",
            interval_method="half-sampling, t",
        )


def _one_each(comparison: Comparison, rows: Integers, random: np.random.Generator) -> Integers:
    """Return one random row of each patient, `MOST` at most."""
    order = random.permutation(rows)
    _, first = np.unique(comparison.cohort.groups[order], return_index=True)
    return np.asarray(random.permutation(order[first])[:MOST])


def _pairs(images: Floats) -> Floats:
    """Return the similarity of images that are paired once: independent pairs."""
    half = len(images) // 2
    return structural_similarity.structural_similarity(images[:half], images[half : 2 * half]).astype(np.float32)
