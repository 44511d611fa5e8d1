"""Features -> Map: real images placed by UMAP, synthetic ones between their nearest real neighbours.

The canvas is fitted on real images only, so it stays the same for every generator and a collapse cannot tear it apart.
Two dimensions hide much: everything that is claimed (nearest image, distance) is computed in feature space and only
drawn here, and the map carries two numbers that say how far it can be trusted.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.metrics.class_names import labels_in
from ganaug_core.records import ROLES, TRAIN, Cohort, Features, Integers, Map, Samples

FEWEST_REAL = 16
NEIGHBOURS = 15  # of UMAP; 10 shows detail, 50 the large picture
PLACED_BY = 5
SYNTHETIC = len(ROLES)
EPOCHS = 200  # UMAP's own number for large sets; 500 took 2.5 times the time for .02 more neighbour hit rate
TRUSTED_ON = 2000  # trustworthiness sorts a full distance matrix: a random choice of this many points is enough

Matrix = NDArray[np.float64]


def build(
    cohort: Cohort,
    samples: Samples,
    real: Features,
    synthetic: Features,
    *,
    seed: int = 0,
    neighbourhoods: bool = False,
    report: Report = silent,
) -> Map:
    """Return the map of a cohort and of synthetic images in one feature space.

    Args:
        neighbourhoods: Keep each point's nearest others, real and synthetic, and how far they reach.
        real: Features of all images of the cohort, in cohort order.
        synthetic: Features of all samples, in their order; none is fine.

    Raises:
        EvidenceError: Fewer than 16 real images, a class that the cohort does not have, features of something else, or
            a space in which all images are one.
    """
    values, synthetic_values = _checked(cohort, samples, real, synthetic)
    labels = labels_in(cohort, samples)
    neighbour_count = min(NEIGHBOURS, len(values) - 1)
    report(0.05, "Looking for neighbours")
    real_index, real_distance = _others(values, neighbour_count)
    report(0.15, "Drawing the map")
    real_positions = _draw(values, real_index, real_distance, seed)
    report(0.8, "Placing the synthetic images")
    positions = np.concatenate([real_positions, place(synthetic_values, values, real_positions)]).astype(np.float32)
    nearest_train, distance = _nearest_train(cohort, values, synthetic_values)
    report(0.9, "Asking how faithful the map is")
    shown_index, _ = _others(real_positions, neighbour_count)
    others: dict[str, Any] = {}
    if neighbourhoods:
        index, reach = _others(np.concatenate([values, synthetic_values]), neighbour_count)
        others = {"neighbours": index, "reaches": reach[:, -1].astype(np.float32)}
    return Map(
        encoder=real.encoder,
        cohort=cohort.name,
        synthetic=samples.name,
        classes=cohort.classes,
        positions=positions,
        ids=np.concatenate([cohort.ids, samples.ids]),
        roles=np.concatenate([cohort.roles, np.full(len(samples), SYNTHETIC)]).astype(np.int64),
        labels=np.concatenate([cohort.labels, labels]),
        nearest=nearest_train,
        distances=distance.astype(np.float32),
        trustworthiness=_trustworthiness(values, real_positions, neighbour_count, seed),
        neighbour_hit_rate=_shared(real_index, shown_index),
        **others,
    )


def as_json(cohort_map: Map) -> dict[str, Any]:
    """Return the map as the schema `ganaug.map/1` of the command line."""
    roles = (*ROLES, "synthetic")
    columns = zip(
        cohort_map.ids,
        cohort_map.roles,
        cohort_map.labels,
        cohort_map.positions,
        cohort_map.nearest,
        cohort_map.distances,
        strict=True,
    )
    return {
        "schema": "ganaug.map/1",
        "encoder": cohort_map.encoder,
        "trustworthiness": cohort_map.trustworthiness,
        "neighbour_hit_rate": cohort_map.neighbour_hit_rate,
        "points": [
            {
                "id": str(name),
                "role": roles[int(role)],
                "class": cohort_map.classes[int(label)],
                "x": float(position[0]),
                "y": float(position[1]),
                "nearest_train": str(cohort_map.ids[int(row)]) if row >= 0 else None,
                "distance": float(distance) if row >= 0 else None,
            }
            for name, role, label, position, row, distance in columns
        ],
    }


def place(synthetic_values: Matrix, values: Matrix, real_positions: Matrix) -> Matrix:
    """Return (m, 2) positions: the mean of the 5 nearest real positions, weighted by 1 / squared distance.

    A copy lies on its original. UMAP's own `transform` keeps 63 % of the neighbours where this keeps 58 %, takes
    hundreds of times as long and needs a search index that an exact search does not have.
    """
    from ganaug_core.neighbours.nearest import nearest  # brings torch along

    if not len(synthetic_values):
        return np.zeros((0, 2))
    index, distance = nearest(synthetic_values, values, min(PLACED_BY, len(values)))
    weight = 1 / np.maximum(distance, 1e-6) ** 2
    weight /= weight.sum(1, keepdims=True)
    positions: Matrix = (real_positions[index] * weight[:, :, None]).sum(1)
    return positions


def neighbours_kept(values: Matrix, positions: Matrix, count: int) -> float:
    """Return the share of each point's `count` nearest in the space that are among its nearest on the map."""
    return _shared(_others(values, count)[0], _others(positions, count)[0])


def standard(values: Matrix) -> tuple[Matrix, Matrix]:
    """Return mean and scale (d,) by which features are compared: every dimension has deviation 1 after it."""
    mean, spread = values.mean(0), values.std(0)
    return mean, np.where(spread > 1e-6, spread, 1)


def _checked(cohort: Cohort, samples: Samples, real: Features, synthetic: Features) -> tuple[Matrix, Matrix]:
    """Return both sets standardised on the real one: every dimension has mean 0 and deviation 1 there."""
    if real.encoder != synthetic.encoder:
        raise EvidenceError(
            f"The real images are encoded with {real.encoder}, the synthetic ones with {synthetic.encoder}.",
            do="Encode both with one encoder.",
        )
    if not (np.array_equal(real.ids, cohort.ids) and np.array_equal(synthetic.ids, samples.ids)):
        raise EvidenceError(
            f"The features do not belong to the images of {cohort.name} and {samples.name}.",
            do="Encode these images again.",
        )
    if len(cohort) < FEWEST_REAL:
        raise EvidenceError(
            f"A map needs at least {FEWEST_REAL} real images, and {cohort.name} has {len(cohort)}.",
            do="Look at the gallery instead: so few images fit on one screen.",
            code="too_few_images",
        )
    if not (np.isfinite(real.values).all() and np.isfinite(synthetic.values).all()):
        raise EvidenceError("The features hold values that are no numbers.", do="Encode the images again.")
    values = real.values.astype(np.float64)
    mean, scale = standard(values)
    if not (values.std(0) > 1e-6).any():
        raise EvidenceError(
            f"In the space of {real.encoder} all real images are the same, so there is nothing to draw.",
            do="Choose another encoder." if real.encoder != "simclr" else "Look at the images in the gallery.",
            code="no_spread",
        )
    return (values - mean) / scale, (synthetic.values.astype(np.float64) - mean) / scale


def _draw(values: Matrix, index: Integers, distance: Matrix, seed: int) -> Matrix:
    """Return (n, 2) positions from UMAP, given each point's nearest others.

    Source: McInnes, Healy and Melville, 2018, arXiv:1802.03426.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)  # for a part of UMAP not used here
        from umap import UMAP  # brings numba along, which takes seconds: only who draws pays

    oneself = np.arange(len(values))[:, None]
    count = index.shape[1]  # for UMAP a point is its own first neighbour
    exact = np.hstack([oneself, index])[:, :count], np.hstack([0.0 * oneself, distance])[:, :count].astype(np.float32)
    umap = UMAP(
        n_neighbors=count,
        min_dist=0.1,
        init="pca",
        n_epochs=EPOCHS,
        random_state=seed,
        n_jobs=1,
        precomputed_knn=exact,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "precomputed_knn.*NNDescent", UserWarning)  # we place by barycentre
        positions: Matrix = umap.fit_transform(values.astype(np.float32)).astype(np.float64)
    return positions


def _nearest_train(cohort: Cohort, values: Matrix, synthetic_values: Matrix) -> tuple[Integers, Matrix]:
    """Return row and distance of every point's nearest training image; its own group does not count."""
    from ganaug_core.neighbours.nearest import nearest

    train = cohort.where(TRAIN)
    stranger = -1 - np.arange(len(synthetic_values))
    groups = np.concatenate([cohort.groups, stranger])
    index, distance = nearest(
        np.concatenate([values, synthetic_values]), values[train], 1, apart=(groups, cohort.groups[train])
    )
    index_in_train = index[:, 0]
    rows = np.where(index_in_train >= 0, train[np.maximum(index_in_train, 0)], -1) if len(train) else index_in_train
    return rows, np.where(index_in_train >= 0, distance[:, 0], np.nan)


def _others(points: Matrix, count: int) -> tuple[Integers, Matrix]:
    """Return each point's nearest other points."""
    from ganaug_core.neighbours.nearest import nearest

    oneself = np.arange(len(points))
    return nearest(points, points, count, apart=(oneself, oneself))


def _trustworthiness(values: Matrix, positions: Matrix, neighbours: int, seed: int) -> float:
    """Return the trustworthiness in [0, 1]: 1 where no point has a false neighbour on the map.

    Source: Venna and Kaski, 2001, Neighborhood preservation in nonlinear projection methods.
    """
    from sklearn.manifold import trustworthiness

    chosen = np.arange(len(values))
    if len(chosen) > TRUSTED_ON:
        chosen = np.random.default_rng(seed).choice(chosen, TRUSTED_ON, replace=False)
    count = min(neighbours, (len(chosen) - 1) // 2)
    return float(trustworthiness(values[chosen], positions[chosen], n_neighbors=count))


def _shared(left: Integers, right: Integers) -> float:
    """Return the mean share of a row's entries that the other array's row has too."""
    return float((left[:, :, None] == right[:, None, :]).any(2).mean())
