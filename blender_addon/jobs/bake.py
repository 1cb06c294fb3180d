# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking maps onto meshes of the scene, as operators."""

import bpy

from ..core.failure import Failure
from ..core.text import Text
from ..scene.identity import selected_avatar
from ..scene.remesh import remesh
from . import avatars, recipes, workflows
from .settings import settings_of
from .task import Workflow
from .task_operator import TaskOperator, needs_engine, needs_mesh


class PORTRAITKIT_OT_bake(TaskOperator, bpy.types.Operator):
    """Bake an avatar's maps onto an edited mesh."""

    bl_idname = "portraitkit.bake"
    bl_label = "Bake onto This Mesh"
    bl_description = "Bake colours and shape of the avatar onto the active mesh, edited or made anew; it needs a UV map"
    kind = "bake"
    needs = (needs_mesh, needs_engine)

    recipe: bpy.props.StringProperty(
        name="Recipe",
        description="A recipe as JSON; empty: the one of the avatar that the mesh belongs to, or the panel's",
        options={"SKIP_SAVE"},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The active mesh and the recipe it gets its maps from."""
        mesh = context.active_object
        if not mesh.data.uv_layers:
            message = Text("{mesh} has no UV map to bake into.", mesh=mesh.name)
            raise Failure("scene", message, "Unwrap it, or use Remesh and Bake, which does.")
        return Text("Baking onto {mesh}", mesh=mesh.name), workflows.bake(
            mesh.name, bake_recipe(self.recipe, context), mesh.name
        )


class PORTRAITKIT_OT_remesh_bake(TaskOperator, bpy.types.Operator):
    """Quad remesh, then bake."""

    bl_idname = "portraitkit.remesh_bake"
    bl_label = "Remesh and Bake"
    bl_description = "Make a copy of the avatar's mesh out of quads (QuadriFlow), unwrap it and bake the maps onto it"
    bl_options = {"REGISTER", "UNDO"}
    kind = "bake"
    needs = (needs_mesh, needs_engine)

    faces: bpy.props.IntProperty(
        name="Quads", description="About how many faces the new mesh has", default=4000, min=100, max=100_000
    )
    recipe: bpy.props.StringProperty(
        name="Recipe", description="A recipe as JSON; empty: the avatar's own", options={"SKIP_SAVE"}
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Remesh now, bake after."""
        mesh = context.active_object
        recipe = bake_recipe(self.recipe, context)
        name = remesh(mesh, self.faces).name
        return Text("Baking onto {mesh}", mesh=name), workflows.bake(name, recipe, name)


def bake_recipe(given: str, context: bpy.types.Context) -> recipes.Recipe:
    """The recipe whose maps a mesh gets."""
    if given:
        return workflows.parse_facts(given, "recipe")
    avatar = selected_avatar(context)
    return avatars.recipe_of(avatar) if avatar is not None else recipes.from_settings(settings_of(context))


CLASSES = (PORTRAITKIT_OT_bake, PORTRAITKIT_OT_remesh_bake)
