"""The report: two editions of the same words, and nothing of the cohort in the one that leaves."""

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reading_records
from leaks import identifiers_of, leaks, pictures_of, text_of
from looking_records import a_map, an_audit, kept
from PIL import Image
from pypdf import PdfReader

from ganaug_core import generators, pipeline, release, report
from ganaug_core.cli import run
from ganaug_core.cohort import cohort_json
from ganaug_core.config.importing import Columns, Plan
from ganaug_core.config.requests import AuditSamples, BuildMap, ImportCohort
from ganaug_core.errors import ConfigurationError, EvidenceError
from ganaug_core.readers import phantom
from ganaug_core.records import Audit, Cohort, Samples, Skipped, Verdict, disclosure
from ganaug_core.records.made import Made, UsedEncoder
from ganaug_core.report import Sharing, edition
from ganaug_core.report.cohort_sections import small_withheld
from ganaug_core.report.html import as_html
from ganaug_core.report.pdf import as_pdf, printable
from ganaug_core.storage import exports, public_cohorts
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace, digest_of

NAME, OTHER = "drawn", "drawn-again"
PATIENT = "Meier-1962"
PATH = f"/data/{PATIENT}/scan.png"
ENCODER = "ab" * 32
UNNAMED_COPY = 6  # its row: the audit does not name it, but its distance says what it is
FORBIDDEN = re.compile(r"\b(?:compliant|anonymous|anonymised|private)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A cohort from files whose names tell patients, and two sets of synthetic images with copies, audited."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANAUG_HOME", str(folder / "home"))
        workspace = Workspace(folder / "home")
        _import(workspace, folder / "images")
        cohort = workspace.cohort("lesions")
        for name, seed in ((NAME, 0), (OTHER, 1)):
            samples = _drawn(cohort, name, seed)
            workspace.keep(samples, name)
            kept(workspace, _audited(cohort, samples), AuditSamples(cohort="lesions", samples=name))
            kept(workspace, a_map(cohort, samples), BuildMap(cohort="lesions", samples=name))
        samples = workspace.samples(NAME)
        Database(workspace.database_path).decide(
            samples.digest, str(samples.ids[3]), "reject", samples=NAME, reason=f"looks like {PATIENT}"
        )
        yield workspace


def _import(workspace: Workspace, folder: Path) -> None:
    folder.mkdir()
    lesions = phantom.lesions(24, 5)
    rows = ["file,label,patient"]
    for number, (pixels, label, patient) in enumerate(
        zip(lesions.pixels, lesions.labels, lesions.patients, strict=True)
    ):
        name = f"Meier_{patient}_{number}.png"
        grey = np.clip((pixels[0].astype(float) + 160) / 400 * 255, 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / name)
        rows.append(f"{name},{phantom.CLASSES[label]},{PATIENT}-{patient}")
    (folder / "labels.csv").write_text("\n".join(rows))
    columns = Columns(labels=str(folder / "labels.csv"), image="file", label="label", patient="patient")
    request = ImportCohort(source=str(folder), name="lesions", columns=columns, plan=Plan())
    pipeline.import_cohort(workspace, request)
    left_out = Skipped("Meier_99_0.png", "truncated", "Meier_99_0.png: it ends too early.", "Copy it again.")
    cohort = workspace.cohort("lesions")
    workspace.revise(
        replace(cohort, skipped=(left_out,)),
        {"paths.json": json.dumps(workspace.paths("lesions")).encode()},
    )


def _drawn(cohort: Cohort, name: str, seed: int) -> Samples:
    """Mixtures of training images; the first two of class 0 and another one are copies, turned and mirrored."""
    random, images, labels = np.random.default_rng(seed), [], []
    for label in range(len(cohort.classes)):
        rows = cohort.where(0, label=label)
        for _ in range(8):
            one, other = random.choice(rows, 2, replace=False)
            mixed = (cohort.images(np.array([one])) + cohort.images(np.array([other]))[..., ::-1])[0] / 2
            images.append(np.clip(mixed + random.normal(0, 0.1, mixed.shape), -1, 1))
            labels.append(label)
    train = cohort.where(0, label=0)
    images[0], images[1] = cohort.images(train[:1])[0][..., ::-1], np.rot90(cohort.images(train[1:2])[0], 1, (1, 2))
    images[UNNAMED_COPY] = cohort.images(train[4:5])[0] + random.normal(0, 0.02, cohort.shape)
    drawn = np.clip(np.stack(images), -1, 1).astype(np.float32)
    ids = np.array([f"{row + (seed + 1) * 65536:012x}" for row in range(len(drawn))])
    return Samples(
        name=name, digest=digest_of(drawn), images=drawn, labels=np.array(labels), ids=ids, classes=cohort.classes,
        source="generator", provenance={"seed": seed, "cohort": cohort.digest},
    )  # fmt: skip


def _audited(cohort: Cohort, samples: Samples) -> Audit:
    audit = an_audit(cohort, samples)
    train = cohort.where(0, label=0)
    nearest = {**audit.nearest, "train.distance": audit.nearest["train.distance"].copy()}
    nearest["train.distance"][UNNAMED_COPY] = edition.SAME / 3
    found = (
        f"2 images of 16 synthetic images equal images of the cohort: 2 training images of 7 patients. The first is "
        f"{samples.ids[0]}, training image {cohort.ids[train[0]]} of {PATH} (SHA-256 {cohort.digest[:16]})."
    )
    verdicts = {**audit.verdicts, "copying": Verdict("fail", found, "Train on 9 more patients.")}
    return replace(
        audit,
        verdicts=verdicts,
        nearest=nearest,
        give_aways=tuple(samples.ids.tolist()),
        command=f"ganaug audit {PATH} {samples.name}",
        made=Made(
            date="2026-12-01T00:00:00+00:00", versions={}, encoders={"simclr": UsedEncoder(digest=ENCODER, seed=0)}
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def names(home: Workspace) -> list[str]:
    patients = [PATIENT, "Meier_99_0", PATH, ENCODER[:12]]
    return identifiers_of(home, home.cohort("lesions"), patients)


@pytest.fixture(scope="module")
def outside(home: Workspace) -> dict[str, bytes]:
    """Every file that leaves."""
    made = report.report(home, "lesions", NAME, against=OTHER)
    return {"html": as_html(made), "pdf": as_pdf(made), "json": json.dumps(report.as_json(made)).encode()}


# what leaves


@pytest.mark.parametrize("kind", ["html", "pdf", "json"])
def test_the_outside_edition_holds_no_image_and_no_name_of_the_cohort(
    home: Workspace, outside: dict[str, bytes], names: list[str], kind: str
) -> None:
    assert leaks(outside[kind], home.cohort("lesions"), names) == []
    assert kind == "json" or pictures_of(outside[kind]), "synthetic images are shown, or the search sees nothing"


def test_the_card_beside_exported_images_names_nothing_of_the_cohort(
    home: Workspace, names: list[str], tmp_path: Path
) -> None:
    cohort, samples = home.cohort("lesions"), home.samples(NAME)
    what = release.leaving(home, cohort.identity, samples, samples.ids.tolist(), with_copies=True)
    generators.export(what.samples, cohort.intensity, tmp_path / "out", "png", release.known(home, what))
    for file in ("README.md", "manifest.json", "croissant.json", "manifest.csv"):
        assert leaks((tmp_path / "out" / file).read_bytes(), cohort, names) == [], file
    assert "10 or fewer training images of 10 or fewer patients" in (tmp_path / "out" / "README.md").read_text("utf-8")


def planted(picture: Image.Image, page: bytes) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    coded = base64.b64encode(data.getvalue())
    return page.replace(b"</body>", b'<img src="data:image/png;base64,' + coded + b'"></body>')


def test_the_search_finds_what_is_planted(home: Workspace, outside: dict[str, bytes], names: list[str]) -> None:
    cohort = home.cohort("lesions")
    random = np.random.default_rng(3)
    for row in (0, len(cohort) - 1):
        image = cohort.images(np.array([row]))[0, 0]
        for changed in (
            image,
            image[:, ::-1],
            np.rot90(image),
            np.roll(image, 2, 1),
            image + random.normal(0, 0.05, image.shape),
        ):
            grey = np.clip((changed + 1) * 127.5, 0, 255).astype(np.uint8)
            enlarged = Image.fromarray(grey).resize((128, 128))
            found = leaks(planted(enlarged, outside["html"]), cohort, names)
            assert len(found) == 1
            assert str(cohort.ids[row]) in found[0]
    for name in (PATIENT, PATH, cohort.digest, str(cohort.ids[5]), next(iter(home.paths("lesions").values()))):
        assert leaks(outside["json"].replace(b"ganaug.report/1", name.encode()), cohort, names), name


def test_the_search_finds_the_cohort_in_the_inside_edition(home: Workspace, names: list[str]) -> None:
    made = report.report(home, "lesions", NAME, inside=True)
    for content in (as_html(made), as_pdf(made)):
        found = leaks(content, home.cohort("lesions"), names)
        assert sum("picture" in line for line in found) >= 5
        assert "Contains patient images" in text_of(content)


def test_the_search_finds_a_copy_that_nobody_withholds(
    home: Workspace, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition, "may_be_copies", lambda *_: set())
    found = leaks(as_html(report.report(home, "lesions", NAME)), home.cohort("lesions"), names)
    assert any("picture" in line for line in found)


def test_an_edition_for_the_outside_hands_out_no_image_whoever_asks(home: Workspace) -> None:
    cohort, samples = home.cohort("lesions"), home.samples(NAME)
    copy, own = str(samples.ids[0]), str(samples.ids[3])
    rules = edition.Edition(inside=False, public="", withheld=frozenset({copy}))
    assert rules.synthetic(samples, copy, "x").png is None
    assert rules.synthetic(samples, own, "x").png is not None
    assert rules.of_cohort(cohort, str(cohort.ids[0]), "x").png is None
    for everything in (replace(rules, inside=True), replace(rules, public="a public set")):
        assert everything.synthetic(samples, copy, "x").png is not None
        assert everything.of_cohort(cohort, str(cohort.ids[0]), "x").real


def test_an_image_that_may_be_a_copy_stays_inside_though_no_audit_names_it(home: Workspace) -> None:
    cohort, samples = home.cohort("lesions"), home.samples(NAME)
    audit = home.audit(str(home.newest("audits", {"cohort": cohort.identity, "samples": samples.identity})))
    withheld = edition.may_be_copies(audit, samples)
    assert {str(samples.ids[row]) for row in (0, 1, UNNAMED_COPY)} <= withheld
    assert len(withheld) < len(samples)
    calm = replace(audit, suspects=(), nearest={}, verdicts={**audit.verdicts, "copying": Verdict("pass", "", "")})
    assert edition.may_be_copies(calm, samples) == set()
    low = replace(calm, verdicts=audit.verdicts)  # copying was found: what scores low stays inside
    assert edition.may_be_copies(low, samples) == {str(samples.ids[0]), str(samples.ids[1])}


def test_leaving_is_written_down(home: Workspace, tmp_path: Path) -> None:
    before = len(exports.of(home, {home.identity("samples", NAME)}))
    assert run(["report", "lesions", NAME, "--html", str(tmp_path / "r.html"), "--workspace", str(home.root)]) == 0
    left = exports.of(home, {home.identity("samples", NAME)})
    assert (len(left), left[-1]["form"]) == (before + 1, "report, outside edition")


# numbers, ids and digests


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("8 real patients, 4 of them held-out", "10 or fewer real patients, 10 or fewer of them held-out"),
        ("91 training, 4 tuning and 11 held-out images", "91 training, 10 or fewer tuning and 11 held-out images"),
        ("1 image of 9 synthetic images", "10 or fewer images of 9 synthetic images"),
        ("3 groups of real images, of 1,010 patients", "3 groups of real images, of 1,010 patients"),
        ("Needs at least 10 held-out patients", "Needs at least 10 held-out patients"),
        ("no class has 20 patients, 10 held-out patients", "no class has 20 patients, 10 held-out patients"),
        ("10 patients or fewer", "10 patients or fewer"),
        ("0 images, 2.5 patients, 10 or fewer patients", "0 images, 2.5 patients, 10 or fewer patients"),
    ],
)  # fmt: skip
def test_a_few_are_not_counted(stored: str, said: str) -> None:
    assert disclosure.few_in_words(stored) == said
    assert disclosure.few_in_words(said) == said


def test_a_small_number_does_not_follow_from_the_sum() -> None:
    counts = np.array([[100, 3, 0], [40, 30, 20], [7, 11, 5]])
    assert small_withheld(counts) == [
        ["100", "10 or fewer", "0"],
        ["withheld", "30", "withheld"],
        ["10 or fewer", "withheld", "10 or fewer"],
    ]


def test_a_digest_is_salted_alike_wherever_it_stands(outside: dict[str, bytes], home: Workspace) -> None:
    said = json.loads(outside["json"])
    rows = {row[0]: row[1] for row in _section(said, "versions")[-1]["blocks"][-1]["rows"]}
    salted = rows["Cohort"].removesuffix(" (salted)")
    assert len(salted) == 64
    assert salted[:16] in said["verdicts"]["copying"]["statement"], "the digest in the sentence is the same one"
    assert rows[f"Synthetic images {NAME}"] == home.samples(NAME).digest
    assert "training image (id withheld) of (path withheld)" in said["verdicts"]["copying"]["statement"]
    assert str(home.samples(NAME).ids[0]) in said["verdicts"]["copying"]["statement"]


def test_the_command_names_the_workspace_and_no_path(outside: dict[str, bytes]) -> None:
    rows = {
        row[0]: row[1] for block in _section(json.loads(outside["json"]), "versions") for row in block.get("rows", ())
    }
    assert rows["Command of the audit"] == f"ganaug audit lesions {NAME}"


def _section(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = next(part["blocks"] for part in document["sections"] if part["name"] == name)
    return blocks


# public cohorts


def test_a_cohort_that_is_stated_to_be_public_is_shown_in_both_editions(home: Workspace, names: list[str]) -> None:
    cohort = home.cohort("lesions")
    assert public_cohorts.source(home, cohort) == ""
    assert run(["cohort", "public", "lesions", "Lesion set, CC BY 4.0", "--workspace", str(home.root)]) == 0
    try:
        made = report.report(home, "lesions", NAME)
        assert (made.edition, made.band) == ("outside", "")
        assert "stated to be public: Lesion set, CC BY 4.0" in made.note
        assert any("picture" in line for line in leaks(as_html(made), cohort, ()))
        assert report.report(home, "lesions", NAME, inside=True).band == ""
        other = replace(cohort, digest="0" * 64)
        assert public_cohorts.source(home, other) == "", "it holds for exactly these images"
    finally:
        assert run(["cohort", "public", "lesions", "--not", "--workspace", str(home.root)]) == 0
    assert public_cohorts.source(home, cohort) == ""
    assert run(["cohort", "public", "lesions", "--workspace", str(home.root)]) == 2


# what stands in it


def test_the_first_page_answers_and_every_section_comes_in_order(outside: dict[str, bytes]) -> None:
    said = json.loads(outside["json"])
    assert said["answer"].startswith("Do not use these images as they are: there is a problem with copying.")
    assert [part["name"] for part in said["sections"]] == ["summary", *report.SECTIONS, "sharing"]
    tiles = next(block for block in _section(said, "summary") if block["kind"] == "tiles")["tiles"]
    assert [tile["title"] for tile in tiles] == ["Copying", "Variety", "Classes", "Realism", "Intensities"]
    assert tiles[0]["shows"] == "2 images named as copies"
    flow = _section(said, "flow")
    assert ["10 or fewer", "the file: it ends too early. Copy it again."] in flow[1]["rows"]
    assert _section(said, "reading")[0]["text"].startswith("Not done")
    assert _section(said, "decisions")[1]["rows"] == [["reject", "1"]]
    content = {key: value for key, value in said.items() if key != "digest"}
    assert said["digest"] == hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def test_a_section_can_be_left_out_and_the_first_page_says_so(home: Workspace) -> None:
    made = report.report(home, "lesions", NAME, without=["map", "methods"])
    assert {"map", "methods"}.isdisjoint(part.name for part in made.sections)
    assert "Left out on request: Map, Methods to paste." in text_of(as_html(made))
    for name in ("limits", "sharing", "nonsense"):
        with pytest.raises(ConfigurationError, match=name):
            report.report(home, "lesions", NAME, without=[name])


def test_ganaug_answers_no_question_of_sharing(home: Workspace, outside: dict[str, bytes]) -> None:
    facts = _section(json.loads(outside["json"]), "sharing")[1]
    assert {row[1] for row in facts["rows"]} == {"not stated"}
    typed = Sharing(owner="Prof. <b>Çelik</b>", deletion_date="2030-01-01")
    made = report.report(home, "lesions", NAME, sharing=typed)
    for content in (as_html(made), as_pdf(made)):
        assert "Prof. <b>Çelik</b>" in text_of(content)
        assert "2030-01-01" in text_of(content)


def test_no_sentence_promises_what_nobody_can(home: Workspace) -> None:
    for inside in (False, True):
        text = text_of(as_html(report.report(home, "lesions", NAME, against=OTHER, inside=inside)))
        assert not FORBIDDEN.findall(text)


def test_two_sets_stand_side_by_side(outside: dict[str, bytes]) -> None:
    blocks = _section(json.loads(outside["json"]), "against")
    assert blocks[3]["head"] == ["Question", NAME, OTHER]
    assert blocks[2]["text"].startswith("All five verdicts are the same.")
    measured = next(block for block in blocks if block.get("head", [""])[0] == "Measure")
    assert ["Fréchet distance", "texture", "34.2", "34.2"] in measured["rows"]


def test_without_an_audit_there_is_nothing_to_report(home: Workspace) -> None:
    samples = home.samples(NAME)
    alone = replace(samples, name="alone", digest=digest_of(samples.images[:4]), images=samples.images[:4],
                    labels=samples.labels[:4], ids=samples.ids[:4])  # fmt: skip
    home.keep(alone, "alone")
    with pytest.raises(EvidenceError, match=r"no audit of alone against lesions") as raised:
        report.report(home, "lesions", "alone")
    assert raised.value.do == "Audit them first: ganaug audit lesions alone"


# files


def test_the_html_asks_for_nothing_outside(outside: dict[str, bytes]) -> None:
    page = outside["html"].decode()
    addresses = re.findall(r"""(?:\bsrc|href)=["']?([^"'\s>]*)|url\(([^)]*)""", page)
    assert all(address.startswith(("data:image/png", "#")) for pair in addresses for address in pair if address)
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert len(page) < 10_000_000


def test_the_pdf_is_a4_with_embedded_free_fonts_and_drawn_figures(outside: dict[str, bytes]) -> None:
    reader = PdfReader(io.BytesIO(outside["pdf"]))
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    fonts = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            described = font.get_object()
            fonts[described["/BaseFont"]] = "/FontFile2" in described.get("/FontDescriptor", {})
    assert all("NotoSans" in name for name, embedded in fonts.items() if embedded)
    assert any(embedded for embedded in fonts.values())
    sizes = {picture.size for picture in pictures_of(outside["pdf"])}
    assert sizes == {(64, 64)}, "only images are pictures; figures are lines"
    assert len(outside["pdf"]) < 10_000_000


def test_the_pdf_prints_east_asian_letters_and_the_number_of_those_that_its_fonts_lack(home: Workspace) -> None:
    known = "Müller, Łódź, Ελλάδα, Москва, 王小明, 臺灣, 東京 カルテ, 서울 간"
    assert printable(known) == known
    assert printable("\u0645") == "[U+0645]"
    made = report.report(home, "lesions", NAME, sharing=Sharing(owner="Dr. 王小明 \u0645 & <肝>"))
    said = text_of(as_pdf(made))
    assert "Dr. 王小明 [U+0645] & <肝>" in said
    assert "王小明" in text_of(as_html(made))


def test_a_long_report_with_many_classes_fits_its_pages(home: Workspace) -> None:
    """Cells may break over pages; a layout that does not fit would be an error of the PDF."""
    made = report.report(home, "lesions", NAME)
    long = "A statement that goes on. " * 300
    table = made.sections[1].blocks[0]
    crowded = replace(table, rows=(("Copying", "problem", long, "–"),) * 3)  # type: ignore[arg-type]
    sections = (made.sections[0], replace(made.sections[1], blocks=(crowded,)), *made.sections[2:])
    first = replace(sections[0], blocks=(*sections[0].blocks, *([made.sections[0].blocks[1]] * 30)))
    assert len(PdfReader(io.BytesIO(as_pdf(replace(made, sections=(first, *sections[1:]))))).pages) > 5


def test_the_command_line_writes_what_is_asked_and_refuses_what_it_cannot(
    home: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--workspace", str(home.root)]
    files = ["--html", str(tmp_path / "a.html"), "--pdf", str(tmp_path / "a.pdf")]
    assert run(["report", "lesions", NAME, *files, "--against", OTHER, "--json", "-", *at]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["files"], document["edition"]) == (
        "ganaug.report/1", ["a.html", "a.pdf"], "outside",
    )  # fmt: skip
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert run(["report", "lesions", NAME, *at]) == 2
    assert "A report needs a file to go to." in capsys.readouterr().err
    assert run(["report", "lesions", NAME, "--pdf", str(tmp_path / "no" / "a.pdf"), *at]) == 2


def test_names_of_left_out_files_are_told_by_nobody(home: Workspace) -> None:
    assert [entry.say for entry in cohort_json.left_out(home.cohort("lesions"))] == ["the file: it ends too early."]


def test_a_reading_study_is_told_once_it_is_over(tmp_path: Path) -> None:
    home = Workspace(tmp_path)
    cohort, samples = reading_records.sides()
    cohort = replace(cohort, roles=np.repeat([2, 0, 1], [60, 30, 30]))
    study = reading_records.a_study(home, sides_kept=(cohort, samples), readers=2, images=40)
    kept(home, an_audit(cohort, samples), AuditSamples(cohort=cohort.name, samples=samples.name))

    def said() -> tuple[list[Any], str]:
        made = report.as_json(report.report(home, cohort.name, samples.name))
        return _section(made, "reading"), str(_section(made, "limits"))

    reading_records.read(home, study, 0)
    blocks, limits = said()
    assert blocks[0]["text"].startswith("1 of 2 readers read all of 40 images, half of them synthetic")
    assert "not over, so its results are not told" in blocks[0]["text"]
    assert "No reading study is over" in limits
    reading_records.read(home, study, 1, seed=1)
    blocks, limits = said()
    assert "Readers told real from synthetic in" in str(blocks[1])
    whole = f"{study.places} of {study.places}"
    assert [list(row[:2]) for row in blocks[2]["rows"]] == [["R1", whole], ["R2", whole]]
    assert "reading study" not in limits
