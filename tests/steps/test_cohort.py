"""From a source to a cohort: counts of real data sets, a split that keeps patients together, and what is refused."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import bad_input
import numpy as np
import pytest
from PIL import Image

from ganaug_core import neighbours
from ganaug_core.cohort import as_json, import_cohort, import_samples, pixels, split
from ganaug_core.errors import CohortError
from ganaug_core.readers import Columns
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Integers, Intensity
from ganaug_core.storage.workspace import Workspace

Data = Callable[[str], Path]


@pytest.fixture(autouse=True)
def installation(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of its own: the salt of the ids lies there."""
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path_factory.mktemp("home")))


def imported(source: str | Path, near_duplicate_limit: float = 0.0, **settings: object) -> Cohort:
    """Return a cohort without the search for twins, which has tests of its own."""
    return import_cohort(source, "c", near_duplicate_limit=near_duplicate_limit, **settings)[0]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def phantom() -> Cohort:
    return imported("embedded:phantom")


def refusal(source: str | Path, **settings: object) -> CohortError:
    with pytest.raises(CohortError) as caught:
        imported(source, **settings)
    assert caught.value.do
    return caught.value


def per_role(cohort: Cohort) -> tuple[int, int, int]:
    return len(cohort.where(TRAIN)), len(cohort.where(TUNING)), len(cohort.where(HOLDOUT))


def left_out(cohort: Cohort, *codes: str) -> int:
    return sum(entry.code in codes for entry in cohort.skipped)


def two_classes(place: Path, count: int = 20) -> Path:
    return bad_input.pictures(place / "source", {"benign": count, "malignant": count})


# real data sets: counts from their SOURCE.txt


def test_mednist_keeps_every_picture_but_the_repeats(data: Data, tmp_path: Path) -> None:
    for name in ("HeadCT", "Hand"):
        shutil.copytree(data("mednist_6k/images") / name, tmp_path / name)
    cohort = imported(tmp_path)
    repeats = left_out(cohort, "duplicate", "constant")
    assert len(cohort) + repeats == 2000
    assert 0 < repeats <= 16, "SOURCE.txt: 16 byte-identical repeats in all six classes"
    assert cohort.pixels.dtype == np.uint8
    assert (cohort.classes, cohort.shape) == (("Hand", "HeadCT"), (1, 64, 64))
    hand = next((tmp_path / "Hand").iterdir())
    with Image.open(hand) as opened:
        stored = np.asarray(opened)
    assert (cohort.pixels[cohort.where(label=0), 0] == stored).all((1, 2)).any(), "64 x 64 pixels are not touched"
    for role, share in ((TRAIN, 0.60), (TUNING, 0.15), (HOLDOUT, 0.25)):
        for label in (0, 1):
            assert len(cohort.where(role, label=label)) / len(cohort.where(label=label)) == pytest.approx(
                share, abs=0.01
            )


def test_breastmnist_keeps_its_split_and_names_the_image_with_two_labels(data: Data) -> None:
    cohort = imported(data("breastmnist/breastmnist.npz"), size=28)
    dropped = [entry for entry in cohort.skipped if entry.code == "two_labels"]
    assert cohort.duplicates == {"exact": 1, "across_split": 1, "across_classes": 1}
    assert len(dropped) == 2
    assert len(cohort) == 546 + 78 + 156 - 2
    assert per_role(cohort) == (545, 78, 155)
    assert (len(cohort.where(label=0)), len(cohort.where(label=1))) == (210 - 1, 570 - 1)
    assert cohort.own_split


def test_pneumoniamnist_keeps_its_split_and_holds_out_what_occurs_twice(data: Data) -> None:
    cohort = imported(data("pneumoniamnist_full/pneumoniamnist.npz"), size=28)
    again = [entry for entry in cohort.skipped if entry.code == "duplicate"]
    assert cohort.duplicates == {"exact": 29, "across_split": 8, "across_classes": 0}
    assert len(cohort) == 4708 + 524 + 624 - 29
    by_part = {part: sum(f":{part}:" in entry.file for entry in again) for part in ("train", "val", "test")}
    assert tuple(np.add(per_role(cohort), list(by_part.values()))) == (4708, 524, 624)
    assert len({entry.say for entry in again if "(tuning)" in entry.say and ":train:" in entry.file}) == 8


def test_idx_files_are_read_whole(data: Data, tmp_path: Path) -> None:
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        shutil.copy(data("mnist_idx") / name, tmp_path / name)
    cohort = imported(tmp_path, size=28)
    assert len(cohort) == 10_000
    assert cohort.classes == tuple("0123456789")
    assert np.bincount(cohort.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_a_ct_series_comes_in_hounsfield_units(data: Data) -> None:
    cohort = imported(data("dicom_ct/ge_head"), size=512, value_range=(-2000, 3000))
    assert (len(cohort), cohort.intensity.unit, cohort.pixels.dtype) == (28, "HU", np.int16)
    assert (cohort.pixels.min(), cohort.pixels.max()) == (-1500, 2121)
    assert cohort.spacing_mm == pytest.approx((0.4882812, 0.4882812))
    assert cohort.classes == ("GE",)
    assert len(np.unique(cohort.groups)) == 1, "slices of one patient stay together"
    assert any("Nothing is held out" in note for note in cohort.provenance["notes"])


def test_a_compressed_ct_series_comes_in_hounsfield_units(data: Data) -> None:
    cohort = imported(data("dicom_ct/siemens_totalseg"), size=512, value_range=(-2000, 3000))
    assert (len(cohort), cohort.intensity.unit) == (20, "HU")
    assert (cohort.pixels.min(), cohort.pixels.max()) == (-1024, 1839)


def test_a_ct_volume_comes_in_hounsfield_units(data: Data) -> None:
    source = data("nifti/totalseg/tests/reference_files/example_ct.nii.gz")
    cohort = imported(source, size=122, value_range=(-2000, 4000))
    assert (len(cohort), cohort.intensity.unit, cohort.classes) == (112, "HU", ("example_ct",))
    assert (cohort.pixels.min(), cohort.pixels.max()) == (-1207, 3382)


def test_the_phantom_keeps_its_units_patients_and_split(phantom: Cohort) -> None:
    assert (phantom.intensity, phantom.spacing_mm) == (Intensity("HU", -160.0, 240.0), pytest.approx((0.8, 0.8)))
    assert (phantom.pixels.min(), phantom.pixels.max()) == (-160, 240)
    assert len(np.unique(phantom.patients)) == 900
    for patient in np.unique(phantom.patients):
        assert len(np.unique(phantom.roles[phantom.patients == patient])) == 1


def test_the_embedded_digits_are_there_without_a_file() -> None:
    cohort = imported("embedded:digits", size=32)
    assert (len(cohort), len(cohort.classes)) == (1797, 10)
    assert (cohort.intensity.low, cohort.intensity.high) == (0.0, 16.0)


# split and groups


def test_patients_are_never_torn_apart_and_shares_are_kept(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path, {"files": 90})
    patients = np.random.default_rng(1).integers(0, 30, 90)
    rows = [["image", "label", "patient"]]
    rows += [[f"files/{row:02}.png", "ab"[patient % 2], f"P{patient}"] for row, patient in enumerate(patients)]
    cohort = imported(bad_input.table(home / "t.csv", rows))
    for patient in np.unique(cohort.patients):
        assert len(np.unique(cohort.roles[cohort.patients == patient])) == 1
    assert len(np.unique(cohort.patients)) == len(np.unique(patients))
    assert per_role(cohort) == pytest.approx((54, 13.5, 22.5), abs=6)


def test_a_duplicate_that_is_left_out_still_links_its_patients(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path, {"files": 40})
    shutil.copy(home / "files/00.png", home / "files/39.png")
    rows = [["image", "label", "patient"], *([f"files/{row:02}.png", "a", f"P{row // 2}"] for row in range(40))]
    cohort, paths = import_cohort(bad_input.table(home / "t.csv", rows), "c", near_duplicate_limit=0)
    group = {paths[name]: int(number) for name, number in zip(cohort.ids, cohort.groups, strict=True)}
    assert group["files/01.png"] == group["files/38.png"], "P0 and P19 share an image"
    assert len(set(group.values())) == 19


def test_near_duplicates_join_groups_and_are_never_split(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pairs = np.array([[row, row + 1] for row in range(0, 40, 2)])
    limits: list[float] = []

    def search(images: np.ndarray, limit: float, report: object = None) -> tuple[Integers, np.ndarray]:
        limits.append(limit)
        assert images.min() >= -1
        assert images.max() <= 1
        return pairs, np.full(len(pairs), 0.01, np.float32)

    monkeypatch.setattr(neighbours, "near_duplicate_pairs", search)
    cohort = imported(two_classes(tmp_path), near_duplicate_limit=0.03)
    assert limits == [0.03]
    assert np.array_equal(cohort.near_duplicates, pairs)
    assert (cohort.roles[pairs[:, 0]] == cohort.roles[pairs[:, 1]]).all()
    assert (cohort.groups[pairs[:, 0]] == cohort.groups[pairs[:, 1]]).all()
    assert cohort.duplicates["across_split"] == 0


def test_near_duplicates_across_a_split_of_the_source_are_counted_and_the_split_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for role in ("train", "holdout"):
        bad_input.pictures(tmp_path / role, {"a": 8, "b": 8}, seed=len(role))
    monkeypatch.setattr(
        neighbours, "near_duplicate_pairs", lambda *_, **__: (np.array([[0, 31]]), np.array([0.02], np.float32))
    )
    cohort = imported(tmp_path, near_duplicate_limit=0.05, tuning=0.25)
    assert cohort.own_split
    assert len(cohort.where(HOLDOUT)) == 16
    assert 0 < len(cohort.where(TUNING)) <= 8, "where it names no tuning share, that comes from train"
    assert cohort.duplicates == {"exact": 0, "across_split": 1, "across_classes": 1}
    assert any("two sides of the source's split" in note for note in cohort.provenance["notes"])


def test_real_near_duplicates_are_found_and_kept_together(tmp_path: Path) -> None:
    home = two_classes(tmp_path, 8)
    random = np.random.default_rng(5)
    smooth = np.asarray(
        Image.fromarray(random.integers(0, 256, (5, 5), np.uint8)).resize((32, 32), Image.Resampling.BICUBIC)
    )
    Image.fromarray(smooth).save(home / "benign/one.png")
    Image.fromarray(smooth[:, ::-1].copy()).save(home / "benign/mirrored.png")
    cohort, paths = import_cohort(home, "c", size=32)
    assert {paths[cohort.ids[row]] for pair in cohort.near_duplicates for row in pair} == {
        "benign/one.png",
        "benign/mirrored.png",
    }
    assert cohort.groups[cohort.near_duplicates[0, 0]] == cohort.groups[cohort.near_duplicates[0, 1]]


def test_a_hold_out_image_stays_and_its_copy_leaves_the_training_share(tmp_path: Path) -> None:
    for role in ("train", "tuning", "holdout"):
        bad_input.pictures(tmp_path / role, {"a": 5, "b": 5}, seed=len(role))
    shutil.copy(tmp_path / "holdout/a/00.png", tmp_path / "train/a/copy.png")
    cohort = imported(tmp_path)
    assert per_role(cohort) == (10, 10, 10)
    assert [(entry.file, entry.code) for entry in cohort.skipped] == [("train/a/copy.png", "duplicate")]
    assert "00.png (holdout)" in cohort.skipped[0].say
    assert cohort.duplicates == {"exact": 1, "across_split": 1, "across_classes": 0}


def test_the_same_image_under_two_labels_names_both(tmp_path: Path) -> None:
    home = two_classes(tmp_path)
    shutil.copy(home / "benign/03.png", home / "malignant/copy.png")
    cohort = imported(home)
    assert {(entry.file, entry.code) for entry in cohort.skipped} == {
        ("benign/03.png", "two_labels"),
        ("malignant/copy.png", "two_labels"),
    }
    assert cohort.duplicates["across_classes"] == 1


def test_a_source_whose_images_are_all_there_under_two_labels_says_so(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path, {"a": 3})
    shutil.copytree(home / "a", home / "b")
    with pytest.raises(CohortError, match="Every image is there under two labels"):
        import_cohort(home, "c")


def test_the_seed_decides_the_split_and_nothing_else(tmp_path: Path) -> None:
    home = two_classes(tmp_path)
    first, again, other = imported(home), imported(home), imported(home, seed=1)
    assert first.digest == again.digest
    assert np.array_equal(first.roles, again.roles)
    assert not np.array_equal(first.roles, other.roles)
    assert np.array_equal(first.ids, other.ids)


@pytest.mark.parametrize("sizes", [[1] * 40, [4] * 10, [20, 5, 5, 5, 5], [40]])
def test_shares_are_met_as_well_as_whole_groups_allow(sizes: Sequence[int]) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    roles = split.split(np.zeros(len(groups), np.int64), groups, 0.15, 0.25, 0)
    counts = np.bincount(roles, minlength=3)
    assert counts[TRAIN] >= counts[HOLDOUT] >= counts[TUNING]
    assert abs(counts[HOLDOUT] - 0.25 * len(groups)) <= max(sizes) / 2
    for group in np.unique(groups):
        assert len(np.unique(roles[groups == group])) == 1


def test_groups_are_joined_by_chains() -> None:
    patients = np.array([0, 0, -1, -1, 1, -1])
    volumes = np.array([-1, 7, 7, -1, -1, -1])
    groups = split.united(6, patients, volumes, pairs=np.array([[3, 4]]))
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] == groups[4]
    assert len({groups[0], groups[3], groups[5]}) == 3


# pixels


def test_shrinking_averages_areas() -> None:
    board = np.indices((64, 64)).sum(0) % 2 * 200
    small = pixels.fitted(board[None].astype(np.uint8), 16)
    assert (small == 100).all(), "a checkerboard finer than the grid becomes its mean, it does not alias"


def test_a_wide_image_keeps_its_shape_and_is_continued_at_its_edges() -> None:
    wide = np.full((1, 10, 20), 50, np.int16)
    wide[:, 0], wide[:, -1] = -30, -30
    square = pixels.fitted(wide, 20)
    assert (square[0, 5:15] == wide[0]).all()
    assert (square[0, :5] == -30).all()
    assert (square[0, 15:] == -30).all()


def test_a_range_clips_in_the_unit_and_is_kept_with_its_inverse(tmp_path: Path) -> None:
    cohort = imported(two_classes(tmp_path), value_range=(50, 150), size=16)
    assert (cohort.pixels.min(), cohort.pixels.max()) == (50, 150)
    images = cohort.images(cohort.where())
    assert (images.min(), images.max()) == (-1, 1)
    assert np.allclose(cohort.intensity.physical(images), cohort.pixels, atol=1e-3)


def test_sixteen_bits_span_their_values(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(6):
            Image.fromarray(random.integers(300, 4001, (16, 16)).astype(np.uint16)).save(
                tmp_path / name / f"{number}.png"
            )
    cohort = imported(tmp_path, size=16)
    assert cohort.pixels.dtype == np.uint16
    assert (cohort.intensity.low, cohort.intensity.high) == (cohort.pixels.min(), cohort.pixels.max())


def test_a_few_images_of_another_depth_are_left_out_and_named(tmp_path: Path) -> None:
    home = two_classes(tmp_path)
    Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 99).save(home / "benign/deep.png")
    cohort = imported(home)
    assert [(entry.file, entry.code) for entry in cohort.skipped] == [("benign/deep.png", "mixed")]
    assert cohort.pixels.dtype == np.uint8


# what is refused, and in which words


def test_up_to_a_fifth_may_be_broken_and_more_stops_the_import(tmp_path: Path) -> None:
    home = two_classes(tmp_path, 10)
    for number in range(4):
        bad_input.truncated(home / f"benign/{number:02}.png")
    cohort = imported(home)
    assert (len(cohort), left_out(cohort, "truncated")) == (16, 4)
    bad_input.truncated(home / "benign/04.png")
    error = refusal(home)
    assert error.code == "unreadable"
    assert "5 of 20" in error.what
    assert "00.png" in error.what


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"tuning": 0.5, "holdout": 0.5}, "shares"),
        ({"tuning": -0.1}, "shares"),
        ({"size": 4}, "size"),
        ({"value_range": (10, 10)}, "range"),
        ({"value_range": (300, 400)}, "range"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object], code: str, tmp_path: Path) -> None:
    assert refusal(two_classes(tmp_path), **settings).code == code


def test_sources_without_images_say_what_could_be_given(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty").code == "empty"
    (tmp_path / "letter.txt").write_text("Dear colleague")
    error = refusal(tmp_path / "letter.txt")
    assert error.code == "unknown_format"
    assert "one sub-folder per class" in error.do
    assert refusal(tmp_path / "absent").code == "missing"


def test_the_wrong_label_column_lists_the_right_ones(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path, {"files": 3})
    bad_input.table(home / "t.csv", [["image", "finding"], *([f"files/{row:02}.png", "a"] for row in range(3))])
    assert "image, finding" in refusal(home / "t.csv", columns=Columns(label="dx")).do


def test_a_truncated_volume_is_named_and_the_rest_loads(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(4):
            voxels = random.integers(0, 900, (4, 12, 12)).astype(np.int16)
            bad_input.nifti(tmp_path / label / f"{number}.nii", voxels)
    bad_input.truncated(tmp_path / "b/3.nii")
    cohort = imported(tmp_path, size=12)
    assert len(cohort) == 7 * 4
    assert [(entry.file, entry.code) for entry in cohort.skipped] == [("b/3.nii", "truncated")]
    assert len(np.unique(cohort.groups)) == 7, "slices of a volume stay together"


# the document, and what leaves the machine


def test_the_document_names_no_file_unless_asked(tmp_path: Path, workspace: Workspace) -> None:
    home = bad_input.pictures(tmp_path / "Smith^John", {"benign": 8, "malignant": 8})
    shutil.copy(home / "benign/00.png", home / "benign/copy.png")
    bad_input.truncated(home / "malignant/07.png")
    cohort, paths = import_cohort(home, "c", near_duplicate_limit=0)
    document = json.dumps(as_json(cohort))
    assert "benign/" not in document
    assert "Smith" not in document
    assert "copy.png" not in document
    assert "07.png" not in document
    assert "00.png" not in document, "the words of a duplicate name the other file"
    assert {entry["code"] for entry in as_json(cohort)["skipped"]} == {"duplicate", "truncated"}
    told = as_json(cohort, paths)
    assert {image["path"] for image in told["images"]} >= {"benign/00.png"}
    assert {entry["file"] for entry in told["skipped"]} == {"benign/copy.png", "malignant/07.png"}
    workspace.keep(cohort, "c")
    assert as_json(workspace.cohort("c")) == as_json(cohort)


def test_digests_of_single_images_tell_a_stranger_nothing(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has an image could compute an unsalted digest, and so learn that its patient is in the cohort."""
    cohort = imported(bad_input.pictures(tmp_path / "s", {"a": 8, "b": 8}))
    told = [image["sha256"] for image in as_json(cohort)["images"]]
    known = {hashlib.sha256(cohort.pixels[row].tobytes()).hexdigest() for row in range(len(cohort))}
    assert known.isdisjoint(told)
    assert told == [image["sha256"] for image in as_json(cohort)["images"]], "the same on this installation"
    monkeypatch.setattr("ganaug_core.cohort.cohort_json.installation_salt", lambda: b"of another one")
    assert set(told).isdisjoint(image["sha256"] for image in as_json(cohort)["images"])


def test_ids_are_opaque_unique_and_stable_on_one_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = two_classes(tmp_path)
    first, again = imported(home), imported(home)
    assert len(set(first.ids)) == len(first)
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in first.ids)
    assert np.array_equal(first.ids, again.ids)
    shutil.rmtree(home / "malignant")
    bad_input.pictures(home, {"malignant": 3}, seed=9)
    assert np.array_equal(imported(home).ids[:20], first.ids[:20]), "other images change nothing"
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path_factory.mktemp("elsewhere")))
    assert not set(imported(home).ids) & set(first.ids)


def test_progress_goes_forward_from_reading_to_the_end(tmp_path: Path) -> None:
    told: list[float] = []
    import_cohort(two_classes(tmp_path, 60), "c", report=lambda share, message: told.append(share))
    assert told == sorted(told)
    assert 0 < told[0] < 0.5 < told[-1] == 1.0


# anybody's synthetic images


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return imported(two_classes(tmp_path), size=16)


def test_synthetic_images_of_a_folder_get_the_same_preprocessing(cohort: Cohort, tmp_path: Path) -> None:
    source = bad_input.pictures(tmp_path / "made", {"malignant": 3, "benign": 2}, size=16)
    samples = import_samples(source, cohort, "s")
    assert (samples.source, samples.classes) == ("folder", ("benign", "malignant"))
    assert np.bincount(samples.labels).tolist() == [2, 3]
    with Image.open(source / samples.paths[0]) as opened:
        assert np.allclose(cohort.intensity.physical(samples.images[0, 0]), np.asarray(opened), atol=1e-3)


def test_synthetic_images_may_repeat_and_may_be_empty(cohort: Cohort, tmp_path: Path) -> None:
    images = np.zeros((4, 16, 16), np.uint8)
    path = bad_input.npz(tmp_path / "s.npz", images=images, labels=["benign"] * 4)
    assert len(import_samples(path, cohort, "s")) == 4, "a collapsed generator must reach the audit"


def test_an_unknown_class_lists_the_classes_that_there_are(cohort: Cohort, tmp_path: Path) -> None:
    source = bad_input.pictures(tmp_path / "made", {"benin": 2})
    with pytest.raises(CohortError) as caught:
        import_samples(source, cohort, "s")
    assert caught.value.code == "unknown_class"
    assert "'benin'" in caught.value.what
    assert "benign, malignant" in caught.value.do


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0)])
def test_real_numbers_in_a_network_s_range_span_the_cohort_s(
    low: float, high: float, phantom: Cohort, tmp_path: Path
) -> None:
    values = np.linspace(low, high, 2 * 64 * 64, dtype=np.float32).reshape(2, 64, 64)
    samples = import_samples(bad_input.npz(tmp_path / "s.npz", images=values, labels=phantom.classes), phantom, "s")
    assert (samples.images.min(), samples.images.max()) == (-1, 1)


def test_hounsfield_units_stay_what_they_are(phantom: Cohort, tmp_path: Path) -> None:
    values = np.full((2, 64, 64), 40, np.int16)
    samples = import_samples(bad_input.npz(tmp_path / "s.npz", images=values, labels=phantom.classes), phantom, "s")
    assert np.allclose(phantom.intensity.physical(samples.images), 40, atol=1e-3)


def test_synthetic_images_that_are_mostly_broken_are_refused(cohort: Cohort, tmp_path: Path) -> None:
    source = bad_input.pictures(tmp_path / "made", {"benign": 3})
    bad_input.truncated(source / "benign/00.png")
    with pytest.raises(CohortError) as caught:
        import_samples(source, cohort, "s")
    assert caught.value.code == "unreadable"
