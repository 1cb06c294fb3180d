# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar made anew takes the old one's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import bpy

from ..core.failure import Failure
from . import bones, control_rig, face, face_gaze, hair_curves, pictures, skin_shader, sticks
from .bring_in import Steps, at_once, bringing_in, part_name
from .datablocks import images_of, remove_unused
from .glb_facts import KEY
from .identity import COLLECTION_KEY, LEVEL_KEY, PART_KEY, Avatar
from .rest_axes import rests_of, say_anew
from .selection import kept_selection


def replace_in_place(old: Avatar, path: Path | str, thumbnail: Path | None = None) -> Avatar:
    """Give ``old`` the shape, maps and recipe of the file at ``path``, at once.

    Its objects stay, so name, place, parents, collections, pose, actions, constraints and the user's own properties
    stay; so do the materials, with the new maps in them. Raises :class:`Failure`; the scene is then as it was.
    """
    return at_once(replacing(old, path, thumbnail))


def replacing(
    old: Avatar,
    path: Path | str,
    thumbnail: Path | None = None,
    *,
    here: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Steps:
    """:func:`replace_in_place` in steps; ``here`` is entered for those that need the scene."""
    number = old.armature.session_uid

    @contextmanager
    def keeping() -> Iterator[None]:
        with here(), kept_selection():
            yield

    def exchange(new: Avatar) -> Avatar:
        there = next((each for each in bpy.data.objects if each.session_uid == number), None)
        if there is None:
            raise Failure("scene", "The avatar is not in the file any more.", "Select an avatar and try again.")
        return _exchange(Avatar(there), new)

    armature = (yield from bringing_in(path, f"{old.name} anew", thumbnail, here=keeping, then=exchange)).armature
    with here():
        layer = bpy.context.view_layer
        if layer.objects.active is None and armature.name in layer.objects:  # it was a level that is no more
            armature.select_set(True, view_layer=layer)
            layer.objects.active = armature
    return Avatar(armature)


def _exchange(old: Avatar, new: Avatar) -> Avatar:
    armature, name = old.armature, old.name
    old_levels = {_place(each): each for each in reversed(old.meshes)}
    waste = _blocks_of(old) + _blocks_of(new)
    home, temporary = old.collection, new.collection
    # Those that go have their materials until they are swept away.
    used = [each for mesh in {thing.data for thing in (*old.meshes, *new.meshes)} for each in mesh.materials]
    actions = _actions_of(new.armature)

    fresh, of_before = new.armature, armature.data
    if sticks.are_sticks(of_before):
        sticks.straighten(fresh)
    rests = rests_of(of_before)
    armature.data = fresh.data
    armature[KEY] = fresh[KEY]
    pictures.copy_preview(fresh, armature)
    for mesh in new.meshes:
        kept = old_levels.pop(_place(mesh), None)
        if kept is None:
            _adopt(mesh, armature, home)
            continue
        _keep_materials(kept, mesh, used)
        kept.data = mesh.data
        bpy.data.objects.remove(mesh)
    for gone in old_levels.values():
        bpy.data.objects.remove(gone)
    bpy.data.objects.remove(fresh)
    if temporary is not None and COLLECTION_KEY in temporary:
        bpy.data.collections.remove(temporary)
    bpy.data.batch_remove(actions)  # the old one moves as before
    say_anew(armature, rests)
    bones.keep_display(of_before, armature.data)
    if sticks.are_sticks(armature.data):
        sticks.dress(armature)
    _sweep(waste)
    face.rig_face(old)  # drivers of the new parts look at what is gone
    face_gaze.follow(old)
    control_rig.refit(old)
    _grow_again(old)
    armature.data.name = name
    for mesh in old.meshes:
        mesh.data.name = mesh.name
        for material in filter(None, mesh.data.materials):
            for image in images_of(material):
                if skin_shader.ROLE in image:
                    part = str(material.get(PART_KEY, ""))
                    image.name = skin_shader.image_name(name, part, image[skin_shader.ROLE])
    return old


def _actions_of(armature: bpy.types.Object) -> list[bpy.types.Action]:
    """What moves an armature: its action, and those of its tracks."""
    data = armature.animation_data
    if data is None:
        return []
    found = [data.action, *(strip.action for track in data.nla_tracks for strip in track.strips)]
    return list({each.session_uid: each for each in found if each is not None}.values())


def _grow_again(avatar: Avatar) -> None:
    """The hair system anew on the new hair, where there was one; away with it where there is no hair any more."""
    curves = hair_curves.curves_of(avatar)
    if curves is None:
        return
    try:
        hair_curves.make_curves(avatar, int(curves[hair_curves.CURVES_KEY]))
    except Failure:
        data = curves.data
        bpy.data.objects.remove(curves)
        bpy.data.hair_curves.remove(data)


def _place(mesh: bpy.types.Object) -> tuple[str, int]:
    """Which part at which level of detail a mesh is."""
    return str(mesh.get(PART_KEY, "")), int(mesh.get(LEVEL_KEY, 0))


def _blocks_of(avatar: Avatar) -> list[Any]:
    """Data of an avatar, users before what they use."""
    meshes = [each.data for each in avatar.meshes]
    materials = [each for mesh in meshes for each in mesh.materials if each is not None]
    images = [image for material in materials for image in images_of(material)]
    return [avatar.armature.data, *meshes, *materials, *images]


def _sweep(blocks: list[Any]) -> None:
    """Remove what nothing uses any more: first the users, then what they used."""
    for kind in (bpy.types.Armature, bpy.types.Mesh, bpy.types.Material, bpy.types.Image):
        remove_unused({each for each in blocks if isinstance(each, kind)})
        blocks = [each for each in blocks if not isinstance(each, kind)]


def _keep_materials(kept: bpy.types.Object, mesh: bpy.types.Object, used: list[bpy.types.Material | None]) -> None:
    """A mesh that takes another's place takes its materials, too; ``used`` are those of all meshes old and new."""
    for slot, material in enumerate(kept.data.materials):
        if material is None:
            continue
        if slot < len(mesh.data.materials):
            chosen = skin_shader.keep(material, mesh.data.materials[slot], used.count(material))
            used.append(chosen)
            mesh.data.materials[slot] = chosen
        else:
            mesh.data.materials.append(material)


def _adopt(mesh: bpy.types.Object, armature: bpy.types.Object, home: bpy.types.Collection | None) -> None:
    """A level that the old avatar had not."""
    mesh.parent = armature
    for modifier in mesh.modifiers:
        if modifier.type == "ARMATURE":
            modifier.object = armature
    for each in mesh.users_collection:
        each.objects.unlink(mesh)
    (home or bpy.context.scene.collection).objects.link(mesh)
    part, level = _place(mesh)
    plain = f"{armature.name} mesh LOD{level}" if level else f"{armature.name} mesh"
    mesh.name = mesh.data.name = part_name(armature.name, part, level) if part else plain
