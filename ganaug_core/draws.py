"""Random numbers of a batch, where several processes train one run: each takes its rows of the same draw.

Whatever is drawn for images of a batch while a network learns goes through `drawn`. A process alone draws as ever. One
of several draws the numbers of the whole batch, as a process alone would, and keeps those of its own images: so the
images, latents and augmentations of a step do not depend on how many processes share it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class OwnRows:
    """The rows `first` to `first + count` of a batch of `whole`, which this process computes."""

    first: int
    count: int
    whole: int


_own_rows: OwnRows | None = None  # torch calls the layers that draw, and hands nothing on to them


@contextmanager
def keeping(rows: OwnRows | None) -> Iterator[None]:
    """Keep only these rows of what is drawn inside the block; None keeps all."""
    global _own_rows
    before, _own_rows = _own_rows, rows
    try:
        yield
    finally:
        _own_rows = before


def drawn(draw: "Callable[[int], Tensor]", rows: int, axis: int = 0) -> "Tensor":
    """Return `draw(rows)`, or this process's rows of what is drawn for the whole batch.

    Args:
        draw: Takes a number of rows and returns a tensor with so many along `axis`.
        rows: Rows that are wanted here: once or several times those of this process, for the same images one batch
            after the other (real ones, then generated ones).
    """
    own = _own_rows
    if own is None:
        return draw(rows)
    batches, rest = divmod(rows, own.count)
    assert not rest, f"{rows} rows are no multiple of the {own.count} of this process"
    numbers = draw(batches * own.whole)
    before, after = numbers.shape[:axis], numbers.shape[axis + 1 :]
    by_batch = numbers.reshape(*before, batches, own.whole, *after)
    return by_batch.narrow(axis + 1, own.first, own.count).reshape(*before, rows, *after)
