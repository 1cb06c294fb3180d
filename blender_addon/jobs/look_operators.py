# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with the sliders of the selected avatar, as operators."""

from __future__ import annotations

import random

import bpy

from ..base.operator import PortraitOperator
from ..core.attribute_table import GROUPS, grouped
from ..core.failure import Failure
from ..scene import looks
from ..scene.body_attached import needs_free
from ..scene.identity import Avatar, demand_avatar, ensure_own_identity, needs_avatar
from . import workflows
from .live import live
from .session import session
from .task_operator import needs_engine, needs_feature


def needs_looks(context: bpy.types.Context) -> str:
    """A condition: the selected avatar has sliders."""
    found = looks.names_of(demand_avatar(context).armature)
    return "" if found else "This avatar has no sliders yet: press Show Sliders"


class LookOperator(PortraitOperator):
    """Moves sliders of the selected avatar; in the background the mesh has followed when it returns."""

    needs = (needs_avatar, needs_looks)

    def put(self, avatar: Avatar, values: dict[str, float]) -> None:
        """Move them."""
        looks.put(avatar.armature, values)
        live.notice(avatar.armature)
        if session.waits and session.link.is_set_up:
            live.catch_up(avatar.armature)


class PORTRAITKIT_OT_show_looks(PortraitOperator, bpy.types.Operator):
    """Give an avatar that came from a file its sliders."""

    bl_idname = "portraitkit.show_looks"
    bl_label = "Show Sliders"
    bl_description = "Start the engine if need be, and show the sliders of the selected avatar as it was made"
    bl_options = {"REGISTER"}
    needs = (needs_avatar, needs_free, needs_engine, needs_feature("reshape"))

    def perform(self, context: bpy.types.Context) -> None:
        """Ask for them."""
        avatar = ensure_own_identity(demand_avatar(context))
        if avatar.recipe.get("topology") != "parts":
            raise Failure(
                "scene",
                "The mesh of this avatar cannot follow sliders: it is in one piece.",
                "Avatars of parts can; Regenerate changes this one.",
            )
        session.wake()
        live.open(avatar.armature)
        if session.waits:
            live.catch_up(avatar.armature)


class PORTRAITKIT_OT_set_looks(LookOperator, bpy.types.Operator):
    """Move several sliders at once, for scripts."""

    bl_idname = "portraitkit.set_looks"
    bl_label = "Set Attributes"
    bl_description = "Move sliders of the selected avatar; its mesh follows"

    values: bpy.props.StringProperty(
        name="Attributes", description='Attributes as JSON, such as {"age": 1.5}', options={"SKIP_SAVE"}
    )

    def perform(self, context: bpy.types.Context) -> None:
        """As they are given."""
        given = workflows.parse_facts(self.values or "{}", "attributes")
        self.put(ensure_own_identity(demand_avatar(context)), {name: float(value) for name, value in given.items()})


class PORTRAITKIT_OT_reset_looks(LookOperator, bpy.types.Operator):
    """Back to the person that the seed gives."""

    bl_idname = "portraitkit.reset_looks"
    bl_label = "Reset Attributes"
    bl_description = "Put sliders back to the person's own values. Locked ones stay"

    group: bpy.props.StringProperty(
        name="Group", description="Only those under this heading; empty: all", options={"SKIP_SAVE"}
    )

    def perform(self, context: bpy.types.Context) -> None:
        """All that are not locked."""
        avatar = ensure_own_identity(demand_avatar(context))
        self.put(avatar, {name: looks.own_of(avatar.armature, name) for name in chosen(avatar, self.group)})


class PORTRAITKIT_OT_randomise_looks(LookOperator, bpy.types.Operator):
    """Somebody like the person."""

    bl_idname = "portraitkit.randomise_looks"
    bl_label = "Vary Attributes"
    bl_description = "Move sliders at random. Locked ones stay"

    group: bpy.props.StringProperty(
        name="Group", description="Only those under this heading; empty: all", options={"SKIP_SAVE"}
    )
    amount: bpy.props.FloatProperty(
        name="Amount", description="How far sliders may go, in standard deviations", default=0.7, min=0.0, max=3.0
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="The same seed moves them the same way; 0: another one each time", min=0
    )

    def perform(self, context: bpy.types.Context) -> None:
        """Around where they are."""
        avatar = ensure_own_identity(demand_avatar(context))
        numbers = random.Random(self.seed or None)
        now = looks.values_of(avatar.armature)
        names = [name for name in chosen(avatar, self.group) if self.group or not name.startswith("hair_")]
        self.put(avatar, {name: now[name] + self.amount * numbers.gauss(0, 1) for name in names})


class PORTRAITKIT_OT_lock_look(LookOperator, bpy.types.Operator):
    """Keep a slider where it is."""

    bl_idname = "portraitkit.lock_look"
    bl_label = "Keep"
    bl_description = "Keep this slider in Vary and Reset, or let it go again"

    name: bpy.props.StringProperty(name="Attribute", description="What the attribute is called", options={"SKIP_SAVE"})

    def perform(self, context: bpy.types.Context) -> None:
        """The other way round."""
        armature = demand_avatar(context).armature
        looks.lock(armature, looks.locks_of(armature) ^ {self.name})


def chosen(avatar: Avatar, group: str) -> list[str]:
    """The sliders under a heading, or all, that are not locked."""
    found = grouped(looks.names_of(avatar.armature))
    if group and group not in GROUPS:
        raise Failure("usage", "There is no such group of attributes.", "Leave the group empty for all.")
    names = found.get(group, []) if group else [name for own in found.values() for name in own]
    locked = looks.locks_of(avatar.armature)
    return [name for name in names if name not in locked]


CLASSES = (
    PORTRAITKIT_OT_show_looks,
    PORTRAITKIT_OT_set_looks,
    PORTRAITKIT_OT_reset_looks,
    PORTRAITKIT_OT_randomise_looks,
    PORTRAITKIT_OT_lock_look,
)
