# SPDX-License-Identifier: GPL-3.0-or-later
"""Long texts in narrow panels."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import bpy

from ..core.text import Text
from ..locale import T_

POINTS_A_LETTER = 7.0


def lines_of(text: str, width: float) -> list[str]:
    """``text`` in lines that fit ``width`` pixels."""
    scale = bpy.context.preferences.system.ui_scale or 1.0
    letters = max(24, int(width / (POINTS_A_LETTER * scale)))
    return [line for part in text.splitlines() for line in (textwrap.wrap(part, letters) or [""])]


def say(
    layout: Any, words: Text | str, context: bpy.types.Context, icon: str = "NONE", width: float | None = None
) -> None:
    """Write ``words``, translated, over as many lines as it takes; the icon stands before the first."""
    region = getattr(context, "region", None)
    room = width or (region.width - 50 if region is not None else 300)
    column = layout.column(align=True)
    column.scale_y = 0.8
    _write(column, words, icon, room)


def say_in_rows(layout: Any, lines: Sequence[tuple[Text | str, str]], rows: int, width: float) -> None:
    """Write texts with their icons below each other, over ``rows`` rows at least: a dialog keeps its height."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    written = sum(_write(column, words, icon, width) for words, icon in lines)
    for _ in range(rows - written):
        column.label(text="", icon="BLANK1")


def _write(column: Any, words: Text | str, icon: str, width: float) -> int:
    """One text; the number of its rows."""
    lines = lines_of(T_(words), width)
    for place, line in enumerate(lines):
        shown = icon if place == 0 else "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=line, icon=shown, translate=False)
    return len(lines)
