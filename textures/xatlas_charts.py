# SPDX-License-Identifier: Apache-2.0
"""The other unwrap: charts and their places in the image by the library xatlas."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_COST = 8.0
"""Charts grow until this cost; with xatlas's 2 a head falls into twice as many charts, for no less stretch."""

NORMAL_DEVIATION_WEIGHT = 1.0
"""How much a chart's bending counts; with xatlas's 2 there are twice as many seams across a face."""

Laid = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]
"""Input vertex of each new one (N,), faces (F, 3) in the input's order, places in the image (N, 2) from 0 to 1."""


def xatlas_unwrap(vertices: NDArray[np.float32], faces: NDArray[np.int32], *, resolution: int, padding: int) -> Laid:
    """Cut, flatten and pack a mesh: all charts with one density, ``padding`` texels apart at ``resolution`` squared.

    ``vertices`` (V, 3) in any unit, ``faces`` (F, 3). Raises ``ValueError`` when the library drops faces (those without
    area) or needs a second image.
    """
    # Unit size: xatlas drops triangles below an absolute area.
    size = float(np.ptp(vertices, axis=0).max()) or 1.0
    atlas = _library().Atlas()
    atlas.add_mesh(
        np.ascontiguousarray(vertices / np.float32(size), np.float32), np.ascontiguousarray(faces, np.uint32)
    )
    charts = _library().ChartOptions()
    charts.max_cost = MAX_COST
    charts.normal_deviation_weight = NORMAL_DEVIATION_WEIGHT
    return _packed(atlas, charts, len(faces), resolution, padding)


def xatlas_pack(
    uvs: NDArray[np.floating], faces: NDArray[np.int32], chart: NDArray[np.integer], *, resolution: int, padding: int
) -> Laid:
    """Pack flat charts whose sizes stand in the proportion wanted; the library may turn them, not scale them apart.

    ``uvs`` (N, 2), ``faces`` (F, 3), ``chart`` (F,) from 0. Raises as :func:`xatlas_unwrap`.
    """
    # About one texel: xatlas takes what is far smaller for nothing.
    extent = float(np.ptp(uvs, axis=0).max()) or 1.0
    atlas = _library().Atlas()
    atlas.add_uv_mesh(
        np.ascontiguousarray(uvs * (resolution / extent), np.float32),
        np.ascontiguousarray(faces, np.uint32),
        np.ascontiguousarray(chart, np.uint32).reshape(-1, 1),
    )
    return _packed(atlas, _library().ChartOptions(), len(faces), resolution, padding)


def _packed(atlas: Any, charts: Any, count: int, resolution: int, padding: int) -> Laid:
    pack = _library().PackOptions()
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
    faces = np.asarray(new_faces, np.int32).reshape(-1, 3)
    if len(faces) != count:
        raise ValueError(f"unwrap: xatlas returned {len(faces)} of {count} faces; the mesh has faces without area")
    return np.asarray(vertex_map, np.int32), faces, np.clip(texels / extent, 0.0, 1.0)


def _library() -> Any:
    return importlib.import_module("xatlas")
