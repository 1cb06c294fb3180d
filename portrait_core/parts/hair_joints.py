# SPDX-License-Identifier: Apache-2.0
"""Chains of joints for hair that hangs free, for the spring bones of engines.

What hangs below the ears and off the skin is told apart by where it is around the head: a tail is one chain, a bob
five. Each chain hangs from the head; its last joint marks the tip and moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.geometry.settled import settled
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.rig.skin import strongest

CHAINS = 6
"""Directions around the head that a chain can hang in, the first ahead."""
TOP = 0.020
"""Metres over the joint of the head where hair begins to hang."""
OFF_SKIN = (0.004, 0.012)
"""Metres from the skin within which hair lies on it, and beyond which it hangs free."""
SHORTEST = 0.045
"""Metres that hair hangs free at least to get a chain."""
SPACING = 0.05
"""Metres between joints, about."""
MOVING = (2, 4)
"""Joints of a chain that move hair, at least and at most: with the tip 3 to 5."""
FEWEST = 0.04
"""Share of the hanging vertices that a direction has at least to get a chain."""
BEND = 2
"""Degree of the curve of a chain."""
SPRING = {"stiffness": 0.6, "drag": 0.4, "gravity": 0.3, "radius": 0.02}
"""What engines may begin with at the upper end of a chain, in the meaning of VRMC_springBone: the force back to rest,
the share of speed lost, the force downwards, and metres for collisions."""
LIMP = 0.6
"""The share of the stiffness that is left at the tip."""


@dataclass(frozen=True, eq=False)
class HairChains:
    """N joints of hair.

    Attributes:
        names: ``hair_C_J``, chain and joint from the head down.
        parents: (N,) the row of each one's parent, -1 for the head.
        joints: (N, 3) float32 metres, at rest.
        angles: (C,) radians around the head of each chain, growing.
        axis: (2,) x and z of the axis that they go around.
        skin: places on the skin, close to each other.
    """

    names: tuple[str, ...]
    parents: NDArray[np.int32]
    joints: NDArray[np.float32]
    angles: NDArray[np.float64]
    axis: NDArray[np.float64]
    skin: cKDTree

    @property
    def springs(self) -> Mapping[str, Mapping[str, float]]:
        """:data:`SPRING` of each joint by its name, weaker towards the tips."""
        result: dict[str, Mapping[str, float]] = {}
        for name, (number, count) in zip(self.names, self._places(), strict=True):
            share = 1 - (1 - LIMP) * number / max(count - 1, 1)
            result[name] = {**SPRING, "stiffness": round(SPRING["stiffness"] * share, 3)}
        return result

    def moving(self, mesh: PartMesh) -> PartMesh:
        """The hair ``mesh`` with its weights over :data:`JOINTS` and, behind them, these joints."""
        own = np.zeros((len(mesh.vertices), len(JOINTS) + len(self.names)))
        np.add.at(own, (np.arange(len(own))[:, None], mesh.joints.astype(np.int64)), mesh.weights)
        chain = self._shares(mesh.vertices.astype(np.float64))
        own *= 1 - chain.sum(axis=1, keepdims=True)
        own[:, len(JOINTS) :] = chain
        skin = strongest(own.astype(np.float32))
        return replace(mesh, joints=skin.joints.astype(np.uint8), weights=skin.weights)

    def _shares(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, N) how much of places (V, 3) each joint moves; the rest is as without chains."""
        angle = _angles(places, self.axis)
        apart = np.abs((angle[:, None] - self.angles + np.pi) % (2 * np.pi) - np.pi)
        near = np.clip(1 - apart / (2 * np.pi / CHAINS), 0, None) + 1e-9 / (apart + 1e-3)
        near *= (_off_skin(places, self.skin) / near.sum(axis=1))[:, None]
        result = np.zeros((len(places), len(self.names)))
        first = 0
        for number, column in enumerate(near.T):
            count = self._counts()[number]
            heights = self.joints[first : first + count, 1].astype(np.float64)
            # In joints from the first: each moves the most half-way to the next, and the tip nothing.
            at = np.interp(-places[:, 1], -heights, np.arange(count))
            above = heights[0] - heights[1]
            at = np.where(places[:, 1] > heights[0], (heights[0] - places[:, 1]) / above, at)
            for joint in range(count - 1):
                share = np.clip(1 - np.abs(at - joint - 0.5), 0, 1)
                if joint == count - 2:
                    share = np.where(at > joint + 0.5, 1.0, share)
                result[:, first + joint] = column * share
            first += count
        return result

    def _counts(self) -> list[int]:
        chains = [int(name.split("_")[1]) for name in self.names]
        return [chains.count(number) for number in range(len(self.angles))]

    def _places(self) -> list[tuple[int, int]]:
        return [(number, count) for count in self._counts() for number in range(count)]


def hair_chains(hair: PartMesh, head: NDArray[np.floating[Any]], skin: NDArray[np.floating[Any]]) -> HairChains | None:
    """The chains of a person's hair at rest, for the place (3,) of the head's joint and places (S, 3) on the skin; None
    where no hair hangs free."""
    places = hair.vertices.astype(np.float64)[np.unique(hair.welded, return_index=True)[1]]
    axis = np.asarray(head, np.float64)[[0, 2]]
    top, tree = float(head[1]) + TOP, cKDTree(np.asarray(skin, np.float64))
    low = places[places[:, 1] < top]
    hanging = low[_off_skin(low, tree) >= 1]
    if len(hanging) == 0:
        return None
    step = 2 * np.pi / CHAINS
    sector = np.rint(_angles(hanging, axis) / step).astype(np.int64) % CHAINS
    names: list[str] = []
    parents: list[int] = []
    joints: list[NDArray[np.float64]] = []
    angles: list[float] = []
    for number in range(CHAINS):
        own = hanging[sector == number]
        line = _line(own, top) if len(own) > FEWEST * len(hanging) else None
        if line is None:
            continue
        first = len(names)
        names += [f"hair_{len(angles)}_{joint}" for joint in range(len(line))]
        parents += [-1, *range(first, first + len(line) - 1)]
        joints += list(line)
        angles.append(number * step)
    if not names:
        return None
    placed = settled(np.stack(joints))
    return HairChains(tuple(names), np.array(parents, np.int32), placed, np.array(angles), axis, tree)


def _line(own: NDArray[np.float64], top: float) -> NDArray[np.float64] | None:
    """(J, 3) joints down the middle of hair (K, 3) that hangs from the height ``top``; None where it is too short."""
    tip = float(np.quantile(own[:, 1], 0.02))
    if top - tip < SHORTEST:
        return None
    count = int(np.clip(round((top - tip) / SPACING), *MOVING)) + 1
    heights = np.linspace(top, tip, count)
    # A curve through it: slices of few vertices lie anywhere.
    below = own[:, 1] - top
    columns = [np.polyval(np.polyfit(below, own[:, axis], BEND), heights - top) for axis in (0, 2)]
    return np.stack([columns[0], heights, columns[1]], axis=1).astype(np.float64)


def _off_skin(places: NDArray[np.float64], skin: cKDTree) -> NDArray[np.float64]:
    """(V,) 0 on the skin to 1 off it."""
    away = np.asarray(skin.query(places)[0], np.float64)
    share = np.clip((away - OFF_SKIN[0]) / (OFF_SKIN[1] - OFF_SKIN[0]), 0, 1)
    return share * share * (3 - 2 * share)


def _angles(places: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """(V,) radians around the upright axis through x and z, 0 ahead."""
    return np.arctan2(places[:, 0] - axis[0], places[:, 2] - axis[1])
