"""Whether the parts of a record fit each other: an artefact on the disk may be damaged, or somebody else's."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganaug_core.records import ROLES, Cohort, Features, Map, Samples
from ganaug_core.records.reading import SYNTHETIC, Reading


def check(record: Any) -> None:
    """Return if the arrays of a record fit each other.

    Raises:
        ValueError: They do not; the message names the array.
    """
    if isinstance(record, Cohort):
        _cohort(record)
    elif isinstance(record, Samples):
        _images(record.images, record.labels, record.classes)
        _lengths(len(record), ids=record.ids, labels=record.labels)
    elif isinstance(record, Features):
        _dimensions(record.values, 2, "values")
        _lengths(len(record.ids), values=record.values)
    elif isinstance(record, Map):
        count = len(record.ids)
        _lengths(count, positions=record.positions, roles=record.roles, labels=record.labels)
        _lengths(count, nearest=record.nearest, distances=record.distances)
        _whole(record.roles, len(ROLES) + 1, "roles")
        _whole(record.labels, len(record.classes), "labels")
        _whole(record.nearest, count, "nearest", least=-1)
    elif isinstance(record, Reading):
        _reading(record)


def _reading(reading: Reading) -> None:
    _images(reading.pixels, reading.labels, reading.classes)
    _lengths(len(reading.labels), truth=reading.truth, ids=reading.ids, clusters=reading.clusters)
    _whole(reading.truth, SYNTHETIC + 1, "truth")
    _dimensions(reading.orders, 2, "orders")
    _whole(reading.orders.ravel(), len(reading.labels), "orders")
    _lengths(len(reading.orders), keys=reading.keys)
    if reading.items.shape != reading.orders.shape:
        raise ValueError(f"items have the shape {reading.items.shape}")


def _cohort(cohort: Cohort) -> None:
    count = len(cohort.labels)
    _images(cohort.pixels, cohort.labels, cohort.classes)
    _lengths(count, roles=cohort.roles, ids=cohort.ids, patients=cohort.patients, groups=cohort.groups)
    _whole(cohort.roles, len(ROLES), "roles")
    _dimensions(cohort.near_duplicates, 2, "near_duplicates")
    _lengths(len(cohort.near_duplicates), near_duplicate_distances=cohort.near_duplicate_distances)
    _whole(cohort.near_duplicates, count, "near_duplicates")
    if len(cohort.volumes):
        _lengths(count, volumes=cohort.volumes)
    if cohort.masks is not None and cohort.masks.shape != (count, *cohort.pixels.shape[2:]):
        raise ValueError(f"masks have the shape {cohort.masks.shape}")
    if cohort.columns and cohort.column_values.shape != (count, len(cohort.columns)):
        raise ValueError(f"column_values have the shape {cohort.column_values.shape}")


def _images(images: Any, labels: Any, classes: Sequence[str]) -> None:
    _dimensions(images, 4, "images")
    _dimensions(labels, 1, "labels")
    _lengths(len(labels), images=images)
    _whole(labels, len(classes), "labels")


def _dimensions(array: Any, count: int, name: str) -> None:
    if np.ndim(array) != count:
        raise ValueError(f"{name} have {np.ndim(array)} dimensions instead of {count}")


def _lengths(count: int, **arrays: Any) -> None:
    for name, array in arrays.items():
        if np.ndim(array) == 0 or len(array) != count:
            raise ValueError(f"{name} do not have {count} entries")


def _whole(array: Any, end: int, name: str, least: int = 0) -> None:
    """Values are whole numbers from `least` to below `end`."""
    values = np.asarray(array)
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} are no whole numbers")
    if values.size and (values.min() < least or values.max() >= end):
        raise ValueError(f"{name} hold {values.min()} to {values.max()}, which cannot be")
