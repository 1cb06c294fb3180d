# SPDX-License-Identifier: GPL-3.0-or-later
"""The error dialog: opened by the session when something failed, and by the user."""

import logging
from typing import Any

import bpy

from ..base import redraw
from ..base.operator import PortraitOperator
from ..base.ticker import Ticker
from ..base.wrap import say
from ..core.text import Text
from ..locale import T_
from .notices import notices

log = logging.getLogger("portraitkit")

WIDTH = 440


def _open() -> None:
    windows = bpy.context.window_manager.windows
    if not windows:
        return
    try:
        with bpy.context.temp_override(window=windows[0]):
            bpy.ops.portraitkit.error_dialog("INVOKE_DEFAULT")
    except Exception:
        # the panel shows the same error with the same buttons
        log.exception("the error dialog could not be opened")


opener = Ticker(_open, "the error dialog")


def show_error() -> None:
    """Open the dialog in a moment: not inside a step, and only where there is a window to open it in."""
    if not bpy.app.background and not opener.runs:
        opener.start(after=0.01)


class PORTRAITKIT_OT_error_dialog(PortraitOperator, bpy.types.Operator):
    """What failed and what to do."""

    bl_idname = "portraitkit.error_dialog"
    bl_label = "Portraitkit"
    bl_description = "Show what failed last, and what to do about it"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open it; there is nothing to open it for where the error was dismissed meanwhile."""
        if notices.error is None:
            return {"CANCELLED"}
        # a popup rather than a dialog: it has no Cancel button, which would mean nothing here
        return context.window_manager.invoke_popup(self, width=WIDTH)

    def perform(self, _context: bpy.types.Context) -> Text | None:
        """From a script: the error as a report."""
        return notices.error.sentence if notices.error is not None else None

    def draw(self, context: bpy.types.Context) -> None:
        """The text and the buttons."""
        draw_failure(self.layout, context)


def draw_failure(layout: Any, context: bpy.types.Context) -> None:
    """What failed, why, what to do, and the two buttons."""
    failure = notices.error
    if failure is None:
        layout.label(text="All is well")
        return
    head = layout.row()
    head.alert = True
    head.label(text=T_(failure.title), icon="ERROR", translate=False)
    if notices.error_title:
        layout.label(text=T_(notices.error_title), translate=False)
    say(layout, failure.message, context, width=WIDTH)
    if failure.advice:
        layout.separator()
        say(layout, failure.advice, context, "INFO", width=WIDTH)
    row = layout.row(align=True)
    row.operator("portraitkit.copy_report", icon="COPYDOWN")
    row.operator("portraitkit.open_log", icon="TEXT")


class PORTRAITKIT_OT_dismiss_error(PortraitOperator, bpy.types.Operator):
    """Take the error away."""

    bl_idname = "portraitkit.dismiss_error"
    bl_label = "Dismiss"
    bl_description = "Take this message away"
    bl_options = {"INTERNAL"}

    def perform(self, _context: bpy.types.Context) -> None:
        """Forget it."""
        notices.dismiss()
        redraw.sidebars()


CLASSES = (PORTRAITKIT_OT_error_dialog, PORTRAITKIT_OT_dismiss_error)
