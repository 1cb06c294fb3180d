# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding, making, checking and removing the engine, as operators. The steps themselves are in ``core.engine``."""

from pathlib import Path
from typing import Any

import bpy

from ..base import redraw
from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..base.preferences_access import preferences, preferred_path
from ..base.ticker import Ticker
from ..base.wrap import say
from ..core.failure import Failure
from ..core.text import Text
from .error_dialog import show_error
from .session import session
from .setup_run import SetupRun, forget, make_plan, remove_engine, search
from .task import Ask, Workflow

_run: SetupRun | None = None


def running() -> SetupRun | None:
    """The set-up under way."""
    return _run if _run is not None and not _run.ended else None


def stop() -> None:
    """Break off what is under way."""
    global _run  # noqa: PLW0603 - one set-up at a time
    if _run is not None:
        _run.close()
    _run = None
    ticker.stop()


def begin(run: SetupRun) -> None:
    """Workflow through ``run``: by a timer in the window, here and now in the background."""
    global _run  # noqa: PLW0603
    _run = run
    session.notices.dismiss()
    if session.waits:
        run.wait()
        finish(run)
    else:
        ticker.start()
    redraw.sidebars()


def finish(run: SetupRun) -> None:
    """Tell how it went, and use the engine that is there now."""
    failure = run.failure
    if failure is None:
        take_engine(run.python)
        return
    if failure.code == "cancelled":
        session.notices.say("The set-up was cancelled. What was downloaded is kept for the next time.")
        return
    session.notices.fail("Setting up the engine", failure)
    if session.waits:
        raise failure
    show_error()


def take_engine(python: Path | None) -> None:
    """Use the engine of this Python from now on, and start it."""
    chosen = preferences()
    if chosen is not None and python is not None:
        chosen.engine_python = str(python)
    session.restart()
    session.notices.dismiss()
    session.notices.say("The engine is ready.")
    if not session.waits:
        session.wake()
    redraw.sidebars()


def _step() -> float | None:
    run = _run
    if run is None:
        return None
    try:
        wait = run.step()
    except Exception as error:
        message = Text("The set-up failed: {reason}", reason=error)
        run.failure = Failure("setup", message, "Copy the report and tell the makers of the add-on.")
        run.ended = True
        wait = 0.0
    redraw.sidebars()
    if not run.ended:
        return wait
    finish(run)
    return None


ticker = Ticker(_step, "the set-up")


def needs_no_set_up(_context: bpy.types.Context) -> str:
    """A condition: one set-up at a time."""
    return "" if running() is None else "The engine is being set up already"


class PORTRAITKIT_OT_set_up_engine(PortraitOperator, bpy.types.Operator):
    """Make the engine."""

    bl_idname = "portraitkit.set_up_engine"
    bl_label = "Set Up Engine"
    bl_description = "Show what has to be downloaded, then make the engine in a folder of its own"
    bl_options = {"REGISTER"}
    needs = (needs_no_set_up,)

    variant: bpy.props.EnumProperty(
        name="For",
        description="What the engine computes with",
        items=[
            ("auto", "This Computer", "Chosen by the hardware that is found"),
            ("cpu", "Processor (CPU)", "Works everywhere; the smallest download"),
            ("cuda", "NVIDIA Graphics Card (CUDA)", "Much faster; a large download"),
            ("mps", "Apple Graphics (MPS)", "For Macs with Apple's own processors"),
        ],
        options={"SKIP_SAVE"},
    )
    wheels: bpy.props.StringProperty(
        name="Folder of Wheels",
        description="Install from this folder without the internet; empty: as the preferences say",
        subtype="DIR_PATH",
        options={"SKIP_SAVE", *RELATIVE},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the plan and ask."""
        forget()
        chosen = preferences()
        if chosen is not None and not self.properties.is_property_set("variant"):
            self.variant = chosen.variant
        return context.window_manager.invoke_props_dialog(self, width=480, confirm_text="Set Up")

    def draw(self, context: bpy.types.Context) -> None:
        """What will be done, how large it is, and whether Blender may go online."""
        layout = self.layout
        layout.prop(self, "variant")
        try:
            plan = make_plan(self.variant, self.folder_of_wheels())
        except Failure as failure:
            say(layout, failure.message, context, "ERROR", width=460)
            say(layout, failure.advice, context, "INFO", width=460)
            return
        for line in plan.lines:
            say(layout, line, context, "DOT", width=460)
        if plan.needs_network and not bpy.app.online_access:
            draw_online_access(layout.box(), context)

    def perform(self, _context: bpy.types.Context) -> None:
        """Do it."""
        try:
            plan = make_plan(self.variant, self.folder_of_wheels())
            if plan.needs_network and not bpy.app.online_access:
                raise Failure("offline")
            begin(SetupRun(plan))
        except Failure as failure:
            session.notices.fail("Setting up the engine", failure)
            raise

    def folder_of_wheels(self) -> Path | None:
        """Where wheels are taken from instead of the internet."""
        return absolute(self.wheels) if self.wheels else preferred_path("wheels_folder")


def draw_online_access(layout: Any, context: bpy.types.Context) -> None:
    """Say that Blender may not go online, and offer to allow it where that can be changed here."""
    say(
        layout,
        "Blender may not go online at the moment, so nothing can be downloaded.",
        context,
        "INTERNET_OFFLINE",
    )
    if bpy.app.online_access_override:
        say(layout, "It was started with --offline-mode; start it without.", context)
    else:
        layout.prop(context.preferences.system, "use_online_access", text="Allow Online Access")


class PORTRAITKIT_OT_cancel_set_up(PortraitOperator, bpy.types.Operator):
    """Stop the set-up."""

    bl_idname = "portraitkit.cancel_set_up"
    bl_label = "Cancel"
    bl_description = "Stop setting up; what was downloaded is kept for the next time"
    bl_options = {"INTERNAL"}

    def perform(self, _context: bpy.types.Context) -> None:
        """Ask it to stop."""
        run = running()
        if run is not None:
            run.cancel()


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
    PORTRAITKIT_OT_set_up_engine,
    PORTRAITKIT_OT_cancel_set_up,
    PORTRAITKIT_OT_find_engine,
    PORTRAITKIT_OT_check_engine,
    PORTRAITKIT_OT_stop_engine,
    PORTRAITKIT_OT_remove_engine,
)
