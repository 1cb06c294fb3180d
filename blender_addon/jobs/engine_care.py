# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding, checking, ending and removing the engine, as operators."""

import bpy

from ..base import redraw
from ..base.operator import PortraitOperator
from ..base.preferences_access import preferences
from ..core.failure import Failure
from ..core.text import Text
from .session import session
from .setup import take_engine
from .setup_run import remove_engine, search
from .task import Ask, Workflow


class PORTRAITKIT_OT_find_engine(PortraitOperator, bpy.types.Operator):
    """Look for an engine that is there already."""

    bl_idname = "portraitkit.find_engine"
    bl_label = "Find Engine"
    bl_description = "Look for an engine that is on this computer already"
    bl_options = {"REGISTER"}

    def perform(self, _context: bpy.types.Context) -> Text:
        """Look in the usual places; the first that works is used."""
        python = search()
        if python is None:
            raise Failure("no_engine", "No engine was found.", "Press Set Up Engine to make one.")
        take_engine(python)
        return Text("Engine found: {path}", path=python)


def needs_running_engine(_context: bpy.types.Context) -> str:
    """A condition: there is an engine to end."""
    return "" if session.link.is_open else "The engine does not run"


class PORTRAITKIT_OT_check_engine(PortraitOperator, bpy.types.Operator):
    """Start the engine and see what it says."""

    bl_idname = "portraitkit.check_engine"
    bl_label = "Check Engine"
    bl_description = "Start the engine and ask it what it can do"
    bl_options = {"REGISTER"}

    def perform(self, _context: bpy.types.Context) -> None:
        """Start anew; the panel shows what comes of it."""
        session.restart()
        session.start("check", Text("Checking the engine"), check())


def check() -> Workflow:
    """Ask the engine what it can do, and say it."""
    told = yield Ask("capabilities", {})
    usable = [model["name"] for model in told["models"] if model.get("available", True) is True]
    session.notices.say(
        Text(
            "The engine {version} works, on {device}. Models: {names}.",
            version=told["version"],
            device=told.get("device", "cpu"),
            names=", ".join(usable) or Text("none"),
        )
    )


class PORTRAITKIT_OT_stop_engine(PortraitOperator, bpy.types.Operator):
    """End the engine until it is needed again."""

    bl_idname = "portraitkit.stop_engine"
    bl_label = "Stop Engine"
    bl_description = "End the engine and give its memory back; the next avatar starts it again. Work under way is lost"
    bl_options = {"REGISTER"}
    needs = (needs_running_engine,)

    def perform(self, _context: bpy.types.Context) -> None:
        """End the work, then the engine."""
        if session.tasks:
            session.restart()
        else:
            session.link.rest()


class PORTRAITKIT_OT_remove_engine(PortraitOperator, bpy.types.Operator):
    """Delete the engine that was made here."""

    bl_idname = "portraitkit.remove_engine"
    bl_label = "Remove Engine"
    bl_description = "Delete the engine's folder. An engine that was found elsewhere is only forgotten"
    bl_options = {"REGISTER"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def perform(self, _context: bpy.types.Context) -> None:
        """End it, then delete it."""
        session.restart()
        try:
            remove_engine()
        finally:
            chosen = preferences()
            if chosen is not None:
                chosen.engine_python = ""
            redraw.sidebars()
        session.notices.say("The engine was removed.")


CLASSES = (
    PORTRAITKIT_OT_find_engine,
    PORTRAITKIT_OT_check_engine,
    PORTRAITKIT_OT_stop_engine,
    PORTRAITKIT_OT_remove_engine,
)
