# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel that appears when a part of the add-on did not start: what failed, and the report to copy."""

import textwrap
from dataclasses import dataclass

import bpy

from .locale import T_


@dataclass(frozen=True)
class Failure:
    """A part that did not start."""

    part: str
    message: str
    details: str


FAILURES: list[Failure] = []


class PORTRAITKIT_OT_copy_start_report(bpy.types.Operator):
    """Copies what is known about the failure, for a bug report"""

    bl_idname = "portraitkit.copy_start_report"
    bl_label = "Copy Report"
    bl_description = "Copy what is known about this failure to the clipboard, for a bug report"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        head = f"Portraitkit did not start whole in Blender {bpy.app.version_string}"
        context.window_manager.clipboard = "\n\n".join([head, *(f"{each.part}:\n{each.details}" for each in FAILURES)])
        self.report({"INFO"}, T_("The report is on the clipboard"))
        return {"FINISHED"}


class PORTRAITKIT_PT_start_failure(bpy.types.Panel):
    """Shown only if a part did not start"""

    bl_label = "Portraitkit did not start whole"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Portrait"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        for each in FAILURES:
            column.label(text=T_("The part “{part}” failed:").format(part=each.part), icon="ERROR")
            for line in textwrap.wrap(each.message, 48)[:6]:
                column.label(text=line, translate=False)
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
