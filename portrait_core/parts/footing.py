# SPDX-License-Identifier: Apache-2.0
"""Hair stays over the skin of whoever wears it.

A style is fitted on the mean person; a heavy neck or a round head would come through it. So points of the mesh that lie
near the skin know the place of the skin beneath them, their *foot*, and where a person's own foot comes nearer than it
is on the mean person, the vertices around the point are lifted: planes of three controls, no search, the same bytes
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays


@dataclass(frozen=True, eq=False)
class Footing:
    """Of M points that are held over the skin:

    Attributes:
        vertices, shares: (M, 3) the vertices of the style around each, and what it has of them.
        corners, weights: (M, 3) the controls around each foot, counter-clockwise from outside, and their shares.
        least: (M,) metres over the plane of the foot that a point keeps.
    """

    vertices: NDArray[np.int64]
    shares: NDArray[np.float32]
    corners: NDArray[np.int64]
    weights: NDArray[np.float32]
    least: NDArray[np.float32]

    @classmethod
    def none(cls) -> Footing:
        """No point is held."""
        whole, real = np.zeros((0, 3), np.int64), np.zeros((0, 3), np.float32)
        return cls(whole, real, whole, real, np.zeros(0, np.float32))

    def over(
        self, places: NDArray[np.float64], controls: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(M,) metres of the points over the planes of their feet, and the planes' normals (M, 3); ``places`` (K, 3)
        and ``controls`` (C, 3) in the base mesh's pose."""
        a, b, c = (controls[self.corners[:, k]] for k in range(3))
        normals = np.cross(b - a, c - a)
        normals /= np.maximum(np.sqrt((normals**2).sum(axis=1, keepdims=True)), 1e-12)
        above = _mixed(places, self.vertices, self.shares) - _mixed(controls, self.corners, self.weights)
        return (above * normals).sum(axis=1), normals

    def kept(self, places: NDArray[np.float64], controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (K, 3), those around points that lie too low lifted along the normals of the feet."""
        over, normals = self.over(places, controls)
        low = np.flatnonzero(self.least - over > 0)
        if len(low) == 0:
            return places
        short, normals = (self.least - over)[low], normals[low]
        corner, shares = self.vertices[low].ravel(), self.shares[low].astype(np.float64)
        pull = (short[:, None] * shares).ravel()
        way = np.stack([np.bincount(corner, pull * np.repeat(n, 3), len(places)) for n in normals.T], axis=1)
        way /= np.maximum(np.sqrt((way**2).sum(axis=1, keepdims=True)), 1e-12)
        # The least that the three have to move for the point to get where it belongs, and the most of that for each.
        wanted = short[:, None] * shares / (shares**2).sum(axis=1, keepdims=True)
        along = (way[corner] * np.repeat(normals, 3, axis=0)).sum(axis=1)
        lift = np.zeros(len(places))
        np.maximum.at(lift, corner, wanted.ravel() / np.maximum(along, 0.5))
        return places + lift[:, None] * way

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        if len(self.vertices) == 0:
            return {}
        return {
            "vertices": self.vertices.astype(np.int16),
            "shares": self.shares.astype(np.float16),
            "corners": self.corners.astype(np.int16),
            "weights": self.weights.astype(np.float16),
            "least": self.least.astype(np.float16),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Footing:
        """The footing in ``arrays``; where there are none, no point is held."""
        if not arrays:
            return cls.none()
        vertices, corners = (arrays[name].astype(np.int64) for name in ("vertices", "corners"))
        shares, weights, least = (arrays[name].astype(np.float32) for name in ("shares", "weights", "least"))
        return cls(vertices, shares, corners, weights, least)


def _mixed(values: NDArray[np.float64], corners: NDArray[np.int64], shares: NDArray[np.float32]) -> NDArray[np.float64]:
    """(M, 3) of rows (N, 3), three each."""
    part = shares.astype(np.float64)
    return sum((values[corners[:, k]] * part[:, k : k + 1] for k in range(3)), np.zeros((len(corners), 3)))
