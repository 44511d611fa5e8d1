"""Failure lessons: three real generators of one cohort, shipped ready to open, and what they teach.

`make.py` trains them and writes `assets/demo`; `install` lays that into a workspace without loading torch. What is
shipped is a workspace folder by folder, but for what would be large: the cohort's pixels are rendered from their seed,
the samples lie there in 8 bits, the depth in which they were audited, and ids in one byte a character.
"""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug_core import app_root
from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Floats
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import KINDS, Workspace

COHORT = "phantom"
PACKED = "images.npz"


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
        "healthy",
        "A healthy generator",
        "Noise becomes liver, then round and lobulated lesions, then the textures. On the map the synthetic points "
        "spread over all of the real ones.",
        "The discriminator sees every real image next to a generated one of the same label, and its gradient is kept "
        "small on both. It never has one answer for a whole region, so the generator cannot win by one good image.",
        "Nothing to cure. Compare the other two with it.",
    ),
    Lesson(
        "collapsed",
        "Collapsed on one texture",
        "The run goes on from the healthy generator. Rims and speckles fade within the first frames and every lesion "
        "becomes homogeneous; each single image still looks right.",
        "From here on only homogeneous lesions were shown. A generator is rewarded for what the discriminator sees "
        "and forgets the rest: the same happens when a rare texture is hardly ever drawn, or when the discriminator "
        "stops looking for it.",
        "Draw the classes and known subgroups more evenly, add images of the missing group, keep the gradient penalty "
        "on. Judge by coverage per class: the fidelity of single images shows nothing.",
    ),
    Lesson(
        "copying",
        "Copies its training images",
        "The lesions get sharp early and then stop changing; neighbouring samples repeat. On the map the synthetic "
        "points sit on a handful of training points.",
        "Only 40 training images were shown, again and again, without augmentation. The discriminator learns them by "
        "heart, and the only way to please it is to draw them.",
        "More patients, augmentation, a shorter run; stop when the copy test fires. A copied patient cannot be "
        "cured afterwards: do not share this generator.",
    ),
)


def shipped() -> Path:
    """Return the folder of the shipped demo."""
    return app_root() / "assets" / "demo"


def install(workspace: Workspace, source: Path | None = None, kinds: Sequence[str] = KINDS) -> str:
    """Lay the demo, or some kinds of it, into a workspace, unless it is there, and return the cohort's name.

    Raises:
        WorkspaceError: The demo was not shipped with this installation, or the disk is full.
    """
    for artefact, place in _absent(workspace, source or shipped(), kinds):
        _lay(artefact, place)
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
    held = ExitStack()
    try:
        held.enter_context(locks.hold(_lock(workspace), "The preparation of the demo"))
    except locks.Held:  # another app prepares it
        return True
    with ExitStack() as unless_begun:
        unless_begun.push(held)
        command = [sys.executable, "-m", "ganaug_core.atlas", str(workspace.root)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        threading.Thread(target=_await, args=(process, held, ready), daemon=True).start()
        unless_begun.pop_all()
    return True


def being_prepared(workspace: Workspace) -> bool:
    """Return whether somebody lays the demo into this workspace right now."""
    return locks.is_held(_lock(workspace))


def _lock(workspace: Workspace) -> Path:
    return workspace.root / "demo.lock"


def _await(process: "subprocess.Popen[bytes]", held: ExitStack, ready: Callable[[], None]) -> None:
    with held:
        status = process.wait()
    if status == 0:
        ready()


def _absent(workspace: Workspace, source: Path, kinds: Sequence[str]) -> list[tuple[Path, Path]]:
    """Return the shipped artefacts that are not in the workspace, and their places: what others refer to first.

    Raises:
        WorkspaceError: The demo was not shipped with this installation.
    """
    if not (source / "cohorts" / COHORT).is_dir():
        raise WorkspaceError(
            "The demo's files are missing from this installation.",
            do="Install ganaug again, or import the cohort 'embedded:phantom' and train.",
            code="missing",
        )
    each = ((artefact, kind) for kind in kinds for artefact in sorted((source / kind).glob("*/")))
    return [(path, workspace.folder(kind, path.name)) for path, kind in each if not workspace.exists(kind, path.name)]


def _lay(artefact: Path, place: Path) -> None:
    """Copy one artefact; its manifest comes last, so a half-copied one is not there."""
    shutil.copytree(artefact, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json", PACKED))
    for ids in place.glob("ids.npy"):
        np.save(ids, np.load(ids, allow_pickle=False).astype(str))
    kind = place.parent.name
    if kind == "cohorts":
        from ganaug_core.readers.phantom import embedded  # SciPy: only where the demo is laid

        np.save(place / "pixels.npy", embedded()[0].pixels)
    elif kind == "samples":
        with np.load(artefact / PACKED, allow_pickle=False) as packed:
            np.save(place / "images.npy", unpack(packed["images"]))
    shutil.copy(artefact / "manifest.json", place / "manifest.json")


def pack(images: Floats) -> NDArray[np.uint8]:
    """Return images of [-1, 1] in 8 bits."""
    packed: NDArray[np.uint8] = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    return packed


def unpack(packed: NDArray[np.uint8]) -> Floats:
    """Return the images that `pack` made, float32 in [-1, 1]."""
    return (packed.astype(np.float32) / np.float32(127.5) - 1).astype(np.float32)


def artefact(workspace: Workspace, kind: str, generator: str) -> str | None:
    """Return the name of the samples, map or audit of one of the demo's generators, None where there is none."""
    start = generator if kind == "samples" else f"{COHORT}--{generator}"
    return next((name for name in workspace.names(kind) if name.startswith(f"{start}-")), None)
