# SPDX-License-Identifier: Apache-2.0
"""A motion file as a :class:`Motion` of our rig: one time line, shortest arcs, our axes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import transform

from portrait_core.body.recordings import RATES, Recording, load_recording
from portrait_core.errors import UsageError
from portrait_core.rig.motion import Motion

Floats = NDArray[np.float64]


STILL = 1e-6
"""Radians: a joint that never turns more than this gets no keyframes."""


def read_motion(
    path: Path,
    *,
    frame_rate: float | None = None,
    up_axis: Literal["y", "z", "auto"] | None = None,
    source_rate: float | None = None,
    root: bool = True,
    joints: Collection[str] | None = None,
) -> Motion:
    """The motion in a file (see `portrait_core.body.recordings.load_recording`), named after it.

    Args:
        frame_rate: keyframes a second of the result; None keeps the file's.
        up_axis: the file's vertical axis; None or ``auto`` takes z for AMASS files and y for others.
        source_rate: the file's rate where the file does not say.
        root: whether the root turns and moves. It moves from its rest place: the first frame does not move it.
        joints: names of the rig's joints; the motion of others is left out.

    Raises:
        UsageError: no such file, no motion in it, no frame rate, or a motion that turns none of ``joints``.
    """
    for name, rate in (("frame rate", frame_rate), ("source rate", source_rate)):
        if rate is not None and not 0 < rate <= 1000:
            raise UsageError(f"motion: the {name} must be above 0 and at most 1000 frames a second, got {rate}")
    if up_axis not in ("y", "z", "auto", None):
        raise UsageError(f"motion: the up axis must be y or z, got {up_axis!r}")
    recording = load_recording(path)
    chosen = up_axis if up_axis in ("y", "z") else "z" if recording.amass else "y"
    rate = recording.frame_rate or source_rate
    if rate is None and recording.frames > 1:
        raise UsageError(
            f"motion file {path}: it does not say its frame rate; expected a field called {', '.join(RATES)}, "
            "or give the source's rate"
        )
    return motion_of(
        recording.y_up(chosen), path.stem, rate=rate or 30.0, frame_rate=frame_rate, root=root, joints=joints
    )


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
    turned = np.asarray(keys.as_quat(), np.float64).reshape(-1, 4)
    # q and -q are one rotation; engines interpolate the four numbers, so neighbours must lie on one half
    flips = np.where(np.einsum("ti,ti->t", turned[1:], turned[:-1]) < 0.0, -1.0, 1.0)
    signs = np.concatenate([[1.0 if turned[0, 3] >= 0.0 else -1.0], flips])
    return (turned * np.cumprod(signs)[:, None]).astype(np.float32)
