"""Columns of a table that stay with the images: what is kept as it is written, and what is refused in words."""

from pathlib import Path

import bad_input
import pytest

from ganaug_core.config.importing import Columns
from ganaug_core.errors import CohortError
from ganaug_core.readers import header, read, table_of
from ganaug_core.records import Slice

COUNT = 40


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Forty images of twenty patients and a table of theirs."""
    bad_input.pictures(tmp_path, {"files": COUNT})
    rows = [["image", "label", "patient", "Sex", "age", "note", "code", "room", "empty", "same"]]
    for number in range(COUNT):
        patient = number // 2
        room = "r" * 80 if number == 7 else "a"
        rows.append(
            [
                *(f"files/{number:02}.png", "ab"[number % 2], f"P{patient}", "NA" if number < 4 else "FM"[patient % 2]),
                *(str(40 + patient % 15), f"word{patient % 14}", str(1000 + patient), room, "", "yes"),
            ]
        )
    bad_input.table(tmp_path / "t.csv", rows)
    return tmp_path


def slices(source: Path, *keep: str, **columns: str) -> list[Slice]:
    return [image for image in read(source, Columns(keep=keep, **columns)) if isinstance(image, Slice)]


def refusal(source: Path, *keep: str, **columns: str) -> CohortError:
    with pytest.raises(CohortError) as caught:
        slices(source, *keep, **columns)
    return caught.value


def test_values_stay_with_their_images_and_nothing_is_kept_unasked(home: Path) -> None:
    kept = slices(home / "t.csv", "sex", "age")  # capitals do not matter
    assert [image.columns for image in kept[:5]] == [("", "40"), ("", "40"), ("", "41"), ("", "41"), ("F", "42")]
    assert all(image.columns == () for image in slices(home / "t.csv"))


def test_a_table_of_patients_gives_them_to_all_their_images(tmp_path: Path) -> None:
    bad_input.pictures(tmp_path, {f"P{number}": 2 for number in range(6)})
    rows = [["patient", "label", "sex"], *([f"P{number}", "ab"[number % 2], "FM"[number // 3]] for number in range(6))]
    table = bad_input.table(tmp_path / "t.csv", rows)
    kept = slices(table, "sex")
    assert [image.columns for image in kept] == [("F",)] * 6 + [("M",)] * 6


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            "patient",
            "The column patient cannot be kept for subgroups: it names the patients, so it tells",
        ),
        ("image", "names the images, so it tells persons apart"),
        ("label", "is the class, which every image has already"),
        ("code", "20 values for 20 patients (images where none is named) tell persons apart"),
        ("note", "it has 14 values, and subgroups need few: 12 at most, or numbers, which are cut into thirds"),
        ("room", "a value has more than 60 letters, as free text has"),
        ("empty", "it states no value"),
        ("same", "it states the same value everywhere"),
    ],
)
def test_what_makes_no_subgroups_is_refused(home: Path, column: str, words: str) -> None:
    error = refusal(home / "t.csv", column)
    assert words in error.what
    assert (error.code, bool(error.do)) == ("keep_column", True)


def test_the_split_is_no_subgroup_and_a_column_that_is_not_there_lists_the_others(home: Path) -> None:
    assert "is the split, which every image has already" in refusal(home / "t.csv", "Sex", split="Sex").what
    missing = refusal(home / "t.csv", "scanner")
    assert missing.what == "t.csv has no column 'scanner'."
    assert "Its columns are: image, label, patient, Sex" in missing.do
    assert "--keep-column" in missing.do


def test_a_column_is_only_kept_from_a_table(tmp_path: Path) -> None:
    folder = bad_input.pictures(tmp_path, {"a": 2, "b": 2})
    error = refusal(folder, "sex")
    assert "is not read from a CSV table, so it has no column to keep" in error.what
    assert "--labels FILE.csv" in error.do
    with pytest.raises(CohortError, match="An embedded cohort has no table"):
        read("embedded:phantom", Columns(keep=("sex",)))


def test_the_table_of_a_source_and_its_columns_are_known_before_it_is_read(home: Path, tmp_path: Path) -> None:
    table = home / "t.csv"
    assert header(table)[:4] == ["image", "label", "patient", "Sex"]
    assert table_of(table) == table
    assert table_of(home) is None  # sub-folders are classes unless a column is named
    assert table_of(home, Columns(keep=("Sex",))) == table
    assert len(slices(home, "Sex")) == COUNT
    assert table_of(home / "files") is None
