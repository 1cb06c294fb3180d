# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Create and Export panels hold: one group of properties on every scene, saved with the file."""

import json

import bpy

from ..base.paths import RELATIVE
from . import attributes
from .recipe_properties import FIELDS, LIKENESS, MOST, PERSON, PLAIN, annotations, property_of

AUTO = "auto"
"""The topology that the model decides: the panel's own word, which no recipe has."""
_TOPOLOGY = FIELDS["topology"]
_EDGES = FIELDS["texture_size"]
TEXTURE_SIZES = tuple(2**power for power in range(20) if (_EDGES.low or 1) <= 2**power <= (_EDGES.high or MOST))


def _attribute_moved(self: "PORTRAITKIT_PG_attribute", _context: bpy.types.Context) -> None:
    held = min(max(self.value, self.low), self.high)
    if held != self.value:
        self.value = held  # calls this once more, with nothing left to hold
        return
    if not self.used and not self.quiet:
        self.used = True


class PORTRAITKIT_PG_attribute(bpy.types.PropertyGroup):
    """One attribute of the model. Not used, it has the value that the seed gives."""

    label: bpy.props.StringProperty(name="Attribute", description="What the attribute is called")
    group: bpy.props.StringProperty(name="Group", description="The heading that the attribute is listed under")
    low: bpy.props.FloatProperty(name="Lowest", description="The least value that the model takes", default=-3.0)
    high: bpy.props.FloatProperty(name="Highest", description="The greatest value that the model takes", default=3.0)
    quiet: bpy.props.BoolProperty(
        name="Set by the add-on", description="A value that is being set by the add-on itself", default=False
    )
    used: bpy.props.BoolProperty(
        name="Set this attribute",
        description="Use the slider's value. Off: the seed decides",
        default=False,
    )
    locked: bpy.props.BoolProperty(
        name="Keep",
        description="Keep this value in Randomise, Explore and More Like This",
        default=False,
    )
    value: bpy.props.FloatProperty(
        name="Value",
        description="In standard deviations: 0 is the middle of all people the model knows",
        soft_min=-3.0,
        soft_max=3.0,
        step=10,
        precision=2,
        update=_attribute_moved,
    )


def _seed_changed(self: "PORTRAITKIT_PG_settings", _context: bpy.types.Context) -> None:
    self.person = ""


def _model_changed(_self: "PORTRAITKIT_PG_settings", _context: bpy.types.Context) -> None:
    attributes.match_all()


class PORTRAITKIT_PG_settings(bpy.types.PropertyGroup):
    """All that the panels of one scene hold: a property for each plain recipe field, and those here."""

    model: property_of(FIELDS["model"], update=_model_changed)
    seed: property_of(FIELDS["seed"], update=_seed_changed)
    person: bpy.props.StringProperty(
        name="Person",
        description="A person picked from the gallery, as numbers. Empty: the seed decides",
        default="",
    )
    description: bpy.props.StringProperty(
        name="Description",
        description="How somebody looks, in plain English or German: a woman of about sixty, long grey hair, smiling",
        default="",
    )
    described_face: bpy.props.StringProperty(
        name="Described Face",
        description="The expression of the description, as JSON; new avatars come with it",
        default="",
    )
    attributes: bpy.props.CollectionProperty(
        type=PORTRAITKIT_PG_attribute, name="Attributes", description="What the model lets you set"
    )
    levels: bpy.props.IntProperty(
        name="Levels of Detail",
        description="Coarser copies of the mesh, each with half the faces of the one before",
        default=0,
        min=0,
        max=4,
    )
    shared_maps: bpy.props.BoolProperty(
        name="Shared Maps",
        description="All levels of detail use the maps of the finest instead of having their own",
        default=False,
    )
    texture_size: bpy.props.EnumProperty(
        name=_EDGES.label,
        description=_EDGES.help.removesuffix("."),
        items=[(str(size), f"{size} px", _EDGES.help.removesuffix(".")) for size in TEXTURE_SIZES],
        default=str(_EDGES.default),
    )
    topology: bpy.props.EnumProperty(
        name=_TOPOLOGY.label,
        description=_TOPOLOGY.help.removesuffix("."),
        items=[
            (AUTO, "Automatic", "Parts where the model has them, else a shell"),
            *((value, label, text) for value, (label, text) in _TOPOLOGY.choices.items()),
        ],
        default=AUTO,
    )
    as_made: bpy.props.StringProperty(
        name="As Made", description="Of an avatar: what these settings were when it was made, as JSON", default=""
    )
    neck_at_cursor: bpy.props.BoolProperty(
        name="Neck at the Cursor",
        description="New avatars come with the joint of the neck, the origin of their file, at the 3D cursor. "
        "Off: they stand on the floor there",
        default=False,
    )
    explore_count: bpy.props.IntProperty(
        name="Pictures", description="How many people Explore shows", default=12, min=1, max=48
    )
    vary_strength: bpy.props.FloatProperty(
        name="Difference",
        description="How different More Like This may be: 0 is the same person, 1 is anybody",
        default=0.35,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    batch_count: bpy.props.IntProperty(
        name="Variations", description="How many avatars are written", default=50, min=1, max=10_000
    )
    batch_folder: bpy.props.StringProperty(
        name="Folder",
        description="Where the avatars are written",
        subtype="DIR_PATH",
        options=RELATIVE,
        default="//avatars",
    )
    batch_format: bpy.props.EnumProperty(
        name="Format",
        description="The kind of file that is written for each avatar",
        items=[
            (".glb", "glTF binary (.glb)", "One file with mesh, rig and maps"),
            (".gltf", "glTF (.gltf)", "A text file with its maps beside it"),
            (".obj", "Wavefront (.obj)", "Mesh and maps without a rig"),
            (".ply", "Stanford (.ply)", "The mesh with colours at its corners"),
            (".fbx", "FBX (.fbx)", "For game engines that do not read glTF; needs Blender in the engine"),
            (".usdc", "USD (.usdc)", "For film pipelines; needs Blender in the engine"),
        ],
    )
    batch_overwrite: bpy.props.BoolProperty(
        name="Replace Files", description="Write over avatars that are already in the folder", default=False
    )


PORTRAITKIT_PG_settings.__annotations__.update(annotations(PLAIN))


def settings_of(context: bpy.types.Context) -> PORTRAITKIT_PG_settings:
    """The settings of the scene in ``context``."""
    return context.scene.portraitkit


def set_person(settings: PORTRAITKIT_PG_settings, recipe: dict[str, object]) -> None:
    """Make ``settings`` say the person of ``recipe``: by seed where that is all it takes, else by its numbers."""
    said = {name: recipe[name] for name in PERSON if recipe.get(name) is not None} or {"seed": 0}
    if recipe.get(LIKENESS):
        said[LIKENESS] = recipe[LIKENESS]
    seed = said.get("seed")
    if isinstance(seed, int) and seed <= MOST and LIKENESS not in said:
        settings.seed = seed
        settings.person = ""
    else:
        settings.person = json.dumps(said)


CLASSES = (PORTRAITKIT_PG_attribute, PORTRAITKIT_PG_settings)


def register() -> None:
    """Put the settings on every scene."""
    bpy.types.Scene.portraitkit = bpy.props.PointerProperty(
        type=PORTRAITKIT_PG_settings, name="Portraitkit", description="Settings of the Portrait panels"
    )


def unregister() -> None:
    """Take them away; what a file holds stays in the file."""
    del bpy.types.Scene.portraitkit
