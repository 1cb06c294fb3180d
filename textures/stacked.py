# SPDX-License-Identifier: Apache-2.0
"""How much of a UV map lies under more than one face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from textures.raster import Placement

SIZE = 512
"""Side of the image whose texels are counted."""

MANY = 8.0
"""Squares that the faces fill all together from which on a smaller image is enough, and spares memory."""


def stacked_share(faces: NDArray[np.int32], uvs: NDArray[np.float32]) -> float:
    """The share, 0 to 1, of what the ``faces`` (F, 3) cover in the image that two or more of them cover.

    ``uvs`` (V, 2) have the origin at the bottom left. Edges that faces share count for none of them. An image without
    faces has a share of 0.
    """
    corners = uvs.astype(np.float64)[faces]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    filled = float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum()) / 2
    count = Placement(faces, uvs, SIZE if filled < MANY else SIZE // 4).count()
    covered = int((count > 0).sum())
    return int((count > 1).sum()) / covered if covered else 0.0
