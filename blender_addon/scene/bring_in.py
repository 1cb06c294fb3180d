# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar's file comes into the scene: a collection of its own, clean names, bones, skin, recipe, preview.

It is done in many short steps, between which Blender is the user's: until the last one nothing of it is in a scene, nor
drawn, nor worked out by Blender.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import bpy

from ..core.failure import Failure
from ..core.text import Text
from . import bones, pictures, skin_shader, surfaces
from .datablocks import UNFINISHED_KEY, Made, free_name
from .face import rig_face
from .face_motion import gather_motion
from .glb_facts import KEY, facts_in, read_tree
from .glb_levels import with_levels_shown
from .glb_surfaces import PartedFile, part_file
from .identity import COLLECTION_KEY, LEVEL_KEY, PART_KEY, Avatar, give_identity
from .mean_colour import give_display_colour
from .quads import join_quads
from .selection import object_mode, select_only

Steps = Generator[None, bool | None, Any]
"""Work in steps. Whoever let Blender go on since the last one sends True."""


def bring_in(
    path: Path | str,
    name: str = "",
    thumbnail: Path | None = None,
) -> Avatar:
    """Import ``path`` as an avatar called ``name`` (or as the file), at once.

    ``thumbnail`` is the picture for its preview; by default the .png beside the file. The armature is selected and
    active afterwards. Raises :class:`Failure` for a file that is no avatar; the scene is then as it was.
    """
    return at_once(bringing_in(path, name, thumbnail))


def at_once(steps: Steps) -> Any:
    """Do all steps now; what they return."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def bringing_in(
    path: Path | str,
    name: str = "",
    thumbnail: Path | None = None,
    *,
    here: Callable[[], AbstractContextManager[Any]] = nullcontext,
    then: Callable[[Avatar], Any] = lambda avatar: avatar,
) -> Steps:
    """:func:`bring_in` in steps; returns what ``then`` makes of the avatar, which is part of the last step.

    ``here`` is entered for each step that needs the scene. Closing it, as a failure, takes all back that was made.
    """
    path = Path(path)
    facts = facts_in(read_tree(path))
    if facts is None:
        message = Text("{file} was not made by Portraitkit.", file=path.name)
        raise Failure("file", message, "Import it with File > Import > glTF 2.0 instead.")
    made = Made()
    try:
        parted = part_file(path)
        yield
        with here():
            object_mode()
            title = free_name(name or path.stem)  # before the import takes names itself
            with made.noting():
                _import(path, parted)
            with made.noting():
                armature, meshes, own = _gather(made, facts, parted, title)
        for mesh in meshes:
            yield from _surface(made, mesh, parted, path)
        for material in {each.data.materials[0]: None for each in meshes if each.data.materials}:
            yield from _pause(made)
            give_display_colour(material, str(material.get(PART_KEY) or plain_name(material.name)))
        yield from _pause(made)
        with here():
            with made.noting():
                avatar = _arrange(made, facts, armature, meshes, own)
                pictures.show_preview(avatar.armature, thumbnail or path.with_suffix(".png"))
                select_only(avatar.armature)
            made = Made()  # it is the user's now
            return then(avatar)
    except BaseException:
        made.remove()
        raise


def _pause(made: Made) -> Steps:
    """Somebody else may have the main thread; a :class:`Failure` where parts of the avatar were removed meanwhile."""
    if (yield) and not made.is_whole:
        raise Failure("scene", "Parts of the avatar were removed while it came in.", "Bring it in again.")


def demand_importer() -> None:
    """Raise :class:`Failure` where Blender's own importer of glTF is switched off."""
    if "gltf" not in dir(bpy.ops.import_scene):
        raise Failure(
            "scene", "Blender's glTF add-on is switched off.", "Switch it on in Edit > Preferences > Add-ons."
        )


def _import(path: Path, parted: PartedFile | None) -> None:
    demand_importer()
    if parted is None:
        with with_levels_shown(path) as shown:
            _import_by_blender(shown)
        return
    with tempfile.TemporaryDirectory(prefix="portraitkit-") as folder:
        rest = Path(folder) / path.name
        rest.write_bytes(parted.rest)
        _import_by_blender(rest)


def _import_by_blender(path: Path) -> None:
    try:
        answer = bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True, bone_heuristic="BLENDER")
    except RuntimeError as error:
        raise Failure("file", Text("{file} cannot be imported: {reason}", file=path.name, reason=error)) from error
    if "FINISHED" not in answer:
        message = Text("{file} cannot be imported; the file may be damaged.", file=path.name)
        raise Failure("file", message, "Make the avatar again.")


def _gather(
    made: Made, facts: dict[str, Any], parted: PartedFile | None, name: str
) -> tuple[bpy.types.Object, list[bpy.types.Object], bpy.types.Collection]:
    """What was imported goes out of the scene into a collection of its own, under its own names."""
    objects = made.of("objects")
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
    for helper in made.of("collections"):
        bpy.data.collections.remove(helper)

    own = bpy.data.collections.new(name)
    own[UNFINISHED_KEY] = True
    for each in (armature, *meshes):
        for other in each.users_collection:
            other.objects.unlink(each)
        own.objects.link(each)
    # First: the file's own names for them may be the armature's.
    if facts["recipe"].get("topology") == "parts":
        _parts(meshes, name)
    else:
        _levels(meshes, parted, name)
    armature.name, armature.data.name = name, name
    return armature, meshes, own


def _surface(made: Made, mesh: bpy.types.Object, parted: PartedFile | None, path: Path) -> Steps:
    """A mesh gets its faces, or those that it has are joined and welded."""
    yield from _pause(made)
    number = surfaces.number_of(mesh)
    if parted is None or number is None:
        join_quads(mesh.data)
        return
    try:
        for _ in surfaces.putting_in(mesh, parted.surface(number)):
            yield from _pause(made)
    except ValueError as error:
        message = Text("{file} cannot be imported: {reason}", file=path.name, reason=error)
        raise Failure("file", message, "Make the avatar again.") from error


def _arrange(
    made: Made,
    facts: dict[str, Any],
    armature: bpy.types.Object,
    meshes: list[bpy.types.Object],
    own: bpy.types.Collection,
) -> Avatar:
    """It becomes an avatar, and is in the scene."""
    name, of_parts = armature.name, facts["recipe"].get("topology") == "parts"
    armature[KEY] = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    own[COLLECTION_KEY] = give_identity(armature)
    materials = {each.data.materials[0].name: each.data.materials[0] for each in meshes if each.data.materials}
    for own_name, material in materials.items():
        part = str(material.get(PART_KEY) or plain_name(own_name))
        skin_shader.set_up(material, name, part if of_parts else "")
    avatar = Avatar(armature)
    gather_motion(avatar)
    rig_face(avatar)
    for action in made.of("actions"):
        if action.users:
            action.name = f"{name} motion"
        else:  # a part's own, which the armature has now
            bpy.data.actions.remove(action)
    bpy.context.scene.collection.children.link(own)
    del own[UNFINISHED_KEY]
    bones.dress(armature, str(facts["recipe"].get("bone_naming", "")))
    return avatar


def plain_name(name: str) -> str:
    """A name in a file without the number that Blender puts behind one that it has already."""
    return re.sub(r"\.\d{3,}$", "", name)


def _parts(meshes: list[bpy.types.Object], name: str) -> None:
    """Name the parts and their levels of detail as the file does, behind the avatar's name.

    Files that were exported from here have other names, and say as properties what they are.
    """
    for mesh in meshes:
        named, _, number = plain_name(mesh.name).partition("_LOD")
        part, level = str(mesh.get(PART_KEY, named)), int(mesh.get(LEVEL_KEY, number or 0))
        mesh[PART_KEY], mesh[LEVEL_KEY] = part, level
        mesh.name = part_name(name, part, level)
        mesh.data.name = mesh.name
        mesh.hide_viewport = mesh.hide_render = bool(level)


def part_name(name: str, part: str, level: int) -> str:
    """What the object of a part is called."""
    plain = f"{name} {part.replace('_', ' ')}"
    return f"{plain} LOD{level}" if level else plain


def _levels(meshes: list[bpy.types.Object], parted: PartedFile | None, name: str) -> None:
    """Name the levels of detail, the finest first; the others are hidden beside it."""

    def faces(mesh: bpy.types.Object) -> int:
        number = surfaces.number_of(mesh)
        return len(mesh.data.polygons) if parted is None or number is None else parted.faces(number)

    meshes.sort(key=lambda each: -faces(each))
    for level, mesh in enumerate(meshes):
        mesh[LEVEL_KEY] = level
        mesh.name = f"{name} mesh" if level == 0 else f"{name} mesh LOD{level}"
        mesh.data.name = mesh.name
        mesh.hide_viewport = mesh.hide_render = level > 0
