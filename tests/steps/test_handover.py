"""A `.ganaug` file: opens where the cohort's ids are others, holds no real image, and is read with distrust."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganaug_core.cli import run
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import WorkspaceError
from ganaug_core.handover import open_file, save_file
from ganaug_core.records import Cohort, Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace
from tests.looking_records import a_map, an_audit
from tests.steps.small_cohort import squares

VIEW = "/samples?cohort=squares&samples=drawn&image={image}"


def drawn(cohort: Cohort) -> Samples:
    images = np.random.default_rng(3).uniform(-1, 1, (6, *cohort.shape)).astype(np.float32)
    labels = np.repeat([0, 1], 3)
    return Samples(
        name="drawn",
        digest=digest_of(images, labels),
        images=images,
        labels=labels,
        ids=np.array([f"{1000 + row:012x}" for row in range(6)]),
        classes=cohort.classes,
        source="folder",
        paths=tuple(f"/home/somebody/Miller_John/{row}.png" for row in range(6)),
        provenance={"imitates": cohort.digest, "skipped": [{"file": "Miller_John/odd.png"}], "notes": []},
    )


def filled(folder: Path, cohort: Cohort, *, listed: bool) -> Workspace:
    """A workspace with a set that was audited, mapped and decided about."""
    workspace, samples = Workspace(folder), drawn(cohort)
    workspace.keep(cohort, cohort.name)
    workspace.keep(samples, samples.name)
    inputs = {"cohort": cohort.identity, "samples": samples.identity}
    names = {"cohort": cohort.name, "samples": samples.name}
    command = "ganaug audit squares /home/somebody/Miller_John --workspace /srv/ward"
    audit = replace(an_audit(cohort, samples), command=command)
    if not listed:
        audit = replace(audit, suspects=tuple(replace(one, q_value=0.5, identical=False) for one in audit.suspects))
    for kind, record in (("audits", audit), ("maps", a_map(cohort, samples))):
        origin = Origin(inputs=inputs, names=names, revision=REVISIONS[kind])
        said = json.dumps({"closest": audit.suspects[0].real, "command": command}).encode()
        text = {"audit.json": said} if kind == "audits" else {}
        workspace.keep(record, origin.key(kind), origin=origin, files=text)
    database = Database(workspace.database_path)
    database.decide(samples.digest, str(samples.ids[1]), "reject", "rim too bright", samples="drawn")
    database.decide(samples.digest, str(samples.ids[2]), "keep", samples="drawn", reader="Dr. B")
    return workspace


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path, Cohort]:
    cohort = squares((12, 12))
    ids = np.array([f"{(row + 1) * 0x9E3779B97F4B % 2**48:012x}" for row in range(len(cohort))])
    cohort = replace(cohort, ids=ids)
    workspace = filled(tmp_path_factory.mktemp("here"), cohort, listed=False)
    file = workspace.root / "look.ganaug"
    facts = save_file(workspace, file, "squares", ["drawn"], reader="Dr. A", view=VIEW.format(image=cohort.ids[5]))
    assert (facts["sets"], facts["results"], facts["decisions"]) == (["drawn"], ["audits", "maps"], 2)
    return workspace, file, cohort


def elsewhere(folder: Path, cohort: Cohort, **changes: Any) -> tuple[Workspace, Cohort]:
    """Another installation: the same cohort under another name, and with other ids."""
    other = replace(cohort, name="their-squares", ids=np.array([f"{row + 77:012x}" for row in range(len(cohort))]))
    other = replace(other, **changes)
    workspace = Workspace(folder)
    workspace.keep(other, other.name)
    return workspace, other


def test_where_the_cohort_is_everything_opens_with_its_own_ids(here, tmp_path: Path) -> None:
    before, file, cohort = here
    workspace, other = elsewhere(tmp_path, cohort)
    opened = open_file(workspace, file)
    assert (opened.samples, opened.cohort, opened.decisions) == ({"drawn": "drawn"}, "their-squares", 2)
    assert (opened.results, opened.waiting, opened.reader) == (2, "", "Dr. A")
    assert opened.view == f"/samples?cohort=their-squares&samples=drawn&image={other.ids[5]}"
    samples = workspace.samples("drawn")
    np.testing.assert_array_equal(samples.images, before.samples("drawn").images)
    inputs = {"cohort": other.identity, "samples": samples.identity}
    audit = workspace.audit(str(workspace.newest("audits", inputs)))
    original = an_audit(cohort, drawn(cohort))
    row = {str(image): number for number, image in enumerate(cohort.ids)}
    assert [one.real for one in audit.suspects] == [str(other.ids[row[one.real]]) for one in original.suspects]
    nearest = [str(other.ids[row[one.decode()]]) for one in original.nearest["train.id"]]
    assert audit.nearest["train.id"].astype(str).tolist() == nearest
    assert audit.missing_modes[0].members == tuple(
        str(other.ids[row[one]]) for one in original.missing_modes[0].members
    )
    name = str(workspace.newest("audits", inputs))
    kept = json.loads(workspace.attached("audits", name, "audit.json") or b"")
    assert kept["closest"] == audit.suspects[0].real
    map_ = workspace.map(str(workspace.newest("maps", inputs)))
    real = [str(image) for image in a_map(cohort, drawn(cohort)).ids if str(image) in row]
    assert map_.ids.tolist()[: len(real)] == [str(other.ids[row[image]]) for image in real]
    decided = {one.reader: (one.image, one.decision, one.reason) for one in _decisions(workspace, samples)}
    assert decided == {
        "Dr. A": (str(samples.ids[1]), "reject", "rim too bright"),
        "Dr. B": (str(samples.ids[2]), "keep", ""),
    }
    again = open_file(workspace, file)
    assert (again.decisions, again.results, workspace.names("samples")) == (0, 0, ["drawn"])


def _decisions(workspace: Workspace, samples: Samples) -> list[Any]:
    return Database(workspace.database_path).decisions(samples.digest)


def test_without_the_cohort_sets_and_decisions_open_and_the_rest_waits(here, tmp_path: Path) -> None:
    _, file, cohort = here
    nothing = Workspace(tmp_path / "nothing")
    opened = open_file(nothing, file)
    assert (opened.decisions, opened.results, opened.cohort, opened.view) == (2, 0, "", "")
    assert cohort.digest[:12] in opened.waiting
    assert f"{len(cohort)} images of 16 rows" in opened.waiting
    regrouped, _ = elsewhere(tmp_path / "regrouped", cohort, patients=np.arange(len(cohort)) // 3)
    opened = open_file(regrouped, file)
    assert opened.results == 0
    assert opened.waiting.startswith("their-squares holds the same images in the same shares, but its patients")


def test_a_set_keeps_its_content_where_its_name_is_taken(here, tmp_path: Path) -> None:
    _, file, cohort = here
    workspace, _ = elsewhere(tmp_path, cohort)
    images = np.zeros((2, *cohort.shape), np.float32)
    other = replace(drawn(cohort), images=images, labels=np.array([0, 1]), ids=np.array(["0" * 12, "1" * 12]), paths=())
    workspace.keep(replace(other, digest=digest_of(images, other.labels)), "drawn")
    opened = open_file(workspace, file)
    assert opened.samples == {"drawn": "drawn-2"}
    assert "samples=drawn-2&" in opened.view
    assert len(workspace.samples("drawn-2")) == 6


def test_the_file_holds_no_real_image_no_id_of_one_and_no_path(here) -> None:
    _, file, cohort = here
    real = {image.tobytes() for image in cohort.images(np.arange(len(cohort)))}
    real |= {np.ascontiguousarray(image).tobytes() for image in np.asarray(cohort.pixels)}
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert contents["0/images.npy"]
    for name, content in contents.items():
        assert not [image for image in real if image in content], name
        for identifier in (*map(str, cohort.ids), "Miller", "/home", ".png"):
            assert identifier.encode() not in content, (name, identifier)
            assert identifier.encode("utf-32-le") not in content, (name, identifier)


def test_a_set_with_named_copies_stays_unless_somebody_lets_it_leave(tmp_path: Path) -> None:
    workspace = filled(tmp_path / "here", squares((12, 12)), listed=True)
    with pytest.raises(WorkspaceError, match="An audit named 2 images of drawn as copies of real images"):
        save_file(workspace, tmp_path / "a.ganaug", "squares", ["drawn"], reader="Dr. A")
    assert not (tmp_path / "a.ganaug").exists()
    save_file(workspace, tmp_path / "a.ganaug", "squares", ["drawn"], reader="Dr. A", with_copies=True)
    with pytest.raises(WorkspaceError, match="'local' cannot be the name of a reader"):
        save_file(workspace, tmp_path / "b.ganaug", "squares", ["drawn"], reader="local", with_copies=True)


def rewritten(file: Path, target: Path, change: Any) -> Path:
    """The file with its document and its members changed."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["ganaug.json"])
    change(document, members)
    members["ganaug.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def _pickled(document: dict[str, Any], members: dict[str, bytes]) -> None:
    members["0/labels.npy"] = b"\x80\x04cos\nsystem\n."


def _foreign_pixels(document: dict[str, Any], members: dict[str, bytes]) -> None:
    members["0/images.npy"] = members["0/images.npy"][:-4] + b"\0\0\0\0"


def _row_beyond(document: dict[str, Any], members: dict[str, bytes]) -> None:
    document["parts"][1]["values"]["suspects"][0]["real"] = "row-9999999"


def _later(document: dict[str, Any], members: dict[str, bytes]) -> None:
    document["schema"] = "ganaug.handover/2"


def _name_of_a_path(document: dict[str, Any], members: dict[str, bytes]) -> None:
    document["parts"][0]["values"]["name"] = "../../evil"


def _decision_about_nothing(document: dict[str, Any], members: dict[str, bytes]) -> None:
    document["decisions"][0]["image"] = "f" * 12


def _no_parts(document: dict[str, Any], members: dict[str, bytes]) -> None:
    del document["parts"]


@pytest.mark.parametrize(
    "change",
    [_pickled, _foreign_pixels, _row_beyond, _later, _name_of_a_path, _decision_about_nothing, _no_parts],
)
def test_a_file_that_was_changed_is_refused_and_leaves_nothing(here, tmp_path: Path, change: Any) -> None:
    _, file, cohort = here
    workspace, _ = elsewhere(tmp_path / "w", cohort)
    with pytest.raises(WorkspaceError, match=r"is refused|cannot be a name"):
        open_file(workspace, rewritten(file, tmp_path / "x.ganaug", change))
    assert not workspace.names("samples") + workspace.names("audits") + workspace.names("maps")


def test_what_is_no_such_file_is_answered_in_words(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    (tmp_path / "x.ganaug").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(WorkspaceError, match=r"x.ganaug is refused. It is damaged, or was not written by ganaug."):
        open_file(workspace, tmp_path / "x.ganaug")
    with pytest.raises(WorkspaceError, match=r"There is no file gone.ganaug"):
        open_file(workspace, tmp_path / "gone.ganaug")


def test_both_commands(here, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, _, cohort = here
    file, answer = tmp_path / "x.ganaug", tmp_path / "answer.json"
    command = ["handover", "squares", "drawn", "--out", str(file), "--reader", "Dr. A"]
    assert run([*command, "--workspace", str(before.root)]) == 0
    assert "drawn, 2 decisions, 2 audits and maps. It holds no image of squares." in capsys.readouterr().out
    workspace, _ = elsewhere(tmp_path / "w", cohort)
    assert run(["open", str(file), "--workspace", str(workspace.root), "--json", str(answer)]) == 0
    assert json.loads(answer.read_text())["samples"] == {"drawn": "drawn"}
    assert run(["open", str(tmp_path / "gone.ganaug"), "--workspace", str(workspace.root)]) == 2
