# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error report tells: versions, device, the error, the end of the log, no private paths; and the log itself."""

import getpass
import platform
import re
from pathlib import Path

import bpy

from ..base.operator import PortraitOperator
from ..core.environment import home_folder
from ..core.failure import Failure
from ..core.text import Text, as_it_is
from .session import session

LOG_LINES = 60


def text() -> str:
    """The report, ready for the clipboard."""
    failure = session.notices.error
    client = session.link.client
    capabilities = session.capabilities or {}
    engine = client.engine if client is not None else {}
    lines = [
        "Portraitkit report",
        f"Blender {bpy.app.version_string}, {platform.system()} {platform.release()}, {platform.machine()}",
        f"Blender's Python {platform.python_version()}",
        f"Engine {capabilities.get('version', engine.get('version', 'not started'))}, "
        f"Python {engine.get('python', '-')}",
        f"Device {capabilities.get('device', '-')} of {', '.join(capabilities.get('devices', ())) or '-'}",
    ]
    if failure is not None:
        lines += ["", str(session.notices.error_title), f"[{failure.code}] {failure.message}", str(failure.advice)]
        lines += [failure.detail] if failure.detail else []
    if client is not None:
        lines += ["", "Log:", client.log.tail(LOG_LINES)]
    return without_private("\n".join(lines))


def without_private(text: str) -> str:
    """``text`` without the home folder and the user's name."""
    home = str(home_folder() or "")
    for each in {home, home.replace("\\", "/"), home.replace("\\", "\\\\")} - {"", "/"}:
        text = text.replace(each, "~")
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        return text
    if len(name) < 3 or name == "root":
        return text
    return re.sub(rf"\b{re.escape(name)}\b", "user", text)


class PORTRAITKIT_OT_copy_report(PortraitOperator, bpy.types.Operator):
    """Copy a report for the makers."""

    bl_idname = "portraitkit.copy_report"
    bl_label = "Copy Report"
    bl_description = "Copy versions, device, the error and the end of the log to the clipboard, without private paths"
    bl_options = {"INTERNAL"}

    def perform(self, context: bpy.types.Context) -> str:
        """Copy it."""
        context.window_manager.clipboard = text()
        return "The report is on the clipboard"


class PORTRAITKIT_OT_open_log(PortraitOperator, bpy.types.Operator):
    """Show the engine's log."""

    bl_idname = "portraitkit.open_log"
    bl_label = "Open Log"
    bl_description = "Show the log of the engine"
    bl_options = {"INTERNAL"}

    def perform(self, _context: bpy.types.Context) -> Text | None:
        """Open it in the system's editor for texts; in the background only say where it is."""
        path: Path = session.link.log_path
        if not path.is_file():
            raise Failure("file", Text("There is no log yet; it will be {path}.", path=path), "Start the engine first.")
        if bpy.app.background:
            return as_it_is(path)
        bpy.ops.wm.path_open(filepath=str(path))
        return None


CLASSES = (PORTRAITKIT_OT_copy_report, PORTRAITKIT_OT_open_log)
