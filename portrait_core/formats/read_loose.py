# SPDX-License-Identifier: Apache-2.0
"""Bare triangle meshes of sculpting and printing programs (.ply, .stl, .off), read by trimesh."""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.read_carefully import read_bytes
from portrait_core.formats.stl import MILLIMETRES

LOOSE_ENDINGS = (".ply", ".stl", ".off")


def read_loose(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Places (V, 3) in metres, +y up, triangles (F, 3) and texture places (V, 2), (0, 2) without, of ``path``'s mesh.

    Without texture places, vertices at the same place are one. A .stl is taken as printing programs have it:
    millimetres, z up, the face towards -y. Colours and normals are left. Raises :class:`UsageError` for what is
    missing, damaged or no mesh.
    """
    content = read_bytes(path)
    ending = path.suffix.lower()
    trimesh: Any = importlib.import_module("trimesh")
    try:
        mesh: Any = trimesh.load(io.BytesIO(content), file_type=ending[1:], force="mesh", process=False)
        found: Any = getattr(mesh.visual, "uv", None)
        uvs = np.zeros((0, 2)) if found is None else np.asarray(found, np.float64)[:, :2]
        if len(uvs) != len(mesh.vertices):
            uvs = np.zeros((0, 2))
            mesh.merge_vertices(merge_tex=True, merge_norm=True)
        places, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
        if places.ndim != 2 or faces.ndim != 2 or places.shape[1] != 3 or faces.shape[1] != 3:
            raise ValueError(f"places {places.shape} and faces {faces.shape}")
    except Exception as error:  # the library raises whatever a damaged file leads it to
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(f"{path}: cannot be read as a mesh ({told}); the file is damaged or something else.") from None
    if ending == ".stl":
        x, y, z = places.T / MILLIMETRES
        places = np.stack([x, z, -y], axis=1)
    return places.astype(np.float32), faces.astype(np.int32), uvs.astype(np.float32)
