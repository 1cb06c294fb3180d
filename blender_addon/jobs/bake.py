# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking maps onto meshes of the scene, as operators."""

import bpy

from ..base.wrap import say_in_rows
from ..core.failure import Failure
from ..core.text import Text
from ..scene.identity import selected_avatar
from ..scene.remesh import needs_shell, sensible_faces
from . import avatars, quads, recipes, workflows
from .settings import settings_of
from .task import Workflow
from .task_operator import TaskOperator, needs_engine, needs_mesh

WIDTH = 420
ROWS = 4


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
    bl_description = (
        "Make a copy of a shell's mesh out of quads (QuadriFlow), beside Blender, unwrap it and bake the maps onto it"
    )
    kind = "bake"
    needs = (needs_shell, needs_mesh, needs_engine)

    faces: bpy.props.IntProperty(
        name="Quads",
        description="About how many faces the new mesh has; 0: as dense as the old one, 10,000 at most",
        min=0,
        max=100_000,
        options={"SKIP_SAVE"},
    )
    recipe: bpy.props.StringProperty(
        name="Recipe", description="A recipe as JSON; empty: the avatar's own", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask how many."""
        self.faces = self.faces or sensible_faces(context.active_object)
        return context.window_manager.invoke_props_dialog(self, width=WIDTH)

    def draw(self, context: bpy.types.Context) -> None:
        """The count, and what comes of it."""
        mesh = context.active_object
        self.layout.prop(self, "faces")
        facts = {"mesh": mesh.name, "count": len(mesh.data.polygons), "faces": self.faces}
        told = Text(
            "{mesh} has {count} faces; the new one gets about {faces} quads, a UV map and maps of its own", **facts
        )
        lines = (told, "It takes about a minute, beside Blender. The old mesh is hidden, not deleted")
        say_in_rows(self.layout, [(line, "DOT") for line in lines], ROWS, WIDTH - 20)

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Another Blender makes the quads; then the engine bakes."""
        mesh = context.active_object
        recipe = bake_recipe(self.recipe, context)
        faces = self.faces or sensible_faces(mesh)
        return Text("Remeshing {mesh}", mesh=mesh.name), quads.remesh_and_bake(mesh.name, faces, recipe)


def bake_recipe(given: str, context: bpy.types.Context) -> recipes.Recipe:
    """The recipe whose maps a mesh gets."""
    if given:
        return workflows.parse_facts(given, "recipe")
    avatar = selected_avatar(context)
    return avatars.recipe_of(avatar) if avatar is not None else recipes.from_settings(settings_of(context))


CLASSES = (PORTRAITKIT_OT_bake, PORTRAITKIT_OT_remesh_bake)
