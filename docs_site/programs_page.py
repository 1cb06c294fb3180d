# SPDX-License-Identifier: Apache-2.0
"""A picture of a program with an avatar in it, or why there is none. Standard library only."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

from docs_site.places import PROGRAMS

NAMES: dict[str, str] = {
    "blender": "The `.glb` in Blender, rendered by Cycles",
    "three": "The `.glb` in three.js, in Chromium",
    "model-viewer": "The `.glb` in model-viewer, in Chromium",
    "three-vrm": "The `.vrm` in three-vrm, in Chromium",
    "godot": "The `.glb` in Godot 4, its compatibility renderer",
}


def picture_of(name: str) -> Callable[[], str]:
    """What makes the place ``program NAME``."""

    def made() -> str:
        title = NAMES[name]
        plain = html.escape(title.replace("`", ""), quote=True)
        if (PROGRAMS / f"{name}.jpg").is_file():
            return f'<figure class="pk-program"><img src="programs/{name}.jpg" alt="{plain}"></figure>'
        path = PROGRAMS / "missing.json"
        missing = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        why = missing.get(name) or "this copy of the site was built without pictures of programs"
        return f'<p class="pk-missing">{plain}: no picture; {html.escape(why)}.</p>'

    return made
