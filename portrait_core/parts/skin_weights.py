# SPDX-License-Identifier: Apache-2.0
"""Skin weights of parts, from rows over the SMPL joints to four joints a vertex of the bust's rig."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.parts.arrays import Sparse
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.rig.skin import INFLUENCES, strongest


def strongest_of_rows(weights: Sparse) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Joints (V, 4) uint8 over :data:`JOINTS` and weights (V, 4), for weights (V, 24) over the SMPL joints.

    Raises ``ValueError`` for weight on a joint that no bust has.
    """
    dense = np.clip(np.asarray(weights.todense(), np.float64), 0, None)
    own = [SMPL_JOINT_NAMES.index(name) for name in JOINTS]
    others = np.delete(dense, own, axis=1)
    if bool((others > 1e-6).any()):
        raise ValueError("parts: skin weight on a joint that is not one of the bust's")
    skin = strongest(dense[:, own].astype(np.float32))
    return skin.joints.astype(np.uint8), skin.weights


def on_one_joint(name: str, count: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The same for ``count`` vertices that hang on one joint."""
    joints, weights = np.zeros((count, INFLUENCES), np.uint8), np.zeros((count, INFLUENCES), np.float32)
    joints[:, 0], weights[:, 0] = JOINTS.index(name), 1.0
    return joints, weights
