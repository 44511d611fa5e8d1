"""Writing a run down: curves, previews, alarms, checkpoints and state, so that a page or a resume can read them."""

import io
import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ganaug_core.records import Floats
from ganaug_core.records.training import Progress, Raised
from ganaug_core.storage.workspace import translated, write_atomic

if TYPE_CHECKING:
    from ganaug_core.training import Training

CHECKPOINT_SECONDS = 20.0
STATE_SECONDS = 1.0
SHEET_COLUMNS = 8
LINES = ("history.jsonl", "logits.jsonl", "alarms.jsonl", "checkups.jsonl")


class Recorder:
    """Writes one run's progress into its folder; only the process that holds the run's lock may have one."""

    def __init__(self, folder: Path, training: "Training", *, images: int) -> None:
        """Go on after `images` real images: what the history says of later ones is cut, it will be done again."""
        self._folder = folder
        self._training = training
        self._images = self._checkpoint_images = self._first_images = images
        self._checkpoint_time = self._state_time = time.monotonic()
        self._state: dict[str, Any] = {}
        (folder / "previews").mkdir(exist_ok=True)
        (folder / "checkpoints").mkdir(exist_ok=True)
        last_images = images or -1  # from nothing, the first report is made again too
        for name in LINES:
            _cut(folder / name, last_images)
        for sheet in (folder / "previews").glob("*.png"):
            if int(sheet.stem) > last_images:
                sheet.unlink()

    def write(self, progress: Progress) -> None:
        """Add a report; now and then, and with every measured one, this writes a checkpoint too.

        Raises:
            WorkspaceError: The disk is full; the last checkpoint is intact.
        """
        if 0 < progress.images <= self._first_images:
            return  # a resumed run begins with a report that the history has already
        self._images = progress.images
        progress_now = {
            "images": progress.images,
            "seconds": round(progress.seconds, 3),
            "share": round(progress.share, 5),
        }
        if progress.measures:
            _add(self._folder / "history.jsonl", {**progress_now, "measures": _numbers(progress.measures)})
        if progress.logits is not None:
            rounded = {side: [round(float(logit), 4) for logit in logits] for side, logits in progress.logits.items()}
            _add(self._folder / "logits.jsonl", {"images": progress.images, **rounded})
        if progress.preview is not None:
            sheet = self._folder / "previews" / f"{progress.images:09d}.png"
            write_atomic(sheet, sheet_of(progress.preview))
        for alarm in progress.alarms:
            self.alarm(alarm)
        for name in progress.cleared:
            _add(self._folder / "alarms.jsonl", {"images": progress.images, "name": name, "over": True})
        speed = _numbers(progress.measures).get("images_per_second")
        hardware = {"device": self._training.device_in_words, "threads": self._training.threads}
        self._state = {**progress_now, "images_per_second": speed, **hardware}
        if time.monotonic() - self._state_time > STATE_SECONDS:
            self._write_state()
        if progress.checkup is not None:
            self.checkpoint()  # what was measured can be gone back to
            _add(self._folder / "checkups.jsonl", {**progress.checkup.plain(), "kept": progress.kept})
        elif time.monotonic() - self._checkpoint_time > CHECKPOINT_SECONDS:
            self.checkpoint()

    def alarm(self, alarm: Raised) -> None:
        """Write down an alarm."""
        _add(self._folder / "alarms.jsonl", asdict(alarm))

    def checkpoint(self) -> None:
        """Write a checkpoint unless this very state has one, and the state at a glance."""
        from ganaug_core.training import save_checkpoint

        self._write_state()
        if self._images != self._checkpoint_images:
            save_checkpoint(self._folder / "checkpoints", self._training.state(), self._images)
            self._checkpoint_images = self._images
        self._checkpoint_time = time.monotonic()

    def _write_state(self) -> None:
        if self._state:
            write_atomic(self._folder / "state.json", json.dumps(self._state).encode())
        self._state_time = time.monotonic()


def sheet_of(images: Floats) -> bytes:
    """Return a PNG of (n, channel, row, column) images in [-1, 1]: eight a row, white is 1."""
    count, channels, rows, columns = images.shape
    lines = math.ceil(count / SHEET_COLUMNS)
    depth = 3 if channels >= 3 else 1
    sheet = np.zeros((lines * rows, SHEET_COLUMNS * columns, depth), np.uint8)  # (row, column, channel)
    pixels = np.clip(np.rint((np.nan_to_num(images[:, :depth]) + 1) * 127.5), 0, 255).astype(np.uint8)
    for index, image in enumerate(pixels):
        row, column = divmod(index, SHEET_COLUMNS)
        area = (slice(row * rows, (row + 1) * rows), slice(column * columns, (column + 1) * columns))
        sheet[area] = image.transpose(1, 2, 0)
    data = io.BytesIO()
    Image.fromarray(sheet if depth == 3 else sheet[..., 0]).save(data, "PNG")
    return data.getvalue()


def _numbers(measures: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: a measure that is not a number becomes null."""
    return {key: round(float(value), 6) if math.isfinite(value) else None for key, value in measures.items()}


def _add(path: Path, line: dict[str, Any]) -> None:
    with translated(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")


def _cut(path: Path, images: int) -> None:
    if not path.exists():
        return
    lines = []
    for line in path.read_bytes().splitlines():
        try:
            if json.loads(line)["images"] <= images:
                lines.append(line)
        except ValueError:
            continue  # the process died in the middle of this line
    write_atomic(path, b"".join(line + b"\n" for line in lines))
