# SPDX-License-Identifier: Apache-2.0
"""Handles and tunnels: found by homology, the short ones cut open and closed with two lids.

A loop on a closed surface that does not part it into two goes around a handle or through a tunnel. To cut
along such a loop and to close both rims takes the handle away (a thin bridge is parted, a narrow tunnel is
walled up), and the surface stays closed. Tree and co-tree (Eppstein 2003, "Dynamic generators of
topologically embedded graphs") give 2 g edges that close such loops, the longest dual tree puts them next
to the handles (Erickson and Whittlesey 2005, "Greedy optimal homotopy and homology generators"), and random
labels on the dual loops tell every loop's class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, spatial
from scipy.sparse import csgraph

from portrait_core.geometry.components import graph_labels
from portrait_core.geometry.half_edges import HalfEdges, ends, euler_genus, some_corner, starts
from portrait_core.geometry.surface import Surface
from portrait_core.shape.repair import lids

ROUNDS = 6
"""Loops that cross each other wait for the next round; handles in a tangle need a few."""


@dataclass(frozen=True)
class Loop:
    """A closed way along edges, its length, and its class: zero for one that parts the surface."""

    vertices: NDArray[np.int64]
    length: float
    label: int


def remove_handles(surface: Surface, longest: float, edges: HalfEdges | None = None) -> tuple[Surface, int]:
    """Remove every handle that a loop of at most ``longest`` goes around or through; also how many were
    removed.

    ``surface`` must be one closed manifold shell; it stays one, with its vertices in their order and new ones
    after them. ``edges`` are its half-edges where they are at hand.
    """
    removed, waiting = 0, euler_genus(surface) > 0
    for _ in range(ROUNDS):
        if not waiting:
            break
        chosen, waiting = _apart(short_loops(surface, longest, edges))
        edges = None
        for loop in chosen:
            surface = _cut_and_close(surface, loop.vertices)
        removed += len(chosen)
        waiting = waiting and bool(chosen)
    return surface, removed


def short_loops(surface: Surface, longest: float, edges: HalfEdges | None = None) -> list[Loop]:
    """Loops of length at most ``longest`` that do not part the surface, near the handles it has, shortest first."""
    vertices = surface.vertices
    edges = edges or HalfEdges.of(surface.faces, len(vertices))
    if edges is None:
        raise ValueError("tunnels: the surface must be closed; repair it first")
    label, generators = _edge_labels(edges)
    begin, end = starts(surface.faces)[generators], ends(surface.faces)[generators]
    seeds = np.unique(np.concatenate([begin, end]))
    # All that a short loop near a seed can reach, in connected pieces, each a small graph of its own.
    near = _around(vertices, seeds, longest)
    half = edges.directed[near][:, near]
    row, col = half.nonzero()
    span = np.linalg.norm(vertices[near[row]].astype(np.float64) - vertices[near[col]], axis=1)
    whole = sparse.csr_matrix((span, half.indices, half.indptr), shape=half.shape)
    at = np.searchsorted(near, seeds)
    reach = csgraph.dijkstra(whole, indices=at, limit=longest, min_only=True)
    reached = np.flatnonzero(np.isfinite(reach))
    near, whole, half = near[reached], whole[reached][:, reached], half[reached][:, reached]
    piece = graph_labels(whole)
    found: dict[bytes, Loop] = {}
    for number in range(int(piece.max(initial=-1)) + 1):
        local = np.flatnonzero(piece == number)
        named = half[local][:, local].tocoo()
        part = _Edges(whole[local][:, local], named.row, named.col, label[named.data - 1])
        for seed in np.flatnonzero(np.isin(near[local], seeds)).tolist():
            loop = _shortened(part, seed, longest)
            if loop is not None:
                ring = near[local[loop.vertices]]
                found[np.sort(ring).tobytes()] = Loop(ring, loop.length, loop.label)
    return sorted(found.values(), key=lambda loop: loop.length)


def _around(vertices: NDArray[np.float32], seeds: NDArray[np.integer], reach: float) -> NDArray[np.int64]:
    """The numbers of the vertices within ``reach`` of a seed, and of some more."""
    lot = vertices[seeds]
    box = ((vertices >= lot.min(axis=0) - 1.01 * reach) & (vertices <= lot.max(axis=0) + 1.01 * reach)).all(axis=1)
    some = np.flatnonzero(box)
    away, _ = spatial.cKDTree(lot).query(vertices[some], distance_upper_bound=1.01 * reach)
    return some[np.isfinite(away)]


def _shortened(edges: _Edges, seed: int, longest: float) -> Loop | None:
    """The shortest loop through ``seed``, exchanged for shorter ones through its vertices as long as there are any."""
    loop = edges.shortest(seed, longest)
    while loop is not None:
        stride = max(1, len(loop.vertices) // 4)
        others = [edges.shortest(int(v), 0.999 * loop.length) for v in loop.vertices[::stride]]
        shorter = [each for each in others if each is not None]
        if not shorter:
            break
        loop = min(shorter, key=lambda each: each.length)
    return loop


class _Edges:
    """A piece of the surface's graph with its edges' labels."""

    def __init__(self, graph: Any, row: NDArray[Any], col: NDArray[Any], label: NDArray[np.int64]) -> None:
        self.graph, self.row, self.col, self.label = graph, row, col, label
        self.weight = np.asarray(graph[row, col]).ravel()
        self.of = sparse.csr_matrix((label, (row, col)), shape=graph.shape)

    def shortest(self, root: int, longest: float) -> Loop | None:
        """The shortest loop through ``root`` that does not part the surface, or None over ``longest``."""
        search = cast("Any", csgraph.dijkstra)  # its stubs know lists of indices only
        ways = search(self.graph, indices=root, limit=longest / 2 + 1e-9, return_predecessors=True)
        away: NDArray[np.float64] = ways[0]
        parent: NDArray[np.int32] = ways[1]
        reached = np.isfinite(away)
        total = away[self.row] + away[self.col] + self.weight
        index = np.flatnonzero((total <= longest) & (self.row < self.col))
        if len(index) == 0:
            return None
        above = np.asarray(parent, np.int64)
        child = np.flatnonzero(reached & (above >= 0))
        way = np.zeros(len(away), np.int64)
        if len(child):
            way[child] = np.asarray(self.of[above[child], child]).ravel()
        way = _sums_to_root(way, above)
        row, col = self.row[index], self.col[index]
        kind = way[row] ^ way[col] ^ self.label[index]
        index = index[kind != 0]
        if len(index) == 0:
            return None
        best = int(index[np.argmin(total[index])])
        u, v = int(self.row[best]), int(self.col[best])
        one, two = [u], [v]
        for path in (one, two):
            while path[-1] != root:
                path.append(int(above[path[-1]]))
        # Both ways end at the root; what they share is no part of the loop.
        while len(one) > 1 and len(two) > 1 and one[-2] == two[-2]:
            one.pop()
            two.pop()
        ring = np.asarray(one + two[-2::-1], np.int64)
        length = float(np.asarray(self.graph[ring, np.roll(ring, -1)]).sum())
        return Loop(ring, length, int(way[u] ^ way[v] ^ self.label[best]))


def _edge_labels(edges: HalfEdges) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A label (3F,) per half-edge, whose exclusive or along a loop is its class, and the 2 g generators."""
    begin, end, other = starts(edges.faces), ends(edges.faces), edges.twin
    _, parent = edges.tree
    depth = _depths(parent)
    once = np.flatnonzero(np.arange(len(other)) < other)
    one, two = begin[once], end[once]
    free = once[(parent[two] != one) & (parent[one] != two)]
    # A minimum spanning tree of negative lengths crosses the edges that close the longest loops.
    weight = -(depth[begin[free]] + depth[end[free]] + 1.0)
    left, right = free // 3, other[free] // 3
    size = len(edges.faces)
    dual = sparse.coo_matrix((weight, (left, right)), shape=(size, size)).tocsr()
    tree = csgraph.minimum_spanning_tree(dual).astype(bool)
    order, above = csgraph.breadth_first_order(tree, int(left[0]), directed=False, return_predecessors=True)
    above = np.asarray(above, np.int64)
    crossing = (above[left] == right) | (above[right] == left)
    generators = free[~crossing]
    label = np.zeros(len(begin), np.int64)
    if len(generators) == 0:
        return label, generators
    bits = np.random.default_rng(0).integers(1, 2**62, len(generators))
    label[generators] = bits
    # Every generator's dual loop runs over the dual tree, up from both its faces until the ways meet; where it
    # crosses an edge, the edge takes its label.
    across = np.full(size, -1, np.int64)
    up, down = free[crossing & (above[left] == right)], free[crossing & (above[left] != right)]
    across[up // 3], across[other[down] // 3] = up, down
    place = np.zeros(size, np.int64)
    place[order] = np.arange(len(order))
    here, there = generators // 3, other[generators].astype(np.int64) // 3
    while len(here):
        deeper = place[here] > place[there]
        climbing = np.where(deeper, here, there)
        np.bitwise_xor.at(label, across[climbing], bits)
        here, there = above[climbing], np.where(deeper, there, here)
        going = here != there
        here, there, bits = here[going], there[going], bits[going]
    return np.where(label != 0, label, label[other]), generators


def _depths(parent: NDArray[np.int32]) -> NDArray[np.float64]:
    """Steps to the root of a tree, by doubling the stride."""
    step = np.where(parent >= 0, parent, np.arange(len(parent)))
    depth = (parent >= 0).astype(np.float64)
    while True:
        further = depth[step]
        if not bool(further.any()):
            return depth
        depth, step = depth + further, step[step]


def _sums_to_root(label: NDArray[np.int64], parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """The labels (exclusive or) on the way from each node to its root; ``label`` is that of the edge to the parent."""
    step = np.where(parent >= 0, parent, np.arange(len(parent)))
    while True:
        further = step[step]
        label = np.where(step != np.arange(len(step)), label ^ label[step], label)
        if np.array_equal(further, step):
            return label
        step = further


def _apart(loops: list[Loop]) -> tuple[list[Loop], bool]:
    """Loops, shortest first, without a common vertex and together not parting the surface; whether some must wait."""
    taken: set[int] = set()
    basis: list[int] = []
    chosen: list[Loop] = []
    waiting = False
    for loop in loops:
        ring = set(loop.vertices.tolist())
        rest = loop.label
        for other in basis:
            rest = min(rest, rest ^ other)
        if not rest:
            continue
        if ring & taken:
            waiting = True
            continue
        basis.append(rest)
        chosen.append(loop)
        taken |= ring
    return chosen, waiting


def _cut_and_close(surface: Surface, ring: NDArray[np.int64]) -> Surface:
    """Part the surface along a ring of edges and close both rims."""
    faces = surface.faces.copy()
    count = len(surface.vertices)
    on = np.zeros(count, bool)
    on[ring] = True
    touching = np.flatnonzero(some_corner(on, faces))
    piece = faces[touching]
    begin, end = starts(piece), ends(piece)
    on_ring = set(zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True))
    half = {(u, v): h // 3 for h, (u, v) in enumerate(zip(begin.tolist(), end.tolist(), strict=True))}
    # From the faces left of the ring, spread over edges that touch it but do not lie on it.
    side = {half[edge] for edge in on_ring}
    front = list(side)
    members = set(ring.tolist())
    while front:
        face = front.pop()
        corners = piece[face].tolist()
        for u, v in zip(corners, corners[1:] + corners[:1], strict=True):
            if (u, v) in on_ring or (v, u) in on_ring or (u not in members and v not in members):
                continue
            beyond = half.get((v, u))
            if beyond is not None and beyond not in side:
                side.add(beyond)
                front.append(beyond)
    moved = touching[sorted(side)]
    renamed = np.arange(count)
    renamed[ring] = count + np.arange(len(ring))
    faces[moved] = renamed[faces[moved]]
    vertices = np.vstack([surface.vertices, surface.vertices[ring]])
    new_ring = count + np.arange(len(ring), dtype=np.int64)
    return lids(Surface(vertices, faces.astype(np.int32)), [new_ring[::-1], ring])
