# SPDX-License-Identifier: Apache-2.0
"""Cut a surface into few round charts: Lloyd's iteration on the graph of its triangles."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Pairs

BEND = 0.6
"""How much a turn of the normal adds to a path: crossing a right angle counts like this share of the chart's width."""

ROUNDS = 5


def path_costs(
    corners: NDArray[np.float64], pairs: Pairs, *, width: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cost (E,) of stepping over each shared edge: the way between the two centres, more where the surface bends.

    ``width`` is the expected width of a chart, one for all or one for each pair.
    """
    centre = corners.mean(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    one, two = pairs.one // 3, pairs.two // 3
    way = np.linalg.norm(centre[one] - centre[two], axis=1)
    turn = np.clip(1.0 - np.einsum("ei,ei->e", normal[one], normal[two]), 0.0, 2.0)
    return way + BEND * width * turn + 1e-9


def grow_charts(
    area: NDArray[np.float64],
    pairs: Pairs,
    cost: NDArray[np.float64],
    group: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Chart (F,) from 0 of each triangle: group g falls into ``wanted[g]`` connected charts (or its face count).

    ``pairs`` must lie within groups, and each group must be one piece. Seeds are spread by farthest points; each round
    gives a triangle to its nearest seed and moves the seed to the middle of its chart. No chance is involved.
    """
    count = len(area)
    one, two = pairs.one // 3, pairs.two // 3
    graph = sparse.coo_matrix((cost, (one, two)), shape=(count, count)).tocsr()
    graph = graph + graph.T
    seeds = _spread(graph, group, np.minimum(wanted, np.bincount(group)))
    for turn in range(ROUNDS):
        chart = _nearest(graph, seeds)
        if turn < ROUNDS - 1:
            seeds = _middles(graph, chart, one, two, len(seeds))
    _, chart = np.unique(chart, return_inverse=True)  # type: ignore[possibly-undefined]
    return np.asarray(chart, np.int64)


def _from(graph: Any, sources: NDArray[np.int64]) -> NDArray[np.float64]:
    search = cast("Any", csgraph.dijkstra)
    return np.asarray(search(graph, directed=True, indices=sources, min_only=True))


def _spread(graph: Any, group: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Seeds: in each group the triangle farthest from an arbitrary one, then always the farthest from all so far."""
    _, seeds = np.unique(group, return_index=True)
    seeds = _farthest(_from(graph, seeds), group, np.arange(len(wanted)))
    have = np.ones(len(wanted), np.int64)
    while True:
        open_groups = np.flatnonzero(have < wanted)
        if len(open_groups) == 0:
            return seeds
        seeds = np.concatenate([seeds, _farthest(_from(graph, seeds), group, open_groups)])
        have[open_groups] += 1


def _farthest(distance: NDArray[np.float64], group: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.lexsort((distance, group))
    last = np.searchsorted(group[order], groups, side="right") - 1
    return order[last]


def _nearest(graph: Any, seeds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the seed nearest to each triangle; the sets are connected."""
    search = cast("Any", csgraph.dijkstra)
    _, _, source = search(graph, directed=True, indices=seeds, min_only=True, return_predecessors=True)
    back = np.full(int(seeds.max()) + 1, -1, np.int64)
    back[seeds] = np.arange(len(seeds))
    return back[np.asarray(source, np.int64)]


def _middles(
    graph: Any, chart: NDArray[np.int64], one: NDArray[np.int64], two: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """The triangle of each chart that lies deepest inside, away from the borders between charts."""
    crossing = chart[one] != chart[two]
    edge = np.unique(np.concatenate([one[crossing], two[crossing]]))
    if len(edge) == 0:
        return _farthest(np.zeros(len(chart)), chart, np.arange(count))
    depth = _from(graph, edge)
    depth[~np.isfinite(depth)] = 0.0  # a group of one chart has no such border; its seed does not matter
    return _farthest(depth, chart, np.arange(count))


def smooth_borders(
    chart: NDArray[np.int64], pairs: Pairs, fixed: NDArray[np.bool_], rounds: int = 4
) -> NDArray[np.int64]:
    """A triangle with two neighbours in another chart goes there, unless ``fixed`` (F,): borders lose their teeth."""
    one, two = pairs.one // 3, pairs.two // 3
    here = np.concatenate([one, two])
    there = np.concatenate([two, one])
    order = np.argsort(here, kind="stable")
    here, there = here[order], there[order]
    slot = np.arange(len(here)) - np.searchsorted(here, here)
    around = np.full((len(chart), 3), -1, np.int64)
    around[here, slot] = there
    for _ in range(rounds):
        label = np.where(around >= 0, chart[around], -1)
        a, b, c = label[:, 0], label[:, 1], label[:, 2]
        shared = np.where((a == b) | (a == c), a, np.where(b == c, b, -1))
        chart = np.where((shared >= 0) & ~fixed, shared, chart)
    return chart


def absorb_small(
    label: NDArray[np.int64], area: NDArray[np.float64], pairs: Pairs, smallest: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Give each piece of less than ``smallest`` (F,) area to the neighbour it shares most edges with.

    Returns ``label`` with the neighbours' labels in such pieces; pieces without neighbours stay.
    """
    label = label.copy()
    one, two = pairs.one // 3, pairs.two // 3
    for _ in range(6):
        same = label[one] == label[two]
        piece = component_labels(len(label), one[same], two[same])
        size = np.bincount(piece, weights=area)
        limit = np.zeros(len(size))
        np.maximum.at(limit, piece, smallest)
        small = size < limit
        here = np.concatenate([piece[one[~same]], piece[two[~same]]])
        there = np.concatenate([piece[two[~same]], piece[one[~same]]])
        # Only into a larger piece, so that two small ones do not swap places for ever.
        useful = small[here] & ((size[there] > size[here]) | ((size[there] == size[here]) & (there > here)))
        if not bool(useful.any()):
            return label
        links, votes = np.unique(here[useful] * len(size) + there[useful], return_counts=True)
        source, target = links // len(size), links % len(size)
        best = np.lexsort((votes, source))
        last = np.searchsorted(source[best], np.unique(source), side="right") - 1
        of_piece = np.zeros(len(size), label.dtype)
        of_piece[piece] = label
        result = of_piece.copy()
        result[source[best[last]]] = of_piece[target[best[last]]]
        label = result[piece]
    return label
