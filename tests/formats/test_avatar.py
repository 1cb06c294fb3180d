# SPDX-License-Identifier: Apache-2.0
"""An avatar whose parts do not fit cannot be made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from portrait_core.rig import Skin
from tests.formats.busts import bust_avatar


def broken() -> list[tuple[str, dict[str, Any]]]:
    avatar = bust_avatar()
    holed = avatar.main.vertices.copy()
    holed[3, 1] = np.nan
    far = avatar.main.faces.copy()
    far[0, 0] = len(avatar.main.vertices)
    parents = avatar.parents.copy()
    parents[1] = -1
    count = len(avatar.main.vertices)
    many = Skin(np.full((count, 4), 24, np.uint16), avatar.main.skin.weights)
    heavy = Skin(avatar.main.skin.joints, avatar.main.skin.weights * np.float32(1.1))
    nowhere = Skin(avatar.main.skin.joints, avatar.main.skin.weights * np.float32(np.nan))
    return [
        ("name", {"name": ""}),
        ("not finite", {"vertices": holed}),
        ("shape", {"vertices": avatar.main.vertices[1:]}),
        ("length 1", {"normals": avatar.main.normals * 2}),
        ("outside", {"faces": far}),
        ("no faces", {"faces": avatar.main.faces[:0]}),
        ("base_colour", {"base_colour": avatar.main.maps.base_colour.astype(np.float32)}),
        ("thumbnail", {"thumbnail": avatar.main.maps.base_colour[:, :, 0]}),
        ("root", {"parents": parents}),
        ("unique", {"joint_names": ("head",) * 24}),
        ("joints of shape", {"joints": avatar.joints[1:]}),
        ("names joint 24", {"skin": many}),
        ("sum to 1", {"skin": heavy}),
        ("sum to 1", {"skin": nowhere}),
        ("'tail'", {"pose": {"tail": (0.0, 0.0, 0.0)}}),
        ("finite radians", {"pose": {"head": (0.0, float("inf"), 0.0)}}),
    ]


@pytest.mark.parametrize("number", range(16))
def test_what_does_not_fit_is_named(number: int) -> None:
    message, change = broken()[number]
    avatar = bust_avatar()
    of_maps, of_level = {"base_colour"}, {"vertices", "normals", "faces", "skin"}
    with pytest.raises(ValueError, match=message):
        if of_maps & change.keys():
            change = {"levels": (replace(avatar.main, maps=replace(avatar.main.maps, **change)),)}
        elif of_level & change.keys():
            change = {"levels": (replace(avatar.main, **change),)}
        replace(avatar, **change)
