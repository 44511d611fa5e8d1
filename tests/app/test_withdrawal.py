"""A patient withdraws: everything of these images is found, no pixel of them stays, what cannot forget is marked."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benefit_results import a_benefit
from looking_records import a_map, an_audit, kept
from PIL import Image
from small_workspace import a_cohort, a_generator, a_run, some_samples
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from ganaug_core import cli, neighbours, release
from ganaug_core.cohort import draft_split, withdrawal, withdrawn_rows
from ganaug_core.config.requests import (
    AuditSamples,
    BuildMap,
    ImportCohort,
    MeasureBenefit,
    ReduceClass,
    Request,
    Sample,
    Train,
)
from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.jobs import store
from ganaug_core.records import Cohort, Features, Floats, codec
from ganaug_core.records.origin import Origin
from ganaug_core.storage import database, exports, ledger
from ganaug_core.storage.database import Database, job_table
from ganaug_core.storage.workspace import Workspace, digest_of
from ganaug_core.ui.pages.generators import generators_page
from ganaug_core.ui.shared.looking import export

Open = Callable[..., AppTest]

SAMPLES = "r1-6-seed0"
ABOUT = {"cohort": "small", "samples": SAMPLES}
PATIENT = 4
COPIED = 0.02  # registered distance below which an image is a copy


@pytest.fixture
def place(home: Workspace) -> Workspace:
    """Two cohorts of 18 patients with two images each, one of them without the patient; samples copy the patient."""
    small = a_cohort()
    cohort = replace(small, patients=np.arange(36) // 2, groups=np.arange(36) // 2)
    paths = {str(image): f"PAT{row // 2}/{row}.png" for row, image in enumerate(cohort.ids)}
    home.keep(cohort, "small", files={draft_split.PATHS: json.dumps(paths).encode()})
    turned = replace(
        cohort,
        name="turned",
        ids=np.array([f"{row + 500:012x}" for row in range(36)]),
        pixels=np.ascontiguousarray(cohort.pixels[:, :, ::-1]),
        patients=np.arange(36) // 2 + 100,
    )
    turned = replace(turned, digest=digest_of(turned.pixels))
    paths = {str(image): f"PAT{row // 2}/{row}.png" for row, image in enumerate(turned.ids)}
    home.keep(turned, "turned", files={draft_split.PATHS: json.dumps(paths).encode()})
    noise = np.random.default_rng(0).integers(0, 17, cohort.pixels.shape).astype(np.int16)
    other = replace(cohort, name="other", pixels=noise, ids=turned.ids[::-1].copy())
    other = replace(other, digest=digest_of(other.pixels), groups=cohort.groups + 1)
    home.keep(other, "other")
    a_run(home, cohort)
    a_generator(home, cohort)
    samples_drawn = some_samples(cohort)
    images = samples_drawn.images.copy()
    images[:2] = cohort.images(np.flatnonzero(cohort.patients == PATIENT))
    samples = replace(samples_drawn, images=images, digest=digest_of(images))
    kept(home, samples, Sample(generator="r1", per_class=6))
    samples = home.samples(SAMPLES)
    kept(home, a_map(cohort, samples), BuildMap(**ABOUT))
    kept(home, an_audit(cohort, samples), AuditSamples(**ABOUT))
    sheet = np.concatenate(list(cohort.pixels[cohort.patients == PATIENT][:, 0]), 1).astype(np.uint8) * 15
    Image.fromarray(sheet).save(home.root / "sheet.png")
    picture = (home.root / "sheet.png").read_bytes()
    (home.root / "sheet.png").unlink()
    (home.folder("runs", "r1") / "previews" / "000001000.png").write_bytes(picture)
    kept(home, a_benefit(cohort, samples), MeasureBenefit(**ABOUT), files={"real.png": picture})
    origin = Origin(inputs={"cohort": cohort.identity}, names={"cohort": "small"})
    values = Features("simclr", "0" * 64, np.zeros((36, 2), np.float32), cohort.ids)
    home.keep(values, "f1", origin=origin)
    return home


def images_of(workspace: Workspace, patient: int = PATIENT) -> Floats:
    cohort = workspace.cohort("small")
    return cohort.images(np.flatnonzero(cohort.patients == patient))


def copies_left(workspace: Workspace, wanted: Floats) -> list[str]:
    """Search the whole workspace for registered copies of some images, in arrays and in pictures."""
    side = wanted.shape[-1]
    places = []
    for path in sorted(workspace.root.rglob("*")):
        if path.suffix == ".npy":
            array = np.load(path)
            tiles = array if array.ndim == 4 else np.zeros((0, 1, side, side))
        elif path.suffix in (".png", ".webp"):
            whole = np.asarray(Image.open(path).convert("L"), np.float32)
            rows, columns = (range(0, length - side + 1, side) for length in whole.shape)
            tiles = np.array([[whole[row : row + side, column : column + side]] for row in rows for column in columns])
        else:
            continue
        if len(tiles) == 0:
            continue
        spread = max(float(tiles.max() - tiles.min()), 1e-6)
        scaled = ((tiles - tiles.min()) / spread * 2 - 1).astype(np.float32)
        if (neighbours.registered(wanted, scaled).distance < COPIED).any():
            places.append(path.name)
    return places


def test_everything_of_a_patient_is_found_in_all_cohorts_and_nothing_of_others(place: Workspace) -> None:
    traces = withdrawal.traces(place, f"patient {PATIENT}", "small")
    assert traces.images == {
        "small": (f"{8:012x}", f"{9:012x}"),
        "turned": (f"{508:012x}", f"{509:012x}"),
    }, "the second by its source, although its pixels differ"
    assert {kind: len(names) for kind, names in traces.made_from.items()} == {
        "runs": 1, "generators": 1, "samples": 1, "maps": 1, "audits": 1, "benefits": 1, "features": 1
    }  # fmt: skip
    assert withdrawal.traces(place, f"{9:012x}") == traces
    assert withdrawal.traces(place, str(PATIENT), "small") == traces
    for source in ("PAT4", "PAT4/9.png", "9.png"):
        assert withdrawal.traces(place, source) == traces


def test_what_was_made_from_a_cohort_without_the_patient_is_left_alone(place: Workspace) -> None:
    cohort = place.cohort("small")
    fewer = withdrawal.subset(cohort, np.flatnonzero(cohort.patients != 7), name="fewer", provenance={})
    place.keep(fewer, "fewer", origin=Origin(inputs={"cohort": cohort.identity}, names={"cohort": "small"}))
    origin = Origin(inputs={"cohort": fewer.identity}, names={"cohort": "fewer"})
    place.write("runs", "r2", {"schema": "x"}, identity="2" * 64, origin=origin)
    gone = withdrawal.traces(place, "7", "small")
    assert "fewer" not in gone.images
    assert gone.made_from["runs"] == ("r1",)
    there = withdrawal.traces(place, str(PATIENT), "small")
    assert "fewer" in there.images
    assert there.made_from["runs"] == ("r1", "r2")


def test_a_withdrawn_patient_leaves_no_pixel_behind(place: Workspace) -> None:
    wanted, other = images_of(place), images_of(place, 7)
    assert len(copies_left(place, wanted)) >= 4, "cohort, samples, preview, experiment"
    entry = withdrawal.delete(place, withdrawal.traces(place, str(PATIENT), "small"))
    assert copies_left(place, wanted) == []
    assert copies_left(place, other) != []
    assert (len(place.cohort("small")), len(place.cohort("turned")), len(place.cohort("other"))) == (34, 34, 36)
    assert PATIENT not in place.cohort("small").patients
    assert [place.names(kind) for kind in ("samples", "maps", "audits", "benefits", "features")] == [[]] * 5
    assert (place.names("runs"), place.names("generators")) == (["r1"], ["r1"])
    assert len(place.paths("small")) == 34
    assert not any("PAT4/" in path for path in place.paths("small").values())
    assert (entry["images"], entry["cohorts"]) == (4, 2)
    written = (place.root / withdrawal.LOG).read_text()
    assert f"{8:012x}" not in written
    assert "PAT4" not in written
    assert len(place.cohort("small").near_duplicates) == 1


def test_what_cannot_forget_is_marked_and_leaves_only_where_that_is_confirmed(
    place: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawal.delete(place, withdrawal.traces(place, str(PATIENT), "small"))
    assert withdrawal.is_marked(place, "generators", "r1")
    assert withdrawal.is_marked(place, "runs", "r1")
    where = ["--workspace", str(place.root)]
    file = str(tmp_path / "g.safetensors")
    assert cli.run(["generator", "export", "r1", file, *where]) == 2
    assert "a patient who withdrew" in capsys.readouterr().err
    assert cli.run(["sample", "r1", "--per-class", "1", "--out", str(tmp_path / "out"), *where]) == 2
    assert cli.run(["generator", "export", "r1", file, "--withdrawn-data", *where]) == 0
    a_generator(place, place.cohort("small"), "r3")
    card = place.manifest("generators", "r3")
    place.write("generators", "r4", card, identity="4" * 64, files={"weights.safetensors": b""})
    assert not withdrawal.is_marked(place, "generators", "r4")


def test_what_left_the_workspace_is_named(place: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--workspace", str(place.root)]
    assert cli.run(["generator", "export", "r1", str(tmp_path / "g.safetensors"), *where]) == 0
    exports.record(place, "samples", SAMPLES, "images")
    a_generator(place, replace(place.cohort("other"), classes=("a", "b", "c")), "r9")
    assert cli.run(["generator", "export", "r9", str(tmp_path / "h.safetensors"), *where]) == 0
    left = withdrawal.traces(place, str(PATIENT), "small").exports
    assert [(entry["kind"], entry["name"], entry["form"]) for entry in left] == [
        ("generators", "r1", "generator file"),
        ("samples", SAMPLES, "images"),
    ]
    capsys.readouterr()
    assert cli.run(["withdraw", str(PATIENT), "--cohort", "small", "--dry-run", *where]) == 0
    assert "generator file of r1" in capsys.readouterr().out
    withdrawal.delete(place, withdrawal.traces(place, str(PATIENT), "small"))
    assert len(ledger.entries(place, exports.LOG)) == 3, "the list stays: somebody has to write to those who have it"


def test_what_a_page_lets_somebody_save_is_written_down(place: Workspace) -> None:
    assert generators_page._leaving("r1") == stored.file_of(place, "r1")
    images = place.samples(SAMPLES)
    what = release.leaving(place, "", images, images.ids.tolist()[:3])
    assert export._leave("small", SAMPLES, what, "npz").startswith(b"PK")
    assert [entry["name"] for entry in ledger.entries(place, exports.LOG)] == ["r1", SAMPLES]


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", "[" * 100_000])
def test_a_damaged_list_is_said_in_words_and_nothing_leaves_unasked(place: Workspace, page: Open, content: str) -> None:
    for file in (exports.LOG, withdrawal.LOG):
        (place.root / file).write_text(content)
    with pytest.raises(WorkspaceError, match="of the workspace is damaged"):
        withdrawal.traces(place, str(PATIENT), "small")
    for name, query in (("generators", {"generator": "r1"}), ("cohort", {"cohort": "small"}), ("samples", ABOUT)):
        app = page(name, **query)
        assert not app.exception
        assert "withdrawals.json of the workspace is damaged" in app.error[0].value.replace("\\", "")
    app = page("generators", generator="r1")
    assert not app.get("download_button")
    assert "Draw images" in [element.value for element in app.header], "the rest of the page is shown"


def test_a_withdrawal_that_is_killed_halfway_is_finished_by_the_same_request(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = images_of(place)
    with monkeypatch.context() as patch:
        patch.setattr(Workspace, "keep", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            withdrawal.delete(place, withdrawal.traces(place, str(PATIENT), "small"))
    assert withdrawal.log(place)[-1]["deleted"] == {}, "the log says only what was done"
    withdrawal.delete(place, withdrawal.traces(place, str(PATIENT), "small"))
    assert copies_left(place, wanted) == []
    assert withdrawal.is_marked(place, "generators", "r1")


def test_without_delete_everything_is_marked_and_stays(place: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(str(path) for path in place.root.glob("artefacts/*"))
    where = ["--cohort", "small", "--workspace", str(place.root), "--json", "-"]
    assert cli.run(["withdraw", str(PATIENT), "--dry-run", *where]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["done"], told["images"]) == ("nothing", {"small": 2, "turned": 2})
    assert withdrawal.log(place) == []
    assert cli.run(["withdraw", str(PATIENT), *where]) == 0
    assert sorted(str(path) for path in place.root.glob("artefacts/*")) == before
    (audit,) = place.names("audits")
    for kind, name in (("cohorts", "small"), ("samples", SAMPLES), ("audits", audit), ("generators", "r1")):
        assert withdrawal.is_marked(place, kind, name)
    assert not withdrawal.is_marked(place, "cohorts", "other")


@pytest.mark.parametrize(
    ("patient", "cohort", "words"),
    [
        ("4", None, "--cohort"),
        ("99", "small", "knows no patient 99"),
        ("-1", "small", "knows no patient -1"),
        ("9" * 40, "small", "knows no patient"),
        ("Smith^John", "small", "knows no patient"),
        ("fffffffffff0", None, "No image has the id"),
    ],
)
def test_who_is_meant_must_be_clear(place: Workspace, patient: str, cohort: str | None, words: str) -> None:
    with pytest.raises(CohortError, match=re.escape(words)):
        withdrawal.traces(place, patient, cohort)


def test_nothing_is_deleted_where_something_speaks_against_it(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = withdrawal.traces(place, str(PATIENT), "small")
    draft = replace(place.cohort("turned"), fixed=False)
    place.keep(draft, "turned", replace=True)
    with pytest.raises(CohortError, match="still a proposal"):
        withdrawal.delete(place, traces)
    assert (len(place.cohort("small")), withdrawal.log(place)) == (36, [])
    store.submit(place, AuditSamples(**ABOUT, trust_split=True))
    arguments = ["withdraw", str(PATIENT), "--cohort", "small", "--delete", "--workspace", str(place.root)]
    assert cli.run(arguments) == 2
    assert "is being made from small now" in capsys.readouterr().err


def test_a_class_of_one_patient_is_not_emptied(place: Workspace) -> None:
    cohort = place.cohort("small")
    rows = np.concatenate([cohort.where(label=0), cohort.where(label=1)[:2]])
    alone: Cohort = withdrawal.subset(cohort, rows[:14], name="alone", provenance={})
    place.keep(alone, "alone")
    with pytest.raises(CohortError, match="has no image of"):
        withdrawal.delete(place, withdrawal.traces(place, str(int(alone.ids[-1], 16) // 2), "alone"))


def test_what_a_marked_generator_draws_later_is_marked_too(place: Workspace) -> None:
    withdrawal.delete(place, withdrawal.traces(place, str(PATIENT), "small"))
    cohort = place.cohort("small")
    kept(place, replace(some_samples(cohort), name=SAMPLES), Sample(generator="r1", per_class=6))
    kept(place, an_audit(cohort, place.samples(SAMPLES)), AuditSamples(**ABOUT))
    (audit,) = place.names("audits")
    assert withdrawal.is_marked(place, "samples", SAMPLES)
    assert withdrawal.is_marked(place, "audits", audit)
    assert not withdrawal.is_marked(place, "cohorts", "small")


# the database

REQUESTS = {
    "import": ("small", ImportCohort(source="/data/study", name="small")),
    "import of the same source": ("again", ImportCohort(source="/data/study", name="again")),
    "import of the folder": ("folder", ImportCohort(source="/data/PAT4", name="folder")),
    "rarer class": ("turned", ReduceClass(cohort="gone", class_name="zero", keep=1, name="turned")),
    "training": ("r1", Train(cohort="small", name="r1", config={})),
    "sampling": (SAMPLES, Sample(generator="r1", per_class=6)),
    "audit": ("a", AuditSamples(**ABOUT, command="ganaug audit /data/PAT4")),
    "experiment": ("b", MeasureBenefit(**ABOUT)),
}
OTHERS = {
    "other import": ("other", ImportCohort(source="/data/PAT44", name="other")),
    "other audit": ("c", AuditSamples(cohort="other", samples="elsewhere")),
    "other training": ("r2", Train(cohort="other", name="r2", config={})),
}
NAMES = (b"PAT4/", b'/data/PAT4"', b"/data/study", f"{8:012x}".encode(), f"{509:012x}".encode())


def insert(workspace: Workspace, rows: dict[str, tuple[str, Request]], **said: Any) -> None:
    nothing = {"requested_state": "run", "share": 1.0, "message": "done", "created": 0.0, "requested": 0.0}
    with Database(workspace.database_path).writing() as connection:
        for key, (name, request) in rows.items():
            job = {"kind": request.step, "name": name, "key": key, "request": json.dumps(codec.plain(request))}
            connection.execute(job_table.insert().values(**job, **{**nothing, "state": "done", **said}))


@pytest.fixture
def lived_in(place: Workspace) -> Workspace:
    """The same, after work that left its words in the database; some were overwritten meanwhile."""
    opened = Database(place.database_path)
    digest = place.samples(SAMPLES).digest
    opened.decide(digest, f"{4096:012x}", "reject", "resembles a patient", samples=SAMPLES)
    opened.decide("e" * 64, f"{4097:012x}", "keep", samples=SAMPLES)
    opened.decide("f" * 64, f"{8:012x}", "flag", samples="elsewhere")
    opened.decide("f" * 64, f"{1:012x}", "flag", "as in PAT4/8.png", samples="elsewhere")
    opened.decide("f" * 64, f"{2:012x}", "keep", "as in PAT44/8.png, 4", samples="elsewhere")
    insert(place, REQUESTS)
    insert(place, OTHERS, message="4 of 36")
    failed = {"what": "PAT4/9.png cannot be read.", "do": "Look.", "code": "truncated"}
    insert(
        place, {"failed": ("r1", Train(cohort="small", name="r1", config={}))}, state="failed", error=json.dumps(failed)
    )
    insert(
        place,
        {"strange": ("d", AuditSamples(cohort="other", samples="x"))},
        error=json.dumps({**failed, "what": f"{509:012x}"}),
    )
    with opened.writing() as connection:
        connection.execute(job_table.update().where(job_table.c.key == "audit").values(message="looking at PAT4/8.png"))
    with opened.writing() as connection:
        connection.execute(job_table.update().where(job_table.c.key == "audit").values(message="done"))
        connection.execute(job_table.update().where(job_table.c.key == "strange").values(request="{half of PAT4/8.png"))
    return place


def in_the_database(workspace: Workspace) -> set[bytes]:
    """Return which of the patient's names stand anywhere in the bytes of the database's files."""
    content = b"".join(path.read_bytes() for path in workspace.root.glob("ganaug.sqlite*") if path.suffix != ".lock")
    return {name for name in NAMES if name in content}


def test_no_row_and_no_byte_of_the_database_names_the_patient_afterwards(lived_in: Workspace) -> None:
    assert in_the_database(lived_in) == set(NAMES)
    traces = withdrawal.traces(lived_in, str(PATIENT), "small")
    assert traces.counts == {"decisions": 4, "jobs": 9}
    entry = withdrawal.delete(lived_in, traces)
    assert in_the_database(lived_in) == set()
    assert (entry["deleted"]["decisions"], entry["deleted"]["jobs"]) == (4, 9)
    (left,) = Database(lived_in.database_path).decisions("f" * 64)
    assert left.image == f"{2:012x}"
    jobs = store.jobs(lived_in)
    assert sorted(job.key for job in jobs) == sorted([*OTHERS, "training", "failed"])
    assert store.find(lived_in, "train", "r1").error == withdrawn_rows.SILENCED
    assert withdrawal.traces(lived_in, "7", "small").counts == {"decisions": 0, "jobs": 0}


def test_rows_stay_where_everything_is_only_marked_and_are_counted(
    lived_in: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["withdraw", str(PATIENT), "--cohort", "small", "--workspace", str(lived_in.root)]
    for _ in range(2):
        assert cli.run([*arguments, "--json", "-"]) == 0
        told = capsys.readouterr()
        assert json.loads(told.out)["database"] == {"decisions": 4, "jobs": 9}
        assert "in the database: 4 decisions about images" in told.err
        assert "in the database: 9 entries in the list of jobs" in told.err
    assert in_the_database(lived_in) == set(NAMES)


def test_rows_are_still_found_where_a_withdrawal_was_killed(
    lived_in: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Database, "rewrite", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            withdrawal.delete(lived_in, withdrawal.traces(lived_in, str(PATIENT), "small"))
    assert in_the_database(lived_in)
    withdrawal.delete(lived_in, withdrawal.traces(lived_in, str(PATIENT), "small"))
    assert in_the_database(lived_in) == set()


def test_whoever_reads_the_database_all_the_time_is_named_and_nothing_else_is_done(
    lived_in: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = withdrawal.traces(lived_in, str(PATIENT), "small")
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    opened = Database(lived_in.database_path)
    opened.close()
    with opened.reading() as connection:
        connection.execute(select(job_table)).all()
        with pytest.raises(WorkspaceError, match="Another program reads the workspace's database"):
            withdrawal.delete(lived_in, traces)
    assert len(lived_in.cohort("small")) == 36
    withdrawal.delete(lived_in, withdrawal.traces(lived_in, str(PATIENT), "small"))
    assert in_the_database(lived_in) == set()


def test_what_is_being_drawn_meanwhile_is_waited_for(place: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    store.submit(place, Sample(generator="r1", per_class=2, name="later"))
    assert cli.run(["withdraw", str(PATIENT), "--cohort", "small", "--delete", "--workspace", str(place.root)]) == 2
    assert "later is being made from the same data now" in capsys.readouterr().err
    assert len(place.cohort("small")) == 36


# on the pages


def test_the_cohort_page_finds_and_deletes_and_other_pages_say_it(place: Workspace, page: Open) -> None:
    Database(place.database_path).decide("e" * 64, f"{4097:012x}", "keep", samples=SAMPLES)
    insert(place, {"import": REQUESTS["import"]})
    app = page("cohort", cohort="small")
    app.text_input(key="withdrawing-0").set_value("nobody").run()
    assert "knows no patient nobody" in app.error[0].value
    app.text_input(key="withdrawing-0").set_value("PAT4").run()
    assert not app.exception
    told = "\n".join(element.value for element in app.text)
    assert "small: 2 images" in told
    assert "turned: 2 images" in told
    assert "generators: r1" in told
    assert "1 decision about an image\n1 entry in the list of jobs" in told
    app.button(key="withdraw-delete").click().run()
    assert not app.exception
    assert "4 images deleted, with what showed them." in [element.value for element in app.success]
    assert app.text_input(key="withdrawing-1").value == ""
    assert len(place.cohort("small")) == 34
    assert not any("withdrew" in warning.value for warning in app.warning), "this cohort holds nothing of the patient"
    for name, query in (("generators", {"generator": "r1"}), ("training", {"run": "r1"})):
        app = page(name, **query)
        assert not app.exception
        assert any("withdrew" in warning.value for warning in app.warning)
    app = page("generators", generator="r1")
    assert not app.get("download_button")
    app.checkbox(key="leave-r1").set_value(True).run()
    assert app.get("download_button")


def test_the_cohort_page_marks_only(place: Workspace, page: Open) -> None:
    app = page("cohort", cohort="small")
    app.text_input(key="withdrawing-0").set_value(str(PATIENT)).run()
    app.button(key="withdraw-mark").click().run()
    assert not app.exception
    assert len(place.cohort("small")) == 36
    assert any("withdrew" in warning.value for warning in app.warning)
    app = page("samples", **ABOUT)
    assert any("withdrew" in warning.value for warning in app.warning)
