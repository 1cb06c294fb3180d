# SPDX-License-Identifier: Apache-2.0
"""How morphs turn normals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.morphs import Morph
from portrait_core.parts.normals import SmoothNormals
from portrait_core.parts.part_mesh import PartMesh


def with_turns(mesh: PartMesh, morphs: Sequence[Morph]) -> tuple[Morph, ...]:
    """The same morphs of a mesh with what they add to its normals at weight one.

    Vertices that do not move but touch one that does turn as well, so a morph may get further rows. What is added is
    the change of the normals of the mesh's own faces, smooth over seams.
    """
    count = int(mesh.welded.max()) + 1
    faces = mesh.welded[mesh.faces].astype(np.int64)
    places = np.zeros((count, 3))
    places[mesh.welded] = mesh.vertices
    return tuple(_turned(mesh, morph, faces, places) for morph in morphs)


def _turned(mesh: PartMesh, morph: Morph, faces: NDArray[np.int64], places: NDArray[np.float64]) -> Morph:
    moved = np.zeros(len(places), np.bool_)
    moved[mesh.welded[morph.rows]] = True
    near = faces[moved[faces].any(axis=1)]
    if len(near) == 0:
        return replace(morph, turns=np.zeros_like(morph.moves))
    # Normals are right at corners of moved faces alone if all faces around those are summed.
    touched = np.zeros(len(places), np.bool_)
    touched[near] = True
    around = faces[touched[faces].any(axis=1)]
    used, own = np.unique(around, return_inverse=True)
    normals = SmoothNormals.of(own.reshape(around.shape), len(used))
    after = places.copy()
    after[mesh.welded[morph.rows]] += morph.moves
    change = np.zeros((len(places), 3), np.float32)
    change[used] = normals(after[used]) - normals(places[used])
    change[~touched] = 0
    rows = np.flatnonzero(touched[mesh.welded])
    rows = np.union1d(rows, morph.rows).astype(np.int32)
    moves = np.zeros((len(rows), 3), np.float32)
    moves[np.searchsorted(rows, morph.rows)] = morph.moves
    return Morph(morph.name, rows, moves, change[mesh.welded[rows]])
