"""Burned-in text: letters that somebody wrote into the pixels. A generator learns a constant text first of all.

Two looks at the pixels as they come, before they are made smaller: a line of letters in one image, and a bright mark
that lies in the same place of many. Both look for bright strokes with sharp edges only, so a pass is no proof; faint
or dark text is not found, nor, beyond 8 bits, letters so thin that hardly a pixel has their full value.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Pixels

LINE = "There seems to be text in the image."
MARK = "A bright mark lies in the same place of many images."
BRIGHT = 0.02
"""A mark lies within this share of the image's span below its brightest value."""
STROKES = (BRIGHT, 0.3, 0.5)
"""So do letters, one of these: the strokes of small ones are blurred into what they are written on."""
DARK = 0.6
"""Around a letter most pixels are darker than this share of the span, and a tenth of it below the letter."""
LEAST_FULL = 6
"""Pixels of one brightest value that letters have beyond 8 bits; a slice of a body has one to three."""
LEAST_BRIGHT, MOST_BRIGHT = 30, 0.25
HEIGHTS = (5, 48)
"""Pixels of a letter's height; smaller ones cannot be read."""
LETTERS = 4
"""In a line: markers of one or two letters (L, R) name nobody and are passed over on purpose."""
SAME_PLACE = 0.3
"""Share of the images in which a mark is there (robustness.md 5a)."""
LEAST_IMAGES = 20
MOST_SHAPES = 8


def has_text(image: Pixels) -> bool:
    """Whether a (row, column) image shows at least four letters in a line, of one height and close to each other."""
    if image.dtype != np.uint8 and np.count_nonzero(image == image.max()) < LEAST_FULL:
        return False  # beyond 8 bits letters are written in one value, and bone is not: nothing to look for
    return any(_has_letters(image, share) for share in STROKES)


def _has_letters(image: Pixels, share: float) -> bool:
    """Whether there is a line of letters within this share of the span below the brightest value."""
    bright = _bright(image, share)
    if bright is None:
        return False
    from scipy import ndimage  # only a worker looks

    numbered, count = ndimage.label(bright, np.ones((3, 3)))
    if count < LETTERS:
        return False
    low, high = float(image.min()), float(image.max())
    dim = image < low + min(DARK, 0.9 - share) * (high - low)
    letters = []
    for rows, columns in ndimage.find_objects(numbered):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if HEIGHTS[0] <= height <= HEIGHTS[1] and width <= 1.5 * height and _stands_alone(dim, rows, columns):
            letters.append((columns.start, rows.start, height, width))
    return _in_a_line(np.array(sorted(letters)))


def _bright(image: Pixels, share: float = BRIGHT) -> NDArray[np.bool_] | None:
    """Return the brightest pixels, None where they are too few or too many for letters."""
    low, high = float(image.min()), float(image.max())
    bright: NDArray[np.bool_] = image >= high - share * (high - low)
    return bright if LEAST_BRIGHT <= np.count_nonzero(bright) <= MOST_BRIGHT * image.size else None


def _stands_alone(dim: NDArray[np.bool_], rows: slice, columns: slice) -> bool:
    """Whether most of the frame two pixels outside a box is dark: letters are written beside anatomy, or on it."""
    top, bottom = max(0, rows.start - 2), min(len(dim), rows.stop + 2)
    left, right = max(0, columns.start - 2), min(dim.shape[1], columns.stop + 2)
    frame = np.concatenate([dim[top, left:right], dim[bottom - 1, left:right]])
    return bool(frame.mean() > 0.7) and bool(dim[rows, columns].mean() > 0.1)


def _in_a_line(letters: NDArray[np.int64]) -> bool:
    """Whether four boxes (left, top, height, width) follow each other with equal heights, tops and small gaps."""
    for left, top, height, _ in letters:
        alike = letters[(abs(letters[:, 2] - height) <= 0.25 * height) & (abs(letters[:, 1] - top) <= 0.25 * height)]
        run, edge = 0, left
        for start, _, _, width in alike[alike[:, 0] >= left]:
            if start - edge > 1.5 * height:
                break
            run, edge = run + 1, max(edge, start + width)
        if run >= LETTERS:
            return True
    return False


@dataclass
class Marks:
    """Counts, pixel by pixel, in how many images of one shape a value is among the brightest."""

    counts: dict[tuple[int, ...], NDArray[np.int32]] = field(default_factory=dict)
    images: dict[tuple[int, ...], int] = field(default_factory=dict)

    def add(self, image: Pixels) -> None:
        """Count a (row, column) image."""
        if image.shape not in self.counts:
            if len(self.counts) == MOST_SHAPES:
                return
            self.counts[image.shape], self.images[image.shape] = np.zeros(image.shape, np.int32), 0
        self.images[image.shape] += 1
        bright = _bright(image)
        if bright is not None:
            self.counts[image.shape] += bright

    def shapes(self) -> set[tuple[int, ...]]:
        """Return the shapes of which many images have a bright mark in the same place."""
        return {
            shape
            for shape, count in self.counts.items()
            if self.images[shape] >= LEAST_IMAGES and _sharp_marks(count / self.images[shape])
        }


def _sharp_marks(share: NDArray[np.float64]) -> bool:
    """Whether places that are often bright lie two pixels from places that never are: common anatomy is smooth."""
    often = share > SAME_PLACE
    never = np.pad(share < 0.05, 2)
    rows, columns = share.shape
    beside = np.zeros(share.shape, bool)
    for down, right in ((0, 2), (4, 2), (2, 0), (2, 4)):
        beside |= never[down : down + rows, right : right + columns]
    return int(np.count_nonzero(often & beside)) >= LEAST_BRIGHT
