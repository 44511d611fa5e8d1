"""Augmentations: what every one must do, then shifts and squares found again in the pixels."""

import numpy as np
import pytest
import torch

from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.augmentations.colour import Colour
from ganaug_core.augmentations.cutout import Cutout
from ganaug_core.augmentations.geometric import Geometric, _turned
from ganaug_core.augmentations.translation import Translation
from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import settings_of

pytestmark = pytest.mark.numerical

every_augmentation = pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
keeping = pytest.mark.parametrize("name", sorted(name for name, part in AUGMENTATIONS.items() if part.keeps_units))


def images(n: int = 12, size: int = 16, channels: int = 1) -> torch.Tensor:
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(3)) * 2 - 1


@every_augmentation
def test_shape_type_and_range_stay(name: str) -> None:
    before = images(channels=3)
    after = AUGMENTATIONS[name]().apply(before)
    assert (after.shape, after.dtype) == (before.shape, before.dtype)
    assert after.min() >= -1
    assert after.max() <= 1


@every_augmentation
def test_each_image_is_changed_in_its_own_way_and_the_seed_decides(name: str) -> None:
    same = images(1).expand(12, 1, 16, 16)
    augmented = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        augmented.append(AUGMENTATIONS[name]().apply(same))
    assert torch.equal(augmented[0], augmented[1])
    assert not torch.equal(augmented[0], augmented[2])
    assert len(torch.unique(augmented[0].flatten(1), dim=0)) >= 2


@keeping
def test_every_value_was_in_the_image_or_is_the_middle_of_the_range(name: str) -> None:
    """So no intensity is invented: a change of brightness would teach the generator wrong Hounsfield units."""
    before = images()
    after = AUGMENTATIONS[name]().apply(before)
    for old, new in zip(before, after, strict=True):
        assert np.isin(new.numpy(), np.append(old.numpy(), np.float32(0))).all()


@every_augmentation
def test_gradients_pass_twice(name: str) -> None:
    inputs = images().requires_grad_()
    torch.manual_seed(0)
    loss = AUGMENTATIONS[name]().apply(inputs).square().sum()
    (gradient,) = torch.autograd.grad(loss, inputs, create_graph=True)
    gradient.square().sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.abs().sum() > 0


@every_augmentation
def test_every_augmentation_says_what_it_is_good_for_and_names_its_paper(name: str) -> None:
    part = AUGMENTATIONS[name]
    assert 40 < len(part.says) < 220
    assert part.__doc__ is not None
    assert "arXiv" in part.__doc__
    assert all(f"        {setting}: " in part.__doc__ for setting in settings_of(part))


@pytest.mark.parametrize("name", ["cutout", "translation"])
@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_impossible_shares_are_refused_in_words(name: str, share: float) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be. Choose a share"):
        AUGMENTATIONS[name](share=share)


def test_a_translated_image_is_the_image_shifted_with_its_border_repeated() -> None:
    before = images()
    after = Translation(share=0.25).apply(before).numpy()
    shifts = set()
    for old, new in zip(before[:, 0].numpy(), after[:, 0], strict=True):
        padded = np.pad(old, 4, mode="edge")
        matches = [(r, c) for r in range(9) for c in range(9) if np.array_equal(padded[r : r + 16, c : c + 16], new)]
        assert len(matches) == 1
        shifts.add(matches[0])
    assert len(shifts) > 6


def test_cutout_hides_one_square_of_at_most_its_side() -> None:
    after = Cutout(share=0.35).apply(torch.ones(200, 1, 20, 20))[:, 0]
    for hidden in (after == 0).numpy():
        rows, columns = np.flatnonzero(hidden.any(1)), np.flatnonzero(hidden.any(0))
        assert hidden.sum() == len(rows) * len(columns)
        assert 3 <= len(rows) <= 7  # the side is 2 * (0.35 * 20 // 2) + 1 = 7, and 3 with the centre on the far border
        assert 3 <= len(columns) <= 7
        assert len(rows) == rows[-1] - rows[0] + 1


def test_a_flip_mirrors_half_of_the_images_and_leaves_the_others() -> None:
    before = images(200)
    torch.manual_seed(0)
    after = AUGMENTATIONS["flip"]().apply(before)
    mirrored = (after == before.flip(3)).flatten(1).all(1)
    assert 70 < mirrored.sum() < 130
    assert torch.equal(after[~mirrored], before[~mirrored])
    mirrored = AUGMENTATIONS["flip"](left_right=True, up_down=True).apply(before[:1].expand(200, 1, 16, 16))
    assert len(torch.unique(mirrored.flatten(1), dim=0)) == 4
    with pytest.raises(ConfigurationError, match=r"no direction"):
        AUGMENTATIONS["flip"](left_right=False)


def test_brightness_and_contrast_change_as_far_as_they_may() -> None:
    still = torch.zeros(300, 1, 4, 4)
    torch.manual_seed(0)
    shifted = AUGMENTATIONS["brightness_contrast"](brightness=0.1, contrast=0.0).apply(still)[:, 0, 0, 0]
    assert 0.18 < shifted.max() <= 0.2
    assert -0.2 <= shifted.min() < -0.18
    stretched = AUGMENTATIONS["brightness_contrast"](brightness=0.0, contrast=0.2).apply(still + 0.5)[:, 0, 0, 0]
    assert 0.4 <= stretched.min() < 0.42
    assert 0.58 < stretched.max() <= 0.6
    with pytest.raises(ConfigurationError, match=r"change of brightness by 0.6"):
        AUGMENTATIONS["brightness_contrast"](brightness=0.6)


def smooth(size: int = 33) -> torch.Tensor:
    """A blob off the middle, so smooth that linear interpolation hardly changes it: (1, 1, size, size)."""
    places = torch.arange(size) - (size - 1) / 2
    blob = torch.exp(-((places[:, None] - 4) ** 2 + (places - 7) ** 2) / 40)
    return (2 * blob - 1)[None, None]


@pytest.mark.parametrize("degrees", [0, 30, 44, 90, -90, 137, 180, -171])
def test_a_turn_is_a_turn(degrees: float) -> None:
    image = smooth()
    turned = _turned(image, torch.tensor([np.deg2rad(degrees)]))[0, 0].numpy()
    rows, columns = np.mgrid[:33, :33] - 16.0
    back = np.deg2rad(-degrees)  # counter-clockwise where rows run down
    row, column = rows * np.cos(back) + -columns * np.sin(back), rows * np.sin(back) + columns * np.cos(back)
    expected = 2 * np.exp(-((row - 4) ** 2 + (column - 7) ** 2) / 40) - 1
    inside = rows**2 + columns**2 < 13**2
    assert np.abs(turned - expected)[inside].max() < 0.04
    if degrees % 90 == 0:
        assert np.array_equal(turned, np.rot90(image[0, 0].numpy(), round(degrees / 90)))


def test_a_wide_image_is_turned_too() -> None:
    assert _turned(images()[:, :, :8], torch.full((12,), 2.0)).shape == (12, 1, 8, 16)


def test_size_and_shift_are_as_spread_as_they_are_said_to_be() -> None:
    torch.manual_seed(0)
    places = torch.arange(33) - 16.0
    blob = torch.exp(-(places[:, None] ** 2 + places**2) / 18).expand(400, 1, 33, 33)
    still = {"degrees": 0, "scale": 0.0, "stretch": 0.0, "shift": 0.0}
    shifted = Geometric(**still | {"shift": 0.05}).apply(blob)
    middle = (shifted.sum((1, 2)) * places).sum(1) / shifted.sum((1, 2, 3))
    assert middle.std().item() == pytest.approx(0.05 * 33, rel=0.1)
    sizes = torch.log2(Geometric(**still | {"scale": 0.2}).apply(blob).sum((1, 2, 3)) / blob[0].sum()) / 2
    assert sizes.std().item() == pytest.approx(0.2, rel=0.1)
    stretched = Geometric(**still | {"stretch": 0.2}).apply(blob).sum((1, 2, 3))
    torch.testing.assert_close(stretched, blob.sum((1, 2, 3)), rtol=0.02, atol=0)


def test_impossible_changes_are_refused_in_words() -> None:
    for settings in (
        {"degrees": 200.0},
        {"scale": float("nan")},
        dict.fromkeys(("degrees", "scale", "stretch", "shift"), 0),
    ):
        with pytest.raises(ConfigurationError, match=r"Geometric changes of degrees .* cannot be"):
            Geometric(**settings)
    with pytest.raises(ConfigurationError, match=r"hue 2.0.* cannot be"):
        Colour(hue=2.0)
    with pytest.raises(ConfigurationError, match=r"one of them above 0"):
        Colour(brightness=0, contrast=0, hue=0, saturation=0, invert=False)


def test_inversion_keeps_colour_and_exchanges_light_and_dark() -> None:
    torch.manual_seed(0)
    only = {"brightness": 0.0, "contrast": 0.0, "hue": 0.0, "saturation": 0.0}
    colours = (images(200, channels=3) / 3)[:, :, :2, :2]
    changed = Colour(**only).apply(colours)
    grey, colour = colours.mean(1, keepdim=True), colours - colours.mean(1, keepdim=True)
    inverted = (changed.mean(1, keepdim=True) - grey).abs().flatten(1).amax(1) > 1e-5
    assert 70 < inverted.sum() < 130
    torch.testing.assert_close(changed[inverted], (colour - grey)[inverted], atol=1e-5, rtol=0)
    torch.testing.assert_close(changed[~inverted], colours[~inverted], atol=1e-5, rtol=0)
    plain = Colour(**only).apply(images(50) / 3)
    torch.testing.assert_close(plain.abs(), (images(50) / 3).abs())  # in grey it is a change of sign


def test_hue_turns_about_grey_and_saturation_moves_away_from_it() -> None:
    torch.manual_seed(0)
    colours = (images(100, channels=3) / 4)[:, :, :1, :1]
    still = {"brightness": 0.0, "contrast": 0.0, "invert": False}
    turned = Colour(hue=1.0, saturation=0.0, **still).apply(colours)
    torch.testing.assert_close(turned.mean(1), colours.mean(1), atol=1e-5, rtol=0)
    torch.testing.assert_close(turned.norm(dim=1), colours.norm(dim=1), atol=1e-5, rtol=0)
    assert (turned - colours).abs().amax() > 0.1
    richer = Colour(hue=0.0, saturation=1.0, **still).apply(colours)
    before, after = colours - colours.mean(1, keepdim=True), richer - richer.mean(1, keepdim=True)
    cosine = torch.nn.functional.cosine_similarity(before.flatten(1), after.flatten(1))
    assert cosine.min() > 0.999
