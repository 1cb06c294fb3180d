# SPDX-License-Identifier: Apache-2.0
"""Hair beneath hair is left out, unless what lies over it has holes."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.training.parts_template.hidden_hair import seen_quads
from portrait_core.training.parts_template.worn import halves

BOX = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float) * 0.05
SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


@pytest.mark.parametrize("cover", [255, 0])
def test_a_box_within_a_box_is_seen_only_through_holes(cover: int) -> None:
    places = np.concatenate([BOX, 0.5 * BOX])
    quads = np.concatenate([SIDES, SIDES + 8])
    uvs = np.where(np.arange(12)[:, None] < 6, [0.25, 0.5], [0.75, 0.5])  # the outer box has the left of the texture
    corner_uvs = np.repeat(uvs, 2, axis=0)[:, None].repeat(3, axis=1)
    alpha = np.full((8, 8), 255, np.uint8)
    alpha[:, :4] = cover
    head = 0.1 * BOX, halves(SIDES)
    seen = seen_quads(places, quads, corner_uvs, alpha, head)
    assert seen[:6].all()
    assert seen[6:].all() if cover == 0 else not seen[6:].any()
