# SPDX-License-Identifier: Apache-2.0
"""Cameras and heads from landmarks: the geometry against the house's cameras, the search against a library's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from portrait_core.cameras import Camera
from portrait_core.photo import bust_fit
from portrait_core.photo.bust_fit import Known, fit_bust, landmarks_for
from portrait_core.photo.bust_geometry import HEAD_JOINT, View, camera_axes, head_rotation, posed, seen
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.crop import Square
from tests.photo.busts import person_of

VIEWS = [
    View(),
    View(0.7, 0.1, 0.05, (0.1, -0.2, 0.05)),
    View(-1.2, -0.2, -0.1, (-0.1, 0.3, 0.1)),
    View(3.0, 0.15, 0.0, (0.0, 0.2, 0.0)),
]
SQUARE = Square((180.0, 140.0), 220.0)


@pytest.mark.parametrize("view", VIEWS)
def test_the_camera_is_the_published_one_rolled(view: View) -> None:
    centre, axes = camera_axes(view.yaw, view.pitch, view.roll)
    camera = view.camera
    assert np.allclose(camera.cam2world[:3, :3], axes, atol=1e-6)
    assert np.allclose(camera.centre, centre, atol=1e-5)
    level = Camera.orbit(view.yaw, view.pitch)
    assert np.allclose(camera.cam2world[:3, 2:], level.cam2world[:3, 2:])
    turn = level.cam2world[:3, :3].T @ camera.cam2world[:3, :3]
    assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(view.roll, abs=1e-6)


@pytest.mark.parametrize("view", VIEWS)
def test_places_are_seen_where_the_label_of_the_camera_says(view: View) -> None:
    places = np.random.default_rng(1).normal(scale=0.1, size=(20, 3))
    camera = view.camera
    for place, found in zip(places, seen(places, view), strict=True):
        x, y, z = np.linalg.inv(camera.cam2world.astype(np.float64))[:3] @ np.append(place, 1.0)
        u, v, w = camera.intrinsics.astype(np.float64) @ [x, y, z]
        assert np.allclose(found, [u / w, v / w], atol=1e-5)


def test_the_head_turns_on_neck_and_head_alike() -> None:
    head = np.array([0.2, -0.5, 0.1])
    half = Rotation.from_rotvec(head / 2)
    places = np.random.default_rng(2).normal(size=(6, 3))
    moved = posed(places, np.array([True] * 3 + [False] * 3), head)
    for place, found in zip(places[:3], moved[:3], strict=True):
        assert np.allclose(found, half.apply(half.apply(place - HEAD_JOINT) + HEAD_JOINT))
    assert np.array_equal(moved[3:], places[3:])
    pose = View(head=tuple(head)).pose
    assert np.allclose(head_rotation(np.array([*pose["neck"], *pose["head"]])), head)


def test_the_places_are_those_of_a_bust() -> None:
    bust = bust_places()
    assert bust.face.shape == (468, 3)
    assert bust.body.shape == (13, 3)
    # The subject's left is +x; eyes level, the nose in front, the chin below, shoulders lower and apart.
    right, left, nose, chin = bust.face[[33, 263, 1, 152]]
    assert left[0] > 0.03 > -0.03 > right[0]
    assert abs(left[1] - right[1]) < 0.005
    assert nose[2] > left[2] + 0.02
    assert chin[1] < nose[1] - 0.04
    assert bust.body[11][0] > 0.12
    assert bust.body[12][0] < -0.12
    assert bust.body[11:, 1].max() < -0.04
    assert (bust.face_spread > 0).all()


@pytest.mark.parametrize("view", VIEWS[:3])
def test_a_view_is_found_again(view: View) -> None:
    """With nothing known beforehand but that heads are near the shoulders'; the priors pull a little."""
    person = person_of(view, SQUARE)
    landmarks = landmarks_for(person.face, person.body)
    assert landmarks is not None
    known = Known(np.zeros(9), np.array([1e3, 1e2, 1e2, 1e2, 1e2, 1e2, 1e6, 1e6, 1e3]))
    fit = fit_bust(landmarks, known, (0.0, 0.8, -0.8))
    assert np.allclose(fit.view.numbers, view.numbers, atol=0.01)
    assert np.allclose([*fit.square.middle, fit.square.side], [180, 140, 220], atol=0.5)
    assert fit.cost < 1e-3


def test_the_search_ends_where_a_librarys_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noisy landmarks, plain least squares (nothing doubted): the same numbers as scipy finds."""
    rng = np.random.default_rng(5)
    person = person_of(VIEWS[1], SQUARE)
    assert person.face is not None
    person.face.points[:, :2] += rng.normal(scale=2.0, size=(468, 2))
    landmarks = landmarks_for(person.face, person.body)
    assert landmarks is not None
    monkeypatch.setattr(bust_fit, "ROBUST", 1e6)
    known = Known(
        np.array([0.5, 0, 0, 0, 0, 0, 181.0, 141.0, 5.4]), np.array([0.2, 0.1, 0.1, 0.2, 0.2, 0.2, 9, 9, 0.2])
    )
    found = fit_bust(landmarks, known, (0.5,))
    own = float(np.exp(known.means[8]))
    plain = least_squares(
        lambda numbers: bust_fit._residuals(landmarks, known, numbers, own), known.means, x_scale="jac"
    )
    assert np.allclose(found.numbers, plain.x, rtol=1e-3, atol=1e-3)
    spreads = np.sqrt(np.diag(np.linalg.inv(plain.jac.T @ plain.jac)))
    assert np.allclose(found.spreads, spreads, rtol=0.02)


def test_a_landmark_far_away_is_doubted() -> None:
    person = person_of(VIEWS[1], SQUARE)
    assert person.face is not None
    person.face.points[:40, :2] += 60
    landmarks = landmarks_for(person.face, person.body)
    assert landmarks is not None
    fit = fit_bust(landmarks, Known.nothing(), (0.0, 0.8, -0.8))
    assert np.abs(fit.view.yaw - VIEWS[1].yaw) < 0.12
    assert np.allclose(fit.square.middle, SQUARE.middle, atol=6)


def test_what_is_known_decides_where_landmarks_do_not() -> None:
    person = person_of(View(), SQUARE, faced=False)
    landmarks = landmarks_for(None, person.body)
    assert landmarks is not None
    known = Known(np.array([0.3, 0.1, 0, 0, 0, 0, 180.0, 140.0, np.log(220)]), np.array([1e-3] * 6 + [0.1, 0.1, 1e-3]))
    fit = fit_bust(landmarks, known, (0.3,))
    assert np.allclose(fit.numbers, known.means, atol=0.05)
    assert landmarks_for(None, None) is None
    # The short way round: -3.1 and 3.1 are near each other.
    around = fit_bust(landmarks, Known(np.array([3.1, *known.means[1:]]), known.spreads), (-3.1,))
    assert abs(around.view.yaw) == pytest.approx(3.1, abs=0.05)


def test_mirrored_views_are_mirrored_cameras() -> None:
    view = VIEWS[1]
    mirrored = view.mirrored()
    places = np.random.default_rng(3).normal(scale=0.1, size=(9, 3))
    other = seen(posed(places * [-1, 1, 1], np.ones(9, bool), np.asarray(mirrored.head)), mirrored)
    assert np.allclose(other * [-1, 1] + [1, 0], seen(posed(places, np.ones(9, bool), np.asarray(view.head)), view))
