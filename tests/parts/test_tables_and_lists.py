"""Labels as people keep them: tables of spreadsheets, lists of other programs, arrays; names that are no classes."""

import json
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bad_input
import numpy as np
import pytest
from PIL import Image

from ganaug_core import readers
from ganaug_core.errors import CohortError
from ganaug_core.readers import Columns, file_names
from ganaug_core.readers.workbook import lines as workbook_lines
from ganaug_core.records import Skipped, Slice


def split(source: Path, **columns: Any) -> tuple[list[Slice], list[Skipped]]:
    read = list(readers.read(source, Columns(**columns)))
    return [item for item in read if isinstance(item, Slice)], [item for item in read if isinstance(item, Skipped)]


def classes(source: Path, **columns: Any) -> Counter[str | None]:
    return Counter(image.label for image in split(source, **columns)[0])


def refusal(source: Path, **columns: Any) -> CohortError:
    with pytest.raises(CohortError) as caught:
        split(source, **columns)
    assert caught.value.do
    return caught.value


def write_images(folder: Path, names: Sequence[str]) -> Path:
    """Write a small picture of noise under each name."""
    random = np.random.default_rng(0)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(path, format="png")
    return folder


# ---- which file a row means ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("s/1.2.840.17.3.png", "1.2.840.17.3"),
        ("s/1.2.840.17.3.png", "1.2.840.17.3.png"),
        ("scans/P1/im 0.png", "scans\\P1\\im 0.png"),
        ("scans/P1/im0.png", "P1/im0.PNG"),
        ("scans/P1/im0.png", "./scans/p1/IM0.png"),
        (unicodedata.normalize("NFD", "s/Präparat.png"), unicodedata.normalize("NFC", "Präparat")),
        (unicodedata.normalize("NFC", "s/Präparat.png"), unicodedata.normalize("NFD", "s/Präparat.png")),
    ],
)
def test_a_row_means_the_only_file_whose_path_ends_like_it(file: str, text: str, tmp_path: Path) -> None:
    write_images(tmp_path, [file, "s/1.2.840.17.4.png", "s/other.png"])
    path = file_names.Homes([tmp_path]).find(text)
    assert path == tmp_path / file


def test_the_letters_as_they_stand_go_before_other_ways_of_writing_them(tmp_path: Path) -> None:
    write_images(tmp_path, ["x/a.png", "x/A.png", "y/b.png", "z/b.png", "1.5.png"])
    homes = file_names.Homes([tmp_path])
    assert homes.find("A.png") == tmp_path / "x/A.png"
    for text, words in (
        ("b", "2 files have this name"),
        ("q/b.png", "the nearest name there is y/b.png"),
        ("1", "not"),
        (f"{'z' * 400}.png", "not below the folder"),
    ):
        entry = homes.find(text)
        assert isinstance(entry, Skipped)
        assert (entry.code, words in entry.say) == ("missing", True)


def test_a_line_that_names_the_separator_is_no_header_and_wide_text_is_read(tmp_path: Path) -> None:
    write_images(tmp_path, ["i/0.png", "i/1.png", "i/2.png"])
    (tmp_path / "t.csv").write_text("sep=;\r\nfile;label\r\n0.png;x\r\n1.png;y, z\r\n2.png;x\r\n")
    assert classes(tmp_path / "t.csv") == {"x": 2, "y, z": 1}
    (tmp_path / "t.csv").write_text("file\tlabel\n0.png\tx\n1.png\ty\n", encoding="utf-16")
    assert classes(tmp_path / "t.csv") == {"x": 1, "y": 1}


@pytest.mark.parametrize("name", ["Patient ID", "patientId", "participant_id", "Anonymized Patient Nr.", "PtID", "MRN"])
def test_a_column_of_patients_is_known_however_it_is_written(name: str, tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png", "b.png"])
    table = bad_input.table(tmp_path / "t.csv", [["image", "label", name], ["a.png", "x", "7"], ["b.png", "y", "8"]])
    assert [image.patient for image in split(table)[0]] == ["7", "8"]


@pytest.mark.parametrize("name", ["Patient Age", "patient_sex", "subject weight", "patients_per_site"])
def test_what_is_told_of_a_patient_is_no_patient(name: str, tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png", "b.png"])
    table = bad_input.table(tmp_path / "t.csv", [["image", "label", name], ["a.png", "x", "7"], ["b.png", "y", "8"]])
    assert [image.patient for image in split(table)[0]] == [None, None]


def test_a_table_of_participants_labels_their_folders_and_says_who_has_none(tmp_path: Path) -> None:
    write_images(tmp_path, [f"sub-{p}/ses-{s}/sub-{p}_ses-{s}.png" for p in (1, 2) for s in (1, 2)])
    table = tmp_path / "participants.tsv"
    table.write_text("participant_id\tage\tdiagnosis\nsub-1\t60\tAD\nsub-2\t61\tCN\nsub-3\t62\tCN\n")
    images, entries = split(tmp_path, labels=str(table), patient="participant_id", label="diagnosis")
    assert Counter((image.patient, image.label) for image in images) == {("sub-1", "AD"): 2, ("sub-2", "CN"): 2}
    assert [(entry.code, entry.say) for entry in entries] == [
        ("no_image", "1 of 3 patients of participants.tsv have no image here.")
    ]
    table.write_text("participant_id\tdiagnosis\nsub-1\tAD\nsub-3\tCN\n")
    assert refusal(tmp_path, labels=str(table)).what == "The class CN is empty: there is no file of it."
    table.write_text("participant_id\tdiagnosis\nsub-1\tAD\nsub-02\tCN\n")
    first = next(iter(readers.read(tmp_path / "sub-2", Columns(labels=str(table)))))
    assert isinstance(first, Skipped)
    assert "no row of the table names its patient; the nearest name there is sub-" in first.say


def test_folders_and_a_table_that_names_other_classes_are_refused(tmp_path: Path) -> None:
    write_images(tmp_path, ["images_1/a.png", "images_2/b.png"])
    rows = [["Image Index", "Finding Labels"], ["a.png", "Mass"], ["b.png", "Effusion"]]
    bad_input.table(tmp_path / "entries.csv", rows)
    error = refusal(tmp_path)
    assert (error.code, "Effusion and Mass" in error.what) == ("two_sources", True)
    assert "--labels entries.csv" in error.do
    assert classes(tmp_path, label="Finding Labels") == {"Mass": 1, "Effusion": 1}
    bad_input.table(tmp_path / "entries.csv", [["image", "label"], ["a.png", "images_1"], ["b.png", "images_2"]])
    assert classes(tmp_path) == {"images_1": 1, "images_2": 1}


def test_one_folder_of_images_beside_a_table_is_no_class(tmp_path: Path) -> None:
    write_images(tmp_path, ["img/a.png", "img/b.png"])
    bad_input.table(tmp_path / "t.tsv", [["image", "label"], ["a", "x"], ["b", "y"]], "\t")
    assert classes(tmp_path) == {"x": 1, "y": 1}


def test_a_class_whose_files_a_table_names_wrongly_is_refused_with_the_reason(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{number}.png" for number in range(20)])
    rows = [[f"{number}.png", "x"] for number in range(20)] + [["q1.png", "rare"], ["q2.png", "rare"]]
    error = refusal(bad_input.table(tmp_path / "t.csv", [["image", "label"], *rows]))
    assert error.what.startswith("The class rare is empty: none of its 2 files could be used. For 2 of 2 the reason is")
    assert [entry["file"] for entry in error.skipped] == ["q1.png", "q2.png"]


# ---- labels that are no classes ------------------------------------------------------------------------------------


@pytest.fixture
def findings(tmp_path: Path) -> Path:
    labels = ["Mass", "Effusion|Mass", "Mass|Effusion", "No Finding", "Effusion; Nodule"]
    write_images(tmp_path, [f"{number}.png" for number in range(5)])
    rows = [[f"{number}.png", label] for number, label in enumerate(labels)]
    return bad_input.table(tmp_path / "t.csv", [["image", "label"], *rows])


def test_images_with_several_findings_are_refused_and_one_finding_makes_the_classes(findings: Path) -> None:
    error = refusal(findings)
    assert error.what.startswith("3 of 5 images have several findings (such as Effusion|Mass)")
    assert "--label-contains" in error.do
    assert [image.label for image in split(findings, contains="mass")[0]] == [
        "mass", "mass", "mass", "no mass", "no mass",
    ]  # fmt: skip
    assert classes(findings, contains="Nodule") == {"Nodule": 1, "no Nodule": 4}
    for absent in ("Mas", "Pneumonia", " "):
        error = refusal(findings, contains=absent)
        assert (error.code, "Effusion, Mass" in error.do or "Mass, Effusion" in error.do) == ("label_contains", True)


def test_a_sign_inside_a_name_is_no_list_of_findings(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png", "b.png"])
    table = bad_input.table(tmp_path / "t.csv", [["image", "label"], ["a.png", "T1|axial"], ["b.png", "T2|coronal"]])
    assert classes(table) == {"T1|axial": 1, "T2|coronal": 1}
    assert refusal(write_images(tmp_path / "f", ["x/a.png", "y/b.png"]), contains="x").code == "column"


@pytest.mark.parametrize(
    "names",
    [("Malignant", "malignant"), ("left lung", "left  lung"), ("Z\u00e4hne", "Za\u0308hne"), ("1", "1.0"), ("07", "7")],
)
def test_names_that_only_look_different_are_refused(names: tuple[str, str], tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png", "b.png"])
    rows = [["image", "label"], *([f"{file}.png", name] for file, name in zip("ab", names, strict=True))]
    error = refusal(bad_input.table(tmp_path / "t.csv", rows))
    assert "differ only by capitals, blanks, the Unicode form of a letter or the way a number" in error.what
    folders = write_images(tmp_path / "f", [f"{name}/{number}.png" for number, name in enumerate(names)])
    assert refusal(folders).code == "class_names"


def test_numbers_get_the_names_that_they_stand_for(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png", "b.png", "c.png"])
    rows = [["image", "label"], ["a.png", "0"], ["b.png", "1.0"], ["c.png", "1"]]
    table = bad_input.table(tmp_path / "t.csv", rows)
    assert classes(table, names={"0": "benign", "1": "malignant"}) == {"benign": 1, "malignant": 2}
    assert classes(table, names={"0": "A", "1": "A|B"}, contains="B") == {"no B": 1, "B": 2}
    assert "1 and 1.0 have no name" in refusal(table, names={"0": "benign"}).what
    assert "no image has 2" in refusal(table, names={"0": "a", "1": "b", "2": "c"}).what
    source = archive(tmp_path / "n.npz", noise(6, 8, 8), np.arange(6) % 2)
    assert classes(source, names={"0": "benign", "1": "malignant"}) == {"benign": 5, "malignant": 5}


@pytest.mark.parametrize("name", ["x" * 201, "two\nlines"])
def test_a_name_that_no_passport_holds_is_no_class(name: str, tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png", "b.png"])
    table = bad_input.table(tmp_path / "t.csv", [["image", "label"], ["a.png", name], ["b.png", "b"]])
    assert refusal(table).code == "class_names"


# ---- lists of other programs ---------------------------------------------------------------------------------------


def numbered(folder: Path, listed: object) -> Path:
    """Write the StyleGAN tools' layout: pictures 998 to 1001 of 1,002 in folders of a thousand."""
    names = [f"{number // 1000:05d}/img{number:08d}.png" for number in range(998, 1002)]
    write_images(folder, names)
    if listed is not None:
        (folder / "dataset.json").write_text(json.dumps({"labels": listed and list(zip(names, listed, strict=True))}))
    return folder


def test_the_classes_of_numbered_folders_are_those_of_their_list(tmp_path: Path) -> None:
    assert classes(numbered(tmp_path / "a", [0, 1, 1, 1])) == {"0": 1, "1": 3}
    assert classes(numbered(tmp_path / "b", [[1, 0], [0, 1], [0, 1], [0, 1]])) == {"0": 1, "1": 3}


@pytest.mark.parametrize("listed", [None, [], [0.5, 0, 0, 0], [[1, 1], 0, 0, 0], [None, 0, 0, 0]])
def test_numbered_folders_are_never_classes(listed: list[object] | None, tmp_path: Path) -> None:
    assert refusal(numbered(tmp_path, listed)).code == "no_classes"


def test_what_a_list_does_not_name_is_left_out_and_another_program_s_list_is_none(tmp_path: Path) -> None:
    folder = numbered(tmp_path, [0, 1, 1, 1])
    write_images(folder, ["00000/more.png"])
    images, (entry,) = split(folder)
    assert (len(images), entry.file, entry.code) == (4, "00000/more.png", "no_label")
    write_images(tmp_path / "other", ["x/a.png", "y/b.png"])
    (tmp_path / "other" / "dataset.json").write_text('{"labels": {"0": "background"}, "training": []}')
    assert classes(tmp_path / "other") == {"x": 1, "y": 1}


# ---- folders -------------------------------------------------------------------------------------------------------


def test_parts_of_a_split_beside_other_folders(tmp_path: Path) -> None:
    write_images(tmp_path, ["train/a/0.png", "train/b/1.png", "test/a/2.png", "test/b/3.png"])
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "read me.txt").write_text("words")
    images, entries = split(tmp_path)
    assert Counter((image.label, image.role) for image in images) == {
        (label, role): 1 for label in "ab" for role in ("train", "holdout")
    }
    assert [(entry.file, entry.code) for entry in entries] == [("docs", "not_image")]
    write_images(tmp_path, ["extra/4.png"])
    error = refusal(tmp_path)
    assert (error.code, "extra beside them is none but holds images" in error.what) == ("split", True)


def test_a_class_may_be_called_like_one_part_of_a_split(tmp_path: Path) -> None:
    assert classes(write_images(tmp_path, ["control/0.png", "test/1.png"])) == {"control": 1, "test": 1}


def test_what_a_system_leaves_behind_is_passed_over_and_told(tmp_path: Path) -> None:
    write_images(tmp_path, ["a/0.png", "b/1.png", "__MACOSX/a/._0.png", "a/.ipynb_checkpoints/0-checkpoint.png"])
    for name in ("a/Thumbs.db", "b/Thumbs.db", "b/desktop.ini"):
        (tmp_path / name).write_bytes(b"x")
    images, entries = split(tmp_path)
    assert [image.label for image in images] == ["a", "b"]
    assert {entry.code for entry in entries} == {"system"}
    assert {entry.file for entry in entries} == {"__MACOSX", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini"}
    assert any("2 times" in entry.say for entry in entries)


def test_an_empty_class_tells_the_first_reason_and_how_often_it_is_the_reason(tmp_path: Path) -> None:
    write_images(tmp_path, ["a/0.png", "a/1.png", "b/0.png", "b/1.png", "b/2.png"])
    for number in range(2):
        bad_input.truncated(tmp_path / "b" / f"{number}.png")
    (tmp_path / "b" / "2.png").write_text("words")
    error = refusal(tmp_path)
    assert "The class b is empty: none of its 3 files could be used. For 2 of 3 the reason is" in error.what
    assert "b/0.png: It is damaged" in error.what
    assert [entry["file"] for entry in error.skipped] == ["b/0.png", "b/1.png", "b/2.png"]
    (tmp_path / "c").mkdir()
    for path in (tmp_path / "b").iterdir():
        path.unlink()
    assert refusal(tmp_path).what == "The class b is empty: there is no file of it."


# ---- arrays --------------------------------------------------------------------------------------------------------


def archive(path: Path, images: Any, labels: Any, **more: Any) -> Path:
    np.savez(path, train_images=images, train_labels=labels, test_images=images[:4], test_labels=labels[:4], **more)
    return path


def noise(*shape: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_boolean_labels_are_two_classes(tmp_path: Path) -> None:
    source = archive(tmp_path / "b.npz", noise(6, 8, 8), np.arange(6) % 2 == 0)
    assert classes(source) == {"True": 5, "False": 5}


def test_several_labels_are_refused_as_such_and_one_of_them_makes_the_classes(tmp_path: Path) -> None:
    several = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1]])
    source = archive(tmp_path / "s.npz", noise(6, 8, 8), several)
    error = refusal(source)
    assert (error.code, "an image has 3 labels" in error.what) == ("several_labels", True)
    assert "--label-contains N, from 0 to 2" in error.do
    assert classes(source, contains="1") == {"1": 5, "no 1": 5}
    named = archive(tmp_path / "n.npz", noise(6, 8, 8), several, classes=np.array(["Mass", "Edema", "Hernia"]))
    assert [image.label for image in split(named, contains="hernia")[0]][:6] == [
        "no hernia", "no hernia", "no hernia", "hernia", "hernia", "hernia",
    ]  # fmt: skip
    assert refusal(named, contains="0").code == "label_contains"


def test_one_label_among_several_columns_is_the_class(tmp_path: Path) -> None:
    assert classes(archive(tmp_path / "o.npz", noise(6, 8, 8), np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 1]])) == {
        "0": 4, "1": 4, "2": 2,
    }  # fmt: skip


@pytest.mark.parametrize("shape", [(6, 12, 12, 12), (6, 1, 12, 12, 12)])
def test_volumes_in_an_archive_are_refused_as_volumes(shape: tuple[int, ...], tmp_path: Path) -> None:
    error = refusal(archive(tmp_path / "v.npz", noise(*shape), np.arange(6)))
    assert (error.code, "3-D images" in error.what) == ("volumes", True)


def test_a_label_that_is_no_number_is_no_class(tmp_path: Path) -> None:
    images, entries = split(archive(tmp_path / "f.npz", noise(6, 8, 8), np.array([0, 1, 0, 1, np.nan, 1.0])))
    assert ({image.label for image in images}, [entry.code for entry in entries]) == ({"0", "1"}, ["no_label"])


# ---- workbooks -----------------------------------------------------------------------------------------------------

XML = '<?xml version="1.0" encoding="UTF-8"?>'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet(*cells: str) -> str:
    return f"{XML}<worksheet {MAIN}><sheetData><row>{''.join(cells)}</row></sheetData></worksheet>"


def cell(place: str, value: object, kind: str = "", formula: str = "") -> str:
    return f'<c r="{place}"{kind and f" t={kind!r}"}>{formula and f"<f>{formula}</f>"}<v>{value}</v></c>'


def workbook(path: Path, sheets: Sequence[str], strings: Sequence[str] = ()) -> Path:
    """Write the parts of an .xlsx that hold values."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(sheets, start=1):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", content)
        texts = "".join(f"<si><r><t>{text[:2]}</t></r><r><t>{text[2:]}</t></r></si>" for text in strings)
        archive.writestr("xl/sharedStrings.xml", f"{XML}<sst {MAIN}>{texts}</sst>")
    return path


def test_a_workbook_is_a_table_of_its_values(tmp_path: Path) -> None:
    write_images(tmp_path, ["img/7.png", "img/8.png", "img/b.png"])
    cells = [cell(f"{column}2", number, "s") for column, number in (("A", 0), ("B", 1), ("D", 2))]
    cells += [cell("A3", 7), cell("B3", "1.0"), cell("D3", "P1", "str", 'CONCATENATE("P",1)')]
    cells += [cell("A4", "8"), cell("B4", "2"), cell("D4", "0.5")]
    cells += ["<c r='A5' t='inlineStr'><is><t>b</t></is></c>", cell("B5", "1"), cell("D5", "#N/A", "e")]
    source = workbook(tmp_path / "t.xlsx", [sheet(), sheet(*cells)], ["image", "label", "Patient ID"])
    images, entries = split(source)
    assert entries == []
    assert [(image.source, image.label, image.patient) for image in images] == [
        ("img/7.png", "1", "P1"), ("img/8.png", "2", "0.5"), ("img/b.png", "1", None),
    ]  # fmt: skip
    assert classes(tmp_path, labels=str(source)) == {"1": 2, "2": 1}


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ([sheet(cell("A1", 1)), sheet(cell("A1", 2))], "it has 2 sheets with values"),
        ([sheet("<c r='A1'><f>B1</f></c>")], "formulas whose values were not saved"),
        ([sheet(cell("A1", 3, "s"))], "refers to a text that is not there"),
        ([sheet(cell("A9999999", 3))], "more than 200,000 rows"),
        ([f"{XML}<!DOCTYPE x [<!ENTITY a 'b'>]>{sheet()[len(XML) :]}"], "declares a document type"),
        (["<worksheet>"], "its XML is damaged"),
        ([" " * (5 << 20)], "compressed bytes claim to hold"),
    ],
)
def test_a_workbook_that_hides_something_is_refused(sheets: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(CohortError) as caught:
        workbook_lines(workbook(tmp_path / "t.xlsx", sheets).read_bytes())
    assert words in caught.value.what


def test_what_is_no_workbook_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 an older format, or a password")
    error = refusal(tmp_path / "t.xlsx")
    assert "t.xlsx: it is no .xlsx workbook, damaged or protected" in error.what
    assert "CSV" in error.do
