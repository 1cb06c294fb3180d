# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig notes of the avatar that was attached to it, and what was put aside for it, so that it can be detached."""

from __future__ import annotations

import json
from typing import Any

import bpy

from .identity import KEPT_KEY, selected_avatar

ATTACHED_KEY = "portraitkit_attached"
"""Custom property of the body's armature: what was added to it, as JSON."""
MADE_KEY = "portraitkit_made_for"
"""Custom property of objects that were made for an attachment: its identity."""


def notes_of(armature: bpy.types.Object) -> dict[str, Any] | None:
    """What was noted; None for a rig that nothing is attached to."""
    text = armature.get(ATTACHED_KEY)
    if not isinstance(text, str):
        return None
    try:
        notes: object = json.loads(text)
    except ValueError:
        return None
    return notes if isinstance(notes, dict) else None


def put_aside(thing: bpy.types.Object, identity: str) -> None:
    """Hide an object, and note how it was shown."""
    layer = bpy.context.view_layer
    hidden = thing.hide_get(view_layer=layer) if thing.name in layer.objects else False
    how = {"for": identity, "viewport": thing.hide_viewport, "render": thing.hide_render, "hidden": hidden}
    thing[KEPT_KEY] = json.dumps(how)
    thing.hide_viewport = thing.hide_render = True


def put_aside_for(identity: str) -> list[bpy.types.Object]:
    """The objects that were hidden for an attachment."""
    return [each for each in bpy.data.objects if KEPT_KEY in each and _how(each).get("for") == identity]


def bring_back(thing: bpy.types.Object) -> None:
    """Show an object as it was before it was put aside."""
    how, layer = _how(thing), bpy.context.view_layer
    del thing[KEPT_KEY]
    thing.hide_viewport, thing.hide_render = bool(how.get("viewport")), bool(how.get("render"))
    if thing.name in layer.objects:
        thing.hide_set(bool(how.get("hidden")), view_layer=layer)


def _how(thing: bpy.types.Object) -> dict[str, Any]:
    try:
        how: object = json.loads(str(thing[KEPT_KEY]))
    except ValueError:
        return {}
    return how if isinstance(how, dict) else {}


def made_for(identity: str) -> list[bpy.types.Object]:
    """The objects that an attachment consists of."""
    return [each for each in bpy.data.objects if each.get(MADE_KEY) == identity]


def needs_free(context: bpy.types.Context) -> str:
    """A condition: the selected avatar is not attached to a body. None selected is for another condition to say."""
    avatar = selected_avatar(context)
    if avatar is None or notes_of(avatar.armature) is None:
        return ""
    return "The avatar is attached to a body: press Detach from Body first"


def needs_attached(context: bpy.types.Context) -> str:
    """A condition: the selected avatar is attached to a body."""
    avatar = selected_avatar(context)
    if avatar is not None and notes_of(avatar.armature) is not None:
        return ""
    return "Select a body with an attached avatar"
