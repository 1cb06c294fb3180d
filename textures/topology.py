# SPDX-License-Identifier: Apache-2.0
"""Triangles that hang together: neighbours over edges, pieces, and the cuts that turn a piece into a disc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as _sparse
import scipy.sparse.csgraph as _csgraph
from numpy.typing import NDArray

sparse: Any = _sparse  # scipy ships no types for it
csgraph: Any = _csgraph


@dataclass(frozen=True)
class Pairs:
    """The E edges that two triangles share: ``one`` and ``two`` (E,) int64 half-edges, 3 * triangle + first corner.

    Only edges of exactly two triangles that run through them in opposite directions; any other edge is a border.
    """

    one: NDArray[np.int64]
    two: NDArray[np.int64]

    def chosen(self, keep: NDArray[np.bool_]) -> Pairs:
        """Those pairs for which ``keep`` (E,) holds."""
        return Pairs(self.one[keep], self.two[keep])


def face_pairs(faces: NDArray[np.int32]) -> Pairs:
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


def piece_labels(count: int, one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected pieces of ``count`` nodes under the links ``one[i]`` to ``two[i]``: a label from 0 for each node."""
    graph = sparse.coo_matrix((np.ones(len(one), np.int8), (one, two)), shape=(count, count))
    return np.asarray(csgraph.connected_components(graph, directed=False)[1], np.int64)


def next_corner(half_edge: NDArray[np.int64]) -> NDArray[np.int64]:
    """The corner at the end of each half-edge."""
    return half_edge - half_edge % 3 + (half_edge + 1) % 3


def glue(count: int, pairs: Pairs) -> NDArray[np.int32]:
    """Vertices of ``count`` triangles glued along ``pairs`` and nowhere else: (count, 3) int32.

    Triangles that only touch at a vertex, and the two sides of a cut, get vertices of their own.
    """
    one = np.concatenate([pairs.one, next_corner(pairs.one)])
    two = np.concatenate([next_corner(pairs.two), pairs.two])
    return piece_labels(3 * count, one, two).reshape(-1, 3).astype(np.int32)


def euler_numbers(chart: NDArray[np.int64], pairs: Pairs, glued: NDArray[np.int32]) -> NDArray[np.int64]:
    """Vertices - edges + faces of each chart (C,): 1 for a disc, 2 for a sphere, 0 for a ring."""
    count = int(chart.max(initial=-1)) + 1
    corner = glued.ravel().astype(np.int64)
    of_vertex = np.zeros(int(corner.max(initial=-1)) + 1, np.int64)
    of_vertex[corner] = np.repeat(chart, 3)
    triangles = np.bincount(chart, minlength=count)
    inner = np.bincount(chart[pairs.one // 3], minlength=count)
    return np.bincount(of_vertex, minlength=count) - (3 * triangles - inner) + triangles


def open_to_discs(chart: NDArray[np.int64], pairs: Pairs, cost: NDArray[np.float64]) -> Pairs:
    """The pairs (all within a chart) that stay glued so that each chart is a disc; the others are cut.

    A spanning tree of the triangles, over the edges of the greatest ``cost`` (E,) > 0 to cut, keeps a chart in one
    piece; cuts that end blindly are closed again, which leaves just the loops and bridges that are needed. Discs stay
    as they are. A closed sphere has no cut that it needs and comes back closed: split it before.
    """
    count = len(chart)
    glued = glue(count, pairs)
    wrong = euler_numbers(chart, pairs, glued) != 1
    asked = wrong[chart[pairs.one // 3]]
    if not bool(asked.any()):
        return pairs
    rows, columns = pairs.one // 3, pairs.two // 3
    weight = 1.0 / cost
    graph = sparse.coo_matrix((weight[asked], (rows[asked], columns[asked])), shape=(count, count)).tocsr()
    tree = csgraph.minimum_spanning_tree(graph).tocoo()
    key = np.minimum(rows, columns) * count + np.maximum(rows, columns)
    in_tree = np.isin(key, np.minimum(tree.row, tree.col).astype(np.int64) * count + np.maximum(tree.row, tree.col))
    cut = asked & ~in_tree
    # The cut graph lives on the vertices of the closed charts; a vertex on a border is never a blind end.
    ends = np.stack([glued.ravel()[pairs.one], glued.ravel()[next_corner(pairs.one)]], axis=1)
    border = np.ones(3 * count, np.bool_)
    border[pairs.one] = border[pairs.two] = False
    half = np.flatnonzero(border)
    fixed = np.zeros(int(glued.max()) + 1, np.int64)
    fixed[glued.ravel()[half]] = fixed[glued.ravel()[next_corner(half)]] = 2
    while True:
        degree = fixed + np.bincount(ends[cut].ravel(), minlength=len(fixed))
        blind = cut & (degree[ends] == 1).any(axis=1)
        if not bool(blind.any()):
            return pairs.chosen(~cut)
        cut &= ~blind


def border_loops(glued: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Border vertices in order along their loops, and the loop (from 0) of each; for charts that are discs.

    ``glued`` (F, 3) as :func:`glue` returns it; loops follow the direction of the triangles.
    """
    start = glued.ravel().astype(np.int64)
    end = np.roll(glued, -1, axis=1).ravel().astype(np.int64)
    count = int(start.max(initial=-1)) + 1
    lone = ~np.isin(start * count + end, end * count + start)
    following = np.full(count, -1, np.int64)
    following[start[lone]] = end[lone]
    on_border = np.flatnonzero(following >= 0)
    loop = piece_labels(count, on_border, following[on_border])[on_border]
    _, loop = np.unique(loop, return_inverse=True)
    # Pointer doubling: the distance of each vertex to the first of its loop gives its place in the loop.
    first = np.full(int(loop.max(initial=-1)) + 1, count)
    np.minimum.at(first, loop, on_border)
    place = np.full(count, -1, np.int64)
    place[on_border] = np.arange(len(on_border))
    jump = place[following[on_border]]
    last = on_border == first[loop]
    steps = np.where(last, 0, 1)
    jump = np.where(last, np.arange(len(on_border)), jump)
    for _ in range(max(len(on_border), 2).bit_length()):
        steps = steps + steps[jump]
        jump = jump[jump]
    order = np.lexsort((-steps * (steps > 0) - len(steps) * (steps == 0), loop))
    return on_border[order], loop[order]
