# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators that start work have in common."""

from __future__ import annotations

import logging

import bpy

from ..locale import T_
from .session import session
from .task import Task, WorkFailed, Workflow

log = logging.getLogger("portraitkit")


class TaskOperator:
    """Starts a task. From a button it returns at once and listens for ESC; in the background it waits for the end.

    A subclass gives ``kind`` and ``plan(context) -> (label, workflow)``, where ``plan`` may raise :class:`WorkFailed`.
    """

    kind = ""
    task: Task | None = None

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """The label and the work of this operator's task."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start; wait only where no timer runs."""
        return {"FINISHED"} if self.begin(context) else {"CANCELLED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start, and stay only to hear ESC: the work itself goes on by the timer."""
        if not self.begin(context):
            return {"CANCELLED"}
        if session.waits or self.task is None or self.task.ended:
            return {"FINISHED"}
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

    def begin(self, context: bpy.types.Context) -> bool:
        """Start the task; False, with a report, where it could not be started or failed in the background."""
        try:
            label, workflow = self.plan(context)
            self.task = session.start(self.kind, label, workflow)
        except WorkFailed as failure:
            self.report({"ERROR"}, sentence(failure))
        except Exception as error:
            log.exception("%s could not be started", self.bl_idname)
            self.report({"ERROR"}, f"{self.bl_label} could not be started: {error}")
        else:
            return True
        return False


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


def sentence(failure: WorkFailed) -> str:
    """What failed and what to do, in one line."""
    return f"{T_(failure.message)} {T_(failure.advice) if failure.advice else ''}".strip()


def engine_known() -> bool:
    """Whether there is an engine to ask; it need not run yet."""
    return session.link.is_set_up
