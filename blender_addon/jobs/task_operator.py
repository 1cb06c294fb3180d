# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators that start a task have in common, and what they need to be able to."""

from __future__ import annotations

import bpy

from ..base.operator import PortraitOperator
from ..core.text import Text
from ..locale import T_
from .session import session
from .task import Task, Workflow


class TaskOperator(PortraitOperator):
    """Starts a task. From a button it returns at once and listens for ESC; in the background it waits for the end.

    A subclass gives ``kind`` and ``plan(context) -> (label, workflow)``, where ``plan`` may raise :class:`Failure`.
    """

    bl_options = {"REGISTER"}
    kind = ""
    task: Task | None = None

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The label and the work of this operator's task."""
        raise NotImplementedError

    def perform(self, context: bpy.types.Context) -> None:
        """Start; wait only where no timer runs."""
        label, workflow = self.plan(context)
        before = session.notices.error
        self.task = session.start(self.kind, label, workflow)
        told = session.notices.error
        if session.waits and told is not None and told is not before:  # the engine went on without a setting
            self.report({"WARNING"}, T_(told.sentence))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start, and stay only to hear ESC: the work itself goes on by the timer."""
        done = self.execute(context)
        if self.task is None or self.task.ended or session.waits:
            return done
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Cancel on ESC over a 3D view; let everything else through."""
        if self.task is None or self.task.ended:
            return {"FINISHED", "PASS_THROUGH"}
        if event.type == "ESC" and event.value == "PRESS" and over_view(context, event):
            session.cancel(self.task)
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}


def over_view(context: bpy.types.Context, event: bpy.types.Event) -> bool:
    """Whether the mouse is over a 3D view: ESC elsewhere belongs to what is there."""
    if context.window is None:
        return False
    return any(
        area.type == "VIEW_3D"
        and area.x <= event.mouse_x < area.x + area.width
        and area.y <= event.mouse_y < area.y + area.height
        for area in context.window.screen.areas
    )


def needs_engine(_context: bpy.types.Context) -> str:
    """A condition: there is an engine to ask; it need not run yet."""
    there = session.link.is_set_up
    return "" if there else "There is no engine yet: press Set Up Engine in the Portrait tab or the preferences"


def needs_mesh(context: bpy.types.Context) -> str:
    """A condition: the active object is a mesh."""
    active = context.active_object
    there = active is not None and active.type == "MESH" and context.mode == "OBJECT"
    return "" if there else "Make a mesh active, in object mode"
