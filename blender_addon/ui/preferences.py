# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences: the engine, the device, folders."""

import sys
from collections.abc import Callable
from typing import Any

import bpy

from ..base.paths import BESIDE, RELATIVE, absolute
from ..base.preferences_access import ROOT
from ..base.wrap import say
from ..core.text import Text
from ..jobs import setup
from ..jobs.session import REST_AFTER, session
from .parts import draw_error, draw_setup_progress


def _changed(_self: "PORTRAITKIT_AddonPreferences", _context: bpy.types.Context) -> None:
    session.link.reconfigure()


def _engine_changed(_self: "PORTRAITKIT_AddonPreferences", _context: bpy.types.Context) -> None:
    session.restart()


def _nothing(_self: "PORTRAITKIT_AddonPreferences", _context: bpy.types.Context) -> None:
    """Nobody has to know."""


def _path(name: str, then: Callable[[Any, bpy.types.Context], None] = _nothing) -> Callable[[Any, Any], None]:
    """An update function that writes a path out: preferences are for all files, `//` is beside the open one."""

    def changed(self: Any, context: bpy.types.Context) -> None:
        named = getattr(self, name)
        if named.startswith(BESIDE) and bpy.data.filepath:
            setattr(self, name, str(absolute(named)))  # calls this once more
        else:
            then(self, context)

    return changed


class PORTRAITKIT_AddonPreferences(bpy.types.AddonPreferences):
    """What is kept with Blender, not with a file."""

    bl_idname = ROOT

    engine_python: bpy.props.StringProperty(
        name="Engine's Python",
        description="The Python that the engine is installed in; filled in by Set Up and Find",
        subtype="FILE_PATH",
        options=RELATIVE,
        update=_path("engine_python", _engine_changed),
    )
    variant: bpy.props.EnumProperty(
        name="Made For",
        description="What an engine that is set up here computes with",
        items=[
            ("auto", "This Computer", "Chosen by the hardware that is found"),
            ("cpu", "Processor (CPU)", "Works everywhere; the smallest download"),
            ("cuda", "NVIDIA Graphics Card (CUDA)", "Much faster; a large download"),
            ("mps", "Apple Graphics (MPS)", "For Macs with Apple's own processors"),
        ],
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="What avatars are computed on",
        items=[
            ("auto", "Automatic", "The fastest that is there"),
            ("cpu", "CPU", "The processor: slower, but always there"),
            ("cuda", "CUDA", "An NVIDIA graphics card"),
            ("mps", "MPS", "Apple's graphics"),
        ],
        update=_changed,
    )
    memory_limit: bpy.props.IntProperty(
        name="Memory Limit (GiB)",
        description="The engine stops a job that needs more; 0: no limit",
        min=0,
        max=1024,
        update=_changed,
    )
    rest_after: bpy.props.IntProperty(
        name="Rest After (min)",
        description="The engine ends after so many minutes without work, and starts again with the next; 0: never",
        default=REST_AFTER,
        min=0,
        max=1440,
    )
    turns_view: bpy.props.BoolProperty(
        name="Look at Its Face",
        description=(
            "Turn the 3D view of a new file to the face of the first avatar, if you have not turned it yourself"
        ),
        default=True,
    )
    models_folder: bpy.props.StringProperty(
        name="Models",
        description="Where your own models are; empty: the usual folder",
        subtype="DIR_PATH",
        options=RELATIVE,
        update=_path("models_folder", _changed),
    )
    cache_folder: bpy.props.StringProperty(
        name="Cache",
        description="Where pictures and avatars on their way into the scene are kept; empty: the add-on's own folder",
        subtype="DIR_PATH",
        options=RELATIVE,
        update=_path("cache_folder"),
    )
    author: bpy.props.StringProperty(
        name="Author", description="Your name, for VRM files and assets, which say who made them"
    )
    wheels_folder: bpy.props.StringProperty(
        name="Wheels",
        description="Set the engine up from this folder of wheels instead of the internet",
        subtype="DIR_PATH",
        options=RELATIVE,
        update=_path("wheels_folder"),
    )

    def draw(self, context: bpy.types.Context) -> None:
        """The engine's box, then the settings."""
        layout = self.layout
        draw_engine(layout.box(), self, context)
        draw_error(layout, context)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(self, "device")
        column.prop(self, "memory_limit")
        column.prop(self, "rest_after")
        column.prop(self, "turns_view")
        column.prop(self, "models_folder")
        column.prop(self, "cache_folder")
        column.prop(self, "author")


def draw_engine(box: bpy.types.UILayout, own: PORTRAITKIT_AddonPreferences, context: bpy.types.Context) -> None:
    """What the engine is doing, and what can be done with it."""
    say(box, engine_state(), context, "CHECKMARK" if session.capabilities else "INFO")
    if session.notices.said:
        say(box, session.notices.said, context)
    if setup.running() is not None:
        draw_setup_progress(box, context)
        return
    row = box.row(align=True)
    row.operator("portraitkit.set_up_engine", icon="IMPORT")
    row.operator("portraitkit.find_engine", icon="VIEWZOOM")
    row = box.row(align=True)
    with_engine = row.row(align=True)
    with_engine.enabled = session.link.is_set_up
    with_engine.operator("portraitkit.check_engine", icon="CHECKMARK")
    with_engine.operator("portraitkit.stop_engine", icon="PAUSE")
    with_engine.operator("portraitkit.remove_engine", icon="TRASH")
    row.operator("portraitkit.open_log", icon="TEXT")
    column = box.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(own, "variant")
    if own.variant == "mps" and sys.platform != "darwin":
        say(box, "MPS is for Macs; this computer will use the processor.", context, "ERROR")
    column.prop(own, "engine_python")
    column.prop(own, "wheels_folder")
    if not bpy.app.online_access and not own.wheels_folder and not session.link.is_set_up:
        setup.draw_online_access(box, context)


def engine_state() -> Text:
    """One sentence about the engine."""
    if setup.running() is not None:
        return Text("The engine is being set up.")
    if not session.link.is_set_up:
        return Text("There is no engine yet. It makes the avatars, beside Blender, and is set up once.")
    if session.link.starting:
        return Text("The engine is starting.")
    told = session.capabilities
    if told is None:
        return Text("The engine is set up; it starts with the first avatar.")
    if not session.link.is_open:
        return Text("The engine rests; it starts with the next avatar.")
    facts = {"version": told["version"], "device": told.get("device", "cpu")}
    return Text("The engine {version} runs, on {device}.", **facts)


CLASSES = (PORTRAITKIT_AddonPreferences,)
