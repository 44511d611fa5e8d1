"""Sets of other programs may hold several slices of one body: they count as one in labels, detail and intensities."""

import numpy as np
import pytest

from ganaug_core.audit import Space
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.intensity import intensities
from ganaug_core.audit.label_fidelity import labels
from ganaug_core.records import Features, Floats, Integers
from tests.evidence_records import EIGHT_BIT, cohort, samples

pytestmark = pytest.mark.numerical

SLICES, HELD, FRESH, CLASSES = 6, 30, 24, ("a", "b")


def bodies(count: int, random: np.random.Generator, level: float = 128) -> tuple[Floats, Floats, Integers, Integers]:
    """Return features, pixels, labels and owners of slices; those of one body have much in common."""
    owners = np.repeat(np.arange(count), SLICES)
    features = random.normal(0, 1, (count, 8))[owners] + random.normal(0, 0.05, (len(owners), 8))
    levels = random.normal(level, 20, count)[owners]
    pixels = np.clip(levels[:, None, None, None] + random.normal(0, 8, (len(owners), 1, 8, 8)), 1, 254)
    return features.astype(np.float32), pixels.astype(np.uint8), owners % 2, owners


def drawn(seed: int, *, source: str = "folder") -> Comparison:
    """Return fresh bodies beside a cohort of others; a classifier is right or wrong on a body, not on a slice."""
    random = np.random.default_rng(seed)
    sides = bodies(2 * HELD, random), bodies(FRESH, random, 150)
    (features, pixels, numbers, owners), (fresh, pictures, made, bodies_of) = sides
    real = cohort(pixels, numbers, CLASSES, seed=seed, holdout=0.5, groups=owners)
    synthetic = samples(EIGHT_BIT.normalise(pictures), made, CLASSES)
    synthetic = synthetic.__class__(**{**vars(synthetic), "source": source})
    sure = [
        np.log(
            np.where(
                (random.random(whose.max() + 1) < 0.8)[whose][:, None] == (np.arange(2) == label[:, None]), 0.9, 0.1
            )
        )
        for label, whose in ((numbers, owners), (made, bodies_of))
    ]
    spaces = {
        name: Space(
            Features(name, "", values[0].astype(np.float32), real.ids),
            Features(name, "", values[1].astype(np.float32), synthetic.ids),
        )
        for name, values in (("simclr", (features, fresh)), ("classifier", sure))
    }
    return compare(real, synthetic, spaces, seed)


def test_slices_of_one_body_count_as_one_and_what_a_generator_drew_here_counts_each() -> None:
    crowds = drawn(0).crowds
    assert all(SLICES - 2 < crowd < SLICES + 2 for crowd in crowds.values()), crowds
    assert drawn(0, source="generator").crowds == {0: 1.0, 1: 1.0}


@pytest.mark.parametrize("part", [labels, intensities])
def test_a_verdict_is_no_surer_for_slices_than_bodies_allow(part) -> None:  # type: ignore[no-untyped-def]
    slices, each = (
        [part(drawn(seed, source=source)).finding.p_value for seed in range(2)] for source in ("folder", "generator")
    )
    assert all(few >= many for few, many in zip(slices, each, strict=True)), (slices, each)
    assert sum(slices) > sum(each)
    finding = part(drawn(0)).finding
    assert "slices of one body and count as" in f"{finding.trouble}{finding.clear}{finding.unable}"
