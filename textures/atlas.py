# SPDX-License-Identifier: Apache-2.0
"""UV unwrapping: plain, by xatlas, or steered along parts, with one density for each part."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import face_pairs
from textures.charts import make_charts
from textures.pack import pack

MAX_COST = 8.0
"""Charts grow until this cost; with xatlas's 2 a head falls into twice as many charts, for no less stretch."""

NORMAL_DEVIATION_WEIGHT = 1.0
"""How much a chart's bending counts; with xatlas's 2 there are twice as many seams across a face."""


@dataclass(frozen=True)
class Atlas:
    """A mesh cut along its seams, with a place in the texture for each vertex.

    ``vertex_map`` (Vn,) int32 names the input vertex of each new one, ``faces`` (F, 3) int32 are the input's faces in
    the input's order with new vertices, ``uvs`` (Vn, 2) float32 lie in 0 to 1 with the origin at the bottom left,
    ``charts`` (F,) int32 numbers the chart of each face from 0.
    """

    vertex_map: NDArray[np.int32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    charts: NDArray[np.int32]

    @property
    def chart_count(self) -> int:
        """How many charts there are."""
        return int(self.charts.max()) + 1

    @property
    def utilisation(self) -> float:
        """The share of the image that faces cover."""
        corners = self.uvs[self.faces].astype(np.float64)
        one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        return float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2)


def unwrap(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    *,
    resolution: int = 1024,
    padding: int = 4,
    parts: NDArray[np.int32] | None = None,
    density: Mapping[int, float] | None = None,
    whole: Collection[int] = (),
    time_limit: float = 20.0,
) -> Atlas:
    """Cut and flatten a mesh: charts without overlap, at least ``padding`` texels apart at ``resolution`` squared.

    ``vertices`` (V, 3) in any length unit, ``faces`` (F, 3). The same input gives the same atlas, as long as the time
    limit is not reached. Meant for a decimated surface.

    With ``parts`` (F,) int32 no chart reaches over a border between two parts (except that scraps join a neighbour), a
    part in ``whole`` becomes one chart (for each connected piece) and stands upright (+y up), and ``density`` gives the
    texels per length of a part in proportion to the others (1 where it says nothing). After ``time_limit`` seconds what
    is not done gets a simpler, more distorted chart. Without parts xatlas does it all.

    Raises ``ValueError`` when there is nothing to unwrap, the parts do not fit the mesh, or the charts do not fit into
    one image.
    """
    if len(faces) == 0:
        raise ValueError("unwrap: the mesh has no faces")
    if resolution < 16 or not 0 <= padding <= resolution // 8:
        raise ValueError(f"unwrap: padding must be 0 to an eighth of the resolution, got {padding} at {resolution}")
    if parts is None:
        if density or whole:
            raise ValueError("unwrap: density and whole speak of parts, but no parts are given")
        return _by_xatlas(vertices, faces, resolution, padding)
    if parts.shape != (len(faces),):
        raise ValueError(f"unwrap: expected one part for each of {len(faces)} faces, got shape {parts.shape}")
    scales = dict(density or {})
    if any(not (np.isfinite(scale) and scale > 0) for scale in scales.values()):
        raise ValueError(f"unwrap: densities must be positive, got {scales}")
    return _in_parts(vertices, faces, parts, scales, whole, resolution, padding, time_limit)


def _in_parts(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    parts: NDArray[np.int32],
    density: Mapping[int, float],
    whole: Collection[int],
    resolution: int,
    padding: int,
    time_limit: float,
) -> Atlas:
    if not bool(np.isfinite(vertices).all()):
        raise ValueError("unwrap: the mesh has vertices at values that are not finite")
    charts = make_charts(vertices, faces, parts, whole, time_limit)
    count = len(charts.energy)
    # A chart with scraps of another part has the density of most of its faces.
    kinds, kind = np.unique(parts, return_inverse=True)
    votes = np.bincount(charts.chart * len(kinds) + kind, minlength=count * len(kinds)).reshape(count, -1)
    scale = np.asarray([density.get(int(kinds[k]), 1.0) for k in votes.argmax(axis=1)])
    vertex_map = np.zeros(len(charts.uvs), np.int32)
    vertex_map[charts.glued] = faces
    of_vertex = np.zeros(len(charts.uvs), np.int64)
    of_vertex[charts.glued.ravel()] = np.repeat(charts.chart, 3)
    uvs = charts.uvs * scale[of_vertex][:, None]
    for k in np.flatnonzero(charts.whole):
        inside = charts.chart == k
        turn = _upright(uvs[charts.glued[inside]], vertices[faces[inside]].astype(np.float64))
        own = of_vertex == k
        uvs[own] = uvs[own] @ turn
    uvs = pack(uvs, charts.glued, charts.chart, upright=charts.whole, resolution=resolution, padding=padding)
    return Atlas(vertex_map, charts.glued, uvs.astype(np.float32), charts.chart.astype(np.int32))


def _upright(flat: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation (2, 2), to be applied from the right, that makes what is up in space up in a chart.

    ``flat`` and ``corners``: the triangles in the chart (F, 3, 2) and in space (F, 3, 3). What faces forward (+z)
    decides: the underside of a fringe is upside down.
    """
    edges = corners[:, 1:] - corners[:, :1]
    places = flat[:, 1:] - flat[:, :1]
    forward = np.maximum(np.cross(edges[:, 0], edges[:, 1])[:, 2], 0.0)
    # The direction in the chart along which height grows: the solution of places @ gradient = rise.
    determinant = places[:, 0, 0] * places[:, 1, 1] - places[:, 0, 1] * places[:, 1, 0]
    rise = edges[:, :, 1]
    gradient = (
        np.stack(
            [
                rise[:, 0] * places[:, 1, 1] - rise[:, 1] * places[:, 0, 1],
                rise[:, 1] * places[:, 0, 0] - rise[:, 0] * places[:, 1, 0],
            ],
            axis=1,
        )
        / np.maximum(determinant, 1e-300)[:, None]
    )
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    u, v = (forward[:, None] * gradient / np.maximum(length, 1e-300)).sum(axis=0).tolist()
    size = float(np.hypot(u, v))
    return np.array([[v, u], [-u, v]]) / size if size > 0.0 else np.eye(2)


def _by_xatlas(vertices: NDArray[np.float32], faces: NDArray[np.int32], resolution: int, padding: int) -> Atlas:
    xatlas: Any = importlib.import_module("xatlas")
    atlas = xatlas.Atlas()
    # Unit size: xatlas drops triangles below an absolute area.
    size = float(np.ptp(vertices, axis=0).max()) or 1.0
    atlas.add_mesh(
        np.ascontiguousarray(vertices / np.float32(size), np.float32), np.ascontiguousarray(faces, np.uint32)
    )
    charts, pack = xatlas.ChartOptions(), xatlas.PackOptions()
    charts.max_cost = MAX_COST
    charts.normal_deviation_weight = NORMAL_DEVIATION_WEIGHT
    pack.resolution = resolution
    pack.padding = padding
    pack.bilinear = True
    atlas.generate(charts, pack)
    if atlas.atlas_count != 1:
        raise ValueError(f"unwrap: expected one texture, the charts need {atlas.atlas_count} at {resolution} texels")
    vertex_map, new_faces, uvs = atlas[0]
    # xatlas packs into about the resolution asked for and normalises each axis by itself. One common scale keeps
    # texels square; growing to the full image never shrinks the padding.
    texels = np.asarray(uvs, np.float64) * (atlas.width, atlas.height)
    extent = float(max(atlas.width, atlas.height))
    mesh_faces = np.asarray(new_faces, np.int32).reshape(-1, 3)
    if len(mesh_faces) != len(faces):
        raise ValueError(
            f"unwrap: xatlas returned {len(mesh_faces)} of {len(faces)} faces; the mesh has faces without area"
        )
    one, two = face_pairs(mesh_faces).one // 3, face_pairs(mesh_faces).two // 3
    return Atlas(
        np.asarray(vertex_map, np.int32),
        mesh_faces,
        np.clip(texels / extent, 0.0, 1.0).astype(np.float32),
        component_labels(len(faces), one, two).astype(np.int32),
    )
