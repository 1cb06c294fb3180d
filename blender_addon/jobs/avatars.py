# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks do to the scene: each change is one step that the user can undo."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector

from ..core.failure import Failure
from ..core.text import Text
from ..scene import bring_in as importing
from ..scene import maps, motion, placing, pose, replace
from ..scene.identity import Avatar

log = logging.getLogger("portraitkit")


def recipe_of(avatar: Avatar) -> dict[str, Any]:
    """What it was made by; a :class:`Failure` where that was deleted."""
    recipe = avatar.recipe
    if not recipe:
        raise Failure(
            "scene",
            "The avatar does not tell how it was made; its custom property was deleted.",
            "Make a new avatar, or import its file again.",
        )
    return recipe


def mesh_object(name: str) -> bpy.types.Object:
    """The mesh of that name; a :class:`Failure` where it is gone."""
    found = bpy.data.objects.get(name)
    if found is None or found.type != "MESH":
        message = Text("The mesh {name} is not in the file any more.", name=name)
        raise Failure("scene", message, "Select a mesh and try again.")
    return found


def bring_in(
    path: Path, name: str, thumbnail: Path | None, *, on_floor: bool, columns: int, place: Vector | None = None
) -> tuple[Avatar, Text]:
    """Import an avatar's file to the 3D cursor or the next free place; the avatar, and a line that says where it is.

    With ``place`` it stands there, on the floor, whatever else does.
    """
    with _step("Generate Avatar"):
        avatar = importing.bring_in(path, name, thumbnail=thumbnail)
        if place is not None:
            return avatar, placing.put(avatar, place, columns=0)
        where = bpy.context.scene.cursor.location.copy()
        return avatar, placing.put(avatar, where, on_floor=on_floor, columns=columns)


def replace_in_place(avatar: Avatar, path: Path, thumbnail: Path | None) -> Avatar:
    """Put an avatar made anew into the place of the old one."""
    with _step("Regenerate Avatar"):
        return replace.replace_in_place(avatar, path, thumbnail)


def apply_maps(name: str, sets: list[tuple[str, dict[str, Path]]]) -> None:
    """Show baked maps on a mesh: one set on all of it, or one for each of several materials by name."""
    with _step("Bake Avatar"):
        if len(sets) == 1:
            maps.apply_maps(mesh_object(name), sets[0][1])
        else:
            maps.apply_sets(mesh_object(name), sets)


def apply_pose(avatar: Avatar, turns: dict[str, Any]) -> list[str]:
    """Pose an avatar; returns the joints that it has not."""
    with _step("Pose Avatar"):
        return pose.apply_pose(avatar, turns)


def apply_motion(avatar: Avatar, path: Path, name: str, *, root: bool) -> list[str]:
    """Make an action of a motion; returns the joints that the avatar has not."""
    with _step("Move Avatar"):
        motion.apply_motion(avatar, path, name, root=root)
        return motion.lacking(avatar, path)


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Note how long the main thread is held up, and let the user undo it."""
    begin = time.perf_counter()
    yield
    log.info("%s: %.0f ms in the main thread", name, (time.perf_counter() - begin) * 1000)
    if not bpy.app.background and bpy.ops.ed.undo_push.poll():
        bpy.ops.ed.undo_push(message=name)
