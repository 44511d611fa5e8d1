"""ganaug bundle: a folder that installs ganaug without network and without administrator rights."""

import importlib.util
import os
import platform as system
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from packaging.version import Version

from ganaug_core import app_root
from ganaug_core.cli import bundle_parts, console
from ganaug_core.cli.bundle_parts import Wheel
from ganaug_core.errors import GanaugError, WorkspaceError
from ganaug_core.storage import platform
from ganaug_core.storage.workspace import translated

OWN = "ganaug"
SCRIPTS = Path(__file__).with_name("bundle_scripts")
WINDOWS_LINES = (".cmd", ".txt")  # what Windows reads; the others keep their line ends


def bundle(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.")],
    cuda: Annotated[bool, typer.Option("--cuda", help="Also with a PyTorch for CUDA: gigabytes more.")] = False,
    json: console.Json = None,
) -> None:
    """Write a folder that installs without network and without administrator rights, for a system like this one."""
    folder = folder.absolute()
    source = _checkout()
    _require_empty(folder)
    _require_pip()
    if not cuda:
        _require_processor_build()
    with _made_whole(folder) as unfinished:
        wheels = _gather(source, unfinished / "wheels")
        facts = _facts(wheels)
        _write_documents(unfinished, wheels, facts)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    console.answer(
        {
            "schema": "ganaug.bundle/1",
            "folder": str(folder),
            "platform": facts["PLATFORM"],
            "bytes": size,
            "packages": [{"name": wheel.name, "version": wheel.version, "file": wheel.file.name} for wheel in wheels],
        },
        f"Wrote {folder}: {len(wheels)} packages, {size / 1e6:,.0f} MB, for {facts['PLATFORM']}.\n"
        "Carry the whole folder to such a machine; README.txt says how to install it.",
        json,
    )


def _checkout() -> Path:
    source = app_root()
    if not (source / "pyproject.toml").is_file():
        raise WorkspaceError(
            "A bundle is made from a source checkout, and this ganaug is an installed one.",
            do="Install ganaug from its sources (pip install -e .) and ask again.",
            code="no_checkout",
        )
    return source


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(f"{folder} is not empty.", do="Give a new or an empty folder.", code="not_empty")
    if folder.is_mount():
        raise WorkspaceError(
            f"{folder} is a whole disk.", do=f"Give a new folder in it, as {folder / OWN}.", code="not_empty"
        )


def _require_pip() -> None:
    if importlib.util.find_spec("pip") is None:
        raise GanaugError(
            "This environment has no pip, which fetches the packages.",
            do=f"Run {sys.executable} -m ensurepip and ask again.",
            code="pip",
        )


def _require_processor_build() -> None:
    version = bundle_parts.gpu_build()
    if version is not None:
        raise GanaugError(
            f"PyTorch {version} is a build for graphics cards, and a bundle holds the one for processors.",
            do="Install PyTorch's processor build in an environment of its own and ask there; or give --cuda: the "
            "bundle is then larger by gigabytes.",
            code="cuda",
        )


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside, which becomes `folder` at the end; nothing stays of it if that is not reached.

    Raises:
        WorkspaceError: The disk is full, or the place may not be written.
    """
    with translated(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise WorkspaceError(
                f"{folder.parent} may not be written.", do="Give a folder elsewhere.", code="permission"
            ) from error
        try:
            yield unfinished
            unfinished.chmod(0o755)
            platform.replace(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise


def _gather(source: Path, folder: Path) -> list[Wheel]:
    """Return the wheels of ganaug, its needs and pip as they are installed here, ganaug's first; they lie in `folder`.

    Raises:
        GanaugError: pip failed, or what is installed here does not fit together.
    """
    progress = console.Progress()
    try:
        progress(0, "Making the wheel of ganaug")
        _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
        own = bundle_parts.read_wheel(next(folder.glob("*.whl")))
        versions = bundle_parts.closure([*own.requires, "pip"])
        for done, (name, version) in enumerate(versions.items(), start=1):
            progress(done / (len(versions) + 2), f"{name} {version}")
            _pip("wheel", "--no-deps", "--wheel-dir", str(folder), f"{name}=={version}")
        progress(1 - 1 / (len(versions) + 2), "Trying the installation")
        _rehearse(folder, own.version)
    finally:
        progress.close()
    others = [bundle_parts.read_wheel(file) for file in sorted(folder.glob("*.whl")) if file != own.file]
    _require_same(versions, others)
    return [own, *others]


def _rehearse(folder: Path, version: str) -> None:
    """Let pip find that these wheels are enough, without any index and without what is installed here."""
    _pip(
        *("--isolated", "install", "--dry-run", "--ignore-installed", "--no-index", "--find-links", str(folder)),
        *("pip", f"{OWN}=={version}"),
        environment={"PIP_CONFIG_FILE": os.devnull},
    )


def _pip(*arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Run pip of this environment.

    Raises:
        GanaugError: It failed; its last error is said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["it said nothing."]
        errors = [line for line in lines if line.startswith("ERROR")]  # hints may follow it
        raise GanaugError(
            f"pip failed on {arguments[-1]}: {(errors or lines)[-1]}",
            do="See that the package index can be reached and the disk has room, and ask again. Nothing was written.",
            code="pip",
        )


def _require_same(versions: Mapping[str, str], wheels: Sequence[Wheel]) -> None:
    """See that pip fetched the builds that are installed here: an index may hold 2.11.0+cu128 beside 2.11.0."""
    for wheel in wheels:
        if Version(wheel.version) != Version(versions[wheel.name]):
            raise GanaugError(
                f"{wheel.name} {versions[wheel.name]} is installed here, and the package index gave {wheel.version}.",
                do="Point pip to the index that the installed one is from, or install the other; ask again.",
                code="version",
            )


def _facts(wheels: Sequence[Wheel]) -> dict[str, str]:
    """Return what the scripts have to know, by the names that stand for it in them."""
    least = bundle_parts.least_system(wheel.file for wheel in wheels)
    kind = "macOS" if system.system() == "Darwin" else "glibc"
    newer = "" if least == "0" else f" ({kind} {least} or newer)"
    major, minor = sys.version_info[:2]
    return {
        "SYSTEM": system.system(),
        "MACHINE": system.machine(),
        "LEAST": least,
        "PLATFORM": f"{system.system()} {system.machine()}{newer} and Python {major}.{minor}",
        "MAJOR": str(major),
        "MINOR": str(minor),
        "VERSION": wheels[0].version,
        "PIP": next(wheel.file.name for wheel in wheels if wheel.name == "pip"),
        "COUNT": str(len(wheels)),
    }


def _write_documents(folder: Path, wheels: Sequence[Wheel], facts: Mapping[str, str]) -> None:
    """Write beside the wheels: the scripts, the list of parts, and the checksums of everything."""
    for template in SCRIPTS.iterdir():
        if template.is_file():
            (folder / template.name).write_bytes(_filled(template, facts))
    (folder / "install.sh").chmod(0o755)
    bill = bundle_parts.bill_of_materials(wheels[0], wheels[1:])
    console.write_json(bill, str(folder / "bom.cdx.json"))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{bundle_parts.digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / "SHA256SUMS").write_bytes("".join(sums).encode())


def _filled(template: Path, facts: Mapping[str, str]) -> bytes:
    text = template.read_text("utf-8")
    for name, value in facts.items():
        text = text.replace(f"@{name}@", value)
    return text.replace("\n", "\r\n" if template.suffix in WINDOWS_LINES else "\n").encode()
