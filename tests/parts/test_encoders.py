"""Feature spaces: what each of them promises, numbers worked out by hand, and what SimCLR must be able to see."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from ganaug_core.encoders import ENCODERS, texture
from ganaug_core.encoders.fitted import read_state
from ganaug_core.encoders.networks import distort, reproducible
from ganaug_core.encoders.pixels import principal_axes, small
from ganaug_core.encoders.simclr import contrast
from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import FittedEncoder
from ganaug_core.records import Floats, Integers

pytestmark = pytest.mark.numerical

QUICK: Mapping[str, dict[str, Any]] = {
    "simclr": {"steps": 8, "batch": 16},
    "classifier": {"steps": 8, "batch": 16, "classes": 3},
}
# a feature is a sum of up to about 1,000 products (672 numbers of an image into a component, 432 into a filter), each
# rounded by at most 6e-8 of the largest value; who stands in the batch decides the order of summation
ROUNDING = 1000 * 6e-8


def noise(count: int, channels: int = 1, rows: int = 16, columns: int = 16, seed: int = 0) -> Floats:
    shape = count, channels, rows, columns
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def fitted(name: str, images: Floats, labels: Integers | None = None, seed: int = 0, **settings: Any) -> FittedEncoder:
    part = ENCODERS[name](**{**QUICK.get(name, {}), **settings})
    return part.fit(images, np.arange(len(images)) % 3 if labels is None else labels, seed=seed)


every_encoder = pytest.mark.parametrize("name", ENCODERS)


@every_encoder
@pytest.mark.parametrize(
    ("channels", "rows", "columns"), [(1, 8, 8), (2, 13, 17), (1, 64, 64), (3, 32, 32), (1, 256, 256), (1, 100, 40)]
)
def test_every_encoder_gives_one_finite_float32_row_an_image_at_any_size(
    name: str, channels: int, rows: int, columns: int
) -> None:
    images = noise(12, channels, rows, columns)
    encoder = fitted(name, images)
    features = encoder.encode(noise(5, channels, rows, columns, seed=1))
    assert features.shape[0] == 5
    assert features.shape[1] >= 1
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert encoder.encode(images[:0]).shape == (0, features.shape[1])


@every_encoder
def test_fitting_twice_gives_the_same_digest_and_another_image_another_one(name: str) -> None:
    images = noise(20)
    assert fitted(name, images).digest == fitted(name, images).digest
    changed = images.copy()
    changed[0] *= -0.5
    assert fitted(name, changed).digest != fitted(name, images).digest


@every_encoder
def test_fitting_leaves_the_callers_randomness_and_threads_alone(name: str) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = torch.get_num_threads()
    fitted(name, noise(12))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == before


@every_encoder
def test_an_encoder_read_back_from_its_bytes_is_the_same(name: str) -> None:
    images = noise(12)
    encoder = fitted(name, images)
    again = ENCODERS[name]().restore(read_state(encoder.to_bytes()), encoder.shape, encoder.facts)
    assert again.digest == encoder.digest
    np.testing.assert_array_equal(again.encode(images), encoder.encode(images))


@every_encoder
def test_features_do_not_depend_on_who_shares_the_batch(name: str) -> None:
    images = noise(30)
    encoder = fitted(name, images)
    together = encoder.encode(images)
    alone = np.concatenate([encoder.encode(images[index : index + 1]) for index in range(30)])
    np.testing.assert_allclose(alone, together, rtol=0, atol=ROUNDING * np.abs(together).max())


@every_encoder
def test_a_read_only_memory_map_can_be_encoded(name: str, tmp_path: Any) -> None:
    images = noise(12)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    encoder = fitted(name, mapped)
    np.testing.assert_array_equal(encoder.encode(mapped), encoder.encode(images))


@every_encoder
def test_too_few_images_and_images_of_another_size_are_refused_in_words(name: str) -> None:
    with pytest.raises(EvidenceError, match="at least 8 training images, and there are 7"):
        fitted(name, noise(7))
    encoder = fitted(name, noise(12))
    with pytest.raises(EvidenceError, match="16 x 16 pixels and 1 channel, and these have 16 x 16 pixels and 2 chan"):
        encoder.encode(noise(3, channels=2))


@every_encoder
def test_images_that_are_all_the_same_give_finite_features(name: str) -> None:
    flat = np.full((9, 1, 16, 16), 0.25, np.float32)
    assert np.isfinite(fitted(name, flat).encode(noise(2))).all()


@every_encoder
def test_the_facts_say_with_which_settings_and_seed_it_was_fitted(name: str) -> None:
    facts = fitted(name, noise(12), seed=4).facts
    assert facts["seed"] == 4
    if name in QUICK:
        assert (facts["threads"], facts["batch"]) == (1, 16)
        assert facts["steps"] >= 8


@pytest.mark.parametrize("name", QUICK)
def test_a_fit_is_the_same_whatever_number_of_threads_the_caller_has(name: str) -> None:
    before, inside = torch.get_num_threads(), []
    part, images, labels = ENCODERS[name](**QUICK[name]), noise(40, rows=32, columns=32), np.arange(40) % 3
    digests = set()
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        try:
            fit = part.fit(images, labels, report=lambda share, words: inside.append(torch.get_num_threads()))
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
        digests.add(fit.digest)
    assert len(digests) == 1
    assert set(inside) == {1}


def test_two_fits_at_once_are_those_of_one_after_the_other() -> None:
    images = noise(40, rows=32, columns=32)
    alone = [fitted(name, images, seed=3).digest for name in QUICK]
    with ThreadPoolExecutor(2) as threads:
        assert [fit.digest for fit in threads.map(lambda name: fitted(name, images, seed=3), QUICK)] == alone


def test_damaged_bytes_are_refused_in_words() -> None:
    with pytest.raises(EvidenceError, match="damaged"):
        read_state(fitted("pixels", noise(12)).to_bytes()[:-10])


# classifier


def test_the_classifier_gives_log_probabilities_of_all_classes_even_of_one_it_never_saw() -> None:
    images = noise(12)
    values = fitted("classifier", images, labels=np.zeros(12, np.int64), classes=4).encode(images)
    assert values.shape == (12, 4)
    np.testing.assert_allclose(np.exp(values).sum(1), 1, rtol=1e-5)


def test_one_class_is_certain() -> None:
    values = fitted("classifier", noise(12), labels=np.zeros(12, np.int64), classes=0).encode(noise(3, seed=1))
    np.testing.assert_array_equal(values, np.zeros((3, 1)))


def test_the_classifier_learns_bright_from_dark() -> None:
    labels = np.arange(64) % 2
    images = 0.2 * noise(64) + np.where(labels, 0.5, -0.5)[:, None, None, None].astype(np.float32)
    encoder = fitted("classifier", images, labels=labels, classes=2, steps=60)
    assert (encoder.encode(images).argmax(1) == labels).mean() > 0.95


# SimCLR


def textures(count: int, seed: int) -> tuple[Floats, Integers]:
    """Return images that differ in texture only: noise smoothed over 2 or over 4 pixels, of one mean and deviation."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    smooth = [gaussian_filter(random.standard_normal((32, 32)), 1 + label, mode="wrap") for label in labels]
    return np.clip([0.3 * picture / picture.std() for picture in smooth], -1, 1).astype(np.float32)[:, None], labels


def test_simclr_separates_planted_textures_without_labels_where_pixels_cannot() -> None:
    images, labels = textures(120, seed=0)

    def same_label_share(name: str, **settings: Any) -> float:
        features = fitted(name, images, **settings).encode(images)
        distance = ((features[:, None] - features[None]) ** 2).sum(2)
        np.fill_diagonal(distance, np.inf)
        nearest = np.argsort(distance, axis=1)[:, :5]
        return float((labels[nearest] == labels[:, None]).mean())

    assert same_label_share("simclr", steps=40, batch=48) > 0.9
    assert same_label_share("pixels") < 0.75


def test_the_contrastive_loss_is_worked_out_by_hand() -> None:
    # Two images, views at right angles: each view sees its positive at cosine 1 and two strangers at cosine 0.
    views = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [0.0, 4.0]])
    expected = -np.log(np.exp(1 / 0.5) / (np.exp(1 / 0.5) + 2))
    assert float(contrast(views, 0.5)) == pytest.approx(expected, rel=1e-6)


def test_views_stay_near_the_image_and_differ_from_each_other() -> None:
    with reproducible(0) as source:
        image = torch.zeros(4, 1, 32, 32)
        image[:, :, 12:20, 12:20] = 1
        first, second = (distort(image, source, noise=0.0, intensity=0.1) for _ in range(2))
    assert first.shape == image.shape
    assert not torch.equal(first, second)
    assert float(first.min()) >= -0.06
    assert float(first.max()) <= 1.16
    assert first.mean((1, 2, 3)) == pytest.approx(image.mean((1, 2, 3)), abs=0.1)


# pixels


def test_pixels_are_area_means_and_keep_small_images_as_they_are() -> None:
    image = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    np.testing.assert_allclose(small(image, 2), [[2.5, 4.5, 10.5, 12.5]])
    np.testing.assert_array_equal(small(image, 8), image.reshape(1, 16))


@pytest.mark.parametrize("shape", [(40, 6), (5, 30)])
def test_principal_axes_are_those_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    centred = values - values.mean(0)
    expected = np.linalg.svd(centred, full_matrices=False)[2][:4]
    axes = principal_axes(centred, 4)
    np.testing.assert_allclose(np.abs((axes * expected).sum(1)), 1, atol=1e-5)
    assert (np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], axis=1) > 0).all()


# texture, by hand


def named(images: NDArray[np.float32]) -> NDArray[np.float64]:
    return texture.first_order(images)[0]


def test_first_order_numbers_of_two_grey_values() -> None:
    values = np.array([[0.0, 0, 0, 0.4]], np.float32)
    mean, log_deviation, skewness, kurtosis, *percentiles = named(values)
    assert mean == pytest.approx(0.1)
    assert log_deviation == pytest.approx(np.log(np.sqrt(0.03)), abs=1e-4)
    assert skewness == pytest.approx(2 / np.sqrt(3), rel=1e-4)  # (1 - 2p) / sqrt(p (1 - p)) at p = 1/4
    assert kurtosis == pytest.approx(7 / 3, rel=1e-4)  # 1 / (p (1 - p)) - 3
    np.testing.assert_allclose(percentiles, np.percentile(values, [5, 25, 50, 75, 95]), atol=1e-6)


def test_gradients_of_a_ramp() -> None:
    ramp = np.tile(np.linspace(-1, 1, 21, dtype=np.float32), (1, 21, 1))
    inner = np.zeros((21, 21), bool)
    inner[8:13, 8:13] = True
    slope, spread, _, slope_inside, laplacian_inside, _ = texture.gradients(ramp, inner)[0]
    assert slope == pytest.approx(np.log(0.1), abs=1e-4)
    assert slope_inside == pytest.approx(np.log(0.1), abs=1e-4)
    assert spread < np.log(1e-4)
    assert laplacian_inside < np.log(1e-4)


def test_the_spectrum_of_a_wave_lies_in_its_ring() -> None:
    wave = np.sin(2 * np.pi * 0.125 * np.arange(64, dtype=np.float32))  # ring 3: from .10 to .15 cycles a pixel
    powers = texture.spectrum(np.tile(wave, (1, 64, 1)).astype(np.float32))[0]
    assert powers.argmax() == 2
    others = np.delete(powers, 2)
    assert (others < np.log(1e-3)).all()


def test_co_occurrence_of_a_checkerboard_is_worked_out_by_hand() -> None:
    board = np.where(np.indices((24, 24)).sum(0) % 2, 1.0, -1.0).astype(np.float32)[None]
    contrast_1, contrast_3, homogeneity_1, _, energy_1, energy_3, correlation_1, correlation_3 = texture.co_occurrence(
        board
    )[0]
    # Every neighbour 1 or 3 steps away has the other of the levels 0 and 15.
    assert contrast_1 == contrast_3 == pytest.approx(225)
    assert homogeneity_1 == pytest.approx(1 / 226)
    assert energy_1 == energy_3 == pytest.approx(np.sqrt(0.5))
    assert correlation_1 == correlation_3 == pytest.approx(-1)


def test_one_grey_level_has_no_contrast_and_full_correlation() -> None:
    values = texture.co_occurrence(np.zeros((1, 24, 24), np.float32))[0]
    np.testing.assert_allclose(values, [0, 0, 1, 1, 1, 1, 1, 1])


def test_binary_patterns_of_a_flat_image_and_of_one_bright_pixel() -> None:
    flat = np.zeros((1, 5, 5), np.float32)
    everywhere = np.ones((5, 5), bool)
    np.testing.assert_allclose(texture.binary_patterns(flat, everywhere)[0, :10], np.eye(10)[8])
    flat[0, 2, 2] = 1
    shares = texture.binary_patterns(flat, everywhere)[0, :10]
    # The bright pixel sees no neighbour as bright (0), every other one all of them (8).
    np.testing.assert_allclose(shares, [1 / 25, 0, 0, 0, 0, 0, 0, 0, 24 / 25, 0])


def test_binary_patterns_of_an_edge_count_the_bright_side() -> None:
    edge = np.zeros((1, 6, 6), np.float32)
    edge[:, :, 3:] = 1
    inner = np.zeros((6, 6), bool)
    inner[1:5, 3] = True  # bright pixels beside the dark side: 5 of 8 neighbours are as bright
    assert texture.binary_patterns(edge, inner)[0, 10 + 5] == 1


def test_steps_of_a_disc() -> None:
    radius = texture.from_middle((50, 50))
    disc = np.where(radius < 0.16, 0.5, -0.25).astype(np.float32)[None]
    first, second, third = texture.steps(disc, radius)[0]
    assert first > 0
    assert second == pytest.approx(0.75, abs=1e-5)
    assert 0 < third < second


def test_texture_is_standardised_on_train_and_sees_blur() -> None:
    images = noise(60, rows=32, columns=32)
    encoder = fitted("texture", images)
    values = encoder.encode(images)
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-3)
    assert np.abs(values.std(0) - 1).max() < 1e-3
    blurred = (images + np.roll(images, 1, 3)) / 2
    assert np.abs(encoder.encode(blurred).mean(0)).max() > 3


def test_a_number_that_is_constant_in_training_does_not_explode() -> None:
    flat = np.full((9, 1, 16, 16), 0.25, np.float32)
    assert np.abs(fitted("texture", flat).encode(noise(2))).max() < 100


def test_texture_tells_the_classes_of_real_images_apart(data: Callable[[str], Path]) -> None:
    images, labels = [], []
    for label, folder in enumerate(sorted(data("mednist_6k/images").iterdir())):
        for path in sorted(folder.iterdir())[:24]:
            images.append(np.asarray(Image.open(path).convert("L"), np.float32)[None] / 127.5 - 1)
            labels.append(label)
    classes, values = np.array(labels), fitted("texture", np.array(images)).encode(np.array(images))
    distance = ((values[:, None] - values[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    assert (classes[distance.argmin(1)] == classes).mean() > 0.95  # chance is 1/6
