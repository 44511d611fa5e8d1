"""The experiment is honest: copies are worth what duplication is, noise helps nobody, held-back real images do help.

Phantom lesions of 32 px: 14 training images of the rare class, 250 more of it held back as the images of a perfect
generator, fresh patients to test on.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ganaug_core.benefit import Classifier, Experiment
from ganaug_core.benefit_records import Benefit, Difference
from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Floats, Intensity, Samples
from ganaug_core.workspace import Workspace, digest_of

RARE, MANY, SPARE, TESTED = 14, 250, 250, 300
REDUCED = Classifier(steps=120, batch=32)


class Setting(NamedTuple):
    """A cohort, real images of the rare class that it does not hold, and where trials are kept."""

    cohort: Cohort
    spare: Floats
    cache: Workspace


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    made = phantom.lesions(480, 11, size=32, malignant=0.5)
    benign, malignant = (np.flatnonzero(made.labels == label) for label in (0, 1))
    rows = [benign[:MANY], malignant[:RARE], benign[-TESTED:], malignant[-TESTED:]]
    spare = malignant[RARE : RARE + SPARE]
    for one, other in ((rows[0], rows[2]), (np.append(rows[1], spare), rows[3])):
        assert not set(made.patients[one]) & set(made.patients[other][5:])  # at most one patient on the border
    chosen = np.concatenate(rows)
    roles = np.repeat([TRAIN, TRAIN, HOLDOUT, HOLDOUT], [len(each) for each in rows]).astype(np.int64)
    intensity = Intensity("HU", *phantom.WINDOW_HU)
    cohort = Cohort(
        name="lesions",
        digest=digest_of(made.pixels[chosen], roles),
        pixels=made.pixels[chosen],
        labels=made.labels[chosen],
        roles=roles,
        ids=np.array([f"{row:012x}" for row in chosen]),
        patients=made.patients[chosen],
        groups=made.patients[chosen],
        classes=phantom.CLASSES,
        intensity=intensity,
        twins=np.zeros((0, 2), np.int64),
        twin_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    return Setting(cohort, intensity.normalise(made.pixels[spare]), Workspace(tmp_path_factory.mktemp("trials")))


def tried(setting: Setting, name: str, images: Floats, *arms: str) -> Benefit:
    """Return the last word of the experiment on synthetic images of the rare class."""
    labels = np.ones(len(images), np.int64)
    ids = np.array([f"{row + 4096:012x}" for row in range(len(images))])
    made = {"cohort": setting.cohort.digest}
    samples = Samples(
        name, digest_of(images), images, labels, ids, setting.cohort.classes, "generator", provenance=made
    )
    experiment = Experiment.of(setting.cohort, samples, classifier=REDUCED)
    return list(experiment.run(setting.cache, only=("classical", "duplication", *arms)))[-1]


def change(found: Benefit, arm: str, against: str) -> Difference:
    """Return the change of the area under the ROC curve for the rare class."""
    return next(
        each
        for each in found.differences
        if (each.arm, each.against, each.measure, each.class_name) == (arm, against, "auroc", "malignant")
    )


def test_a_copier_equals_duplication(setting: Setting) -> None:
    rare = setting.cohort.where(TRAIN, label=1)
    found = tried(setting, "copier", setting.cohort.images(np.tile(rare, 8)), "topped", "mixed50")
    for arm, against in (("topped", "duplication"), ("mixed50", "classical")):
        low, high = change(found, arm, against).interval
        assert low <= 0 <= high
        assert high - low < 0.1
    assert found.verdict.state == "none"


def test_noise_does_not_help(setting: Setting) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (SPARE, 1, 32, 32)).astype(np.float32)
    found = tried(setting, "noise", noise, "mixed50")
    assert change(found, "mixed50", "classical").interval[0] <= 0
    assert found.verdict.state in ("none", "harms")


def test_real_images_that_were_held_back_do_help(setting: Setting) -> None:
    found = tried(setting, "perfect", setting.spare, "topped", "mixed50")
    assert found.verdict.state == "helps"
    assert change(found, "mixed50", "classical").value > 0.02
    assert change(found, "topped", "duplication").interval[0] > 0


def test_what_real_images_alone_taught_was_learnt_once(setting: Setting) -> None:
    names = setting.cache.names("trials")
    assert sum(name.startswith(("classical-", "duplication-")) for name in names) == 10
    assert Path(setting.cache.root).is_dir()
