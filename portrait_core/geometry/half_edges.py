# SPDX-License-Identifier: Apache-2.0
"""Half-edges: who is next to whom on a triangle surface, by counting sorts, for meshes of half a million
faces.

Half-edge ``3 f + c`` runs from corner ``c`` of face ``f`` to the corner after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.surface import Surface


def starts(faces: NDArray[np.integer]) -> NDArray[np.int32]:
    """(3F,) vertex at which each half-edge begins."""
    return np.ascontiguousarray(faces, np.int32).ravel()


def ends(faces: NDArray[np.integer]) -> NDArray[np.int32]:
    """(3F,) vertex at which each half-edge ends."""
    return np.ascontiguousarray(np.asarray(faces, np.int32)[:, [1, 2, 0]]).ravel()


def some_corner(mask: NDArray[np.bool_], faces: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(F,) whether ``mask`` (V,) holds for a corner of each face; three gathers are faster than a reduction of rows."""
    return mask[faces[:, 0]] | mask[faces[:, 1]] | mask[faces[:, 2]]


def all_corners(mask: NDArray[np.bool_], faces: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(F,) whether ``mask`` (V,) holds for all corners of each face."""
    return mask[faces[:, 0]] & mask[faces[:, 1]] & mask[faces[:, 2]]


def after(half_edges: NDArray[np.integer]) -> NDArray[np.int64]:
    """The half-edge that follows each one in its face."""
    index = np.asarray(half_edges, np.int64)
    return np.where(index % 3 == 2, index - 2, index + 1)


def before(half_edges: NDArray[np.integer]) -> NDArray[np.int64]:
    """The half-edge that comes before each one in its face."""
    index = np.asarray(half_edges, np.int64)
    return np.where(index % 3 == 0, index + 2, index - 1)


def directed(faces: NDArray[np.integer], count: int) -> Any:
    """Sparse (count, count) matrix with the number of the half-edge u -> v, plus one, at (u, v)."""
    half = np.arange(1, 3 * len(faces) + 1, dtype=np.int32)
    return sparse.coo_matrix((half, (starts(faces), ends(faces))), shape=(count, count)).tocsr()


@dataclass(frozen=True)
class HalfEdges:
    """The half-edges of a closed surface: ``twin`` (3F,) on the other side of each, and ``directed``, which has
    in its rows the neighbours of each vertex in order. Made once and shared by all that walk over the surface.
    """

    faces: NDArray[np.int32]
    count: int
    twin: NDArray[np.int32]
    directed: Any

    @staticmethod
    def of(faces: NDArray[np.integer], count: int) -> HalfEdges | None:
        """None unless every edge between the ``count`` vertices has two faces, oriented alike."""
        begin, end = starts(faces), ends(faces)
        size = len(begin)
        if size == 0:
            return None
        # Counting sorts by way of sparse transposes: by begin, then by (end, begin), then by (begin, end).
        unit = (np.zeros(size, np.int8), begin, np.arange(size + 1, dtype=np.int32))
        first = sparse.csr_matrix(unit, shape=(size, count)).tocsc()
        half = np.asarray(first.indices, np.int32)
        rows = sparse.csr_matrix((half + np.int32(1), end[half], first.indptr), shape=(count, count))
        back = rows.tocsc()
        turned = sparse.csr_matrix((back.data, back.indices, back.indptr), shape=(count, count))
        forth = turned.tocsc()
        if not (np.array_equal(forth.indptr, back.indptr) and np.array_equal(forth.indices, back.indices)):
            return None
        twice = np.flatnonzero(forth.indices[1:] == forth.indices[:-1])
        # Two equal neighbours in a row are the same edge twice, unless one vertex ends and the next begins there.
        if len(twice) and not bool(np.isin(twice + 1, forth.indptr).all()):
            return None
        twin = np.empty(size, np.int32)
        twin[forth.data - 1] = back.data - 1
        matrix = sparse.csr_matrix((forth.data, forth.indices, forth.indptr), shape=(count, count))
        return HalfEdges(np.asarray(faces, np.int32), count, twin, matrix)

    def one_fan_each(self) -> bool:
        """Whether the faces of every vertex hang together around it: turn once from one of its half-edges, and
        all of them must come by."""
        turn = np.ascontiguousarray(self.twin.reshape(-1, 3)[:, [2, 0, 1]]).ravel()
        begin = starts(self.faces)
        first = np.full(self.count, -1, np.int32)
        first[begin] = np.arange(len(begin), dtype=np.int32)
        used = first >= 0
        degree = np.bincount(begin, minlength=self.count)[used]
        origin = first[used]
        here, steps = turn[origin], 1
        while len(here):
            home = here == origin
            if not np.array_equal(home, degree == steps):
                return False
            here, origin, degree = turn[here[~home]], origin[~home], degree[~home]
            steps += 1
        return True

    @cached_property
    def tree(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """A breadth-first tree from the first face's first vertex: the vertices reached in order, and the (V,)
        parent of each, negative for none."""
        order, parent = csgraph.breadth_first_order(
            self.directed, int(self.faces[0, 0]), directed=True, return_predecessors=True
        )
        return np.asarray(order, np.int32), np.asarray(parent, np.int32)


def twins(faces: NDArray[np.integer], count: int) -> NDArray[np.int64] | None:
    """(3F,) half-edge on the other side of each one; None unless every edge has two faces, oriented alike."""
    found = HalfEdges.of(faces, count)
    return None if found is None else found.twin.astype(np.int64)


def closed_half_edges(surface: Surface) -> HalfEdges | None:
    """The half-edges of a closed manifold: every edge has exactly two faces that agree about outside, and the
    faces of a vertex form one fan. None for any other surface."""
    found = HalfEdges.of(surface.faces, len(surface.vertices))
    return found if found is not None and found.one_fan_each() else None


def is_closed_manifold(surface: Surface) -> bool:
    """Whether ``surface`` has :func:`closed_half_edges`."""
    return closed_half_edges(surface) is not None


def euler_genus(surface: Surface) -> int:
    """Number of handles of a closed surface of one shell, from V - E + F = 2 - 2 g; vertices in use only."""
    used = int((np.bincount(surface.faces.ravel()) > 0).sum())
    return 1 - (used - len(surface.faces) // 2) // 2


def boundary_loops(faces: NDArray[np.int32], count: int) -> list[NDArray[np.int64]]:
    """The open edges as closed rings of vertices, each running against its faces: a face on it closes the
    hole.

    The surface must be a manifold with boundary (``repair.part_touching`` makes it one), so every boundary
    vertex has one way on.
    """
    matrix = directed(faces, count)
    has = matrix.sign()
    lonely = (has - has.multiply(has.T)).tocoo()
    lonely.eliminate_zeros()
    following = dict(zip(lonely.col.tolist(), lonely.row.tolist(), strict=True))
    loops: list[NDArray[np.int64]] = []
    while following:
        first, here = following.popitem()
        ring = [first]
        while here != first:
            ring.append(here)
            here = following.pop(here)
        loops.append(np.asarray(ring, np.int64))
    return loops


def shells(surface: Surface) -> NDArray[np.int64]:
    """(V,) number of the connected piece of each vertex."""
    return component_labels(len(surface.vertices), starts(surface.faces), ends(surface.faces))
