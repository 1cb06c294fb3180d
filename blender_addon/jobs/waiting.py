# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars that wait in the panel, and where one is: as operators."""

import bpy

from ..base.operator import PortraitOperator
from ..core.failure import Failure
from ..scene.coast import needs_calm_mode
from ..scene.framing import frame
from ..scene.identity import demand_avatar, needs_avatar
from ..scene.undisturbed import asked_from
from . import kept_arrivals
from .arrival import Arrival
from .arrivals import arrivals
from .notices import notices


class PORTRAITKIT_OT_import_waiting(PortraitOperator, bpy.types.Operator):
    """Bring in an avatar that waits."""

    bl_idname = "portraitkit.import_waiting"
    bl_label = "Bring In"
    bl_description = "Bring the finished avatar into the scene now"
    bl_options = {"REGISTER"}  # what brings it in makes the step that can be undone

    index: bpy.props.IntProperty(name="Number", description="Which of the avatars", min=0, options={"SKIP_SAVE"})
    discard: bpy.props.BoolProperty(
        name="Discard", description="Delete it instead", default=False, options={"SKIP_SAVE"}
    )
    needs = (needs_calm_mode,)

    def perform(self, context: bpy.types.Context) -> None:
        """Bring it in, or forget it."""
        if self.index >= len(arrivals.waiting):
            raise Failure("usage", "That avatar is not there any more.", "Make it again.")
        found: Arrival = arrivals.waiting[self.index]
        try:
            if self.discard:
                arrivals.discard(found)
                return
            gone = not found.origin.is_open() or found.asked.find_scene() is None
            arrivals.bring_in(found, asked_from(context) if gone else None)
        finally:
            if not arrivals.at_once:
                kept_arrivals.note(arrivals.waiting)


class PORTRAITKIT_OT_show(PortraitOperator, bpy.types.Operator):
    """Look at the selected avatar."""

    bl_idname = "portraitkit.show"
    bl_label = "Show"
    bl_description = "Turn the 3D view's eye to the selected avatar, so that it fills the view"
    bl_options = {"REGISTER"}
    needs = (needs_avatar,)

    def perform(self, context: bpy.types.Context) -> None:
        """Move the view."""
        if not frame(demand_avatar(context), context.window) and not bpy.app.background:
            notices.say("There is no 3D view that could show it; one that looks through a camera is left alone.")


CLASSES = (PORTRAITKIT_OT_import_waiting, PORTRAITKIT_OT_show)
