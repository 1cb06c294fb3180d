# SPDX-License-Identifier: Apache-2.0
"""Skin that a shape pushes through what is worn is found, and by how much."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.face_clear import beyond_rest
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.part_mesh import PartMesh


def flat(name: str, z: float, half: float = 0.03, steps: int = 13) -> PartMesh:
    """A square that looks along +z."""
    side = np.linspace(-half, half, steps)
    x, y = np.meshgrid(side, side)
    places = np.stack([x.ravel(), y.ravel(), np.full(x.size, z)], 1).astype(np.float32)
    number = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    count = len(places)
    up, weights = np.eye(3, dtype=np.float32)[[2] * count], np.eye(4, dtype=np.float32)[[0] * count]
    uvs = ((places[:, :2] + half) / (2 * half)).astype(np.float32)
    rows, joints = np.arange(count, dtype=np.int32), np.zeros((count, 4), np.uint8)
    return PartMesh(name, places, rows, faces, np.arange(len(faces), dtype=np.int32), uvs, up, joints, weights, name)


def ahead(mesh: PartMesh, metres: float) -> tuple[Morph, ...]:
    count = len(mesh.vertices)
    return (
        Morph("puff", np.arange(count, dtype=np.int32), np.eye(3, dtype=np.float32)[[2] * count] * np.float32(metres)),
    )


@pytest.mark.parametrize("depth", [0.001, 0.004])
def test_skin_pushed_through_a_garment_is_found(depth: float) -> None:
    skin, cloth = flat("skin", 0.0, half=0.01), flat("garment", 0.002)
    found = beyond_rest(cloth, skin, ((), ahead(skin, 0.002 + depth)), {"puff": 1.0}, None)
    assert found == pytest.approx(depth * 1e3, abs=0.02)


def test_a_garment_that_follows_is_clear() -> None:
    skin, cloth = flat("skin", 0.0, half=0.01), flat("garment", 0.002)
    assert beyond_rest(cloth, skin, (ahead(cloth, 0.006), ahead(skin, 0.006)), {"puff": 1.0}, None) == 0.0


def test_what_is_through_at_rest_does_not_count_and_holes_neither() -> None:
    skin, cloth = flat("skin", 0.003, half=0.01), flat("garment", 0.002)
    assert beyond_rest(cloth, skin, ((), ahead(skin, 0.001)), {"puff": 1.0}, None) == pytest.approx(1.0, abs=0.02)
    assert beyond_rest(cloth, skin, ((), ahead(skin, 0.004)), {"puff": 1.0}, np.zeros((8, 8))) == 0.0
