# SPDX-License-Identifier: Apache-2.0
"""The options that move a face: recordings, lip-sync and idle loops."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from portrait_core.avatar import Avatar
    from portrait_core.face.motion_files import FaceMotion
    from portrait_core.recipe import Recipe

FaceMotionFile = Annotated[
    Path | None,
    typer.Option(
        "--face-motion",
        metavar="FILE",
        help="A recording of a face: Live Link Face, ARKit, MediaPipe, arrays or a table; see docs/faces.md.",
    ),
]
Lipsync = Annotated[
    Path | None,
    typer.Option(
        "--lipsync",
        metavar="FILE",
        help="Speech: what Rhubarb, Praat, the Montreal Forced Aligner and others write; see docs/faces.md.",
    ),
]
Strength = Annotated[
    float, typer.Option("--lipsync-strength", metavar="NUMBER", help="How far the mouth moves in speech, 0 to 2.")
]
Idle = Annotated[
    float | None,
    typer.Option("--idle", metavar="SECONDS", help="A loop of blinks, glances and breath, 2 to 600 seconds long."),
]


@dataclass(frozen=True)
class FaceWish:
    """What is to move the faces of all avatars of a command; an idle loop is each one's own, by its seed."""

    speech: FaceMotion | None = None
    recording: FaceMotion | None = None
    idle: float | None = None

    def __bool__(self) -> bool:
        return self.speech is not None or self.recording is not None or self.idle is not None

    def of(self, recipe: Recipe) -> FaceMotion | None:
        """The motion of the face of one avatar."""
        from portrait_core.face.motion_files import idle_motion, together

        loop = None if self.idle is None else idle_motion(self.idle, recipe.seed or 0)
        return together(self.speech, self.recording, loop)

    def on(self, avatar: Avatar, recipe: Recipe, say: Callable[[str], None]) -> Avatar:
        """``avatar`` with its motion of the face; ``say`` hears what of it cannot be had."""
        motion = self.of(recipe)
        if motion is None:
            return avatar
        from portrait_core.pipeline.face_motion import with_face_motion

        moved, lines = with_face_motion(avatar, motion)
        for line in lines:
            say(line)
        return moved


def take_face(
    face_motion: Path | None,
    lipsync: Path | None,
    strength: float,
    idle: float | None,
    say: Callable[[str], None],
    rate: float | None = None,
) -> FaceWish:
    """Read the files; ``say`` hears what they were taken for. ``rate`` in frames a second goes before what they say.

    Raises :class:`UsageError` for files in which nothing can be used, and numbers out of range.
    """
    if face_motion is None and lipsync is None and idle is None:
        return FaceWish()
    from portrait_core.face.motion_files import idle_motion, open_recording, open_speech, together

    speech = None if lipsync is None else open_speech(lipsync, rate, strength)
    recording = None if face_motion is None else open_recording(face_motion, rate)
    loop = None if idle is None else idle_motion(idle, 0)  # says at once what is wrong with its seconds
    whole = together(speech, recording, loop)
    for line in whole.lines if whole is not None else ():
        say(line)
    return FaceWish(speech, recording, idle)
