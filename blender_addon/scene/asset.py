# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar goes into the Asset Browser, with its picture and words to find it by."""

import bpy

from ..base.operator import PortraitOperator
from ..core.failure import Failure
from ..core.text import Text
from ..locale import T_
from .identity import Avatar, demand_avatar, needs_avatar
from .linked import needs_local
from .pictures import copy_preview


def mark_as_asset(avatar: Avatar, tags: str = "", author: str = "", description: str = "") -> bpy.types.ID:
    """Mark the avatar's collection as an asset and return it; ``tags`` are words between commas."""
    block = avatar.collection
    if block is None or block == bpy.context.scene.collection:
        message = Text("{name} lies in no collection of its own.", name=avatar.name)
        raise Failure("scene", message, "Move it into one and try again.")
    if block.asset_data is None:
        block.asset_mark()
    facts = block.asset_data
    recipe = avatar.recipe
    facts.author = author or facts.author
    told = Text("Avatar of the model {model}, seed {seed}", model=recipe.get("model", "?"), seed=recipe.get("seed"))
    facts.description = description or T_(told)
    for word in ("portrait", "avatar", str(recipe.get("model", "")), *tags.split(",")):
        if word.strip():
            facts.tags.new(word.strip()[:63], skip_if_exists=True)
    copy_preview(avatar.armature, block)
    return block


class PORTRAITKIT_OT_mark_asset(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.mark_asset"
    bl_label = "Mark as Asset"
    bl_description = "Put the selected avatar into the Asset Browser, with its picture and tags"

    needs = (needs_avatar, needs_local)

    tags: bpy.props.StringProperty(name="Tags", description="Words to find it by, with commas between them")
    author: bpy.props.StringProperty(name="Author", description="Who made the asset")

    def perform(self, context: bpy.types.Context) -> Text:
        block = mark_as_asset(demand_avatar(context), self.tags, self.author)
        return Text("{name} is in the Asset Browser under Current File", name=block.name)


CLASSES = (PORTRAITKIT_OT_mark_asset,)
