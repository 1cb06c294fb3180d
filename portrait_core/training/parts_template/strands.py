# SPDX-License-Identifier: Apache-2.0
"""Coordinates along and across the strands of a hair mesh, solved on its quads.

Hair textures show where strands run: the direction along which a texture changes least (its structure tensor, Bigün &
Granlund 1987). Carried to the mesh by its texture coordinates, with the sign of a plain flow from the crown, that gives
a direction a quad. The coordinate along strands is the function whose gradient is closest to these directions, the one
across strands has the gradient at right angles: two Poisson equations over the mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.sparse_solver import factorised

CROWN = np.array([0.0, 0.115, -0.115])
"""Where hair starts to flow from, relative to the middle of the eyes, metres."""

SMOOTH = 4.0
"""Standard deviation in texels over which a texture's direction is asked for."""

COHERENT = 0.25
"""From this anisotropy on (0 to 1) a texture's direction counts in full."""


@dataclass(frozen=True, eq=False)
class Strands:
    """``along`` (V,) metres from the root of each piece, ``share`` (V,) the same from 0 to 1, ``across`` (V,) metres,
    ``piece`` (V,) number of the connected piece."""

    along: NDArray[np.float64]
    share: NDArray[np.float64]
    across: NDArray[np.float64]
    piece: NDArray[np.int64]


def texture_direction(grey: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the strands of a texture (S, S), row 0 at the top, run: unit vectors (S, S, 2) in (u, v), whose sign means
    nothing, and how sure that is (S, S), 0 to 1."""
    dy, dx = np.gradient(ndimage.gaussian_filter(np.asarray(grey, np.float64), 0.8))
    dy = -dy  # rows run down, v runs up
    xx, xy, yy = (ndimage.gaussian_filter(a * b, SMOOTH) for a, b in ((dx, dx), (dx, dy), (dy, dy)))
    spread = np.hypot(xx - yy, 2 * xy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2  # at right angles to the strongest change
    return np.stack([np.cos(angle), np.sin(angle)], -1), spread / np.maximum(xx + yy, 1e-12)


def flow_from_crown(places: NDArray[np.float64], eyes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A plain guess (V, 3) of where hair runs: away from the crown, and down below it. ``eyes`` (3,): their middle."""
    crown = eyes + CROWN
    away = _unit(places - crown)
    low = np.clip((crown[1] - 0.05 - places[:, 1]) / 0.06, 0, 1)[:, None]
    return _unit(away * (1 - low) + np.array([0.0, -1.0, 0.0]) * low)


def flow_of_texture(
    places: NDArray[np.float64],
    triangles: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    grey: NDArray[np.floating],
    flow: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Directions (F, 3) in the plane of each triangle: the texture's, with the sign of ``flow`` (V, 3).

    Args:
        places: (V, 3); triangles: (F, 3); corner_uvs: (F, 3, 2).
        grey: the texture (S, S), row 0 at the top.
        flow: taken alone where the texture shows no direction.
    """
    direction, sure = texture_direction(grey)
    size = len(grey)
    middle = corner_uvs.mean(axis=1)
    column = np.clip((middle[:, 0] * size).astype(int), 0, size - 1)
    row = np.clip(((1 - middle[:, 1]) * size).astype(int), 0, size - 1)
    in_uv, weight = direction[row, column], np.clip(sure[row, column] / COHERENT, 0, 1)[:, None]
    edges = places[triangles[:, 1:]] - places[triangles[:, :1]]
    uv_edges = corner_uvs[:, 1:] - corner_uvs[:, :1]
    area = uv_edges[:, 0, 0] * uv_edges[:, 1, 1] - uv_edges[:, 0, 1] * uv_edges[:, 1, 0]
    area = np.where(np.abs(area) > 1e-12, area, 1e-12)
    first = (in_uv[:, 0] * uv_edges[:, 1, 1] - in_uv[:, 1] * uv_edges[:, 1, 0]) / area
    second = (in_uv[:, 1] * uv_edges[:, 0, 0] - in_uv[:, 0] * uv_edges[:, 0, 1]) / area
    told = _unit(first[:, None] * edges[:, 0] + second[:, None] * edges[:, 1])
    normal = _unit(np.cross(edges[:, 0], edges[:, 1]))
    plain = flow[triangles].mean(axis=1)
    plain = _unit(plain - (plain * normal).sum(axis=1, keepdims=True) * normal)
    told *= np.where((told * plain).sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    return _unit(weight * told + (1 - weight) * plain)


def solve_strands(
    places: NDArray[np.float64], triangles: NDArray[np.int64], directions: NDArray[np.float64]
) -> Strands:
    """Strand coordinates of a mesh (V, 3), (F, 3) whose strands run along ``directions`` (F, 3), unit vectors."""
    edges = places[triangles[:, 1:]] - places[triangles[:, :1]]
    cross = np.cross(edges[:, 0], edges[:, 1])
    normal, area = _unit(cross), np.linalg.norm(cross, axis=1) / 2
    gradient = _gradient(places, triangles, normal, area)
    weight = sparse.diags(np.repeat(np.maximum(area, 1e-10), 3))
    laplacian = gradient.T @ weight @ gradient
    scale = float(laplacian.diagonal().mean())
    solve = factorised(sparse.csc_matrix(laplacian + scale * 1e-7 * sparse.identity(len(places)))).solve
    across = np.cross(directions, normal)
    along = solve(gradient.T @ (weight @ directions.ravel()))
    sideways = solve(gradient.T @ (weight @ across.ravel()))
    piece = component_labels(len(places), triangles[:, [0, 1]].ravel(), triangles[:, [1, 2]].ravel())
    count = int(piece.max()) + 1
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, piece, along)
    np.maximum.at(high, piece, along)
    begin = along - low[piece]
    first = np.full(count, np.inf)
    np.minimum.at(first, piece, sideways)
    return Strands(begin, begin / np.maximum((high - low)[piece], 1e-6), sideways - first[piece], piece)


def _gradient(
    places: NDArray[np.float64], triangles: NDArray[np.int64], normal: NDArray[np.float64], area: NDArray[np.float64]
) -> Any:
    """(3F, V) from values at vertices to gradients of triangles."""
    columns: list[NDArray[Any]] = []
    for corner in range(3):
        opposite = places[triangles[:, (corner + 2) % 3]] - places[triangles[:, (corner + 1) % 3]]
        columns.append(np.cross(normal, opposite) / np.maximum(2 * area, 1e-12)[:, None])
    values = np.stack(columns, 1)  # (F, corner, 3)
    rows = (np.arange(len(triangles))[:, None, None] * 3 + np.arange(3)).repeat(3, axis=1)
    index = rows.ravel(), np.repeat(triangles, 3, axis=1).ravel()
    return sparse.csr_matrix((values.ravel(), index), (3 * len(triangles), len(places)))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
