# SPDX-License-Identifier: Apache-2.0
"""Catmull-Clark: rows sum to one, a cube goes to its known limit, borders stay borders."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.geometry.subdivision import catmull_clark, quads_to_triangles

CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
CUBE = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])


def grid(side: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    axis = np.arange(side + 1.0)
    vertices = np.stack(np.meshgrid(axis, axis, [0.0], indexing="ij"), -1).reshape(-1, 3)
    at = np.arange((side + 1) ** 2).reshape(side + 1, side + 1)
    return vertices, np.stack([at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]], -1).reshape(-1, 4)


def no_uvs(quads: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.zeros((len(quads), 4, 2))


@pytest.mark.parametrize("closed", [True, False])
def test_rows_are_a_partition_of_one(closed: bool):
    vertices, quads = (CORNERS, CUBE) if closed else grid(3)
    fine = catmull_clark(quads, len(vertices), no_uvs(quads))
    np.testing.assert_allclose(np.asarray(fine.matrix.sum(axis=1)).ravel(), 1.0, atol=1e-12)
    assert fine.matrix.data.min() >= 0
    assert fine.quads.shape == (4 * len(quads), 4)
    assert np.array_equal(np.unique(fine.quads), np.arange(fine.matrix.shape[0]))


def test_one_step_of_a_cube_by_hand():
    fine = catmull_clark(CUBE, 8, no_uvs(CUBE))
    vertices = fine.matrix @ CORNERS
    assert len(vertices) == 8 + 12 + 6
    np.testing.assert_allclose(vertices[:8], CORNERS * 5 / 9)  # (F + 2 R) / 3 with F = 1/3, R = 2/3
    np.testing.assert_allclose(np.sort(np.abs(vertices[8:20]), axis=1), [[0, 0.75, 0.75]] * 12)
    np.testing.assert_allclose(np.sort(np.abs(vertices[20:]), axis=1), [[0, 0, 1]] * 6)


def test_a_cube_goes_to_the_limit_surface():
    """Halstead et al. 1993: a corner of three faces goes to (9 P + 4 sum of edge ends + sum of diagonals) / 24."""
    vertices, quads = CORNERS, CUBE
    for _ in range(5):
        fine = catmull_clark(quads, len(vertices), no_uvs(quads))
        vertices, quads = fine.matrix @ vertices, fine.quads
    np.testing.assert_allclose(vertices[:8], CORNERS * 0.5, atol=2e-3)
    corner = vertices[quads_to_triangles(quads)]
    volume = np.linalg.det(corner).sum() / 6
    assert 1.0 < volume < 8 * (5 / 9)  # closed, and all triangles still face outwards


def test_borders_bend_only_along_themselves():
    vertices, quads = grid(3)
    bent = vertices + np.array([0, 0, 1.0]) * ((vertices[:, :2] > 0.5) & (vertices[:, :2] < 2.5)).all(1)[:, None]
    fine = catmull_clark(quads, len(vertices), no_uvs(quads))
    new = fine.matrix @ bent
    # The raised middle must not lift the border; its straight sides stay straight, only the corners are cut.
    middle_of_side = 1  # vertex (0, 1): its border neighbours are (0, 0) and (0, 2)
    np.testing.assert_allclose(new[middle_of_side], vertices[middle_of_side])
    np.testing.assert_allclose(new[0], [0.125, 0.125, 0])
    edges = new[len(vertices) : len(new) - len(quads)]
    at_side = edges[(edges[:, 0] == 0) | (edges[:, 1] == 0)]
    assert len(at_side) == 6
    np.testing.assert_allclose(at_side[:, 2], 0)
    assert new[5][2] > 0.3  # the inside does follow


def test_vertices_without_a_quad_stay():
    vertices = np.vstack([CORNERS, [[5.0, 6.0, 7.0]]])
    fine = catmull_clark(CUBE, 9, no_uvs(CUBE))
    np.testing.assert_allclose((fine.matrix @ vertices)[8], [5, 6, 7])


def test_texture_coordinates_are_split_linearly():
    uvs = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], float)
    fine = catmull_clark(np.array([[0, 1, 2, 3]]), 4, uvs)
    np.testing.assert_allclose(fine.corner_uvs[0], [[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]])
    np.testing.assert_allclose(fine.corner_uvs[2], [[1, 1], [0.5, 1], [0.5, 0.5], [1, 0.5]])
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    inner = fine.matrix @ square
    np.testing.assert_allclose(inner[fine.quads[:, 2], :2], fine.corner_uvs[:, 2])


def test_quads_to_triangles():
    assert quads_to_triangles(np.array([[0, 1, 2, 3], [4, 5, 6, 7]])).tolist() == [
        [0, 1, 2], [4, 5, 6], [0, 2, 3], [4, 6, 7],
    ]  # fmt: skip
