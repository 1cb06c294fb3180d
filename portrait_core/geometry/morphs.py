# SPDX-License-Identifier: Apache-2.0
"""Morph targets: named ways in which a mesh's vertices move, each for the vertices alone that it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Morph:
    """One target of a mesh of V vertices.

    Attributes:
        name: ``jawOpen``, ``viseme_aa``; what files call it.
        rows: (K,) int32, growing, the vertices that it moves.
        moves: (K, 3) float32 metres at weight one.
        turns: (K, 3) float32, what it adds to their normals at weight one; None where that is left to whoever shows it.

    Raises ``ValueError`` on construction for arrays that do not fit each other, rows that do not grow and numbers that
    are not finite.
    """

    name: str
    rows: NDArray[np.int32]
    moves: NDArray[np.float32]
    turns: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.rows)
        for what, array in (("moves", self.moves), ("turns", self.turns)):
            if array is not None and (array.shape != (count, 3) or not bool(np.isfinite(array).all())):
                raise ValueError(f"morph {self.name}: {what} must be finite ({count}, 3), got {array.shape}")
        grown = self.rows.ndim == 1 and bool((self.rows[1:] > self.rows[:-1]).all())
        if not grown or (count > 0 and int(self.rows[0]) < 0):
            raise ValueError(f"morph {self.name}: rows must grow from 0 or later")

    def dense(self, count: int) -> NDArray[np.float32]:
        """(``count``, 3) metres, zero where nothing moves."""
        result = np.zeros((count, 3), np.float32)
        result[self.rows] = self.moves
        return result

    def taken(self, kept: NDArray[np.integer[Any]]) -> Morph:
        """The target of the mesh that has the vertices ``kept`` (K,), growing, alone."""
        place = np.searchsorted(kept, self.rows)
        there = place < len(kept)
        there[there] = kept[place[there]] == self.rows[there]
        turns = None if self.turns is None else self.turns[there]
        return replace(self, rows=place[there].astype(np.int32), moves=self.moves[there], turns=turns)

    def shifted(self, first: int) -> Morph:
        """The target of a mesh in which this one's vertices begin at ``first``."""
        return replace(self, rows=(self.rows + np.int32(first)).astype(np.int32))


def joined_morphs(parts: Iterable[tuple[int, Iterable[Morph]]]) -> tuple[Morph, ...]:
    """The targets of a mesh of several, each with the number of its first vertex, growing: those of one name are one.

    Names come in the order in which they are first seen. Turns are kept where all that share a name have them.
    """
    found: dict[str, list[tuple[int, Morph]]] = {}
    for first, morphs in parts:
        for morph in morphs:
            found.setdefault(morph.name, []).append((first, morph))
    result: list[Morph] = []
    for name, same in found.items():
        turns = [each.turns for _, each in same if each.turns is not None]
        whole = np.concatenate(turns) if len(turns) == len(same) else None
        rows = np.concatenate([each.rows + np.int32(first) for first, each in same])
        result.append(Morph(name, rows, np.concatenate([each.moves for _, each in same]), whole))
    return tuple(result)


def morphed(places: NDArray[np.float32], morphs: Iterable[Morph], weights: Mapping[str, float]) -> NDArray[np.float32]:
    """Vertices (V, 3) with targets pulled by ``weights`` by their names; names that the mesh lacks move nothing."""
    result = places.astype(np.float64)
    for morph in morphs:
        weight = weights.get(morph.name, 0.0)
        if weight:
            result[morph.rows] += weight * morph.moves.astype(np.float64)
    return result.astype(np.float32)
