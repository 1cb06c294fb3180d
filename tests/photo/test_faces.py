# SPDX-License-Identifier: Apache-2.0
"""Faces of avatars, read by networks that never saw one: what they say lies where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.close_ups import camera, part_places
from portrait_core.models.load import load_model
from portrait_core.photo.crop import Picture
from portrait_core.photo.expression_estimate import ESTIMATED, estimate_expression
from portrait_core.photo.face_detector import find_faces
from portrait_core.photo.face_landmarks import MeshNetwork, landmarks_of, read_face, tilt
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import avatar_scene

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("networks")]

SIZE = 384
RIGHT_IRIS, LEFT_IRIS, CHIN, UPPER_LIP, LOWER_LIP = 468, 473, 152, 13, 14


@dataclass(frozen=True)
class Portrait:
    """A picture, and the pixels at which things of it are."""

    picture: Picture
    right_eye: np.ndarray
    left_eye: np.ndarray
    mouth: np.ndarray


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    avatar = make_avatar(
        Recipe.model_validate({"seed": 2, "topology": "parts", "texture_size": 512, "normal_map": False}),
        load_model("starter", "cpu"),
    )
    places = part_places(avatar)
    right, left, teeth = (places[part].mean(axis=0) for part in ("eye_right", "eye_left", "teeth"))
    cam2world, intrinsics = camera(np.mean([right, left, teeth], axis=0).astype(np.float64), 0.0, 0.36)

    def pixel(place: np.ndarray) -> np.ndarray:
        seen = intrinsics @ (np.linalg.inv(cam2world) @ np.append(place, 1.0))[:3]
        return seen[:2] / seen[2] * SIZE

    picture = avatar_scene(avatar).render(cam2world, intrinsics, SIZE).image
    return Portrait(picture, pixel(right), pixel(left), pixel(teeth))


def near(point: np.ndarray, place: np.ndarray, pixels: float) -> bool:
    return float(np.linalg.norm(point[:2] - place)) < pixels


def test_the_detector_finds_one_face_and_its_sides(portrait: Portrait) -> None:
    (face,) = find_faces(portrait.picture)
    assert face.score > 0.7
    assert near(face.points[0], portrait.right_eye, 10)
    assert near(face.points[1], portrait.left_eye, 10)
    assert near(face.points[3], portrait.mouth, 14)
    assert face.points[4][0] < face.points[0][0] < face.points[2][0] < face.points[1][0] < face.points[5][0]


@pytest.mark.parametrize("network", ["face_mesh", "face_mesh_iris"])
def test_landmarks_lie_on_eyes_and_mouth(portrait: Portrait, network: MeshNetwork) -> None:
    found = read_face(portrait.picture, network)
    assert found is not None
    assert found.score > 0.9
    assert found.points.shape == ({"face_mesh": 468, "face_mesh_iris": 478}[network], 3)
    for corners, eye in (((33, 133), portrait.right_eye), ((362, 263), portrait.left_eye)):
        assert near(found.points[list(corners)].mean(axis=0), eye, 6)
    assert near(found.points[[UPPER_LIP, LOWER_LIP]].mean(axis=0), portrait.mouth, 10)
    assert found.points[CHIN, 1] > portrait.mouth[1] + 20
    if network == "face_mesh_iris":
        assert near(found.points[RIGHT_IRIS], portrait.right_eye, 5)
        assert near(found.points[LEFT_IRIS], portrait.left_eye, 5)


def test_a_picture_on_its_side_gives_the_same_landmarks_turned(portrait: Portrait) -> None:
    upright = read_face(portrait.picture)
    turned = read_face(np.ascontiguousarray(np.rot90(portrait.picture, -1)))
    assert upright is not None
    assert turned is not None
    back = np.stack([turned.points[:, 1], SIZE - turned.points[:, 0]], axis=1)
    assert np.abs(back - upright.points[:, :2]).max() < 4
    assert np.isclose(tilt(turned.points[33, :2], turned.points[263, :2]), np.pi / 2, atol=0.1)


def test_a_mirrored_face_changes_sides(portrait: Portrait) -> None:
    plain, mirrored = (
        read_face(np.ascontiguousarray(picture), "face_mesh_iris")
        for picture in (portrait.picture, portrait.picture[:, ::-1])
    )
    assert plain is not None
    assert mirrored is not None
    assert np.allclose(mirrored.points[RIGHT_IRIS, 0], SIZE - plain.points[LEFT_IRIS, 0], atol=2)


def test_an_estimate_has_all_its_shapes(portrait: Portrait) -> None:
    landmarks = read_face(portrait.picture, "face_mesh_iris")
    assert landmarks is not None
    weights = estimate_expression(landmarks)
    assert tuple(weights) == ESTIMATED
    assert all(0.0 <= weight <= 1.0 for weight in weights.values())
    # A face at rest: eyes and mouth are neither shut nor torn open.
    assert max(weights[name] for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthFunnel")) < 0.3
    with pytest.raises(ValueError, match="needs the landmarks of face_mesh_iris, got those of face_mesh"):
        estimate_expression(landmarks_of(portrait.picture, find_faces(portrait.picture)[0]))


def test_where_there_is_no_face_there_is_none() -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    assert read_face(grey) is None
    assert read_face(noise) is None
