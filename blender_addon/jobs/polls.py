# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a button is grey, told by the button itself; and seeds."""

import random

import bpy

from . import avatars
from .base import engine_known

NO_ENGINE = "There is no engine yet: press Set Up Engine in the Portrait tab or the preferences"


def needs_engine(operator: type, _context: bpy.types.Context) -> bool:
    """Poll: with the reason where there is no engine."""
    if engine_known():
        return True
    operator.poll_message_set(NO_ENGINE)
    return False


def needs_avatar(operator: type, context: bpy.types.Context) -> bool:
    """Poll: with the reason where no avatar is selected."""
    if avatars.selected(context) is not None:
        return True
    operator.poll_message_set("Select an avatar that Portraitkit made")
    return False


def needs_mesh(operator: type, context: bpy.types.Context) -> bool:
    """Poll: with the reason where the active object is no mesh."""
    if context.active_object is not None and context.active_object.type == "MESH" and context.mode == "OBJECT":
        return True
    operator.poll_message_set("Make a mesh active, in object mode")
    return False


def new_seed() -> int:
    """Any seed."""
    return random.randrange(2**31)
