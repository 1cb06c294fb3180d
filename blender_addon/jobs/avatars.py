# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the jobs want of the scene, in one place."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import bpy

from ..scene.identity import Avatar, ensure_own_identity, find, selected_avatar
from .task import WorkFailed

__all__ = ["find"]

log = logging.getLogger("portraitkit")

longest_import = 0.0
"""Seconds of the longest import so far: the one block of the main thread that cannot be cut up."""


def selected(context: bpy.types.Context) -> Avatar | None:
    """The selected avatar."""
    return selected_avatar(context)


def identity_of(avatar: Avatar) -> str:
    """What it is found by again after undo, renaming and loading; a copy's is not its original's."""
    return ensure_own_identity(avatar).identity


def name_of(avatar: Avatar) -> str:
    """What the user calls it."""
    return avatar.name


def recipe_of(avatar: Avatar | None) -> dict[str, Any]:
    """What it was made by; a failure in plain words where that was deleted."""
    recipe = avatar.recipe if avatar is not None else {}
    if not recipe:
        raise WorkFailed(
            "The avatar does not tell how it was made; its custom property was deleted.",
            "Make a new avatar, or import its file again.",
            "usage",
        )
    return recipe


def mesh_object(name: str) -> bpy.types.Object:
    """The mesh of that name; a failure where it is gone."""
    found = bpy.data.objects.get(name)
    if found is None or found.type != "MESH":
        raise WorkFailed(f"The mesh {name} is not in the file any more.", "Select a mesh and try again.", "usage")
    return found


def bring_in(path: Path, name: str, thumbnail: Path | None) -> Avatar:
    """Import an avatar's file; one undo step."""
    from ..scene import bring_in as room

    begin = time.perf_counter()
    avatar = room.bring_in(path, name, thumbnail=thumbnail)
    _told("Generate Avatar", begin)
    return avatar


def replace(avatar: Avatar, path: Path, thumbnail: Path | None) -> Avatar:
    """Put an avatar made anew into the place of the old one; one undo step."""
    from ..scene.replace import replace_in_place

    begin = time.perf_counter()
    new = replace_in_place(avatar, path, thumbnail)
    _told("Regenerate Avatar", begin)
    return new


def write_mesh(name: str, path: Path) -> None:
    """Write a mesh of the scene for the engine to bake onto."""
    from ..scene import maps

    maps.write_mesh(mesh_object(name), path)


def apply_maps(name: str, files: dict[str, Path]) -> None:
    """Show baked maps on a mesh; one undo step."""
    from ..scene import maps

    begin = time.perf_counter()
    maps.apply_maps(mesh_object(name), files)
    _told("Bake Avatar", begin)


def remesh(mesh: bpy.types.Object, faces: int) -> bpy.types.Object:
    """A copy of the mesh out of quads; a failure in plain words where that cannot be."""
    from ..scene import remesh as room
    from ..scene.faults import SceneError

    try:
        return room.remesh(mesh, faces)
    except SceneError as error:
        raise WorkFailed(str(error), "Bake onto the mesh as it is, or repair it first.", "usage") from error


def apply_pose(avatar: Avatar, pose: dict[str, Any]) -> list[str]:
    """Pose an avatar; one undo step. Returns the joints that it has not."""
    from ..scene import pose as room

    begin = time.perf_counter()
    unknown = room.apply_pose(avatar, pose)
    _told("Pose Avatar", begin)
    return unknown


def apply_motion(avatar: Avatar, path: Path, name: str, *, root: bool) -> None:
    """Make an action of a motion; one undo step."""
    from ..scene import motion

    begin = time.perf_counter()
    motion.apply_motion(avatar, path, name, root=root)
    _told("Move Avatar", begin)


def _told(step: str, begin: float) -> None:
    """Note how long the block took, and let the user undo it."""
    global longest_import  # noqa: PLW0603 - a measure for reports and tests
    seconds = time.perf_counter() - begin
    longest_import = max(longest_import, seconds)
    log.info("%s: %.0f ms in the main thread", step, seconds * 1000)
    if not bpy.app.background and bpy.ops.ed.undo_push.poll():
        bpy.ops.ed.undo_push(message=step)
