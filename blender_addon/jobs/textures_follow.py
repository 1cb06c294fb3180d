# SPDX-License-Identifier: GPL-3.0-or-later
"""When the sliders of an avatar are let go, it is made whole: maps, shapes of the face and bones follow its mesh."""

from __future__ import annotations

import bpy

from ..core.text import Text
from ..scene import looks
from ..scene.identity import Avatar, ensure_own_identity
from . import avatars
from .session import session
from .task import Task
from .workflows import follow

KIND = "follow"
"""Of the tasks that this starts."""

_running: dict[int, Task] = {}
"""By the number of the armature in this session."""


def start(avatar: Avatar, values: looks.Values) -> None:
    """Make an avatar with these attributes and put it in the place of the one that is there.

    Not in the background, where scripts say when; not in another mode than object mode and not while something plays,
    where a mesh must not be exchanged.
    """
    if session.waits or not wanted() or bpy.context.mode != "OBJECT" or _plays():
        return
    if avatar.armature.override_library is not None:  # whose meshes are another file's
        return
    whole = avatars.DRAFT_KEY not in avatar.armature
    if whole and looks.same(values, dict(avatar.recipe.get("attributes") or {})):
        return
    stop(avatar)
    ensure_own_identity(avatar)
    recipe = {**avatars.recipe_of(avatar), "attributes": dict(values)}
    workflow = follow(avatar.identity, avatar.name, recipe)
    task = session.start(KIND, Text("Finishing {name}", name=avatar.name), workflow)
    _running[avatar.armature.session_uid] = task
    session.hurry(task)


def stop(avatar: Avatar) -> None:
    """The sliders move again: what is being made is of somebody else by now."""
    task = _running.pop(avatar.armature.session_uid, None)
    if task is not None and not task.ended:
        session.cancel(task)


def wanted() -> bool:
    """Whether the user wants it."""
    return bool(getattr(bpy.context.window_manager, "portraitkit_follow", True))


def _plays() -> bool:
    return any(window.screen.is_animation_playing for window in bpy.context.window_manager.windows)


def register() -> None:
    """The choice is one of the running Blender, as is what is looked for in the panel."""
    bpy.types.WindowManager.portraitkit_search = bpy.props.StringProperty(
        name="Search",
        description="Show only the sliders whose names hold these letters",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    bpy.types.WindowManager.portraitkit_follow = bpy.props.BoolProperty(
        name="Textures Follow",
        description="When a slider is let go, make the avatar whole again: its maps, the shapes of its face, its bones",
        default=True,
    )


def unregister() -> None:
    """Take it away."""
    _running.clear()
    del bpy.types.WindowManager.portraitkit_follow
    del bpy.types.WindowManager.portraitkit_search
