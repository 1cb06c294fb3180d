# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators that start a task have in common, and what they need to be able to."""

from __future__ import annotations

import bpy

from ..base.operator import Condition, PortraitOperator
from ..core import ages
from ..core.text import Text
from ..locale import T_
from .session import session
from .task import Task, Workflow


class TaskOperator(PortraitOperator):
    """Starts a task. From a button it returns at once; in the background it waits for the end.

    It never stays to hear keys: while an operator does, Blender saves nothing by itself. The panel has a button to
    cancel.

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


def needs_engine(_context: bpy.types.Context) -> str:
    """A condition: there is an engine to ask; it need not run yet."""
    there = session.link.is_set_up
    return "" if there else "There is no engine yet: press Set Up Engine in the Portrait tab or the preferences"


def needs_feature(name: str) -> Condition:
    """A condition: the engine is not too old for the feature of that name; one that has not told yet is believed."""

    def condition(_context: bpy.types.Context) -> str:
        return ages.LACKS if session.lacks(name) else ""

    return condition


def needs_mesh(context: bpy.types.Context) -> str:
    """A condition: the active object is a mesh."""
    active = context.active_object
    there = active is not None and active.type == "MESH" and context.mode == "OBJECT"
    return "" if there else "Make a mesh active, in object mode"
