# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for a new drawing of what shows our state: the 3D views' sidebars and the preferences, nothing else."""

from __future__ import annotations

import bpy

REGIONS = {"VIEW_3D": "UI", "PREFERENCES": "WINDOW"}


def sidebars() -> None:
    """Redraw them soon."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            wanted = REGIONS.get(area.type)
            for region in area.regions:
                if region.type == wanted:
                    region.tag_redraw()
