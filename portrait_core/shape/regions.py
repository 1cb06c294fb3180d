# SPDX-License-Identifier: Apache-2.0
"""Which part of the bust a triangle belongs to: frontal face, rest of the head, neck, torso, the flat cut below."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Edges

FACE_AZIMUTH = np.deg2rad(60.0)
"""The frontal face ends this far from straight ahead, seen from the head joint."""

EYES_OVER_HEAD = 0.45
"""Height of the eyes over SMPL's head joint, in lengths of the bone from neck to head."""

HAIRLINE = 1.55
"""Height of the hairline over the chin, in heights of the eyes over the chin (the rule of three equal thirds)."""

CHIN_DEPTH = 0.65
"""The chin ends where the profile falls back below this share of the depth from the head joint to the nose."""


class Region(IntEnum):
    """Parts of a bust, as texture charts and texel densities want them."""

    FACE = 0
    HEAD = 1
    NECK = 2
    TORSO = 3
    CAP = 4


def face_regions(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], *, head: ArrayLike, neck: ArrayLike
) -> NDArray[np.int32]:
    """The :class:`Region` of each triangle of an un-posed bust: (F,) int32.

    ``vertices`` (V, 3) world metres (+y up, face along +z), ``faces`` (F, 3), ``head`` and ``neck`` (3,) the places of
    the SMPL joints. ``FACE`` lies within 60 degrees of straight ahead about the head joint, from the hairline to the
    chin, with all that it encloses (nostrils, lips, lids, a fringe that hangs into it). It is one connected piece
    without holes; on a surface with tunnels it may still hold a handle. ``CAP`` is the flat cut at the bottom. A mesh
    with nothing in front of the head has no ``FACE``.
    """
    head_at, neck_at = np.asarray(head, np.float64), np.asarray(neck, np.float64)
    bone = float(np.linalg.norm(head_at - neck_at)) or 1.0
    corners = vertices.astype(np.float64)[faces]
    centre = corners.mean(axis=1)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    up = np.divide(cross[:, 1], area, out=np.zeros_like(area), where=area > 0)

    chin = _chin_height(vertices.astype(np.float64), head_at, bone)
    eyes = head_at[1] + EYES_OVER_HEAD * bone
    azimuth = np.abs(np.arctan2(centre[:, 0] - head_at[0], centre[:, 2] - head_at[2]))
    under_jaw = (up < -0.5) & (centre[:, 1] < chin + 0.3 * (eyes - chin))
    frontal = (azimuth < FACE_AZIMUTH) & (centre[:, 1] > chin)
    frontal &= (centre[:, 1] < chin + HAIRLINE * (eyes - chin)) & ~under_jaw

    beside = np.hypot(centre[:, 0] - neck_at[0], centre[:, 2] - 0.5 * (neck_at[2] + head_at[2]))
    labels = np.full(len(faces), int(Region.TORSO), np.int32)
    labels[(centre[:, 1] > neck_at[1] - 0.35 * bone) & (beside < 0.9 * bone)] = Region.NECK
    labels[centre[:, 1] > chin - 0.05 * bone] = Region.HEAD
    lowest = float(vertices[:, 1].min())
    labels[(up < -0.98) & (centre[:, 1] < lowest + 0.02 * bone)] = Region.CAP

    start, end = adjacent_faces(faces)
    labels = _without_islands(_smoothed(labels, start, end), area, start, end)
    inside = _disc(_smoothed(frontal.astype(np.int32), start, end) == 1, faces, area, start, end)
    labels[inside] = Region.FACE
    return labels


def adjacent_faces(faces: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of triangles that share an edge, each once: two arrays (E,). An edge of three triangles gives two pairs."""
    pairs = Edges.of(faces).beside()
    return pairs.one // 3, pairs.two // 3


def _chin_height(vertices: NDArray[np.float64], head: NDArray[np.float64], bone: float) -> float:
    """Where the profile of the middle falls back from the chin to the throat."""
    middle = vertices[(np.abs(vertices[:, 0] - head[0]) < 0.12 * bone) & (vertices[:, 2] > head[2])]
    height, depth = middle[:, 1] - head[1], middle[:, 2] - head[2]
    nose = depth[(height > -0.2 * bone) & (height < 0.5 * bone)]
    usual = float(head[1]) - 0.75 * bone
    if len(nose) == 0:
        return usual
    # From below the mouth downwards; a chest further out must not count, so the search ends at the first gap.
    levels = np.arange(-0.5, -1.3, -0.04) * bone
    front = np.asarray([depth[np.abs(height - level) < 0.05 * bone].max(initial=0.0) for level in levels])
    behind = np.flatnonzero(front < CHIN_DEPTH * float(nose.max()))
    return float(head[1] + levels[behind[0]]) if len(behind) else usual


def _smoothed(
    labels: NDArray[np.int32], start: NDArray[np.int64], end: NDArray[np.int64], rounds: int = 4
) -> NDArray[np.int32]:
    """Each triangle takes the label that two of its three neighbours share: borders lose their teeth."""
    kinds = int(labels.max(initial=0)) + 1
    for _ in range(rounds):
        votes = np.zeros((len(labels), kinds), np.int32)
        np.add.at(votes, (start, labels[end]), 1)
        np.add.at(votes, (end, labels[start]), 1)
        winner = votes.argmax(axis=1).astype(np.int32)
        labels = np.where(votes.max(axis=1) >= 2, winner, labels).astype(np.int32)
    return labels


def _without_islands(
    labels: NDArray[np.int32], area: NDArray[np.float64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Pieces of a label with less than a tenth of its largest piece go to the neighbour they share most edges with."""
    labels = labels.copy()
    for _ in range(4):
        same = labels[start] == labels[end]
        piece = component_labels(len(labels), start[same], end[same])
        size = np.bincount(piece, weights=area)
        of_piece = np.zeros(len(size), np.int32)
        of_piece[piece] = labels
        largest = np.zeros(int(labels.max(initial=0)) + 1)
        np.maximum.at(largest, of_piece, size)
        small = size < 0.1 * largest[of_piece]
        if not bool(small.any()):
            break
        votes = np.zeros((len(size), len(largest)), np.int64)
        np.add.at(votes, (piece[start[~same]], labels[end[~same]]), 1)
        np.add.at(votes, (piece[end[~same]], labels[start[~same]]), 1)
        small &= votes.max(axis=1) > 0
        if not bool(small.any()):
            break
        of_piece[small] = votes[small].argmax(axis=1)
        labels = of_piece[piece]
    return labels


def _disc(
    inside: NDArray[np.bool_],
    faces: NDArray[np.int32],
    area: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """The largest piece with its holes filled, and no two triangles of it that hang together at one vertex only."""
    for _ in range(8):
        if not bool(inside.any()):
            return inside
        inside = _largest(inside, area, start, end)
        inside = ~_largest(~inside, area, start, end) if not bool(inside.all()) else inside
        pinched = _pinched(inside, faces)
        if len(pinched) == 0:
            break
        # Taking in all triangles around such a vertex closes the gap between the two that met there.
        inside = inside | np.isin(faces, pinched).any(axis=1)
    return inside


def _largest(
    chosen: NDArray[np.bool_], area: NDArray[np.float64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.bool_]:
    both = chosen[start] & chosen[end]
    piece = component_labels(len(chosen), start[both], end[both])
    size = np.bincount(piece[chosen], weights=area[chosen], minlength=int(piece.max()) + 1)
    return chosen & (piece == int(size.argmax()))


def _pinched(inside: NDArray[np.bool_], faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """Vertices that the border of ``inside`` passes more than once."""
    corners = faces[inside].astype(np.int64)
    count = int(faces.max()) + 1
    one, two = corners.ravel(), np.roll(corners, -1, axis=1).ravel()
    border = ~np.isin(one * count + two, two * count + one)
    return np.flatnonzero(np.bincount(one[border], minlength=count) > 1)
