# SPDX-License-Identifier: Apache-2.0
"""Edges that two triangles share, as pairs of half-edges, on meshes with borders and worse.

Half-edges are numbered as in `portrait_core.geometry.half_edges`: ``3 f + c`` begins at corner ``c`` of face ``f``, so
a half-edge and the corner it begins at have one number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels


@dataclass(frozen=True)
class Pairs:
    """The E edges that two triangles share: ``one`` and ``two`` (E,) int64 half-edges.

    Only edges of exactly two triangles that run through them in opposite directions; any other edge is a border.
    """

    one: NDArray[np.int64]
    two: NDArray[np.int64]

    def chosen(self, keep: NDArray[np.bool_]) -> Pairs:
        """Those pairs for which ``keep`` (E,) holds."""
        return Pairs(self.one[keep], self.two[keep])


def face_pairs(faces: NDArray[np.integer]) -> Pairs:
    """The shared edges of ``faces`` (F, 3)."""
    start = faces.astype(np.int64).ravel()
    end = np.roll(faces, -1, axis=1).astype(np.int64).ravel()
    count = int(faces.max(initial=0)) + 1
    key = np.minimum(start, end) * count + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    _, first, size = np.unique(key[order], return_index=True, return_counts=True)
    first = first[size == 2]
    one, two = order[first], order[first + 1]
    proper = start[one] == end[two]
    return Pairs(one[proper], two[proper])


def next_corner(half_edge: NDArray[np.int64]) -> NDArray[np.int64]:
    """The corner at the end of each half-edge."""
    return half_edge - half_edge % 3 + (half_edge + 1) % 3


def glue(count: int, pairs: Pairs) -> NDArray[np.int32]:
    """Vertices of ``count`` triangles glued along ``pairs`` and nowhere else: (count, 3) int32.

    Triangles that only touch at a vertex, and the two sides of a cut, get vertices of their own.
    """
    one = np.concatenate([pairs.one, next_corner(pairs.one)])
    two = np.concatenate([next_corner(pairs.two), pairs.two])
    return component_labels(3 * count, one, two).reshape(-1, 3).astype(np.int32)
