# SPDX-License-Identifier: Apache-2.0
"""The eyes' part in a face's shapes: balls and corneas turn about their middles, lines of tears stay on the lids."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from portrait_core.face.lids import Lids
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.character import Figure
from portrait_core.parts.eyes import tear_line
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.shape_targets import ShapeTargets


def eye_morphs(figure: Figure, face: ShapeTargets, mesh: PartMesh, side: str) -> dict[str, Morph]:
    """Those of a ball or a cornea: the whole turn's displacements."""
    middle = figure.template.eyes.eyeball(figure.body, side).middle
    away, rows = mesh.vertices.astype(np.float64) - middle, np.arange(len(mesh.vertices), dtype=np.int32)
    result: dict[str, Morph] = {}
    for name, turn in face.looks.items():
        if name.lower().endswith(side):
            less = np.asarray(Rotation.from_rotvec(turn).as_matrix(), np.float64) - np.eye(3)
            result[name] = Morph(name, rows, (away @ less.T).astype(np.float32))
    return result


def tear_morphs(figure: Figure, face: ShapeTargets, mesh: PartMesh, side: str, lids: Lids) -> dict[str, Morph]:
    """Those of a line of tears: where the lid's margin takes it."""
    eyes = figure.template.eyes
    eye, rows = eyes.eyeball(figure.body, side), eyes.lids[side]
    before = tear_line(eye, figure.skin[rows])
    result: dict[str, Morph] = {}
    for name in face.targets:
        moves = lids.moves(name, rows)
        if moves is not None:
            moved = (tear_line(eye, figure.skin[rows] + moves) - before)[mesh.welded]
            result[name] = Morph(name, np.arange(len(moved), dtype=np.int32), moved.astype(np.float32))
    return result
