# SPDX-License-Identifier: Apache-2.0
"""Roots of the scalp are told by their distance from the border of the hair that lies on it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.parts.scalp import ROOT_REACH
from portrait_core.training.parts_template.hair_roots import scalp_roots

SIDE, STEPS = 0.08, 8


def _ground() -> tuple[NDArray[Any], NDArray[Any]]:
    """A level square of skin, far over the hairline."""
    x, z = np.meshgrid(np.linspace(-SIDE / 2, SIDE / 2, STEPS + 1), np.linspace(-SIDE / 2, SIDE / 2, STEPS + 1))
    number = np.arange(x.size).reshape(x.shape)
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], -1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return np.stack([x.ravel(), np.full(x.size, 0.11), z.ravel()], 1), triangles.astype(np.int32)


def _roots(
    *, opaque: bool = True, ears: float = 0.0, lower: float = 0.0, fringe: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x of the skin's vertices and their roots, with hair 3 mm over where x > 0."""
    skin, triangles = _ground()
    skin[:, 1] -= lower
    up = np.tile([0.0, 1.0, 0.0], (len(skin), 1))
    mannequin = SimpleNamespace(
        places=skin, eyes=np.zeros(3), normals=up, head_triangles=triangles, ears=np.full(len(skin), ears)
    )
    high = 0.113 - lower
    hair = np.array([[0, high, -1], [0, high, 1], [1, high, 1], [1, high, -1]], float)
    faces, corner = np.array([[0, 1, 2], [0, 2, 3]]), np.full((2, 3, 2), 0.5)
    alpha = np.full((4, 4), 255 if opaque else 0, np.uint8)
    return skin[:, 0], scalp_roots(hair, faces, corner, alpha, cast("Any", mannequin), fringe=fringe)


def test_roots_are_a_half_at_the_border_and_grow_with_the_distance_from_it() -> None:
    x, roots = _roots()
    assert roots == pytest.approx(np.clip(0.5 + 0.5 * x / ROOT_REACH, 0, 1), abs=0.08)


def test_hair_that_is_not_there_and_ears_have_no_roots() -> None:
    assert _roots(opaque=False)[1].max() == 0
    assert _roots(ears=1.0)[1].max() == 0


def test_a_fringe_has_no_roots_on_the_forehead() -> None:
    """The ground lies a centimetre under the hairline, all of it ahead."""
    assert _roots(lower=0.055)[1].max() > 0.9
    assert _roots(lower=0.055, fringe=True)[1].max() == 0
