# SPDX-License-Identifier: GPL-3.0-or-later
"""How two surfaces are joined around a neck: numbers alone, without Blender. Needs numpy, which Blender brings.

All places are in the seam's frame, in metres of the avatar: the origin in the middle of the neck where the seam is, +z
along the neck upwards, +x to the person's left, +y to the back. Angles run from the front (0) by the left (+pi/2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]
Rows = NDArray[np.int64]


def angles(places: Places) -> Places:
    """(N,) radians about the neck's axis, from -pi to pi."""
    return np.arctan2(places[:, 0], -places[:, 1])


def radii(places: Places) -> Places:
    """(N,) metres from the neck's axis."""
    return np.hypot(places[:, 0], places[:, 1])
