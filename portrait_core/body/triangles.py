# SPDX-License-Identifier: Apache-2.0
"""Nearest triangle of a mesh for many points (specification: deformation, sections 4 and 4.1).

Where several triangles share the smallest distance (points nearest to an edge or a vertex: a large part of space), the
lowest index among those within `TIE` of the minimum wins, everything computed in float64 from the float32 inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

TIE = 1e-12
"""Squared distances closer than this to the minimum count as equal."""

_PAIRS_AT_ONCE = 200_000
_FIRST_CANDIDATES = 16

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """For N points: ``squared[N]`` distances (infinite: beyond the search radius), ``index[N]`` of the triangles (0
    then), and ``gap[N]``, the second-best squared distance less the best (infinite where not looked for)."""

    squared: Floats
    index: NDArray[np.int64]
    gap: Floats


NearestSearch = Callable[[NDArray[np.float32], NDArray[np.float32], float], Nearest]
"""Points ``[N, 3]``, triangles ``[F, 3, 3]`` and a search radius to the nearest triangles."""


def point_triangle(points: Floats, triangles: Floats) -> tuple[Floats, NDArray[np.int32]]:
    """Squared distance and region of point-triangle pairs.

    Args:
        points: ``[..., 3]``.
        triangles: ``[..., 3, 3]``, the leading dimensions broadcasting against those of ``points``.

    Returns:
        Squared distances ``[...]`` and region codes: 0 interior, 1-3 vertices a b c, 4-6 edges ab bc ca.
    """
    a, b, c = triangles[..., 0, :], triangles[..., 1, :], triangles[..., 2, :]
    ab, ac, ap = b - a, c - a, points - a
    bp, cp = points - b, points - c
    d1, d2 = _dot(ab, ap), _dot(ac, ap)
    d3, d4 = _dot(ab, bp), _dot(ac, bp)
    d5, d6 = _dot(ab, cp), _dot(ac, cp)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    conditions = [
        (d1 <= 0) & (d2 <= 0),
        (d3 >= 0) & (d4 <= d3),
        (d6 >= 0) & (d5 <= d6),
        (vc <= 0) & (d1 >= 0) & (d3 <= 0),
        (va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0),
        (vb <= 0) & (d2 >= 0) & (d6 <= 0),
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        along_ab = d1 / (d1 - d3)
        along_bc = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        along_ac = d2 / (d2 - d6)
        inside_v, inside_w = vb / (va + vb + vc), vc / (va + vb + vc)
    zero, one = np.zeros_like(d1), np.ones_like(d1)
    v = np.select(conditions, [zero, one, zero, along_ab, 1 - along_bc, zero], inside_v)
    w = np.select(conditions, [zero, zero, one, zero, along_bc, along_ac], inside_w)
    region = np.select(conditions, [1, 2, 3, 4, 5, 6], 0).astype(np.int32)
    away = ap - v[..., None] * ab - w[..., None] * ac
    return _dot(away, away), region


def nearest_brute_force(points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float = np.inf) -> Nearest:
    """Every point against every triangle: slow, and plainly right. The gap is filled in."""
    count = len(points)
    squared, index, gap = np.empty(count), np.zeros(count, np.int64), np.empty(count)
    faces = triangles.astype(np.float64)
    step = max(1, _PAIRS_AT_ONCE // max(1, len(faces)))
    for start in range(0, count, step):
        part = slice(start, start + step)
        distances, _ = point_triangle(points[part, None].astype(np.float64), faces[None])
        squared[part], index[part] = _pick(distances)
        two = np.partition(distances, min(1, len(faces) - 1), axis=1)
        gap[part] = two[:, min(1, len(faces) - 1)] - two[:, 0]
    squared[squared >= radius**2] = np.inf
    index[np.isinf(squared)] = 0
    return Nearest(squared, index, gap)


def nearest_by_tree(points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float = np.inf) -> Nearest:
    """The same triangles as `nearest_brute_force` (gaps apart), by a tree of the triangles' middles.

    A triangle lies within its largest corner distance from its middle. Candidates are taken in order of their middles
    until the next middle, less the largest such reach of the mesh, is farther than the best triangle found: then no
    other triangle can be nearer, nor tie.
    """
    faces = triangles.astype(np.float64)
    middles = faces.mean(axis=1)
    reach = float(np.linalg.norm(faces - middles[:, None], axis=2).max())
    tree: Any = KDTree(middles)
    squared, index = np.full(len(points), np.inf), np.zeros(len(points), np.int64)
    open_points = np.arange(len(points))
    wanted = min(_FIRST_CANDIDATES, len(faces))
    while len(open_points):
        undecided: list[NDArray[np.int64]] = []
        step = max(1, _PAIRS_AT_ONCE // wanted)
        for start in range(0, len(open_points), step):
            rows = open_points[start : start + step]
            undecided.append(rows[_try(tree, faces, points, rows, wanted, reach, radius, squared, index)])
        open_points = np.concatenate(undecided)
        wanted = min(wanted * 4, len(faces))
    squared[squared >= radius**2] = np.inf
    index[np.isinf(squared)] = 0
    return Nearest(squared, index, np.full(len(points), np.inf))


def _try(
    tree: Any,
    faces: Floats,
    points: NDArray[np.float32],
    rows: NDArray[np.int64],
    wanted: int,
    reach: float,
    radius: float,
    squared: Floats,
    index: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Look at the ``wanted`` nearest middles of some points, fill in results, and tell which remain undecided."""
    places = points[rows].astype(np.float64)
    far, candidates = tree.query(places, k=[*range(1, wanted + 1)])
    beyond: Floats = np.asarray(far)[:, -1] - reach
    near = np.asarray(far)[:, 0] - reach < radius
    order = np.sort(np.asarray(candidates, dtype=np.int64)[near], axis=1)
    distances, _ = point_triangle(places[near, None], faces[order])
    best, position = _pick(distances)
    squared[rows[near]] = best
    index[rows[near]] = np.take_along_axis(order, position[:, None], axis=1)[:, 0]
    limit = np.minimum(np.sqrt(squared[rows] + TIE), radius)
    return near & (beyond <= limit) & (wanted < len(faces))


def _pick(distances: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Smallest distance of each row and the lowest column that ties with it."""
    best = distances.min(axis=1)
    return best, np.argmax(distances <= best[:, None] + TIE, axis=1)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.einsum("...i,...i->...", a, b)
