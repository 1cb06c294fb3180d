# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a shell's mesh out of quads: handed to a Blender of its own that makes it, and taken into the scene."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from ..core.failure import Failure
from ..core.text import Text
from .datablocks import free_name
from .identity import LEVEL_KEY, PART_KEY, avatar_of
from .selection import select_only

PROGRAM = Path(__file__).with_name("remesh_alone.py")
SOURCE, TARGET, GLB, ORDER = "mesh.blend", "quads.blend", "quads.glb", "order.json"


def needs_shell(context: bpy.types.Context) -> str:
    """A condition: the active object is the mesh of an avatar in one piece."""
    active: Any = context.active_object
    avatar = avatar_of(active) if active is not None and active.type == "MESH" else None
    if active is None or avatar is None:
        return "Make the mesh of an avatar in one piece (a shell) active"
    if PART_KEY in active or any(each.get(PART_KEY) for each in avatar.armature.children):
        return (
            "An avatar of parts is made of quads already, the same for everybody: "
            "change its mesh, then press Bake onto This Mesh"
        )
    return ""


def sensible_faces(thing: bpy.types.Object) -> int:
    """How many quads hold what a mesh of triangles does, in round hundreds: enough for a bust, few enough to edit."""
    return min(10_000, max(500, round(len(thing.data.polygons) / 2 / 100) * 100))


def hand_over(thing: bpy.types.Object, faces: int, folder: Path) -> None:
    """Write into ``folder`` what the other Blender needs: the mesh with its weights and shape keys, and the order."""
    avatar = avatar_of(thing)
    home = avatar.armature.matrix_world if avatar is not None else Matrix()
    matrix: Any = home.inverted_safe() @ thing.matrix_world
    mesh: Any = thing.data.copy()
    try:
        mesh.materials.clear()
        mesh.animation_data_clear()
        if mesh.shape_keys is not None:
            mesh.shape_keys.animation_data_clear()  # drivers would take the armature along
        bpy.data.libraries.write(str(folder / SOURCE), {mesh}, fake_user=True)
    finally:
        bpy.data.meshes.remove(mesh)
    order = {"source": str(folder / SOURCE), "target": str(folder / TARGET), "glb": str(folder / GLB)}
    facts = {**order, "faces": faces, "matrix": [value for row in matrix for value in row]}
    (folder / ORDER).write_text(json.dumps(facts), encoding="utf-8")


def command(folder: Path) -> list[str]:
    """How the other Blender is started: this one's program, or the Python that has Blender as a module."""
    program, order = bpy.app.binary_path, str(folder / ORDER)
    if program:
        quiet = ("--background", "--factory-startup", "--python-exit-code", "3")
        return [program, *quiet, "--python", str(PROGRAM), "--", order]
    return [sys.executable, "-I", str(PROGRAM), order]  # its folder has modules of ours, not to be found by name


def take_over(thing: bpy.types.Object, folder: Path) -> bpy.types.Object:
    """The new object beside ``thing``, moved by the same bones; it is selected and active, and ``thing`` is hidden."""
    libraries: Any = bpy.data.libraries
    with libraries.load(str(folder / TARGET)) as (inside, wanted):
        wanted.meshes = list(inside.meshes)
    (mesh,) = wanted.meshes
    mesh.use_fake_user = False
    own: Any = thing.copy()
    own.data = mesh
    own.name = mesh.name = free_name(f"{thing.name} quads")
    own.hide_viewport = own.hide_render = False
    if LEVEL_KEY in own:
        del own[LEVEL_KEY]
    for each in list(own.modifiers):
        if each.type != "ARMATURE":
            own.modifiers.remove(each)
    for home in thing.users_collection:
        home.objects.link(own)
    select_only(own)
    layer = bpy.context.view_layer
    if thing.name in layer.objects:
        thing.hide_set(True, view_layer=layer)
    thing.hide_render = True
    return own


def refused(name: str) -> Failure:
    """The failure of a mesh that cannot be remeshed, not even when it is closed first."""
    message = Text("{name} cannot be made of quads: {reason}.", name=name, reason=Text("QuadriFlow refused it"))
    return Failure("scene", message, "Bake onto the mesh as it is, or repair it first.")
