"""Colour is trained on, drawn, previewed and exported as colour, and the export is read again as it was."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_cohort import squares

from ganaug_core import generators
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.benefit.training_image_sheets import FRAME, FRAMED, _coloured
from ganaug_core.cohort import import_samples
from ganaug_core.config import configure
from ganaug_core.records import Cohort
from ganaug_core.server.images import sheet
from ganaug_core.training import Training
from ganaug_core.training.recorder import sheet_of


@pytest.fixture(scope="module")
def coloured() -> Cohort:
    """Return squares whose channels differ: green is dark, blue is mirrored."""
    grey = squares().pixels
    return squares(pixels=np.concatenate([grey, grey * np.float32(0.2), 255 - grey], 1))


def test_a_generator_in_colour_is_trained_drawn_exported_and_read_again(coloured: Cohort, tmp_path: Path) -> None:
    config = configure("recommended", {"architecture.width": 16}, images=64, batch_size=8, threads=1, device="cpu")
    run = Training(coloured, config)
    run.advance(3)
    passport = run.passport("colour")
    assert passport.architecture.channels == 3
    generators.write(tmp_path / "g.safetensors", passport, run.generator())
    drawn = generators.draw(generators.load(tmp_path / "g.safetensors"), "drawn", per_class=3, seed=1)
    assert drawn.images.shape == (6, 3, 16, 16)
    generators.export(drawn, coloured.intensity, tmp_path / "png", "png")
    generators.export(drawn, coloured.intensity, tmp_path / "npz", "npz")
    for source, most in ((tmp_path / "png", 1 / 255 + 1e-6), (tmp_path / "npz" / "samples.npz", 1e-5)):
        back = import_samples(source, coloured, "back")
        assert back.labels.tolist() == drawn.labels.tolist()
        assert np.abs(back.images - drawn.images).max() <= most


def test_previews_and_galleries_show_colour(coloured: Cohort) -> None:
    images = coloured.images(np.arange(3))
    preview = np.asarray(Image.open(io.BytesIO(sheet_of(images))))
    gallery = np.asarray(sheet(np.rint((images + 1) * 127.5).astype(np.uint8), columns=3, tile=16))
    for picture in (preview, gallery):
        assert np.abs(picture[:16, :16] / 127.5 - 1 - np.moveaxis(images[0], 0, 2)).max() <= 1 / 127


def test_augmentations_of_values_change_all_channels_alike() -> None:
    torch.manual_seed(0)
    images = torch.linspace(-0.4, 0.4, 8 * 3 * 16 * 16).view(8, 3, 16, 16)
    grey = images[:, :1].expand(-1, 3, -1, -1)
    for name, part in AUGMENTATIONS.items():
        changed = part().apply(grey)
        for channel in (1, 2):
            assert torch.allclose(changed[:, 0], changed[:, channel], atol=1e-6), name


def test_sheets_of_the_benefit_experiment_keep_colour_and_frame() -> None:
    picture = np.zeros((3, 4, 4), np.uint8)
    picture[:, 0], picture[0, 2], picture[1, 3, 1] = FRAMED, 200, FRAMED
    shown = np.asarray(_coloured(picture))
    assert (shown[0] == FRAME).all()
    assert (shown[2] == (200, 0, 0)).all()
    assert tuple(shown[3, 1]) == (0, FRAMED, 0)
    assert np.asarray(_coloured(picture[:1]).convert("RGB"))[2, 0].tolist() == [200] * 3
