# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths as Blender's users write them, made absolute before they leave Blender: the engine has another folder."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core.failure import Failure
from ..core.text import Text

BESIDE = "//"
"""How Blender begins a path that is meant from the .blend file's folder."""
RELATIVE = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5) else set[str]()
"""Option of every property that holds such a path; Blender warns of those without from 4.5 on."""


def absolute(named: str) -> Path:
    """The path that ``named`` means; raises :class:`Failure` for one beside a .blend file that was never saved."""
    if named.startswith(BESIDE) and not bpy.data.filepath:
        raise Failure(
            "usage",
            Text("{path} is beside the .blend file, and this file was never saved.", path=named),
            "Save the file, or choose another path.",
        )
    return Path(bpy.path.abspath(named)).expanduser().absolute()


def model_named(named: str) -> str:
    """A model by its name as it is, by its file with the whole path."""
    return str(absolute(named)) if "/" in named or "\\" in named else named
