# SPDX-License-Identifier: GPL-3.0-or-later
"""German: avatars that come in by steps, draft maps, avatars of the last time."""

from __future__ import annotations

STEPS: dict[str, str] = {
    "It comes in.": "Er kommt herein.",
    "It was finished when Blender was closed.": "Er war fertig, als Blender geschlossen wurde.",
    "Parts of the avatar were removed while it came in.": "Teile des Avatars wurden entfernt, während er hereinkam.",
    "Bring it in again.": "Ihn noch einmal hereinholen.",
    "Finish Textures": "Texturen fertigstellen",
}
