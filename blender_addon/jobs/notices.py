# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel tells: the last error, the last word, and avatars that wait to be brought in."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.failure import Failure
from ..core.text import Text, text_of
from .arrival import Arrival


@dataclass
class Notices:
    """Read by the panels, written by the session."""

    error_title: Text | None = None
    """What was being done when it failed."""
    error: Failure | None = None
    said: Text | None = None
    waiting: list[Arrival] = field(default_factory=list)
    """Avatars that are made and not in the scene yet."""

    def fail(self, title: Text | str, failure: Failure) -> None:
        """Remember what failed until it is dismissed or the next failure comes."""
        self.error_title, self.error = text_of(title), failure

    def say(self, words: Text | str) -> None:
        """The last word: how something went."""
        self.said = text_of(words)

    def dismiss(self) -> None:
        """The user has seen the error."""
        self.error_title = self.error = None

    def forget(self, *, keeps: bool = False) -> None:
        """Start afresh; avatars that wait are deleted with what was made for them, unless ``keeps``."""
        for each in self.waiting if not keeps else ():
            each.drop()
        self.waiting.clear()
        self.said = None
        self.dismiss()


notices = Notices()
"""The one of a running Blender; nothing of it lives in a .blend file."""
