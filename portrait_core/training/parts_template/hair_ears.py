# SPDX-License-Identifier: Apache-2.0
"""Hair that lies in an ear, not behind it, is left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.training.parts_template.worn import Mannequin

OUTSIDE, REACH = 0.004, 0.014
"""An ear that is met on the way inwards from so far beside hair, and no farther from there, has the hair in it,
metres."""


def off_ears(places: NDArray[np.float64], mannequin: Mannequin) -> NDArray[np.float64]:
    """(N,) 0 for places (N, 3) from the middle of the eyes that lie in or on an ear's outer side, 1 elsewhere."""
    side = np.where(places[:, :1] < 0, -1.0, 1.0) * [1.0, 0.0, 0.0]
    hits = mannequin.skin.first_hits((places + side * OUTSIDE).astype(np.float32), (-side).astype(np.float32), REACH)
    skin, faces = mannequin.places, mannequin.triangles
    corner = skin[faces[np.maximum(hits.face, 0)]]
    # Between an ear and the head one sees the back of its skin, from within.
    towards = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 0] * side[:, 0] > 0
    ear = (mannequin.ears > 0)[faces[np.maximum(hits.face, 0)]].all(axis=1)
    return np.where((hits.face >= 0) & towards & ear, 0.0, 1.0)
