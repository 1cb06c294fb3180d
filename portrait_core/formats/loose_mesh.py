# SPDX-License-Identifier: Apache-2.0
"""A level of detail as formats without a rig hold it: in the avatar's pose, with the cuts of its atlas welded again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Mesh


@dataclass(frozen=True)
class LooseMesh(Mesh):
    """A level in the avatar's pose, metres: all that its vertices have, under the name of its object."""

    name: str


def loose_mesh(avatar: Avatar, level: Level, name: str) -> LooseMesh:
    """``level`` of ``avatar``, or a piece of it, moved by the pose and the expression where there are: such files have
    no bones to turn and no shapes to pull."""
    changed = avatar.pose or avatar.expression
    vertices, normals = avatar.moved(level) if changed else (level.vertices, level.normals)
    return LooseMesh(level.data.with_(vertices=vertices, normals=normals), level.faces, name)


def weld(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The distinct ``rows`` (N, width) in order of their first appearance, and for each row the number of its equal."""
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rows[first[order]], rank[inverse.reshape(-1)]


def pose_note(avatar: Avatar) -> str:
    """A line that tells that pose and expression are in the vertices."""
    turned = ", ".join(sorted(avatar.pose)) or "none"
    line = f"metres, +y up, face along +z; pose applied to the vertices: {turned}"
    pulled = ", ".join(f"{name} {weight:g}" for name, weight in sorted(avatar.expression.items()) if weight)
    return f"{line}; expression: {pulled}" if pulled else line
