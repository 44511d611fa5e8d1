"""The experiment is honest: copies are worth what duplication is, noise helps nobody, held-back real images do help.

Real handwritten digits with strong noise, so that few examples do not suffice: 5 training images of the rare class, 95
more of it held back as the images of a perfect generator.
"""

from typing import NamedTuple

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug_core.benefit import Classifier, Experiment
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Floats, Intensity, Samples
from ganaug_core.records.benefit import Benefit, Difference
from ganaug_core.storage.workspace import Workspace, digest_of

RARE, OTHERS, SPARE = 5, 300, 95
REDUCED = Classifier(steps=80, batch=32)
RARE_DIGIT, OTHER_DIGITS = 8, (1, 3, 5, 9)
NOISE = 9.0  # of a range of 16


class Setting(NamedTuple):
    """A cohort, real images of the rare class that it does not hold, and where trials are kept."""

    cohort: Cohort
    spare: Floats
    cache: Workspace


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    digits = load_digits()
    grain = np.random.default_rng(1).normal(0, NOISE, (len(digits.images), 16, 16))
    pixels = np.clip(np.kron(digits.images, np.ones((2, 2))) + grain, 0, 16).astype(np.float32)[:, None]
    rare = np.flatnonzero(digits.target == RARE_DIGIT)
    other_digits = np.flatnonzero(np.isin(digits.target, OTHER_DIGITS))
    sides = (
        (other_digits[:OTHERS], TRAIN),
        (rare[:RARE], TRAIN),
        (other_digits[OTHERS:], HOLDOUT),
        (rare[RARE + SPARE :], HOLDOUT),
    )
    chosen = np.concatenate([rows for rows, _ in sides])
    roles = np.concatenate([np.full(len(rows), role, np.int64) for rows, role in sides])
    intensity = Intensity("intensity", 0, 16)
    cohort = Cohort(
        name="digits",
        digest=digest_of(pixels[chosen], roles),
        pixels=pixels[chosen],
        labels=(digits.target[chosen] == RARE_DIGIT).astype(np.int64),
        roles=roles,
        ids=np.array([f"{row:012x}" for row in chosen]),
        patients=chosen,
        groups=chosen,
        classes=("others", "eight"),
        intensity=intensity,
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    spare = intensity.normalise(pixels[rare[RARE : RARE + SPARE]])
    return Setting(cohort, spare, Workspace(tmp_path_factory.mktemp("trials")))


def tried(setting: Setting, name: str, images: Floats, *arms: str) -> Benefit:
    """Return the last word of the experiment on synthetic images of the rare class."""
    samples = Samples(
        name=name,
        digest=digest_of(images),
        images=images,
        labels=np.ones(len(images), np.int64),
        ids=np.array([f"{row + 4096:012x}" for row in range(len(images))]),
        classes=setting.cohort.classes,
        source="generator",
        provenance={"cohort": setting.cohort.digest},
    )
    experiment = Experiment.of(setting.cohort, samples, classifier=REDUCED)
    return list(experiment.run(setting.cache, only=("classical", "duplication", *arms)))[-1]


def change(benefit: Benefit, arm: str, against: str) -> Difference:
    """Return the change of the area under the ROC curve for the rare class."""
    wanted = (arm, against, "auroc", "eight")
    return next(
        difference
        for difference in benefit.differences
        if (difference.arm, difference.against, difference.measure, difference.class_name) == wanted
    )


def test_real_images_that_were_held_back_do_help(setting: Setting) -> None:
    benefit = tried(setting, "perfect", setting.spare, "mixed50", "topped")
    assert benefit.verdict.state == "helps"
    assert change(benefit, "mixed50", "classical").value > 0.02
    assert change(benefit, "topped", "duplication").interval[0] > 0


def test_a_copier_equals_duplication(setting: Setting) -> None:
    copies = setting.cohort.images(np.tile(setting.cohort.where(TRAIN, label=1), 8))
    benefit = tried(setting, "copier", copies, "mixed50", "topped")
    for arm, against in (("topped", "duplication"), ("mixed50", "classical")):
        low, high = change(benefit, arm, against).interval
        assert low <= 0 <= high
    assert benefit.verdict.state == "none"


def test_noise_does_not_help(setting: Setting) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (SPARE, 1, 16, 16)).astype(np.float32)
    benefit = tried(setting, "noise", noise, "mixed50")
    assert change(benefit, "mixed50", "classical").interval[0] <= 0
    assert benefit.verdict.state in ("none", "harms")


def test_what_real_images_alone_teach_was_learnt_once(setting: Setting) -> None:
    noise = np.zeros((SPARE, 1, 16, 16), np.float32)
    tried(setting, "black", noise)
    arms = [setting.cache.manifest("trials", name)["arm"]["name"] for name in setting.cache.names("trials")]
    assert sum(arm in ("classical", "duplication") for arm in arms) == 10
