# SPDX-License-Identifier: GPL-3.0-or-later
"""What several panels show: the engine's state, work under way, the last error."""

from __future__ import annotations

from typing import Any

import bpy

from ..base.wrap import say
from ..jobs import setup
from ..jobs.session import session
from ..jobs.task import Task
from ..locale import T_


def draw_state(layout: Any, context: bpy.types.Context) -> None:
    """Everything that is going on, above the settings. Draws nothing when all is quiet."""
    draw_setup(layout, context)
    for task in session.tasks:
        draw_task(layout, task)
    draw_error(layout, context)
    draw_notices(layout, context)


def draw_setup(layout: Any, context: bpy.types.Context) -> None:
    """The engine: not there yet, being set up, starting, or broken."""
    if setup.running() is not None:
        draw_setup_progress(layout, context)
        return
    if not session.link.is_set_up:
        box = layout.box()
        say(box, "Portraits are made by an engine beside Blender. It is set up once.", context, "INFO")
        button = box.column()
        button.scale_y = 1.4
        button.operator("portraitkit.set_up_engine", icon="IMPORT")
        box.operator("portraitkit.find_engine", icon="VIEWZOOM")
    elif session.link.starting:
        layout.label(text="The engine is starting", icon="TIME")


def draw_setup_progress(layout: Any, context: bpy.types.Context) -> None:
    """How far the set-up is, in bytes where they are known."""
    run = setup.running()
    if run is None:
        return
    box = layout.box()
    box.label(text="Setting up the engine", icon="IMPORT")
    box.progress(text=T_(run.line), factor=run.overall, translate=False)
    box.operator("portraitkit.cancel_set_up", icon="X")


def draw_task(layout: Any, task: Task) -> None:
    """One piece of work: what, how far, and a way to stop it."""
    box = layout.box()
    box.label(text=T_(task.label), translate=False)
    row = box.row(align=True)
    row.progress(text=T_(task.line()), factor=task.overall, translate=False)
    button = row.row(align=True)
    button.enabled = not task.stopping
    button.operator("portraitkit.cancel", text="", icon="X").number = task.number


def draw_error(layout: Any, context: bpy.types.Context) -> None:
    """The last error until it is dismissed."""
    failure = session.notices.error
    if failure is None:
        return
    box = layout.box()
    row = box.row()
    row.alert = True
    row.label(text=T_(failure.title), icon="ERROR", translate=False)
    row.operator("portraitkit.dismiss_error", text="", icon="X", emboss=False)
    say(box, failure.message, context)
    if failure.advice:
        say(box, failure.advice, context, "INFO")
    if failure.code == "other_build":
        box.operator("portraitkit.take_another_build", icon="QUESTION")
    row = box.row(align=True)
    row.operator("portraitkit.copy_report", icon="COPYDOWN")
    row.operator("portraitkit.open_log", icon="TEXT")


def draw_notices(layout: Any, context: bpy.types.Context) -> None:
    """The last word, and avatars that wait."""
    notices = session.notices
    if notices.said:
        say(layout, notices.said, context, "CHECKMARK")
    for index, waiting in enumerate(notices.waiting):
        box = layout.box()
        row = box.row(align=True)
        row.label(text=T_("{name} is ready", name=waiting.name), icon="ARMATURE_DATA", translate=False)
        row.operator("portraitkit.import_waiting", icon="IMPORT").index = index
        button = row.operator("portraitkit.import_waiting", text="", icon="TRASH")
        button.index, button.discard = index, True
        if waiting.why:
            say(box, waiting.why, context)
