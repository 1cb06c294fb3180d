# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar's file comes into the scene: a collection of its own, clean names, bones, skin, recipe, preview."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import bpy

from ..core.failure import Failure
from ..core.text import Text
from . import bones, pictures, skin_shader
from .datablocks import Seen, free_name, new_since, remove_new, snapshot
from .face import rig_face
from .face_motion import gather_motion
from .glb_facts import KEY, facts_in, read_tree
from .glb_levels import with_levels_shown
from .identity import COLLECTION_KEY, LEVEL_KEY, PART_KEY, Avatar, give_identity
from .quads import join_quads
from .selection import select_only


def bring_in(
    path: Path | str,
    name: str = "",
    thumbnail: Path | None = None,
) -> Avatar:
    """Import ``path`` as an avatar called ``name`` (or as the file).

    ``thumbnail`` is the picture for its preview; by default the .png beside the file. The armature is selected and
    active afterwards. Raises :class:`Failure` for a file that is no avatar; the scene is then as it was.
    """
    path = Path(path)
    facts = facts_in(read_tree(path))
    if facts is None:
        message = Text("{file} was not made by Portraitkit.", file=path.name)
        raise Failure("file", message, "Import it with File > Import > glTF 2.0 instead.")
    _object_mode()
    seen = snapshot()
    title = free_name(name or path.stem)  # before the import takes names itself
    try:
        _import(path)
        avatar = _arrange(seen, facts, title)
    except Exception:
        remove_new(seen)
        bones.drop_unused_shape()
        raise
    pictures.show_preview(avatar.armature, thumbnail or path.with_suffix(".png"))
    select_only(avatar.armature)
    return avatar


def _object_mode() -> None:
    if bpy.context.mode != "OBJECT" and bpy.ops.object.mode_set.poll():
        bpy.ops.object.mode_set(mode="OBJECT")


def _import(path: Path) -> None:
    if "gltf" not in dir(bpy.ops.import_scene):
        raise Failure(
            "scene", "Blender's glTF add-on is switched off.", "Switch it on in Edit > Preferences > Add-ons."
        )
    try:
        with with_levels_shown(path) as shown:
            answer = bpy.ops.import_scene.gltf(filepath=str(shown), disable_bone_shape=True, bone_heuristic="BLENDER")
    except RuntimeError as error:
        raise Failure("file", Text("{file} cannot be imported: {reason}", file=path.name, reason=error)) from error
    if "FINISHED" not in answer:
        message = Text("{file} cannot be imported; the file may be damaged.", file=path.name)
        raise Failure("file", message, "Make the avatar again.")


def _arrange(seen: Seen, facts: dict[str, Any], name: str) -> Avatar:
    objects = new_since(seen, "objects")
    rigs = [each for each in objects if each.type == "ARMATURE"]
    if len(rigs) != 1:
        message = Text("The file holds {count} skeletons; an avatar has one.", count=len(rigs))
        raise Failure("file", message, "Make the avatar again.")
    armature = rigs[0]
    meshes = [each for each in objects if each.type == "MESH" and each.find_armature() == armature]
    if not meshes:
        raise Failure("file", "The file holds no mesh that the skeleton moves.", "Make the avatar again.")
    for helper in objects:
        if helper is not armature and helper not in meshes:
            bpy.data.objects.remove(helper)
    for helper in new_since(seen, "collections"):
        bpy.data.collections.remove(helper)

    own = bpy.data.collections.new(name)
    bpy.context.scene.collection.children.link(own)
    for each in (armature, *meshes):
        for other in each.users_collection:
            other.objects.unlink(each)
        own.objects.link(each)
    of_parts = facts["recipe"].get("topology") == "parts"
    # First: the file's own names for them may be the armature's.
    (_parts if of_parts else _levels)(meshes, name)
    armature.name, armature.data.name = name, name
    armature[KEY] = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    own[COLLECTION_KEY] = give_identity(armature)
    materials = {each.data.materials[0].name: each.data.materials[0] for each in meshes if each.data.materials}
    for own_name, material in materials.items():
        part = str(material.get(PART_KEY) or plain_name(own_name))
        skin_shader.set_up(material, name, part if of_parts else "")
    avatar = Avatar(armature)
    gather_motion(avatar)
    rig_face(avatar)
    for action in new_since(seen, "actions"):
        if action.users:
            action.name = f"{name} motion"
        else:  # a part's own, which the armature has now
            bpy.data.actions.remove(action)
    bones.dress(armature)
    return avatar


def plain_name(name: str) -> str:
    """A name in a file without the number that Blender puts behind one that it has already."""
    return re.sub(r"\.\d{3,}$", "", name)


def _parts(meshes: list[bpy.types.Object], name: str) -> None:
    """Name the parts and their levels of detail as the file does, behind the avatar's name; make quads of them.

    Files that were exported from here have other names, and say as properties what they are.
    """
    for mesh in meshes:
        named, _, number = plain_name(mesh.name).partition("_LOD")
        part, level = str(mesh.get(PART_KEY, named)), int(mesh.get(LEVEL_KEY, number or 0))
        mesh[PART_KEY], mesh[LEVEL_KEY] = part, level
        mesh.name = part_name(name, part, level)
        mesh.data.name = mesh.name
        join_quads(mesh.data)
        mesh.hide_viewport = mesh.hide_render = bool(level)


def part_name(name: str, part: str, level: int) -> str:
    """What the object of a part is called."""
    plain = f"{name} {part.replace('_', ' ')}"
    return f"{plain} LOD{level}" if level else plain


def _levels(meshes: list[bpy.types.Object], name: str) -> None:
    """Name the levels of detail, the finest first; the others are hidden beside it."""
    meshes.sort(key=lambda each: -len(each.data.polygons))
    for level, mesh in enumerate(meshes):
        mesh[LEVEL_KEY] = level
        mesh.name = f"{name} mesh" if level == 0 else f"{name} mesh LOD{level}"
        mesh.data.name = mesh.name
        join_quads(mesh.data)
        mesh.hide_viewport = mesh.hide_render = level > 0
