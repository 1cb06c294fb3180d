# SPDX-License-Identifier: Apache-2.0
"""The scan-line rasteriser against asking every texel about every triangle."""

from __future__ import annotations

import numpy as np
import pytest

from textures import cover_texels
from textures.raster import OVER


def obvious(faces: np.ndarray, uvs: np.ndarray, size: int) -> np.ndarray:
    """(size, size, F) smallest barycentric weight of each texel centre in each triangle."""
    column, row = np.meshgrid(np.arange(size), np.arange(size))
    u, v = (column + 0.5) / size, 1.0 - (row + 0.5) / size
    inside = np.empty((size, size, len(faces)))
    for index, face in enumerate(faces):
        matrix = np.vstack([uvs[face].astype(float).T, np.ones(3)])
        weights = np.linalg.solve(matrix, np.stack([u.ravel(), v.ravel(), np.ones(size * size)]))
        inside[:, :, index] = weights.min(axis=0).reshape(size, size)
    return inside


@pytest.mark.parametrize("seed", range(5))
def test_texels_and_weights_equal_the_obvious_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 24
    uvs = rng.uniform(-0.1, 1.1, (18, 2)).astype(np.float32)  # some reach over the border
    faces = np.arange(18, dtype=np.int32).reshape(6, 3)
    inside = obvious(faces, uvs, size)
    texels = cover_texels(faces, uvs, size)
    mask = np.zeros((size, size), bool)
    mask[texels.row, texels.column] = True
    assert mask.sum() == len(texels.row)
    assert mask[(inside > 1e-3).any(axis=2)].all()
    assert not mask[(inside < -1e-2).all(axis=2)].any()
    np.testing.assert_allclose(texels.weights.sum(axis=1), 1.0, atol=1e-6)
    at = texels.interpolate(faces, uvs)
    centre = np.stack([(texels.column + 0.5) / size, 1.0 - (texels.row + 0.5) / size], axis=1)
    np.testing.assert_allclose(at, centre, atol=1e-3)


def test_a_tiled_square_is_covered_without_gaps_and_either_orientation_counts() -> None:
    side = np.linspace(0, 1, 8, dtype=np.float32)
    uvs = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    uvs[9:-9] += np.random.default_rng(1).uniform(-0.02, 0.02, uvs[9:-9].shape).astype(np.float32)
    a = np.arange(64).reshape(8, 8)
    quads = np.stack([a[:-1, :-1], a[:-1, 1:], a[1:, 1:], a[1:, :-1]], axis=-1).reshape(-1, 4)
    faces = np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 3, 2]]]).astype(np.int32)  # the second half runs clockwise
    texels = cover_texels(faces, uvs, 61)
    inner = (texels.row > 3) & (texels.row < 57) & (texels.column > 3) & (texels.column < 57)
    assert inner.sum() == 53 * 53


def test_triangles_without_area_cover_nothing_harmful() -> None:
    uvs = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], np.float32)
    texels = cover_texels(np.array([[0, 1, 2]], np.int32), uvs, 8)
    assert np.isfinite(texels.weights).all() and len(texels.row) <= 1


def test_of_triangles_that_lie_over_each_other_many_times_the_last_is_seen() -> None:
    rng = np.random.default_rng(4)
    size = 32
    uvs = rng.uniform(0, 1, (900, 2)).astype(np.float32)
    faces = np.arange(900, dtype=np.int32).reshape(300, 3)
    inside = obvious(faces, uvs, size)
    texels = cover_texels(faces, uvs, size)
    boxes = np.ptp(uvs[faces], axis=1).prod(axis=1).sum()
    assert boxes > 3 * OVER  # several rounds
    sure = (np.abs(inside) > 2e-3).all(axis=2)[texels.row, texels.column]
    last = 299 - (inside > 0)[texels.row, texels.column][:, ::-1].argmax(axis=1)
    assert sure.sum() > 300
    assert (texels.face == last)[sure].all()
