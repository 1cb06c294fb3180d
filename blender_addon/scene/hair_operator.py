# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair curves by a button."""

import bpy

from ..base.operator import PortraitOperator
from ..core.text import Text
from .hair_curves import COUNT, make_curves
from .identity import demand_avatar, needs_avatar, selected_avatar
from .linked import needs_local


def needs_hair(context: bpy.types.Context) -> str:
    """A condition: the selected avatar has hair of its own."""
    avatar = selected_avatar(context)
    return "" if avatar is not None and "hair" in avatar.parts else "The avatar has no hair mesh"


class PORTRAITKIT_OT_hair_curves(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.hair_curves"
    bl_label = "Make Hair Curves"
    bl_description = "Grow a hair system of curves along the avatar's hair mesh, and hide the mesh"
    needs = (needs_avatar, needs_local, needs_hair)

    count: bpy.props.IntProperty(name="Strands", description="How many curves", default=COUNT, min=100, max=100_000)

    def perform(self, context: bpy.types.Context) -> Text:
        made = make_curves(demand_avatar(context), self.count)
        return Text("{count} strands of hair made", count=len(made.data.curves))


CLASSES = (PORTRAITKIT_OT_hair_curves,)
