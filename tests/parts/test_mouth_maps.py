# SPDX-License-Identifier: Apache-2.0
"""Enamel gets light and a little yellow, gums stay red, and each has the texels that its faces have."""

from __future__ import annotations

import numpy as np

from portrait_core.parts.mouth_maps import mouth_colours
from portrait_core.parts.part_mesh import Topology


def square(low: float, high: float) -> Topology:
    """Two triangles over the columns of a texture from ``low`` to ``high``."""
    uvs = np.array([[low, 0], [high, 0], [high, 1], [low, 1]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    skin = np.zeros((4, 4), np.uint8), np.eye(4, dtype=np.float32)[[0] * 4]
    return Topology(np.arange(4, dtype=np.int32), faces, np.zeros(2, np.int32), uvs, *skin, "teeth")


def test_grey_enamel_becomes_light_and_gums_stay_red() -> None:
    picture = np.full((32, 64, 3), 128, np.uint8)
    picture[:, 32:] = (100, 30, 35)
    found = mouth_colours(picture, square(0.0, 0.4), square(0.6, 1.0)).astype(int)
    tooth, gum = found[16, 10], found[16, 55]
    assert tooth.min() > 150 and tooth[0] > tooth[1] > tooth[2]
    assert gum[0] > 100 and gum[0] > 1.8 * gum[1]
    # Between them the nearer one counts: the same grey is no enamel beyond the middle.
    assert tuple(found[16, 28]) == tuple(tooth)


def test_what_is_painted_dark_into_enamel_comes_nearer_to_what_is_light() -> None:
    picture = np.full((8, 8, 3), 180, np.uint8)
    picture[:4] = 60
    found = mouth_colours(picture, square(0.0, 1.0), square(0.0, 0.0)).astype(float)
    assert found[7, 4, 0] > found[0, 4, 0] > 60
    assert found[0, 4, 0] / found[7, 4, 0] > 1.5 * 60 / 180
