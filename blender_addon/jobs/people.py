# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for a person: dice, randomise, and the gallery, as operators."""

import random

import bpy

from ..base.operator import PortraitOperator
from ..core.failure import Failure
from ..core.text import Text
from . import recipes, workflows
from .gallery import gallery
from .settings import settings_of
from .task import Workflow
from .task_operator import TaskOperator, needs_engine


def new_seed() -> int:
    """Any seed."""
    return random.randrange(2**31)


def needs_two_people(_context: bpy.types.Context) -> str:
    """A condition: there are people to go between."""
    return "" if len(gallery.cells) > 1 else "Explore first, then pick two people"


class PORTRAITKIT_OT_dice(PortraitOperator, bpy.types.Operator):
    """A new seed."""

    bl_idname = "portraitkit.dice"
    bl_label = "Another Seed"
    bl_description = "Take any other seed: another person"

    def perform(self, context: bpy.types.Context) -> None:
        """Set it; small enough to be read aloud."""
        settings_of(context).seed = random.randrange(1_000_000)


class PORTRAITKIT_OT_clear_person(PortraitOperator, bpy.types.Operator):
    """Back from a picked person to the seed."""

    bl_idname = "portraitkit.clear_person"
    bl_label = "Back to the Seed"
    bl_description = "Forget the person picked from the gallery and use the seed"

    def perform(self, context: bpy.types.Context) -> None:
        """Forget the numbers."""
        settings_of(context).person = ""


class PORTRAITKIT_OT_randomise(PortraitOperator, bpy.types.Operator):
    """A new person, with locked attributes kept."""

    bl_idname = "portraitkit.randomise"
    bl_label = "Randomise"
    bl_description = "Take another seed and let it decide everything except the attributes that are kept by their lock"

    seed: bpy.props.IntProperty(
        name="Seed", description="The new seed; -1: any", default=-1, min=-1, options={"SKIP_SAVE"}
    )

    def perform(self, context: bpy.types.Context) -> None:
        """Set seed and attributes."""
        settings = settings_of(context)
        settings.seed = self.seed if self.seed >= 0 else random.randrange(1_000_000)
        settings.person = ""
        for each in settings.attributes:
            if not each.locked:
                each.used = False


class PORTRAITKIT_OT_explore(TaskOperator, bpy.types.Operator):
    """Show many people."""

    bl_idname = "portraitkit.explore"
    bl_label = "Explore"
    bl_description = "Show small pictures of different people to pick from; locked attributes are kept"
    kind = "gallery"
    needs = (needs_engine,)

    count: bpy.props.IntProperty(
        name="Pictures", description="How many; 0: as the panel says", min=0, max=48, options={"SKIP_SAVE"}
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="Where to begin; -1: anywhere", default=-1, min=-1, options={"SKIP_SAVE"}
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """People from anywhere."""
        settings = settings_of(context)
        seed = self.seed if self.seed >= 0 else new_seed()
        locks = recipes.used_attributes(settings, locked=True)
        count = self.count or settings.explore_count
        return Text("Exploring"), workflows.explore(recipes.from_settings(settings), seed, count, locks)


class PORTRAITKIT_OT_more_like(TaskOperator, bpy.types.Operator):
    """Show people like this one."""

    bl_idname = "portraitkit.more_like_this"
    bl_label = "More Like This"
    bl_description = "Show people who are like the one in the panel; the first picture is the same person"
    kind = "gallery"
    needs = (needs_engine,)

    count: bpy.props.IntProperty(
        name="Pictures", description="How many; 0: as the panel says", min=0, max=48, options={"SKIP_SAVE"}
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The same seed gives the same people; -1: any",
        default=-1,
        min=-1,
        options={"SKIP_SAVE"},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """People around the panel's."""
        settings = settings_of(context)
        workflow = workflows.more_like(
            recipes.from_settings(settings),
            self.seed if self.seed >= 0 else new_seed(),
            self.count or settings.explore_count,
            settings.vary_strength,
            list(recipes.used_attributes(settings, locked=True)),
        )
        return Text("Looking for more"), workflow


class PORTRAITKIT_OT_between(TaskOperator, bpy.types.Operator):
    """Show the way from one person to another."""

    bl_idname = "portraitkit.between"
    bl_label = "Between"
    bl_description = "Show the way between the last two people picked in the gallery"
    kind = "gallery"
    needs = (needs_two_people, needs_engine)

    first: bpy.props.IntProperty(
        name="First",
        description="A picture of the gallery; -1: the last but one picked",
        default=-1,
        options={"SKIP_SAVE"},
    )
    second: bpy.props.IntProperty(
        name="Second",
        description="A picture of the gallery; -1: the last picked",
        default=-1,
        options={"SKIP_SAVE"},
    )
    count: bpy.props.IntProperty(
        name="Pictures",
        description="How many, both ends included; 0: as the panel says",
        min=0,
        max=48,
        options={"SKIP_SAVE"},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """From one to the other."""
        pair = gallery.pair if self.first < 0 or self.second < 0 else (self.first, self.second)
        if pair is None:
            raise Failure("usage", "Between needs two people.", "Pick one in the gallery, then another.")
        if max(pair) >= len(gallery.cells):
            message = Text("The gallery shows only {count} people.", count=len(gallery.cells))
            raise Failure("usage", message, "Pick two of them.")
        first, second = (gallery.cells[place].recipe for place in pair)
        return Text("Going between"), workflows.between(first, second, self.count or settings_of(context).explore_count)


class PORTRAITKIT_OT_pick(PortraitOperator, bpy.types.Operator):
    """Pick a person of the gallery."""

    bl_idname = "portraitkit.pick"
    bl_label = "Pick"
    bl_description = "Take this person; then Generate, or More Like This. Pick another one to go Between the two"

    index: bpy.props.IntProperty(name="Number", description="Which picture", min=0, options={"SKIP_SAVE"})

    def perform(self, context: bpy.types.Context) -> None:
        """Show the person in the panel; how the mesh is made stays."""
        recipes.show(settings_of(context), gallery.pick(self.index), looks_only=True)


class PORTRAITKIT_OT_clear_gallery(PortraitOperator, bpy.types.Operator):
    """Empty the gallery."""

    bl_idname = "portraitkit.clear_gallery"
    bl_label = "Close Gallery"
    bl_description = "Take the pictures away"
    bl_options = {"INTERNAL"}

    def perform(self, _context: bpy.types.Context) -> None:
        """Forget them."""
        gallery.clear()


class PORTRAITKIT_OT_pick_model(PortraitOperator, bpy.types.Operator):
    """Choose the model."""

    bl_idname = "portraitkit.pick_model"
    bl_label = "Use Model"
    bl_description = "Make avatars with this model"

    name: bpy.props.StringProperty(name="Model", description="The model's name", options={"SKIP_SAVE"})

    def perform(self, context: bpy.types.Context) -> None:
        """Set it."""
        settings = settings_of(context)
        if settings.model != self.name:
            settings.person = ""  # numbers of another model say nothing to this one
            settings.model = self.name


CLASSES = (
    PORTRAITKIT_OT_dice,
    PORTRAITKIT_OT_clear_person,
    PORTRAITKIT_OT_randomise,
    PORTRAITKIT_OT_explore,
    PORTRAITKIT_OT_more_like,
    PORTRAITKIT_OT_between,
    PORTRAITKIT_OT_pick,
    PORTRAITKIT_OT_clear_gallery,
    PORTRAITKIT_OT_pick_model,
)
