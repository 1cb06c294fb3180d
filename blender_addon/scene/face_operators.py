# SPDX-License-Identifier: GPL-3.0-or-later
"""The face by buttons: expressions, mirror, rest, keys, an eye target, recordings, assets. None needs the engine."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ..base.operator import PortraitOperator
from ..base.paths import absolute
from ..core.failure import Failure
from ..core.text import Text
from . import face_gaze, face_motion, face_settings, pictures
from .face import EMOTIONS, GROUPS, mirrored_values, preset_values, set_values, shapes_of
from .identity import demand_avatar, needs_avatar, selected_avatar
from .linked import needs_editable
from .motion import WHOLE_FRAMES

EXPRESSIVE = tuple(
    shape for group, shapes in GROUPS.items() if group not in ("visemes", "combined") for shape in shapes
)
"""What an expression decides; visemes go on speaking."""


def needs_face(context: bpy.types.Context) -> str:
    """A condition: the selected avatar has shapes."""
    avatar = selected_avatar(context)
    return "" if avatar is not None and shapes_of(avatar.armature) else "The avatar's face has no shapes"


class PORTRAITKIT_OT_face_preset(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.face_preset"
    bl_label = "Set Expression"
    bl_description = "Give the avatar's face an expression; keyed where automatic keying is switched on"
    needs = (needs_avatar, needs_editable, needs_face)

    emotion: bpy.props.EnumProperty(
        name="Expression",
        description="What the face shows",
        items=[(name, name.capitalize(), "") for name in EMOTIONS],
    )
    strength: bpy.props.FloatProperty(
        name="Strength", description="How strong the expression is", default=1.0, min=0.0, max=1.0
    )

    def perform(self, context: bpy.types.Context) -> None:
        values = preset_values(self.emotion, self.strength)
        set_values(demand_avatar(context).armature, values, EXPRESSIVE)


class PORTRAITKIT_OT_face_reset(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.face_reset"
    bl_label = "Reset Face"
    bl_description = "Bring all shapes of the avatar's face to rest"
    needs = (needs_avatar, needs_editable, needs_face)

    def perform(self, context: bpy.types.Context) -> None:
        set_values(demand_avatar(context).armature, {})


class PORTRAITKIT_OT_face_mirror(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.face_mirror"
    bl_label = "Mirror Face"
    bl_description = "Exchange the left and the right side of the expression"
    needs = (needs_avatar, needs_editable, needs_face)

    def perform(self, context: bpy.types.Context) -> None:
        armature = demand_avatar(context).armature
        set_values(armature, mirrored_values(armature))


class PORTRAITKIT_OT_face_key(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.face_key"
    bl_label = "Key Face"
    bl_description = "Key all shapes of the avatar's face at the current frame"
    needs = (needs_avatar, needs_editable, needs_face)

    def perform(self, context: bpy.types.Context) -> Text:
        return Text("{count} shapes keyed", count=face_motion.key_face(demand_avatar(context).armature))


class PORTRAITKIT_OT_eye_target(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.eye_target"
    bl_label = "Eye Target"
    bl_description = "Add an empty that the avatar's eyes look at, lids following; or take it away"
    needs = (needs_avatar, needs_editable, needs_face)

    remove: bpy.props.BoolProperty(name="Remove", description="Take the eye target away", default=False)

    def perform(self, context: bpy.types.Context) -> None:
        avatar = demand_avatar(context)
        if self.remove:
            face_gaze.remove_target(avatar)
        else:
            face_gaze.make_target(avatar)


class FaceFile(PortraitOperator, ImportHelper):
    """What operators that read a file of a face's motion share."""

    needs = (needs_avatar, needs_editable, needs_face)

    def chosen(self) -> Path:
        """The file, which must be there."""
        path = absolute(self.filepath)
        if not path.is_file():
            raise Failure("file", Text("There is no file {path}.", path=path), "Choose a file that is there.")
        return path

    def said(self, table: object, action: bpy.types.Action) -> Text:
        """What became of the file; its notices are reported as warnings."""
        for notice in getattr(table, "notices", ()):
            self.report({"WARNING"}, notice)
        return Text("{name}: {seconds} seconds", name=action.name, seconds=f"{getattr(table, 'seconds', 0.0):.1f}")


class PORTRAITKIT_OT_load_face_motion(FaceFile, bpy.types.Operator):
    bl_idname = "portraitkit.load_face_motion"
    bl_label = "Load Face Recording"
    bl_description = "Make an action of a recording: Live Link Face, ARKit, MediaPipe, tables of shapes"

    filter_glob: bpy.props.StringProperty(default="*.csv;*.tsv;*.txt;*.json;*.npy;*.npz", options={"HIDDEN"})
    rate: bpy.props.FloatProperty(
        name="Recorded at",
        description="How many frames a second the file was recorded with; 0: as the file says",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    head: bpy.props.BoolProperty(name="Turn the Head", description="Neck and head turn as recorded, too", default=True)
    whole_frames: WHOLE_FRAMES

    def perform(self, context: bpy.types.Context) -> Text:
        path = self.chosen()
        table = face_motion.read_recording(path, self.rate)
        action = face_motion.apply_table(
            demand_avatar(context), table, path.stem, head=self.head, whole_frames=self.whole_frames
        )
        return self.said(table, action)


class PORTRAITKIT_OT_load_lipsync(FaceFile, bpy.types.Operator):
    bl_idname = "portraitkit.load_lipsync"
    bl_label = "Load Lip-Sync"
    bl_description = "Make an action of cues of speech: Rhubarb, TextGrid, phonemes and visemes with their times"

    filter_glob: bpy.props.StringProperty(
        default="*.tsv;*.json;*.xml;*.csv;*.txt;*.TextGrid;*.textgrid;*.dat;*.pho", options={"HIDDEN"}
    )
    rate: bpy.props.FloatProperty(
        name="Frames a Second",
        description="For files that count frames; 0: as the file says",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    strength: bpy.props.FloatProperty(
        name="Strength", description="How far the mouth moves", default=1.0, min=0.0, max=2.0
    )
    whole_frames: WHOLE_FRAMES

    def perform(self, context: bpy.types.Context) -> Text:
        path = self.chosen()
        table = face_motion.read_speech(path, self.rate, self.strength)
        action = face_motion.apply_table(demand_avatar(context), table, path.stem, whole_frames=self.whole_frames)
        return self.said(table, action)


class PORTRAITKIT_OT_face_assets(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.face_assets"
    bl_label = "Expressions as Pose Assets"
    bl_description = "Make an action asset of each expression, for the Asset Browser"
    needs = (needs_avatar, needs_editable, needs_face)

    def perform(self, context: bpy.types.Context) -> Text:
        made = face_motion.preset_assets(demand_avatar(context))
        for action, emotion in zip(made, EMOTIONS, strict=True):
            pictures.show_preview(action, face_settings.PICTURES / f"{emotion}.png")
        return Text("{count} expressions are in the Asset Browser of this file", count=len(made))


def _in_import_menu(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.operator("portraitkit.load_face_motion", text="Portraitkit Face Recording")
    self.layout.operator("portraitkit.load_lipsync", text="Portraitkit Lip-Sync")


def register() -> None:
    """The readers in File > Import, too."""
    bpy.types.TOPBAR_MT_file_import.append(_in_import_menu)


def unregister() -> None:
    """Take them away."""
    bpy.types.TOPBAR_MT_file_import.remove(_in_import_menu)


CLASSES = (
    PORTRAITKIT_OT_face_preset,
    PORTRAITKIT_OT_face_reset,
    PORTRAITKIT_OT_face_mirror,
    PORTRAITKIT_OT_face_key,
    PORTRAITKIT_OT_eye_target,
    PORTRAITKIT_OT_load_face_motion,
    PORTRAITKIT_OT_load_lipsync,
    PORTRAITKIT_OT_face_assets,
)
