# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipes as small files: an avatar's is saved, and one that is opened or dropped makes the person again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper
from mathutils import Vector

from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..core.failure import Failure
from ..core.text import Text
from ..scene.identity import demand_avatar, needs_avatar
from ..scene.under_mouse import dropped_at
from . import recipes, workflows
from .task import Workflow
from .task_operator import TaskOperator, needs_engine
from .vrm import own_recipe

ENDING = ".portrait"
_MOST = 4 * 1024 * 1024


def read_recipe(path: Path) -> dict[str, Any]:
    """The recipe in a file of JSON, alone or as `recipe` of an object; raises :class:`Failure` for any other."""
    try:
        if path.stat().st_size > _MOST:
            raise ValueError
        found: object = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        message = Text("{file} is not there any more.", file=path.name)
        raise Failure("file", message, "Choose another file.") from None
    except (ValueError, RecursionError):
        raise _no_recipe(path) from None
    own = found.get("recipe", found) if isinstance(found, dict) else None
    if not isinstance(own, dict) or not {"seed", "latent", "w", "ws", "model"} & own.keys():
        raise _no_recipe(path)
    return own


def _no_recipe(path: Path) -> Failure:
    message = Text("{file} holds no recipe of a portrait.", file=path.name)
    return Failure("file", message, "Choose a file that Save Recipe wrote.")


class PORTRAITKIT_OT_import_recipe(TaskOperator, bpy.types.Operator):
    """Make the person of a recipe's file."""

    bl_idname = "portraitkit.import_recipe"
    bl_label = "Import Recipe"
    bl_description = "Make the avatar that a recipe's file tells of"
    kind = "generate"
    needs = (needs_engine,)

    filepath: bpy.props.StringProperty(
        name="File", description="The recipe's file", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE}
    )
    location: bpy.props.FloatVectorProperty(
        name="Place",
        description="The floor that it stands on; not given: at the 3D cursor, or where there is room beside it",
        subtype="TRANSLATION",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    filter_glob: bpy.props.StringProperty(default=f"*{ENDING};*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, where none was dropped."""
        if self.filepath:
            place = dropped_at(context, event)
            if place is not None:
                self.location = place
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def plan(self, _context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The recipe, and where it goes."""
        if not self.filepath:
            raise Failure("file", "No file was named.", "Choose a recipe's file.")
        path = absolute(self.filepath)
        recipe = read_recipe(path)
        place = Vector(self.location) if self.properties.is_property_set("location") else None
        name = path.stem or recipes.person_name(recipe)
        return Text("Generating {name}", name=name), workflows.generate(recipe, name, place=place)


class PORTRAITKIT_OT_save_recipe(PortraitOperator, ExportHelper, bpy.types.Operator):
    """Save how the selected avatar is made."""

    bl_idname = "portraitkit.save_recipe"
    bl_label = "Save Recipe"
    bl_description = "Save how the selected avatar is made, by its own sliders and settings, as a file of a few lines"
    bl_options = {"REGISTER"}
    needs = (needs_avatar,)

    filename_ext = ENDING
    filter_glob: bpy.props.StringProperty(default=f"*{ENDING}", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file; its name is the avatar's."""
        if not self.filepath:
            self.filepath = bpy.path.clean_name(demand_avatar(context).name) + ENDING
        return ExportHelper.invoke(self, context, event)

    def perform(self, context: bpy.types.Context) -> Text:
        """Write it, whole or not at all."""
        if not self.filepath:
            raise Failure("file", "No file was named.", "Choose where the recipe goes.")
        path = absolute(self.filepath).with_suffix(ENDING)
        text = json.dumps({"recipe": own_recipe(demand_avatar(context))}, indent=1, ensure_ascii=False)
        temporary = path.with_name(f".{path.stem}.part{ENDING}")
        try:
            temporary.write_text(text + "\n", encoding="utf-8")
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return Text("{file} written", file=path.name)


class PORTRAITKIT_FH_recipe(bpy.types.FileHandler):
    """Recipes that are dropped into the 3D view."""

    bl_idname = "PORTRAITKIT_FH_recipe"
    bl_label = "Portraitkit recipe"
    bl_import_operator = "portraitkit.import_recipe"
    bl_file_extensions = ENDING

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """In 3D views."""
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (PORTRAITKIT_OT_import_recipe, PORTRAITKIT_OT_save_recipe, PORTRAITKIT_FH_recipe)
