"""Features are computed once, from what the encoder may see, and found again by content."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ganaug_core import features
from ganaug_core.encoders.pixels import Pixels
from ganaug_core.errors import ConfigurationError, EvidenceError
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Floats, Intensity, Samples
from ganaug_core.storage.workspace import Workspace, digest_of

pytestmark = pytest.mark.numerical


def a_cohort(count: int = 30, seed: int = 0, **changes: Any) -> Cohort:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 1, 12, 12)).astype(np.uint8)
    cohort = Cohort(
        name="noise",
        digest=digest_of(pixels),
        pixels=pixels,
        labels=np.arange(count) % 2,
        roles=np.array([TRAIN, TRAIN, TUNING, HOLDOUT, TRAIN])[np.arange(count) % 5],
        ids=np.array([f"{index:012x}" for index in range(count)]),
        patients=np.arange(count),
        groups=np.arange(count),
        classes=("left", "right", "neither"),
        intensity=Intensity("intensity", 0, 255),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    return replace(cohort, **changes)


def some_samples(images: Floats) -> Samples:
    count = len(images)
    return Samples(
        name="made",
        digest=digest_of(images),
        images=images,
        labels=np.zeros(count, np.int64),
        ids=np.array([f"{index + 4096:012x}" for index in range(count)]),
        classes=("left", "right", "neither"),
        source="npz",
    )


@pytest.fixture
def count_fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the number of images of every fit of `pixels`."""
    encoded: list[int] = []
    fit = Pixels.fit

    def counted(self: Pixels, images: Floats, *arguments: Any, **named: Any) -> Any:
        encoded.append(len(images))
        return fit(self, images, *arguments, **named)

    monkeypatch.setattr(Pixels, "fit", counted)
    return encoded


def test_an_encoder_is_fitted_on_training_images_only() -> None:
    cohort = a_cohort()
    changed = np.array(cohort.pixels)
    changed[cohort.where(TUNING, HOLDOUT)] = 7
    assert features.fit(cohort, "pixels").digest == features.fit(replace(cohort, pixels=changed), "pixels").digest
    changed[cohort.where(TRAIN)[0]] = 7
    assert features.fit(cohort, "pixels").digest != features.fit(replace(cohort, pixels=changed), "pixels").digest


def test_fitting_again_finds_the_kept_encoder(workspace: Workspace, count_fits: list[int]) -> None:
    cohort = a_cohort()
    first = features.fit(cohort, "pixels", cache=workspace)
    again = features.fit(cohort, "pixels", cache=workspace)
    assert count_fits == [18]
    assert again.digest == first.digest
    images = cohort.images(np.arange(5))
    np.testing.assert_array_equal(again.encode(images), first.encode(images))
    features.fit(a_cohort(seed=1), "pixels", cache=workspace)
    features.fit(cohort, "pixels", seed=1, cache=workspace)
    assert count_fits == [18, 18, 18]


def test_a_damaged_encoder_is_fitted_again(workspace: Workspace, count_fits: list[int]) -> None:
    cohort = a_cohort()
    first = features.fit(cohort, "pixels", cache=workspace)
    (name,) = workspace.names("encoders")
    state = workspace.folder("encoders", name) / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-3])
    assert features.fit(cohort, "pixels", cache=workspace).digest == first.digest
    assert len(count_fits) == 2
    state = workspace.folder("encoders", name) / "state.safetensors"
    data = bytearray(state.read_bytes())
    data[-1] ^= 1
    state.write_bytes(data)
    with pytest.raises(EvidenceError, match="not the one that was written"):
        features.load(workspace, name)


def test_a_large_cohort_is_fitted_on_a_choice_of_its_images(
    monkeypatch: pytest.MonkeyPatch, count_fits: list[int]
) -> None:
    monkeypatch.setattr(features, "MOST_IMAGES", 10)
    first, again = (features.fit(a_cohort(), "pixels").digest for _ in range(2))
    assert first == again
    assert count_fits == [10, 10]


def test_the_classifier_knows_all_classes_of_the_cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug_core.encoders.networks.FEWEST_STEPS", 2)
    cohort = a_cohort()
    fitted = features.fit(cohort, "classifier")
    assert features.of_cohort(cohort, fitted).values.shape == (30, 3)


def test_features_of_a_cohort_are_in_its_order_and_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "AT_ONCE", 7)
    cohort = a_cohort()
    fitted = features.fit(cohort, "texture")
    first = features.of_cohort(cohort, fitted, workspace)
    np.testing.assert_array_equal(first.ids, cohort.ids)
    np.testing.assert_allclose(first.values, fitted.encode(cohort.images(np.arange(30))), atol=1e-5)
    monkeypatch.setattr(type(fitted), "encode", None)
    again = features.of_cohort(cohort, fitted, workspace)
    assert (again.encoder, again.digest) == ("texture", first.digest)
    np.testing.assert_array_equal(again.values, first.values)
    np.testing.assert_array_equal(again.ids, first.ids)


def test_features_of_samples_change_with_images_and_with_the_encoder(workspace: Workspace) -> None:
    cohort = a_cohort()
    images = cohort.images(np.arange(6))
    digests = {
        features.of_samples(some_samples(images), features.fit(cohort, "pixels"), workspace).digest,
        features.of_samples(some_samples(-images), features.fit(cohort, "pixels"), workspace).digest,
        features.of_samples(some_samples(images), features.fit(a_cohort(seed=1), "pixels"), workspace).digest,
    }
    assert len(digests) == 3
    assert len(workspace.names("features")) == 3


def test_no_samples_have_no_features() -> None:
    cohort = a_cohort()
    none = some_samples(np.zeros((0, 1, 12, 12), np.float32))
    fitted = features.fit(cohort, "texture")
    assert features.of_samples(none, fitted).values.shape == (0, features.of_cohort(cohort, fitted).values.shape[1])


def test_damaged_features_are_computed_again(workspace: Workspace) -> None:
    cohort = a_cohort()
    fitted = features.fit(cohort, "pixels")
    first = features.of_cohort(cohort, fitted, workspace)
    (name,) = workspace.names("features")
    (workspace.folder("features", name) / "values.npy").write_bytes(b"\x93NUMPY")
    np.testing.assert_array_equal(features.of_cohort(cohort, fitted, workspace).values, first.values)


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    with pytest.raises(ConfigurationError, match="Choose one of: classifier, dinov2, inception, pixels, radimagenet"):
        features.fit(a_cohort(), "vgg")


def test_progress_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug_core.encoders.networks.FEWEST_STEPS", 2)
    heard: list[tuple[float, str]] = []
    cohort = a_cohort()
    fitted = features.fit(cohort, "simclr", report=lambda share, doing: heard.append((share, doing)))
    features.of_cohort(cohort, fitted, report=lambda share, doing: heard.append((share, doing)))
    assert heard[0] == (0.0, "Learning which images are alike")
    assert heard[-1] == (0.0, "Encoding images (simclr)")
    assert all(0 <= share <= 1 for share, _ in heard)


def test_what_only_the_cohort_decides_is_found_once_and_again_where_it_is_damaged(workspace: Workspace) -> None:
    cohort, done = a_cohort(), []
    arrays = np.array([0.1, np.nan]), np.array([3, -1]), np.array(["flip+shift", "identity"]), np.zeros((0, 2))

    def find() -> tuple[np.ndarray, ...]:
        done.append(1)
        return arrays

    for _ in range(2):
        memory = features.memoised(cohort, workspace)("holdout-train", find)
        for left, right in zip(memory, arrays, strict=True):
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)
    assert len(done) == 1
    features.memoised(cohort, workspace)("holdout-holdout", find)
    features.memoised(a_cohort(seed=1), workspace)("holdout-train", find)
    assert len(done) == 3
    for name in workspace.names("searches"):
        (workspace.folder("searches", name) / "arrays.npz").write_bytes(b"PK")
    features.memoised(cohort, workspace)("holdout-train", find)
    assert len(done) == 4
