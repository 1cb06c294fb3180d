# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel that appears when a part of the add-on did not start: what failed, and the report to copy."""

import textwrap

import bpy

from .base.operator import PortraitOperator
from .core.failure import Failure
from .locale import T_

FAILURES: dict[str, Failure] = {}
"""Part that did not start -> why."""


class PORTRAITKIT_OT_copy_start_report(PortraitOperator, bpy.types.Operator):
    """Copies what is known about the failure, for a bug report"""

    bl_idname = "portraitkit.copy_start_report"
    bl_label = "Copy Report"
    bl_description = "Copy what is known about this failure to the clipboard, for a bug report"
    bl_options = {"INTERNAL"}

    def perform(self, context: bpy.types.Context) -> str:
        parts = [f"{part}:\n{failure.detail}" for part, failure in FAILURES.items()]
        head = f"Portraitkit did not start whole in Blender {bpy.app.version_string}"
        context.window_manager.clipboard = "\n\n".join([head, *parts])
        return "The report is on the clipboard"


class PORTRAITKIT_PT_start_failure(bpy.types.Panel):
    """Shown only if a part did not start"""

    bl_label = "Portraitkit did not start whole"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Portrait"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        for failure in FAILURES.values():
            for place, line in enumerate(textwrap.wrap(T_(failure.message), 48)[:7]):
                column.label(text=line, icon="NONE" if place else "ERROR", translate=False)
        column.label(text="Install the add-on again;")
        column.label(text="if it stays, send us the report.")
        column.operator(PORTRAITKIT_OT_copy_start_report.bl_idname, icon="COPYDOWN")


CLASSES: tuple[type, ...] = (PORTRAITKIT_OT_copy_start_report, PORTRAITKIT_PT_start_failure)
_registered: list[type] = []


def register() -> None:
    for each in CLASSES:
        bpy.utils.register_class(each)
        _registered.append(each)


def unregister() -> None:
    while _registered:
        bpy.utils.unregister_class(_registered.pop())
    FAILURES.clear()
