# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator that changes the scene has in common: mistakes become reports, never tracebacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import bpy

from ..locale import T_
from ..scene.faults import SceneError

LOG = logging.getLogger("portraitkit")

Condition = Callable[[bpy.types.Context], str]
"""Says why an operator cannot run now, or nothing where it can."""


class HardenedOperator:
    """Mix-in for operators: a subclass writes ``perform(context)`` and may raise :class:`SceneError`.

    ``reason(context)`` tells why the button is grey; it becomes the tooltip's last line.
    """

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str:
        """Why this cannot be done now, or an empty text."""
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether :meth:`reason` has none."""
        why = cls.reason(context)
        if why:
            cls.poll_message_set(why)
        return not why

    def perform(self, context: bpy.types.Context) -> str | None:
        """Do it; the text is reported to the user."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it here and now, from a button as from a script."""
        return self.hardened_execute(self.perform, context)

    def hardened_execute(self, action: Callable[[bpy.types.Context], str | None], context: Any) -> set[str]:
        """Run ``action``; what it raises is reported as an error, and what is no plain mistake goes to the log."""
        try:
            said = action(context)
        except SceneError as error:
            self.report({"ERROR"}, T_(str(error)))
            return {"CANCELLED"}
        except MemoryError:
            self.report({"ERROR"}, f"{self.bl_label}: there is not enough memory. Close something and try again.")
            return {"CANCELLED"}
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self.report({"ERROR"}, f"{self.bl_label}: {where}{error.strerror or error}")
            return {"CANCELLED"}
        except Exception as error:
            LOG.exception("%s failed", self.bl_idname)
            self.report({"ERROR"}, f"{self.bl_label} failed: {type(error).__name__}: {error}")
            return {"CANCELLED"}
        if said:
            self.report({"INFO"}, T_(said))
        return {"FINISHED"}
