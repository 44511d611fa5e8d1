"""Colour stays colour where that is asked for, in every format, and is refused in words where it cannot."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug_core import pipeline, readers
from ganaug_core.cohort import import_cohort, import_samples
from ganaug_core.config.importing import Choices, Plan
from ganaug_core.config.requests import ImportCohort
from ganaug_core.errors import CohortError
from ganaug_core.records import Cohort, Skipped, Slice
from ganaug_core.storage.workspace import Workspace
from tests import stained_cells, value_files

COLOUR = Choices(colour=True)


def read(source: Path, choices: Choices | None = COLOUR) -> tuple[list[Slice], list[Skipped]]:
    entries = list(readers.read(source, choices=choices))
    images = [entry for entry in entries if isinstance(entry, Slice)]
    return images, [entry for entry in entries if isinstance(entry, Skipped)]


def picture(side: int = 9) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (side, side + 2, 3)).astype(np.uint8)


def cohort_of(tmp_path: Path, **changes: object) -> Cohort:
    source = stained_cells.folders(tmp_path / "cells", *stained_cells.cells(12, 16))
    return import_cohort(source, "cells", size=16, near_duplicate_limit=0, choices=COLOUR, **changes)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "webp"])
def test_red_green_and_blue_are_kept_by_every_format_without_loss(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "a").mkdir()
    Image.fromarray(picture()).save(tmp_path / "a" / f"x.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    (image,), _ = read(tmp_path)
    assert image.colour
    assert np.array_equal(image.pixels, np.moveaxis(picture(), 2, 0))


def test_palettes_transparency_and_jpeg_keep_their_colours_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    red = Image.new("RGB", (8, 8), (200, 10, 30))
    red.quantize(2).save(tmp_path / "a" / "1.png")
    red.convert("RGBA").save(tmp_path / "a" / "2.png")
    red.save(tmp_path / "a" / "3.jpg", quality=100)
    red.convert("CMYK").save(tmp_path / "a" / "4.tif")
    images, _ = read(tmp_path)
    assert len(images) == 4
    for image in images:
        np.testing.assert_allclose(image.pixels.mean((1, 2)), [200, 10, 30], atol=2)


def test_arrays_keep_colour_and_drop_transparency(tmp_path: Path) -> None:
    stack = np.stack([picture(), picture()[::-1]])
    with_alpha = np.concatenate([stack, stack[..., :1]], 3)
    for name, images in (("plain", stack), ("alpha", with_alpha), ("real", stack / np.float32(255))):
        np.savez(tmp_path / f"{name}.npz", images=images, labels=[0, 1])
        slices, _ = read(tmp_path / f"{name}.npz")
        assert np.array_equal(slices[1].pixels, np.moveaxis(images[1, ..., :3], 2, 0))


def test_grey_pictures_among_colour_become_three_equal_channels_and_the_cohort_says_so(tmp_path: Path) -> None:
    source = stained_cells.folders(tmp_path / "cells", *stained_cells.cells(12, 16))
    for path in sorted((source / "stroma").iterdir())[:3]:
        Image.open(path).convert("L").save(path)
    cohort, _ = import_cohort(source, "cells", size=16, near_duplicate_limit=0, choices=COLOUR)
    equal = (cohort.pixels[:, :1] == cohort.pixels).all((1, 2, 3))
    assert cohort.shape == (3, 16, 16)
    assert equal.sum() == 3
    assert cohort.provenance["images"][:2] == [
        "33 images are in colour and stay so: red, green and blue are three channels.",
        "3 images are grey: their three channels are equal.",
    ]


def test_what_cannot_stay_in_colour_is_left_out_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    value_files.png16(tmp_path / "a" / "deep.png", picture().astype(np.uint16) * 257)
    value_files.png16(tmp_path / "a" / "grey.png", picture()[..., 0].astype(np.uint16) * 257)
    images, skipped = read(tmp_path)
    assert not images
    assert {entry.file.split("/")[-1]: entry.say for entry in skipped} == {
        "deep.png": "Its colour cannot be kept: that is done for pictures and arrays of 8 bits a colour alone.",
        "grey.png": "It is grey with more than 8 bits, and colour of 8 bits was asked for.",
    }
    assert all(
        entry.do == "Save it as PNG, JPEG or TIFF of 8 bits a colour, or import without colour." for entry in skipped
    )


def test_a_source_without_any_colour_is_refused_where_colour_is_asked_for() -> None:
    with pytest.raises(CohortError, match="None of the images is in colour"):
        import_cohort("embedded:digits", "digits", size=8, near_duplicate_limit=0, choices=COLOUR)


def test_without_being_asked_for_colour_becomes_grey_and_says_how_to_keep_it(tmp_path: Path) -> None:
    source = stained_cells.folders(tmp_path / "cells", *stained_cells.cells(4, 16))
    cohort, _ = import_cohort(source, "cells", size=16, near_duplicate_limit=0)
    assert cohort.shape == (1, 16, 16)
    assert "became grey" in cohort.provenance["images"][0]
    assert "--colour" in cohort.provenance["images"][0]


def test_synthetic_images_are_read_in_the_colour_of_their_cohort(tmp_path: Path) -> None:
    cohort = cohort_of(tmp_path)
    images, labels = stained_cells.cells(2, 16, seed=5)
    classes = np.array(stained_cells.CLASSES)
    np.savez(tmp_path / "made.npz", images=images, labels=labels, classes=classes)
    made = import_samples(tmp_path / "made.npz", cohort, "made")
    assert np.array_equal(made.images, cohort.intensity.normalise(np.moveaxis(images, 3, 1)))
    np.savez(tmp_path / "real.npz", images=images / np.float32(127.5) - 1, labels=labels, classes=classes)
    np.testing.assert_allclose(import_samples(tmp_path / "real.npz", cohort, "real").images, made.images, atol=1e-5)


def test_grey_synthetic_images_of_a_cohort_in_colour_are_named(tmp_path: Path) -> None:
    cohort = cohort_of(tmp_path)
    images, labels = stained_cells.cells(2, 16, seed=5)
    np.savez(tmp_path / "grey.npz", images=images[..., 1], labels=np.array(stained_cells.CLASSES)[labels])
    made = import_samples(tmp_path / "grey.npz", cohort, "grey")
    assert made.images.shape == (6, 3, 16, 16)
    assert made.provenance["notes"] == ["6 of them are grey: their three channels are equal."]


def test_a_mask_cuts_all_three_channels_alike(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    image, mask = picture(24), np.zeros((24, 26), np.uint8)
    mask[8:16, 8:16] = 255
    Image.fromarray(image).save(tmp_path / "a" / "1.png")
    Image.fromarray(mask).save(tmp_path / "a" / "1_mask.png")
    (cut,), _ = read(tmp_path, Choices(colour=True, crop=True))
    assert np.array_equal(cut.pixels, np.moveaxis(image[6:18, 6:18], 2, 0))


def test_an_image_of_one_uniform_colour_is_left_out_as_constant(tmp_path: Path) -> None:
    source = stained_cells.folders(tmp_path / "cells", *stained_cells.cells(6, 16))
    Image.new("RGB", (16, 16), (200, 10, 30)).save(source / "gland" / "flat.png")
    cohort, _ = import_cohort(source, "cells", size=16, near_duplicate_limit=0, choices=COLOUR)
    assert [entry.code for entry in cohort.skipped] == ["constant"]


def test_requests_of_before_colour_are_found_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    settings = [
        pipeline.outcome(workspace, ImportCohort(source="x", name="x", plan=Plan(), choices=choices)).origin.settings
        for choices in (Choices(), COLOUR)
    ]
    assert "colour" not in settings[0]["choices"]
    assert settings[1]["choices"]["colour"] is True
