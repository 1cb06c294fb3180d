# SPDX-License-Identifier: Apache-2.0
"""An avatar whose parts do not fit cannot be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from portrait_core.avatar import Avatar, Level, Maps
from tests.formats.busts import bust_avatar


def vertices(change: Callable[[Level], dict[str, Any]]) -> Callable[[Avatar], Level]:
    """The finest level with other arrays of its vertices."""
    return lambda avatar: avatar.main.with_(**change(avatar.main))


def faces(change: Callable[[Level], np.ndarray]) -> Callable[[Avatar], Level]:
    return lambda avatar: replace(avatar.main, faces=change(avatar.main))


def changed(array: np.ndarray, place: object, value: object) -> np.ndarray:
    other = array.copy()
    other[place] = value
    return other


LEVELS: dict[str, tuple[str, Callable[[Avatar], object]]] = {
    "holed": ("not finite", vertices(lambda level: {"vertices": changed(level.vertices, (3, 1), np.nan)})),
    "fewer": ("shape", vertices(lambda level: {"vertices": level.vertices[1:]})),
    "none": ("lack uvs, weights", vertices(lambda level: {"uvs": None, "weights": None})),
    "long": ("normals must have length 1", vertices(lambda level: {"normals": level.normals * 2})),
    "unknown": ("no freckles; there are vertices", vertices(lambda level: {"freckles": level.normals})),
    "far": ("outside", faces(lambda level: changed(level.faces, (0, 0), len(level.vertices)))),
    "bare": ("no faces", faces(lambda level: level.faces[:0])),
    "joint": ("names joint 24", vertices(lambda level: {"joints": np.full_like(level.skin.joints, 24)})),
    "heavy": ("sum to 1", vertices(lambda level: {"weights": level.skin.weights * np.float32(1.1)})),
    "light": (">= 0", vertices(lambda level: {"weights": changed(level.skin.weights, 0, (1.5, -0.5, 0, 0))})),
    "nowhere": ("weights holds", vertices(lambda level: {"weights": level.skin.weights * np.float32(np.nan)})),
    "floats": ("base_colour", lambda avatar: Maps(base_colour=avatar.main.maps.base_colour.astype(np.float32))),  # pyright: ignore[reportArgumentType]
    "no maps": ("lack base_colour", lambda avatar: Maps()),
    "glitter": ("no map glitter; there are base_colour", lambda avatar: Maps(glitter=avatar.main.maps.base_colour)),
    "flat": ("orm must be an", lambda avatar: avatar.main.maps.with_(orm=avatar.main.maps.base_colour[:, :, :2])),
}
AVATARS: dict[str, tuple[str, Callable[[Avatar], dict[str, Any]]]] = {
    "name": ("name", lambda avatar: {"name": ""}),
    "thumbnail": ("thumbnail", lambda avatar: {"thumbnail": avatar.main.maps.base_colour[:, :, 0]}),
    "root": ("root", lambda avatar: {"parents": changed(avatar.parents, 1, -1)}),
    "names": ("unique", lambda avatar: {"joint_names": ("head",) * 24}),
    "joints": ("joints of shape", lambda avatar: {"joints": avatar.joints[1:]}),
    "tail": ("'tail'", lambda avatar: {"pose": {"tail": (0.0, 0.0, 0.0)}}),
    "pose": ("finite radians", lambda avatar: {"pose": {"head": (0.0, float("inf"), 0.0)}}),
}


@pytest.mark.parametrize("name", LEVELS)
def test_what_does_not_fit_in_a_level_is_named(name: str) -> None:
    message, change = LEVELS[name]
    avatar = bust_avatar()
    with pytest.raises(ValueError, match=message):
        level = change(avatar)
        assert isinstance(level, Level)
        replace(avatar, levels=(level,))


@pytest.mark.parametrize("name", AVATARS)
def test_what_does_not_fit_in_an_avatar_is_named(name: str) -> None:
    message, change = AVATARS[name]
    with pytest.raises(ValueError, match=message):
        replace(bust_avatar(), **change(bust_avatar()))
