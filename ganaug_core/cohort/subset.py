"""Some images of a cohort as a cohort of their own, with all that is known of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ganaug_core.cohort.image_ids import content_digest
from ganaug_core.records import Cohort, Integers


def subset(cohort: Cohort, rows: Integers, *, name: str, provenance: Mapping[str, Any]) -> Cohort:
    """Return the images in these rows, in their order, with roles, patients and groups as they are; the split is fixed.

    Args:
        rows: (k,) different rows.
        provenance: What the new cohort was made from.
    """
    new_row = np.full(len(cohort), -1, np.int64)
    new_row[rows] = np.arange(len(rows))
    near_duplicates = new_row[cohort.near_duplicates]  # (pair, 2)
    complete = (near_duplicates >= 0).all(axis=1) if len(near_duplicates) else np.zeros(0, bool)
    pixels, labels, roles = np.asarray(cohort.pixels[rows]), cohort.labels[rows], cohort.roles[rows]
    masks = None if cohort.masks is None else np.asarray(cohort.masks[rows])
    ids = cohort.ids[rows]
    return replace(
        cohort,
        name=name,
        digest=content_digest(pixels, labels, roles, cohort.intensity, masks),
        pixels=pixels,
        masks=masks,
        labels=labels,
        roles=roles,
        ids=ids,
        patients=cohort.patients[rows],
        groups=cohort.groups[rows],
        near_duplicates=near_duplicates[complete],
        near_duplicate_distances=cohort.near_duplicate_distances[complete],
        volumes=cohort.volumes[rows] if len(cohort.volumes) else cohort.volumes,
        column_values=cohort.column_values[rows] if cohort.columns else cohort.column_values,
        suspected_text={image: why for image, why in cohort.suspected_text.items() if image in set(ids.tolist())},
        fixed=True,
        provenance=dict(provenance),
    )
