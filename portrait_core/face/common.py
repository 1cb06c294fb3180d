# SPDX-License-Identifier: Apache-2.0
"""What a template's shapes do to the parts of everybody, made once a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.face.sources import Source
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.shape_targets import ShapeTargets
from portrait_core.parts.template import PartsTemplate

LEAST = 0.00002
"""Metres below which a vertex counts as not moved."""


class Common:
    """What a template's shapes do to parts of everybody, each made when it is first asked for."""

    def __init__(self, template: PartsTemplate, face: ShapeTargets) -> None:
        self._template, self._face = template, face
        self._moved: dict[Source, dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]] = {}
        self._shares: dict[tuple[Source, str], NDArray[np.float64]] = {}
        self._morphs: dict[tuple[Source, bytes], dict[str, Morph]] = {}
        self.lids: dict[str, Any] = {}
        self.lashes: dict[Source, Any] = {}

    def moved(self, source: Source) -> Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """By shape the welded vertices (K,) that move, and how far (K, 3)."""
        if source not in self._moved:
            result: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
            for name, target in self._face.targets.items():
                moves = source.moves(self._template, target.dense(self._face.count))
                rows = np.flatnonzero(np.einsum("vi,vi->v", moves, moves) > LEAST**2)
                result[name] = rows, moves[rows]
            self._moved[source] = result
        return self._moved[source]

    def jaw_share(self, source: Source, shape: str) -> NDArray[np.float64]:
        """(W,) of the welded vertices: how much of the jaw's turn they take part in."""
        if (source, shape) not in self._shares:
            self._shares[source, shape] = source.shares(self._template, self._face.jaw.weights[shape])
        return self._shares[source, shape]

    def morphs(self, source: Source, mesh: PartMesh) -> Mapping[str, Morph]:
        """Those of a mesh; what a person's own jaw and lids do is not in them."""
        key = source, mesh.welded.tobytes()  # of each level another
        if key not in self._morphs:
            moved = self.moved(source)
            self._morphs[key] = {name: _cut(name, *each, mesh.welded) for name, each in moved.items()}
        return self._morphs[key]


def morph_of(name: str, moves: NDArray[np.floating]) -> Morph:
    """A morph of displacements (V, 3), of those vertices that it moves."""
    rows = np.flatnonzero(np.einsum("vi,vi->v", moves, moves) > LEAST**2).astype(np.int32)
    return Morph(name, rows, moves[rows].astype(np.float32))


def _cut(name: str, rows: NDArray[np.int64], moves: NDArray[np.float64], welded: NDArray[np.int32]) -> Morph:
    """The morph of the vertices after seams are cut, copies ``welded`` (V,) of those that ``rows`` (K,) number."""
    place = np.full(max(int(welded.max(initial=0)), int(rows.max(initial=0))) + 1, -1)
    place[rows] = np.arange(len(rows))
    own = place[welded]
    kept = np.flatnonzero(own >= 0)
    return Morph(name, kept.astype(np.int32), moves[own[kept]].astype(np.float32))


@lru_cache(maxsize=4)
def common(template: PartsTemplate) -> Common:
    """The one of this template, kept for the process.

    Raises ``ValueError`` for a template without shapes.
    """
    if template.face is None:
        raise ValueError("the template has no shapes of the face")
    return Common(template, template.face)
