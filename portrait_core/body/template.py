# SPDX-License-Identifier: Apache-2.0
"""A model's body template: a bust surface with SMPL joints and skin weights; rig and warp are derived from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMPL_JOINT_NAMES: tuple[str, ...] = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hand",
    "right_hand",
)
"""The 24 SMPL joints in SMPL's order; joint 12, ``neck``, is the origin of our world."""

SMPL_PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21,
)  # fmt: skip
"""Parent of each SMPL joint; -1 for the root. A parent always comes before its children."""


@dataclass(frozen=True)
class BodyTemplate:
    """An un-posed bust surface with its skeleton, in world metres (+y up, face along +z, origin at the neck joint).

    ``joint_names`` has J names, ``parents`` (J,) int32 their parents (-1 for the root), ``joints`` (J, 3) float32 their
    places, ``vertices`` (V, 3) float32 and ``faces`` (F, 3) int32 (counter-clockwise from outside) the surface, and
    ``weights`` (V, J) float32 the skin weights, which are not negative and sum to one per vertex.

    Raises ``ValueError`` on construction if a shape, an index or a sum does not fit.
    """

    joint_names: tuple[str, ...]
    parents: NDArray[np.int32]
    joints: NDArray[np.float32]
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        joints, vertices = len(self.joint_names), len(self.vertices)
        if len(set(self.joint_names)) != joints:
            raise ValueError(f"body template: joint names must be unique, got {self.joint_names}")
        expected = {
            "parents": (joints,),
            "joints": (joints, 3),
            "vertices": (vertices, 3),
            "weights": (vertices, joints),
        }
        for name, shape in expected.items():
            got = getattr(self, name).shape
            if got != shape:
                raise ValueError(f"body template: {name} must have shape {shape}, got {got}")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"body template: faces must have shape (F, 3), got {self.faces.shape}")
        if len(self.faces) and (int(self.faces.min()) < 0 or int(self.faces.max()) >= vertices):
            raise ValueError(f"body template: a face names a vertex outside 0..{vertices - 1}")
        if any(parent >= child for child, parent in enumerate(self.parents.tolist())):
            raise ValueError("body template: every parent must come before its children")
        for name in ("joints", "vertices", "weights"):
            if not bool(np.isfinite(getattr(self, name)).all()):
                raise ValueError(f"body template: {name} holds values that are not finite")
        if vertices:
            off = float(np.abs(self.weights.sum(axis=1) - 1.0).max())
            if off > 1e-3 or float(self.weights.min()) < 0.0:
                raise ValueError(
                    f"body template: weights must be >= 0 and sum to 1 per vertex, worst sum is off by {off:.3g}"
                )
