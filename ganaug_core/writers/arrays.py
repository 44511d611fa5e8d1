"""One NPZ file of all images in the physical unit."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ganaug_core.interfaces import Written
from ganaug_core.records import Intensity, Samples
from ganaug_core.writers import marks
from ganaug_core.writers.stored_values import physical_images


@dataclass(frozen=True)
class Npz:
    """`samples.npz` with `images` in the unit, (n, row, column) or (n, row, column, channel), `labels`, `classes`."""

    title: ClassVar[str] = "One NPZ file"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write samples.npz; nothing is rounded, and no pickle is in it."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            images=np.stack(list(physical_images(samples, intensity))),
            labels=samples.labels,
            classes=np.array(samples.classes),
            ids=samples.ids,
            synthetic=np.array(marks.MARK),
            digital_source_type=np.array(marks.SOURCE_TYPE),
            origin=np.array(marks.sentence(samples)),
        )
        (folder / "samples.npz").write_bytes(buffer.getvalue())
        return Written(tuple(f"samples.npz:{index}" for index in range(len(samples))), 1.0, 0.0, 0.0)
