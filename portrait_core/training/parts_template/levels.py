# SPDX-License-Identifier: Apache-2.0
"""Fewer triangles by collapses that keep vertices and seams, made once on the mean person: the skin's coarser levels,
teeth and gums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.half_edges import boundary_loops
from portrait_core.shape.seam_decimate import decimate_seams

SHARES = (0.5, 0.2)
"""Of level 0's triangles, those of levels -1 and -2."""

FOCUS_REACH = 0.06
UV_SLACK = 4.0 / 2048
"""How far a chart's border may move, in uvs: within the padding."""


def collapsed(
    places: NDArray[np.float64],
    welded: NDArray[np.int32],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    shares: tuple[float, ...],
    focus: NDArray[np.float64],
) -> tuple[NDArray[np.int32], ...]:
    """Triangles (F, 3) that are left at each of ``shares`` of them, over the cut vertices of ``faces``.

    ``places`` (W, 3) of the welded vertices, ``welded`` (V,), ``uvs`` (V, 2) of the cut ones; errors weigh more around
    ``focus`` (3,).
    """
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
            place[weld].astype(np.float32), closed, uv, weld, target, focus=(focus, FOCUS_REACH), uv_slack=UV_SLACK
        )
        named = level.kept[level.faces]
        result.append(named[(named < len(welded)).all(axis=1)].astype(np.int32))
    return tuple(result)
