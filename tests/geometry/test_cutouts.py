# SPDX-License-Identifier: Apache-2.0
"""What a mask cuts out of a mesh throws no shadow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.cutouts import cut_out

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
UVS = SQUARE[:, :2].copy()


def _area(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_what_is_covered_everywhere_stays_as_it_is_and_what_is_clear_goes() -> None:
    vertices, faces = cut_out(SQUARE, FACES, UVS, lambda at: np.ones(len(at), np.float32))
    assert np.array_equal(vertices, SQUARE) and np.array_equal(faces, FACES)
    assert len(cut_out(SQUARE, FACES, UVS, lambda at: np.zeros(len(at), np.float32))[1]) == 0


def test_a_half_covered_card_keeps_its_covered_half() -> None:
    vertices, faces = cut_out(SQUARE, FACES, UVS, lambda at: (at[:, 0] < 0.5).astype(np.float32))
    assert abs(_area(vertices, faces) - 0.5) < 0.03
    assert vertices[faces][..., 0].max() < 0.5 + 1 / 6
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()
