# SPDX-License-Identifier: GPL-3.0-or-later
"""Attach to Body and Detach from Body."""

import bpy

from ..base.operator import PortraitOperator
from ..core.text import Text
from .body_attach import Wishes, attach
from .body_attached import needs_attached, needs_free
from .body_detach import detach
from .body_rig import demand_body
from .identity import demand_avatar, needs_avatar
from .linked import needs_local


def needs_object_mode(context: bpy.types.Context) -> str:
    """A condition: nothing is being edited."""
    return "" if context.mode == "OBJECT" else "This works in Object Mode"


class PORTRAITKIT_OT_attach_body(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.attach_body"
    bl_label = "Attach to Body"
    bl_description = "Put the selected avatar's head onto a body that you have, selected as well: one skin, one rig"
    needs = (needs_avatar, needs_local, needs_free, needs_object_mode)

    body: bpy.props.StringProperty(
        name="Body", description="The body's mesh or rig; empty: the selected one, or the only one of the scene"
    )
    fit: bpy.props.EnumProperty(
        name="Fit",
        description="How large the avatar becomes",
        items=[
            ("HEAD", "As Large as the Head", "Lay the avatar's head onto the body's"),
            (
                "SHOULDERS",
                "As Broad as the Shoulders",
                "Neck joint on neck joint, shoulders as far apart as the body's",
            ),
            ("METRES", "Own Size", "Neck joint on neck joint, the size that the avatar has in metres"),
        ],
    )
    size: bpy.props.FloatProperty(
        name="Size", description="A factor besides", default=1.0, min=0.5, max=2.0, soft_min=0.8, soft_max=1.25
    )
    up: bpy.props.FloatProperty(
        name="Upwards",
        description="Move the head along the neck",
        default=0.0,
        soft_min=-0.05,
        soft_max=0.05,
        unit="LENGTH",
    )
    forward: bpy.props.FloatProperty(
        name="Forwards", description="Move the head forwards", default=0.0, soft_min=-0.05, soft_max=0.05, unit="LENGTH"
    )
    height: bpy.props.FloatProperty(
        name="Height",
        description="Move the seam up or down the neck",
        default=0.0,
        soft_min=-0.03,
        soft_max=0.03,
        unit="LENGTH",
    )
    garment: bpy.props.BoolProperty(
        name="Its Clothes Too", description="Bring the avatar's garment along; else it is left out", default=False
    )
    colour: bpy.props.BoolProperty(
        name="Match Skin",
        description="Give the body a new skin material in the colour of the avatar's neck; the avatar's fades into it",
        default=False,
    )
    keep: bpy.props.BoolProperty(
        name="Keep Originals",
        description="Hide the body's mesh and the avatar as they were, so that Detach brings them back",
        default=True,
    )

    def perform(self, context: bpy.types.Context) -> Text:
        avatar = demand_avatar(context)
        name, body = avatar.name, demand_body(context, self.body)
        told = Text("{name} is attached to {body}", name=name, body=body.mesh.name)
        wishes = Wishes(
            fit=self.fit,
            size=self.size,
            up=self.up,
            forward=self.forward,
            height=self.height,
            garment=self.garment,
            colour=self.colour,
            keep=self.keep,
        )
        attach(avatar, body, wishes)
        return told


class PORTRAITKIT_OT_detach_body(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.detach_body"
    bl_label = "Detach from Body"
    bl_description = "Bring back the avatar and the body as they were before they were joined"
    needs = (needs_avatar, needs_local, needs_attached, needs_object_mode)

    def perform(self, context: bpy.types.Context) -> Text:
        free = detach(demand_avatar(context))
        return Text("{name} is free again", name=free.name)


CLASSES = (PORTRAITKIT_OT_attach_body, PORTRAITKIT_OT_detach_body)
