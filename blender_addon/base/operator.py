# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator has in common: when its button is grey and why, and mistakes as reports, never tracebacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.failure import Failure
from ..core.text import Text
from ..locale import T_

log = logging.getLogger("portraitkit")

Condition = Callable[[bpy.types.Context], str]
"""Says why something cannot be done now, or nothing where it can."""


class PortraitOperator:
    """Mix-in for operators: a subclass writes ``perform(context)`` and may raise :class:`Failure`.

    ``needs`` are the conditions under which it can run; the first that is not met greys the button and is told in its
    tooltip.
    """

    bl_options: set[Any] = {"REGISTER", "UNDO"}
    needs: tuple[Condition, ...] = ()
    if TYPE_CHECKING:  # Blender's own class brings them
        bl_idname: str
        bl_label: str
        report: Any
        poll_message_set: Any

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether all that it needs is there."""
        for condition in cls.needs:
            why = condition(context)
            if why:
                cls.poll_message_set(T_(why))
                return False
        return True

    def perform(self, context: bpy.types.Context) -> Text | str | None:
        """Do it; the text is reported to the user."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, from a button as from a script. What goes wrong is reported; what nobody foresaw goes to the log."""
        try:
            said = self.perform(context)
        except Exception as error:
            self.report({"ERROR"}, T_(self._told(error)))
            return {"CANCELLED"}
        if said:
            self.report({"INFO"}, T_(said))
        return {"FINISHED"}

    def _told(self, error: Exception) -> Text:
        """The sentence that is reported."""
        if isinstance(error, Failure):
            return error.sentence
        what = Text(self.bl_label)
        if isinstance(error, MemoryError):
            return Text("{what}: there is not enough memory. Close something and try again.", what=what)
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            return Text("{what}: {reason}", what=what, reason=f"{where}{error.strerror or error}")
        log.error("%s failed", self.bl_idname, exc_info=error)
        return Text("{what} failed: {reason}", what=what, reason=f"{type(error).__name__}: {error}")
