# SPDX-License-Identifier: Apache-2.0
"""Half-edges: who is next to whom on a triangle surface, by counting sorts, for meshes of half a million
faces.

Half-edge ``3 f + c`` runs from corner ``c`` of face ``f`` to the corner after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as _sparse
import scipy.sparse.csgraph as _csgraph
from numpy.typing import NDArray

from portrait_core.shape.surface import Surface

_csgraph_any: Any = _csgraph  # scipy ships no types for it
_sparse_any: Any = _sparse


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
    return _sparse_any.coo_matrix((half, (starts(faces), ends(faces))), shape=(count, count)).tocsr()


def twins(faces: NDArray[np.integer], count: int) -> NDArray[np.int64] | None:
    """(3F,) half-edge on the other side of each one; None unless every edge has two faces, oriented alike."""
    forth = directed(faces, count)
    back = forth.T.tocsr()
    if forth.nnz != 3 * len(faces) or not np.array_equal(forth.indptr, back.indptr):
        return None
    if not np.array_equal(forth.indices, back.indices):
        return None
    other = np.empty(3 * len(faces), np.int64)
    other[forth.data - 1] = back.data - 1
    return other


def is_closed_manifold(surface: Surface) -> bool:
    """Every edge has exactly two faces that agree about outside, and the faces of a vertex form one fan."""
    other = twins(surface.faces, len(surface.vertices))
    return other is not None and _one_fan_each(surface.faces, other, len(surface.vertices))


def _one_fan_each(faces: NDArray[np.int32], other: NDArray[np.int64], count: int) -> bool:
    """Turn once around each vertex from one of its half-edges: all of them must come by."""
    begin = starts(faces)
    degree = np.bincount(begin, minlength=count)
    first = np.full(count, -1, np.int64)
    first[begin] = np.arange(len(begin))
    origin = first[first >= 0]
    here, met = origin, np.ones(len(origin), np.int64)
    alive = np.arange(len(origin))
    for _ in range(int(degree.max(initial=0))):
        here = other[before(here)]
        going = here != origin[alive]
        here, alive = here[going], alive[going]
        if len(alive) == 0:
            break
        met[alive] += 1
    return bool(np.array_equal(met, degree[first >= 0])) and not len(alive)


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


def neighbours(faces: NDArray[np.integer], vertices: NDArray[np.floating], *, lengths: bool) -> Any:
    """Sparse symmetric (V, V) matrix of a closed surface's edges: their lengths, or ones."""
    count = len(vertices)
    begin, end = starts(faces), ends(faces)
    if lengths:
        weight = np.linalg.norm(vertices[begin].astype(np.float64) - vertices[end], axis=1)
    else:
        weight = np.ones(len(begin), np.float64)
    return _sparse_any.coo_matrix((weight, (begin, end)), shape=(count, count)).tocsr()


def shells(surface: Surface) -> NDArray[np.int64]:
    """(V,) number of the connected piece of each vertex."""
    graph = directed(surface.faces, len(surface.vertices))
    return np.asarray(_csgraph_any.connected_components(graph, directed=False)[1], np.int64)
