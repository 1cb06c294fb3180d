# SPDX-License-Identifier: Apache-2.0
"""UV unwrapping by xatlas."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_COST = 8.0
"""Charts grow until this cost; with xatlas's 2 a head falls into twice as many charts, for no less stretch."""

NORMAL_DEVIATION_WEIGHT = 1.0
"""How much a chart's bending counts; with xatlas's 2 there are twice as many seams across a face."""


@dataclass(frozen=True)
class Atlas:
    """A mesh cut along its seams, with a place in the texture for each vertex.

    ``vertex_map`` (Vn,) int32 names the input vertex of each new one, ``faces`` (F, 3) int32 are the input's faces in
    the input's order with new vertices, ``uvs`` (Vn, 2) float32 lie in 0 to 1 with the origin at the bottom left.
    """

    vertex_map: NDArray[np.int32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]


def unwrap(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], *, resolution: int = 1024, padding: int = 4
) -> Atlas:
    """Cut and flatten a mesh: charts without overlap, at least ``padding`` texels apart at ``resolution`` squared.

    ``vertices`` (V, 3) in any length unit, ``faces`` (F, 3). The same input gives the same atlas. Meant for a decimated
    surface: time grows faster than the face count. Raises ``ValueError`` when there is nothing to unwrap or the charts
    do not fit into one image.
    """
    if len(faces) == 0:
        raise ValueError("unwrap: the mesh has no faces")
    if resolution < 16 or not 0 <= padding <= resolution // 8:
        raise ValueError(
            f"unwrap: padding must be 0 to an eighth of the resolution, got {padding} at {resolution}"
        )
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
        raise ValueError(
            f"unwrap: expected one texture, the charts need {atlas.atlas_count} at {resolution} texels"
        )
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
    return Atlas(
        np.asarray(vertex_map, np.int32), mesh_faces, np.clip(texels / extent, 0.0, 1.0).astype(np.float32)
    )
