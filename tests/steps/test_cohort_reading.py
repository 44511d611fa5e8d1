"""Reading in bounded memory, counting as it goes, and finding text that was written into the pixels."""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import bad_input
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ganaug_core import pipeline, readers
from ganaug_core.cohort import import_cohort, pixels
from ganaug_core.cohort.image_stack import Stack
from ganaug_core.cohort.source_size import expected
from ganaug_core.config.importing import Plan
from ganaug_core.config.requests import ImportCohort
from ganaug_core.errors import CohortError
from ganaug_core.neighbours import registration
from ganaug_core.readers.burned_in import MARK, Marks, has_text
from ganaug_core.records import Intensity, Slice
from ganaug_core.storage.workspace import Workspace

Data = Callable[[str], Path]
SENTENCE = "DOE JOHN 1960"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))


def written(image: np.ndarray, size: int, at: tuple[int, int] = (5, 5)) -> np.ndarray:
    """Return an image with a name written into it in the brightest grey it has."""
    shown = Image.new("L", image.shape[::-1], 0)
    ImageDraw.Draw(shown).text(at, SENTENCE, fill=255, font=ImageFont.load_default(size))
    ink = np.asarray(shown) / 255
    return (image * (1 - ink) + float(image.max()) * ink).astype(image.dtype)


# memory and counts


def test_many_images_reach_the_search_of_near_duplicates_smaller_and_look_the_same_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = np.random.default_rng(0).integers(-1024, 1024, (6, 1, 64, 64), np.int16)
    range_hu = Intensity("HU", -1024.0, 1024.0)
    few = pixels.reduced(stored, range_hu)
    monkeypatch.setattr(pixels, "LARGE_BYTES", 0)
    many = pixels.reduced(stored, range_hu)
    assert (few.shape, many.shape) == ((6, 1, 64, 64), (6, 1, 32, 32))
    np.testing.assert_allclose(registration.views(many), registration.views(few), atol=1e-5)


def test_memory_does_not_grow_with_the_number_of_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    side, few, many = 256, 20, 120

    def images(count: int) -> Iterator[Slice]:
        for number in range(count):
            random = np.random.default_rng(number)
            yield Slice(
                pixels=random.integers(-900, 900, (1, side, side), dtype=np.int16),
                source=str(number),
                label="ab"[number % 2],
            )

    def peak(count: int) -> int:
        monkeypatch.setattr(readers, "read", lambda *_, **__: images(count))
        tracemalloc.start()
        cohort, _ = import_cohort(tmp_path, "c", size=side, near_duplicate_limit=0)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(cohort) == count
        return peak_bytes

    peak(few)  # modules are loaded once
    growth, pixels = peak(many) - peak(few), (many - few) * side * side * 2
    assert growth < pixels / 10, f"{growth / 1e6:.1f} MB for {pixels / 1e6:.1f} MB of pixels"


def test_a_stack_gives_back_what_was_laid_on_it_in_the_smallest_common_type() -> None:
    random = np.random.default_rng(0)
    images = [random.integers(0, 200, (1, 4, 4)).astype(kind) for kind in (np.uint8, np.int16, np.uint8)]
    with Stack() as stack:
        for image in images:
            stack.add(image)
        back, clipped = stack.chosen([2, 0, 1], 10, 150)
        assert stack.extremes([0]) == (images[0].min(), images[0].max())
    assert back.dtype == np.int16
    assert clipped == (np.mean(np.stack(images) < 10), np.mean(np.stack(images) > 150))
    assert np.array_equal(back, np.clip(np.stack([images[2], images[0], images[1]]).astype(np.int16), 10, 150))


def test_percentiles_make_the_range_of_magnetic_resonance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.normal(500, 50, (60, 1, 16, 16)).round().astype(np.int16)
    images[:, 0, 0, 0] = 9000  # one bright vessel in each
    slices = [
        Slice(pixels=image, source=str(row), label="ab"[row % 2], modality="MR") for row, image in enumerate(images)
    ]
    monkeypatch.setattr(readers, "read", lambda *_, **__: iter(slices))
    cohort, _ = import_cohort(tmp_path, "c", size=16, near_duplicate_limit=0)
    low, high = np.percentile(images, [0.5, 99.5])
    assert cohort.intensity.low == pytest.approx(low, abs=8)
    assert cohort.intensity.high == pytest.approx(high, abs=8)
    assert cohort.modality == "MR"
    assert cohort.provenance["clipped"][1] == 60
    assert any("60 higher ones" in note for note in cohort.provenance["notes"])
    asked, _ = import_cohort(tmp_path, "c", size=16, near_duplicate_limit=0, percentiles=(10, 90))
    assert asked.intensity.high == pytest.approx(np.percentile(images, 90), abs=6)
    whole, _ = import_cohort(tmp_path, "c", size=16, near_duplicate_limit=0, percentiles=(0, 100))
    assert (whole.intensity.low, whole.intensity.high) == (images.min(), images.max())


@pytest.mark.parametrize("percentiles", [(50, 50), (-1, 99), (1, 101)])
def test_percentiles_that_cannot_be_are_refused(percentiles: tuple[float, float], tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="Percentiles"):
        import_cohort(tmp_path, "c", percentiles=percentiles)


def test_the_number_of_files_is_known_before_they_are_read(data: Data, tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 7, "b": 5})
    assert expected(home) == 12
    table = bad_input.table(home / "t.csv", [["image", "label"], *([f"a/{row:02}.png", "a"] for row in range(7))])
    assert expected(table) == 7
    assert expected(data("pneumoniamnist_full/pneumoniamnist.npz")) == 4708 + 524 + 624
    assert expected("embedded:phantom") is None
    (tmp_path / "odd.npz").write_bytes(b"no archive")
    assert expected(tmp_path / "odd.npz") is None


def test_progress_counts_files_and_its_share_is_linear(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 10, "b": 10})
    bad_input.truncated(home / "a/03.png")
    told: list[tuple[float, str]] = []
    import_cohort(home, "c", size=16, near_duplicate_limit=0, report=lambda share, words: told.append((share, words)))
    assert (0.25, "file 10 of 20, 8 images read, 1 left out") in told
    shares = [share for share, _ in told]
    assert shares == sorted(shares)


def test_a_stopped_import_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "workspace")
    home = bad_input.pictures(tmp_path / "s", {"a": 10, "b": 10})

    def stop(share: float, words: str) -> None:
        if "file 10" in words:
            raise pipeline.StopRequested("stop")

    with pytest.raises(pipeline.StopRequested):
        pipeline.import_cohort(place, ImportCohort(source=str(home), name="c"), stop)
    assert list((place.root / "cohorts").iterdir()) == list((place.root / "artefacts").iterdir()) == []


# burned-in text


def test_written_names_are_found_on_real_slices(data: Data) -> None:
    slices = [image for image in readers.read(data("dicom_ct/siemens_totalseg")) if isinstance(image, Slice)]
    assert len(slices) == 20
    for size, at_least in ((24, 19), (16, 19), (12, 19)):
        assert sum(has_text(written(image.pixels[0], size)) for image in slices) >= at_least, size
        middle = [written(image.pixels[0], size, (180, 256)) for image in slices]
        assert sum(has_text(image) for image in middle) >= 15, f"{size} pixels, over the body"


def test_real_images_without_text_raise_no_alarm(data: Data) -> None:
    images = [np.asarray(Image.open(path)) for path in sorted(data("mednist_6k/images").glob("*/*0.jpeg"))]
    for name in ("dicom_ct", "nifti/totalseg/tests/reference_files/example_ct.nii.gz", "nrrd_pyradiomics",
                 "nifti/totalseg/tests/reference_files/example_mr_sm.nii.gz", "breastmnist"):  # fmt: skip
        images += [image.pixels[0] for image in readers.read(data(name)) if isinstance(image, Slice)]
    assert len(images) > 1600
    assert sum(has_text(image) for image in images) == 0


def test_radiographs_with_a_word_in_them_are_found(data: Data) -> None:
    """Hannover's bedside radiographs say so: "Bettaufnahme" and "Auf Station", in grey letters from 9 pixels."""
    for name in ("19073f37", "21982772", "436a6348", "5acb8ac5", "b03ef875", "b39206a9", "bd3ceeb6"):
        with Image.open(data("hannover_cxr/png") / f"{name}.png") as opened:
            assert has_text(np.asarray(opened.convert("L")))


def test_a_mark_in_the_same_place_of_many_images_is_found_and_common_anatomy_is_not(data: Data) -> None:
    for name in ("HeadCT", "CXR", "Hand", "BreastMRI"):
        plain, stamped = Marks(), Marks()
        for number, path in enumerate(sorted((data("mednist_6k/images") / name).iterdir())[:80]):
            with Image.open(path) as opened:
                image = np.array(opened.convert("L"))
            plain.add(image)
            image[:8, :34] = image.min()
            if number % 2:
                image[2:7:2, 2:32] = image.max()
            stamped.add(image)
        assert plain.shapes() == set(), name
        assert stamped.shapes() == {(64, 64)}, name


def test_suspected_images_are_named_in_the_cohort_and_hold_up_training(tmp_path: Path) -> None:
    from ganaug_core.cohort import draft_split

    random = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "s" / name).mkdir(parents=True)
        for number in range(24):
            image = random.integers(0, 90, (64, 160), np.uint8)
            image[0, 0] = 200
            image = written(image, 22) if (name, number) == ("a", 3) else image
            Image.fromarray(image).save(tmp_path / "s" / name / f"{number:02}.png")
    place = Workspace(tmp_path / "workspace")
    request = ImportCohort(source=str(tmp_path / "s"), name="d", draft=True, plan=Plan(near_duplicate_limit=0))
    pipeline.import_cohort(place, request)
    cohort = place.cohort("d")
    assert [place.paths("d")[image] for image in cohort.suspected_text] == ["a/03.png"]
    assert MARK not in cohort.suspected_text.values()
    with pytest.raises(CohortError, match="burned-in text") as caught:
        draft_split.fix(place, "d")
    assert caught.value.code == "text"

    left = draft_split.leave_out(place, "d", set(cohort.suspected_text))
    assert len(left) == 47
    assert np.array_equal(left.pixels, cohort.pixels[~np.isin(cohort.ids, list(cohort.suspected_text))])
    draft_split.fix(place, "d")
    assert place.cohort("d").fixed

    pipeline.import_cohort(place, replace(request, name="e"))
    draft_split.confirm_text(place, "e")
    draft_split.fix(place, "e")
    assert len(place.cohort("e")) == 48
