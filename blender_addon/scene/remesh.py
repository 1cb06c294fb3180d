# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of an avatar's mesh out of quads, unwrapped, moved by the same bones: ready to be baked onto."""

from __future__ import annotations

import math

import bmesh
import bpy

from ..core.failure import Failure
from ..core.text import Text
from .datablocks import free_name
from .identity import LEVEL_KEY
from .selection import select_only

WELD = 1e-6
"""Metres: vertices that a file has parted at the seams of the maps."""


def remesh(thing: bpy.types.Object, faces: int) -> bpy.types.Object:
    """A new object beside ``thing``, of about ``faces`` quads by Blender's QuadriFlow; it is selected and active.

    It has a UV map, no material yet, the weights of the nearest places of ``thing`` and the same armature. Raises
    :class:`Failure` for a mesh that QuadriFlow refuses; nothing is left behind then.
    """
    own = thing.copy()
    own.data = thing.data.copy()
    own.name = own.data.name = free_name(f"{thing.name} quads")
    own.hide_viewport = own.hide_render = False
    if LEVEL_KEY in own:
        del own[LEVEL_KEY]
    for home in thing.users_collection:
        home.objects.link(own)
    try:
        _plain(own)
        select_only(own)
        answer = bpy.ops.object.quadriflow_remesh(
            target_faces=faces, use_preserve_sharp=False, use_preserve_boundary=True, use_mesh_symmetry=False, seed=0
        )
        if "FINISHED" not in answer or not own.data.polygons:
            raise _refused(thing, Text("QuadriFlow needs a closed mesh without loose parts"))
        _unwrap(own)
        _weights(thing, own)
    except RuntimeError as error:
        _drop(own)
        select_only(thing)
        raise _refused(thing, error) from error
    except Failure:
        _drop(own)
        select_only(thing)
        raise
    for polygon in own.data.polygons:
        polygon.use_smooth = True
    select_only(own)
    return own


def _refused(thing: bpy.types.Object, reason: object) -> Failure:
    message = Text("{name} cannot be made of quads: {reason}.", name=thing.name, reason=reason)
    return Failure("scene", message, "Bake onto the mesh as it is, or repair it first.")


def _plain(own: bpy.types.Object) -> None:
    """Whole again at the seams, without what a new mesh cannot keep."""
    for each in list(own.modifiers):
        if each.type != "ARMATURE":
            own.modifiers.remove(each)
    own.vertex_groups.clear()
    own.data.materials.clear()
    mesh = bmesh.new()
    mesh.from_mesh(own.data)
    bmesh.ops.remove_doubles(mesh, verts=mesh.verts, dist=WELD)
    mesh.to_mesh(own.data)
    mesh.free()
    if own.data.has_custom_normals:
        # they belong to the old corners
        with bpy.context.temp_override(object=own, active_object=own):
            bpy.ops.mesh.customdata_custom_splitnormals_clear()


def _unwrap(own: bpy.types.Object) -> None:
    while own.data.uv_layers:
        own.data.uv_layers.remove(own.data.uv_layers[0])
    own.data.uv_layers.new(name="UVMap")
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        bpy.ops.mesh.select_all(action="SELECT")
        bpy.ops.uv.smart_project(angle_limit=math.radians(66), island_margin=0.004)
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")


def _weights(source: bpy.types.Object, own: bpy.types.Object) -> None:
    """Weights of the nearest places of the mesh that it was made from."""
    if not source.vertex_groups:
        return
    hidden = source.hide_viewport
    source.hide_viewport = False
    try:
        select_only(source)
        own.select_set(True)
        bpy.ops.object.data_transfer(
            data_type="VGROUP_WEIGHTS",
            use_create=True,
            vert_mapping="POLYINTERP_NEAREST",
            layers_select_src="ALL",
            layers_select_dst="NAME",
            use_object_transform=False,
        )
    finally:
        source.hide_viewport = hidden


def _drop(own: bpy.types.Object) -> None:
    mesh = own.data
    bpy.data.objects.remove(own)
    bpy.data.meshes.remove(mesh)
