"""Distance on the map against distance in the space that it was drawn from: the demo's own map, in numbers."""

import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from ganaug_core import atlas, features, maps
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, with_slider
from ganaug_core.storage.workspace import Workspace
from ganaug_core.wording import percent

_COUNTS = (1, 2, 5, 10, 15, 25, 50, 100)
_PAIRS, _SHOWN = 50_000, 400


def map_distance(seed: int = 0) -> Figure:
    """How many of an image's k nearest on the demo's map are its k nearest in the space, and the rank correlation."""
    values, positions = _demo()
    kept = [maps.neighbours_kept(values, positions, count) for count in _COUNTS]
    random = np.random.default_rng(seed)
    first, second = random.integers(len(values), size=(2, _PAIRS))
    first, second = first[first != second], second[first != second]
    in_space, on_map = (np.linalg.norm(points[first] - points[second], axis=1) for points in (values, positions))
    correlation = float(spearmanr(in_space, on_map).statistic)
    chance = [count / (len(values) - 1) for count in _COUNTS]
    agree = f"Ranks of distances agree by {correlation:.2f}, where 1 is complete ({len(values):,} real images)"
    return with_slider(
        "Nearest images that are compared",
        _COUNTS,
        str,
        _COUNTS.index(15),
        (
            f"Of the {count} nearest in the space {percent(share)} are among the {count} nearest on the map; by chance "
            f"{percent(by_chance)} would be. {agree}."
            if count > 1
            else f"The nearest in the space is the nearest on the map for {percent(share)} of the images. {agree}."
            for count, share, by_chance in zip(_COUNTS, kept, chance, strict=True)
        ),
        Chart(
            title="Nearest in the space that are nearest on the map",
            x="nearest images that are compared",
            y="share",
            y_range=(0, 1),
            log_x=True,
            lines=(
                *followed(_COUNTS, {"the demo's map": ("real", kept)}),
                Line(name="by chance", role="plain", x=_COUNTS, y=numbers(chance), kind="dashes"),
            ),
        ),
        Chart(
            title=f"{_SHOWN} pairs of images",
            x="distance in the space",
            y="distance on the map",
            lines=(
                Line(
                    name="a pair",
                    role="real",
                    kind="points",
                    x=numbers(in_space[:_SHOWN]),
                    y=numbers(on_map[:_SHOWN]),
                ),
            ),
        ),
    )


def _demo() -> tuple[maps.Matrix, maps.Matrix]:
    """Return standardised features (n, d) and map positions (n, 2) of the demo's real images."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        atlas.install(workspace, kinds=("cohorts", "encoders", "maps"))
        cohort = workspace.cohort(atlas.COHORT)
        drawn = workspace.map(workspace.names("maps")[0])
        encoder = features.fit(cohort, drawn.encoder, cache=workspace)
        values = features.of_cohort(cohort, encoder).values.astype(np.float64)
    mean, scale = maps.standard(values)
    return (values - mean) / scale, drawn.positions[: len(values)].astype(np.float64)
