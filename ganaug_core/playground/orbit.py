"""The way of the Dirac-GAN through its two numbers: where the generator's point is, and how steep the discriminator is.

In the plane of images the point goes to and fro on a straight line; the turning is seen with the slope beside it.
"""

import numpy as np

from ganaug_core.playground.moments import FIELD, Recording
from ganaug_core.records import Floats

_LEVELS = 252  # of a field as it is kept: 0 to 1
_HALF_A_LEVEL = 2  # a field is kept in steps of 4


def orbit(recording: Recording) -> Floats:
    """Return (moment, 2): the signed distance of the point from the truth, and the slope of the logit of D, both along
    the line on which the generator began.

    The logit is linear in the place, so its slope is fitted to the field by least squares.

    Source: Mescheder et al., 2018, arXiv:1801.04406, section 2: theta and psi.
    """
    way = recording.points[:, 0]  # (moment, 2)
    towards = way[0] / np.linalg.norm(way[0])
    line = np.linspace(-1, 1, FIELD) * float(recording.header["reach"])
    across, up = np.meshgrid(line, line)
    along = (across * towards[0] + up * towards[1]).ravel()  # (place,)
    field = recording.moments["field"].reshape(len(way), -1).astype(np.float64)
    sure = np.clip(field, _HALF_A_LEVEL, _LEVELS - _HALF_A_LEVEL) / _LEVELS
    slopes = np.log(sure / (1 - sure)) @ along / (along @ along)
    return np.stack([way @ towards, slopes], 1).astype(np.float32)
