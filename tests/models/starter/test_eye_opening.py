# SPDX-License-Identifier: Apache-2.0
"""The border of the eyes' colour is where a template's lids end."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.models.starter.eye_opening import RADIUS, RIM, beyond_opening, eye_opening, lashes, opening_logit

EYE = np.array([0.03, 0.14, 0.11], np.float32)
HALF_WIDE, HALF_HIGH = 0.7, 0.35
"""Radians of the opening that the lids below leave."""


def sphere(radius: float, steps: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Front of a sphere around the eye over equal angles from +z."""
    axis = np.linspace(-1.4, 1.4, steps)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    angle, turn = np.hypot(x, y), np.arctan2(y, x)
    way = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], -1).reshape(-1, 3)
    first = (np.arange(steps - 1)[:, None] * steps + np.arange(steps - 1)).ravel()
    quads = np.stack([first, first + 1, first + steps + 1, first + steps], 1)
    return EYE + way * radius, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def head() -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A ball, and lids over it that reach away from the eye, with an oval opening."""
    ball, faces = sphere(0.0140, 60)
    lids, more = sphere(0.0145, 400)
    centre = (lids - EYE)[more].mean(axis=1)
    angle = np.arccos(centre[:, 2] / np.linalg.norm(centre, axis=1))
    turn = np.arctan2(centre[:, 1], centre[:, 0])
    x, y = angle * np.cos(turn), angle * np.sin(turn)
    more = more[(x / HALF_WIDE) ** 2 + (y / HALF_HIGH) ** 2 > 1]
    far = np.array([[0.1, 0.14, 0.11]])
    count = len(ball) + len(lids)
    tied = np.array([[count, len(ball) + more[0, 0], len(ball) + more[0, 1]]])
    parts = [faces, more + len(ball), tied]
    return np.concatenate([ball, lids, far]).astype(np.float32), np.concatenate(parts).astype(np.int32)


def directions(x: NDArray[np.float64], y: NDArray[np.float64]) -> torch.Tensor:
    angle, turn = np.hypot(x, y), np.arctan2(y, x)
    way = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], 1)
    return torch.as_tensor(way.astype(np.float32))


def test_the_border_is_where_the_lids_end() -> None:
    found = eye_opening(*head(), EYE)
    assert found is not None
    opening = torch.as_tensor(found)
    zero = np.zeros(3)
    # Along both axes the way to the border is known.
    for half, at in ((HALF_HIGH, (0, 1)), (-HALF_HIGH, (0, 1)), (HALF_WIDE, (1, 0)), (-HALF_WIDE, (1, 0))):
        away = np.array([-0.1, 0.02, 0.1]) * np.sign(half)
        steps = (half + away) * at[0], (half + away) * at[1]
        beyond = beyond_opening(opening, directions(steps[0] + zero, steps[1] + zero)) - RIM
        wanted = torch.as_tensor((away * np.sign(half) * RADIUS).astype(np.float32))
        torch.testing.assert_close(beyond, wanted, atol=3e-4, rtol=0)


def test_the_eye_is_within_and_lashes_are_without() -> None:
    found = eye_opening(*head(), EYE)
    assert found is not None
    way = directions(np.array([0.0, 0.0, 0.0]), np.array([0.0, HALF_HIGH + 0.01, HALF_HIGH + 0.4]))
    beyond = beyond_opening(torch.as_tensor(found), way)
    logit, dark = opening_logit(beyond), lashes(beyond, way)
    assert logit[0] > 5
    assert logit[1] < 0
    assert logit[2] < -5
    assert dark[1] > 0.3
    assert dark[2] < 0.01
    below = directions(np.zeros(1), np.array([-HALF_HIGH - 0.01]))
    assert lashes(beyond_opening(torch.as_tensor(found), below), below)[0] < dark[1]


def test_a_template_without_eyes_has_no_opening() -> None:
    vertices, triangles = head()
    away = vertices + np.float32(0.5)
    assert eye_opening(away, triangles, EYE) is None
