# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking maps onto meshes of the scene, as operators."""

import bpy

from . import avatars, recipes, workflows
from .base import TaskOperator
from .polls import needs_engine, needs_mesh
from .settings import settings_of
from .task import WorkFailed, Workflow


class PORTRAITKIT_OT_bake(TaskOperator, bpy.types.Operator):
    """Bake an avatar's maps onto an edited mesh."""

    bl_idname = "portraitkit.bake"
    bl_label = "Bake onto This Mesh"
    bl_description = "Bake colours and shape of the avatar onto the active mesh, edited or made anew; it needs a UV map"
    bl_options = {"REGISTER"}
    kind = "bake"

    recipe: bpy.props.StringProperty(
        name="Recipe",
        description="A recipe as JSON; empty: the one of the avatar that the mesh belongs to, or the panel's",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs an engine and a mesh."""
        return needs_mesh(cls, context) and needs_engine(cls, context)

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """The active mesh and the recipe it gets its maps from."""
        mesh = context.active_object
        if not mesh.data.uv_layers:
            raise WorkFailed(
                f"{mesh.name} has no UV map to bake into.",
                "Unwrap it, or use Remesh and Bake, which does.",
                "usage",
            )
        return f"Baking onto {mesh.name}", workflows.bake(mesh.name, bake_recipe(self.recipe, context), mesh.name)


class PORTRAITKIT_OT_remesh_bake(TaskOperator, bpy.types.Operator):
    """Quad remesh, then bake."""

    bl_idname = "portraitkit.remesh_bake"
    bl_label = "Remesh and Bake"
    bl_description = "Make a copy of the avatar's mesh out of quads (QuadriFlow), unwrap it and bake the maps onto it"
    bl_options = {"REGISTER", "UNDO"}
    kind = "bake"

    faces: bpy.props.IntProperty(
        name="Quads", description="About how many faces the new mesh has", default=4000, min=100, max=100_000
    )
    recipe: bpy.props.StringProperty(
        name="Recipe", description="A recipe as JSON; empty: the avatar's own", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs an engine and a mesh."""
        return needs_mesh(cls, context) and needs_engine(cls, context)

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """Remesh now, bake after."""
        mesh = context.active_object
        recipe = bake_recipe(self.recipe, context)
        remeshed = avatars.remesh(mesh, self.faces)
        return f"Baking onto {remeshed.name}", workflows.bake(remeshed.name, recipe, remeshed.name)


def bake_recipe(given: str, context: bpy.types.Context) -> recipes.Recipe:
    """The recipe whose maps a mesh gets."""
    if given:
        return workflows.parse_facts(given, "recipe")
    avatar = avatars.selected(context)
    return avatars.recipe_of(avatar) if avatar is not None else recipes.from_settings(settings_of(context))


CLASSES = (PORTRAITKIT_OT_bake, PORTRAITKIT_OT_remesh_bake)
