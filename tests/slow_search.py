# SPDX-License-Identifier: Apache-2.0
"""The nearest triangle the slow way: each point against each triangle, in float64 (docs/published/deformation.md, 4.1).

What `portrait_core.geometry.mesh_queries` and the warps are held against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.body.deformation import TIE, PoseWarp

_PAIRS_AT_ONCE = 200_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """For N points: ``squared[N]`` distances (infinite: beyond the search radius), ``index[N]`` of the triangles (0
    then), and ``gap[N]``, the second-best squared distance less the best."""

    squared: Floats
    index: NDArray[np.int64]
    gap: Floats


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
    """Points ``[N, 3]`` and triangles ``[F, 3, 3]``; the lowest index among those that tie wins."""
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


def slow_search(
    points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float
) -> tuple[Floats, NDArray[np.int64]]:
    """`nearest_brute_force` as a :data:`portrait_core.body.deformation.NearestSearch`."""
    found = nearest_brute_force(points, triangles, radius)
    return found.squared, found.index


def product_search(
    points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float = np.inf
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What the warp itself finds: a :data:`portrait_core.body.deformation.NearestSearch` too."""
    corners = torch.as_tensor(triangles.reshape(1, -1, 3))
    faces = torch.arange(corners.shape[1]).reshape(-1, 3)
    squared, index = PoseWarp(corners, corners[0], faces, radius).nearest(torch.as_tensor(points)[None])
    return squared[0].numpy(), index[0].numpy()


def _pick(distances: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Smallest distance of each row and the lowest column that ties with it."""
    best = distances.min(axis=1)
    return best, np.argmax(distances <= best[:, None] + TIE, axis=1)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.einsum("...i,...i->...", a, b)
