# SPDX-License-Identifier: Apache-2.0
"""Thickness where cloth ends: at every open border a rim and a strip on the inside, both of quads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.normals import vertex_normals

THICKNESS = 0.0018
"""Metres from the outer face of the cloth to the inner one at its borders."""

DEPTH = 0.0035
"""Metres that the inner face goes in from the border."""

TUCKED = 0.0010
"""Metres that both edges of the inner face lie deeper where it is tucked in: in the skin, so that nothing shows between
the two."""

EVENED = 2
"""Rounds in which directions are smoothed along a border."""


@dataclass(frozen=True, eq=False)
class Hemmed:
    """``source`` (K2,) the vertex that each is a copy of; places (K2, 3), quads, corners (Q2, 4), uvs (U2, 2)."""

    source: NDArray[np.int64]
    places: NDArray[np.float64]
    quads: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]


def hemmed(
    places: NDArray[np.float64],
    quads: NDArray[np.int64],
    corners: NDArray[np.int64],
    uvs: NDArray[np.float32],
    tucked: NDArray[np.int64] | None = None,
) -> Hemmed:
    """The mesh (K, 3), (Q, 4) with corners (Q, 4) in ``uvs`` (U, 2), hemmed at its open borders; the hem of the
    vertices ``tucked`` ends in the skin."""
    begin, end, own = open_edges(quads)
    if len(begin) == 0:
        return Hemmed(np.arange(len(places)), places, quads, corners, uvs)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    normals = vertex_normals(places.astype(np.float32), triangles).astype(np.float64)
    border = np.unique(np.concatenate([begin, end]))
    inward = _inward(places, quads, normals, begin, end, border)
    count, rim = len(places), len(border)
    down = _evened(normals[border], np.searchsorted(border, begin), np.searchsorted(border, end))
    inward = _evened(inward, np.searchsorted(border, begin), np.searchsorted(border, end))
    deeper = TUCKED * np.isin(border, [] if tucked is None else tucked)[:, None]
    under = places[border] - down * (THICKNESS + deeper)
    deep = under + inward * DEPTH - down * (0.3 * THICKNESS + deeper)
    place = np.full(count, -1)
    place[border] = np.arange(rim)
    first, second = count + place, count + rim + place
    rows, sides = own // 4, own % 4
    corner_begin, corner_end = corners[rows, sides], corners[rows, (sides + 1) % 4]
    turned = np.stack([end, begin, first[begin], first[end]], 1)
    inner = np.stack([first[end], first[begin], second[begin], second[end]], 1)
    rim_corners = np.stack([corner_end, corner_begin, corner_begin, corner_end], 1)
    return Hemmed(
        source=np.concatenate([np.arange(count), border, border]),
        places=np.concatenate([places, under, deep]),
        quads=np.concatenate([quads, turned, inner]),
        corners=np.concatenate([corners, rim_corners, rim_corners]),
        uvs=uvs,
    )


def _evened(vectors: NDArray[np.float64], begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
    """(B, 3) unit vectors at the border's vertices, smoothed along its edges from ``begin`` to ``end`` (E,)."""
    for _ in range(EVENED):
        total = vectors.copy()
        np.add.at(total, begin, 0.5 * vectors[end])
        np.add.at(total, end, 0.5 * vectors[begin])
        vectors = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return vectors


def open_edges(quads: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where each edge with one quad alone begins and ends (E,), as that quad runs, and its number 4 * quad + side."""
    begin, end = quads.ravel(), np.roll(quads, -1, axis=1).ravel()
    count = int(quads.max()) + 1
    # Either way round: some meshes of the set have neighbours that are turned over.
    edge = np.minimum(begin, end) * count + np.maximum(begin, end)
    _, which, uses = np.unique(edge, return_inverse=True, return_counts=True)
    number = np.flatnonzero((uses[which.ravel()] == 1) & (begin != end))
    return begin[number], end[number], number


def _inward(
    places: NDArray[np.float64],
    quads: NDArray[np.int64],
    normals: NDArray[np.float64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    border: NDArray[np.int64],
) -> NDArray[np.float64]:
    """(B, 3) unit vectors in the cloth, away from its border."""
    along = places[end] - places[begin]
    total = np.zeros_like(places)
    for vertex in (begin, end):
        # A quad lies to the left of its edges, seen from outside.
        np.add.at(total, vertex, np.cross(normals[vertex], along))
    result = total[border]
    return result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-12)
