# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses and motions from files: the engine reads them, the scene takes them."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from . import avatars, workflows
from .base import TaskOperator
from .polls import needs_avatar, needs_engine
from .session import session
from .settings import settings_of
from .task import WorkFailed, Workflow


class FileTask(TaskOperator, ImportHelper):
    """A task that begins with choosing a file."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file; what is chosen goes to ``execute``."""
        return ImportHelper.invoke(self, context, event)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs an engine and an avatar."""
        return needs_avatar(cls, context) and needs_engine(cls, context)

    def chosen(self) -> Path:
        """The file, which must be there."""
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        if not path.is_file():
            raise WorkFailed(f"There is no file {path}.", "Choose a file that is there.", "usage")
        return path


class PORTRAITKIT_OT_load_pose(FileTask, bpy.types.Operator):
    """A pose file onto the avatar."""

    bl_idname = "portraitkit.load_pose"
    bl_label = "Load Pose"
    bl_description = "Put the avatar into a pose out of a file: SMPL poses as .npz, .npy or .json"
    bl_options = {"REGISTER"}
    kind = "pose"

    filter_glob: bpy.props.StringProperty(default="*.npz;*.npy;*.json", options={"HIDDEN"})

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """Read, then pose."""
        path = self.chosen()
        return f"Reading {path.name}", workflows.load_pose(avatars.identity_of(avatars.selected(context)), path)


class PORTRAITKIT_OT_load_motion(FileTask, bpy.types.Operator):
    """A motion file as an action."""

    bl_idname = "portraitkit.load_motion"
    bl_label = "Load Motion"
    bl_description = "Make an action for the avatar out of a motion file, such as those of AMASS"
    bl_options = {"REGISTER"}
    kind = "pose"

    filter_glob: bpy.props.StringProperty(default="*.npz;*.npy;*.json", options={"HIDDEN"})
    frame_rate: bpy.props.FloatProperty(
        name="Frames a Second",
        description="How fast the file was recorded; 0: as the file says",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    up_axis: bpy.props.EnumProperty(
        name="Up",
        description="Which axis points up in the file",
        items=[
            ("auto", "As the File Says", "Told by the kind of file: Z for AMASS"),
            ("y", "Y", "SMPL's own axes"),
            ("z", "Z", "AMASS and most motion capture"),
        ],
    )
    root: bpy.props.BoolProperty(
        name="Turn the Whole Body",
        description="Also turn the avatar as a whole; most busts look better without",
        default=False,
    )

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """Read, then make the action."""
        path = self.chosen()
        identity = avatars.identity_of(avatars.selected(context))
        workflow = workflows.load_motion(identity, path, self.frame_rate or None, self.up_axis, root=self.root)
        return f"Reading {path.name}", workflow


class PORTRAITKIT_OT_load_recipe(TaskOperator, ImportHelper, bpy.types.Operator):
    """The settings out of a file."""

    bl_idname = "portraitkit.load_recipe"
    bl_label = "Load Settings"
    bl_description = "Show the settings of an avatar's file (.glb, .gltf, .obj, .ply or .json) in the Create panel"
    bl_options = {"REGISTER"}
    kind = "recipe"

    filter_glob: bpy.props.StringProperty(default="*.glb;*.gltf;*.obj;*.ply;*.json", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs an engine."""
        return needs_engine(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file."""
        return ImportHelper.invoke(self, context, event)

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """Read, then show."""
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        return f"Reading {path.name}", workflows.load_recipe(path, context.scene.name)


class PORTRAITKIT_OT_from_photo(TaskOperator, bpy.types.Operator):
    """A person out of a photograph."""

    bl_idname = "portraitkit.from_photo"
    bl_label = "Person from Photo"
    bl_description = "Find the person of the model who is most like the one in the photograph"
    bl_options = {"REGISTER"}
    kind = "photo"

    filepath: bpy.props.StringProperty(
        name="Photo", description="The photograph; empty: the panel's", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs an engine that can."""
        if session.has_feature("photo"):
            return needs_engine(cls, context)
        cls.poll_message_set("This engine cannot read photographs")
        return False

    def plan(self, context: bpy.types.Context) -> tuple[str, Workflow]:
        """Ask for the recipe, then show it."""
        settings = settings_of(context)
        path = Path(bpy.path.abspath(self.filepath or settings.photo)).absolute()
        if not path.is_file():
            raise WorkFailed("No photograph is chosen.", "Choose an image file.", "usage")
        return f"Reading {path.name}", workflows.from_photo(path, settings.model, context.scene.name)


CLASSES = (
    PORTRAITKIT_OT_load_pose,
    PORTRAITKIT_OT_load_motion,
    PORTRAITKIT_OT_load_recipe,
    PORTRAITKIT_OT_from_photo,
)
