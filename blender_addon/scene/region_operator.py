# SPDX-License-Identifier: GPL-3.0-or-later
"""Vertex groups of the skin's regions by a button."""

import bpy

from ..base.operator import PortraitOperator
from ..core.text import Text
from .coast import needs_calm_mode
from .identity import demand_avatar, needs_avatar, selected_avatar
from .linked import needs_local
from .region_masks import make_groups, masked_meshes


def needs_regions(context: bpy.types.Context) -> str:
    """A condition: the file of the selected avatar told of regions."""
    avatar = selected_avatar(context)
    return "" if avatar is not None and masked_meshes(avatar) else "The avatar's file tells of no regions of the skin"


class PORTRAITKIT_OT_region_groups(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.region_groups"
    bl_label = "Vertex Groups of Regions"
    bl_description = (
        "Give the skin a vertex group for face, lids, lips, ears, scalp, neck and so on, to mask modifiers, sculpting "
        "and painting by. Face sets and the attribute 'region' are there without them"
    )
    needs = (needs_avatar, needs_local, needs_calm_mode, needs_regions)

    def perform(self, context: bpy.types.Context) -> Text:
        made = {name for each in masked_meshes(demand_avatar(context)) for name in make_groups(each)}
        return Text("{count} vertex groups made", count=len(made))


CLASSES = (PORTRAITKIT_OT_region_groups,)
