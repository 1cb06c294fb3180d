# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes as arrays."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

Places = NDArray[np.float64]
Rows = NDArray[np.int64]


def places_of(mesh: bpy.types.Mesh) -> Places:
    """(N, 3) the vertices at rest, in the mesh's own axes."""
    values = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", values)
    return values.reshape(-1, 3).astype(np.float64)


def edges_of(mesh: bpy.types.Mesh) -> Rows:
    """(E, 2) the edges' vertices."""
    values = np.empty(2 * len(mesh.edges), np.int32)
    mesh.edges.foreach_get("vertices", values)
    return values.reshape(-1, 2).astype(np.int64)


def border_of(mesh: bpy.types.Mesh, kept: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """(E,) the edges that one face alone has, of the faces all of whose vertices are ``kept`` (N,)."""
    count = len(mesh.loops)
    edges, vertices = np.empty(count, np.int32), np.empty(count, np.int32)
    mesh.loops.foreach_get("edge_index", edges)
    mesh.loops.foreach_get("vertex_index", vertices)
    starts = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    if kept is not None and len(starts):
        whole = np.logical_and.reduceat(kept[vertices], starts)
        edges = edges[np.repeat(whole, np.diff(np.append(starts, count)))]
    return np.bincount(edges, minlength=len(mesh.edges)) == 1


def triangles_of(mesh: bpy.types.Mesh) -> Rows:
    """(T, 3) the vertices of triangles that cover the faces."""
    mesh.calc_loop_triangles()
    values = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", values)
    return values.reshape(-1, 3).astype(np.int64)


def weights_of(thing: bpy.types.Object) -> Places:
    """(N, G) the weights of an object's vertex groups."""
    result = np.zeros((len(thing.data.vertices), len(thing.vertex_groups)))
    for vertex in thing.data.vertices:
        for each in vertex.groups:
            if each.group < result.shape[1]:
                result[vertex.index, each.group] = each.weight
    return result


def put_weights(thing: bpy.types.Object, names: list[str], weights: Places) -> None:
    """Give an object vertex groups of these names and no others; ``weights`` (N, G)."""
    thing.vertex_groups.clear()
    for column, name in enumerate(names):
        group = thing.vertex_groups.new(name=name)
        for row in np.flatnonzero(weights[:, column] > 1e-4).tolist():
            group.add([row], float(weights[row, column]), "REPLACE")


def moved(matrix: Matrix | Places, places: Places) -> Places:
    """(N, 3) places through a matrix (4, 4)."""
    own = np.array(matrix, np.float64)
    return places @ own[:3, :3].T + own[:3, 3]


def shift(mesh: bpy.types.Mesh, moves: Places) -> None:
    """Move the vertices (N, 3), in every shape key alike."""
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else ()
    for each in blocks:
        values = np.empty(3 * len(mesh.vertices), np.float32)
        each.data.foreach_get("co", values)
        each.data.foreach_set("co", (values.reshape(-1, 3) + moves).astype(np.float32).ravel())
    mesh.vertices.foreach_set("co", (places_of(mesh) + moves).astype(np.float32).ravel())


def soften_keys(mesh: bpy.types.Mesh, share: Places) -> None:
    """Leave of what shape keys move only ``share`` (N,)."""
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else ()
    basis = places_of(mesh)
    for each in list(blocks)[1:]:
        values = np.empty(3 * len(mesh.vertices), np.float32)
        each.data.foreach_get("co", values)
        softened = basis + share[:, None] * (values.reshape(-1, 3) - basis)
        each.data.foreach_set("co", softened.astype(np.float32).ravel())
