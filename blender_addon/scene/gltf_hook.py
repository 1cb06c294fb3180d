# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's glTF exporter asks of add-ons, for every export of the user's."""

from __future__ import annotations

from typing import Any

SETTINGS_KEY = "portraitkit"


class glTF2ExportUserExtension:
    """Keeps the panel's settings out of files: they belong to the scene, and other importers stumble over them."""

    def gather_scene_hook(self, scene: Any, _blender_scene: Any, _settings: Any) -> None:
        """Called with the glTF scene before it is written."""
        extras = getattr(scene, "extras", None)
        if isinstance(extras, dict):
            extras.pop(SETTINGS_KEY, None)
