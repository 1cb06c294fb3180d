# SPDX-License-Identifier: Apache-2.0
"""Fewer triangles by collapses that keep vertices and seams, made once on the mean person: the skin's coarser levels,
teeth and gums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.half_edges import boundary_loops
from portrait_core.parts.part_mesh import Topology
from portrait_core.shape.seam_decimate import decimate_seams

SHARES = (0.5, 0.2)
"""Of level 0's triangles, those of levels -1 and -2."""

WORN_SHARES = (0.5, 0.2)
"""The same of hair and garments; strips of few quads stay longer."""

FOCUS_REACH = 0.06
EVERYWHERE = 100.0
UV_SLACK = 4.0 / 2048
"""How far a chart's border may move, in uvs: within the padding."""


def coarser(top: Topology, places: NDArray[np.float64]) -> tuple[NDArray[np.int32], ...]:
    """The levels -1 and -2 of a part that is worn, with ``places`` (W, 3) of its welded vertices on the mean person: as
    for the skin, no part of it in focus."""
    return collapsed(places, top.welded, top.faces, top.uvs, WORN_SHARES, places.mean(axis=0), reach=EVERYWHERE)


def collapsed(
    places: NDArray[np.float64],
    welded: NDArray[np.int32],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    shares: tuple[float, ...],
    focus: NDArray[np.float64],
    reach: float = FOCUS_REACH,
) -> tuple[NDArray[np.int32], ...]:
    """Triangles (F, 3) that are left at each of ``shares`` of them, over the cut vertices of ``faces``.

    ``places`` (W, 3) of the welded vertices, ``welded`` (V,), ``uvs`` (V, 2) of the cut ones; errors weigh more within
    ``reach`` metres of ``focus`` (3,).
    """
    names, welded, uvs, faces, places = _apart(places, welded, faces, uvs)
    # The border is closed by fans that are charts of their own, so that it counts as a seam; they are taken off again.
    corners = welded[faces]
    place, weld, uv, closed = places, welded, uvs, faces
    for loop in boundary_loops(corners.astype(np.int32), len(places)):
        ring = np.asarray(loop)
        middle, copies = len(place), len(weld) + np.arange(len(ring) + 1)
        place = np.concatenate([place, place[ring].mean(axis=0, keepdims=True)])
        weld = np.concatenate([weld, ring, [middle]]).astype(np.int32)
        angle = 2 * np.pi * np.arange(len(ring)) / len(ring)
        around = np.stack([np.cos(angle), np.sin(angle)], 1) * 0.01
        uv = np.concatenate([uv, around, np.zeros((1, 2))]).astype(np.float32)
        fan = np.stack([copies[:-1], np.roll(copies[:-1], -1), np.full(len(ring), copies[-1])], 1)
        closed = np.concatenate([closed, fan.astype(np.int32)])
    result: list[NDArray[np.int32]] = []
    for share in shares:
        target = int(share * len(faces)) + (len(closed) - len(faces))
        level = decimate_seams(
            place[weld].astype(np.float32), closed, uv, weld, target, focus=(focus, reach), uv_slack=UV_SLACK
        )
        named = level.kept[level.faces]
        result.append(names[named[(named < len(welded)).all(axis=1)]].astype(np.int32))
    return tuple(result)


def _apart(
    places: NDArray[np.float64], welded: NDArray[np.int32], faces: NDArray[np.int32], uvs: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.float64]]:
    """The mesh with a vertex of its own for each of the sheets that meet in one point or in one edge of many faces.

    Returns the old names (V2,) of the cut vertices, then ``welded``, ``uvs``, ``faces`` and ``places`` as
    :func:`collapsed` takes them.
    """
    corners = welded[faces]
    begin, end = corners.ravel().astype(np.int64), np.roll(corners, -1, axis=1).ravel().astype(np.int64)
    number = np.arange(corners.size)
    following = number // 3 * 3 + (number + 1) % 3
    key, reverse = begin * len(places) + end, end * len(places) + begin
    order = np.argsort(key, kind="stable")
    at = np.clip(np.searchsorted(key[order], reverse), 0, len(order) - 1)
    other = order[at]
    _, kind, count = np.unique(key, return_inverse=True, return_counts=True)
    once = count[kind] == 1
    paired = (key[other] == reverse) & once & once[other]
    one = np.concatenate([number[paired], following[paired]])
    two = np.concatenate([following[other[paired]], other[paired]])
    sheet = component_labels(corners.size, one, two)
    both = np.stack([sheet, faces.ravel()], 1)
    copies, cut = np.unique(both, axis=0, return_inverse=True)
    names = copies[:, 1].astype(np.int32)
    sheets, weld = np.unique(copies[:, 0], return_inverse=True)
    first = np.zeros(len(sheets), np.int64)
    first[weld] = names
    return names, weld.astype(np.int32), uvs[names], cut.reshape(-1, 3).astype(np.int32), places[welded[first]]
