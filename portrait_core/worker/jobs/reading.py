# SPDX-License-Identifier: Apache-2.0
"""Files of others, read for the client: poses, motions, recipes."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from portrait_core.engine.engine import Engine
from portrait_core.errors import UsageError
from portrait_core.files.whole_file import whole_file
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch

if TYPE_CHECKING:
    from portrait_core.body.recordings import FileHints
    from portrait_core.face.motion_files import FaceMotion
    from portrait_core.recipe import Recipe
    from portrait_core.rig import Motion
    from portrait_core.rig.motion_files import MotionFile

MOTION_ENDINGS = (".npz", ".json")


def pose(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """A pose file as axis-angle vectors."""
    path = fields.path("path")
    frame = fields.count("frame", 0, low=-(10**9), high=10**9)
    hints = _take_hints(fields)
    fields.done()
    from portrait_core.body.poses import open_pose

    read = open_pose(path, frame=frame, hints=hints)
    return {
        "pose": {joint: [float(angle) for angle in turn] for joint, turn in read.pose.items()},
        "told": read.line,
    }


def recipe(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """The recipe in a file, with every field that it states, checked."""
    path = fields.path("path")
    fields.done()
    from portrait_core.formats.read_recipe import read_recipe
    from portrait_core.recipe import Recipe

    stored = read_recipe(path)
    checked = Recipe.model_validate(stored.recipe)
    return {
        "recipe": checked.facts(),
        "name": stored.name,
        "digest": stored.model_digest(),
        "warnings": list(stored.warnings),
    }


def take_motion(fields: Fields) -> MotionFile:
    """The motion that ``path`` and the fields beside it ask for."""
    path = fields.path("path")
    rate = fields.number("frame_rate", low=1e-3, high=1000.0) if fields.given("frame_rate") else None
    hints = _take_hints(fields)
    if fields.given("motion_rate"):
        hints = replace(hints, rate=fields.number("motion_rate", low=1e-3, high=1000.0))
    root = fields.flag("root", True)
    from portrait_core.rig.motion_files import open_motion

    return open_motion(path, frame_rate=rate, root=root, hints=hints)


def take_face(fields: Fields, recipe: Recipe) -> tuple[FaceMotion | None, tuple[str, ...]]:
    """What moves the face of the avatar of ``recipe``, as the fields ask for it, and lines about their files."""
    recording, speech = (fields.path(name) if fields.given(name) else None for name in ("recording", "speech"))
    strength = fields.number("strength", 1.0, low=0.0, high=2.0)
    idle = fields.number("idle", low=2.0, high=600.0) if fields.given("idle") else None
    rate = fields.number("rate", low=1e-3, high=1000.0) if fields.given("rate") else None
    fields.done()
    from portrait_core.face.motion_files import take_wish

    wish, lines = take_wish(recording, speech, strength, idle, rate)
    return wish.of(recipe.seed), lines


def _take_hints(fields: Fields) -> FileHints:
    """What the request says about a file of a pose or motion."""
    from portrait_core.body.recordings import UP_AXES, FileHints, units_of

    axis = fields.text("up_axis", "auto", among=UP_AXES)
    return FileHints(fields.text("person", ""), axis, units_of(fields.text("units", "")))


def motion(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """A motion file as plain arrays of our rig, written to ``out``."""
    out = fields.path("out")
    if out.suffix.lower() not in MOTION_ENDINGS:
        raise UsageError(f"out {out.name!r}: motions are written as .npz or .json.")
    skeleton = fields.text("skeleton", among=("bust", "smpl24", "full")) if fields.given("skeleton") else None
    file = take_motion(fields)
    read = file.motion
    fields.done()
    from portrait_core.rig.skeleton import has_joint

    kept = [joint for joint in read.rotations if has_joint(skeleton or "smpl24", joint)]
    if not kept:
        raise UsageError(f"motion {read.name}: it turns none of the joints of a bust.")
    _write(out, read, kept)
    times = read.times
    return {
        "path": str(out),
        "frames": len(times),
        "frame_rate": round((len(times) - 1) / float(times[-1] - times[0]), 4) if len(times) > 1 else None,
        "seconds": float(times[-1]),
        "joints": kept,
        "moves": read.translation is not None,
        "told": file.line,
        "left_out": [joint for joint in read.rotations if joint not in kept],
    }


def _write(out: Path, motion: Motion, joints: list[str]) -> None:
    arrays: dict[str, Any] = {
        "times": motion.times,
        "joints": np.array(joints),
        "rotations": np.stack([motion.rotations[joint] for joint in joints], axis=1),
    }
    if motion.translation is not None:
        arrays["translation"] = motion.translation
    with whole_file(out, overwrite=True) as temporary:
        if out.suffix.lower() == ".npz":
            buffer = io.BytesIO()
            np.savez(buffer, **arrays)
            temporary.write_bytes(buffer.getvalue())
        else:
            temporary.write_text(json.dumps({name: array.tolist() for name, array in arrays.items()}))
