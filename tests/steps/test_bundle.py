"""A bundle holds what ganaug needs and nothing about this machine, installs without network, and is whole or not there.

pip is played by a function that writes small wheels of made-up packages; what it installs from them is real.
"""

import functools
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from ganaug_core import cli
from ganaug_core.cli import bundle, bundle_parts
from ganaug_core.errors import GanaugError

PATIENCE = 60
NEEDS = ("toy-part[more]>=1", "toy-elsewhere; sys_platform == 'nowhere'", "toy-older; python_version < '3'")
PARTS = {
    "toy-part": ("1.5+cpu", ("Toy_More; extra == 'more'", "toy-unasked; extra == 'less'", "toy-common")),
    "toy-more": ("2.0", ("toy-common", "toy-part")),
    "toy-common": ("0.1", ()),
}
SYSTEM = (platform.system(), platform.machine())
sh_only = pytest.mark.skipif(shutil.which("sh") is None, reason="no sh on this system")


def headers(name: str, version: str, requires: Sequence[str] = (), extras: Sequence[str] = ()) -> str:
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", "License-Expression: MIT"]
    return "\n".join(
        [*lines, *(f"Requires-Dist: {line}" for line in requires), *(f"Provides-Extra: {extra}" for extra in extras)]
    )


def install(place: Path, name: str, version: str, requires: Sequence[str] = ()) -> None:
    """Make `importlib.metadata` see a package."""
    folder = place / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(headers(name, version, requires))


def write_wheel(place: Path, name: str, version: str, requires: Sequence[str] = ()) -> None:
    """Write a wheel with one module, and with a program of its name that says its version."""
    place.mkdir(exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    content = {
        f"{module}.py": f"def main():\n    print('{name} {version}')\n",
        f"{info}/METADATA": headers(name, version, requires, ("more", "less")),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {module}:main\n",
    }
    record = "".join(f"{file},,\n" for file in [*content, f"{info}/RECORD"])
    with zipfile.ZipFile(place / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in {**content, f"{info}/RECORD": record}.items():
            archive.writestr(file, text)


def write_wheel_of_pip(place: Path) -> None:
    """Put the pip of this environment back into a wheel."""
    pip = metadata.distribution("pip")
    with zipfile.ZipFile(place / f"pip-{pip.version}-py3-none-any.whl", "w") as archive:
        for file in pip.files or ():
            if (
                ".." not in file.parts
                and "__pycache__" not in file.parts
                and file.name not in ("INSTALLER", "REQUESTED")
            ):
                archive.write(str(file.locate()), file.as_posix())


def toy_pip(*arguments: str, environment: Any = None) -> None:
    """Write the wheel that is asked for, as `pip wheel` would."""
    if arguments[0] != "wheel":
        return
    place, (name, _, version) = Path(arguments[3]), arguments[-1].partition("==")
    if not version:
        write_wheel(place, "ganaug", "9.9", NEEDS)
    elif name == "pip":
        write_wheel_of_pip(place)
    else:
        write_wheel(place, name, version, PARTS[name][1])


def play(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Make a checkout, the packages that are installed here, and pip."""
    (place / "checkout").mkdir(parents=True)
    (place / "checkout" / "pyproject.toml").touch()
    for name, (version, requires) in PARTS.items():
        install(place / "installed", name, version, requires)
    install(place / "installed", "torch", "2.0+cpu")
    monkeypatch.syspath_prepend(place / "installed")
    monkeypatch.setattr(bundle, "app_root", lambda: place / "checkout")
    monkeypatch.setattr(bundle, "_pip", toy_pip)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a bundle may be made, with all played parts in place."""
    play(monkeypatch, tmp_path / "toy")
    (tmp_path / "here").mkdir()
    return tmp_path / "here" / "bundle"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the played parts, made by the command; its path has a space."""
    place = tmp_path_factory.mktemp("bundle")
    with pytest.MonkeyPatch.context() as monkeypatch:
        play(monkeypatch, place / "toy")
        folder = place / "to carry" / "bundle"
        assert cli.run(["bundle", str(folder), "--json", str(place / "answer.json")]) == 0
    return folder


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> dict[str, str]:
    capsys.readouterr()
    assert cli.run(["bundle", str(folder), "--json", "-", *options]) == 2
    return dict(json.loads(capsys.readouterr().out)["error"])


# what ganaug needs


def test_needs_are_followed_with_their_markers_and_extras_in_the_versions_that_are_here(toy: Path) -> None:
    assert bundle_parts.closure(NEEDS) == {"toy-common": "0.1", "toy-more": "2.0", "toy-part": "1.5+cpu"}
    assert "toy-more" not in bundle_parts.closure(["Toy.Part"])


def test_what_is_not_here_or_in_another_version_is_said(toy: Path) -> None:
    with pytest.raises(GanaugError, match="toy-unasked is needed and not installed here"):
        bundle_parts.closure(["toy-part[less]"])
    with pytest.raises(GanaugError, match=r"toy-common 0\.1 is installed here, and >=3 is needed"):
        bundle_parts.closure(["toy-common>=3"])


@pytest.mark.parametrize(
    ("version", "needs", "for_gpu"),
    [
        ("2.0+cpu", (), False),
        ("2.0", (), False),
        ("2.0+cu128", (), True),
        ("2.0+rocm7.1", (), True),
        ("2.0", ("nvidia-cublas; sys_platform == 'linux'",), sys.platform == "linux"),
    ],
)
def test_a_pytorch_for_graphics_cards_is_known_by_its_version_or_its_needs(
    version: str, needs: tuple[str, ...], for_gpu: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "torch", version, needs)
    install(tmp_path, "nvidia-cublas", "13.0")
    monkeypatch.syspath_prepend(tmp_path)
    assert bundle_parts.gpu_build() == (version if for_gpu else None)


# what is refused, in words


def test_a_folder_with_something_in_it_is_left_alone(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toy.mkdir()
    (toy / "mine.txt").touch()
    assert refused(capsys, toy)["code"] == "not_empty"
    assert refused(capsys, toy / "mine.txt")["code"] == "not_empty"
    assert [path.name for path in toy.parent.rglob("*")] == ["bundle", "mine.txt"]


def test_without_a_source_checkout_it_is_said_where_bundles_are_made(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "app_root", lambda: toy.parent)
    error = refused(capsys, toy)
    assert error["code"] == "no_checkout"
    assert "made from a source checkout" in error["what"]


def test_an_environment_without_pip_is_told_how_to_get_it(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "ensurepip" in refused(capsys, toy)["do"]


def test_a_pytorch_for_graphics_cards_is_taken_only_when_asked_for(
    toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "cuda", "torch", "2.0+cu128")
    monkeypatch.syspath_prepend(tmp_path / "cuda")
    error = refused(capsys, toy)
    assert error["code"] == "cuda"
    assert "PyTorch 2.0+cu128 is a build for graphics cards" in error["what"]
    assert "--cuda" in error["do"]
    assert cli.run(["bundle", str(toy), "--cuda"]) == 0


def test_what_pip_said_last_is_said() -> None:
    with pytest.raises(GanaugError, match="pip failed on no-such-verb: ERROR: unknown command") as caught:
        bundle._pip("no-such-verb")
    assert caught.value.code == "pip"


def test_another_build_from_the_index_is_not_taken(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PARTS, "toy-common", ("0.1+cu128", ()))
    monkeypatch.setattr(
        bundle,
        "_pip",
        lambda *arguments, **_: toy_pip(*arguments[:-1], arguments[-1].replace("n==0.1", "n==0.1+cu128")),
    )
    error = refused(capsys, toy)
    assert error["code"] == "version"
    assert "toy-common 0.1 is installed here, and the package index gave 0.1+cu128" in error["what"]
    assert not list(toy.parent.iterdir())


@pytest.mark.parametrize(
    ("end", "status"),
    [(GanaugError("pip failed.", do="Again.", code="pip"), 2), (KeyboardInterrupt(), cli.INTERRUPTED)],
    ids=["pip fails", "Ctrl-C"],
)
def test_what_ends_early_leaves_nothing(
    end: BaseException, status: int, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ending(*arguments: str, **_: Any) -> None:
        toy_pip(*arguments)
        if arguments[-1].startswith("toy-more"):
            raise end

    monkeypatch.setattr(bundle, "_pip", ending)
    assert cli.run(["bundle", str(toy)]) == status
    assert not list(toy.parent.iterdir())


# what is written


def test_the_folder_holds_wheels_scripts_checksums_and_the_list_of_parts(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == [
        *("README.txt", "SHA256SUMS", "bom.cdx.json", "check.py", "install.cmd", "install.sh", "wheels")
    ]
    assert list(made.parent.iterdir()) == [made]
    answer = json.loads((made.parent.parent / "answer.json").read_text())
    assert answer["schema"] == "ganaug.bundle/1"
    assert [package["name"] for package in answer["packages"]] == [
        "ganaug",
        "pip",
        "toy-common",
        "toy-more",
        "toy-part",
    ]
    assert {package["file"] for package in answer["packages"]} == {path.name for path in made.glob("wheels/*")}
    assert answer["bytes"] == sum(path.stat().st_size for path in made.rglob("*") if path.is_file())


def test_every_file_has_its_checksum(made: Path) -> None:
    lines = [line.split("  ") for line in (made / "SHA256SUMS").read_text().splitlines()]
    files = {path.relative_to(made).as_posix(): path for path in made.rglob("*") if path.is_file()}
    assert {name: digest for digest, name in lines} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if name != "SHA256SUMS"
    }


def test_the_list_of_parts_is_cyclonedx_with_version_licence_and_checksum(made: Path) -> None:
    bill = json.loads((made / "bom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    assert bill["metadata"]["component"].items() >= {"type": "application", "name": "ganaug", "version": "9.9"}.items()
    assert [part["name"] for part in bill["components"]] == ["pip", "toy-common", "toy-more", "toy-part"]
    wheel = next(made.glob("wheels/toy_part*"))
    assert bill["components"][-1] == {
        "type": "library",
        "bom-ref": "pkg:pypi/toy-part@1.5%2Bcpu",
        "name": "toy-part",
        "version": "1.5+cpu",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        "licenses": [{"expression": "MIT"}],
        "purl": "pkg:pypi/toy-part@1.5%2Bcpu",
    }


@pytest.mark.parametrize(
    ("expression", "licence", "classifiers", "stated"),
    [
        ("mit AND bsd-3-clause", "other", (), {"expression": "MIT AND BSD-3-Clause"}),
        (None, "Apache-2.0", ("License :: OSI Approved :: MIT License",), {"expression": "Apache-2.0"}),
        (None, "BSD 3-Clause, new", (), {"license": {"name": "BSD 3-Clause, new"}}),
        (None, "Copyright\nAll of it", ("License :: OSI Approved :: X",), {"license": {"name": "X"}}),
        (None, "see https://where.example", ("License :: Y",), {"license": {"name": "Y"}}),
        (None, "UNKNOWN", ("Topic :: Z",), {"license": {"name": "not stated in the package"}}),
        (None, None, (), {"license": {"name": "not stated in the package"}}),
    ],
)
def test_a_licence_is_the_expression_else_a_short_name_else_the_classifier(
    expression: str | None, licence: str | None, classifiers: tuple[str, ...], stated: dict[str, Any]
) -> None:
    assert bundle_parts.licences(expression, licence, classifiers) == [stated]


def test_the_system_that_is_needed_is_the_newest_that_a_wheel_needs() -> None:
    older = "a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    newer = "b-1-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl"
    assert bundle_parts.least_system([Path(older), Path(newer), Path("c-1-py3-none-any.whl")]) == "2.24"
    assert bundle_parts.least_system([Path(older)]) == "2.17"
    assert bundle_parts.least_system([Path("d-1-cp311-cp311-macosx_11_0_arm64.whl")]) == "11.0"
    assert bundle_parts.least_system([Path("e-1-cp311-cp311-win_amd64.whl")]) == "0"


def test_nothing_of_this_machine_or_of_a_network_stands_in_what_is_written(made: Path) -> None:
    for path in made.iterdir():
        text = path.read_text("utf-8") if path.is_file() else ""
        assert not re.search(r"://|\w\.(org|com|net|io)\b", text), path.name
        for local in (platform.node(), str(Path.home()), str(made.parent.parent), sys.prefix):
            assert local not in text, f"{local} in {path.name}"
        assert not re.search(r"@[A-Z]+@", text), f"{path.name} has a gap"


def test_each_system_gets_its_line_ends(made: Path) -> None:
    assert b"\r" not in (made / "install.sh").read_bytes()
    assert b"\r" not in (made / "SHA256SUMS").read_bytes()
    windows = (made / "install.cmd").read_bytes()
    assert windows.count(b"\n") == windows.count(b"\r\n") > 10
    assert windows.isascii()
    assert os.access(made / "install.sh", os.X_OK) or os.name == "nt"


def test_both_scripts_check_first_and_then_install_from_the_folder_alone(made: Path) -> None:
    for name in ("install.sh", "install.cmd"):
        script = (made / name).read_text("utf-8")
        check, environment, install_ = (script.index(words) for words in ("check.py", "-m venv", "--no-index"))
        assert check < environment < install_
        assert f"(3, {sys.version_info.minor})" in script
        assert "ganaug==9.9" in script
    assert "doctor" in (made / "README.txt").read_text("utf-8")


# the installation


@functools.cache
def without_network() -> tuple[str, ...]:
    """Return what starts a program where no name resolves; where the system has none, see `alone`."""
    command = ("unshare", "-rn")
    works = (
        shutil.which("unshare") and not subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    )
    return command if works else ()


def alone(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program with a home of its own and without network."""
    nowhere = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY")}
    kept = {"PATH": os.defpath, "PYTHON": sys.executable, "HOME": str(home)}
    return subprocess.run(
        [*without_network(), *arguments], env={**kept, **nowhere, "PYTHONPATH": str(home / "not mine")}, cwd=home,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@sh_only
def test_it_installs_without_network_into_the_home_folder_and_once(made: Path, tmp_path: Path) -> None:
    done = alone(tmp_path, "sh", str(made / "install.sh"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'"{tmp_path}/ganaug/bin/ganaug" demo' in done.stdout
    assert alone(tmp_path, str(tmp_path / "ganaug/bin/ganaug")).stdout == "ganaug 9.9\n"
    known = alone(
        tmp_path, str(tmp_path / "ganaug/bin/python"), "-c", "import ganaug, toy_common, toy_more, toy_part, pip"
    )
    assert known.returncode == 0, known.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["ganaug"], "nothing else is written"
    again = alone(tmp_path, "sh", str(made / "install.sh"))
    assert again.returncode == 1
    assert "is already there" in again.stderr


@sh_only
def test_an_installation_that_fails_leaves_nothing(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "copy")
    next((tmp_path / "copy").glob("wheels/toy_more*")).unlink()
    sums = tmp_path / "copy" / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(True) if "toy_more" not in line))
    done = alone(tmp_path, "sh", "copy/install.sh", "new place")
    assert done.returncode != 0
    assert "No matching distribution found for Toy_More" in done.stderr
    assert not (tmp_path / "new place").exists()


@sh_only
def test_another_python_is_said_before_anything_is_made(made: Path, tmp_path: Path) -> None:
    script = tmp_path / "install.sh"
    script.write_text(re.sub(r"\(3, \d+\)", "(3, 2)", (made / "install.sh").read_text()))
    done = alone(tmp_path, "sh", str(script))
    assert done.returncode == 1
    assert "was not found. Name it: PYTHON=" in done.stderr
    assert not (tmp_path / "ganaug").exists()


@pytest.mark.parametrize("harm", ["none", "damaged", "missing", "foreign", "sums"])
def test_the_check_names_the_file_that_is_not_as_it_was(harm: str, made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    wheel = next(copy.glob("wheels/toy_common*"))
    words = {
        "none": "",
        "damaged": f"wheels/{wheel.name} is damaged",
        "missing": f"wheels/{wheel.name} is missing",
        "foreign": "wheels/ganaug-99-py3-none-any.whl does not belong to this folder",
        "sums": "SHA256SUMS is missing",
    }[harm]
    (copy / "wheels" / "._toy.whl").touch()  # macOS leaves such files on a stick
    if harm == "damaged":
        wheel.write_bytes(wheel.read_bytes()[:-1] + b"?")
    elif harm == "missing":
        wheel.unlink()
    elif harm == "foreign":
        (copy / "wheels" / "ganaug-99-py3-none-any.whl").touch()
    elif harm == "sums":
        (copy / "SHA256SUMS").unlink()
    done = checked(copy, *SYSTEM, "0")
    assert done.returncode == (harm != "none")
    assert done.stderr.startswith(words)
    assert not done.stderr or "copy the whole folder again" in done.stderr


def test_the_check_names_the_system_that_is_needed(made: Path) -> None:
    assert "This folder is for Plan9 vax, and here is" in checked(made, "Plan9", "vax", "0").stderr
    if SYSTEM[0] != "Windows":
        assert re.search(r"needs (glibc|macOS) 999\.1 or newer", checked(made, *SYSTEM, "999.1").stderr)
        assert checked(made, *SYSTEM, "2.3").returncode == 0, "numbers are compared, not letters"


def checked(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(folder / "check.py"), *arguments], capture_output=True, text=True, check=False
    )
