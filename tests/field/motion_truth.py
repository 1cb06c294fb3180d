# SPDX-License-Identifier: Apache-2.0
"""One motion, for all layouts: the head turns 0 to 40 degrees to the left, the neck nods 0 to 10, 12 frames at 30 a
second, the root walks 0.37 m forwards and 0.18 m to its left and turns by 6.3 degrees, the rest sways a little."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

FRAMES, RATE = 12, 30.0
NECK, HEAD = 12, 15
METRES = float(np.hypot(0.55 / 3, 1.1 / 3))

TIME = np.linspace(0, 1, FRAMES)


def poses(joints: int = 24, *, bent: bool = False) -> np.ndarray:
    """Axis-angle (12, J, 3) of 24 (SMPL), 22, 52 (SMPL-H) or 55 (SMPL-X) joints; ``bent``: knees and elbows as well."""
    sway = np.random.RandomState(3).uniform(-0.015, 0.015, (joints, 3))
    rows = np.sin(np.pi * TIME)[:, None, None] * sway
    rows[:, [0, NECK, HEAD]] = 0
    rows[:, 0, 1] = 0.11 * TIME
    rows[:, NECK, 0] = np.radians(10) * TIME
    rows[:, HEAD, 1] = np.radians(40) * TIME
    if bent:
        rows[:, [4, 5], 0] += 0.4
        rows[:, 18, 1] -= 0.5
        rows[:, 19, 1] += 0.5
    return rows


def walk() -> np.ndarray:
    """The root's way (12, 3), metres, +y up."""
    return np.stack([TIME * 0.55 / 3, np.full(FRAMES, 0.9), TIME * 1.1 / 3], axis=1)


def flat(joints: int = 24, **more: bool) -> np.ndarray:
    """`poses` as (12, 3 J)."""
    return poses(joints, **more).reshape(FRAMES, -1)


TO_Z_UP = Rotation.from_euler("x", 90, degrees=True)
TO_CAMERA = Rotation.from_euler("x", 180, degrees=True)


def turned(rows: np.ndarray, turn: Rotation) -> np.ndarray:
    """Flat rows or (T, 3) roots in another world."""
    rows = rows.copy()
    rows[:, :3] = (turn * Rotation.from_rotvec(rows[:, :3])).as_rotvec()
    return rows


def matrices(rows: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle as (..., 3, 3)."""
    return Rotation.from_rotvec(rows.reshape(-1, 3)).as_matrix().reshape(*rows.shape[:-1], 3, 3)


def quaternions(rows: np.ndarray, order: str) -> np.ndarray:
    """(..., 3) axis-angle as (..., 4), ``wxyz`` or ``xyzw``."""
    found = Rotation.from_rotvec(rows.reshape(-1, 3)).as_quat().reshape(*rows.shape[:-1], 4)
    return found if order == "xyzw" else np.roll(found, 1, axis=-1)


def six(rows: np.ndarray, form: str) -> np.ndarray:
    """(..., 3) axis-angle as (..., 6): ``rows`` or ``columns`` one after the other, or columns ``interleaved``."""
    found = matrices(rows)
    if form == "rows":
        return found[..., :2, :].reshape(*rows.shape[:-1], 6)
    columns = found[..., :, :2]
    if form == "interleaved":
        return columns.reshape(*rows.shape[:-1], 6)
    return np.swapaxes(columns, -1, -2).reshape(*rows.shape[:-1], 6)


def positions(rows: np.ndarray, count: int = 24) -> np.ndarray:
    """Places (12, J, 3) of a skeleton with our proportions in the pose of ``rows`` (12, 24, 3)."""
    from portrait_core.body.template import SMPL_PARENTS

    offsets = np.array(
        [
            (0, 0.9, 0), (0.07, -0.08, 0), (-0.07, -0.08, 0), (0, 0.12, -0.02), (0.03, -0.38, 0), (-0.03, -0.38, 0),
            (0, 0.14, 0), (-0.01, -0.4, -0.04), (0.01, -0.4, -0.04), (0, 0.06, 0.02), (0.04, -0.06, 0.12),
            (-0.04, -0.06, 0.12), (0, 0.21, -0.03), (0.08, 0.12, -0.02), (-0.08, 0.12, -0.02), (0, 0.09, 0.05),
            (0.1, 0.04, -0.01), (-0.1, 0.04, -0.01), (0.26, -0.01, -0.02), (-0.26, -0.01, -0.02), (0.25, 0, 0),
            (-0.25, 0, 0), (0.08, -0.01, 0), (-0.08, -0.01, 0),
        ]
    )  # fmt: skip
    turns = [Rotation.from_rotvec(rows[:, 0])]
    places = [walk()]
    for joint in range(1, 24):
        parent = SMPL_PARENTS[joint]
        places.append(places[parent] + turns[parent].apply(np.tile(offsets[joint], (FRAMES, 1))))
        turns.append(turns[parent] * Rotation.from_rotvec(rows[:, joint]))
    return np.stack(places, axis=1)[:, :count]
