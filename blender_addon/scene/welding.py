# SPDX-License-Identifier: GPL-3.0-or-later
"""A file's surface as artists want it: quads where the file tells of them, one vertex where a seam cuts the texture.

What :func:`quads.join_quads` does to a mesh of Blender's, in arrays and therefore fast. Knows nothing of Blender.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .glb_surfaces import Surface


@dataclass(frozen=True)
class Welded:
    """Faces over fewer vertices. What differs between the two sides of a seam is kept at the corners."""

    kept: NDArray[np.int32]
    """(V,) the vertices of the file that stay."""
    corners: NDArray[np.int32]
    """(C,) the vertex of each corner, face by face, numbered as in ``kept``."""
    origins: NDArray[np.int32]
    """(C,) the file's vertex of each corner."""
    begins: NDArray[np.int32]
    """(F,) the first corner of each face."""


def weld(surface: Surface) -> Welded:
    """Faces as the file tells of them. Raises ValueError where two triangles that shall be a quad share no edge."""
    paired, alone = surface.triangles[: 2 * surface.quads], surface.triangles[2 * surface.quads :]
    quads = _joined(paired[0::2], paired[1::2])
    origins = np.concatenate([quads.ravel(), alone.ravel()]).astype(np.int32)
    sizes = np.repeat(np.array([4, 3], np.int32), [len(quads), len(alone)])
    begins = np.zeros(len(sizes), np.int32)
    np.cumsum(sizes[:-1], out=begins[1:])
    home = _one_of_each(surface.places, _border(quads, alone, len(surface.places)))
    kept, corners = np.unique(home[origins], return_inverse=True)
    return Welded(kept.astype(np.int32), corners.reshape(-1).astype(np.int32), origins, begins)


def _joined(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int32]:
    """(Q, 4) quads of pairs of triangles (Q, 3) that share an edge, turning as the first of each pair does."""
    same = first[:, :, None] == second[:, None, :]
    own, other = ~same.any(axis=2), ~same.any(axis=1)
    if not (own.sum(axis=1) == 1).all() or not (other.sum(axis=1) == 1).all():
        raise ValueError("two triangles that shall be a quad share no edge")
    rows, begin = np.arange(len(first)), own.argmax(axis=1)
    corners = (first[rows, begin], first[rows, (begin + 1) % 3], second[rows, other.argmax(axis=1)])
    return np.stack([*corners, first[rows, (begin + 2) % 3]], axis=1)


def _border(quads: NDArray[np.int32], triangles: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """The vertices at edges of one face alone: those at seams are among them. Lips that touch are no seam."""
    sides = [np.stack([each, np.roll(each, -1, axis=1)], axis=2).reshape(-1, 2) for each in (quads, triangles)]
    edges = np.sort(np.concatenate(sides), axis=1).astype(np.int64)
    found, uses = np.unique(edges[:, 0] * count + edges[:, 1], return_counts=True)
    open_ones = found[uses == 1]
    return np.unique(np.concatenate([open_ones // max(count, 1), open_ones % max(count, 1)]))


def _one_of_each(places: NDArray[np.float32], border: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) for each vertex the first of those of the border that lie at its place, for others themselves."""
    home = np.arange(len(places))
    if len(border):
        _, first, group = np.unique(places[border] + 0.0, axis=0, return_index=True, return_inverse=True)
        home[border] = border[first][group.reshape(-1)]
    return home
