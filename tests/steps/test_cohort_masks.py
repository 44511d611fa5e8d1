"""A cohort keeps the masks that its source has, through drafts and everything that is made of it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug_core.cohort import Plan, as_json, draft_split, import_cohort, read_cohort, reduce_class
from ganaug_core.cohort.image_ids import content_digest
from ganaug_core.records import NO_MASK, TRAIN, Cohort
from ganaug_core.storage.workspace import Workspace


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two classes of 12 pictures, 20 x 30; those of `a` have a mask at the place of the bright square."""
    random = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "source" / name).mkdir(parents=True)
        for number in range(12):
            picture = random.integers(0, 100, (20, 30)).astype(np.uint8)
            top, left = random.integers(2, 10, 2)
            picture[top : top + 8, left : left + 8] = 255
            Image.fromarray(picture).save(tmp_path / f"source/{name}/{number}.png")
            if name == "a":
                Image.fromarray((picture == 255).astype(np.uint8)).save(tmp_path / f"source/{name}/{number}_mask.png")
    return tmp_path / "source"


def agree(cohort: Cohort) -> bool:
    """Whether each mask lies where its image is bright."""
    rows = cohort.with_mask()
    bright = cohort.pixels[rows, 0] > 200
    return bool((cohort.inside(rows) == bright).mean() > 0.97 and (cohort.labels[rows] == 0).all())


def test_masks_lie_on_the_grid_of_their_images(source: Path) -> None:
    cohort, _ = import_cohort(source, "c", size=30, near_duplicate_limit=0)
    assert cohort.masks is not None
    assert cohort.masks.shape == (24, 30, 30)
    assert cohort.masks.dtype == np.uint8
    assert len(cohort.with_mask()) == 12
    assert agree(cohort)
    without = cohort.where(label=1)
    assert (cohort.masks[without] == NO_MASK).all()
    assert not cohort.inside(without).any()
    assert any(note.startswith("12 images have a mask") for note in cohort.provenance["notes"])
    assert as_json(cohort)["masks"] == 12


def test_masks_count_in_the_digest_and_without_them_it_is_what_it_was(source: Path) -> None:
    cohort, _ = import_cohort(source, "c", size=30, near_duplicate_limit=0)
    plain = content_digest(cohort.pixels, cohort.labels, cohort.roles, cohort.intensity)
    assert cohort.digest != plain
    for path in source.rglob("*_mask.png"):
        path.unlink()
    bare, _ = import_cohort(source, "c", size=30, near_duplicate_limit=0)
    assert bare.masks is None
    assert len(bare.with_mask()) == 0
    assert not bare.inside(bare.where()).any()
    assert bare.digest == content_digest(bare.pixels, bare.labels, bare.roles, bare.intensity)


def test_masks_stay_with_their_images_in_a_draft_and_after_it(source: Path, tmp_path: Path) -> None:
    place = Workspace(tmp_path / "workspace")
    imported = read_cohort(source, "c", Plan(near_duplicate_limit=0), size=30, fixed=False)
    place.keep(imported.cohort, "c", files=draft_split._files(imported.draft, imported.paths))
    draft_split.revise(place, "c", Plan(near_duplicate_limit=0, seed=3))
    smaller = draft_split.leave_out(place, "c", imported.cohort.ids[[2, 20]].tolist())
    assert len(smaller.with_mask()) == 11
    assert agree(smaller)
    draft_split.fix(place, "c")
    fixed = place.cohort("c")
    assert fixed.fixed
    assert len(fixed) == 22
    assert len(fixed.with_mask()) == 11
    assert agree(fixed)
    assert fixed.digest == draft_split.digest_of_content(fixed)
    fewer = reduce_class(fixed, "a", 4, name="fewer")
    assert agree(fewer)
    assert len(fewer.with_mask()) == int((fewer.labels == 0).sum())
    assert len(fewer.where(TRAIN, label=0)) <= 4
