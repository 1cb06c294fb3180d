# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Create and Export panels hold: one group of properties on every scene, saved with the file."""

import json

import bpy

from . import attributes

TEXTURE_SIZES = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
MOST_SEED = 2**31 - 1  # Blender's integers are signed; the engine's seeds go on to 2**32 - 1


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
    about: bpy.props.StringProperty(name="About", description="What the two ends of the slider mean")
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
    """All that the panels of one scene hold."""

    model: bpy.props.StringProperty(
        name="Model", description="The model that makes the avatars", default="starter", update=_model_changed
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The number that says who it is: the same seed is the same person",
        min=0,
        max=MOST_SEED,
        update=_seed_changed,
    )
    person: bpy.props.StringProperty(
        name="Person",
        description="A person picked from the gallery, as numbers. Empty: the seed decides",
        default="",
    )
    psi: bpy.props.FloatProperty(
        name="Variation",
        description="How far people are from the average: 0 is the average person, 1 is natural, above is stronger",
        default=1.0,
        min=-2.0,
        max=2.0,
        soft_min=0.0,
        soft_max=1.3,
    )
    attributes: bpy.props.CollectionProperty(
        type=PORTRAITKIT_PG_attribute, name="Attributes", description="What the model lets you set"
    )
    faces: bpy.props.IntProperty(
        name="Faces", description="Triangles of the mesh", default=20_000, min=500, max=200_000, soft_min=1000
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
        name="Texture Size",
        description="Edge of the maps in pixels",
        items=[(str(size), f"{size} px", "Edge of the maps in pixels") for size in TEXTURE_SIZES],
        default="1024",
    )
    texture: bpy.props.EnumProperty(
        name="Colours From",
        description="Where the colours of the maps come from",
        items=[
            ("auto", "Automatic", "What suits the model"),
            ("field", "Solid", "The colours inside the model's solid; even everywhere"),
            ("views", "Pictures", "Pictures that the model draws from many sides; sharper where it can"),
        ],
    )
    normal_map: bpy.props.BoolProperty(
        name="Normal Map", description="Bake small shapes into a normal map", default=True
    )
    occlusion: bpy.props.BoolProperty(
        name="Occlusion Map", description="Bake how much light reaches each place", default=False
    )
    closed: bpy.props.BoolProperty(
        name="Closed Bottom", description="Close the cut below the shoulders with a flat cap", default=True
    )
    lattice: bpy.props.IntProperty(
        name="Detail of the Shape",
        description="Cells along the longest edge of the box that the surface is taken from; more is finer and slower",
        default=256,
        min=64,
        max=768,
    )
    skeleton: bpy.props.EnumProperty(
        name="Skeleton",
        description="Which joints the rig has",
        items=[
            ("bust", "Bust", "Spine, neck, head, shoulders: what a bust needs"),
            ("smpl24", "SMPL, 24 joints", "All joints of the SMPL body, for motions made for it"),
        ],
    )
    bone_naming: bpy.props.EnumProperty(
        name="Bone Names",
        description="What the joints are called",
        items=[
            ("smpl", "SMPL", "pelvis, spine1, neck, head"),
            ("mixamo", "Mixamo", "mixamorig:Hips, mixamorig:Neck"),
            ("unity", "Unity", "Hips, Spine, Neck, Head"),
            ("unreal", "Unreal", "pelvis, spine_01, neck_01, head"),
            ("vrm", "VRM", "hips, spine, neck, head"),
        ],
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
        name="Folder", description="Where the avatars are written", subtype="DIR_PATH", default="//avatars"
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


def settings_of(context: bpy.types.Context) -> PORTRAITKIT_PG_settings:
    """The settings of the scene in ``context``."""
    return context.scene.portraitkit


def set_person(settings: PORTRAITKIT_PG_settings, recipe: dict[str, object]) -> None:
    """Make ``settings`` say the person of ``recipe``: by seed where that is all it takes, else by its numbers."""
    latent = recipe.get("latent")
    seed = recipe.get("seed") or 0
    if latent is None and isinstance(seed, int) and seed <= MOST_SEED:
        settings.seed = seed
        settings.person = ""
    else:
        settings.person = json.dumps({"latent": latent} if latent is not None else {"seed": seed})


CLASSES = (PORTRAITKIT_PG_attribute, PORTRAITKIT_PG_settings)


def register() -> None:
    """Put the settings on every scene."""
    bpy.types.Scene.portraitkit = bpy.props.PointerProperty(
        type=PORTRAITKIT_PG_settings, name="Portraitkit", description="Settings of the Portrait panels"
    )


def unregister() -> None:
    """Take them away; what a file holds stays in the file."""
    del bpy.types.Scene.portraitkit
