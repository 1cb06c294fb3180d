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
    """Half-edges in pairs, ``one`` and ``two`` (E,) int64.

    Those of `face_pairs` are the edges of exactly two triangles that run through them in opposite directions; any other
    edge is a border.
    """

    one: NDArray[np.int64]
    two: NDArray[np.int64]

    def chosen(self, keep: NDArray[np.bool_]) -> Pairs:
        """Those pairs for which ``keep`` (E,) holds."""
        return Pairs(self.one[keep], self.two[keep])


@dataclass(frozen=True)
class Edges:
    """All half-edges of ``faces`` (F, 3) by the edge that they run along: ``half`` (3F,) int64 holds those of the first
    edge, then those of the next, each edge's in their order; edge e has ``size[e]`` of them from place ``first[e]``."""

    faces: NDArray[np.integer]
    half: NDArray[np.int64]
    first: NDArray[np.int64]
    size: NDArray[np.int64]

    @classmethod
    def of(cls, faces: NDArray[np.integer]) -> Edges:
        """Edges in the order of their lower, then of their higher vertex."""
        start = faces.astype(np.int64).ravel()
        end = np.roll(faces, -1, axis=1).astype(np.int64).ravel()
        key = np.minimum(start, end) * (int(faces.max(initial=0)) + 1) + np.maximum(start, end)
        half = np.argsort(key, kind="stable")
        _, first, size = np.unique(key[half], return_index=True, return_counts=True)
        return cls(faces, half, first, size)

    def upwards(self) -> NDArray[np.bool_]:
        """(3F,) whether each of ``half`` runs from its edge's lower vertex to the higher."""
        return (self.faces < np.roll(self.faces, -1, axis=1)).ravel()[self.half]

    def beside(self) -> Pairs:
        """Half-edges that follow each other at an edge, whichever way they run: n - 1 pairs at an edge of n."""
        later = np.ones(len(self.half), bool)
        later[self.first] = False
        place = np.flatnonzero(later)
        return Pairs(self.half[place - 1], self.half[place])

    def opposite(self) -> Pairs:
        """One pair at each edge that triangles run through both ways: the last that runs down, the first that runs
        up."""
        if len(self.half) == 0:
            return Pairs(self.half, self.half)
        up, none = self.upwards(), len(self.half)
        down_last = np.maximum.reduceat(np.where(up, -1, self.half), self.first)
        up_first = np.minimum.reduceat(np.where(up, self.half, none), self.first)
        both = (down_last >= 0) & (up_first < none)
        return Pairs(down_last[both], up_first[both])


def face_pairs(faces: NDArray[np.integer]) -> Pairs:
    """The shared edges of ``faces`` (F, 3)."""
    edges = Edges.of(faces)
    first = edges.first[edges.size == 2]
    one, two = edges.half[first], edges.half[first + 1]
    corner = faces.ravel()
    proper = corner[one] == corner[next_corner(two)]
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
