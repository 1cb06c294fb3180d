# SPDX-License-Identifier: Apache-2.0
"""Hair meshes of the set made even: sheets that face outwards, and strand coordinates that run on in the texture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.training.parts_template.hair_shaping import SKULL
from portrait_core.training.parts_template.strands import solve_strands

INWARDS = -0.1
"""Sheets that face away from the middle of the skull less than this, on the mean, -1 to 1, are turned."""

APART = 64
"""Charts of a texture are set apart by a metre across, and begin again after so many: in single precision places are
then exact to a hundredth of a millimetre."""


def turned_inwards(places: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(Q,) the quads of sheets of a mesh (K, 3), (Q, 4) that face the head.

    A sheet is what is joined by edges along which its quads run round the same way: a mesh may hold sheets that share
    an edge and face to different sides.
    """
    begin, end = quads.ravel(), np.roll(quads, -1, axis=1).ravel()
    number = np.repeat(np.arange(len(quads)), 4)
    forth, back = begin * len(places) + end, end * len(places) + begin
    order = np.argsort(forth, kind="stable")
    at = np.clip(np.searchsorted(forth[order], back), 0, len(order) - 1)
    beside = order[at]
    joined = forth[beside] == back
    sheet = component_labels(len(quads), number[joined], number[beside[joined]])
    corners = places[quads]
    across = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]) / 2
    away = corners.mean(axis=1) - SKULL
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    facing = np.bincount(sheet, (across * away).sum(axis=1))
    area = np.bincount(sheet, np.linalg.norm(across, axis=1))
    return (facing < INWARDS * area)[sheet]


def piece_widths(places: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.float64]:
    """(Q,) how wide the piece of each quad of a mesh (K, 3), (Q, 4) is: the mean of its quads' shorter sides, metres.

    Strips a millimetre or two wide, which stand for single strands in the set, look like wire.
    """
    corners = places[quads]
    sides = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    shorter = np.minimum(sides[:, 0] + sides[:, 2], sides[:, 1] + sides[:, 3]) / 2
    piece = component_labels(len(places), quads.ravel(), np.roll(quads, -1, axis=1).ravel())[quads[:, 0]]
    return np.asarray(np.bincount(piece, shorter) / np.maximum(np.bincount(piece), 1))[piece]


def texture_strands(
    places: NDArray[np.float64],
    triangles: NDArray[np.int64],
    corners: NDArray[np.int64],
    uvs: NDArray[np.float64],
    directions: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(U, 2) metres across and along strands at the places ``uvs`` (U, 2) of a texture.

    They are solved in the texture, where one chart may be worn by several pieces of the mesh: lines that are drawn
    along them run through the chart, and end only at its border.

    Args:
        places, triangles, directions: the mesh (K, 3), (F, 3), and where strands run on its triangles (F, 3).
        corners: (F, 3) into ``uvs``.
    """
    at, number = np.unique(np.round(uvs.astype(np.float64), 6), axis=0, return_inverse=True)
    faces = np.ravel(number)[corners]
    edges = places[triangles[:, 1:]] - places[triangles[:, :1]]
    flat = at[faces[:, 1:]] - at[faces[:, :1]]
    area = flat[:, 0, 0] * flat[:, 1, 1] - flat[:, 0, 1] * flat[:, 1, 0]
    # What a step along the strands is in the texture: edges and direction told by two axes of the triangle.
    told = np.einsum("fei,fi->fe", edges, directions)
    gram = np.einsum("fei,fgi->feg", edges, edges) + 1e-12 * np.eye(2)
    share = np.asarray(np.linalg.solve(gram, told[..., None]), np.float64)[..., 0]
    moved = np.einsum("fe,fec->fc", share, flat)
    moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
    good = np.flatnonzero(np.abs(area) > 1e-10)
    # Of pieces that share a triangle of the texture the first stands for all.
    good = good[np.unique(np.sort(faces[good], axis=1), axis=0, return_index=True)[1]]
    faces, moved, area = faces[good], moved[good], area[good]
    chart = component_labels(len(at), faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())
    real = np.linalg.norm(np.cross(edges[good, 0], edges[good, 1]), axis=1)
    scale = np.sqrt(
        np.bincount(chart[faces[:, 0]], real, chart.max() + 1)
        / np.maximum(np.bincount(chart[faces[:, 0]], np.abs(area), chart.max() + 1), 1e-12)
    )
    faces = np.where((area < 0)[:, None], faces[:, ::-1], faces)
    sheet = np.column_stack([at * scale[chart][:, None], np.zeros(len(at))])
    strands = solve_strands(sheet, faces, np.column_stack([moved, np.zeros(len(moved))]))
    return np.stack([strands.across + chart % APART, strands.along], 1)[np.ravel(number)]
