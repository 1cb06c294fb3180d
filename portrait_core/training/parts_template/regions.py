# SPDX-License-Identifier: Apache-2.0
"""Regions of the skin, how finely each is shown in the texture, and the crease behind the ears."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from portrait_core.geometry.normals import vertex_normals
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.skin import REGIONS
from portrait_core.world.canonical_body import EAR, EAR_SIZE, EYE_MIDDLE

_shortest: Any = dijkstra  # its hints do not know a single index

DENSITY = {
    "face": 1.0, "lids": 1.55, "lips": 1.4, "ears": 0.85, "scalp": 0.36, "neck": 0.42, "chest": 0.32, "arms": 0.28,
    "mouth": 0.38, "sockets": 0.36,
}  # fmt: skip
"""Texels along an edge, as a share of the face's."""
SMOOTHING = 3
"""Rounds in which the densities of neighbours are averaged: a jump bends what is laid flat."""

RIDGE = 0.0
"""Depth of the highest line over the shoulders, metres from the neck joint of the canonical body."""

BEHIND_EAR = np.array([(0.0703, 0.0036, -0.0696), (0.0715, -0.0084, -0.0853), (0.0666, -0.0392, -0.0752)])
"""Places along the crease behind the left ear, relative to the middle of the eyes, top to bottom."""


def quad_regions(
    places: NDArray[np.float64], quads: NDArray[np.int64], island: NDArray[np.int64], arms: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """(Q,) into :data:`REGIONS`, for canonical ``places`` (V, 3), the island (Q,) of each quad in the base mesh's own
    layout and the share (V,) of the arms in each vertex's weights."""
    at = places[quads].mean(axis=1) - EYE_MIDDLE
    x, y, z = np.abs(at[:, 0]), at[:, 1], at[:, 2]
    face = (x < 0.075) & (y > -0.13) & (y < 0.07) & (z > -0.09)
    lids = (np.hypot(x - 0.029, y) < 0.02) & (z > -0.04)
    lips = (x < 0.032) & (np.abs(y + 0.075) < 0.018) & (z > -0.05)
    ears = (((np.stack([x, y, z], 1) - EAR) / EAR_SIZE) ** 2).sum(axis=1) < 1
    ears &= x > 0.066
    head = island == 0
    result = np.full(len(quads), REGIONS.index("chest"))
    result[arms[quads].mean(axis=1) > 0.5] = REGIONS.index("arms")
    result[head] = REGIONS.index("scalp")
    result[(head & (y < -0.06) & ~face) | (~head & (y > -0.16) & (x < 0.085))] = REGIONS.index("neck")
    for name, chosen in (("face", face), ("ears", ears), ("lids", lids), ("lips", lips)):
        result[head & chosen] = REGIONS.index(name)
    for name, own in _insides(places, quads, island).items():
        result[own] = REGIONS.index(name)
    return result.astype(np.uint8)


def _insides(
    places: NDArray[np.float64], quads: NDArray[np.int64], island: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    """The bag of the mouth and the insides of the lids: islands of their own behind mouth and eyes."""
    mouth, sockets = np.zeros(len(quads), np.bool_), np.zeros(len(quads), np.bool_)
    for own in range(2, int(island.max()) + 1):
        middle = places[quads[island == own]].reshape(-1, 3).mean(axis=0) - EYE_MIDDLE
        if abs(middle[0]) < 0.005 and -0.09 < middle[1] < -0.03:
            mouth |= island == own
        elif abs(abs(middle[0]) - 0.029) < 0.008 and abs(middle[1]) < 0.01:
            sockets |= island == own
    return {"mouth": mouth, "sockets": sockets}


def densities(quads: NDArray[np.int64], regions: NDArray[np.uint8], count: int) -> NDArray[np.float64]:
    """(V,) how finely each vertex is to be shown, smooth over the mesh."""
    own = np.log([DENSITY[name] for name in REGIONS])[regions]
    total = np.bincount(quads.ravel(), np.repeat(own, 4), minlength=count)
    value = total / np.maximum(np.bincount(quads.ravel(), minlength=count), 1)
    graph = edge_graph(quads, count)
    degree = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1)
    for _ in range(SMOOTHING):
        value = 0.5 * value + 0.5 * np.asarray(graph @ value) / degree
    return np.asarray(np.exp(value), np.float64)


def behind_ears(places: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """Edges (E, 2) along the crease behind each ear, for canonical ``places`` (V, 3)."""
    count = len(places)
    graph = edge_graph(quads, count).tocoo()
    normals = vertex_normals(places, triangles_of_quads(quads)[0]).astype(np.float64)
    degree = np.bincount(graph.row, minlength=count)
    towards = np.zeros((count, 3))
    for axis in range(3):
        towards[:, axis] = np.bincount(graph.row, places[graph.col, axis], minlength=count)
    hollow = ((towards / np.maximum(degree, 1)[:, None] - places) * normals).sum(axis=1)
    length = np.linalg.norm(places[graph.row] - places[graph.col], axis=1)
    ease = np.where(np.minimum(hollow[graph.row], hollow[graph.col]) > 0.0002, 0.3, 1.0)
    costs = sparse.csr_matrix((length * ease, (graph.row, graph.col)), (count, count))
    edges: list[tuple[int, int]] = []
    for side in (1.0, -1.0):
        stops = [
            int(np.argmin(np.linalg.norm(places - EYE_MIDDLE - stop * (side, 1.0, 1.0), axis=1))) for stop in BEHIND_EAR
        ]
        for start, end in pairwise(stops):
            before = _shortest(costs, indices=start, return_predecessors=True)[1]
            while end != start:
                edges.append((end, int(before[end])))
                end = int(before[end])
    return np.asarray(edges)


def over_shoulders(
    places: NDArray[np.float64], quads: NDArray[np.int64], island: NDArray[np.int64], arms: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Edges (E, 2) from the seam at the base of the neck over each shoulder to the end of the arm, where a shirt has
    its seam too; for canonical ``places`` (V, 3) and the share (V,) of the arms in the weights."""
    count = len(places)
    graph = edge_graph(quads, count).tocoo()
    length = np.linalg.norm(places[graph.row] - places[graph.col], axis=1)
    middle = (places[graph.row] + places[graph.col]) / 2
    off = 1 + ((middle[:, 2] - RIDGE) / 0.015) ** 2
    costs = sparse.csr_matrix((length * off, (graph.row, graph.col)), (count, count))
    seam = np.intersect1d(quads[island == 0], quads[island == 1])
    ends = _border(quads)
    edges: list[tuple[int, int]] = []
    for side in (1.0, -1.0):
        starts = seam[places[seam, 0] * side > 0.02]
        stops = ends[(arms[ends] > 0.5) & (places[ends, 0] * side > 0)]
        _, before, _ = _shortest(costs, indices=starts, min_only=True, return_predecessors=True)
        end = int(stops[np.argmax(places[stops, 1] - 0.2 * np.abs(places[stops, 2] - RIDGE))])
        while before[end] >= 0:
            edges.append((end, int(before[end])))
            end = int(before[end])
    return np.asarray(edges)


def _border(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """The vertices on edges of one quad only."""
    ends = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    edges, uses = np.unique(ends, axis=0, return_counts=True)
    return np.unique(edges[uses == 1])


def edge_graph(quads: NDArray[np.int64], count: int) -> sparse.csr_matrix:
    """(V, V) one for every edge of the quads, both ways."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    edges = np.unique(np.sort(ends, axis=1), axis=0)
    rows, columns = np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]]
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (count, count))
