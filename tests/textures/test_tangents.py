# SPDX-License-Identifier: Apache-2.0
"""Tangents: analytic cases, and the same as Blender's MikkTSpace.

``tests/data/tangents_blender.npz`` holds, by triangle corner, place, normal, uv and Blender 4.5's tangent with sign
(``mesh.calc_tangents``) of a UV sphere, a torus, and a waved grid whose right half mirrors its left in the texture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from textures.tangents import TangentSpace, tangents

BLENDER = Path(__file__).parents[1] / "data" / "tangents_blender.npz"

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
FORWARD = np.tile(np.array([[0, 0, 1]], np.float32), (4, 1))


def degrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((a * b).sum(axis=1), -1.0, 1.0)))


@pytest.mark.parametrize("turn", [0.0, 0.7, 2.0, -3.0])
def test_a_flat_square_has_the_axes_of_its_texture(turn: float) -> None:
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    found = tangents(SQUARE, FORWARD, (SQUARE[:, :2] @ rotation.T).astype(np.float32), HALVES)
    assert found.tangents[:, :3] == pytest.approx(np.tile([np.cos(turn), -np.sin(turn), 0.0], (4, 1)), abs=1e-6)
    # turned, not mirrored: growing v is cross(normal, tangent)
    assert (found.tangents[:, 3] == 1.0).all()
    assert (found.faces == HALVES).all() and (found.vertex_map == np.arange(4)).all()


def test_a_mirrored_texture_has_the_other_sign() -> None:
    uvs = SQUARE[:, :2] * np.array([-1, 1], np.float32)
    found = tangents(SQUARE, FORWARD, uvs, HALVES).tangents
    assert found == pytest.approx(np.tile([-1.0, 0, 0, -1.0], (4, 1)))
    assert np.cross(FORWARD, found[:, :3]) * found[:, 3:] == pytest.approx(np.tile([0, 1.0, 0], (4, 1)))


def test_where_the_texture_turns_over_the_mesh_is_cut() -> None:
    places = np.array([[-1, 0, 0], [0, 0, 0], [1, 0, 0], [-1, 1, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    faces = np.array([[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]], np.int32)
    uvs = np.stack([np.abs(places[:, 0]), places[:, 1]], axis=1)
    found = tangents(places, np.tile(FORWARD[:1], (6, 1)), uvs, faces)
    assert len(found.vertex_map) == 8 and sorted(found.vertex_map[6:]) == [1, 4]
    assert (found.vertex_map[found.faces] == faces).all()
    assert found.tangents[found.faces[:2].ravel()] == pytest.approx(np.tile([-1.0, 0, 0, -1.0], (6, 1)))
    assert found.tangents[found.faces[2:].ravel()] == pytest.approx(np.tile([1.0, 0, 0, 1.0], (6, 1)))


def test_a_face_without_area_in_the_texture_has_no_say() -> None:
    places = np.concatenate([SQUARE, [[2, 0, 0]]]).astype(np.float32)
    uvs = np.concatenate([SQUARE[:, :2], [[1, 0.5]]]).astype(np.float32)
    uvs[4] = (1.0, 0.5)  # on the edge of the square in the texture
    faces = np.concatenate([HALVES, [[1, 4, 2]]]).astype(np.int32)
    found = tangents(places, np.tile(FORWARD[:1], (5, 1)), uvs, faces)
    assert len(found.vertex_map) == 5
    assert found.tangents[:4] == pytest.approx(np.tile([1.0, 0, 0, 1.0], (4, 1)))
    assert abs(float(np.linalg.norm(found.tangents[4, :3])) - 1.0) < 1e-6


@pytest.mark.parametrize("name", ["sphere", "torus", "mirrored"])
def test_the_same_as_blender(name: str) -> None:
    data = np.load(BLENDER)
    place, normal, uv, expected = (data[f"{name}_{part}"] for part in ("places", "normals", "uvs", "tangents"))
    rows, number = np.unique(np.concatenate([place, normal, uv], axis=1), axis=0, return_inverse=True)
    found = tangents(rows[:, :3], rows[:, 3:6], rows[:, 6:], number.reshape(-1, 3).astype(np.int32))
    corners = found.tangents[found.faces.ravel()]
    assert (found.vertex_map[found.faces].ravel() == number.ravel()).all()
    assert degrees(corners[:, :3].astype(np.float64), expected[:, :3].astype(np.float64)).max() < 0.1
    assert (corners[:, 3] == expected[:, 3]).all()


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="normals"):
        tangents(SQUARE, FORWARD[:3], SQUARE[:, :2], HALVES)
    with pytest.raises(ValueError, match="faces"):
        tangents(SQUARE, FORWARD, SQUARE[:, :2], HALVES + 2)


def test_what_is_known_of_the_texture_serves_all_meshes() -> None:
    random = np.random.default_rng(4)
    size = 9
    k = (np.arange(size - 1)[:, None] * size + np.arange(size - 1)).ravel()
    faces = np.concatenate([np.stack([k, k + 1, k + size + 1], 1), np.stack([k, k + size + 1, k + size], 1)])
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(0, 1, size))
    uvs = np.stack([np.abs(x.ravel()), y.ravel() + 0.01 * x.ravel()], 1).astype(np.float32)  # mirrored halves
    uvs[:3] = uvs[0]  # no area
    faces = faces[random.permutation(len(faces))].astype(np.int32)
    space = TangentSpace.of_texture(uvs, faces)
    for _ in range(3):
        vertices = np.stack([x.ravel(), y.ravel(), 0.2 * random.normal(size=size * size)], 1).astype(np.float32)
        normals = (FORWARD[:1] + 0.2 * random.normal(size=(size * size, 3))).astype(np.float32)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        wanted = tangents(vertices, normals, uvs, faces)
        np.testing.assert_array_equal(space.tangents(vertices, normals), wanted.tangents)
        np.testing.assert_array_equal(space.vertex_map, wanted.vertex_map)
        np.testing.assert_array_equal(space.cut, wanted.faces)
    assert len(space.vertex_map) > size * size
