# SPDX-License-Identifier: Apache-2.0
"""Morphs as the targets of a glTF mesh: sparse, since a shape of the face moves a few of its vertices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Level
from portrait_core.formats.gltf.binary import BinaryBuilder

NAMES_KEY = "targetNames"
"""In the extras of a mesh, what its targets are called: glTF has no names of its own for them, and all programs that
show names look there."""

LEAST_MOVE = 0.00002
"""Metres that a vertex moves by at least to be written."""
LEAST_TURN = 0.01
"""What a normal changes by at least to be written: half a degree, less than a difference of light can be seen at."""


def target_names(level: Level) -> list[str]:
    """What the targets of the mesh of an object are called, in their order."""
    return [morph.name for morph in level.morphs]


def add_targets(
    records: Any,
    binary: BinaryBuilder,
    mesh: Any,
    level: Level,
    expression: Mapping[str, float],
    extras: dict[str, Any],
) -> None:
    """Give the primitives of ``mesh``, which share the vertices of ``level``, its morphs as targets.

    They stand as ``expression`` says, by their names; those that it does not name rest. Normals turn where a morph says
    how. ``extras`` of the mesh get the names. A mesh without morphs stays as it is.
    """
    if not level.morphs:
        return
    count = len(level.vertices)
    # glTF wants the same attributes of all targets of a mesh.
    turning = all(morph.turns is not None for morph in level.morphs)
    targets: list[dict[str, int]] = []
    for morph in level.morphs:
        target = {"POSITION": _noticed(binary, count, morph.rows, morph.moves, LEAST_MOVE)}
        if turning and morph.turns is not None:
            target["NORMAL"] = _noticed(binary, count, morph.rows, morph.turns, LEAST_TURN)
        targets.append(target)
    for primitive in mesh.primitives:
        primitive.targets = [records.Attributes(**target) for target in targets]
    mesh.weights = [float(expression.get(name, 0.0)) for name in target_names(level)]
    extras[NAMES_KEY] = target_names(level)


def _noticed(
    binary: BinaryBuilder, count: int, rows: NDArray[np.int32], values: NDArray[np.float32], least: float
) -> int:
    kept = np.linalg.norm(values, axis=1) >= least
    return binary.sparse(count, rows[kept], values[kept])
