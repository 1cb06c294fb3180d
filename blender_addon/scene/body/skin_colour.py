# SPDX-License-Identifier: GPL-3.0-or-later
"""The body's skin in the colour of the avatar's, as a material of its own; the avatar's texture fades into it."""

from __future__ import annotations

import bpy

from .seam import Joined


def match(joined: Joined, skin: bpy.types.Object) -> None:
    """To do."""
