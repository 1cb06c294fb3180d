# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate and regenerate, as operators."""

import bpy

from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute, model_named
from ..core.failure import Failure
from ..core.text import Text
from ..scene import looks
from ..scene.body_attached import needs_free
from ..scene.identity import demand_avatar, ensure_own_identity, needs_avatar
from ..scene.linked import needs_local
from . import attributes, avatars, own_settings, recipes, workflows
from .recipe_properties import IN_SCRIPTS, PERSON, annotations, recipe_value
from .settings import AUTO, settings_of
from .task import Workflow
from .task_operator import TaskOperator, needs_engine


class PORTRAITKIT_OT_generate(TaskOperator, bpy.types.Operator):
    """Make an avatar with the settings of the panel, changed by what is given here, any recipe field among it."""

    bl_idname = "portraitkit.generate"
    bl_label = "Generate"
    bl_description = (
        "Make the avatar and bring it into the scene. Blender is yours meanwhile; the panel shows how far it is"
    )
    kind = "generate"
    needs = (needs_engine,)

    attributes: bpy.props.StringProperty(
        name="Attributes", description='Attributes as JSON, such as {"age": 1.5}', options={"SKIP_SAVE"}
    )
    recipe: bpy.props.StringProperty(
        name="Recipe",
        description="A whole recipe as JSON; the panel is not looked at",
        options={"SKIP_SAVE"},
    )
    name: bpy.props.StringProperty(
        name="Name", description="What the avatar is called; empty: by its seed", options={"SKIP_SAVE"}
    )
    filepath: bpy.props.StringProperty(
        name="Keep the File As",
        description="Where the avatar's file stays; empty: it is not kept",
        subtype="FILE_PATH",
        options={"SKIP_SAVE", *RELATIVE},
    )
    overwrite: bpy.props.BoolProperty(
        name="Replace File", description="Write over a file that is there", options={"SKIP_SAVE"}
    )
    motion: bpy.props.StringProperty(
        name="Motion",
        description="A motion file that becomes the avatar's action",
        subtype="FILE_PATH",
        options={"SKIP_SAVE", *RELATIVE},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The panel's recipe with the given values over it."""
        recipe = self._recipe(context)
        settings = settings_of(context)
        # What the first avatar is made of is not known before the engine has started.
        by_itself = not self.recipe and settings.topology == AUTO and not self.properties.is_property_set("topology")
        of_parts = self._recipe(context, "parts") if by_itself and not attributes.are_known() else None
        name = self.name or recipes.person_name(recipe)
        keep = absolute(self.filepath) if self.filepath else None
        motion = {"path": str(absolute(self.motion))} if self.motion else None
        workflow = workflows.generate(
            recipe, name, keep=keep, overwrite=self.overwrite, motion=motion, of_parts=of_parts
        )
        return Text("Generating {name}", name=name), workflow

    def _recipe(self, context: bpy.types.Context, topology: str = "") -> recipes.Recipe:
        """The one that was given, else the panel's with the given values over it."""
        given = self.properties.is_property_set
        if self.recipe:
            recipe = workflows.parse_facts(self.recipe, "recipe")
        else:
            recipe = recipes.from_settings(settings_of(context), topology)
            if given("seed"):
                recipe = {name: value for name, value in recipe.items() if name not in PERSON}
            for row in IN_SCRIPTS:
                if given(row.name) and getattr(self, row.name) != "":
                    recipe[row.name] = recipe_value(row, getattr(self, row.name))
            recipe["model"] = model_named(recipe["model"])
            if given("faces"):
                recipe["lods"] = recipes.levels_of(self.faces, settings_of(context).levels)
            if self.attributes:
                recipe["attributes"] = workflows.parse_facts(self.attributes, "attributes")
        return recipe


PORTRAITKIT_OT_generate.__annotations__.update(annotations(IN_SCRIPTS, options={"SKIP_SAVE"}))


class PORTRAITKIT_OT_regenerate(TaskOperator, bpy.types.Operator):
    """Make the selected avatar anew."""

    bl_idname = "portraitkit.regenerate"
    bl_label = "Regenerate with Changes"
    bl_description = (
        "Make the selected avatar anew as its own sliders and settings say. Its name, place, pose, and the material "
        "settings that you changed stay"
    )
    kind = "regenerate"
    needs = (needs_avatar, needs_local, needs_free, needs_engine)

    changes: bpy.props.StringProperty(
        name="Changes",
        description='What to change, as JSON over the avatar\'s recipe, such as {"psi": 0.7}; '
        "empty: its own sliders and settings",
        options={"SKIP_SAVE"},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The recipe to make it by."""
        avatar = ensure_own_identity(demand_avatar(context))
        if self.changes:
            recipe = avatars.recipe_of(avatar) | workflows.parse_facts(self.changes, "changes")
            looks.put(avatar.armature, recipe.get("attributes") or {}, others=True)
        else:
            recipe = own_settings.recipe_for(avatar)
        workflow = workflows.regenerate(avatar.identity, avatar.name, recipe)
        return Text("Regenerating {name}", name=avatar.name), workflow


class PORTRAITKIT_OT_take_recipe(PortraitOperator, bpy.types.Operator):
    """Show the selected avatar's recipe in the Create panel."""

    bl_idname = "portraitkit.take_recipe"
    bl_label = "Edit Its Settings"
    bl_description = "Show the settings that the selected avatar was made with in the Create panel, ready to be changed"
    needs = (needs_avatar,)

    def perform(self, context: bpy.types.Context) -> None:
        """Copy the recipe."""
        recipe = avatars.recipe_of(demand_avatar(context))
        try:
            recipes.show(settings_of(context), recipe)
        except (TypeError, ValueError) as error:
            message = Text("The avatar's recipe cannot be shown: {reason}", reason=error)
            raise Failure("scene", message, "Make a new avatar, or import its file again.") from error


CLASSES = (PORTRAITKIT_OT_generate, PORTRAITKIT_OT_regenerate, PORTRAITKIT_OT_take_recipe)
