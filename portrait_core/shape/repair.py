# SPDX-License-Identifier: Apache-2.0
"""Small repairs after decimation, which can fold a surface onto itself or pinch it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.shape.components import component_labels
from portrait_core.shape.surface import Surface, compact


def repair(surface: Surface) -> Surface:
    """Remove faces without area and faces folded back to back, and part the surface where it only touches itself."""
    surface = drop_bad_faces(surface)
    return part_touching(surface)


def drop_bad_faces(surface: Surface) -> Surface:
    """Remove faces with a repeated vertex, and cancel faces on the same three vertices.

    Two faces on the same vertices are the two sides of a leaf without thickness: both go, and the edges they leave
    close with each other. An odd one of equal faces stays.
    """
    faces = surface.faces
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    _, first, inverse, uses = np.unique(
        np.sort(faces, axis=1), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    keep = uses[np.asarray(inverse).ravel()] == 1
    keep[first[uses % 2 == 1]] = True
    return compact(surface.vertices, faces[keep])


def part_touching(surface: Surface) -> Surface:
    """Give every fan of faces around a vertex a vertex of its own.

    A fan is a set of faces joined through edges that have exactly two faces; where two sheets touch in a vertex or
    along an edge they become two sheets with vertices in the same place.
    """
    faces = surface.faces.astype(np.int64)
    count, stride = len(faces), np.int64(len(surface.vertices) + 1)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    key = np.minimum(start, end) * stride + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    _, begin, uses = np.unique(key[order], return_index=True, return_counts=True)
    begin = begin[uses == 2]
    one, two = order[begin], order[begin + 1]
    proper = start[one] == end[two]
    one, two = one[proper], two[proper]
    # Corner c of face f has number 3f + c and starts half-edge 3f + c, so the half-edge's other end is corner after(c).
    after = np.arange(3 * count).reshape(count, 3)[:, [1, 2, 0]].ravel()
    left = np.concatenate([one, after[one]])
    right = np.concatenate([after[two], two])
    fan = component_labels(3 * count, left, right)
    _, first, corner_fan = np.unique(fan, return_index=True, return_inverse=True)
    # Number the fans by their vertex, so that an untouched surface keeps its order.
    vertex_of_fan = start[first]
    rank = np.argsort(vertex_of_fan, kind="stable")
    renumber = np.empty(len(rank), np.int64)
    renumber[rank] = np.arange(len(rank))
    fan_faces = renumber[np.asarray(corner_fan)].reshape(count, 3).astype(np.int32)
    return Surface(np.ascontiguousarray(surface.vertices[vertex_of_fan[rank]]), fan_faces)


def lids(surface: Surface, rings: list[NDArray[np.int64]]) -> Surface:
    """Close each hole whose rim is a ring of vertices (see ``topology.boundary_loops``).

    A hole of three edges gets one triangle. A larger one gets a fan around a new vertex in its middle: its spokes are
    new edges, so the surface is a manifold afterwards whatever lies around.
    """
    vertices: list[NDArray[np.float32]] = [surface.vertices]
    faces: list[NDArray[np.int32]] = [surface.faces]
    count = len(surface.vertices)
    for ring in rings:
        if len(ring) == 3:
            faces.append(ring[None].astype(np.int32))
            continue
        vertices.append(surface.vertices[ring].mean(axis=0, dtype=np.float64)[None].astype(np.float32))
        spokes = np.stack([ring, np.roll(ring, -1), np.full(len(ring), count)], axis=1)
        faces.append(spokes.astype(np.int32))
        count += 1
    return Surface(np.vstack(vertices), np.vstack(faces))
