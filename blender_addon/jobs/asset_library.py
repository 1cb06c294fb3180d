# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of avatars becomes an asset library: the engine has this Blender do it, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..base.preferences_access import preference
from ..core.failure import Failure
from ..core.text import Text
from .notices import notices
from .session import session
from .task import Ask, Facts, Workflow
from .task_operator import TaskOperator, needs_engine

ADDON = Path(__file__).resolve().parents[1]
TOLD = 3
"""Failed avatars that a notice names."""


def needs_libraries(_context: bpy.types.Context) -> str:
    """A condition: the engine makes libraries; one that has not told yet is believed to."""
    known = session.capabilities is None or session.has_feature("library")
    return "" if known else "This engine makes no asset libraries yet: Remove Engine in the preferences, then Set Up"


def make(folder: Path, author: str, run: str, *, add: bool) -> Workflow:
    """Make or complete the library of ``folder``, and say what came of it; ``add``: Blender's preferences name it."""
    failed: list[str] = []

    def heard(item: Facts) -> None:
        if item.get("status") == "failed":
            failed.append(f"{item['name']}: {item.get('error', '')}")

    fields: Facts = {"folder": str(folder), "author": author, "run": run, "blender": own_program()}
    answer = yield Ask("library", {**fields, "addon": str(ADDON)}, heard)
    place = Path(answer["folder"])
    if add:
        add_library(place, run or folder.name)
    said = Text(
        "The library {folder} has {count} avatars, {made} of them new.",
        folder=place,
        count=answer["made"] + answer["kept"],
        made=answer["made"],
    )
    if failed:
        listed = "; ".join(failed[:TOLD]) + ("; …" if len(failed) > TOLD else "")
        said = Text("{words} {count} failed: {names}", words=said, count=len(failed), names=listed)
    notices.say(said)
    if failed and not answer["made"] + answer["kept"]:
        raise Failure("file", said, "Open the log for the reason of each.")


def own_program() -> str:
    """This Blender, or where Blender is a module the Python that has it."""
    return bpy.app.binary_path or sys.executable


def library_at(place: Path) -> Any:
    """The entry of Blender's preferences that names a folder; None without one."""
    libraries = bpy.context.preferences.filepaths.asset_libraries
    return next((each for each in libraries if each.path and Path(each.path).absolute() == place.absolute()), None)


def add_library(place: Path, name: str) -> bool:
    """Tell Blender's preferences of a library; False where they know of it."""
    if library_at(place) is not None:
        return False
    bpy.context.preferences.filepaths.asset_libraries.new(name=name, directory=str(place))
    bpy.context.preferences.is_dirty = True  # saved where the user has Blender save them
    return True


class PORTRAITKIT_OT_make_library(TaskOperator, bpy.types.Operator):
    """Make an asset library of a folder of avatars."""

    bl_idname = "portraitkit.make_library"
    bl_label = "Make Asset Library"
    bl_description = (
        "Make a library for the Asset Browser of the avatars in a folder, with pictures, catalogues and tags. "
        "Run again, it makes what is new"
    )
    kind = "library"
    needs = (needs_engine, needs_libraries)

    directory: bpy.props.StringProperty(
        name="Folder", description="Where the avatars lie", subtype="DIR_PATH", options={"SKIP_SAVE", *RELATIVE}
    )
    run: bpy.props.StringProperty(name="Name", description="What catalogues call it; empty: as the folder")
    author: bpy.props.StringProperty(name="Author", description="Who made the assets; empty: as the preferences say")
    add: bpy.props.BoolProperty(
        name="Add to Asset Libraries",
        description="Add the library to Blender's preferences, so that the Asset Browser shows it",
        default=False,
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the folder."""
        if self.directory:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def plan(self, _context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The folder and the words."""
        folder = absolute(self.directory) if self.directory else None
        if folder is None or not folder.is_dir():
            message = Text("There is no folder {path}.", path=self.directory or "?")
            raise Failure("file", message, "Choose the folder of a batch.")
        label = Text("Asset library of {folder}", folder=folder.name)
        return label, make(folder, self.author or preference("author", ""), self.run, add=self.add)


class PORTRAITKIT_OT_add_library(PortraitOperator, bpy.types.Operator):
    """Show a library in the Asset Browser."""

    bl_idname = "portraitkit.add_library"
    bl_label = "Add to Asset Libraries"
    bl_description = "Add a library to Blender's preferences, so that the Asset Browser shows it"
    bl_options = {"REGISTER"}

    directory: bpy.props.StringProperty(
        name="Folder", description="The library's folder", subtype="DIR_PATH", options={"SKIP_SAVE", *RELATIVE}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the folder."""
        if self.directory:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, _context: bpy.types.Context) -> Text:
        """Add it."""
        place = absolute(self.directory) if self.directory else None
        if place is not None and (place / "blender-library").is_dir():  # the batch's folder means the library in it
            place /= "blender-library"
        if place is None or not place.is_dir() or not any(place.rglob("*.blend")):
            message = Text("There is no .blend file in {path}.", path=self.directory or "?")
            raise Failure("file", message, "Choose the folder of a library.")
        name = place.parent.name if place.name == "blender-library" else place.name
        if add_library(place, name):
            return Text("{name} is among the asset libraries", name=name)
        return Text("{name} was among the asset libraries already", name=name)


CLASSES = (PORTRAITKIT_OT_make_library, PORTRAITKIT_OT_add_library)
