# SPDX-License-Identifier: Apache-2.0
"""What is measured of a face's shapes: eyeballs seen past closed lids, how far a mouth opens, teeth through lips.

Every measure takes plain arrays in metres; nothing here knows how shapes are made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.geometry.mesh_queries import MeshQueries

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

OPEN = 0.003
"""Metres behind a ball within which nothing lies that is seen past it between two lids."""


def rays(
    middle: FloatArray, size: tuple[float, float], step: float, yaw: float, pitch: float
) -> tuple[FloatArray, FloatArray, tuple[int, int]]:
    """Starts (N, 3) and directions (N, 3) of parallel lines towards ``middle`` on an upright rectangle of ``size``
    (width, height) ``step`` apart, from ``yaw`` to the subject's left and ``pitch`` above; and rows and columns."""
    across = np.arange(-size[0] / 2, size[0] / 2, step) + step / 2
    up = np.arange(-size[1] / 2, size[1] / 2, step) + step / 2
    x, y = np.meshgrid(across, up)
    back = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    above = np.cross(back, right)
    starts = middle + x.ravel()[:, None] * right + y.ravel()[:, None] * above + 0.1 * back
    return starts, np.broadcast_to(-back, starts.shape), x.shape


def distances(
    vertices: FloatArray, faces: IntArray, starts: FloatArray, ways: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """(R, C) along the lines to a surface, infinite where it is not met."""
    return met_first(MeshQueries(vertices.astype(np.float32), faces), starts, ways, shape)[0]


def met_first(
    surface: MeshQueries, starts: FloatArray, ways: FloatArray, shape: tuple[int, int]
) -> tuple[FloatArray, IntArray]:
    """The same and the faces (R, C) that are met, -1 for none."""
    hits = surface.first_hits(starts, ways)
    return np.where(hits.face >= 0, hits.distance, np.inf).reshape(shape), hits.face.reshape(shape)


def seen_ball(ball: FloatArray, lids: FloatArray, upper: NDArray[np.bool_] | None = None) -> tuple[int, int]:
    """Lines (R, C) that meet an eyeball at the distances ``ball`` before its lids at ``lids``: in all, and where it has
    come through a lid. Rows go up.

    Those are the pieces, other than the largest, all over which a lid lies close behind the ball. What is left of an
    eye that is almost closed may come in several pieces, and there the border of a lid, which lies under the ball, is
    close behind it: where ``upper`` (R, C) says which skin is that of the upper lid, pieces that mostly have the upper
    lid above them and the lower one below are those.
    """
    seen = np.isfinite(ball) & (ball < lids)
    label, pieces = ndimage.label(seen)
    if pieces == 0:
        return 0, 0
    number = np.arange(1, pieces + 1)
    sizes = np.bincount(label.ravel())[1:]
    behind = np.asarray(ndimage.maximum(np.where(seen, lids, 0) - np.where(seen, ball, 0), label, number))
    through = (behind < OPEN) & (number != sizes.argmax() + 1)
    if upper is not None:
        through[through] = [not _between(label == each, upper) for each in number[through]]
    return int(sizes.sum()), int(sizes[through].sum())


def _between(piece: NDArray[np.bool_], upper: NDArray[np.bool_]) -> bool:
    """Whether most columns of a piece (R, C) have the upper lid above and the lower lid below."""
    columns = np.flatnonzero(piece.any(axis=0))
    lowest = piece[:, columns].argmax(axis=0)
    highest = len(piece) - 1 - piece[::-1, columns].argmax(axis=0)
    above = upper[np.minimum(highest + 1, len(piece) - 1), columns]
    below = upper[np.maximum(lowest - 1, 0), columns]
    return bool((above & ~below).sum() * 2 > len(columns))


def opening(
    vertices: FloatArray, faces: IntArray, inside: NDArray[np.bool_], middle: FloatArray, step: float = 0.0004
) -> float:
    """Square millimetres of the faces ``inside`` (F,) of a mouth's bag that are seen from the front."""
    starts, ways, _ = rays(middle, (0.11, 0.12), step, 0.0, 0.0)
    face = MeshQueries(vertices.astype(np.float32), faces).first_hits(starts, ways).face
    return float(((face >= 0) & inside[np.maximum(face, 0)]).sum()) * step * step * 1e6


CLOSE = 0.008
"""Metres behind a tooth within which skin is skin that the tooth has come through."""


def fronts(vertices: FloatArray, faces: IntArray, met: MeshQueries, starts: FloatArray, ways: FloatArray) -> FloatArray:
    """(N,) along lines to the surface that ``met`` knows, infinite where none or its back is met first."""
    hits = met.first_hits(starts, ways)
    corners = vertices[faces[np.maximum(hits.face, 0)]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = (hits.face >= 0) & (np.einsum("ni,ni->n", normal, ways) < 0)
    return np.where(front, hits.distance, np.inf)


def stands_out(inside: FloatArray, outside: FloatArray) -> FloatArray:
    """Metres (N,) that a surface at the distances ``inside`` stands before the ``outside`` of a face, whose front lies
    there, zero where it does not.

    Where the outside lies close behind it, the inside has come through it; past the edge of a lip one sees teeth before
    the mouth's bag, which is no part of the outside.
    """
    both = np.isfinite(inside) & np.isfinite(outside)
    apart = np.where(both, outside, 0.0) - np.where(both, inside, 0.0)
    return np.where((apart > 0) & (apart < CLOSE), apart, 0.0)
