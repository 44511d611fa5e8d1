"""How a NIfTI volume lies in the body is told twice, by a quaternion and by a matrix, and the two may disagree.

Runs in the decoder's process. Source: nifti1.h of https://nifti.nimh.nih.gov, methods 2 (q-form) and 3 (s-form).
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.01
"""Largest difference between two directions, and between two lengths as a share, that is rounding."""
TO_DICOM = np.diag([-1.0, -1.0, 1.0])
"""NIfTI counts to the right and to the front, DICOM and ITK to the left and to the back."""


def disagreement(first_header: bytes, direction: Sequence[float]) -> str | None:
    """Say in what s-form and q-form differ and which one was used; None where they agree or one is not given.

    Args:
        first_header: Of NIfTI-1.
        direction: What the image library made of it, 9 numbers, row by row.
    """
    order = "<" if first_header[:4] == struct.pack("<i", 348) else ">"
    q_code, s_code = struct.unpack_from(order + "2h", first_header, 252)
    if q_code <= 0 or s_code <= 0:
        return None
    sides = np.abs(struct.unpack_from(order + "3f", first_header, 80))
    matrix = np.reshape(struct.unpack_from(order + "12f", first_header, 280), (3, 4))[:, :3].astype(np.float64)
    lengths = np.linalg.norm(matrix, axis=0)
    if not (np.isfinite(lengths).all() and lengths.all()):
        return "its s-form is no matrix of a body, and the q-form was used."
    if np.abs(matrix / lengths - _of_quaternion(first_header, order)).max() > ALIKE:
        from_s_form = np.abs(TO_DICOM @ matrix / lengths - np.reshape(direction, (3, 3))).max() <= ALIKE
        used = "s-form" if from_s_form else "q-form"
        return f"its s-form and q-form disagree about the directions of its axes; the {used} was used."
    if np.abs(lengths / sides - 1).max() > ALIKE:
        return "its s-form and q-form disagree about the size of a voxel; that of the q-form was used."
    return None


def _of_quaternion(first_header: bytes, order: str) -> NDArray[np.float64]:
    """Return the directions of the three axes, one a column."""
    b, c, d = struct.unpack_from(order + "3f", first_header, 256)
    a = np.sqrt(max(0.0, 1 - b * b - c * c - d * d))
    turned = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handedness = struct.unpack_from(order + "f", first_header, 76)[0]
    turned[:, 2] *= -1 if handedness < 0 else 1
    return turned
