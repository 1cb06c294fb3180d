# SPDX-License-Identifier: GPL-3.0-or-later
"""Many avatars into a folder, and cancelling, as operators."""

import bpy

from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..core.text import Text
from . import recipes, workflows
from .session import session
from .settings import settings_of
from .task import Workflow
from .task_operator import TaskOperator, needs_engine


class PORTRAITKIT_OT_batch(TaskOperator, bpy.types.Operator):
    """Write many avatars into a folder."""

    bl_idname = "portraitkit.batch"
    bl_label = "Export Variations"
    bl_description = "Write avatars of the following seeds into the folder, with the settings of the Create panel"
    kind = "batch"
    needs = (needs_engine,)

    count: bpy.props.IntProperty(
        name="Variations", description="How many; 0: as the panel says", min=0, options={"SKIP_SAVE"}
    )
    first_seed: bpy.props.IntProperty(
        name="First Seed",
        description="The first seed; -1: the panel's",
        default=-1,
        min=-1,
        options={"SKIP_SAVE"},
    )
    folder: bpy.props.StringProperty(
        name="Folder",
        description="Where to; empty: as the panel says",
        subtype="DIR_PATH",
        options={"SKIP_SAVE", *RELATIVE},
    )
    format: bpy.props.StringProperty(
        name="Format", description="File ending such as .glb; empty: as the panel says", options={"SKIP_SAVE"}
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Seeds and folder."""
        settings = settings_of(context)
        folder = self.folder or settings.batch_folder
        count = self.count or settings.batch_count
        first = self.first_seed if self.first_seed >= 0 else settings.seed
        target = absolute(folder)
        workflow = workflows.batch(
            recipes.from_settings(settings),
            first,
            count,
            target,
            self.format or settings.batch_format,
            overwrite=settings.batch_overwrite,
        )
        return Text("Exporting {count} avatars", count=count), workflow


class PORTRAITKIT_OT_cancel(PortraitOperator, bpy.types.Operator):
    """Cancel work under way."""

    bl_idname = "portraitkit.cancel"
    bl_label = "Cancel"
    bl_description = "Stop this work; what it has finished stays"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(name="Number", description="Which work; 0: all", default=0, options={"SKIP_SAVE"})

    def perform(self, _context: bpy.types.Context) -> None:
        """Ask it to stop."""
        for task in session.tasks:
            if self.number in (0, task.number):
                session.cancel(task)


CLASSES = (PORTRAITKIT_OT_batch, PORTRAITKIT_OT_cancel)
