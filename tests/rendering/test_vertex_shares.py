# SPDX-License-Identifier: Apache-2.0
"""Which triangles have shadows of their own between their corners."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.rendering.lighting import lamp_directions
from portrait_core.rendering.vertex_shares import LitMesh, VertexShares

CELLS = 12
SIDE = 0.24


def plane() -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A square across the front view, of triangles as long as a chest's."""
    at = np.linspace(-SIDE / 2, SIDE / 2, CELLS + 1)
    x, y = np.meshgrid(at, at)
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1).astype(np.float32)
    first = (np.arange(CELLS)[:, None] * (CELLS + 1) + np.arange(CELLS)).ravel()
    a, b, c, d = first, first + 1, first + CELLS + 2, first + CELLS + 1
    return vertices, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def looked_at_closer(cover: NDArray[np.float32]) -> tuple[int, float]:
    """How many of the plane's triangles have places of their own under half a plane that lies over it by ``cover``
    (3,) metres, and the largest difference of the key's light between the corners of one."""
    vertices, faces = plane()
    half = vertices[:, 0] >= -1e-6
    over = faces[half[faces].all(axis=1)] + len(vertices)
    solid = MeshQueries(np.concatenate([vertices, vertices + cover]), np.concatenate([faces, over]).astype(np.int32))
    normals = np.tile(np.array([[0, 0, 1]], np.float32), (len(vertices), 1))
    shares = VertexShares(LitMesh(vertices, normals, faces, solid), Camera.orbit(0.0, 0.0).cam2world)
    count = len(faces)
    hits = Hits(np.arange(count, dtype=np.int32), np.full((count, 3), 1 / 3, np.float32), np.ones(count, np.float32))
    line, fine = shares.of(hits, np.ones(count, bool))
    key = shares.table[:, 4][faces]
    assert (line >= 0).sum() == len(fine)
    return len(fine), float((key.max(axis=1) - key.min(axis=1)).max())


def test_skin_at_the_border_of_cloth_has_shadows_between_its_corners() -> None:
    count, apart = looked_at_closer(np.array([0, 0, 0.003], np.float32))
    assert CELLS <= count <= len(plane()[1]) / 2
    assert apart > 0.5


def test_the_soft_border_of_a_shadow_from_far_is_blended_between_corners() -> None:
    key = lamp_directions(Camera.orbit(0.0, 0.0).cam2world)[0]
    count, apart = looked_at_closer((0.36 * key / key[2]).astype(np.float32))
    assert apart > 0.1  # there is a border, and it goes over several triangles
    assert count == 0


@pytest.mark.parametrize("height", [0.002, 0.004])
def test_places_of_their_own_see_what_a_vertex_there_would(height: float) -> None:
    """The middle of a triangle, against a vertex put there."""
    vertices, faces = plane()
    cover = vertices[:, 0] >= -1e-6
    over = faces[cover[faces].all(axis=1)] + len(vertices)
    solid = MeshQueries(
        np.concatenate([vertices, vertices + np.array([0, 0, height], np.float32)]),
        np.concatenate([faces, over]).astype(np.int32),
    )
    cam2world = Camera.orbit(0.0, 0.0).cam2world
    middle = vertices[faces].mean(axis=1).astype(np.float32)
    up = np.array([[0, 0, 1]], np.float32)
    lit = LitMesh(vertices, np.tile(up, (len(vertices), 1)), faces, solid)
    there = LitMesh(middle, np.tile(up, (len(middle), 1)), np.zeros((0, 3), np.int32), solid)
    own = lit.shares(middle, np.tile(up, (len(middle), 1)), cam2world)
    index = np.arange(len(middle))
    np.testing.assert_array_equal(own[:, 0], there.room(index))
    np.testing.assert_array_equal(own[:, 1], there.lamps(index, cam2world)[:, 0])
