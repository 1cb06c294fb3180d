# SPDX-License-Identifier: Apache-2.0
"""Shapes of two sides made mirror images of each other, and shapes of the middle even.

The targets were made by a program whose two sides are up to 1.2 millimetres apart, a smile's among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.face.names import mirrored

MIRROR = np.array([-1.0, 1.0, 1.0])
APART = 0.0003
"""Metres from the mirror image of a vertex within which its counterpart lies; the base mesh has all of a face's."""


def counterparts(places: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) for each of ``places`` (N, 3) the vertex on the other side of the face, itself in the middle; -1 where there
    is none, or none that has this one for its counterpart."""
    found = cKDTree(places).query(places * MIRROR)
    away, other = np.asarray(found[0], np.float64), np.asarray(found[1], np.int64)
    returns = other[other] == np.arange(len(places))
    return np.where((away < APART) & returns, other, -1)


def evened(shapes: Mapping[str, NDArray[np.float64]], other: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Each shape (N, 3) as the mean of itself and the mirror image of its counterpart, over vertices with ``other``
    (N,) of :func:`counterparts`; vertices without one stay as they are."""
    paired = (other >= 0)[:, None]
    return {
        name: np.where(paired, 0.5 * (moves + shapes[mirrored(name)][other] * MIRROR), moves)
        for name, moves in shapes.items()
    }
