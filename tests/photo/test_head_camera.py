# SPDX-License-Identifier: Apache-2.0
"""How a head stands in a photograph, found again from where its landmarks are seen."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.photo.bust_geometry import View, posed, seen
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.head_camera import HeadCamera, begin_camera, fit_camera

METRES = 0.34


@pytest.mark.parametrize(
    "view", [View(), View(0.3, 0.1, 0.05, (0.1, -0.2, 0.05)), View(-0.6, -0.1, -0.2, (0.0, 0.3, 0.0))]
)
def test_a_head_is_seen_as_the_bust_that_carries_it(view: View) -> None:
    face = bust_places().face
    turned = posed(face, np.ones(len(face), bool), np.asarray(view.head))
    camera = begin_camera(view, face.mean(axis=0), METRES)
    # The same up to place and size, and to a little perspective: the camera of a bust looks at its pivot, below. A turn
    # the wrong way round would make a fifth.
    wanted, found = (each - each.mean(axis=0) for each in (seen(turned, view), camera.project(face)[:, :2]))
    size = np.linalg.norm(found) / np.linalg.norm(wanted)
    assert np.abs(found / size - wanted).max() < 0.05 * np.abs(wanted).max()


def test_the_camera_is_found_again() -> None:
    face = bust_places().face
    true = begin_camera(
        View(0.35, -0.1, 0.1, (0.1, 0.1, 0.0)), face.mean(axis=0) + np.array([0.01, -0.02, 0.0]), METRES
    )
    begin = begin_camera(View(0.1, 0.0, 0.0), face.mean(axis=0), 1.2 * METRES)
    begin = HeadCamera(begin.centre, begin.axes, true.focal)
    rng = np.random.RandomState(2)
    points = true.project(face)[:, :2] + rng.normal(0, 0.002, (len(face), 2))
    points[::40] += 0.2  # a few are wrong
    found = fit_camera(begin, face, points, np.ones(len(face)))
    assert np.allclose(found.turn, true.turn, atol=0.02)
    assert np.abs(found.project(face)[:, :2] - true.project(face)[:, :2]).max() < 0.004


def test_shifts_in_the_picture_are_lifted_to_where_they_belong() -> None:
    face = bust_places().face
    camera = begin_camera(View(0.2, 0.1, 0.05), face.mean(axis=0), METRES)
    before = camera.project(face)
    shifts = np.tile((0.01, -0.02), (len(face), 1))
    after = camera.project(face + camera.lifted(shifts, before[:, 2]))
    assert np.allclose(after[:, :2] - before[:, :2], shifts, atol=1e-9)
    assert np.allclose(after[:, 2], before[:, 2])
