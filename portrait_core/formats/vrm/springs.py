# SPDX-License-Identifier: Apache-2.0
"""Hair that hangs free as VRM's spring bones, with head, neck and shoulders to fall on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from portrait_core.avatar import Avatar

_SKULL = (0.0, 0.01, -0.075)
"""Metres from the middle between the eyes to that of the skull."""
_RADII = {"head": 0.085, "neck": 0.05, "left_collar": 0.05, "right_collar": 0.05}
"""Metres of the colliders by their joints; but for the head's they are capsules to the joint that follows."""
_ENDS = {"neck": "head", "left_collar": "left_shoulder", "right_collar": "right_shoulder"}


def spring_bones(avatar: Avatar, nodes: Mapping[str, int]) -> dict[str, Any] | None:
    """``VRMC_springBone`` for an avatar whose joints are the ``nodes``; None where nothing hangs free."""
    chains = _chains(avatar)
    if not chains:
        return None
    colliders = _colliders(avatar, nodes)
    springs: list[dict[str, Any]] = []
    for number, chain in enumerate(chains):
        joints: list[dict[str, Any]] = []
        for name in chain:
            numbers = avatar.springs[name]
            joints.append(
                {
                    "node": nodes[name],
                    "hitRadius": numbers["radius"],
                    "stiffness": numbers["stiffness"],
                    "gravityPower": numbers["gravity"],
                    "gravityDir": [0.0, -1.0, 0.0],
                    "dragForce": numbers["drag"],
                }
            )
        springs.append({"name": f"hair {number}", "joints": joints, "colliderGroups": [0]})
    return {
        "specVersion": "1.0",
        "colliders": colliders,
        "colliderGroups": [{"name": "body", "colliders": list(range(len(colliders)))}],
        "springs": springs,
    }


def _chains(avatar: Avatar) -> list[list[str]]:
    """Joints that hang free, from the head down, a list for each chain."""
    chains: list[list[str]] = []
    for index, name in enumerate(avatar.joint_names):
        if name not in avatar.springs:
            continue
        above = avatar.joint_names[int(avatar.parents[index])]
        chain = next((each for each in chains if each[-1] == above), None)
        if chain is None:
            chains.append([name])
        else:
            chain.append(name)
    return [chain for chain in chains if len(chain) > 1]


def _colliders(avatar: Avatar, nodes: Mapping[str, int]) -> list[dict[str, Any]]:
    at = {name: place.astype(np.float64) for name, place in zip(avatar.joint_names, avatar.joints, strict=True)}
    found: list[dict[str, Any]] = []
    for name, radius in _RADII.items():
        if name not in at:
            continue
        if name == "head":
            eyes = [at[eye] for eye in ("left_eye", "right_eye") if eye in at]
            middle = np.mean(eyes, axis=0) + _SKULL - at[name] if eyes else np.array([0.0, 0.09, 0.0])
            found.append({"node": nodes[name], "shape": {"sphere": {"offset": _numbers(middle), "radius": radius}}})
        elif _ENDS[name] in at:
            tail = _numbers(at[_ENDS[name]] - at[name])
            capsule = {"offset": [0.0, 0.0, 0.0], "radius": radius, "tail": tail}
            found.append({"node": nodes[name], "shape": {"capsule": capsule}})
    return found


def _numbers(place: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 5) for value in place]
