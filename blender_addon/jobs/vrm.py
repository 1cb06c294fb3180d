# SPDX-License-Identifier: GPL-3.0-or-later
"""The selected avatar as VRM: as a file, or into the scene through the VRM add-on where that is installed."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ..base.paths import absolute
from ..base.preferences_access import preference, preferences
from ..core.failure import Failure
from ..core.text import Text
from ..scene.identity import Avatar, demand_avatar, needs_avatar
from ..scene.undisturbed import asked_from
from . import avatars, own_settings, workflows
from .arrival import HANDS, Arrival
from .arrivals import arrivals
from .files import open_file
from .notices import notices
from .recipes import Recipe
from .task import Ask, Facts, Workflow
from .task_operator import TaskOperator, needs_engine

ENDING = ".vrm"
_HAND = "vrm"
"""What the VRM add-on's importer is called in `bpy.ops.import_scene`."""


def needs_vrm_addon(_context: bpy.types.Context) -> str:
    """A condition: somebody can import .vrm files."""
    there = _HAND in dir(bpy.ops.import_scene)
    return "" if there else "Install the VRM format add-on first: look for VRM under Get Extensions in the preferences"


def written(recipe: Recipe, name: str, path: Path, author: str, *, overwrite: bool) -> Workflow:
    """Have the engine write an avatar's .vrm with the bones of a whole character; for `yield from`."""
    told = yield Ask("capabilities", {})
    if ENDING not in told.get("formats", ()):
        message = Text("This engine writes no {ending} files.", ending=ENDING)
        raise Failure("version", message, "Press Remove Engine in the preferences, then Set Up Engine.")
    wanted = told.get("clients", {}).get("vrm", {}).get("recipe", {})
    fields: Facts = {"recipe": {**recipe, **wanted}, "path": str(path), "name": name}
    fields |= {"thumbnail": False, "overwrite": overwrite}
    if author and "vrm_meta" in told.get("features", ()):
        fields["vrm"] = {"authors": [author]}
    yield Ask("generate", fields)


def export(recipe: Recipe, name: str, path: Path, author: str, *, overwrite: bool) -> Workflow:
    """Write it where the user said."""
    yield from written(recipe, name, path, author, overwrite=overwrite)
    notices.say(Text("{file} written", file=path.name))


def bring_in(recipe: Recipe, name: str, author: str) -> Workflow:
    """Write it to the cache and have the VRM add-on bring it in, when that disturbs nobody."""
    origin, asked = open_file(), asked_from(bpy.context)
    path = workflows.new_path(name, ENDING)
    yield from written(recipe, name, path, author, overwrite=False)
    arrivals.arrive(Arrival(path, name, origin, asked, waste=(path,), hands=_HAND))


def import_vrm(path: Path, name: str) -> None:
    """Call the VRM add-on's importer; raises :class:`Failure` with its own words."""
    why = needs_vrm_addon(bpy.context)
    if why:
        raise Failure("scene", why)
    try:
        answer = getattr(bpy.ops.import_scene, _HAND)(filepath=str(path))
    except RuntimeError as error:
        raise Failure("file", Text("{file} cannot be imported: {reason}", file=path.name, reason=error)) from error
    if "FINISHED" not in answer:
        message = Text("The VRM add-on did not import {name}.", name=name)
        raise Failure("scene", message, "Try it with its own menu: File > Import > VRM.")
    notices.say(Text("{name} came in as VRM", name=name))


HANDS[_HAND] = import_vrm


class VrmOperator(TaskOperator):
    """What both have in common: who makes the file, asked once and kept in the preferences."""

    author: bpy.props.StringProperty(
        name="Author",
        description="Who makes the file, which VRM wants to know; kept in the preferences",
        options={"SKIP_SAVE"},
    )

    def author_known(self) -> str:
        """Who that is; what is said here is kept."""
        kept = preferences()
        if self.author and kept is not None and not kept.author:
            kept.author = self.author
        return self.author or preference("author", "")

    def draw(self, _context: bpy.types.Context) -> None:
        """The one question."""
        self.layout.prop(self, "author")


class PORTRAITKIT_OT_export_vrm(VrmOperator, ExportHelper, bpy.types.Operator):
    """Write the selected avatar as VRM."""

    bl_idname = "portraitkit.export_vrm"
    bl_label = "Export VRM"
    bl_description = (
        "Have the engine make the selected avatar again as a VRM 1.0 file, by its own sliders and settings. "
        "What was changed on its mesh by hand is not in it"
    )
    kind = "export"
    needs = (needs_avatar, needs_engine)

    filename_ext = ENDING
    filter_glob: bpy.props.StringProperty(default="*.vrm", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file; its name is the avatar's."""
        self.author = self.author_known()
        if not self.filepath:
            self.filepath = bpy.path.clean_name(demand_avatar(context).name) + ENDING
        return ExportHelper.invoke(self, context, event)

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The avatar's recipe and the file."""
        if not self.filepath:
            raise Failure("file", "No file was named.", "Choose where the avatar goes.")
        avatar = demand_avatar(context)
        path = absolute(self.filepath).with_suffix(ENDING)
        recipe = own_recipe(avatar)
        # The file window has asked before it writes over a file.
        return Text("Exporting {name}", name=avatar.name), export(
            recipe, avatar.name, path, self.author_known(), overwrite=True
        )


class PORTRAITKIT_OT_bring_in_vrm(VrmOperator, bpy.types.Operator):
    """The selected avatar once more, as VRM."""

    bl_idname = "portraitkit.bring_in_vrm"
    bl_label = "Bring In as VRM"
    bl_description = "Make the selected avatar as VRM and bring it in by the VRM add-on, ready for its panels"
    kind = "generate"
    needs = (needs_vrm_addon, needs_avatar, needs_engine)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask who makes it, if nobody ever said."""
        if self.author_known():
            return self.execute(context)
        return context.window_manager.invoke_props_dialog(self)

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The avatar's recipe."""
        avatar = demand_avatar(context)
        label = Text("{name} as VRM", name=avatar.name)
        return label, bring_in(own_recipe(avatar), avatar.name, self.author_known())


def own_recipe(avatar: Avatar) -> Recipe:
    """What makes the avatar as it is now: by its own sliders and settings where they are known."""
    if own_settings.are_filled(avatar.armature):
        return own_settings.recipe_for(avatar)
    return avatars.recipe_of(avatar)


CLASSES = (PORTRAITKIT_OT_export_vrm, PORTRAITKIT_OT_bring_in_vrm)
