# SPDX-License-Identifier: Apache-2.0
"""Lids slide on a person's eyeballs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from portrait_core.face.common import common
from portrait_core.face.sources import Source
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.character import Figure
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.shape_targets import ShapeTargets

SKIN = Source("skin")


def slid_lids(
    figure: Figure, face: ShapeTargets, mesh: PartMesh, source: Source, found: Mapping[str, Morph]
) -> dict[str, Morph]:
    """The shapes of lids and lashes whose way would lead through the eyeball, on a way around it."""
    return {}


def lid_moves(figure: Figure, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """(R, 3) how a shape moves vertices of the skin's finest level, or None where it leaves them all alone."""
    own, moves = common(figure.template).moved(SKIN)[name]
    place = np.searchsorted(own, rows)
    there = place < len(own)
    there[there] = own[place[there]] == rows[there]
    if not bool(there.any()):
        return None
    result = np.zeros((len(rows), 3))
    result[there] = moves[place[there]]
    return result
