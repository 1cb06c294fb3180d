# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel tells: the last error, the last word, and avatars that wait to be imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..core.failure import Failure
from ..core.text import Text, text_of
from .files import OpenFile


@dataclass(frozen=True)
class Waiting:
    """An avatar that was made for a file that is not open any more."""

    path: Path
    name: str


@dataclass
class Notices:
    """Read by the panels, written by the session."""

    error_title: Text | None = None
    """What was being done when it failed."""
    error: Failure | None = None
    said: Text | None = None
    waiting: list[Waiting] = field(default_factory=list)

    def fail(self, title: Text | str, failure: Failure) -> None:
        """Remember what failed until it is dismissed or the next failure comes."""
        self.error_title, self.error = text_of(title), failure

    def say(self, words: Text | str) -> None:
        """The last word: how something went."""
        self.said = text_of(words)

    def dismiss(self) -> None:
        """The user has seen the error."""
        self.error_title = self.error = None

    def keep(self, path: Path, name: str, origin: OpenFile) -> None:
        """An avatar whose file is not open any more: offered in the panel, not forced into the open file."""
        self.waiting.append(Waiting(path, name))
        self.said = Text(
            "{name} is ready, but {file} is not open any more. Import it here from the Create panel.",
            name=name,
            file=Path(origin.path).name if origin.path else Text("an unsaved file"),
        )

    def forget(self) -> None:
        """Start afresh; avatars that wait are deleted with what was made for them."""
        for each in self.waiting:
            each.path.unlink(missing_ok=True)
            each.path.with_suffix(".png").unlink(missing_ok=True)
        self.waiting.clear()
        self.said = None
        self.dismiss()


notices = Notices()
"""The one of a running Blender; nothing of it lives in a .blend file."""
