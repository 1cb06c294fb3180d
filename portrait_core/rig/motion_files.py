# SPDX-License-Identifier: Apache-2.0
"""A motion file as a :class:`Motion` of our rig: one time line, shortest arcs, our axes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import transform

from portrait_core.body.recordings import FileHints, Recording, line_of, load_recording
from portrait_core.body.recordings.names import RATES
from portrait_core.errors import UsageError, remedy
from portrait_core.files.names import plain_name
from portrait_core.rig.motion import Motion, on_one_half

Floats = NDArray[np.float64]


STILL = 1e-6
"""Radians: a joint that never turns more than this gets no keyframes."""


@dataclass(frozen=True)
class MotionFile:
    """The ``motion`` that a file holds, and in one ``line`` what the file was taken for."""

    motion: Motion
    line: str


def read_motion(
    path: Path,
    *,
    frame_rate: float | None = None,
    up_axis: str | None = None,
    source_rate: float | None = None,
    root: bool = True,
    joints: Collection[str] | None = None,
    hints: FileHints | None = None,
) -> Motion:
    """The motion in a file (see docs/motions.md), named after it.

    Args:
        path: the file.
        frame_rate: keyframes a second of the result; None keeps the file's.
        up_axis: the file's vertical axis; None or ``auto`` goes by the data.
        source_rate: the file's own rate where the file does not say, or says a wrong one.
        root: whether the root turns and moves. It moves from its rest place: the first frame does not move it.
        joints: names of the rig's joints; the motion of others is left out.
        hints: more that is said about the file; ``up_axis`` and ``source_rate`` go before its own.

    Raises:
        UsageError: no such file, no motion in it, no frame rate, or a motion that turns none of ``joints``.
    """
    said = replace(hints or FileHints(), **({"up_axis": up_axis} if up_axis else {}))
    if source_rate is not None:
        said = replace(said, rate=source_rate)
    return open_motion(path, frame_rate=frame_rate, root=root, joints=joints, hints=said).motion


def open_motion(
    path: Path,
    *,
    frame_rate: float | None = None,
    root: bool = True,
    joints: Collection[str] | None = None,
    hints: FileHints | None = None,
) -> MotionFile:
    """`read_motion` with what the file was taken for."""
    # written so that NaN fails as well
    if frame_rate is not None and not 0 < frame_rate <= 1000:
        raise UsageError(f"motion: the frame rate must be above 0 and at most 1000 frames a second, got {frame_rate}")
    hints = hints or FileHints()
    recording = load_recording(path, hints)
    # what somebody says goes before what the file says
    rate = hints.rate or recording.frame_rate
    if rate is None and recording.frames > 1:
        raise UsageError(
            f"motion file {path}: it does not say its frame rate ({RATES[0]}, {RATES[4]}).",
            remedy=remedy("give_source_rate"),
        )
    motion = motion_of(
        recording.y_up(),
        plain_name(path.stem, "motion"),
        rate=rate or 30.0,
        frame_rate=frame_rate,
        root=root,
        joints=joints,
    )
    return MotionFile(motion, line_of(recording, hints.rate))


def motion_of(
    recording: Recording,
    name: str,
    *,
    rate: float,
    frame_rate: float | None = None,
    root: bool = True,
    joints: Collection[str] | None = None,
) -> Motion:
    """The motion of a ``recording`` with +y up and ``rate`` frames a second; see `read_motion`."""
    given = np.arange(recording.frames) / rate
    times = given if frame_rate is None else np.arange(int(given[-1] * frame_rate + 1e-6) + 1) / frame_rate
    times = np.minimum(times, given[-1])
    rotations: dict[str, NDArray[np.float32]] = {}
    for joint, turns in recording.rotations.items():
        if (joints is not None and joint not in joints) or (joint == "pelvis" and not root):
            continue
        if float(np.linalg.norm(turns, axis=1).max()) > STILL:
            rotations[joint] = _quaternions(turns, given, times)
    if not rotations:
        raise UsageError(f"motion {name}: it turns none of the joints of this skeleton")
    translation = None
    if root and recording.translation is not None:
        translation = np.zeros((len(times), 3), np.float32)
        for axis in range(3):
            way = recording.translation[:, axis] - recording.translation[0, axis]
            translation[:, axis] = np.interp(times, given, way)
    return Motion(name, times.astype(np.float32), rotations, translation)


def _quaternions(turns: Floats, given: Floats, times: Floats) -> NDArray[np.float32]:
    """Axis-angle keys (T, 3) at ``given`` seconds -> quaternions x, y, z, w at ``times``, all on shortest arcs."""
    keys = transform.Rotation.from_rotvec(turns)
    if len(given) > 1:
        keys = transform.Slerp(given, keys)(times)
    return on_one_half(np.asarray(keys.as_quat(), np.float64).reshape(-1, 4))
