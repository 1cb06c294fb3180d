# SPDX-License-Identifier: Apache-2.0
"""The options that move a face: recordings, lip-sync and idle loops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from portrait_core.avatar import Avatar
    from portrait_core.face.motion_files import FaceWish
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


def take_face(
    face_motion: Path | None,
    lipsync: Path | None,
    strength: float,
    idle: float | None,
    say: Callable[[str], None],
    rate: float | None = None,
    keys: float | None = None,
) -> FaceWish | None:
    """What the options ask for, None for nothing; ``say`` hears what the files were taken for. ``rate`` in frames a
    second goes before what they say; ``keys`` are keyframes a second of the result.

    Raises :class:`UsageError` for files in which nothing can be used, and numbers out of range.
    """
    if face_motion is None and lipsync is None and idle is None:
        return None
    from portrait_core.face.motion_files import take_wish

    wish, lines = take_wish(face_motion, lipsync, strength, idle, rate, keys)
    for line in lines:
        say(line)
    return wish


def with_face(avatar: Avatar, wish: FaceWish | None, recipe: Recipe, say: Callable[[str], None]) -> Avatar:
    """``avatar`` of ``recipe`` with its motion of the face; ``say`` hears what of it cannot be had."""
    motion = None if wish is None else wish.of(recipe.seed)
    if motion is None:
        return avatar
    from portrait_core.pipeline.face_motion import with_face_motion

    moved, lines = with_face_motion(avatar, motion)
    for line in lines:
        say(line)
    return moved
