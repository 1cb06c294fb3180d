# SPDX-License-Identifier: Apache-2.0
"""What moves the face of an avatar of a batch: a recording, speech, an idle loop, for all or as a row of a table says.

None of it is in the recipe: a recipe is who somebody is, and files travel badly in it. Workers read them where they
lie.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portrait_core.errors import UsageError
from portrait_core.recipe_fields import Kind

if TYPE_CHECKING:
    from portrait_core.avatar import Avatar
    from portrait_core.face.motion_files import FaceWish

FACE_COLUMNS: dict[str, Kind] = {
    "face_motion": "text",
    "lipsync": "text",
    "lipsync_strength": "number",
    "idle": "number",
}
"""Columns about the motion of the face, called as the options are, and the kind of their cells."""


@dataclass(frozen=True)
class FaceFiles:
    """What one avatar's face does: ``face_motion`` and ``lipsync`` are absolute paths or empty, ``idle`` seconds.

    ``lipsync_strength``: 0 to 2. ``rate``: frames a second of files that do not say it. ``digest`` is that of the
    files' contents: another content is another avatar.
    """

    face_motion: str = ""
    lipsync: str = ""
    lipsync_strength: float = 1.0
    idle: float | None = None
    rate: float | None = None
    digest: str = ""

    def __bool__(self) -> bool:
        return bool(self.face_motion or self.lipsync) or self.idle is not None

    def facts(self) -> dict[str, Any]:
        """Plain JSON data; ``FaceFiles(**facts)`` is the same."""
        return asdict(self)

    def identity(self) -> dict[str, Any]:
        """What makes the motion what it is, wherever its files lie."""
        return {**self.facts(), "face_motion": bool(self.face_motion), "lipsync": bool(self.lipsync)}

    def moved(self, avatar: Avatar, seed: int | None) -> tuple[Avatar, tuple[str, ...]]:
        """``avatar`` of ``seed`` with this motion of its face, and lines about what of it cannot be had.

        Raises :class:`UsageError` for files that cannot be read any more.
        """
        from portrait_core.pipeline.face_motion import with_face_motion

        motion = _wish(self)[0].of(seed)
        return (avatar, ()) if motion is None else with_face_motion(avatar, motion)


@dataclass
class FaceCells:
    """Reads what rows say of faces. ``common`` holds where a row says nothing."""

    common: FaceFiles = field(default_factory=FaceFiles)

    def of(self, said: Mapping[str, object]) -> tuple[FaceFiles, tuple[str, ...]]:
        """What moves the face of a row, by its cells of :data:`FACE_COLUMNS`, and lines about the files.

        Raises :class:`UsageError` for files in which nothing can be used, and numbers out of range.
        """
        changed: dict[str, Any] = {}
        for name, value in said.items():
            number = FACE_COLUMNS[name] == "number"
            if not isinstance(value, int | float if number else str) or isinstance(value, bool):
                wanted = "a number" if number else "a file's name"
                raise UsageError(f"{name}: expected {wanted}, got {value!r}.")
            changed[name] = float(value) if isinstance(value, int | float) else str(Path(value).absolute())
        found = replace(self.common, **changed)
        if not found:
            if "lipsync_strength" in said:
                raise UsageError("lipsync_strength: there is no speech that it is about; name a file in lipsync.")
            return found, ()
        lines = _wish(replace(found, digest=""))[1]  # says at once what is wrong
        return replace(found, digest=_digest(found.face_motion, found.lipsync)), lines


@lru_cache(maxsize=8)
def _wish(files: FaceFiles) -> tuple[FaceWish, tuple[str, ...]]:
    """What files ask for and lines about them, read once: rows often take the same."""
    from portrait_core.face.motion_files import take_wish

    recording, speech = (Path(each) if each else None for each in (files.face_motion, files.lipsync))
    return take_wish(recording, speech, files.lipsync_strength, files.idle, files.rate)


def _digest(*paths: str) -> str:
    found = hashlib.sha256()
    for path in paths:
        content = Path(path).read_bytes() if path else b""
        found.update(len(content).to_bytes(8, "little") + content)
    return found.hexdigest()[:24]
