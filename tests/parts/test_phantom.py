"""The phantom is what its description says: its truth is known because it is made so."""

import numpy as np
import pytest

from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, TRAIN, TUNING


@pytest.fixture(scope="module")
def rendered() -> phantom.Phantom:
    return phantom.lesions(160, 7)


def test_pixels_are_whole_hounsfield_units_of_an_abdomen(rendered: phantom.Phantom) -> None:
    assert rendered.pixels.dtype == np.int16
    assert rendered.pixels.shape == (len(rendered.labels), 1, 64, 64)
    assert -250 < rendered.pixels.min() < -60, "fat beyond the liver's edge"
    assert 150 < rendered.pixels.max() < 350, "vessels and rims"
    assert 80 < np.median(rendered.pixels) < 125, "most of it is liver"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(rendered: phantom.Phantom) -> None:
    again = phantom.lesions(160, 7)
    assert again.pixels.tobytes() == rendered.pixels.tobytes()
    assert phantom.lesions(5, 8).pixels[0].tobytes() != rendered.pixels[0].tobytes()


def test_a_patient_looks_the_same_whatever_the_number_of_patients(rendered: phantom.Phantom) -> None:
    fewer = phantom.lesions(10, 7)
    assert np.array_equal(fewer.pixels, rendered.pixels[rendered.patients < 10])


def test_a_patient_has_one_class_one_kernel_and_one_to_five_lesions(rendered: phantom.Phantom) -> None:
    assert np.array_equal(np.unique(rendered.patients), np.arange(160))
    for patient in range(160):
        own = rendered.patients == patient
        assert 1 <= own.sum() <= 5
        assert len(np.unique(rendered.labels[own])) == len(np.unique(rendered.kernels[own])) == 1


def test_textures_differ_in_the_lesion_as_described(rendered: phantom.Phantom) -> None:
    middle = rendered.pixels[:, 0, 28:36, 28:36].astype(float)
    spread = middle.std((1, 2))
    homogeneous, speckled = (
        rendered.textures == phantom.TEXTURES.index(texture) for texture in ("homogeneous", "speckled")
    )
    assert np.median(spread[speckled]) > 2 * np.median(spread[homogeneous])
    benign_rim = (rendered.textures == phantom.TEXTURES.index("rim")) & (rendered.labels == 0)
    brightest = rendered.pixels[:, 0, 16:48, 16:48].reshape(len(rendered.labels), -1)
    assert np.median(np.quantile(brightest[benign_rim], 0.95, 1)) > np.median(
        np.quantile(brightest[homogeneous], 0.95, 1)
    )


def test_the_sharp_kernel_has_more_noise_between_neighbours(rendered: phantom.Phantom) -> None:
    corner = rendered.pixels[:, 0, :12, :12].astype(float)
    grain = np.median(np.abs(np.diff(corner, axis=-1)), axis=(1, 2))
    assert np.median(grain[rendered.kernels == 1]) > 3 * np.median(grain[rendered.kernels == 0])


def test_the_kernel_goes_with_the_class_and_the_shares_are_those_asked_for() -> None:
    many = phantom.lesions(600, 3, size=16)
    first = np.unique(many.patients, return_index=True)[1]
    labels, kernels = many.labels[first], many.kernels[first]
    assert abs(labels.mean() - 0.36) < 0.06
    assert abs(kernels[labels == 0].mean() - phantom.SHARP_SHARES[0]) < 0.08
    assert abs(kernels[labels == 1].mean() - phantom.SHARP_SHARES[1]) < 0.10


def test_a_share_of_zero_plants_a_missing_mode_in_one_class_only() -> None:
    planted = phantom.lesions(80, 0, size=16, textures={"benign": (0.7, 0.3, 0.0)})
    speckled = phantom.TEXTURES.index("speckled")
    assert not ((planted.labels == 0) & (planted.textures == speckled)).any()
    assert ((planted.labels == 1) & (planted.textures == speckled)).any()


def test_another_size_shows_the_same_field_of_view() -> None:
    small, large = (phantom.lesions(40, 2, size=size).pixels for size in (32, 64))
    assert small.shape[2:] == (32, 32)
    assert abs(np.median(small) - np.median(large)) < 10


def test_the_embedded_split_is_by_patient_with_the_shares_it_promises() -> None:
    rendered, roles = phantom.embedded()
    for patient in np.unique(rendered.patients):
        assert len(np.unique(roles[rendered.patients == patient])) == 1
    for role, share in ((TRAIN, 0.60), (TUNING, 0.15), (HOLDOUT, 0.25)):
        assert len(np.unique(rendered.patients[roles == role])) / 900 == pytest.approx(share, abs=0.01)
