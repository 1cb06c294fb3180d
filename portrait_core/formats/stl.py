# SPDX-License-Identifier: Apache-2.0
"""Binary .stl of one level of detail, as printing programs read it: millimetres, z up, the face towards -y."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from portrait_core.avatar import Avatar
from portrait_core.formats.facts import GENERATOR
from portrait_core.formats.loose_mesh import loose_mesh
from portrait_core.formats.recipe_digest import recipe_digest

MILLIMETRES = 1000.0
_HEAD = 80


def stl_files(avatar: Avatar, stem: str) -> dict[str, bytes]:
    """``stem.stl`` of the finest level, in the avatar's pose.

    The format has no units and no axes; slicers take millimetres and z up, so that is what is written. Every face of
    the mesh is there, so a capped bust is closed. The head of 80 bytes has the first digits of the recipe's digest;
    the recipe itself does not fit.
    """
    mesh = loose_mesh(avatar, avatar.main, avatar.name)
    x, y, z = (mesh.vertices * np.float32(MILLIMETRES)).T
    corners = np.stack([x, -z, y], axis=1)[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).astype(np.float64)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    records: Any = np.zeros(
        len(corners), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    )
    records["normal"] = normals / np.where(lengths > 0, lengths, 1.0)
    records["corners"] = corners
    # It must not begin with "solid", which marks text files.
    head = f"{GENERATOR} mm z-up recipe {recipe_digest(avatar.recipe)[:16]}".encode()[:_HEAD].ljust(_HEAD)
    return {f"{stem}.stl": head + struct.pack("<I", len(records)) + records.tobytes()}
