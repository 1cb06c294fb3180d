# SPDX-License-Identifier: Apache-2.0
"""Measures of a finished atlas, taken from the mesh's texture coordinates alone: charts, their widths, densities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as _ndimage
from scipy.spatial import ConvexHull, QhullError

from benchmarks.mesh_measures import welded_faces
from portrait_core.avatar import Avatar
from portrait_core.geometry.components import component_labels
from portrait_core.shape.regions import Region, adjacent_faces, face_regions
from textures import cover_texels

_ndimage_any: Any = _ndimage  # scipy ships no types for it


@dataclass(frozen=True)
class Charts:
    """``count`` charts; of each its ``width`` (count,), the least of its convex hull over all directions, and
    its ``inside`` (count,), the diameter of the largest disc that it holds, both in texels."""

    count: int
    width: NDArray[np.float64]
    inside: NDArray[np.float64]


def charts_of(uvs: NDArray[np.float32], faces: NDArray[np.int32]) -> tuple[int, NDArray[np.int64]]:
    """How many pieces the triangles make in the texture, and the number of each triangle's: (F,).

    ``uvs`` (V, 2), ``faces`` (F, 3). Triangles belong together across an edge with the same ends in the texture.
    """
    welded = welded_faces(uvs, faces)
    start, end = adjacent_faces(welded.astype(np.int32))
    _, number = np.unique(component_labels(len(faces), start, end), return_inverse=True)
    return int(number.max()) + 1, np.asarray(number, np.int64).ravel()


def measure_charts(uvs: NDArray[np.float32], faces: NDArray[np.int32], size: int) -> Charts:
    """How thin the charts are in an image of ``size`` x ``size`` texels.

    A curved ribbon has a wide hull but no room inside; so the disc is the stricter measure, and the one for the bar. It
    is counted in whole texels whose centres are covered: a strip that covers w of them across measures w.
    """
    count, chart = charts_of(uvs, faces)
    width = np.zeros(count)
    order = np.argsort(chart, kind="stable")
    for number, members in enumerate(np.split(order, np.searchsorted(chart[order], np.arange(1, count)))):
        width[number] = least_width(uvs[np.unique(faces[members])].astype(np.float64) * size)
    texels = cover_texels(faces, uvs, size)
    owner = np.full((size + 2, size + 2), -1)  # what lies outside the image belongs to nobody
    owner[texels.row + 1, texels.column + 1] = chart[texels.face]
    inner = owner >= 0
    down, across = (slice(1, None), slice(None, -1)), slice(None)
    for one, two in ((down[0], across), (down[1], across)), ((across, down[0]), (across, down[1])):
        touching = (owner[one] != owner[two]) & inner[one] & inner[two]  # padding should keep charts apart
        inner[one] &= ~touching
        inner[two] &= ~touching
    room: NDArray[np.float64] = _ndimage_any.distance_transform_edt(inner)
    inside = np.zeros(count)
    np.maximum.at(inside, owner[inner], 2 * room[inner] - 1)
    return Charts(count, width, inside)


def least_width(points: NDArray[np.float64]) -> float:
    """The least distance of two parallel lines with all ``points`` (N, 2) between them."""
    try:
        hull = points[ConvexHull(points).vertices]
    except QhullError:
        return 0.0
    edges = np.roll(hull, -1, axis=0) - hull
    normals = np.stack([-edges[:, 1], edges[:, 0]], axis=1) / np.linalg.norm(edges, axis=1, keepdims=True)
    return float(np.ptp(hull @ normals.T, axis=0).min())


def densities(avatar: Avatar) -> dict[str, float]:
    """Texels per centimetre of surface in each region of the finest level: the root of texel area over area."""
    level = avatar.main
    at = dict(zip(avatar.joint_names, avatar.joints, strict=True))
    welded = welded_faces(level.vertices, level.faces).astype(np.int32)
    places = np.zeros((int(welded.max()) + 1, 3), np.float32)
    places[welded.ravel()] = level.vertices[level.faces.ravel()]
    region = face_regions(places, welded, head=at["head"], neck=at["neck"])
    in_space = _areas(level.vertices, level.faces) * 1e4
    in_texels = _areas(level.uvs, level.faces) * level.maps.base_colour.shape[0] ** 2
    found: dict[str, float] = {}
    for each in Region:
        chosen = region == int(each)
        if bool(chosen.any()):
            found[each.name.lower()] = float(np.sqrt(in_texels[chosen].sum() / in_space[chosen].sum()))
    return found


def measure_atlas(avatar: Avatar) -> dict[str, float]:
    """What the bars ask of the finest level's atlas."""
    level = avatar.main
    charts = measure_charts(level.uvs, level.faces, level.maps.base_colour.shape[0])
    density = densities(avatar)
    return {
        "charts": charts.count,
        "thinnest": float(charts.inside.min()),
        "thinnest_hull": float(charts.width.min()),
        "face_over_torso": density["face"] / density["torso"] if "face" in density else 0.0,
        **{f"texels_per_cm_{name}": value for name, value in density.items()},
    }


def _areas(points: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float64]:
    a, b, c = (points.astype(np.float64)[faces[:, k]] for k in range(3))
    one, two = b - a, c - a
    if points.shape[1] == 2:
        return np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2
    return np.linalg.norm(np.cross(one, two), axis=1) / 2
