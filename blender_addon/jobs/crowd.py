# SPDX-License-Identifier: GPL-3.0-or-later
"""Many people in a grid: those of the gallery, made one after the other, or those of a folder that are made already."""

from __future__ import annotations

import math
from pathlib import Path

import bpy

from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..core.failure import Failure
from ..core.text import Text
from ..scene.glb_facts import facts_in, read_tree
from ..scene.undisturbed import Asked, asked_from
from . import recipes, workflows
from .arrival import Arrival
from .arrivals import arrivals
from .files import OpenFile, open_file
from .gallery import gallery
from .notices import notices
from .session import session
from .settings import settings_of
from .task import Ask, Workflow
from .task_operator import needs_engine

MOST = 256


def columns_for(count: int) -> int:
    """How many stand in a row, so that the grid is about as deep as it is wide."""
    return max(1, math.ceil(math.sqrt(count)))


def make_all(wanted: list[recipes.Recipe], origin: OpenFile, asked: Asked) -> Workflow:
    """Make one after the other; each comes in as soon as it is made."""
    for recipe in wanted:
        name = recipes.person_name(recipe)
        path = workflows.new_path(name, ".glb")
        fields = {"recipe": recipe, "path": str(path), "name": name, "thumbnail": True}
        result = yield Ask("generate", fields)
        arrival = Arrival(Path(result["path"]), name, origin, asked, workflows.thumbnail_of(result))
        arrival.waste, arrival.columns = workflows.files_of(result), columns_for(len(wanted))
        yield from workflows.arrive(arrival)


def avatars_in(folder: Path, most: int) -> tuple[list[Path], int]:
    """Avatars' files of a folder and those below it, in the order of their names; and how many others were left out."""
    found: list[Path] = []
    others = 0
    for path in sorted(folder.rglob("*.glb")):
        try:
            own = facts_in(read_tree(path)) is not None
        except (Failure, OSError):
            own = False
        if own and len(found) < most:
            found.append(path)
        else:
            others += 1
    return found, others


class PORTRAITKIT_OT_crowd(PortraitOperator, bpy.types.Operator):
    """Many people in a grid."""

    bl_idname = "portraitkit.crowd"
    bl_label = "Crowd"
    bl_description = "Put many people into the scene, in a grid from the 3D cursor on"
    bl_options = {"REGISTER"}

    source: bpy.props.EnumProperty(
        name="Who",
        description="Where the people come from",
        items=[
            ("GALLERY", "Gallery", "Everybody in the gallery, made with the settings of the Create panel"),
            ("FOLDER", "Folder", "Avatars that lie in a folder, as Export Variations writes them"),
        ],
    )
    count: bpy.props.IntProperty(
        name="People", description="How many at most; 0: all", min=0, max=MOST, options={"SKIP_SAVE"}
    )
    directory: bpy.props.StringProperty(
        name="Folder", description="Where the avatars lie", subtype="DIR_PATH", options={"SKIP_SAVE", *RELATIVE}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the folder where one is needed."""
        if self.source == "FOLDER" and not self.directory:
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        return self.execute(context)

    def perform(self, context: bpy.types.Context) -> Text:
        """Start it."""
        most = self.count or MOST
        if self.source == "FOLDER":
            return self._from_folder(context, most)
        why = needs_engine(context)
        if why:
            raise Failure("no_engine", why)
        if not gallery.cells:
            raise Failure("usage", "The gallery is empty.", "Explore first.")
        how = recipes.from_settings(settings_of(context))
        how = {name: value for name, value in how.items() if name not in recipes.OF_PERSON}
        wanted = [{**how, **recipes.looks(each.recipe)} for each in gallery.cells[:most]]
        label = Text("Crowd of {count}", count=len(wanted))
        session.start("generate", label, make_all(wanted, open_file(), asked_from(context)))
        return Text("{count} people are being made", count=len(wanted))

    def _from_folder(self, context: bpy.types.Context, most: int) -> Text:
        folder = absolute(self.directory) if self.directory else None
        if folder is None or not folder.is_dir():
            message = Text("There is no folder {path}.", path=self.directory or "?")
            raise Failure("file", message, "Choose the folder of a batch.")
        found, others = avatars_in(folder, most)
        if not found:
            raise Failure("file", Text("No avatar of Portraitkit lies in {folder}.", folder=folder.name))
        origin, asked = open_file(), asked_from(context)
        for path in found:
            picture = path.with_suffix(".png")
            arrival = Arrival(path, path.stem, origin, asked, picture if picture.is_file() else None)
            arrival.columns = columns_for(len(found))
            arrivals.queue(arrival)
        session.bring_in_waiting()
        said = Text("{count} avatars come in", count=len(found))
        if others:
            said = Text("{words}; {count} other files are left out", words=said, count=others)
        notices.say(said)
        return said


CLASSES = (PORTRAITKIT_OT_crowd,)
