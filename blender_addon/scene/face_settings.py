# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Face panel remembers: which sliders are looked for, how strong presets are; and their pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

from .face import EMOTIONS

NAME = "portraitkit_face"
PICTURES = Path(__file__).resolve().parents[1] / "pictures" / "emotions"

_previews: Any = None


class PORTRAITKIT_PG_face(bpy.types.PropertyGroup):
    """Of the Face panel alone; nothing of it moves a face."""

    search: bpy.props.StringProperty(
        name="Search",
        description="Show only the sliders whose names hold these letters",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    strength: bpy.props.FloatProperty(
        name="Strength", description="How strong the next expression is", default=1.0, min=0.0, max=1.0
    )


def icon_of(emotion: str) -> int:
    """The number of an emotion's picture; 0 where there is none."""
    return _previews[emotion].icon_id if _previews is not None and emotion in _previews else 0


def loaded() -> list[str]:
    """The emotions whose pictures are there."""
    return [] if _previews is None else list(_previews)


def register() -> None:
    """On the window manager, so that no file is changed by looking."""
    global _previews  # noqa: PLW0603 - Blender holds one collection of pictures for the add-on
    pointer = bpy.props.PointerProperty(type=PORTRAITKIT_PG_face, name="Face", description="The Face panel")
    setattr(bpy.types.WindowManager, NAME, pointer)
    _previews = bpy.utils.previews.new()
    for emotion in EMOTIONS:
        path = PICTURES / f"{emotion}.png"
        if path.is_file():
            _previews.load(emotion, str(path), "IMAGE")


def unregister() -> None:
    """Take them away."""
    global _previews  # noqa: PLW0603 - as above
    if _previews is not None:
        bpy.utils.previews.remove(_previews)
        _previews = None
    delattr(bpy.types.WindowManager, NAME)


CLASSES = (PORTRAITKIT_PG_face,)
