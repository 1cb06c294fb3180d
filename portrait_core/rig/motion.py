# SPDX-License-Identifier: Apache-2.0
"""A motion of the rig: rotations of joints over time, as glTF animates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp


def on_one_half(quaternions: NDArray[Any]) -> NDArray[np.float32]:
    """The same rotations (T, 4), x, y, z, w, with neighbours on one half of the sphere: engines interpolate the four
    numbers, and q and -q are one rotation."""
    flips = np.where(np.einsum("ti,ti->t", quaternions[1:], quaternions[:-1]) < 0.0, -1.0, 1.0)
    signs = np.concatenate([[1.0 if quaternions[0, 3] >= 0.0 else -1.0], flips])
    return (quaternions * np.cumprod(signs)[:, None]).astype(np.float32)


@dataclass(frozen=True)
class Motion:
    """Keyframes common to all joints.

    ``times`` (T,) float32 seconds, strictly growing from 0 or later. ``rotations`` maps joint names to (T, 4) float32
    unit quaternions x, y, z, w relative to the parent, neighbours on the same half of the sphere (shortest arc).
    ``translation`` (T, 3) float32 metres moves the root joint from its rest place, or None.

    Raises ``ValueError`` on construction for times that do not grow and for shapes that do not fit.
    """

    name: str
    times: NDArray[np.float32]
    rotations: Mapping[str, NDArray[np.float32]]
    translation: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.times)
        if self.times.ndim != 1 or count == 0 or not bool(np.isfinite(self.times).all()):
            raise ValueError(f"motion: times must be (T,) finite seconds, got shape {self.times.shape}")
        if float(self.times[0]) < 0 or (count > 1 and float(np.diff(self.times).min()) <= 0):
            raise ValueError("motion: times must grow strictly, from 0 or later")
        for joint, turns in self.rotations.items():
            if turns.shape != (count, 4):
                raise ValueError(f"motion: {joint} needs ({count}, 4) quaternions, got {turns.shape}")
            # written so that a NaN fails as well
            if not float(np.abs(np.linalg.norm(turns, axis=1) - 1.0).max()) < 1e-3:
                raise ValueError(f"motion: the quaternions of {joint} must have length 1")
        if self.translation is not None and self.translation.shape != (count, 3):
            raise ValueError(f"motion: the translation must be ({count}, 3), got {self.translation.shape}")

    def at(self, seconds: float) -> dict[str, tuple[float, float, float]]:
        """The rotations of all its joints at one time, axis-angle in radians; before the first and after the last key
        those stay."""
        times = self.times.astype(np.float64)
        inside = float(np.clip(seconds, times[0], times[-1]))
        found: dict[str, tuple[float, float, float]] = {}
        for joint, turns in self.rotations.items():
            keys = Rotation.from_quat(turns)
            x, y, z = np.asarray((Slerp(times, keys)([inside]) if len(times) > 1 else keys).as_rotvec())[0].tolist()
            found[joint] = (x, y, z)
        return found
