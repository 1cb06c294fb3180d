# SPDX-License-Identifier: Apache-2.0
"""How much of a UV map lies under several faces, and how much memory counting it takes."""

from __future__ import annotations

import numpy as np
import pytest

import textures.stacked
from textures.raster import Placement
from textures.stacked import SIZE, stacked_share

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.mark.parametrize(("layers", "side"), [(1, SIZE), (7, SIZE), (8, SIZE // 4), (10, SIZE // 4), (40, SIZE // 4)])
def test_many_layers_are_counted_in_a_smaller_image(monkeypatch: pytest.MonkeyPatch, layers: int, side: int) -> None:
    sides: list[int] = []

    def placement(faces: np.ndarray, uvs: np.ndarray, size: int) -> Placement:
        sides.append(size)
        return Placement(faces, uvs, size)

    monkeypatch.setattr(textures.stacked, "Placement", placement)
    assert stacked_share(np.tile(HALVES, (layers, 1)), SQUARE) == pytest.approx(1.0 if layers > 1 else 0.0, abs=0.01)
    assert sides == [side]
