# SPDX-License-Identifier: Apache-2.0
"""The eyes of made-up persons: where they are, that the iris lies behind the cornea, that textures fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from portrait_core.geometry.half_edges import boundary_loops
from portrait_core.geometry.surface import signed_volumes
from portrait_core.parts.body import Body
from portrait_core.parts.eyes import BULGE, IRIS, PUPIL, SMALLER, TUCKED, EyesTemplate, eye_uv
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.person_look import PersonLook


def somebody(radius: float = 0.0152) -> Body:
    marks = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        middle = np.array([sign * 0.03, 0.14, 0.11])
        marks |= {f"{side}_eye": middle, f"{side}_eye_front": middle + np.array([0, 0.001, np.sqrt(radius**2 - 1e-6)])}
    look = PersonLook(np.zeros(1), marks, {}, {}, {})
    return Body(look, np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((24, 3)), sparse.csr_matrix((1, 24)))


def lids(body: Body) -> tuple[EyesTemplate, np.ndarray]:
    """Lower lids as arcs on the balls, and the skin's vertices that they are."""
    turn = np.linspace(-0.6, 0.6, 9)
    arcs = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        way = np.stack([sign * np.sin(turn), np.full(9, -0.25), np.cos(turn)], 1)
        arcs.append(body.look.landmarks[f"{side}_eye"] + 0.0155 * way / np.linalg.norm(way, axis=1, keepdims=True))
    rows = {"left": np.arange(9), "right": 9 + np.arange(9)}
    return EyesTemplate(rows, rows), np.concatenate(arcs)


def test_a_lid_that_stands_off_is_tucked_under_the_ball() -> None:
    body = somebody()
    template, skin = lids(body)
    skin[3] = body.look.landmarks["left_eye"] + (skin[3] - body.look.landmarks["left_eye"]) * 0.9
    found = template.tucked(body, skin)
    distance = np.linalg.norm(found[:9] - body.look.landmarks["left_eye"], axis=1)
    assert distance.max() < 0.0152 - SMALLER - 0.00029
    assert found[3] == pytest.approx(skin[3])  # far enough under it already
    again = EyesTemplate.from_arrays(template.to_arrays())
    assert (again.tucked(body, skin) == found).all()


@pytest.fixture(scope="module")
def eyes() -> dict[str, PartMesh]:
    body = somebody()
    template, skin = lids(body)
    return {mesh.name: mesh for mesh in template.meshes(body, skin, template.topologies())}


def away(mesh: PartMesh, side: str) -> np.ndarray:
    return mesh.vertices - somebody().look.landmarks[f"{side}_eye"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_white_is_an_exact_sphere_a_little_smaller_than_the_eyeball(eyes: dict[str, PartMesh], side: str) -> None:
    at = away(eyes[f"eye_{side}"], side)
    distance = np.linalg.norm(at, axis=1)
    white = np.arctan2(np.hypot(at[:, 0], at[:, 1]), at[:, 2]) > IRIS - 1e-4
    assert distance[white] == pytest.approx(0.0152 - SMALLER, abs=2e-6)
    assert distance[~white].max() < 0.0152 - SMALLER - 1e-6


def test_the_iris_is_a_dish_behind_the_cornea(eyes: dict[str, PartMesh]) -> None:
    ball, cornea = away(eyes["eye_left"], "left"), away(eyes["cornea_left"], "left")
    rim = (0.0152 - SMALLER) * np.cos(IRIS)
    assert ball[:, 2][np.hypot(ball[:, 0], ball[:, 1]) < 0.004].max() < rim
    middle = np.hypot(cornea[:, 0], cornea[:, 1]) < 0.004
    assert cornea[middle][:, 2].min() > rim + 0.0007
    assert np.linalg.norm(cornea, axis=1).max() < 0.0152 - SMALLER + BULGE + 0.00003
    border = np.argmax(np.hypot(cornea[:, 0], cornea[:, 1]))
    assert np.linalg.norm(cornea[border]) < 0.0152 - SMALLER  # it ends under the white


def test_balls_are_closed_and_face_outwards(eyes: dict[str, PartMesh]) -> None:
    for side in ("left", "right"):
        ball = eyes[f"eye_{side}"]
        welded = ball.welded[ball.faces]
        assert boundary_loops(welded.astype(np.int32), int(ball.welded.max()) + 1) == []
        at = away(ball, side)
        assert float(signed_volumes(at.astype(np.float32), ball.faces).sum()) == pytest.approx(
            4 / 3 * np.pi * (0.0152 - SMALLER) ** 3, rel=0.06
        )
        assert np.einsum("vi,vi->v", ball.normals, at).min() > 0


def test_tears_lie_on_the_ball_and_face_ahead(eyes: dict[str, PartMesh]) -> None:
    for side in ("left", "right"):
        tear = eyes[f"tear_{side}"]
        assert np.abs(np.linalg.norm(away(tear, side), axis=1) - (0.0152 - SMALLER)).max() < 0.0002
        assert tear.normals[:, 2].mean() > 0.5


def test_left_and_right_are_mirror_images(eyes: dict[str, PartMesh]) -> None:
    for name in ("eye", "cornea", "tear"):
        left, right = (
            np.sort(eyes[f"{name}_{s}"].vertices * (k, 1, 1), axis=0) for s, k in (("left", 1), ("right", -1))
        )
        assert left == pytest.approx(right, abs=3e-6)


def test_the_iris_takes_two_fifths_of_its_picture() -> None:
    turn = np.linspace(-np.pi, np.pi, 7)
    edge = np.linalg.norm(eye_uv(np.full(7, IRIS), turn) - 0.5, axis=1)
    assert edge == pytest.approx(0.21, abs=0.005)
    assert np.linalg.norm(eye_uv(np.full(7, PUPIL), turn) - 0.5, axis=1).max() < edge.min() / 2
    assert np.linalg.norm(eye_uv(np.full(7, np.pi), turn) - 0.5, axis=1) == pytest.approx(0.5)


@pytest.mark.parametrize("detail", [-1, -2])
def test_coarser_eyes_have_fewer_of_the_same_vertices_and_touch_the_lids(
    eyes: dict[str, PartMesh], detail: int
) -> None:
    body = somebody()
    template, skin = lids(body)
    coarse = {mesh.name: mesh for mesh in template.meshes(body, skin, template.topologies(detail))}
    assert list(coarse) == list(eyes)
    for name, mesh in coarse.items():
        whole = eyes[name]
        assert len(mesh.faces) < (0.6 if name.startswith(("eye", "cornea")) else 1.01) * len(whole.faces)
        both = {tuple(v): n for v, n in zip(whole.vertices, whole.normals, strict=True)}
        assert all((both[tuple(v)] == n).all() for v, n in zip(mesh.vertices, mesh.normals, strict=True))
    ball = coarse["eye_left"]
    assert boundary_loops(ball.welded[ball.faces].astype(np.int32), int(ball.welded.max()) + 1) == []
    at = away(ball, "left")[ball.faces].astype(np.float64)
    share = np.array([(i, j, 6 - i - j) for i in range(7) for j in range(7 - i)]) / 6
    spots = np.einsum("sk,fka->fsa", share, at).reshape(-1, 3)
    angle = np.arctan2(np.hypot(spots[:, 0], spots[:, 1]), spots[:, 2])
    reached = (angle > IRIS) & (angle < 1.0)  # eyes are 25 mm wide at most
    depth = 0.0152 - SMALLER - np.linalg.norm(spots[reached], axis=1)
    assert depth.max() < TUCKED


@pytest.mark.parametrize("detail", [-1, -2])
def test_the_iris_of_coarser_eyes_is_round(detail: int) -> None:
    """Where its border in the picture lies on the ball, seen from ahead."""
    body = somebody()
    template, skin = lids(body)
    ball = next(m for m in template.meshes(body, skin, template.topologies(detail)) if m.name == "eye_left")
    corner, at = ball.uvs[ball.faces].astype(np.float64), away(ball, "left")[ball.faces].astype(np.float64)
    basis = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], -1)
    radius = []
    for spot in eye_uv(np.full(97, IRIS - 0.004), np.linspace(0, 2 * np.pi, 97)):
        s, t = np.linalg.solve(basis, (spot - corner[:, 0])[..., None])[..., 0].T
        face = int(np.argmin(np.maximum(np.maximum(-s, -t), s + t - 1)))
        there = np.array([1 - s[face] - t[face], s[face], t[face]]) @ at[face]
        radius.append(np.hypot(there[0], there[1]))
    assert max(radius) - min(radius) < 0.00012
