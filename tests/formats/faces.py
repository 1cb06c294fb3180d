# SPDX-License-Identifier: Apache-2.0
"""The hand-made avatar of parts with shapes of a face: one that moves little, one that moves all, one that rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from portrait_core.avatar import Avatar, Level
from portrait_core.geometry.morphs import Morph
from tests.formats.characters import character

NAMES = ("jawOpen", "eyeBlinkLeft", "viseme_sil")


def shaped(level: Level, *, turns: bool = False) -> Level:
    """``jawOpen`` moves three vertices of the skin, ``eyeBlinkLeft`` all of everything, ``viseme_sil`` nothing."""
    draw = np.random.default_rng(3)
    rows = {"jawOpen": [0, 2, 3], "eyeBlinkLeft": list(range(len(level.vertices))), "viseme_sil": []}
    morphs: list[Morph] = []
    for name in NAMES:
        moves = draw.normal(scale=0.01, size=(len(rows[name]), 3)).astype(np.float32)
        own = np.zeros_like(moves)
        own[::2] = draw.normal(scale=0.5, size=own[::2].shape)
        morphs.append(Morph(name, np.array(rows[name], np.int32), moves, own if turns else None))
    return replace(level, morphs=tuple(morphs))


def faced(levels: int = 1, *, turns: bool = False, expression: Mapping[str, float] | None = None) -> Avatar:
    """:func:`tests.formats.characters.character` with those shapes on every level."""
    avatar = character(levels)
    own = tuple(shaped(level, turns=turns) for level in avatar.levels)
    return replace(avatar, levels=own, expression=expression or {})
