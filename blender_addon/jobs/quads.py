# SPDX-License-Identifier: GPL-3.0-or-later
"""Remesh and bake: another Blender makes the quads, the engine bakes onto them, and this one stays free meanwhile."""

from __future__ import annotations

import shutil
import uuid

import bpy

from ..base.preferences_access import cache_folder, own_folder
from ..core.aside import Aside
from ..core.failure import Failure
from ..core.log_file import LogFile
from ..core.text import Text
from ..scene import coast, remesh
from ..scene.undisturbed import asked_from, undisturbed
from . import avatars, workflows
from .arrivals import arrivals
from .files import open_file
from .notices import notices
from .recipes import Recipe
from .task import Wait, Workflow

SHARE = 0.5
"""Of the whole work's bar."""


def remesh_and_bake(name: str, faces: int, recipe: Recipe) -> Workflow:
    """Make quads of the mesh of that name, bring them in beside it when that disturbs nobody, and bake onto them."""
    origin, asked = open_file(), asked_from(bpy.context)
    folder = cache_folder("remesh", uuid.uuid4().hex[:12])
    program: Aside | None = None
    try:
        remesh.hand_over(avatars.mesh_object(name), faces, folder)
        yield Wait(stage="blender")
        program = Aside(
            remesh.command(folder),
            LogFile(own_folder("log") / "remesh.log"),
            Text("Remeshing {mesh}", mesh=name),
            refused=remesh.refused(name),
            environment={"BLENDER_USER_RESOURCES": str(folder)},
        )
        while not program.ended:
            yield Wait(stage=program.stage or "blender", overall=SHARE * program.overall)
            program.step()
        if program.result is None:
            raise program.failure or Failure("crashed")
        while not arrivals.at_once and coast.why_not():
            yield Wait(stage="coast", overall=SHARE)
        if not origin.is_open():
            advice = "Open the file that asked for it, and start again."
            raise Failure("scene", "The new mesh is ready, but its file is not open any more.", advice)
        old = avatars.mesh_object(name)
        with undisturbed(asked, selects=arrivals.at_once or bpy.context.view_layer.objects.active == old):
            quads = avatars.take_quads(old, folder)
        if program.result.get("closed"):
            notices.say(Text("{mesh} was not closed; its quads are, so the bottom is new.", mesh=name))
        yield Wait()
        yield from workflows.bake(quads, recipe, quads, written=folder / remesh.GLB)
    finally:
        if program is not None:
            program.close()
        shutil.rmtree(folder, ignore_errors=True)
