# SPDX-License-Identifier: Apache-2.0
"""Hairlines that lie on the skin: meshes of short hair end a centimetre over it, like a cap with its shadow beneath.

Places here are relative to the middle of the eyes of the mean person, metres: +y up, +z ahead, +x the subject's left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from portrait_core.training.parts_template.hair_shaping import SKULL, smoothstep
from portrait_core.training.parts_template.hairline import FRINGE, over_hairline, turn_from_ahead
from portrait_core.training.parts_template.worn import Mannequin
from textures.raster import cover_texels

LIES = 0.0022
"""A hairline that is tucked in lies so far over the skin, metres."""

FARTHEST = 0.026
"""Borders farther over the skin than this hang free, metres."""

LINE = (-0.085, 0.022)
"""Borders between these heights over the hairline are hairlines, metres."""

REACH = (0.003, 0.034)
"""Metres from a hairline up to which hair moves as far as it does, and from which on not at all."""

EARS = (0.002, 0.012)
"""Metres from an ear up to which hair stays as it is, over it or behind it, and from which on it may be drawn down."""

SAMPLES = 12
"""Points of the border whose mean is taken, so that neighbours move alike."""


def tucked(places: NDArray[np.float64], border: NDArray[np.float64], mannequin: Mannequin) -> NDArray[np.float64]:
    """Places (K, 3) moved with their hair's ``border`` (P, 3), which is drawn down to :data:`LIES` over the skin."""
    if len(border) == 0:
        return places
    _, gap = _over(border, mannequin)
    found: Any = cKDTree(border).query(places, k=min(SAMPLES, len(border)))
    away, near = (np.reshape(each, (len(places), -1)) for each in found)
    ears = (mannequin.places - mannequin.eyes)[mannequin.ears > 0]
    beside = np.asarray(cKDTree(ears).query(places)[0], np.float64) if len(ears) else np.full(len(places), 1.0)
    share = (1 - smoothstep(np.asarray(away[:, 0], np.float64), *REACH)) * smoothstep(beside, *EARS)
    down, height = _over(places, mannequin)
    # What lies lower than the border already has less to go.
    moved = np.minimum(share * np.clip(gap[near] - LIES, 0, None).mean(axis=1), np.clip(height - LIES, 0, None))
    return places - down * moved[:, None]


def hairline_border(
    places: NDArray[np.float64],
    triangles: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    alpha: NDArray[np.uint8],
    mannequin: Mannequin,
    *,
    fringe: bool,
) -> NDArray[np.float64]:
    """(P, 3) where hair of places (K, 3), triangles (F, 3) with ``corner_uvs`` (F, 3, 2) in a texture with ``alpha``
    (S, S) ends near the hairline: at a transparent texel or where the mesh has no neighbour. Of a ``fringe`` only the
    sides."""
    size = len(alpha)
    there = alpha > 127
    faces = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
    texels = cover_texels(faces, corner_uvs.reshape(-1, 2).astype(np.float32), size)
    inside = np.zeros((size, size), bool)
    inside[texels.row, texels.column] = True
    ends = there & ndimage.binary_dilation(~there & inside)
    own = ends[texels.row, texels.column]
    at = np.asarray(texels.interpolate(faces, places[triangles].reshape(-1, 3).astype(np.float32)), np.float64)[own]
    at = np.concatenate([at, _open_middles(places, triangles, corner_uvs, there)])
    over, turn = over_hairline(at), turn_from_ahead(at)
    kept = (over > LINE[0]) & (over < LINE[1]) & (turn > (FRINGE if fringe else -1.0))
    at = at[kept]
    return at[_over(at, mannequin)[1] < FARTHEST] if len(at) else at


def _open_middles(
    places: NDArray[np.float64],
    triangles: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    there: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(E, 3) the middles of edges that one triangle has alone, where its texture has hair."""
    begin, end = triangles, np.roll(triangles, -1, axis=1)
    key = np.minimum(begin, end) * len(places) + np.maximum(begin, end)
    _, number, count = np.unique(key, return_inverse=True, return_counts=True)
    face, side = np.nonzero(count[number.reshape(key.shape)] == 1)
    uv = (corner_uvs[face, side] + corner_uvs[face, (side + 1) % 3]) * 0.45 + corner_uvs[face, (side + 2) % 3] * 0.1
    spot = np.clip(np.stack([1 - uv[:, 1], uv[:, 0]]) * len(there), 0, len(there) - 1).astype(np.int64)
    kept = there[spot[0], spot[1]]
    one, two = places[begin[face, side]][kept], places[end[face, side]][kept]
    return (one + two) / 2


def _over(places: NDArray[np.float64], mannequin: Mannequin) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors (N, 3) away from the nearest skin, and how many metres (N,) it is away; negative beneath it."""
    hits = mannequin.head.closest(places.astype(np.float32))
    away = places - hits.interpolated(mannequin.places - mannequin.eyes, mannequin.head_triangles)
    outside = np.where((away * (places - SKULL)).sum(axis=1) < 0, -1.0, 1.0)
    height = np.linalg.norm(away, axis=1) * outside
    return away / np.where(np.abs(height) < 1e-9, 1.0, height)[:, None], height
