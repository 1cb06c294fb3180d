# SPDX-License-Identifier: Apache-2.0
"""What a face's shapes do to the controls: displacements by name, the hinge of the jaw, the turns of the eyes.

The displacements are those of the mean person; :mod:`portrait_core.face.carry` brings them to a person's meshes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.parts.arrays import Arrays, below, named

STEPS = 32000
"""Steps of 16 bits that the largest displacement of a shape is stored in."""


@dataclass(frozen=True, eq=False)
class Jaw:
    """The hinge that the lower jaw turns about, over C controls.

    Attributes:
        weights: (C,) by the shapes that turn the jaw: how much of the turn each control takes part in. Of ``jawOpen``,
            0 to 1, what the joint moves; of ``mouthClose`` what brings the lips together again, below zero on the lower
            one, which comes up, above zero on the upper one, which comes down to it.
        around: (A,) controls on both sides of the face whose middle the hinge keeps its distance from.
        offset: (3,) metres from that middle to the hinge.
        turn: radians about +x that open the mouth as far as the shape ``jawOpen`` does.
    """

    weights: Mapping[str, NDArray[np.float64]]
    around: NDArray[np.int64]
    offset: NDArray[np.float64]
    turn: float

    def hinge(self, controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """(3,) of a person with controls (C, 3), metres."""
        middle = controls[self.around].mean(axis=0) + self.offset
        return np.array([0.0, middle[1], middle[2]])

    def turned(self, places: NDArray[np.float64], hinge: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 3) displacements of places (N, 3) by the whole turn about a person's ``hinge`` (3,)."""
        less = np.asarray(Rotation.from_rotvec([self.turn, 0.0, 0.0]).as_matrix(), np.float64) - np.eye(3)
        return (places - hinge) @ less.T

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {
            **{f"weights.{shape}": weights.astype(np.float16) for shape, weights in self.weights.items()},
            "around": self.around.astype(np.int16),
            "offset": self.offset.astype(np.float32),
            "turn": np.asarray([self.turn], np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Jaw:
        weights = {shape: values.astype(np.float64) for shape, values in below(arrays, "weights").items()}
        offset = arrays["offset"].astype(np.float64)
        return cls(weights, arrays["around"].astype(np.int64), offset, float(arrays["turn"][0]))


@dataclass(frozen=True)
class Bite:
    """How the lower teeth move: by ``turn`` (3,), axis-angle, about the jaw's hinge, then by ``shift`` (3,) metres."""

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]

    def moves(self, places: NDArray[np.float64], hinge: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 3) displacements of places (N, 3)."""
        less = np.asarray(Rotation.from_rotvec(self.turn).as_matrix(), np.float64) - np.eye(3)
        return (places - hinge) @ less.T + self.shift


@dataclass(frozen=True, eq=False)
class Target:
    """``rows`` (K,), growing, of the controls that a shape moves, and ``moves`` (K, 3), metres at weight one."""

    rows: NDArray[np.int64]
    moves: NDArray[np.float64]

    def dense(self, count: int) -> NDArray[np.float64]:
        """(``count``, 3), zero where nothing moves."""
        result = np.zeros((count, 3))
        result[self.rows] = self.moves
        return result


@dataclass(frozen=True, eq=False)
class ShapeTargets:
    """Over C controls.

    Attributes:
        targets: by the shapes' names; what the jaw's turn does is not in them.
        looks: by name the turn (3,) of the eyeball of the side that the name ends in, axis-angle, radians.
        bites: by name how the lower teeth move, of shapes that move them without the jaw's own turn.
        jaw: the lower jaw.
    """

    targets: Mapping[str, Target]
    looks: Mapping[str, NDArray[np.float64]]
    bites: Mapping[str, Bite]
    jaw: Jaw

    @property
    def count(self) -> int:
        """C."""
        return len(next(iter(self.jaw.weights.values())))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """``names`` are the bytes of all names with line breaks between them; ``moved`` (S, C / 8) a bit for each
        control, ``moves`` (K, 3) int16 one shape's after the other's, in units of ``steps`` (S,) metres."""
        moved = np.zeros((len(self.targets), self.count), np.bool_)
        moves: list[NDArray[np.int16]] = []
        steps = np.zeros(len(self.targets), np.float32)
        for row, target in enumerate(self.targets.values()):
            moved[row, target.rows] = True
            steps[row] = max(float(np.abs(target.moves).max(initial=0.0)), 1e-9) / STEPS
            moves.append(np.rint(target.moves / np.float64(steps[row])).astype(np.int16))
        looks = [self.looks.get(name, np.zeros(3)) for name in self.targets]
        still = Bite(np.zeros(3), np.zeros(3))
        bites = [(*each.turn, *each.shift) for each in (self.bites.get(name, still) for name in self.targets)]
        return {
            "names": np.frombuffer("\n".join(self.targets).encode(), np.uint8).copy(),
            "moved": np.packbits(moved, axis=1),
            "moves": np.concatenate([np.zeros((0, 3), np.int16), *moves]),
            "steps": steps,
            "looks": np.asarray(looks, np.float32),
            "bites": np.asarray(bites, np.float32),
        } | named("jaw", self.jaw.to_arrays())

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> ShapeTargets:
        """Raises ``KeyError`` for an array that is missing, ``ValueError`` for arrays that do not fit each other."""
        names = arrays["names"].tobytes().decode().split("\n")
        jaw, looks = Jaw.from_arrays(below(arrays, "jaw")), arrays["looks"].astype(np.float64)
        count, bites = len(next(iter(jaw.weights.values()))), arrays["bites"].astype(np.float64)
        moved = np.unpackbits(arrays["moved"], axis=1, count=count).astype(np.bool_)
        counts = moved.sum(axis=1)
        sizes = {len(each) for each in (names, moved, arrays["steps"], looks, bites)}
        if len(sizes) > 1 or counts.sum() != len(arrays["moves"]):
            raise ValueError(f"{len(names)} shapes, whose displacements do not fit their bits")
        parts = np.split(arrays["moves"].astype(np.float64), np.cumsum(counts)[:-1])
        steps = arrays["steps"].astype(np.float64)
        return cls(
            targets={
                name: Target(np.flatnonzero(bits), part * step)
                for name, bits, part, step in zip(names, moved, parts, steps, strict=True)
            },
            looks={name: turn for name, turn in zip(names, looks, strict=True) if turn.any()},
            bites={name: Bite(row[:3], row[3:]) for name, row in zip(names, bites, strict=True) if row.any()},
            jaw=jaw,
        )
