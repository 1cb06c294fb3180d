# SPDX-License-Identifier: GPL-3.0-or-later
"""One finished avatar on its way into the scene: its file, who asked for it, and why it waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mathutils import Vector

from ..core.failure import Failure
from ..core.text import Text
from ..scene.placing import COLUMNS
from ..scene.undisturbed import Asked
from .files import OpenFile

HANDS: dict[str, Callable[[Path, str], None]] = {}
"""By name, so that it can be noted on the disk, what brings a file in under a name where the add-on itself does not."""


@dataclass
class Arrival:
    """An avatar that is made, and where it shall go."""

    path: Path
    name: str
    origin: OpenFile
    asked: Asked
    thumbnail: Path | None = None
    replaces: str = ""
    """Identity of the avatar whose place it takes; empty for a new one."""
    waste: tuple[Path, ...] = ()
    """Files to delete when it is in the scene, or is not wanted; none of what the user wanted to keep."""
    draft_of: int = 0
    """Size of the maps that those of a draft stand for; 0 where it is none."""
    why: Text | str = ""
    """Why it waits, for the panel."""
    columns: int = COLUMNS
    """How many stand in a row, where the 3D cursor's place is taken."""
    place: Vector | None = None
    """The floor that it stands on, where that is not at the 3D cursor."""
    hands: str = ""
    """Which of :data:`HANDS` brings it in; empty where the add-on itself does."""
    by_hand: bool = field(default=False)
    """It comes in when the user says so, not by itself."""

    failure: Failure | None = field(default=None)
    """Why it did not come in, the last time that it was tried by steps."""
    is_awaited: bool = field(default=False)
    """Somebody tells how it went, in the words of the work that made it."""

    def drop(self) -> None:
        """Delete what was made for it alone."""
        for each in self.waste:
            each.unlink(missing_ok=True)
