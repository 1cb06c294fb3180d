# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses and motions from files: the engine reads them, the scene takes them."""

from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from ..base.operator import Condition
from ..base.paths import absolute
from ..core.failure import Failure
from ..core.text import Text
from ..scene.identity import demand_avatar, ensure_own_identity, needs_avatar
from ..scene.linked import needs_editable
from ..scene.motion import WHOLE_FRAMES
from . import workflows
from .task import Facts, Workflow
from .task_operator import TaskOperator, needs_engine

FILTER = "*.npz;*.npy;*.pkl;*.pk;*.p;*.pickle;*.joblib;*.pt;*.pth;*.json;*.bvh;*.smpl"
"""The files of poses and motions that the engine reads."""

UP_AXIS = bpy.props.EnumProperty(
    name="Up",
    description="Which axis points up in the file",
    items=[
        ("auto", "By Its Data", "As the body stands in it"),
        ("y", "Y", "SMPL's own axes"),
        ("-y", "-Y", "A camera's axes, as video motion capture writes"),
        ("z", "Z", "AMASS and most motion capture"),
        ("-z", "-Z", "Z, upside down"),
        ("x", "X", "Seldom"),
        ("-x", "-X", "Seldom"),
    ],
)
PERSON = bpy.props.StringProperty(
    name="Person",
    description="Who in a file with several people: an id, or a number from 0; empty takes the first",
)
UNITS = bpy.props.StringProperty(
    name="Units",
    description="What the file's numbers are, where it does not show: degrees, cm, mm, or several as degrees,cm",
)
"""What a user may say of a file of either kind; the operators take these as their properties."""


def said_of(operator: Any) -> Facts:
    """What the file window's settings say about a file, as the engine takes it."""
    said = {"up_axis": operator.up_axis, "person": operator.person.strip(), "units": operator.units.strip()}
    return {name: value for name, value in said.items() if value}


class FileTask(TaskOperator, ImportHelper):
    """A task that begins with choosing a file."""

    needs: tuple[Condition, ...] = (needs_avatar, needs_editable, needs_engine)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file; what is chosen goes to ``execute``."""
        return ImportHelper.invoke(self, context, event)

    def chosen(self) -> Path:
        """The file, which must be there."""
        path = absolute(self.filepath)
        if not path.is_file():
            raise Failure("file", Text("There is no file {path}.", path=path), "Choose a file that is there.")
        return path


class PORTRAITKIT_OT_load_pose(FileTask, bpy.types.Operator):
    """A pose file onto the avatar."""

    bl_idname = "portraitkit.load_pose"
    bl_label = "Load Pose"
    bl_description = "Put the avatar into a pose out of a file: SMPL poses of many programs, or a frame of a motion"
    kind = "pose"

    filter_glob: bpy.props.StringProperty(default=FILTER, options={"HIDDEN"})
    frame: bpy.props.IntProperty(
        name="Frame",
        description="Which frame of a motion, from 0; -1 is the last",
        default=0,
        min=-1_000_000,
        max=1_000_000,
    )
    up_axis: UP_AXIS
    person: PERSON
    units: UNITS

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Read, then pose."""
        path = self.chosen()
        identity = ensure_own_identity(demand_avatar(context)).identity
        return Text("Reading {file}", file=path.name), workflows.load_pose(identity, path, self.frame, said_of(self))


class PORTRAITKIT_OT_load_motion(FileTask, bpy.types.Operator):
    """A motion file as an action."""

    bl_idname = "portraitkit.load_motion"
    bl_label = "Load Motion"
    bl_description = "Make an action for the avatar out of a motion file: AMASS, video motion capture, BVH"
    kind = "pose"

    filter_glob: bpy.props.StringProperty(default=FILTER, options={"HIDDEN"})
    motion_rate: bpy.props.FloatProperty(
        name="Recorded at",
        description="How many frames a second the file was recorded with; 0: as the file says",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    up_axis: UP_AXIS
    person: PERSON
    units: UNITS
    root: bpy.props.BoolProperty(
        name="Turn the Whole Body",
        description="Also turn the avatar as a whole; most busts look better without",
        default=False,
    )

    whole_frames: WHOLE_FRAMES

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Read, then make the action."""
        path = self.chosen()
        identity = ensure_own_identity(demand_avatar(context)).identity
        said = said_of(self)
        if self.motion_rate:
            said["motion_rate"] = self.motion_rate
        workflow = workflows.load_motion(identity, path, said, root=self.root, whole_frames=self.whole_frames)
        return Text("Reading {file}", file=path.name), workflow


class PORTRAITKIT_OT_load_recipe(FileTask, bpy.types.Operator):
    """The settings out of a file."""

    bl_idname = "portraitkit.load_recipe"
    bl_label = "Load Settings"
    bl_description = "Show the settings of an avatar's file (.glb, .gltf, .obj, .ply or .json) in the Create panel"
    kind = "recipe"
    needs = (needs_engine,)

    filter_glob: bpy.props.StringProperty(default="*.glb;*.gltf;*.obj;*.ply;*.json", options={"HIDDEN"})

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Read, then show."""
        path = self.chosen()
        return Text("Reading {file}", file=path.name), workflows.load_recipe(path, context.scene.name)


CLASSES = (
    PORTRAITKIT_OT_load_pose,
    PORTRAITKIT_OT_load_motion,
    PORTRAITKIT_OT_load_recipe,
)
