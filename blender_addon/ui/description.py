# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of the Create panel that takes a description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs.settings import PORTRAITKIT_PG_settings


def draw_description(layout: Any, settings: PORTRAITKIT_PG_settings) -> None:
    """A line of words and its button."""
    column = layout.column(align=True)
    column.prop(settings, "description", text="", icon="TEXT")
    column.operator("portraitkit.describe")
