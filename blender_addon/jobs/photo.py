# SPDX-License-Identifier: GPL-3.0-or-later
"""The place of a photograph: dropped into the 3D view, it goes to an engine that makes people of photographs.

No engine does so yet. Until one says the feature, nothing here is seen, and pictures that are dropped go where they
always went.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..base.paths import RELATIVE, absolute
from ..core.failure import Failure
from ..core.text import Text
from . import recipes, workflows
from .session import session
from .settings import settings_of
from .task import Ask, Workflow
from .task_operator import TaskOperator, needs_engine

FEATURE = "photo"
ENDINGS = (".jpg", ".jpeg", ".png")


def needs_photographs(_context: bpy.types.Context) -> str:
    """A condition: the engine makes people of photographs."""
    return "" if session.has_feature(FEATURE) else "This engine makes nobody of photographs yet"


def from_photo(path: Path, how: recipes.Recipe) -> Workflow:
    """Ask who is in a photograph, then make that person with the settings of the panel."""
    answer = yield Ask(FEATURE, {"path": str(path), "recipe": how})
    recipe = {**how, **answer["recipe"]}
    yield from workflows.generate(recipe, path.stem)


class PORTRAITKIT_OT_from_photo(TaskOperator, bpy.types.Operator):
    """Make the person of a photograph."""

    bl_idname = "portraitkit.from_photo"
    bl_label = "From a Photo"
    bl_description = "Make the person in a photograph"
    kind = "generate"
    needs = (needs_photographs, needs_engine)

    filepath: bpy.props.StringProperty(
        name="Photo", description="The picture's file", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE}
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The picture, and how the mesh is made."""
        path = absolute(self.filepath) if self.filepath else None
        if path is None or path.suffix.lower() not in ENDINGS or not path.is_file():
            message = Text("{file} is no picture.", file=path.name if path is not None else "?")
            raise Failure("file", message, "Choose a .jpg or a .png file.")
        how = recipes.from_settings(settings_of(context))
        how = {name: value for name, value in how.items() if name not in recipes.LOOKS}
        return Text("From {file}", file=path.name), from_photo(path, how)


class PORTRAITKIT_FH_photo(bpy.types.FileHandler):
    """Photographs that are dropped into the 3D view."""

    bl_idname = "PORTRAITKIT_FH_photo"
    bl_label = "Portrait from a photo"
    bl_import_operator = "portraitkit.from_photo"
    bl_file_extensions = ";".join(ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only where an engine takes them: an artist's pictures go where they always went."""
        area = context.area
        return area is not None and area.type == "VIEW_3D" and not needs_photographs(context)


CLASSES = (PORTRAITKIT_OT_from_photo, PORTRAITKIT_FH_photo)
