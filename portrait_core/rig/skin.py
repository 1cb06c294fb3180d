# SPDX-License-Identifier: Apache-2.0
"""Skin weights as files and engines want them: four joints a vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INFLUENCES = 4
"""Joints that may move one vertex; more than four is not portable between engines."""


@dataclass(frozen=True)
class Skin:
    """Which joints move each vertex, and how much.

    ``joints`` (V, 4) uint16 index the rig's joint list; ``weights`` (V, 4) float32 are not negative, sorted from large
    to small and sum to one. An unused slot has joint 0 and weight 0.
    """

    joints: NDArray[np.uint16]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.joints.ndim != 2 or self.joints.shape[1] != INFLUENCES or self.joints.shape != self.weights.shape:
            raise ValueError(
                f"skin: joints and weights must both have shape (V, {INFLUENCES}), "
                f"got {self.joints.shape} and {self.weights.shape}"
            )

    def dense(self, joint_count: int) -> NDArray[np.float32]:
        """The same weights as a (V, joint_count) float32 matrix."""
        full = np.zeros((len(self.joints), joint_count), np.float32)
        np.add.at(full, (np.arange(len(self.joints))[:, None], self.joints.astype(np.int64)), self.weights)
        return full


def strongest(weights: NDArray[np.float32]) -> Skin:
    """Keep the four largest of each row of ``weights`` (V, J), normalised. A row without any weight goes to joint 0.

    The fifth largest is taken off all of them first: a joint that is fourth at one vertex and fifth at the next has
    next to nothing there when it goes, and the skin does not tear where the choice of joints changes. Rows of four
    joints or fewer keep their weights.
    """
    padded = np.pad(weights, ((0, 0), (0, max(0, INFLUENCES + 1 - weights.shape[1]))))
    order = np.argsort(-padded, axis=1, kind="stable")[:, : INFLUENCES + 1]
    kept = np.take_along_axis(padded, order, axis=1).astype(np.float64)
    order = order[:, :INFLUENCES]
    # Equal weights in all five leave nothing to choose by: such a row keeps its first four.
    less = kept[:, :INFLUENCES] - kept[:, INFLUENCES:]
    kept = np.where(less.sum(axis=1, keepdims=True) > 1e-3, less, kept[:, :INFLUENCES])
    kept[kept < 1e-4] = 0.0
    lost = kept.sum(axis=1) <= 0.0
    kept[lost, 0] = 1.0
    kept /= kept.sum(axis=1, keepdims=True)
    order[lost, 0] = 0
    order[kept == 0.0] = 0
    single = kept.astype(np.float32)
    single[:, 0] += 1.0 - single.sum(axis=1, dtype=np.float32)
    return Skin(order.astype(np.uint16), single)
