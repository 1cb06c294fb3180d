# SPDX-License-Identifier: Apache-2.0
"""Charts that hang together: the cuts that turn them into discs, and their borders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Pairs, glue, next_corner


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
    graph = coo_matrix((weight[asked], (rows[asked], columns[asked])), shape=(count, count)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
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

    ``glued`` (F, 3) as `portrait_core.geometry.edge_pairs.glue` gives it; loops follow the direction of the triangles.
    """
    start = glued.ravel().astype(np.int64)
    end = np.roll(glued, -1, axis=1).ravel().astype(np.int64)
    count = int(start.max(initial=-1)) + 1
    lone = ~np.isin(start * count + end, end * count + start)
    following = np.full(count, -1, np.int64)
    following[start[lone]] = end[lone]
    on_border = np.flatnonzero(following >= 0)
    loop = component_labels(count, on_border, following[on_border])[on_border]
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
