# SPDX-License-Identifier: Apache-2.0
"""The shoulder cut: planes on which the solid ends, flat to the last vertex, with straight rims.

Marching cubes rounds the rim off and leaves the cap within a voxel of its plane. Here the surface is scored
along a parallel plane a little deeper, where the wall is still itself; the scored line is carried onto the
plane, the wall between is stretched after it, and all beyond is pressed flat. Faces are split, never
removed: what was closed stays closed. Planes are rows (nx, ny, nz, d) with unit normals; the solid
satisfies n.x <= d.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.half_edges import all_corners, ends, some_corner, starts
from portrait_core.geometry.surface import Surface, compact, face_cross

SCORE = 1.25
"""Voxels below the plane where the surface is scored: deeper than marching cubes' chamfer."""
STRETCH = 10.0
"""Voxels of wall that share the way from the scored line to the plane."""
LEAST = 0.05
"""Voxels: vertices nearer to the scored line are pushed beyond it, so that no sliver is thinner than that."""
RINGS, ROUNDS = 4, 60
"""How far around a folded face the cap is laid out anew, and how often its vertices are averaged at most."""
ON_PLANE = 1e-5
"""Metres: a vertex this near to a plane is on it."""


def flatten_cut(
    surface: Surface, carried: NDArray[np.float32], planes: NDArray[np.floating], voxel: float
) -> tuple[Surface, NDArray[np.float32]]:
    """``surface`` (closed, metres) with caps exactly on the planes; a plane that it does not reach changes nothing.

    With it the values ``carried`` (V, K) by the vertices: they move along, new ones on an edge get a mix of its ends'.
    """
    for plane in np.asarray(planes, np.float64):
        if float(_height(surface.vertices, plane).max()) > -1.5 * voxel:
            surface, carried = _flatten(surface, carried, plane, voxel)
    return surface, carried


def open_cut(surface: Surface, planes: NDArray[np.floating]) -> Surface:
    """``surface`` without the faces that lie in one of the planes: only the rim of the cut is open."""
    flat = np.zeros(len(surface.faces), bool)
    for plane in np.asarray(planes, np.float64):
        on = np.abs(_height(surface.vertices, plane)) <= ON_PLANE
        flat |= all_corners(on, surface.faces)
    return compact(surface.vertices, surface.faces[~flat])


def snap(vertices: NDArray[np.floating], planes: NDArray[np.floating] | None, reach: float) -> NDArray[np.float32]:
    """Vertices (V, 3) within ``reach`` of a plane, or beyond it, put onto it; others stay."""
    place = np.asarray(vertices, np.float64).copy()
    if planes is not None:
        for plane in np.asarray(planes, np.float64):
            height = _height(place, plane)
            near = height > -reach
            place[near] -= height[near, None] * plane[:3]
    return place.astype(np.float32)


def _height(vertices: NDArray[np.floating], plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres beyond the plane, negative inside the solid."""
    return np.asarray(vertices, np.float64) @ plane[:3] - plane[3]


def _flatten(
    surface: Surface, carried: NDArray[np.float32], plane: NDArray[np.float64], voxel: float
) -> tuple[Surface, NDArray[np.float32]]:
    # Nothing below the stretched wall changes: only the faces that reach into it are looked at.
    touched = np.flatnonzero(some_corner(_height(surface.vertices, plane) > -(STRETCH + 1.0) * voxel, surface.faces))
    part = surface.faces[touched]
    mask = np.zeros(len(surface.vertices), bool)
    mask[part.ravel()] = True
    used = np.flatnonzero(mask)
    local = (np.cumsum(mask, dtype=np.int32) - np.int32(1))[part]
    place, scored = _pressed(surface.vertices[used].astype(np.float64), local, plane, voxel)
    moved = surface.vertices.copy()
    moved[used] = place[: len(used)]
    names = np.concatenate([used, len(mask) + np.arange(len(scored.one))]).astype(np.int32)
    kept = np.ones(len(surface.faces), bool)
    kept[touched[scored.hit]] = False
    one, two = carried[used[scored.one]], carried[used[scored.two]]
    mixed = (one + scored.share[:, None] * (two - one)).astype(np.float32)
    return Surface(
        np.vstack([moved, place[len(used) :]]), np.vstack([surface.faces[kept], names[scored.split]])
    ), np.vstack([carried, mixed])


def _pressed(
    vertices: NDArray[np.float64], local: NDArray[np.int32], plane: NDArray[np.float64], voxel: float
) -> tuple[NDArray[np.float32], _Scored]:
    """The vertices of the wall and the cap in their new places, and after them those of the scored line."""
    height = _height(vertices, plane) + SCORE * voxel
    close = np.abs(height) < LEAST * voxel
    vertices[close] += ((LEAST * voxel - height[close])[:, None]) * plane[:3]
    height[close] = LEAST * voxel
    line = _score(vertices, local, height)
    scored = np.arange(len(vertices), len(vertices) + len(line.one))
    start = vertices[line.one]
    vertices = np.vstack([vertices, start + line.share[:, None] * (vertices[line.two] - start)])
    whole = np.ones(len(local), bool)
    whole[line.hit] = False
    faces = np.vstack([local[whole].astype(np.int64), line.split])
    height = vertices @ plane[:3] - plane[3]
    beyond = height > -SCORE * voxel
    beyond[scored] = True
    # Only what hangs together with the cap is pressed: a lock of hair that ends close to the plane is left alone.
    height[scored] = -SCORE * voxel
    band, score = STRETCH * voxel, SCORE * voxel
    wall = ~beyond & (height > -band)
    lift = np.zeros(len(vertices))
    lift[wall] = (band + height[wall]) * score / (band - score)
    lift[beyond] = -height[beyond]
    vertices += lift[:, None] * plane[:3]
    inner = beyond.copy()
    inner[scored] = False
    _spread(vertices, faces, inner, plane)
    place = vertices.astype(np.float32)
    on = np.flatnonzero(beyond)
    place[on] = _exactly(vertices[on], plane)
    return place, line


def _exactly(points: NDArray[np.float64], plane: NDArray[np.float64]) -> NDArray[np.float32]:
    """Points on the plane as float32: for a plane along an axis the coordinate is the same number for all."""
    place = (points - (points @ plane[:3] - plane[3])[:, None] * plane[:3]).astype(np.float32)
    axis = int(np.argmax(np.abs(plane[:3])))
    if abs(plane[axis]) == 1.0:
        place[:, axis] = np.float32(plane[3] * plane[axis])
    return place


@dataclass(frozen=True)
class _Scored:
    """Faces ``hit`` (H,) by a line, and those they are ``split`` (S, 3) into; the line's vertices count on from the
    others and lie on edges from ``one`` (N,) to ``two`` (N,), at the ``share`` (N,) of the way."""

    hit: NDArray[np.int64]
    split: NDArray[np.int64]
    one: NDArray[np.int64]
    two: NDArray[np.int64]
    share: NDArray[np.float64]


def _score(vertices: NDArray[np.float64], faces: NDArray[np.int32], height: NDArray[np.float64]) -> _Scored:
    """Split the faces along the zero line of ``height`` (V,), which is zero nowhere."""
    above = height > 0.0
    count = sum(above[faces[:, corner]].astype(np.int8) for corner in range(3))
    assert isinstance(count, np.ndarray)
    hit = np.flatnonzero((count == 1) | (count == 2))
    crossed = faces[hit].astype(np.int64)
    begin, end = starts(crossed).astype(np.int64), ends(crossed).astype(np.int64)
    cutting = above[begin] != above[end]
    low, high = np.minimum(begin, end)[cutting], np.maximum(begin, end)[cutting]
    keys, first, inverse = np.unique(low * len(vertices) + high, return_index=True, return_inverse=True)
    one, two = low[first], high[first]
    share = height[one] / (height[one] - height[two])
    added = len(vertices) + np.arange(len(keys))
    all_vertices = np.vstack([vertices, vertices[one] + share[:, None] * (vertices[two] - vertices[one])])
    on_edge = np.full(len(begin), -1, np.int64)
    on_edge[cutting] = added[np.asarray(inverse).ravel()]
    # Turn each face so that its lonely corner comes first: the edges next to it are the two that are crossed.
    lonely = above[crossed] == (count[hit] == 1)[:, None]
    turn = (np.argmax(lonely, axis=1)[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(crossed, turn, axis=1).T
    ab, _, ca = np.take_along_axis(on_edge.reshape(-1, 3), turn, axis=1).T
    # The quadrangle ab-b-c-ca is cut along its shorter diagonal.
    span = np.linalg.norm(all_vertices[ab] - all_vertices[c], axis=1)
    first_way = (span <= np.linalg.norm(all_vertices[b] - all_vertices[ca], axis=1))[:, None]
    near = np.where(first_way, np.stack([ab, b, c], 1), np.stack([ab, b, ca], 1))
    far = np.where(first_way, np.stack([ab, c, ca], 1), np.stack([b, c, ca], 1))
    split = np.vstack([np.stack([a, ab, ca], 1), near, far]).astype(np.int64)
    return _Scored(hit, split, one, two, share)


def _spread(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    inner: NDArray[np.bool_],
    plane: NDArray[np.float64],
) -> None:
    """Lay the cap's inner vertices out evenly between the rim's, in place, so that nothing is folded over."""
    cap = some_corner(inner, faces)
    piece = faces[cap]
    folded = face_cross(vertices, piece) @ plane[:3] <= 0.0
    near = np.zeros(len(vertices), bool)
    near[piece[folded].ravel()] = True
    for _ in range(RINGS):
        near[piece[some_corner(near, piece)].ravel()] = True
    piece = piece[all_corners(near, piece)]
    if len(piece) == 0:
        return
    used = np.unique(piece)
    local = np.searchsorted(used, piece)
    begin, end, size = starts(local), ends(local), len(used)
    one_way = sparse.coo_matrix((np.ones(len(begin)), (begin, end)), shape=(size, size))
    either = cast("Any", one_way + one_way.T).tocsr()
    link = (either > 0).astype(np.float64)
    degree = np.maximum(np.asarray(link.sum(axis=1)).ravel(), 1.0)[:, None]
    # The border of the piece stays, like the rim; everything else averages its neighbours until nothing is folded.
    border = np.zeros(len(vertices), bool)
    border[faces[cap & ~all_corners(near, faces)].ravel()] = True
    free = inner[used] & ~border[used]
    place = vertices[used]
    for _ in range(ROUNDS):
        place[free] = ((link @ place) / degree)[free]
        if bool((face_cross(place, local) @ plane[:3] > 0.0).all()):
            break
    vertices[used] = place


def straightness(surface: Surface, planes: NDArray[np.floating]) -> dict[str, float]:
    """Plain facts of the cut for a report: the farthest any vertex lies beyond a plane, and the area of the caps."""
    beyond, area = 0.0, 0.0
    for plane in np.asarray(planes, np.float64):
        height = _height(surface.vertices, plane)
        beyond = max(beyond, float(height.max()))
        cap = surface.faces[all_corners(np.abs(height) <= ON_PLANE, surface.faces)]
        area += float(np.linalg.norm(face_cross(surface.vertices, cap), axis=1).sum()) / 2.0
    return {"beyond_planes": max(beyond, 0.0), "cap_area": area}
