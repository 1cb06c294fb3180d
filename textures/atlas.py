# SPDX-License-Identifier: Apache-2.0
"""UV unwrapping: plain, by xatlas, or steered along parts, with one density for each part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import face_pairs
from textures.charts import WORK, make_charts
from textures.pack import pack
from textures.xatlas_charts import xatlas_pack, xatlas_unwrap

Method = Literal["auto", "charts", "xatlas"]
"""Who unwraps: this room, the library xatlas, or whichever suits: charts where parts are known, else xatlas."""


@dataclass(frozen=True)
class Atlas:
    """A mesh cut along its seams, with a place in the texture for each vertex.

    ``vertex_map`` (Vn,) int32 names the input vertex of each new one, ``faces`` (F, 3) int32 are the input's faces in
    the input's order with new vertices, ``uvs`` (Vn, 2) float32 lie in 0 to 1 with the origin at the bottom left,
    ``charts`` (F,) int32 numbers the chart of each face from 0. ``used_up`` tells that the work allowed did not
    suffice: some charts are simpler and more distorted than they could be.
    """

    vertex_map: NDArray[np.int32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    charts: NDArray[np.int32]
    used_up: bool = False

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
    budget: int = WORK,
    method: Method = "auto",
) -> Atlas:
    """Cut and flatten a mesh: charts without overlap, at least ``padding`` texels apart at ``resolution`` squared.

    ``vertices`` (V, 3) in any length unit, ``faces`` (F, 3). The same input gives the same atlas on a machine of
    any speed. Meant for a decimated surface.

    With ``parts`` (F,) int32 no chart reaches over a border between two parts (except that scraps join a neighbour), a
    part in ``whole`` becomes one chart (for each connected piece) and stands upright (+y up), and ``density`` gives the
    texels per length of a part in proportion to the others (1 where it says nothing). After a ``budget`` of work
    (steps of one triangle) what is not done gets a simpler, more distorted chart, and the atlas says so.

    ``method`` chooses who does it. ``charts`` takes a mesh without parts for one part. ``xatlas`` cuts as it likes: of
    the parts it knows the densities only, a chart having that of most of its faces. ``auto`` is ``charts`` with parts
    and ``xatlas`` without.

    Raises ``ValueError`` when there is nothing to unwrap, the parts do not fit the mesh, or the charts do not fit into
    one image.
    """
    if len(faces) == 0:
        raise ValueError("unwrap: the mesh has no faces")
    if resolution < 16 or not 0 <= padding <= resolution // 8:
        raise ValueError(f"unwrap: padding must be 0 to an eighth of the resolution, got {padding} at {resolution}")
    if parts is None and (density or whole):
        raise ValueError("unwrap: density and whole speak of parts, but no parts are given")
    if parts is not None and parts.shape != (len(faces),):
        raise ValueError(f"unwrap: expected one part for each of {len(faces)} faces, got shape {parts.shape}")
    scales = dict(density or {})
    if any(not (np.isfinite(scale) and scale > 0) for scale in scales.values()):
        raise ValueError(f"unwrap: densities must be positive, got {scales}")
    if not bool(np.isfinite(vertices).all()):
        raise ValueError("unwrap: the mesh has vertices at values that are not finite")
    if method == "xatlas" or (method == "auto" and parts is None):
        return _by_xatlas(vertices, faces, parts, scales, resolution, padding)
    if parts is None:
        parts = np.zeros(len(faces), np.int32)
    return _in_parts(vertices, faces, parts, scales, whole, resolution, padding, budget)


def _in_parts(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    parts: NDArray[np.int32],
    density: Mapping[int, float],
    whole: Collection[int],
    resolution: int,
    padding: int,
    budget: int,
) -> Atlas:
    charts = make_charts(vertices, faces, parts, whole, budget)
    scale = _scales(parts, charts.chart, density)
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
    return Atlas(vertex_map, charts.glued, uvs.astype(np.float32), charts.chart.astype(np.int32), charts.used_up)


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


def _by_xatlas(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    parts: NDArray[np.int32] | None,
    density: Mapping[int, float],
    resolution: int,
    padding: int,
) -> Atlas:
    vertex_map, glued, uvs = xatlas_unwrap(vertices, faces, resolution=resolution, padding=padding)
    chart = _connected_charts(glued)
    if parts is not None and len({density.get(int(part), 1.0) for part in np.unique(parts)}) > 1:
        scale = _scales(parts, chart, density)
        of_vertex = np.zeros(len(uvs), np.int64)
        of_vertex[glued.ravel()] = np.repeat(chart, 3)
        uvs = uvs * scale[of_vertex][:, None]
        again, glued, uvs = xatlas_pack(uvs, glued, chart, resolution=resolution, padding=padding)
        vertex_map = vertex_map[again]
    return Atlas(vertex_map, glued, uvs.astype(np.float32), chart)


def _connected_charts(faces: NDArray[np.int32]) -> NDArray[np.int32]:
    pairs = face_pairs(faces)
    return component_labels(len(faces), pairs.one // 3, pairs.two // 3).astype(np.int32)


def _scales(parts: NDArray[np.int32], chart: NDArray[np.integer], density: Mapping[int, float]) -> NDArray[np.float64]:
    """The density of each chart: that of the part that most of its faces are of."""
    kinds, kind = np.unique(parts, return_inverse=True)
    count = int(chart.max()) + 1
    votes = np.bincount(chart * len(kinds) + kind, minlength=count * len(kinds)).reshape(count, -1)
    return np.asarray([density.get(int(kinds[k]), 1.0) for k in votes.argmax(axis=1)])
