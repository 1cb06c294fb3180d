# SPDX-License-Identifier: Apache-2.0
"""Where the strands of a hair style end in its texture, and how far each texel is from there.

Hair ends where its mesh does, which in the set are often stairs of whole quads, and where its texture becomes
transparent. Both look cut from paper unless strands taper off before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.geometry.components import component_labels
from portrait_core.parts.hair import HairStyle
from portrait_core.parts.part_mesh import triangles_of_quads
from textures.raster import cover_texels

FREE = 0.8
"""A border of the mesh is an end where it lies beyond this share of the longest strand of its piece: before that, hair
goes on in another piece."""

TAPER, FROM, LONGEST = 0.08, 0.040, 0.010
"""Strands come to their ends over this share of what they are longer than ``FROM``, metres, and over ``LONGEST`` at
most: short hair is cut evenly."""

WITHIN = 2
"""Texels inside the border of a chart from which on it does not end there."""

AHEAD = 1.5
"""Texels that one goes back along a strand from a transparent texel to see whether it has just ended."""


def tapering(
    style: HairStyle, opacity: NDArray[np.floating], across: NDArray[np.floating], along: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(S, S) how far each texel is from where its strand ends: 0 there, 1 where the strand is whole.

    ``opacity``, and ``across`` and ``along`` the strands in metres, are (S, S) images of the style, row 0 at the top.
    The end is the one that is nearest in the image, its distance that of the strand coordinates: what belongs to
    another piece is far away in those.
    """
    size = len(along)
    rows, columns, values = _borders(style, size)
    faded = np.nonzero(_faded(opacity >= 0.5, along))
    rows, columns = np.concatenate([rows, faded[0]]), np.concatenate([columns, faded[1]])
    values = np.concatenate([values, np.stack([across[faded], along[faded]], 1)])
    if len(rows) == 0:
        return np.ones((size, size))
    number = np.full((size, size), -1)
    number[rows, columns] = np.arange(len(rows))
    row, column = ndimage.distance_transform_edt(number < 0, return_distances=False, return_indices=True)
    nearest = values[number[row, column]]
    reach = np.clip(TAPER * (nearest[..., 1] - FROM), 1e-6, LONGEST)
    away = np.hypot(across - nearest[..., 0], along - nearest[..., 1])
    return np.asarray(np.clip(away / reach, 0, 1), np.float64)


def _faded(there: NDArray[np.bool_], along: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(S, S) texels without hair, beside hair whose strands lead there."""
    beside = ~there & ndimage.binary_dilation(there)
    row, column = np.nonzero(beside)
    down, right = (np.asarray(each)[beside] for each in np.gradient(along))
    length = np.hypot(down, right)
    known = length > 1e-9
    back = AHEAD / np.where(known, length, 1.0)
    before = [
        np.clip(np.rint(place - step * back).astype(int), 0, len(there) - 1)
        for place, step in ((row, down), (column, right))
    ]
    result = np.zeros_like(there)
    result[row, column] = known & there[before[0], before[1]]
    return result


def _borders(style: HairStyle, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows and columns (N,) of texels along the mesh's :func:`free_ends`, and their strand coordinates (N, 2)."""
    edges = free_ends(style)
    uvs, strands = (np.asarray(each, np.float64)[edges] for each in (style.uvs, style.strands))
    longest = float(np.abs(uvs[:, 1] - uvs[:, 0]).max(initial=0.0))
    share = np.linspace(0, 1, int(np.ceil(longest * size * 2)) + 1)[None, :, None]
    spots, values = ((each[:, :1] * (1 - share) + each[:, 1:] * share).reshape(-1, 2) for each in (uvs, strands))
    places = np.stack([1 - spots[:, 1], spots[:, 0]]) * size
    row, column = np.clip(places.astype(np.int64), 0, size - 1)
    # Where several pieces wear a chart, one that ends in the middle of it must not cut holes into the others.
    outer = ~ndimage.binary_erosion(_covered(style, size), iterations=WITHIN)[row, column]
    return row[outer], column[outer], values[outer]


def _covered(style: HairStyle, size: int) -> NDArray[np.bool_]:
    """(S, S) texels that any piece wears."""
    faces, _ = triangles_of_quads(style.corners)
    texels = cover_texels(faces, style.uvs, size)
    covered = np.zeros((size, size), bool)
    covered[texels.row, texels.column] = True
    return covered


def free_ends(style: HairStyle) -> NDArray[np.int64]:
    """(E, 2) numbers of ``style.uvs``: the edges of the mesh's borders that the strands of a piece end at."""
    begin, end = style.quads, np.roll(style.quads, -1, axis=1)
    count = int(style.quads.max()) + 1
    alone = ~np.isin(begin * count + end, end * count + begin) & (begin != end)
    quad, side = np.nonzero(alone)
    edges = np.stack([style.corners[quad, side], style.corners[quad, (side + 1) % 4]], axis=1)
    strands = style.strands.astype(np.float64)
    step = np.abs(strands[edges[:, 1]] - strands[edges[:, 0]])
    height = strands[edges].mean(axis=1)[:, 1]
    piece = component_labels(count, begin.ravel(), end.ravel())[style.quads[:, 0]]
    longest = np.zeros(count)
    np.maximum.at(longest, piece, strands[style.corners][..., 1].max(axis=1))
    middle = strands[style.corners[quad]].mean(axis=1)[:, 1]
    free = (step[:, 0] > step[:, 1]) & (height > middle) & (height > FREE * longest[piece[quad]])
    return edges[free]
