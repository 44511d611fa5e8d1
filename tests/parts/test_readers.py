"""Every source format: what is in the file arrives with its class, patient and role, and what cannot is named."""

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import bad_input
import numpy as np
import pytest
from PIL import Image

from ganaug_core import readers
from ganaug_core.cohort import preview
from ganaug_core.errors import CohortError
from ganaug_core.readers import Columns
from ganaug_core.records import Skipped, Slice

Data = Callable[[str], Path]


def split(source: str | Path, columns: Columns | None = None) -> tuple[list[Slice], list[Skipped]]:
    read = list(readers.read(source, columns))
    return [item for item in read if isinstance(item, Slice)], [item for item in read if isinstance(item, Skipped)]


def refusal(source: str | Path, columns: Columns | None = None) -> CohortError:
    with pytest.raises(CohortError) as caught:
        list(readers.read(source, columns))
    assert caught.value.do, "every refusal says what to do"
    return caught.value


# what every format has in common


def a_folder(place: Path) -> Path:
    return bad_input.pictures(place / "folder", {"a": 3, "b": 3})


def an_npz(place: Path) -> Path:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)
    return bad_input.npz(place / "arrays.npz", images=images, labels=np.arange(6) % 2)


def an_idx(place: Path) -> Path:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)
    bad_input.idx(place / "x-labels-idx1-ubyte", np.arange(6, dtype=np.uint8) % 2)
    return bad_input.idx(place / "x-images-idx3-ubyte", images)


def a_table(place: Path) -> Path:
    home = bad_input.pictures(place / "files", {"all": 4})
    rows = [["image", "label"], *([f"all/{number:02}.png", "ab"[number % 2]] for number in range(4))]
    return bad_input.table(home / "list.csv", rows)


def a_volume(place: Path) -> Path:
    return bad_input.nifti(place / "head.nii", np.random.default_rng(0).integers(0, 900, (4, 8, 8)).astype(np.int16))


def the_phantom(place: Path) -> str:
    return "embedded:phantom"


def the_digits(place: Path) -> str:
    return "embedded:digits"


@pytest.mark.parametrize("make", [a_folder, an_npz, an_idx, a_table, a_volume, the_phantom, the_digits])
def test_every_format_gives_grey_images_with_a_class_and_a_source(make: Callable[[Path], Path], tmp_path: Path) -> None:
    images, skipped = split(make(tmp_path))
    assert images
    assert not skipped
    assert len({image.source for image in images}) == len(images)
    for image in images:
        assert image.pixels.ndim == 3
        assert image.pixels.shape[0] == 1
        assert image.label
        assert not Path(image.source).is_absolute()
        assert image.unit in ("HU", "intensity")


# pictures and folders


@pytest.mark.parametrize(
    ("suffix", "values"),
    [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint8), (".tif", np.uint16), (".tif", np.float32)],
)
def test_pictures_keep_their_depth_and_their_values(suffix: str, values: type, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    pixels = (np.arange(80).reshape(8, 10) * 3).astype(values)
    Image.fromarray(pixels).save(tmp_path / "a" / f"x{suffix}")
    images, _ = split(tmp_path)
    assert images[0].pixels.dtype == values
    assert np.array_equal(images[0].pixels[0], pixels)


def test_colour_becomes_luminance_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[..., 1] = 200
    Image.fromarray(colour).save(tmp_path / "a" / "green.png")
    images, _ = split(tmp_path)
    assert images[0].colour
    assert (images[0].pixels == round(0.587 * 200)).all()


def test_role_folders_give_roles(tmp_path: Path) -> None:
    for role in ("train", "tuning", "test"):
        bad_input.pictures(tmp_path / role, {"a": 1, "b": 1}, seed=len(role))
    images, _ = split(tmp_path)
    assert {(image.role, image.label) for image in images} == {
        (role, label) for role in ("train", "tuning", "holdout") for label in "ab"
    }


def test_damaged_pictures_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 6, "b": 6})
    good = (home / "a/00.png").read_bytes()
    bad_input.truncated(home / "a/01.png")
    (home / "a/02.png").write_bytes(b"")
    (home / "a/03.png").write_text("not an image at all")
    bad_input.huge_png(home / "b/01.png")
    (home / "b/link.png").symlink_to(home / "b/02.png")
    (home / "b/notes.txt").write_text("a note")
    os.mkfifo(home / "b/pipe.png")
    bad_input.nameless(home / "b", good)
    Image.new("L", (4, 4)).save(home / "b/pages.webp", save_all=True, append_images=[Image.new("L", (4, 4), 99)])
    (home / "b/.hidden.png").write_text("passed over without a word")
    images, skipped = split(home)
    assert len(images) == 8
    assert {entry.file: entry.code for entry in skipped} == {
        "a/01.png": "truncated",
        "a/02.png": "empty",
        "a/03.png": "type",
        "b/01.png": "too_big",
        "b/link.png": "link",
        "b/notes.txt": "not_image",
        "b/pipe.png": "not_file",
        "b/caf?.png": "name",
        "b/pages.webp": "pages",
    }
    assert all(entry.say and entry.do for entry in skipped)


def test_an_empty_folder_and_one_without_classes_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert refusal(tmp_path / "nothing").code == "empty"
    loose = bad_input.pictures(tmp_path, {"loose": 2}) / "loose"
    assert refusal(loose).code == "no_classes"
    assert "CSV" in refusal(loose).do
    assert refusal(tmp_path / "absent").code == "missing"


def test_a_class_of_which_nothing_can_be_read_is_named(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path, {"good": 3, "bad": 1})
    bad_input.truncated(home / "bad/00.png")
    error = refusal(home)
    assert error.code == "empty_class"
    assert "bad" in error.what


def test_images_beside_the_class_folders_are_told(tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path, {"a": 2, "b": 2})
    shutil.copy(home / "a/00.png", home / "loose.png")
    assert [(entry.file, entry.code) for entry in split(home)[1]] == [("loose.png", "no_class")]


# arrays


def test_an_npz_split_is_kept_and_labels_may_be_a_column(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8)
    parts = {f"{part}_images": images[row : row + 3] for row, part in ((0, "train"), (3, "val"), (6, "test"))}
    labels = {f"{part}_labels": np.array([[0], [1], [0]]) for part in ("train", "val", "test")}
    read, _ = split(bad_input.npz(tmp_path / "m.npz", **parts, **labels))
    assert [image.role for image in read] == ["train"] * 3 + ["tuning"] * 3 + ["holdout"] * 3
    assert [image.label for image in read[:3]] == ["0", "1", "0"]
    assert np.array_equal(read[4].pixels[0], images[4])


def test_an_npz_names_its_classes(tmp_path: Path) -> None:
    images = np.ones((2, 4, 4), np.uint8)
    read, _ = split(bad_input.npz(tmp_path / "m.npz", images=images, labels=[1, 0], classes=["benign", "malignant"]))
    assert [image.label for image in read] == ["malignant", "benign"]


@pytest.mark.parametrize("shape", [(2, 6, 5, 3), (2, 3, 6, 5), (2, 6, 5, 1), (2, 1, 6, 5), (2, 6, 5)])
def test_channels_may_come_first_or_last(shape: tuple[int, ...], tmp_path: Path) -> None:
    values = np.full(shape, 7, np.uint8)
    read, _ = split(bad_input.npz(tmp_path / "m.npz", images=values, labels=[0, 1]))
    assert read[0].pixels.shape == (1, 6, 5)
    assert (read[0].pixels == 7).all()


@pytest.mark.parametrize(
    ("arrays", "code"),
    [
        ({"pictures": np.ones((2, 4, 4)), "labels": [0, 1]}, "arrays"),
        ({"images": np.ones((2, 4, 4))}, "no_classes"),
        ({"images": np.ones((2, 4, 4)), "labels": [0, 1, 2]}, "arrays"),
        ({"images": np.ones((2, 4, 4, 9)), "labels": [0, 1]}, "arrays"),
        ({"images": np.array([["a"]]), "labels": [0]}, "arrays"),
        ({"images": np.array([{}, {}], object), "labels": [0, 1]}, "damaged"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_words(arrays: dict[str, object], code: str, tmp_path: Path) -> None:
    assert refusal(bad_input.npz(tmp_path / "m.npz", **arrays)).code == code


def test_a_truncated_npz_and_a_bomb_are_refused(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8)
    path = bad_input.npz(tmp_path / "m.npz", images=images, labels=np.zeros(9))
    assert refusal(bad_input.truncated(path)).code == "damaged"
    bomb = bad_input.npz(tmp_path / "b.npz", images=np.zeros((3000, 200, 200), np.uint8), labels=np.zeros(3000))
    assert refusal(bomb).code in ("bomb", "too_big")


def test_idx_pairs_give_train_and_holdout(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8), np.uint8)
    for part in ("train", "t10k"):
        bad_input.idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images)
        bad_input.idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", np.array([3, 1, 4, 1], np.uint8))
    read, _ = split(tmp_path)
    assert sorted((str(image.role), str(image.label)) for image in read[:4]) == [
        ("holdout", "1"), ("holdout", "1"), ("holdout", "3"), ("holdout", "4"),
    ]  # fmt: skip
    assert read[7].role == "train"


def test_a_damaged_idx_file_is_refused(tmp_path: Path) -> None:
    path = an_idx(tmp_path)
    assert refusal(bad_input.truncated(path)).code == "damaged"
    path.write_bytes(gzip.compress(b"nothing"))
    assert refusal(path).code == "damaged"
    (tmp_path / "x-labels-idx1-ubyte").unlink()
    assert refusal(path).code == "no_classes"


# tables


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    return bad_input.pictures(tmp_path, {"files": 6})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_gives_class_patient_and_role_as_they_are_written(separator: str, encoding: str, listed: Path) -> None:
    rows = [
        ["Image", "Diagnosis", "Patient_ID", "Split"],
        ["files/00.png", "NA", "007", "train"],
        ["files/01.png", "None", "7", "val"],
        ["files/02.png", "größer, als", "007", "test"],
    ]
    read, skipped = split(bad_input.table(listed / "t.csv", rows, separator, encoding))
    assert not skipped
    assert [image.label for image in read] == ["NA", "None", "größer, als"]
    assert [image.patient for image in read] == ["007", "7", "007"]
    assert [image.role for image in read] == ["train", "tuning", "holdout"]


def test_the_wrong_column_lists_the_columns_that_there_are(listed: Path) -> None:
    table = bad_input.table(listed / "t.csv", [["image", "finding", "age"], ["files/00.png", "a", "3"]])
    error = refusal(table, Columns(label="diagnosis"))
    assert (error.code, "'diagnosis'" in error.what) == ("column", True)
    assert "image, finding, age" in error.do
    assert refusal(table).code == "column"
    assert len(split(table, Columns(label="Finding"))[0]) == 1


def test_rows_that_cannot_be_used_are_named(listed: Path) -> None:
    rows = [
        ["image", "label"],
        ["files/00.png", "a"],
        ["files/01.png", "a", "one field too many"],
        ["files/02.png", ""],
        ["files/99.png", "a"],
        ["../../etc/passwd", "a"],
        ["/etc/passwd", "a"],
        ["files/00.png", "b"],
        ["03", "b"],
    ]
    read, skipped = split(bad_input.table(listed / "t.csv", rows))
    assert [image.source for image in read] == ["files/00.png", "files/03.png"]
    assert [(entry.file, entry.code) for entry in skipped] == [
        ("row 3", "row"),
        ("files/02.png", "no_label"),
        ("files/99.png", "missing"),
        ("../../etc/passwd", "missing"),
        ("/etc/passwd", "missing"),
        ("files/00.png", "row"),
    ]


def test_a_link_that_leaves_the_folder_is_not_followed(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = bad_input.pictures(tmp_path_factory.mktemp("outside"), {"x": 1}) / "x/00.png"
    (listed / "files/link.png").symlink_to(outside)
    table = bad_input.table(listed / "t.csv", [["image", "label"], ["files/link.png", "a"], ["files/00.png", "a"]])
    read, skipped = split(table)
    assert len(read) == 1
    assert skipped[0].code in ("missing", "link")


def test_tables_that_are_none_are_refused(listed: Path) -> None:
    table = listed / "t.csv"
    for content in (b"", b"image,label\n", b"\xff\xfe\x00bad", b"PK\x03\x04 a spreadsheet\nx\n"):
        table.write_bytes(content)
        assert refusal(table).code in ("empty", "table", "column")
    bad_input.table(table, [["image", "label", "split"], ["files/00.png", "a", "maybe"]])
    assert refusal(table).code == "split"


def test_a_table_beside_its_images_and_one_elsewhere_are_the_same(listed: Path, tmp_path: Path) -> None:
    rows = [["name", "kind"], ["files/00.png", "a"], ["files/01.png", "b"]]
    elsewhere = bad_input.table(tmp_path / "elsewhere.csv", rows)
    named = Columns(labels=str(elsewhere), image="name", label="kind")
    assert [image.label for image in split(listed, named)[0]] == ["a", "b"]


def test_radiographs_of_a_hospital_are_found_by_their_identifier_and_keep_their_patients(data: Data) -> None:
    home = data("hannover_cxr")
    read, skipped = split(home, Columns(image="image_id", label="projection", patient="patient_id"))
    assert (len(read), len({image.patient for image in read}), skipped) == (243, 71, [])
    labels = [image.label for image in read]
    assert (labels.count("ap"), labels.count("pa")) == (194, 49)


def test_an_unknown_embedded_cohort_lists_the_known_ones() -> None:
    assert "embedded:phantom" in refusal("embedded:liver").do


def test_a_first_look_counts_classes_and_shows_the_first_images_of_each(tmp_path: Path) -> None:
    names = {"train/a": 9, "train/b": 3, "test/a": 2, "test/b": 2}
    bad_input.pictures(tmp_path, names)
    (tmp_path / "train" / "a" / "note.txt").write_text("no image")
    found = preview.preview(tmp_path)
    assert (found.counts, found.by_folder, found.is_whole) == ({"a": 12, "b": 5}, True, True)
    assert {name: len(images) for name, images in found.first.items()} == {"a": preview.FIRST, "b": 5}
    whole, _ = split(tmp_path)
    assert {image.label for image in whole} == set(found.counts)
    assert found.first["b"][0].pixels.tolist() in [image.pixels.tolist() for image in whole if image.label == "b"]
    assert found.side_mm is None
    np.savez(tmp_path / "some.npz", images=np.arange(4 * 64).reshape(4, 8, 8) % 250, labels=np.arange(4) % 2)
    found = preview.preview(tmp_path / "some.npz")
    assert (sorted(found.counts.values()), found.by_folder) == ([2, 2], False)
