# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what an error report tells: versions, device, the error, the end of the log, no private paths."""

from __future__ import annotations

import getpass
import platform
import re
from pathlib import Path

import bpy

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
        lines += ["", session.notices.error_title, f"[{failure.code}] {failure.message}", failure.advice]
    if client is not None:
        lines += ["", "Log:", client.log.tail(LOG_LINES)]
    return without_private("\n".join(lines))


def without_private(text: str) -> str:
    """``text`` without the home folder and the user's name."""
    home = str(Path.home())
    for each in {home, home.replace("\\", "/"), home.replace("\\", "\\\\")} - {"", "/"}:
        text = text.replace(each, "~")
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        return text
    if len(name) < 3 or name == "root":
        return text
    return re.sub(rf"\b{re.escape(name)}\b", "user", text)
