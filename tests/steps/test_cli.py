"""The command line keeps its promises: names, exit statuses, JSON, and words when something is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import digit_cohort
import numpy as np
import pytest
from PIL import Image

from ganaug_core import cli, pipeline
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import AuditSamples
from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import silent
from ganaug_core.jobs import runs, store
from ganaug_core.storage import locks
from ganaug_core.storage import workspace as workspace_module
from ganaug_core.storage.workspace import KINDS, Workspace

PATIENCE = 60.0
TRAIN = ("--images", "3000", "--set", "architecture.width=8", "--set", "threads=1")
RUN_KEYS = {
    *("schema", "name", "cohort", "recipe", "state", "images", "seconds", "images_per_second", "device", "seed"),
    *("checkpoints", "alarms", "generator", "error"),
}  # fmt: skip
COHORT_KEYS = {
    *("schema", "name", "hash", "n", "n_train", "n_tuning", "n_holdout", "size", "channels", "unit", "range"),
    *("classes", "patients", "duplicates", "skipped", "images"),
}  # fmt: skip
AUDIT_KEYS = {
    *("schema", "ganaug", "seed", "command", "cohort", "synthetic", "verdicts", "measurements", "suspects"),
    "missing_modes",
}  # fmt: skip

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with digits and one trained generator, made by the command line itself."""
    workspace = Workspace(tmp_path_factory.mktemp("cli"))
    workspace.keep(digit_cohort.cohort(count=300), "digits")
    assert cli.run(["train", "digits", "--name", "d1", *TRAIN, "--workspace", str(workspace.root)]) == 0
    yield workspace
    for lock in (workspace.supervisor_lock, workspace.worker_lock, *workspace.root.glob("artefacts/*/lock")):
        if (process := locks.holder(lock)) is not None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@pytest.fixture
def ask(home: Workspace, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs a command with --json - and returns its status and the document."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        status = cli.run([*arguments, "--workspace", str(home.root), "--json", "-"])
        return status, dict(json.loads(capsys.readouterr().out))

    return run


def command(workspace: Workspace, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "ganaug_core.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GANAUG_HOME": str(workspace.root)},
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """A shell's background job ignores Ctrl-C and hands that on: the gate may be one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def bright_and_dark(folder: Path) -> Path:
    """Write a source of 24 small noise images in two class folders."""
    random = np.random.default_rng(0)
    for label, least in (("bright", 130), ("dark", 0)):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 120, (16, 16)) + least
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{number}.png")
    return folder


# what every verb answers


def test_cohort_show_and_list_hold_what_is_promised(ask: Ask) -> None:
    status, shown = ask("cohort", "show", "digits")
    assert status == 0
    assert shown.keys() >= COHORT_KEYS
    assert shown["schema"] == "ganaug.cohort/1"
    assert shown["n"] == shown["n_train"] + shown["n_tuning"] + shown["n_holdout"] == len(shown["images"]) == 300
    assert shown["classes"]["7"].keys() == {"train", "tuning", "holdout"}
    assert shown["images"][0].keys() >= {"id", "class", "role", "patient", "sha256"}
    assert "path" not in shown["images"][0]
    status, listed = ask("cohort", "list")
    assert status == 0
    assert "digits" in [cohort["name"] for cohort in listed["cohorts"]]


def test_cohort_import_answers_like_show_and_names_paths_only_when_asked(ask: Ask, tmp_path: Path) -> None:
    source = str(bright_and_dark(tmp_path / "source"))
    (tmp_path / "source" / "dark" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    status, document = ask("cohort", "import", source, "--name", "folder", "--size", "16", "--paths")
    assert status == 0
    assert document.keys() >= COHORT_KEYS
    assert document["n"] == 24
    assert {image["path"] for image in document["images"]} >= {"bright/0.png", "dark/11.png"}
    assert [skipped["file"] for skipped in document["skipped"]] == ["dark/broken.png"]
    assert document["skipped"][0].keys() == {"file", "code", "say", "do"}
    assert ask("cohort", "show", "folder")[1]["hash"] == document["hash"]
    status, again = ask("cohort", "import", source, "--name", "folder")
    assert (status, again["error"]["code"]) == (2, "name_taken")
    status, gone = ask("cohort", "remove", "folder")
    assert (status, gone["removed"]) == (0, "folder")
    assert not any(gone["made_from_it"].values())
    assert ask("cohort", "show", "folder")[0] == 2


def test_run_show_and_list_hold_what_is_promised(ask: Ask) -> None:
    status, shown = ask("run", "show", "d1")
    assert status == 0
    assert shown.keys() >= RUN_KEYS
    assert (shown["schema"], shown["state"], shown["generator"]) == ("ganaug.run/1", "done", "d1")
    assert shown["checkpoints"][-1].keys() == {"images", "kept", "measurements"}
    status, listed = ask("run", "list")
    assert {"name": "d1", "state": "done"}.items() <= listed["runs"][0].items()


def test_generator_show_is_the_passport_with_name_and_hash(ask: Ask) -> None:
    status, shown = ask("generator", "show", "d1")
    assert status == 0
    assert shown["name"] == "d1"
    assert len(shown["hash"]) == 64
    assert [name["name"] for name in shown["classes"]] == list("0123456789")
    assert shown["intended_use"] == "research only, not for diagnosis"
    assert [generator["name"] for generator in ask("generator", "list")[1]["generators"]] == ["d1"]


def test_a_generator_goes_out_and_comes_in_unchanged(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "out.safetensors"
    assert ask("generator", "export", "d1", str(file))[0] == 0
    status, imported = ask("generator", "import", str(file), "--name", "d2")
    assert status == 0
    assert imported["hash"] == ask("generator", "show", "d1")[1]["hash"]
    damaged = bytearray(file.read_bytes())
    damaged[-9] ^= 1
    file.write_bytes(damaged)
    status, refused = ask("generator", "import", str(file), "--name", "d3")
    assert status == 2
    assert refused["error"]["code"] == "checksum"


def test_sample_writes_a_folder_a_class_and_says_so(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, document = ask(
        "sample", "d1", "--per-class", "3", "--class", "4", "--class", "9", "--seed", "5", "--out", str(out)
    )
    assert status == 0
    assert {key: document[key] for key in ("schema", "generator", "seed", "truncation", "n", "out")} == {
        "schema": "ganaug.samples/1", "generator": "d1", "seed": 5, "truncation": 1.0, "n": 6, "out": str(out),
    }  # fmt: skip
    assert sorted(path.relative_to(out).as_posix() for path in out.glob("*/*.png")) == [
        f"{label}/{number:04d}.png" for label in "49" for number in range(3)
    ]
    status, refused = ask("sample", "d1", "--per-class", "3", "--out", str(out))
    assert (status, refused["error"]["code"]) == (2, "not_empty")


def test_sample_writes_dicom_audited_as_it_leaves(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[AuditSamples] = []
    judge = pipeline.audit_samples

    def audit(workspace: Workspace, request: AuditSamples, report: Any) -> str:
        asked.append(request)
        return judge(workspace, replace(request, encoders=("pixels",)), report)

    monkeypatch.setattr(pipeline, "audit_samples", audit)
    out = tmp_path / "dicom"
    status, document = ask(
        "sample", "d1", "--per-class", "2", "--audit", "digits", "--format", "dicom", "--out", str(out)
    )
    assert status == 0
    assert len(asked) == 1
    assert (document["format"], document["n"], document["left_out"], document["named"]) == ("dicom", 20, [], [])
    assert document["verdicts"].keys() == {"copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"}
    assert len(list(out.glob("*/*.dcm"))) == 20
    assert json.loads((out / "manifest.json").read_text())["audit"]["verdicts"].keys() == document["verdicts"].keys()


def test_map_and_audit_of_anybodys_folder_hold_what_is_promised(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "theirs"
    assert ask("sample", "d1", "--per-class", "6", "--out", str(out))[0] == 0
    status, map_document = ask("map", "digits", str(out), "--encoder", "pixels")
    assert status == 0
    assert map_document.keys() >= {"schema", "encoder", "trustworthiness", "neighbour_hit_rate", "points"}
    assert len(map_document["points"]) == 300 + 60
    assert map_document["points"][0].keys() >= {"id", "role", "class", "x", "y", "nearest_train", "distance"}
    status, judged = ask("audit", "digits", str(out), "--encoder", "pixels", "--paths", "--seed", "3")
    assert status == 0
    assert judged.keys() >= AUDIT_KEYS
    assert (judged["schema"], judged["seed"], judged["synthetic"]["source"]) == ("ganaug.audit/2", 3, "folder")
    assert judged["verdicts"].keys() == {"copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"}
    assert judged["verdicts"]["copying"]["state"] == "not_assessable", "we made the split, they made the images"
    assert {"synthetic", "real", "role", "encoder", "distance", "p_value", "q_value", "transform"} <= judged[
        "suspects"
    ][0].keys()
    assert (out / judged["suspects"][0]["synthetic_path"]).is_file()


def test_doctor_says_what_can_run_here(ask: Ask, home: Workspace) -> None:
    status, document = ask("doctor")
    assert status == 0
    assert document.keys() == {
        *("schema", "version", "python", "torch", "device", "threads", "encoders", "workspace", "free_bytes")
    }
    assert document["encoders"]["simclr"].keys() == {"ready", "say", "do"}
    assert document["workspace"] == str(home.root)


# the contract around them


def test_json_to_a_file_leaves_standard_output_empty(
    home: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.json"
    assert cli.run(["run", "show", "d1", "--json", str(file), "--workspace", str(home.root)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "d1: done" in captured.err
    assert json.loads(file.read_text())["name"] == "d1"


def test_without_json_the_answer_is_words_on_standard_output(
    home: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["--workspace", str(home.root), "run", "list"]) == 0
    assert "d1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("cohort", "show", "nobody"), "missing", "no cohort named nobody"),
        (("run", "show", "nobody"), "missing", "no run named nobody"),
        (("generator", "show", "nobody"), "missing", "no generator named nobody"),
        (("audit", "digits", "nobody"), "missing", "no generator named nobody in the workspace, and no such file"),
        (("audit", "nobody", "d1"), "missing", "no cohort named nobody"),
        (("train", "digits", "--name", "x", "--recipe", "magic"), "unknown_name", "no recipe named 'magic'"),
        (("train", "digits", "--name", "x", "--set", "loss"), "set", "part.setting=value"),
        (("train", "digits", "--name", "x", "--set", "loss=hing"), "unknown_name", "no loss named 'hing'"),
        (("train", "digits", "--name", "x", "--set", "loss=hinge"), "excluded", "collapsed in our trials"),
        (("train", "digits", "--name", "x", "--set", "architecture=dcgan"), "excluded", "batch norm makes the logit"),
        (("train", "digits", "--name", "d1"), "name_taken", "already a run named d1"),
        (("train", "digits", "--name", "../x"), "name", "cannot be a name"),
        (("train", "digits", "--name", "x", "--minutes", "-1"), "configuration", "minutes"),
        (("sample", "d1", "--per-class", "2", "--class", "x", "--out", "OUT"), "unknown_class", "no class named x"),
        (("sample", "d1", "--per-class", "2", "--format", "bmp", "--out", "OUT"), "unknown_name", "bmp"),
        (("cohort", "import", "/nowhere", "--name", "x"), None, "nowhere"),
        (("cohort", "import", "embedded:digits", "--name", "x", "--range", "1"), "range", "not two numbers"),
        (("run", "resume", "d1"), "state", "The run d1 is done"),
        (("train", "digits"), "usage", "--name"),
        (("nonsense",), "usage", "nonsense"),
    ],
)
def test_what_cannot_be_done_is_two_with_words_and_json(
    ask: Ask, tmp_path: Path, arguments: tuple[str, ...], code: str | None, words: str
) -> None:
    if arguments == ("nonsense",):
        status, answer = cli.run(["nonsense"]), {"error": {"what": "nonsense", "do": "x", "code": "usage"}}
    else:
        status, answer = ask(*(str(tmp_path / "out") if argument == "OUT" else argument for argument in arguments))
    assert status == 2
    assert answer.keys() == {"error"}
    assert answer["error"].keys() == {"what", "do", "code"}
    assert words in answer["error"]["what"]
    assert answer["error"]["do"]
    assert code in (None, answer["error"]["code"])


def test_a_full_disk_is_said_and_the_workspace_stays_as_it_was(
    ask: Ask, home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, before = workspace_module._save, home.names("cohorts")
    monkeypatch.setattr(workspace_module, "_save", lambda path, array: save(Path("/dev/full"), array))
    status, answer = ask("cohort", "import", str(bright_and_dark(tmp_path)), "--name", "more", "--size", "16")
    assert (status, answer["error"]["code"]) == (2, "disk_full")
    assert "Free some space" in answer["error"]["do"]
    assert home.names("cohorts") == before


@pytest.mark.parametrize("fault", ["empty", "column", "class", "generator"])
def test_faulty_material_is_refused_with_a_next_step_and_nothing_is_kept(
    fault: str, ask: Ask, home: Workspace, tmp_path: Path
) -> None:
    before = {kind: home.names(kind) for kind in KINDS}
    (tmp_path / "empty").mkdir()
    listed = bright_and_dark(tmp_path / "listed")
    (listed / "table.csv").write_text("file,finding\nbright/0.png,b\n")
    (tmp_path / "bad.safetensors").write_bytes(b"this is no generator")
    arguments, words = {
        "empty": (("cohort", "import", str(tmp_path / "empty"), "--name", "x"), "empty is empty"),
        "column": (
            ("cohort", "import", str(listed / "table.csv"), "--name", "x", "--label-column", "diagnosis"),
            "no column 'diagnosis'",
        ),
        "class": (
            ("audit", "digits", str(bright_and_dark(tmp_path / "synthetic"))),
            "a class 'bright' that digits does not have",
        ),
        "generator": (("generator", "import", str(tmp_path / "bad.safetensors"), "--name", "x"), "refused"),
    }[fault]
    status, answer = ask(*arguments)
    assert status == 2
    assert words in answer["error"]["what"]
    assert answer["error"]["do"]
    assert {kind: home.names(kind) for kind in KINDS} == before


def test_a_result_that_cannot_be_written_is_refused_before_the_work(
    home: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["doctor", "--json", "/nowhere/x.json", "--workspace", str(home.root)]) == 2
    assert "folder of /nowhere/x.json is not there" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback_and_is_one(home: Workspace) -> None:
    buggy = "from ganaug_core import cli; from ganaug_core.generators import stored; stored.passport = None; cli.main()"
    arguments = ("generator", "show", "d1", "--workspace", str(home.root))
    process = subprocess.run(
        [sys.executable, "-c", buggy, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert process.returncode == 1
    assert "Traceback" in process.stderr


# training on the command line


def test_a_run_draws_plain_lines_where_there_is_no_terminal(home: Workspace) -> None:
    with command(home, "train", "digits", "--name", "lines", *TRAIN, "--json", "-") as process:
        out, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert json.loads(out)["state"] == "done"
    assert "\r" not in errors
    assert any("images shown" in line for line in errors.splitlines())


def test_ctrl_c_writes_a_checkpoint_leaves_with_130_and_resume_goes_on(home: Workspace, ask: Ask) -> None:
    many = ("--images", "4000000", *TRAIN[2:])
    with command(home, "train", "digits", "--name", "cut", *many) as process:
        deadline = time.monotonic() + PATIENCE
        while not (home.exists("runs", "cut") and runs.history(home, "cut").get("images")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "ganaug run resume cut" in errors
    assert "Traceback" not in errors
    shown = ask("run", "show", "cut")[1]
    assert shown["state"] == "paused"
    rested = shown["checkpoints"][-1]["images"]
    assert rested > 0
    assert ask("run", "resume", "cut", "--detach")[1]["state"] in ("queued", "starting", "running")
    status, stopped = ask("run", "stop", "cut")
    assert (status, stopped["state"], stopped["generator"]) == (0, "stopped", "cut")
    assert stopped["images"] >= rested


def test_detach_returns_at_once_and_pause_stop_and_list_follow(ask: Ask, home: Workspace) -> None:
    many = ("--images", "4000000", *TRAIN[2:])
    status, begun = ask("train", "digits", "--name", "loose", *many, "--detach")
    assert status == 0
    assert begun["state"] in ("queued", "starting", "running")
    status, paused = ask("run", "pause", "loose")
    assert (status, paused["state"]) == (0, "paused")
    assert ask("run", "stop", "loose")[1]["state"] == "stopped"
    job = store.find(home, "train", "loose")
    assert job is not None
    assert not job.live


def test_a_penalty_that_joins_the_recommended_recipe_says_how_far_its_weight_falls(
    home: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(workspace: Workspace, request: object) -> None:
        raise ConfigurationError("Far enough.", do="Look at what was said.")

    monkeypatch.setattr(store, "submit", stop)
    for changes, said in (
        ((), ""),  # what the recipe does by itself is no surprise
        (("--set", "regularisers=gradient_penalty"), "gradient_penalty.weight falls from 10 to 1 over the second half"),
        (("--set", "r1.gamma=8"), "r1.gamma falls from 8 to 0.8 over the second half"),
        (("--set", "regularisers=gradient_penalty", "--set", "final_penalty=1"), ""),
    ):
        capsys.readouterr()
        assert cli.run(["train", "digits", "--name", "falls", *changes, "--workspace", str(home.root)]) == 2
        shown = capsys.readouterr().err
        assert said in shown
        assert ("falls from" in shown) is bool(said)


def test_a_path_as_cohort_is_imported_once_and_does_not_replace_another(home: Workspace, tmp_path: Path) -> None:
    source = bright_and_dark(tmp_path / "digits")
    first = sources.cohort(home, str(source), silent)
    assert first.startswith("digits-"), "the name digits is taken by other images"
    assert home.cohort(first).name == first
    before = home.artefact("cohorts", first)
    assert sources.cohort(home, str(source), silent) == first
    assert home.artefact("cohorts", first) == before
    home.remove("cohorts", first)


# speed and looks


def test_help_is_quick_because_nothing_heavy_is_loaded() -> None:
    heavy = "torch", "scipy", "sklearn", "pandas", "SimpleITK", "streamlit", "plotly", "umap", "numba"
    lines = (
        "import runpy, sys",
        "sys.argv = ['ganaug', '--help']",
        "try: runpy.run_module('ganaug_core.cli', run_name='__main__')",
        "except SystemExit: pass",
        f"sys.exit(' '.join(sorted(set({heavy!r}) & set(sys.modules))))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert "audit" in done.stdout
    assert done.stderr.strip() == "", "these were loaded"


@pytest.mark.parametrize("verb", [[], ["cohort"], ["run"], ["generator"]])
def test_a_verb_alone_shows_its_help(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(verb) == 2
    captured = capsys.readouterr()
    assert "Commands:" in captured.out + captured.err


def test_every_promised_verb_is_there_and_unbuilt_ones_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    verbs = [
        *("app", "demo", "doctor", "train", "worker", "sample", "audit", "map", "cohort import", "cohort list"),
        *("cohort show", "cohort remove", "run list", "run show", "run pause", "run stop", "run resume"),
        *("generator list", "generator show", "generator export", "generator import", "generator remove"),
        *("run remove", "result list", "result remove", "bundle", "plan"),
        *("reading new", "reading list", "reading show", "reading close", "reading export"),
    ]  # fmt: skip
    for verb in verbs:
        assert cli.run([*verb.split(), "--help"]) == 0, verb
        assert ("--json" in capsys.readouterr().out) == (verb not in ("app", "demo", "worker")), verb
    for unbuilt in ("benefit", "search", "report"):
        assert cli.run([unbuilt]) == 2


def test_json_has_null_where_a_number_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    console.write_json({"value": float("nan"), "list": [1.5, float("inf")]}, "-")
    assert json.loads(capsys.readouterr().out) == {"value": None, "list": [1.5, None]}


def test_a_taken_port_is_said_before_anything_starts(home: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert cli.run(["app", "--port", str(port), "--no-browser", "--workspace", str(home.root)]) == 2
    assert f"Port {port} is used by another program" in capsys.readouterr().err
