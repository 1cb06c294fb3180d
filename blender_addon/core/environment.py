# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment that our child processes get: the user's, without what Blender or a launcher put in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# Prefixes and names of variables that point a child at Blender's own Python, libraries or colour tables.
_PREFIXES = ("PYTHON", "BLENDER_", "OCIO", "DYLD_", "OPENIMAGEIO_", "OSL_", "CYCLES_")
_NAMES = {
    "LD_LIBRARY_PATH",  # Blender's, Steam's and Snap's libraries would be loaded before torch's own
    "LD_PRELOAD",  # Steam's overlay
    "LD_AUDIT",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "__PYVENV_LAUNCHER__",  # macOS: makes a child believe it is its parent's Python
    "XDG_DATA_DIRS_SNAP",
}
# pip's settings that would install somewhere else or change what we read from its output.
_PIP = {
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_QUIET",
    "PIP_VERBOSE",
    "PIP_PROGRESS_BAR",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_NO_DEPS",
    "PIP_REPORT",
    "PIP_DRY_RUN",
    "PIP_PYTHON",
}


def clean_environment(source: Mapping[str, str] | None = None) -> dict[str, str]:
    """``source`` (our own environment if None) without the variables that lead a foreign Python astray."""
    found = os.environ if source is None else source
    kept: dict[str, str] = {}
    for name, value in found.items():
        upper = name.upper()  # Windows does not tell cases apart
        if upper.startswith(_PREFIXES) or upper in _NAMES or upper in _PIP:
            continue
        kept[name] = value
    return kept


def home_folder() -> Path | None:
    """The user's home folder; None where there is none: for a service, in a container."""
    try:
        home = Path.home()
        return home if home.is_dir() else None
    except (RuntimeError, OSError):
        return None


# No console window on Windows. Elsewhere a process group of its own: Ctrl-C in the terminal that started Blender must
# not reach the child, and its children end with it.
if sys.platform == "win32":
    CREATION_FLAGS = subprocess.CREATE_NO_WINDOW
else:
    CREATION_FLAGS = 0
NEW_SESSION = sys.platform != "win32"


def end_now(process: subprocess.Popen[bytes], *, gently: bool = False) -> None:
    """Ask (``gently``) or force the process and its children to end. Returns at once."""
    if process.poll() is not None:
        return
    try:
        if sys.platform == "win32":
            # A venv's python.exe is a launcher that takes the real one down with it.
            process.terminate()
        else:
            import signal

            os.killpg(process.pid, signal.SIGTERM if gently else signal.SIGKILL)
    except (ProcessLookupError, PermissionError, OSError):
        process.kill()
