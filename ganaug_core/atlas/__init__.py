"""Failure lessons: three real generators of one cohort, shipped ready to open, and what they teach.

`make.py` trains them and writes `assets/demo`; `install` lays that into a workspace without loading torch. What is
shipped is an artefact a folder, `KIND/NAME`, with what it was made from in `reference.json`, but for what would be
large: the cohort's pixels are rendered from their seed, the samples lie there as one picture of 8 bits, the depth in
which they were audited, and ids in one byte a character.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganaug_core import app_root
from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Floats, codec
from ganaug_core.records.digest import digest_of
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import KINDS, NAMED, Reference, Workspace

COHORT = "phantom"
PER_CLASS = 600
PACKED, REFERENCE = "images.png", "reference.json"


@dataclass(frozen=True)
class Lesson:
    """One generator of the demo and the story it tells.

    Attributes:
        generator: Name of the generator and of its run.
        title: What it is called on the page.
        see: What to look for while scrubbing through its training.
        why: Why it happens.
        cure: What helps.
    """

    generator: str
    title: str
    see: str
    why: str
    cure: str


LESSONS = (
    Lesson(
        "working",
        "A working generator",
        "Noise becomes liver, then round and lobulated lesions, then the textures. On the map the synthetic points "
        "spread over all of the real ones; the audit still names groups that are made too rarely.",
        "The discriminator sees every real image next to a generated one of the same label, and its gradient is kept "
        "small on both. It never has one answer for a whole region, so the generator cannot win by one good image.",
        "What is left are groups of a tenth to a sixth of a class, by brightness and position. Compare the other two "
        "with it.",
    ),
    Lesson(
        "collapsed",
        "Collapsed on one texture",
        "The run goes on from the working generator. Rims and speckles fade within the first frames and every lesion "
        "becomes homogeneous; each single image still looks right, and the checkups of the run, which compare pixels, "
        "find the tuning images covered.",
        "From here on only homogeneous lesions were shown. A generator is rewarded for what the discriminator sees "
        "and forgets the rest: the same happens when a rare texture is hardly ever drawn, or when the discriminator "
        "stops looking for it.",
        "Draw the classes and known subgroups more evenly, add images of the missing group, keep the gradient penalty "
        "on. Judge by coverage per class: the fidelity of single images shows nothing.",
    ),
    Lesson(
        "copying",
        "Copies its training images",
        "The lesions get sharp early and then stop changing; neighbouring samples repeat. Two alarms ring: of a "
        "discriminator that learns by heart after 20,000 images, of copying after 40,000. On the map the synthetic "
        "points sit on a handful of training points.",
        "Only 40 training images were shown, again and again, without augmentation. The discriminator learns them by "
        "heart, and the only way to please it is to draw them.",
        "More patients, augmentation, a shorter run; stop when the alarm rings. A run keeps its best checkpoint "
        "without copying unless it is told to keep the last, as this one was. A copied patient cannot be cured "
        "afterwards: do not share this generator.",
    ),
)


def shipped() -> Path:
    """Return the folder of the shipped demo."""
    return app_root() / "assets" / "demo"


def install(workspace: Workspace, source: Path | None = None, kinds: Sequence[str] = KINDS) -> str:
    """Lay the demo, or some kinds of it, into a workspace and return the cohort's name.

    What an earlier ganaug shipped is replaced where it differs; results are there already where somebody made them.

    Raises:
        WorkspaceError: The demo was not shipped with this installation, the disk is full, or something else has a name
            of the demo.
    """
    for kind, folder in _absent(workspace, source or shipped(), kinds):
        _lay(workspace, kind, folder)
    return COHORT


def prepare(workspace: Workspace, ready: Callable[[], None] = lambda: None) -> bool:
    """Begin to lay the demo in a process of its own, and return whether that goes on; `being_prepared` tells later.

    Rendering takes seconds of a core, in which pages can be served. What goes wrong stands on standard error.

    Args:
        ready: Called from a thread when the demo is there.

    Raises:
        WorkspaceError: The demo was not shipped with this installation.
    """
    if not _absent(workspace, shipped(), KINDS):
        return False
    demo_lock = ExitStack()
    try:
        demo_lock.enter_context(locks.hold(workspace.demo_lock, "The preparation of the demo"))
    except locks.Held:  # another app prepares it
        return True
    with ExitStack() as unless_begun:
        unless_begun.push(demo_lock)
        command = [sys.executable, "-m", "ganaug_core.atlas", str(workspace.root)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        threading.Thread(target=_await, args=(process, demo_lock, ready), daemon=True).start()
        unless_begun.pop_all()
    return True


def being_prepared(workspace: Workspace) -> bool:
    """Return whether somebody lays the demo into this workspace right now."""
    return locks.is_held(workspace.demo_lock)


def _await(process: "subprocess.Popen[bytes]", demo_lock: ExitStack, ready: Callable[[], None]) -> None:
    with demo_lock:
        status = process.wait()
    if status == 0:
        ready()


def _absent(workspace: Workspace, source: Path, kinds: Sequence[str]) -> list[tuple[str, Path]]:
    """Return kind and folder of the shipped artefacts that are not in the workspace: what others are made of first.

    Raises:
        WorkspaceError: The demo was not shipped with this installation, or something else has a name of the demo.
    """
    if not (source / "cohorts" / COHORT).is_dir():
        raise WorkspaceError(
            "The demo's files are missing from this installation.",
            do="Install ganaug again, or import the cohort 'embedded:phantom' and train.",
            code="missing",
        )
    shipped_here = ((kind, folder) for kind in kinds for folder in sorted((source / kind).glob("*/")))
    return [(kind, folder) for kind, folder in shipped_here if _wanted(workspace, kind, folder)]


def samples_of(workspace: Workspace, generator: str) -> str | None:
    """Return the name of the shipped images of one of the demo's generators, None where they are gone."""
    if not workspace.exists("generators", generator):
        return None
    inputs = {"generator": workspace.identity("generators", generator)}
    return workspace.newest("samples", inputs, per_class=PER_CLASS, seed=0, truncation=1.0, mixing=0.0, classes=None)


def _wanted(workspace: Workspace, kind: str, folder: Path) -> bool:
    """Whether a shipped artefact is not in the workspace yet."""
    name = folder.name
    if not workspace.exists(kind, name):
        return True
    if kind not in NAMED:
        return False  # found by what it was made from
    try:
        present = workspace.reference(kind, name)
    except WorkspaceError:
        return True
    if present.shipped == _digest(folder) or (present.identity and present.identity == _reference(folder).identity):
        return False
    if not present.shipped:
        raise WorkspaceError(
            f"The demo has a {kind.removesuffix('s')} named {name}, and there is another one of that name here.",
            do=f"Start the demo with another folder (--workspace), or remove {name} first.",
            code="name_taken",
        )
    return True


def _reference(folder: Path) -> Reference:
    return codec.decode(Reference, json.loads((folder / REFERENCE).read_bytes()))


def _digest(folder: Path) -> str:
    """Return what changes with a shipped artefact: its description, and the name and size of each file."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = sorted((path.relative_to(folder).as_posix(), path.stat().st_size) for path in paths)
    return digest_of((folder / "manifest.json").read_text("utf-8"), (folder / REFERENCE).read_text("utf-8"), files)


def _lay(workspace: Workspace, kind: str, folder: Path) -> None:
    """Write one artefact into the workspace."""
    reference = _reference(folder)
    arrays, files = dict[str, NDArray[Any]](), dict[str, bytes]()
    for path in folder.rglob("*"):
        key = path.relative_to(folder).as_posix()
        if path.suffix == ".npy":
            array = np.load(path, allow_pickle=False)
            arrays[path.stem] = array.astype(str) if path.stem == "ids" else array
        elif path.is_file() and key not in ("manifest.json", REFERENCE, PACKED):
            files[key] = path.read_bytes()
    if kind == "cohorts":
        from ganaug_core.readers.phantom import embedded  # SciPy: only where the demo is laid

        arrays["pixels"] = embedded()[0].pixels
    elif kind == "samples":
        with Image.open(folder / PACKED) as sheet:
            arrays["images"] = unpack(np.asarray(sheet).reshape(-1, 1, sheet.width, sheet.width))
    workspace.write(
        kind,
        folder.name,
        json.loads((folder / "manifest.json").read_bytes()),
        arrays,
        files,
        identity=reference.identity,
        origin=reference.origin,
        replace=True,
        shipped=_digest(folder),
    )


def pack(images: Floats) -> NDArray[np.uint8]:
    """Return images of [-1, 1] in 8 bits: over 400 HU 1.6 HU a step, below the noise (7 to 19 HU)."""
    packed: NDArray[np.uint8] = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    return packed


def unpack(packed: NDArray[np.uint8]) -> Floats:
    """Return the images that `pack` made, float32 in [-1, 1]."""
    return (packed.astype(np.float32) / np.float32(127.5) - 1).astype(np.float32)
