# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the body's mesh and of the avatar's skin as plain meshes, ready to be cut. The originals stay."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
from mathutils import Matrix

from .body_arrays import Places
from .face import SHAPES
from .selection import select_only


def copy_of(thing: bpy.types.Object, home: bpy.types.Collection, name: str) -> bpy.types.Object:
    """An object with a mesh of its own, in ``home``."""
    made = thing.copy()
    made.data = thing.data.copy()
    made.name = made.data.name = name
    made.hide_viewport = made.hide_render = False
    home.objects.link(made)
    made.hide_set(False)
    made.animation_data_clear()
    return made


def plain_body(made: bpy.types.Object) -> None:
    """Freeze a copy of a body in the shape that it has: shape keys as they are mixed, nothing that masks hide."""
    if made.data.shape_keys:
        mixed = made.shape_key_add(name="mixed", from_mix=True)
        values = np.empty(3 * len(made.data.vertices), np.float32)
        mixed.data.foreach_get("co", values)
        keys = made.data.shape_keys.session_uid
        made.shape_key_clear()
        # A copy's keys count one user too many before Blender 5.2, and would stay in the file.
        bpy.data.batch_remove([each for each in bpy.data.shape_keys if each.session_uid == keys])
        made.data.vertices.foreach_set("co", values)
        made.data.update()
    masks = [each for each in made.modifiers if each.type == "MASK" and each.show_viewport]
    hidden = np.zeros(len(made.data.vertices), bool)
    for each in masks:
        hidden |= _hidden(made, each)
        made.modifiers.remove(each)
    delete(made.data, hidden)
    drop_normals(made)


def _hidden(made: bpy.types.Object, mask: bpy.types.Modifier) -> np.ndarray:
    """(N,) what a mask leaves out."""
    inside = np.zeros(len(made.data.vertices), bool)
    if mask.mode == "VERTEX_GROUP":
        group = made.vertex_groups.get(mask.vertex_group)
        if group is None:
            return inside
        wanted, least = {group.index}, mask.threshold
    else:
        chosen = {each.name for each in mask.armature.data.bones if each.select} if mask.armature else set()
        wanted, least = {each.index for each in made.vertex_groups if each.name in chosen}, 0.0
    for vertex in made.data.vertices:
        inside[vertex.index] = any(each.group in wanted and each.weight > least for each in vertex.groups)
    return inside if mask.invert_vertex_group else ~inside


def plain_skin(made: bpy.types.Object, into: Matrix) -> None:
    """Bring a copy of the avatar's skin into the body's axes by ``into``; it is moved by nothing for now.

    Keeps the face's shape keys and no others.
    """
    made.modifiers.clear()
    made.parent = None
    for each in list(made.data.shape_keys.key_blocks)[1:] if made.data.shape_keys else ():
        if each.name not in SHAPES:
            made.shape_key_remove(each)
    made.data.transform(into, shape_keys=True)
    if into.determinant() < 0:
        made.data.flip_normals()
    drop_normals(made)


def drop_normals(made: bpy.types.Object) -> None:
    """Leave normals to Blender: those of files are those that it works out, and edges are about to change."""
    if made.data.has_custom_normals:
        select_only(made)
        with bpy.context.temp_override(object=made, active_object=made, selected_objects=[made]):
            bpy.ops.mesh.customdata_custom_splitnormals_clear()


def delete(mesh: bpy.types.Mesh, gone: np.ndarray) -> None:
    """Delete vertices (N,) with their faces; shape keys and weights of the others stay."""
    if not gone.any():
        return
    work = bmesh.new()
    try:
        work.from_mesh(mesh)
        work.verts.ensure_lookup_table()
        bmesh.ops.delete(work, geom=[work.verts[row] for row in np.flatnonzero(gone).tolist()], context="VERTS")
        work.to_mesh(mesh)
    finally:
        work.free()
    mesh.update()


def normals_of(mesh: bpy.types.Mesh) -> Places:
    """(N, 3) the vertices' normals."""
    values = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertex_normals.foreach_get("vector", values)
    return values.reshape(-1, 3).astype(np.float64)
