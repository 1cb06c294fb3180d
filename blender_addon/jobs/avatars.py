# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks do to the scene: each change is one step that the user can undo."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector

from ..core.failure import Failure
from ..core.text import Text
from ..scene import bring_in as importing
from ..scene import finer_maps, maps, motion, photo_camera, pictures, placing, pose, remesh, replace
from ..scene.bring_in import Steps
from ..scene.identity import Avatar

log = logging.getLogger("portraitkit")

DRAFT_KEY = "portraitkit_draft_of"
"""Custom property of an armature whose maps are small for a while: the size that they shall have."""


def recipe_of(avatar: Avatar) -> dict[str, Any]:
    """What it was made by; a :class:`Failure` where that was deleted."""
    recipe = avatar.recipe
    if recipe and DRAFT_KEY in avatar.armature:
        recipe["texture_size"] = int(avatar.armature[DRAFT_KEY])
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


Here = Callable[[], AbstractContextManager[Any]]
"""Makes what is entered for a step that needs the scene."""


def bringing_in(
    path: Path,
    name: str,
    thumbnail: Path | None,
    *,
    here: Here,
    then: Callable[[Avatar, Text], None],
    columns: int,
    place: Vector | None = None,
) -> Steps:
    """Import an avatar's file in steps, to the 3D cursor or the next free place.

    With ``place`` it stands there, on the floor, whatever else does. ``then`` gets the avatar, and a line that says
    where it is, in the last step.
    """

    def put(avatar: Avatar) -> Avatar:
        scene = bpy.context.scene
        if place is not None:
            where = placing.put(avatar, place, columns=0)
        else:
            on_floor = not scene.portraitkit.neck_at_cursor
            where = placing.put(avatar, scene.cursor.location.copy(), on_floor=on_floor, columns=columns)
        then(avatar, where)
        return avatar

    return _stepped("Generate Avatar", importing.bringing_in(path, name, thumbnail, here=here, then=put))


def replacing(avatar: Avatar, path: Path, thumbnail: Path | None, *, here: Here, draft_of: int = 0) -> Steps:
    """Put an avatar made anew into the place of the old one, in steps; ``draft_of`` is the size its maps shall have."""

    def noted() -> Steps:
        new = yield from replace.replacing(avatar, path, thumbnail, here=here)
        if draft_of:
            new.armature[DRAFT_KEY] = draft_of
        elif DRAFT_KEY in new.armature:
            del new.armature[DRAFT_KEY]
        return new

    return _stepped("Regenerate Avatar", noted())


def take_maps(avatar: Avatar, path: Path, thumbnail: Path | None) -> bool:
    """Give an avatar the maps of a file in which it is otherwise the same; False where those are others."""
    with _step("Finish Textures") as step:
        step.changed = finer_maps.take_maps(avatar, path)
        if not step.changed:
            return False
        pictures.show_preview(avatar.armature, thumbnail)
        avatar.armature.pop(DRAFT_KEY, None)
    return True


def show_draft(avatar: Avatar, path: Path, size: int) -> bool:
    """Give an avatar whose mesh was moved the small maps of a file, until it is made whole with maps of ``size``; False
    where they do not fit its mesh."""
    with _step("Finish Textures") as step:
        step.changed = finer_maps.show_maps(avatar, path)
        if not step.changed:
            return False
        avatar.armature[DRAFT_KEY] = size
    return True


def _stepped(name: str, steps: Steps) -> Steps:
    """One step for the user to undo, at the end. The log tells how long the main thread was held up at once."""
    longest, whole, fresh = 0.0, 0.0, None
    try:
        while True:
            begin = time.perf_counter()
            try:
                steps.send(fresh)
            finally:
                took = time.perf_counter() - begin
                longest, whole = max(longest, took), whole + took
            fresh = yield
    except StopIteration as end:
        log.info("%s: %.0f ms in the main thread, at most %.0f ms at once", name, whole * 1000, longest * 1000)
        _let_undo(name)
        return end.value
    finally:
        steps.close()


def apply_maps(name: str, sets: list[tuple[str, dict[str, Path]]]) -> None:
    """Show baked maps on a mesh: one set on all of it, or one for each of several materials by name."""
    with _step("Bake Avatar"):
        if len(sets) == 1:
            maps.apply_maps(mesh_object(name), sets[0][1])
        else:
            maps.apply_sets(mesh_object(name), sets)


def take_quads(old: bpy.types.Object, folder: Path) -> str:
    """Bring in the quads that another Blender made of a mesh; their object's name."""
    with _step("Remesh Avatar"):
        return remesh.take_over(old, folder).name


def pose_and_look(
    avatar: Avatar, turns: dict[str, Any], camera: dict[str, Any], scene: bpy.types.Scene
) -> bpy.types.Object:
    """Pose an avatar and put a camera that sees it so, as one step; returns the camera."""
    with _step("Pose Avatar"):
        pose.apply_pose(avatar, turns)
        return photo_camera.put_camera(avatar, camera["cam2world"], camera["focal"], scene)


def apply_pose(avatar: Avatar, turns: dict[str, Any]) -> list[str]:
    """Pose an avatar; returns the joints that it has not."""
    with _step("Pose Avatar"):
        return pose.apply_pose(avatar, turns)


def apply_motion(avatar: Avatar, path: Path, name: str, *, root: bool, whole_frames: bool) -> list[str]:
    """Make an action of a motion; returns the joints that the avatar has not."""
    with _step("Move Avatar"):
        motion.apply_motion(avatar, path, name, root=root, whole_frames=whole_frames)
        return motion.lacking(avatar, path)


@dataclass
class _Step:
    changed: bool = True
    """Whether there is anything to undo."""


@contextmanager
def _step(name: str) -> Iterator[_Step]:
    """Note how long the main thread is held up, and let the user undo it."""
    begin, step = time.perf_counter(), _Step()
    yield step
    if not step.changed:
        return
    log.info("%s: %.0f ms in the main thread", name, (time.perf_counter() - begin) * 1000)
    _let_undo(name)


def _let_undo(name: str) -> None:
    if bpy.app.background:
        return
    windows = bpy.context.window_manager.windows
    with bpy.context.temp_override(window=bpy.context.window or next(iter(windows), None)):
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message=name)
