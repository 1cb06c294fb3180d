# SPDX-License-Identifier: Apache-2.0
"""What is measured of a character's parts: the slit between the lips, gaps at the eyes, folds, crossings, pokes.

Every measure takes plain arrays in metres and counts or sizes one kind of fault; nothing here knows how parts are made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.surface import face_cross

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]


def seen_from(
    vertices: FloatArray, faces: IntArray, middle: FloatArray, size: tuple[float, float], step: float, yaw: float = 0.0
) -> tuple[NDArray[np.int32], FloatArray]:
    """The face (R, C) that parallel lines towards -z meet first (-1 for none), and the distance (R, C) there.

    The lines start on an upright rectangle of ``size`` (width, height) in front of ``middle``, ``step`` apart; with
    ``yaw`` (radians) they come from that far to the subject's left.
    """
    across = np.arange(-size[0] / 2, size[0] / 2, step) + step / 2
    up = np.arange(-size[1] / 2, size[1] / 2, step) + step / 2
    x, y = np.meshgrid(across, up)
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    back = np.array([np.sin(yaw), 0.0, np.cos(yaw)])
    starts = middle + x.ravel()[:, None] * right + y.ravel()[:, None] * [0.0, 1.0, 0.0] + 0.3 * back
    hits = MeshQueries(vertices.astype(np.float32), faces).first_hits(starts, np.broadcast_to(-back, starts.shape))
    distance = np.where(hits.face >= 0, hits.distance, np.inf)
    return hits.face.reshape(x.shape), distance.reshape(x.shape)


def slit(
    vertices: FloatArray,
    faces: IntArray,
    inside: NDArray[np.bool_],
    middle: FloatArray,
    size: tuple[float, float] = (0.08, 0.03),
    step: float = 0.0001,
) -> float:
    """Square millimetres of the faces ``inside`` (F,), or of nothing at all, that are seen from the front around
    ``middle``: the slit between the lips."""
    face, _ = seen_from(vertices, faces, middle, size, step)
    return float(((face < 0) | inside[np.maximum(face, 0)]).sum()) * step * step * 1e6


def lid_gaps(vertices: FloatArray, spokes: list[NDArray[np.int64]], middle: FloatArray, radius: float) -> FloatArray:
    """How far (S,) each line of vertices that runs from a lid inwards stays away from a ball: metres, 0 where it
    reaches the ball or passes under it."""
    away = np.linalg.norm(vertices - middle, axis=1) - radius
    return np.asarray([max(float(away[spoke].min()), 0.0) for spoke in spokes])


OPEN = 0.003
"""Metres behind a ball within which nothing lies that is seen past it between two lids."""


def stray_share(ball: FloatArray, lids: FloatArray) -> tuple[int, int]:
    """Lines (R, C) that meet an eyeball at the distances ``ball`` before its lids at ``lids`` (infinite where there is
    none): how many in all, and how many where it has come through a lid.

    Those are the pieces, other than the largest, all over which a lid lies close behind the ball. An eye that closes is
    open in several places at last; there, one sees past the ball between the lids.
    """
    from scipy import ndimage

    seen = np.isfinite(ball) & (ball < lids)
    label, pieces = ndimage.label(seen)
    if pieces == 0:
        return 0, 0
    number = np.arange(1, pieces + 1)
    sizes = np.bincount(label.ravel())[1:]
    behind = np.asarray(ndimage.maximum(np.where(seen, lids, 0) - np.where(seen, ball, 0), label, number))
    through = (behind < OPEN) & (number != sizes.argmax() + 1)
    return int(sizes.sum()), int(sizes[through].sum())


def folded(vertices: FloatArray, quads: NDArray[np.integer]) -> NDArray[np.int64]:
    """The quads (of F, 4) whose two triangles turn more than a right angle against each other, whichever way they are
    cut."""
    result = np.ones(len(quads), np.bool_)
    for cut in (((0, 1, 2), (0, 2, 3)), ((1, 2, 3), (1, 3, 0))):
        one, two = (face_cross(vertices, quads[:, list(half)]) for half in cut)
        result &= np.einsum("fi,fi->f", one, two) < 0
    return np.flatnonzero(result)


def crossings(vertices: FloatArray, faces: IntArray) -> tuple[NDArray[np.int64], FloatArray]:
    """Where a surface passes through itself: the faces (K,) that an edge of others crosses, and how deep (K,): how far
    the nearer end of the edge lies beyond the face, metres."""
    ends = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    edges = np.unique(ends, axis=0)
    return _crossings(vertices, edges, vertices, faces, shared=True)


def crossings_between(
    vertices: FloatArray, faces: IntArray, others: FloatArray, other_faces: IntArray
) -> tuple[NDArray[np.int64], FloatArray]:
    """The same for the edges of one surface and the faces of another."""
    ends = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    return _crossings(vertices, np.unique(ends, axis=0), others, other_faces, shared=False)


def _crossings(
    vertices: FloatArray, edges: NDArray[np.integer], others: FloatArray, faces: IntArray, *, shared: bool
) -> tuple[NDArray[np.int64], FloatArray]:
    scene = MeshQueries(others.astype(np.float32), faces)
    found: list[NDArray[np.int64]] = []
    depths: list[FloatArray] = []
    # From both ends: the first thing met from one may be a neighbour that only touches.
    for a, b in ((edges[:, 0], edges[:, 1]), (edges[:, 1], edges[:, 0])):
        way = vertices[b] - vertices[a]
        length = np.linalg.norm(way, axis=1)
        way = way / np.maximum(length, 1e-12)[:, None]
        start = vertices[a] + 0.02 * length[:, None] * way
        hits = scene.first_hits(start, way)
        met = (hits.face >= 0) & (hits.distance < 0.96 * length)
        face = np.maximum(hits.face, 0)
        if shared:
            own = faces[face]
            met &= ~((own == a[:, None]) | (own == b[:, None])).any(axis=1)
        index = np.flatnonzero(met)
        cross = face_cross(others, faces[face[index]])
        normal = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-18)
        base = others[faces[face[index], 0]]
        reach = [np.abs(np.einsum("ki,ki->k", vertices[end[index]] - base, normal)) for end in (a, b)]
        found.append(face[index].astype(np.int64))
        depths.append(np.minimum(*reach))
    return np.concatenate(found), np.concatenate(depths)


def through(
    parts: list[tuple[FloatArray, IntArray]],
    skin: tuple[FloatArray, IntArray],
    middle: FloatArray,
    yaws: tuple[float, ...],
    step: float,
    reach: float = 0.006,
) -> NDArray[np.int64]:
    """How many parallel lines (P, Y) around ``middle``, from each side, meet each of ``parts`` (vertices and faces),
    which belong inside, up to ``reach`` metres before the ``skin``: where they have come through. What lies in front by
    more has nothing to do with this skin."""
    size = (0.09, 0.08)
    result = np.zeros((len(parts), len(yaws)), np.int64)
    for view, yaw in enumerate(yaws):
        outer = seen_from(*skin, middle, size, step, yaw)[1]
        for number, part in enumerate(parts):
            inner = seen_from(*part, middle, size, step, yaw)[1]
            result[number, view] = ((inner < outer) & (inner > outer - reach)).sum()
    return result
