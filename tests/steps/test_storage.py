"""Results know what they were made from; replacing is atomic; one damaged thing does not take others down."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import digit_cohort
import numpy as np
import pytest
from looking_records import a_map, an_audit

from ganaug_core import cli
from ganaug_core.cli import results
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Audit, Cohort, Samples, codec
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin
from ganaug_core.storage import locks
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace


@pytest.fixture
def home(workspace: Workspace) -> Workspace:
    """A workspace with a cohort, samples and their audit."""
    cohort, samples = digit_cohort.cohort(), digit_cohort.samples()
    workspace.keep(cohort, "digits")
    workspace.keep(samples, "drawn", origin=Origin(inputs={"cohort": cohort.identity}, names={"cohort": "digits"}))
    judge(workspace, cohort, samples)
    return workspace


def judge(workspace: Workspace, cohort: Cohort, samples: Samples, **settings: Any) -> str:
    """Keep a hand-made audit of two records and return its name."""
    origin = Origin(
        inputs={"cohort": cohort.identity, "samples": samples.identity},
        settings={"seed": 0, **settings},
        revision=REVISIONS["audits"],
        names={"cohort": cohort.name, "samples": samples.name},
    )
    name = origin.key("audits")
    workspace.keep(an_audit(cohort, samples), name, origin=origin, replace=True)
    return name


def inputs(workspace: Workspace) -> dict[str, str]:
    return {"cohort": workspace.identity("cohorts", "digits"), "samples": workspace.identity("samples", "drawn")}


# found by what it was made from


def test_the_digest_that_everything_is_found_by_never_changes() -> None:
    pinned = "d15d3c61"
    parts = (np.arange(6, dtype=np.int16).reshape(2, 3), np.zeros(0, np.float32), [1, 2.5, "ä", None], {"b": 1, "a": 2})
    assert digest_of(*parts)[:8] == pinned


def test_an_audit_is_found_for_exactly_its_images(home: Workspace) -> None:
    (name,) = home.names("audits")
    assert home.newest("audits", inputs(home)) == name
    home.remove("cohorts", "digits")
    home.keep(digit_cohort.cohort(count=300), "digits")
    assert home.newest("audits", inputs(home)) is None
    ((earlier, reference),) = home.earlier("audits", {"cohort": "digits", "samples": "drawn"}, inputs(home))
    assert earlier == name
    assert reference.origin.names == {"cohort": "digits", "samples": "drawn"}
    home.keep(digit_cohort.cohort(), "digits", replace=True)
    assert home.newest("audits", inputs(home)) == name, "the same images came back"


@pytest.mark.parametrize("other", ["ids", "groups", "patients"])
def test_equal_pixels_under_other_ids_or_patients_are_another_cohort(home: Workspace, other: str) -> None:
    cohort = home.cohort("digits")
    changed = {"ids": cohort.ids[::-1].copy(), "groups": cohort.groups // 2, "patients": cohort.groups // 3}
    home.keep(replace(cohort, **{other: changed[other]}), "digits", replace=True)
    assert home.cohort("digits").digest == cohort.digest
    assert home.newest("audits", inputs(home)) is None


def test_an_audit_by_an_earlier_method_is_not_the_headline(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = home.names("audits")
    monkeypatch.setitem(REVISIONS, "audits", REVISIONS["audits"] + 1)
    assert home.newest("audits", inputs(home)) is None
    assert [name for name, _ in home.find("audits", inputs(home), revision=None)] == [name]
    assert [name for name, _ in home.earlier("audits", {"cohort": "digits", "samples": "drawn"}, inputs(home))] == [
        name
    ]


def test_of_two_audits_of_the_same_images_the_newest_is_the_headline(home: Workspace) -> None:
    second = judge(home, home.cohort("digits"), home.samples("drawn"), trust_split=True)
    assert home.newest("audits", inputs(home)) == second
    first = judge(home, home.cohort("digits"), home.samples("drawn"))
    assert home.newest("audits", inputs(home)) == first
    assert home.newest("audits", inputs(home), trust_split=True) == second


def test_deleting_says_what_depends_on_it_also_by_way_of_others(home: Workspace) -> None:
    (audit,) = home.names("audits")
    assert home.dependents("cohorts", "digits") == [("samples", "drawn"), ("audits", audit)]
    home.write("features", "cache", {}, origin=Origin(inputs={"cohort": home.identity("cohorts", "digits")}))
    dependents = home.remove_with_caches("cohorts", "digits")
    assert (dependents["samples"], dependents["audits"], dependents["runs"]) == (["drawn"], [audit], [])
    assert home.names("features") == [], "what can be computed again goes with the images that it was computed from"
    assert home.names("samples") == ["drawn"]


def test_names_that_differ_in_capitals_only_are_one_name(home: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="already a cohort named digits"):
        home.keep(replace(home.cohort("digits"), name="Digits"), "Digits")


# replaced whole or not at all

STEPS = ("save", "manifest", "rename", "reference", "discard")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_a_name_means_the_old_content_or_the_new_one(home: Workspace, step: str) -> None:
    old = home.cohort("digits")
    process = multiprocessing.get_context("spawn").Process(target=_replaced_until, args=(str(home.root), step))
    process.start()
    process.join(60)
    assert process.exitcode == 9, "it was killed where it should be"
    cohort = Workspace(home.root).cohort("digits")
    new = digit_cohort.cohort(count=300)
    assert cohort.digest == (new.digest if step == "discard" else old.digest)
    assert np.array_equal(cohort.pixels, new.pixels if step == "discard" else old.pixels)
    left = len(list((home.root / "artefacts").iterdir()))
    assert left == 4, "the killed process left one folder behind"
    assert home.sweep() == 1
    assert len(list((home.root / "artefacts").iterdir())) == 3
    assert Workspace(home.root).cohort("digits").digest == cohort.digest


def _replaced_until(root: str, step: str) -> None:
    """Replace the cohort, and die at that step."""
    from ganaug_core.storage import workspace as module

    def die(*_: Any, **__: Any) -> None:
        os._exit(9)

    real_save = module._save
    if step == "save":
        module._save = lambda path, array: (real_save(path, array), die())  # type: ignore[assignment]
    elif step == "manifest":
        module.platform.sync_file = die  # type: ignore[assignment]
    elif step == "rename":
        module.Workspace._make_artefact = _until_renamed(module.Workspace._make_artefact, die)  # type: ignore[method-assign]
    elif step == "reference":
        module.write_atomic = die  # type: ignore[assignment]
    else:
        module.Workspace._discard = die  # type: ignore[method-assign, assignment]
    Workspace(root).keep(digit_cohort.cohort(count=300), "digits", replace=True)


def _until_renamed(make: Callable[..., Path], die: Callable[[], None]) -> Callable[..., Path]:
    def made(*arguments: Any) -> Path:
        folder = make(*arguments)
        die()
        return folder

    return made


def test_replacing_works_where_open_files_can_be_neither_renamed_nor_removed(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where somebody who looks at a cohort keeps its files open."""
    opened = home.cohort("digits")
    held = home.folder("cohorts", "digits")
    real_replace, real_rmtree = os.replace, shutil.rmtree

    def guarded_replace(source: Any, target: Any) -> None:
        if held in (Path(source), Path(target)) or held in Path(target).parents:
            raise PermissionError(13, "in use")
        real_replace(source, target)

    def guarded_rmtree(path: Any, ignore_errors: bool = False, **rest: Any) -> None:
        if Path(path) == held:
            if not ignore_errors:
                raise PermissionError(13, "in use")
            return
        real_rmtree(path, ignore_errors=ignore_errors, **rest)

    monkeypatch.setattr(os, "replace", guarded_replace)
    monkeypatch.setattr(shutil, "rmtree", guarded_rmtree)
    new = digit_cohort.cohort(count=300)
    home.keep(new, "digits", replace=True)
    assert home.cohort("digits").digest == new.digest
    assert np.array_equal(opened.pixels, digit_cohort.cohort().pixels), "who looked at the old one still sees it"
    home.remove("cohorts", "digits")
    assert not home.exists("cohorts", "digits")
    monkeypatch.undo()
    assert home.sweep() == 1
    assert not held.exists()


def test_a_sweep_waits_for_those_who_write(home: Workspace) -> None:
    orphan = home.root / "artefacts" / ("0" * 32)
    orphan.mkdir()
    with locks.hold(home.writing_lock, "The test", shared=True):
        assert home.sweep() == 0
        assert orphan.exists()
    assert home.sweep() == 1
    assert not orphan.exists()


def test_what_was_written_is_read_again_bit_for_bit(home: Workspace) -> None:
    cohort, samples = home.cohort("digits"), home.samples("drawn")
    audit = an_audit(cohort, samples)
    home.keep(audit, "a")
    values, arrays = codec.encode(audit)
    again = codec.decode(Audit, json.loads(json.dumps(values)), arrays)
    assert codec.encode(again)[0] == values == codec.encode(home.audit("a"))[0]
    map_ = a_map(cohort, samples)
    home.keep(map_, "m")
    for name, array in codec.encode(map_)[1].items():
        assert np.array_equal(getattr(home.map("m"), name), array), name


@dataclass(frozen=True)
class Lists:
    """A record with long lists of plain values."""

    numbers: tuple[float, ...]
    names: dict[str, str]


@pytest.mark.parametrize("wrong", [[0.5, "0.5"], [True], [0.5, None]])
def test_a_long_list_of_numbers_with_one_that_is_none_is_refused(wrong: list[Any]) -> None:
    assert codec.decode(Lists, {"numbers": [1, 0.5], "names": {"a": "b"}}) == Lists((1, 0.5), {"a": "b"})
    with pytest.raises(ValueError, match="numbers"):
        codec.decode(Lists, {"numbers": wrong, "names": {}})
    with pytest.raises(ValueError, match="names"):
        codec.decode(Lists, {"numbers": [], "names": {"a": "b", "c": 1}})


# one damaged thing

DAMAGE: dict[str, Callable[[Path], None]] = {
    "a manifest that ends": lambda folder: (folder / "manifest.json").write_text("{") and None,
    "a manifest that is a list": lambda folder: (folder / "manifest.json").write_text("[1]") and None,
    "a manifest that is empty": lambda folder: (folder / "manifest.json").write_text("{}") and None,
    "a manifest of 200,000 levels": lambda folder: (folder / "manifest.json").write_text("[" * 200_000) and None,
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "an array of no bytes": lambda folder: (folder / "labels.npy").write_bytes(b"") and None,
    "a missing array": lambda folder: (folder / "labels.npy").unlink(),
    "a short array": lambda folder: np.save(folder / "labels.npy", np.zeros(3, np.int64)),
    "labels out of range": lambda folder: np.save(folder / "labels.npy", np.load(folder / "labels.npy") + 99),
    "labels of real numbers": lambda folder: np.save(folder / "labels.npy", np.load(folder / "labels.npy") + 0.5),
    "an array of objects": lambda folder: (folder / "labels.npy").write_bytes(OBJECTS) and None,
    "no folder": lambda folder: shutil.rmtree(folder),
}
OBJECTS = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(128) + b"\x80\x04."


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", ["cohorts", "samples"])
def test_a_damaged_artefact_fails_alone_in_words_and_can_be_removed(home: Workspace, kind: str, damage: str) -> None:
    record = home.cohort("digits") if kind == "cohorts" else home.samples("drawn")
    home.keep(replace(record, name="bad"), "bad")  # type: ignore[type-var]
    DAMAGE[damage](home.folder(kind, "bad"))
    load = home.cohort if kind == "cohorts" else home.samples
    with pytest.raises(WorkspaceError, match=r"bad is damaged.*Remove it and make it again") as caught:
        load("bad")
    assert caught.value.code == "damaged"
    assert "bad" in home.names(kind)
    assert len(load({"cohorts": "digits", "samples": "drawn"}[kind])) > 0
    home.remove(kind, "bad")
    assert "bad" not in home.names(kind)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"{}", b'{"artefact": "../../x"}', b"[" * 200_000, b"\xff\xfe"])
def test_a_damaged_reference_fails_alone_in_words_and_can_be_removed(home: Workspace, content: bytes) -> None:
    (home.root / "audits" / "bad.json").write_bytes(content)
    assert home.newest("audits", inputs(home)) in home.names("audits")
    with pytest.raises(WorkspaceError, match=r"audit bad is damaged.*Remove it"):
        home.audit("bad")
    home.remove("audits", "bad")
    assert len(home.names("audits")) == 1


@pytest.fixture
def ask(home: Workspace, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    """Call the command line and return status, JSON and what stands on standard error."""

    def called(*arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        status = cli.run([*arguments, "--workspace", str(home.root), "--json", "-"])
        output = capsys.readouterr()
        return status, json.loads(output.out), output.err

    return called


@pytest.mark.parametrize(
    "damage", ["a manifest that ends", "a manifest that is a list", "a manifest of 200,000 levels"]
)
@pytest.mark.parametrize("verb", ["cohort", "generator", "run"])
def test_a_list_shows_the_others_and_says_which_one_is_damaged(
    home: Workspace, ask: Callable[..., tuple[int, Any, str]], verb: str, damage: str
) -> None:
    kind = f"{verb}s"
    if verb != "cohort":
        home.write(kind, "bad", {"schema": "x"})
    else:
        home.keep(replace(home.cohort("digits"), name="bad"), "bad")
    DAMAGE[damage](home.folder(kind, "bad"))
    status, document, _ = ask(verb, "list")
    assert status == 0
    by_name = {entry["name"]: entry for entry in document[kind]}
    assert by_name["bad"]["error"]["code"] == "damaged"
    if verb == "cohort":
        assert by_name["digits"]["n"] == 400
    status, document, output = ask(verb, "show", "bad")
    assert (status, document["error"]["code"]) == (2, "damaged")
    assert "Traceback" not in output
    if verb != "run":
        assert ask(verb, "remove", "bad")[0] == 0
        assert "bad" not in home.names(kind)


@pytest.mark.parametrize("kind", results.KINDS)
def test_a_damaged_result_is_named_in_the_list_and_can_be_removed(
    home: Workspace, ask: Callable[..., tuple[int, Any, str]], kind: str
) -> None:
    made_from = Origin(names={"cohort": "digits"})
    for name in ("whole", "bad"):
        home.write(kind, name, {"schema": "x"}, origin=made_from)
    (home.root / kind / "bad.json").write_bytes(b"{")
    status, document, _ = ask("result", "list")
    by_name = {entry["name"]: entry for entry in document["results"] if entry["kind"] == kind}
    assert status == 0
    assert by_name["whole"]["made_from"] == {"cohort": "digits"}
    assert by_name["bad"]["error"]["code"] == "damaged"
    for name in ("whole", "bad"):
        assert ask("result", "remove", kind, name)[0] == 0
    assert {"whole", "bad"}.isdisjoint(home.names(kind))
    status, document, output = ask("result", "remove", kind, "bad")
    assert (status, document["error"]["code"]) == (2, "missing")
    assert "Traceback" not in output


def test_only_results_are_removed_as_results(home: Workspace, ask: Callable[..., tuple[int, Any, str]]) -> None:
    status, document, _ = ask("result", "remove", "cohorts", "digits")
    assert (status, document["error"]["code"]) == (2, "unknown_name")
    assert home.names("cohorts") == ["digits"]


def test_a_workspace_and_its_database_are_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    for place in (tmp_path / "new" / "below", tmp_path / "open"):
        home = Workspace(place)
        Database(home.database_path).decide("0" * 64, "a", "keep", samples="s")
        assert place.stat().st_mode & 0o077 == 0
        assert {path.name for path in place.glob("ganaug.sqlite*") if path.stat().st_mode & 0o077} == set()


def test_a_zero_byte_array_is_no_interruption(home: Workspace, ask: Callable[..., tuple[int, Any, str]]) -> None:
    (home.folder("cohorts", "digits") / "pixels.npy").write_bytes(b"")
    status, document, output = ask("cohort", "show", "digits")
    assert (status, document["error"]["code"]) == (2, "damaged")
    assert "Interrupted" not in output


def test_the_package_imports_quickly_and_without_torch() -> None:
    code = "import ganaug_core, sys; print(sorted({'torch', 'numpy', 'streamlit'} & sys.modules.keys()))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"
