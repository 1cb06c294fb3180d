# SPDX-License-Identifier: Apache-2.0
"""Places on a triangle between its corners: a lattice that cuts each side into equal parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FINER = 5
"""Parts of a triangle's side between places at which shadows are looked up, where those of its corners differ."""


def lattice(weights: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The three lattice points around places of triangles with barycentric ``weights`` (N, 3).

    Returns the points (N, 3, 3), whole numbers that sum to :data:`FINER` over the last axis: so many of its parts is
    each away from the sides across from the corners; and the places' own weights (N, 3) between the three.
    """
    scaled = np.clip(np.asarray(weights, np.float64), 0, 1)
    scaled *= FINER / scaled.sum(axis=1, keepdims=True)
    whole = np.clip(np.floor(scaled), 0, FINER - 1).astype(np.int64)
    # At a point of the lattice nothing is left over: it is a corner of the triangle below it.
    level = whole.sum(axis=1) == FINER
    whole[level, whole[level].argmax(axis=1)] -= 1
    rest = np.asarray(scaled - whole, np.float64)
    # Two parts are left over in a small triangle that stands on its head, one in the others.
    turned = (FINER - whole.sum(axis=1) == 2)[:, None]
    one = np.eye(3, dtype=np.int64)
    points = whole[:, None] + np.where(turned[..., None], 1 - one, one)
    return points, np.asarray(np.where(turned, 1 - rest, rest), np.float32)
