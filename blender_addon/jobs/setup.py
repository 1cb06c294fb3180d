# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the engine, as operators. The steps themselves are in ``core.engine``."""

from pathlib import Path
from typing import Any

import bpy

from ..base import redraw
from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..base.preferences_access import preferences, preferred_path
from ..base.ticker import Ticker
from ..base.wrap import say, say_in_rows
from ..core.engine.hardware import in_words
from ..core.engine.plan import SetupPlan
from ..core.failure import Failure
from ..core.text import Text
from .error_dialog import show_error
from .session import session
from .setup_run import SetupRun, forget, make_plan

WIDTH = 480
ROWS = 12
"""Of the plan, or of the reason why there can be none."""
ONLINE_ROWS = 3
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
    ask_for_another.stop()


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
    if failure.code == "other_build":
        ask_for_another.start(after=0.01)
    else:
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


def _ask() -> None:
    windows = bpy.context.window_manager.windows
    if bpy.app.background or not windows:
        return
    operators: Any = bpy.ops
    with bpy.context.temp_override(window=windows[0]):
        operators.portraitkit.take_another_build("INVOKE_DEFAULT")


ask_for_another = Ticker(_ask, "the question about another build")
"""Asked a moment later, not inside a step of the set-up. The panel has the same button beside the error."""


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

    another: bpy.props.BoolProperty(
        name="Another Build",
        description="Take torch as your own package index has it, where the promised build cannot be had",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the plan and ask."""
        forget()
        chosen = preferences()
        if chosen is not None and not self.properties.is_property_set("variant"):
            self.variant = chosen.variant
        return context.window_manager.invoke_props_dialog(self, width=WIDTH, confirm_text="Set Up")

    def draw(self, context: bpy.types.Context) -> None:
        """What will be done, how large it is, and whether Blender may go online."""
        layout = self.layout
        layout.prop(self, "variant")
        lines: list[tuple[Text | str, str]] = []
        try:
            plan = make_plan(self.variant, self.folder_of_wheels(), otherwise=self.another)
            lines += [(line, "DOT") for line in plan.lines]
            online = bpy.app.online_access or not plan.needs_network
        except Failure as failure:
            lines += [(failure.message, "ERROR"), (failure.advice, "INFO")]
            online = True
        say_in_rows(layout, lines, ROWS, WIDTH - 20)
        # its room is kept, too: what is chosen above and here must not move the buttons under the mouse
        if online:
            say_in_rows(layout, [], ONLINE_ROWS - 1, WIDTH)
            layout.label(text="")
        else:
            draw_online_access(layout, context)

    def perform(self, _context: bpy.types.Context) -> None:
        """Do it."""
        try:
            plan = make_plan(self.variant, self.folder_of_wheels(), otherwise=self.another)
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


def needs_question(_context: bpy.types.Context) -> str:
    """A condition: the promised build of torch was looked for in vain."""
    failed = session.notices.error
    asked = failed is not None and failed.code == "other_build" and _run is not None
    return "" if asked else "Only where the promised build of torch cannot be had"


class PORTRAITKIT_OT_take_another_build(PortraitOperator, bpy.types.Operator):
    """Go on with another build of torch than the promised one."""

    bl_idname = "portraitkit.take_another_build"
    bl_label = "Take Another Build"
    bl_description = "Show how large the torch of your own package index is, and go on with that"
    bl_options = {"INTERNAL"}
    needs = (needs_no_set_up, needs_question)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask; Cancel keeps all as it is."""
        return context.window_manager.invoke_props_dialog(self, width=WIDTH, confirm_text="Take It")

    def draw(self, context: bpy.types.Context) -> None:
        """Both builds with their sizes."""
        failed = session.notices.error
        if failed is not None:
            say(self.layout, failed.message, context, "ERROR", width=WIDTH - 20)
        try:
            for line in question(self.plans()):
                say(self.layout, line, context, "DOT", width=WIDTH - 20)
        except Failure as failure:
            say(self.layout, failure.sentence, context, "INFO", width=WIDTH - 20)

    def perform(self, _context: bpy.types.Context) -> None:
        """Go on where the set-up stopped."""
        begin(SetupRun(self.plans()[1]))

    def plans(self) -> tuple[SetupPlan, SetupPlan]:
        """The one that did not work, and the one that would be taken instead."""
        assert _run is not None
        first = _run.plan
        return first, make_plan(first.variant.name, first.wheels, otherwise=True)


def question(plans: tuple[SetupPlan, SetupPlan]) -> list[Text]:
    """What was promised and what there is instead, with both sizes."""
    sizes = [(in_words(each.torch.download), in_words(each.torch.installed)) for each in plans]
    told = (
        "Promised: torch for {hardware}, about {size} in all, {room} on the disk",
        "Instead: torch for {hardware} from your own package index, about {size} in all, {room} on the disk",
    )
    return [
        *(
            Text(words, hardware=plan.torch.words, size=size, room=room)
            for words, plan, (size, room) in zip(told, plans, sizes, strict=True)
        ),
        Text("Cancel keeps all as it is; what was downloaded is there for the next time."),
    ]


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


CLASSES = (
    PORTRAITKIT_OT_set_up_engine,
    PORTRAITKIT_OT_take_another_build,
    PORTRAITKIT_OT_cancel_set_up,
)
