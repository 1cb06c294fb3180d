# SPDX-License-Identifier: Apache-2.0
"""The canonical body's visible surface (skin and eyeballs) with the quantities that painting it needs.

Computed once from the base mesh and kept in the user's cache folder, for it takes some ten seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, spatial

from portrait_core.geometry.directions import sphere_directions
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.normals import vertex_normals
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.base_mesh import BaseMesh, load_base_mesh
from portrait_core.world.cache import cached_arrays

FloatArray = NDArray[np.float32]


VERSION = "body-4"
EYE_MIDDLE = np.array([0.0, 0.1396, 0.1130], np.float32)
"""Middle between the eye joints of the canonical body, in metres from the neck joint."""

EAR = np.array([0.072, -0.020, -0.078], np.float32)
EAR_SIZE = np.array([0.024, 0.044, 0.036], np.float32)
"""Middle and half sizes of the left ear relative to the middle of the eyes; the right one is its mirror image."""

BOX_CENTRE = np.array([0.0, 0.0746, 0.0430], np.float32)
BOX_HALF = 0.27
"""The lattice box of the bust: centre and half of its side, in metres."""

CUT_Y = -0.155
CUT_X = 0.255
"""The shoulder cut: a horizontal plane below and two upright ones beside, in metres from the neck joint."""


@dataclass(frozen=True)
class CanonicalBody:
    """Skin vertices come first, then the eyeballs'.

    Attributes:
        vertices (V, 3), triangles (F, 3): all of skin and eyes; visible (F,): can be seen from outside.
        skin_count: number of skin vertices.
        ao (V,): ambient occlusion, 1 = open sky; lip (V,): lip mask.
        lid, mouth (V,): distance to the edge of the eyelids and to the line of the mouth, metres.
    """

    vertices: FloatArray
    triangles: NDArray[np.int64]
    visible: NDArray[np.bool_]
    skin_count: NDArray[np.int64]
    ao: FloatArray
    lip: FloatArray
    lid: FloatArray
    mouth: FloatArray

    @property
    def skins(self) -> int:
        return int(self.skin_count)

    def visible_triangles(self) -> NDArray[np.int64]:
        return self.triangles[self.visible]


@lru_cache(maxsize=2)
def load_canonical_body(assets: AssetFolders | None = None) -> CanonicalBody:
    """The canonical body of the CC0 base mesh, from the cache when it is there."""
    folders = assets or find_assets()
    arrays = cached_arrays(VERSION, folders, lambda: _build(load_base_mesh(folders), folders))
    return CanonicalBody(**{f.name: arrays[f.name] for f in fields(CanonicalBody)})


def _build(base: BaseMesh, folders: AssetFolders) -> dict[str, NDArray[Any]]:
    skin = np.asarray(base.skin.matrix @ base.neutral, np.float32)
    eyes = np.asarray(base.eyes.matrix @ base.neutral, np.float32)
    vertices = np.concatenate([skin, eyes])
    triangles = np.concatenate([base.skin.triangles, base.eyes.triangles + len(skin)])
    open_sky = _open_sky(vertices, triangles)
    seen = (open_sky > 0.02)[triangles].any(axis=1)
    # Only the bag of the mouth and the sockets are hidden: elsewhere (armpits) a dark triangle is still surface.
    centre = vertices[triangles].mean(axis=1) - EYE_MIDDLE
    inner = (np.abs(centre[:, 0]) < 0.075) & (centre[:, 1] > -0.16) & (centre[:, 1] < 0.06) & (centre[:, 2] > -0.12)
    is_eye = (triangles >= len(skin)).any(axis=1)
    visible = np.where(inner & ~is_eye, seen, True)

    closing = _close_mouth(vertices, triangles[visible & ~is_eye])
    triangles = np.concatenate([triangles, closing])
    visible = np.concatenate([visible, np.ones(len(closing), bool)])
    is_eye = np.concatenate([is_eye, np.zeros(len(closing), bool)])
    edges = _border(triangles[: -len(closing)][(visible & ~is_eye)[: -len(closing)]])
    at = vertices[edges] - EYE_MIDDLE
    eye_edge = (np.abs(at[:, 1]) < 0.02) & (at[:, 2] > -0.04) & (np.abs(at[:, 0]) > 0.008)
    mouth_edge = _in_mouth(at)
    lid = spatial.cKDTree(vertices[edges[eye_edge]]).query(vertices)[0]
    mouth = spatial.cKDTree(vertices[edges[mouth_edge]]).query(vertices)[0]
    return {
        "vertices": vertices,
        "triangles": triangles,
        "visible": visible,
        "skin_count": np.asarray(len(skin)),
        "ao": np.clip(open_sky / np.percentile(open_sky, 97), 0, 1).astype(np.float32),
        "lip": np.concatenate([_lip_mask(base, skin, folders), np.zeros(len(eyes), np.float32)]),
        "lid": np.asarray(lid, np.float32),
        "mouth": np.asarray(mouth, np.float32),
    }


def _open_sky(vertices: FloatArray, triangles: NDArray[np.int64], rays: int = 192) -> FloatArray:
    """Cosine-weighted share of directions in which nothing is in the way; the sky above counts more."""
    scene = MeshQueries(vertices, triangles)
    normals = vertex_normals(vertices, triangles).astype(np.float32)
    open_part = np.zeros(len(vertices), np.float32)
    total = np.zeros(len(vertices), np.float32)
    start = vertices + normals * 4e-4
    for direction in sphere_directions(rays):
        weight = np.clip(normals @ direction, 0, None) * (1 + 0.5 * direction[1])
        hit = scene.first_hits(start, np.broadcast_to(direction, start.shape), 1.0)
        open_part += weight * (hit.face < 0)
        total += weight
    return np.asarray(open_part / np.maximum(total, 1e-6), np.float32)


def _border(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Vertices on edges that only one triangle uses."""
    ends = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    edges, uses = np.unique(ends, axis=0, return_counts=True)
    return np.unique(edges[uses == 1])


def _in_mouth(at: FloatArray) -> NDArray[np.bool_]:
    return (at[:, 1] < -0.03) & (at[:, 1] > -0.11) & (at[:, 2] > -0.06) & (np.abs(at[:, 0]) < 0.04)


def _close_mouth(vertices: FloatArray, triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles between the lips, along the rim where the visible skin ends: identities may part their lips."""
    directed = np.stack([triangles, np.roll(triangles, -1, axis=1)], -1).reshape(-1, 2)
    key = directed[:, 0] * len(vertices) + directed[:, 1]
    back = directed[:, 1] * len(vertices) + directed[:, 0]
    border = directed[~np.isin(key, back)]
    border = border[_in_mouth(vertices[border[:, 0]] - EYE_MIDDLE)]
    following = {int(a): int(b) for a, b in border}
    loops: list[list[int]] = []
    while following:
        loop = [next(iter(following))]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1]))
        loops.append(loop[:-1])
    rim = max(loops, key=len)
    start = int(np.argmin(vertices[rim, 0]))
    rim = rim[start:] + rim[:start]
    # The rim runs along one lip and back along the other: join vertices that lie across from each other.
    faces: list[tuple[int, int, int]] = []
    low, high = 1, len(rim) - 1
    previous = (rim[0], rim[0])
    while low <= high:
        a, b = rim[low], rim[high]
        faces += [(previous[0], b, a), (previous[0], previous[1], b)]
        previous = (a, b)
        low, high = low + 1, high - 1
    return np.asarray([f for f in faces if len(set(f)) == 3], np.int64)


def _lip_mask(base: BaseMesh, skin: FloatArray, folders: AssetFolders) -> FloatArray:
    image = np.asarray(Image.open(folders.mpfb / "textures" / "mpfb_lips.jpg").convert("L"), np.float32) / 255
    height, width = image.shape
    uv = base.skin.uvs
    mask = ndimage.map_coordinates(
        ndimage.gaussian_filter(image, 2.0), [(1 - uv[:, 1]) * (height - 1), uv[:, 0] * (width - 1)], order=1
    )
    at = skin - EYE_MIDDLE
    mask[(np.abs(at[:, 0]) > 0.04) | (at[:, 1] > -0.04) | (at[:, 2] < -0.05)] = 0
    return np.clip(mask, 0, 1).astype(np.float32)


class BodyDistance:
    """Signed distance (negative inside) to the canonical skin and eyeballs taken as one solid, and closest points."""

    def __init__(self, body: CanonicalBody, base: BaseMesh) -> None:
        self.body = body
        self.triangles = body.visible_triangles()
        self._surface = MeshQueries(body.vertices, self.triangles)
        self._solid = MeshQueries(base.solid_vertices, base.solid_triangles, solid=True)
        eye_triangles = body.triangles[(body.triangles >= body.skins).all(axis=1)]
        self._eyes = MeshQueries(body.vertices, eye_triangles, solid=True)
        self._all = MeshQueries(body.vertices, body.triangles)

    def __call__(self, points: NDArray[np.float32]) -> tuple[FloatArray, NDArray[np.float32], NDArray[np.int32]]:
        """Points (N, 3) -> signed distance (N,), vertex weights of the closest point as (bary (N, 3), face (N,)).

        ``face`` counts into :attr:`triangles`.
        """
        hits = self._surface.closest(points)
        inside = self._solid.inside(points) | self._eyes.inside(points)
        # The bag of the mouth and the space behind the eyeballs are open to the outside in the base mesh, but nobody
        # can see into them: they count as inside.
        at = points - EYE_MIDDLE
        doubtful = ~inside & (np.abs(at[:, 0]) < 0.07) & (at[:, 1] > -0.14) & (at[:, 1] < 0.03) & (at[:, 2] > -0.13)
        doubtful &= hits.distance < 0.04
        index = np.flatnonzero(doubtful)
        if len(index):
            inside[index] = self._enclosed(points[index])
        return np.where(inside, -hits.distance, hits.distance).astype(np.float32), hits.weights, hits.face

    def _enclosed(self, points: FloatArray, rays: int = 48) -> NDArray[np.bool_]:
        blocked = np.zeros(len(points), np.float32)
        for direction in sphere_directions(rays):
            blocked += self._all.first_hits(points, np.broadcast_to(direction, points.shape), 0.5).face >= 0
        return blocked > 0.94 * rays

    def vertex_values(self, values: NDArray[Any], bary: FloatArray, face: NDArray[np.int32]) -> FloatArray:
        """Per-vertex values (V, ...) at closest points."""
        corner = values[self.triangles[face]]
        weight = bary.reshape(bary.shape + (1,) * (values.ndim - 1))
        return (corner * weight).sum(axis=1).astype(np.float32)
