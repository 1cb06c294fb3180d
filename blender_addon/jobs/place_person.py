# SPDX-License-Identifier: GPL-3.0-or-later
"""A person of the gallery is made where somebody let the picture go."""

from __future__ import annotations

import bpy
from mathutils import Vector

from ..core.failure import Failure
from ..core.text import Text
from . import recipes, workflows
from .gallery import gallery
from .settings import settings_of
from .task import Workflow
from .task_operator import TaskOperator, needs_engine


def needs_pictures(_context: bpy.types.Context) -> str:
    """A condition: somebody is in the gallery."""
    return "" if gallery.cells else "The gallery is empty: press Explore first"


class PORTRAITKIT_OT_place_person(TaskOperator, bpy.types.Operator):
    """Make a person of the gallery at a place."""

    bl_idname = "portraitkit.place_person"
    bl_label = "Make Here"
    bl_description = "Make this person of the gallery at a place of the scene, with the settings of the Create panel"
    kind = "generate"
    needs = (needs_pictures, needs_engine)

    index: bpy.props.IntProperty(name="Number", description="Which picture", min=0, options={"SKIP_SAVE"})
    location: bpy.props.FloatVectorProperty(
        name="Place",
        description="The floor that the person stands on; not given: the 3D cursor",
        subtype="TRANSLATION",
        options={"SKIP_SAVE"},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The person as the picture shows it, made as the panel says."""
        if self.index >= len(gallery.cells):
            facts = {"number": self.index + 1, "count": len(gallery.cells)}
            raise Failure("usage", Text("There is no picture {number}; the gallery shows {count}.", **facts))
        how = recipes.from_settings(settings_of(context))
        how = {name: value for name, value in how.items() if name not in recipes.OF_PERSON}
        recipe = {**how, **recipes.looks(gallery.cells[self.index].recipe)}
        place = Vector(self.location) if self.properties.is_property_set("location") else None
        name = recipes.person_name(recipe)
        return Text("Generating {name}", name=name), workflows.generate(recipe, name, place=place)


CLASSES = (PORTRAITKIT_OT_place_person,)
