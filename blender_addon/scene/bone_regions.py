# SPDX-License-Identifier: GPL-3.0-or-later
"""Bones in collections by region, in colours: left ones blue, right ones red, those of the middle yellow.

A bust ends above the elbows. What lies beyond it, legs, forearms and fingers, is in one collection that is hidden.
"""

from __future__ import annotations

from typing import Any

import bpy

from .bone_shape import kind_of, side_of
from .joints import MARK

REGIONS: dict[str, tuple[str, ...]] = {
    "Torso": ("pelvis", "spine1", "spine2", "spine3"),
    "Head": ("neck", "head"),
    "Shoulders": ("collar", "shoulder"),
    "Jaw": ("jaw",),
    "Eyes": ("eye",),
    "Hair": ("hair",),
    "Arms": ("elbow", "wrist", "hand"),
    "Legs": ("hip", "knee", "ankle", "foot"),
    "Fingers": ("thumb", "index", "middle", "ring", "pinky"),
}
"""Names of collections, with the kinds of joints that they hold."""
LIMBS = "Limbs"
"""The hidden collection of those outside a bust."""
OUTSIDE = ("Arms", "Legs", "Fingers")
OTHERS = "Others"
SIDES = {"left": "THEME04", "right": "THEME01", "": "THEME09"}
"""Blender's palettes by side."""
OWN = {"Jaw": "THEME02", "Eyes": "THEME03", "Hair": "THEME06"}
"""Regions of one colour."""


def sort_bones(armature: bpy.types.Armature) -> None:
    """Put marked bones into their collections, and give them colours; collections that were there go."""
    shown = {each.name: each.is_visible for each in armature.collections_all}
    for old in list(armature.collections):
        armature.collections.remove(old)
    by_region: dict[str, list[bpy.types.Bone]] = {}
    for bone in armature.bones:
        joint = str(bone.get(MARK, ""))
        region = region_of(joint)
        by_region.setdefault(region, []).append(bone)
        palette: Any = OWN.get(region, SIDES[side_of(joint)]) if joint else "DEFAULT"
        bone.color.palette = palette
    limbs = armature.collections.new(LIMBS) if any(region in OUTSIDE for region in by_region) else None
    for region in (*REGIONS, OTHERS):
        if region not in by_region:
            continue
        collection = armature.collections.new(region, parent=limbs if region in OUTSIDE else None)
        for bone in by_region[region]:
            collection.assign(bone)
    if limbs is not None:
        limbs.is_visible = False
    for each in armature.collections_all:
        if each.name in shown:
            each.is_visible = shown[each.name]


def region_of(joint: str) -> str:
    """The collection of a joint; that of others for what is none of ours."""
    kind = kind_of(joint)
    return next((region for region, kinds in REGIONS.items() if kind in kinds), OTHERS)
