# SPDX-License-Identifier: Apache-2.0
"""The vertices of a surface as a graph, on which skin weights are smoothed, in-painted and kept from jumping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, spatial
from scipy.sparse import csgraph

from portrait_core.geometry.half_edges import ends, starts
from portrait_core.geometry.sparse_solver import factorised

Floats = NDArray[np.float64]


NEIGHBOURS = 6
"""Nearest vertices taken for neighbours where no faces say which they are."""

SHORTEST = 1e-6
"""Metres: shorter edges count as this long."""

PULL = 1e-6
"""How strongly in-painted values keep to their first guess: just enough that a part without anchors has an answer."""


@dataclass(frozen=True)
class VertexGraph:
    """``edges`` (E, 2) int64, each once, and their ``lengths`` (E,) in metres, between ``count`` vertices."""

    count: int
    edges: NDArray[np.int64]
    lengths: Floats

    @staticmethod
    def of_faces(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> VertexGraph:
        """The edges of a surface's ``faces`` (F, 3)."""
        return _graph(vertices, np.stack([starts(faces), ends(faces)], axis=1).astype(np.int64))

    @staticmethod
    def of_neighbours(vertices: NDArray[np.float32], normals: NDArray[np.float32]) -> VertexGraph:
        """Each of ``vertices`` (V, 3) with its nearest ones that face the same way (``normals`` (V, 3))."""
        count = min(NEIGHBOURS + 1, len(vertices))
        _, near = spatial.cKDTree(vertices).query(vertices, k=count)
        near = np.asarray(near, np.int64).reshape(len(vertices), count)[:, 1:]
        joined = np.stack([np.repeat(np.arange(len(vertices)), count - 1), near.ravel()], axis=1)
        same = np.einsum("ei,ei->e", normals[joined[:, 0]], normals[joined[:, 1]]) > 0.0
        return _graph(vertices, joined[same])

    def smoothed(self, values: Floats, rounds: int) -> Floats:
        """``values`` (V, C) averaged with their neighbours' mean, half and half, ``rounds`` times."""
        matrix = self._symmetric(np.ones(len(self.edges)))
        degree = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
        lonely = np.diff(matrix.indptr) == 0
        for _ in range(rounds):
            mean = np.asarray(matrix @ values) / degree[:, None]
            values = np.where(lonely[:, None], values, 0.5 * (values + mean))
        return values

    def inpainted(self, values: Floats, known: NDArray[np.bool_]) -> Floats:
        """``values`` (V, C) with those of vertices that are not ``known`` (V,) replaced by a smooth continuation.

        The continuation makes the sum of its squared slopes and squared bends least (Abdrashitov et al. 2023, "Robust
        skin weights transfer via weight inpainting", on the graph instead of the triangles). It may overshoot a little.
        """
        unknown = np.flatnonzero(~known)
        if len(unknown) == 0 or len(self.edges) == 0:
            return values
        mean = float(self.lengths.mean())
        stiff = (mean / np.maximum(self.lengths, 0.1 * mean)) ** 2
        spread = self._symmetric(stiff)
        slope = sparse.diags(np.asarray(spread.sum(axis=1)).ravel()) - spread
        energy = (slope + slope @ slope).tocsr()
        anchors = np.flatnonzero(known)
        rows = energy[unknown]
        system = rows[:, unknown] + PULL * sparse.identity(len(unknown))
        right = PULL * values[unknown] - np.asarray(rows[:, anchors] @ values[anchors])
        filled = values.copy()
        solver = factorised(system)
        filled[unknown] = solver.solve(right)
        return filled

    def without_jumps(self, values: Floats, steepest: Floats) -> Floats:
        """``values`` (V,) changed as little as possible so that no edge sees a step of more than ``steepest`` (E,).

        The mean of the lowest function above and the highest below that keep the limit; each is a shortest path from
        all vertices at once, started at their values. The largest change is the least possible one.
        """
        steps = np.abs(np.diff(values[self.edges], axis=1))[:, 0]
        if not bool((steps > steepest).any()):
            return values
        source = self.count
        first, second = self.edges.T
        cost = np.concatenate([steepest, steepest])
        rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
        low, high = float(values.min()), float(values.max())

        def least(start: Floats) -> Floats:
            # an entry of 0 would be no edge at all, hence the 1
            data = np.concatenate([cost, start + 1.0])
            at = (
                np.concatenate([rows, np.full(self.count, source)]),
                np.concatenate([columns, np.arange(self.count)]),
            )
            graph = sparse.csr_matrix((data, at), shape=(source + 1, source + 1))
            away = cast("Any", csgraph.dijkstra)(graph, indices=source)  # its stubs know lists of indices only
            return np.asarray(away, np.float64)[: self.count] - 1.0

        return 0.5 * ((least(values - low) + low) + (high - least(high - values)))

    def _symmetric(self, weights: Floats) -> Any:
        first, second = self.edges.T
        matrix = sparse.coo_matrix((weights, (first, second)), shape=(self.count, self.count))
        return (matrix + matrix.T).tocsr()


def _graph(vertices: NDArray[np.float32], joined: NDArray[np.int64]) -> VertexGraph:
    count = len(vertices)
    joined = np.sort(joined[joined[:, 0] != joined[:, 1]], axis=1)
    keys = np.unique(joined[:, 0] * count + joined[:, 1])
    edges = np.stack([keys // count, keys % count], axis=1)
    places = vertices.astype(np.float64)
    lengths = np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1)
    return VertexGraph(count, edges, np.maximum(lengths, SHORTEST))
