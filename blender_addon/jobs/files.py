# SPDX-License-Identifier: GPL-3.0-or-later
"""Which .blend file is open: results go into the file that asked for them and no other."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
from bpy.app.handlers import persistent

_loads = 0


@dataclass(frozen=True)
class OpenFile:
    """An open file: the how-manieth of this session, and its path where it has one."""

    number: int
    path: str

    def is_open(self) -> bool:
        """Still (or again) the open file. A file that was saved under another name meanwhile is the same."""
        return self.number == _loads or (self.path != "" and self.path == bpy.data.filepath)


def open_file() -> OpenFile:
    """The file that is open now."""
    return OpenFile(_loads, bpy.data.filepath)


@persistent
def count_load(*_: object) -> None:
    """For ``load_pre``: another file is being opened."""
    global _loads  # noqa: PLW0603 - one counter for the one Blender
    _loads += 1
