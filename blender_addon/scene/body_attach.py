# SPDX-License-Identifier: GPL-3.0-or-later
"""Attaching an avatar to a body, step by step; on a failure the scene is as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..core.failure import Failure
from ..core.text import Text
from . import body_band as band
from . import body_bones as bones
from . import body_prepare as prepare
from . import body_seam as seam
from . import body_skin_colour as skin_colour
from . import body_weights as weights
from .body_arrays import moved, places_of, put_weights
from .body_attached import ATTACHED_KEY, MADE_KEY, notes_of, put_aside
from .body_place import Placement, placed
from .body_rig import Body, rig_of
from .bring_in import part_name
from .datablocks import free_name, new_since, remove_new, snapshot
from .face import drive, keys_of, path_of, property_of, shapes_of
from .glb_facts import KEY
from .hair_curves import curves_of
from .identity import KEPT_KEY, LEVEL_KEY, PART_KEY, Avatar, give_identity
from .selection import kept_selection, select_only

ON_THE_HEAD = 0.7
"""The share of its vertices above the seam from which on a mesh of the body belongs to the head."""


@dataclass(frozen=True)
class Wishes:
    """How to attach: see the operator's properties."""

    fit: str = "HEAD"
    size: float = 1.0
    up: float = 0.0
    forward: float = 0.0
    height: float = 0.0
    garment: bool = False
    colour: bool = False
    keep: bool = True


def attach(avatar: Avatar, body: Body, wishes: Wishes) -> Avatar:
    """Join an avatar of parts to a body; the avatar that the body's rig is now.

    The body's mesh and the avatar are copied and then hidden, or deleted where ``wishes`` does not keep them. Raises
    :class:`Failure`; the scene is then as it was.
    """
    skin = _finest(avatar, "skin")
    if notes_of(avatar.armature) is not None:
        raise Failure("scene", "The avatar is attached to a body already.", "Detach it first.")
    layer = bpy.context.view_layer
    for each in (body.mesh, body.armature):
        if each.name not in layer.objects:
            message = Text("{name} is not in this view layer.", name=each.name)
            raise Failure("scene", message, "Switch its collection on and try again.")
    seen = snapshot()
    try:
        with kept_selection():
            joined, placement, height = _one_skin(avatar, body, skin, wishes)
            parts = _parts(avatar, body, placement, joined.thing.name.removesuffix(" skin"), wishes)
    except Exception:
        remove_new(seen)
        raise
    for each in new_since(seen, "actions"):
        bpy.data.actions.remove(each)
    return _arrange(avatar, body, joined, parts, placement, height, wishes)


def _finest(avatar: Avatar, part: str) -> bpy.types.Object:
    found = avatar.parts.get(part)
    if not found:
        raise Failure(
            "scene",
            "This avatar is in one piece; its skin cannot be parted from its clothes.",
            "Make one with Topology: Parts.",
        )
    return found[0]


def _one_skin(
    avatar: Avatar, body: Body, skin: bpy.types.Object, wishes: Wishes
) -> tuple[seam.Joined, Placement, float]:
    home = (list(body.mesh.users_collection) or [bpy.context.scene.collection])[0]
    title = free_name(f"{avatar.name} on {body.mesh.name}")
    made = prepare.copy_of(body.mesh, home, part_name(title, "skin", 0))
    prepare.plain_body(made)
    own = prepare.copy_of(skin, home, f"{title} cut")
    into_avatar = avatar.armature.matrix_world.inverted() @ skin.matrix_world
    world = body.mesh.matrix_world.copy()
    normals = prepare.normals_of(made.data) @ np.linalg.inv(np.array(world.to_3x3()))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    placement = placed(
        avatar,
        body,
        (moved(into_avatar, places_of(own.data)), prepare.normals_of(own.data)),
        (moved(world, places_of(made.data)), normals),
        fit=wishes.fit,
        size=wishes.size,
        offset=(wishes.up, wishes.forward),
    )
    prepare.plain_skin(own, world.inverted() @ placement.world @ into_avatar)
    own.matrix_world = world
    to_seam = placement.to_seam @ world
    height = wishes.height
    collar = seam.collar_height(own, to_seam) + seam.CLEAR
    height = max(height, collar)
    if height > max(seam.HIGHEST, wishes.height):
        raise Failure(
            "scene",
            "The collar of the avatar's garment reaches too high: no skin is left between it and the jaw.",
            "Make it without a garment, or with one that leaves the neck free, then try again.",
        )
    above = seam.cut_skin(own, to_seam, height)
    below = seam.cut_body(made, to_seam, above)
    weights.give_skin(own, above, body, made, below, bones.renamed(avatar, body))
    band.one_uv_name(own, made)
    joined = seam.join(made, own, below, above, to_seam)
    band.paint(joined)
    if wishes.colour:
        skin_colour.match(joined, placement.world.to_scale().x / world.to_scale().x)
    return joined, placement, height


def _parts(avatar: Avatar, body: Body, placement: Placement, title: str, wishes: Wishes) -> list[bpy.types.Object]:
    home = (list(body.mesh.users_collection) or [bpy.context.scene.collection])[0]
    renamed = bones.renamed(avatar, body)
    names = list(dict.fromkeys(renamed.values()))
    made: list[bpy.types.Object] = []
    for part, objects in avatar.parts.items():
        if part == "skin" or (part == "garment" and not wishes.garment):
            continue
        was = objects[0]
        each = prepare.copy_of(was, home, part_name(title, part, 0))
        if part != "hair" or curves_of(avatar) is None:  # curves stay with the original: the mesh stands for them here
            each.hide_viewport, each.hide_render = was.hide_viewport, was.hide_render
        put_weights(each, names, weights.on_body(was, renamed, names))
        own = avatar.armature.matrix_world.inverted() @ was.matrix_world
        each.data.transform(body.armature.matrix_world.inverted() @ placement.world @ own, shape_keys=True)
        each.parent = body.armature
        each.matrix_parent_inverse = Matrix()
        each.matrix_basis = Matrix()
        for modifier in each.modifiers:
            if modifier.type == "ARMATURE":
                modifier.object = body.armature
        made.append(each)
    return made


def _arrange(
    avatar: Avatar,
    body: Body,
    joined: seam.Joined,
    parts: list[bpy.types.Object],
    placement: Placement,
    height: float,
    wishes: Wishes,
) -> Avatar:
    """Bones, face, facts; what was before is put aside or deleted."""
    rig, armature = avatar.armature, body.armature
    joined.thing[PART_KEY], joined.thing[LEVEL_KEY] = "skin", 0
    added = bones.add_bones(avatar, body, bones.renamed(avatar, body), placement.world)
    notes: dict[str, Any] = {"avatar": avatar.name, "bones": added, "marks": bones.mark_joints(body)}
    armature[KEY] = rig[KEY]
    identity = give_identity(armature)
    faces = shapes_of(rig)
    for shape in faces:
        name = property_of(shape)
        armature[name] = float(rig[name])
        armature.id_properties_ui(name).update_from(rig.id_properties_ui(name))
        armature.property_overridable_library_set(path_of(shape), True)
    notes["properties"] = [property_of(shape) for shape in faces]
    armature[ATTACHED_KEY] = json.dumps(notes)
    for each in (joined.thing, *parts):
        each[MADE_KEY] = identity
        keys = each.data.shape_keys
        if keys is None:
            continue
        keys.animation_data_clear()
        for shape, key in keys_of(each).items():
            key.value = 0.0
            drive(key, armature, shape)
    own = {each.name: each for root in (rig, *avatar.meshes) for each in (root, *root.children_recursive)}
    on_head = _on_the_head(body, placement, height, {joined.thing, *parts})
    for each in (body.mesh, *own.values()) if wishes.keep else ():
        put_aside(each, identity)
    for each in on_head:
        put_aside(each, identity)
    for each in () if wishes.keep else (body.mesh, *own.values()):
        bpy.data.objects.remove(each)
    armature.update_tag()
    bpy.context.view_layer.update()  # until then it lists objects that were removed
    select_only(armature)
    return Avatar(armature)


def _on_the_head(body: Body, placement: Placement, height: float, new: set[bpy.types.Object]) -> list[bpy.types.Object]:
    """Meshes of the body that belong to the head that is no more: its eyes, brows, teeth, hair."""
    found = []
    for each in bpy.data.objects:
        if each is body.mesh or each in new or KEPT_KEY in each or rig_of(each) != body.armature:
            continue
        places = moved(placement.to_seam @ each.matrix_world, places_of(each.data))
        if len(places) and (places[:, 2] > height).mean() > ON_THE_HEAD:
            found.append(each)
    return found
