# SPDX-License-Identifier: GPL-3.0-or-later
"""The surface of a mesh out of a file, put into the mesh that stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..core.engine_copies import strands
from .glb_surfaces import FILES_FACES, NUMBER_KEY, Surface
from .region_masks import give_regions, regions_in
from .welding import weld


def number_of(mesh: bpy.types.Object) -> int | None:
    """The number of the surface that a mesh object stands in for; None for a mesh that the importer made whole."""
    found = mesh.data.get(NUMBER_KEY)
    return int(found) if found is not None else None


def putting_in(thing: bpy.types.Object, surface: Surface) -> Iterator[None]:
    """Give a mesh object its surface in place of the stand-in: welded, of quads, with the normals of the file.

    Its material, vertex groups and custom properties are there already. Yields where others may have the main thread
    for a while; the object must not be shown till the end. Raises ValueError as :func:`weld`.
    """
    mesh = thing.data
    welded = weld(surface)
    groups = [each.name for each in thing.vertex_groups]
    del mesh[NUMBER_KEY]
    for key in FILES_FACES:
        if key in mesh:
            del mesh[key]
    yield
    _faces(mesh, blender_axes(surface.places)[welded.kept], welded.corners, welded.begins)
    corners = welded.origins
    uv = surface.uv[corners] * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", _flat(uv))
    if surface.along is not None:
        found = mesh.attributes.new(strands.ATTRIBUTE, "FLOAT", "CORNER")
        found.data.foreach_set("value", _flat(surface.along[corners]))
    mesh.validate()
    mesh.update()
    if len(mesh.loops) == len(corners):  # else faces of nothing were taken away
        mesh.normals_split_custom_set(blender_axes(surface.normals)[corners].tolist())
    give_regions(mesh, regions_in(surface.regions))
    yield
    if not thing.vertex_groups:  # they went with the stand-in's vertices
        for name in groups:
            thing.vertex_groups.new(name=name)
    _weights(thing, surface.joints[welded.kept], surface.weights[welded.kept])
    yield
    yield from _shapes(thing, surface, welded.kept)


def blender_axes(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 3) of glTF's, +y up, as Blender has them."""
    return np.stack([vectors[:, 0], -vectors[:, 2], vectors[:, 1]], axis=1)


def _flat(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32).ravel()


def _faces(mesh: Any, places: NDArray[np.float32], corners: NDArray[np.int32], begins: NDArray[np.int32]) -> None:
    mesh.clear_geometry()
    mesh.vertices.add(len(places))
    mesh.vertices.foreach_set("co", _flat(places))
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(begins))
    mesh.polygons.foreach_set("loop_start", begins)
    mesh.update(calc_edges=True)


def _weights(thing: bpy.types.Object, joints: NDArray[np.int32], weights: NDArray[np.float32]) -> None:
    """The vertex groups were made in the order of the skin's joints. Vertices of one weight go in together."""
    groups = list(thing.vertex_groups)
    for place in range(joints.shape[1]):
        some = np.flatnonzero(weights[:, place])
        kinds = joints[some, place].astype(np.int64) << 32 | weights[some, place].view(np.uint32)
        order = np.argsort(kinds, kind="stable")
        begins = np.flatnonzero(np.diff(kinds[order], prepend=-1)).tolist()
        rows, joint, weight = (each.tolist() for each in (some[order], joints[some, place], weights[some, place]))
        for begin, end in zip(begins, [*begins[1:], len(rows)], strict=False):
            one = order[begin]
            groups[joint[one]].add(rows[begin:end], weight[one], "REPLACE")


def _shapes(thing: bpy.types.Object, surface: Surface, kept: NDArray[np.int32]) -> Iterator[None]:
    if not surface.shapes:
        return
    rest = blender_axes(surface.places)[kept]
    thing.shape_key_add(name="Basis", from_mix=False)
    thing.data.shape_keys.name = thing.data.name
    for name, moves in surface.shapes.items():
        key = thing.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", _flat(rest + blender_axes(moves)[kept]))
        value = surface.mixed.get(name, 0.0)
        key.slider_min, key.slider_max = min(0.0, value), max(1.0, value)
        key.value = value
        yield
    thing.active_shape_key_index = 0
