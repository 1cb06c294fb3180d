# SPDX-License-Identifier: GPL-3.0-or-later
"""The error dialog and what can be done from it."""

from pathlib import Path
from typing import Any

import bpy

from ..locale import T_
from . import redraw, report
from .session import session

DIALOG_WIDTH = 440


class PORTRAITKIT_OT_error_dialog(bpy.types.Operator):
    """What failed and what to do."""

    bl_idname = "portraitkit.error_dialog"
    bl_label = "Portraitkit"
    bl_description = "Show what failed last, and what to do about it"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open it; there is nothing to open it for where the error was dismissed meanwhile."""
        if session.notices.error is None:
            return {"CANCELLED"}
        # a popup rather than a dialog: it has no Cancel button, which would mean nothing here
        return context.window_manager.invoke_popup(self, width=DIALOG_WIDTH)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """From a script: the error as a report."""
        failure = session.notices.error
        if failure is not None:
            self.report({"WARNING"}, f"{failure.message} {failure.advice}")
        return {"FINISHED"}

    def draw(self, context: bpy.types.Context) -> None:
        """The text and the buttons."""
        draw_failure(self.layout, context)


def draw_failure(layout: Any, context: bpy.types.Context) -> None:
    """What failed, why, what to do, and the two buttons."""
    from ..ui.wrap import say

    failure = session.notices.error
    if failure is None:
        layout.label(text="All is well")
        return
    head = layout.row()
    head.alert = True
    head.label(text=T_(failure.title or session.notices.error_title), icon="ERROR", translate=False)
    if failure.title:
        layout.label(text=T_(session.notices.error_title), translate=False)
    say(layout, failure.message, context, width=DIALOG_WIDTH)
    if failure.advice:
        layout.separator()
        say(layout, failure.advice, context, "INFO", width=DIALOG_WIDTH)
    row = layout.row(align=True)
    row.operator("portraitkit.copy_report", icon="COPYDOWN")
    row.operator("portraitkit.open_log", icon="TEXT")


class PORTRAITKIT_OT_copy_report(bpy.types.Operator):
    """Copy a report for the makers."""

    bl_idname = "portraitkit.copy_report"
    bl_label = "Copy Report"
    bl_description = "Copy versions, device, the error and the end of the log to the clipboard, without private paths"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy it."""
        context.window_manager.clipboard = report.text()
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


class PORTRAITKIT_OT_dismiss_error(bpy.types.Operator):
    """Take the error away."""

    bl_idname = "portraitkit.dismiss_error"
    bl_label = "Dismiss"
    bl_description = "Take this message away"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Forget it."""
        session.notices.dismiss()
        redraw.sidebars()
        return {"FINISHED"}


class PORTRAITKIT_OT_open_log(bpy.types.Operator):
    """Show the engine's log."""

    bl_idname = "portraitkit.open_log"
    bl_label = "Open Log"
    bl_description = "Show the log of the engine"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Open it in the system's editor for texts; in the background only say where it is."""
        path: Path = session.link.log_path
        if not path.is_file():
            self.report({"WARNING"}, f"There is no log yet; it will be {path}")
            return {"CANCELLED"}
        if bpy.app.background:
            self.report({"INFO"}, str(path))
        else:
            bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}


CLASSES = (
    PORTRAITKIT_OT_error_dialog,
    PORTRAITKIT_OT_copy_report,
    PORTRAITKIT_OT_dismiss_error,
    PORTRAITKIT_OT_open_log,
)
