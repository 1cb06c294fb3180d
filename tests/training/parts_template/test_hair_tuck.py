# SPDX-License-Identifier: Apache-2.0
"""A cap of hair a centimetre over a round head: its hairline comes down to the skin, the rest of it stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import trimesh
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.training.parts_template.hair_shaping import SKULL
from portrait_core.training.parts_template.hair_tuck import FRINGE, LIES, hairline_border, tucked
from portrait_core.training.parts_template.hairline import over_hairline
from portrait_core.training.parts_template.worn import Mannequin

RADIUS, OFF = 0.09, 0.011
EAR = SKULL + np.array([0.0865, -0.025, 0.0])


def head() -> Mannequin:
    ball = trimesh.creation.icosphere(4, RADIUS)
    places, faces = np.asarray(ball.vertices) + SKULL, np.asarray(ball.faces, np.int32)
    # One ear, on the subject's left.
    ears = (np.linalg.norm(places - EAR, axis=1) < 0.015).astype(np.float64)
    queries = MeshQueries(places.astype(np.float32), faces)
    return cast(
        Mannequin, SimpleNamespace(places=places, eyes=np.zeros(3), head=queries, head_triangles=faces, ears=ears)
    )


def cap(off: float = OFF) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Places, triangles, and places in a texture that is opaque all over."""
    ball = trimesh.creation.icosphere(4, RADIUS + off)
    places = np.asarray(ball.vertices, np.float64) + SKULL
    faces = np.asarray(ball.faces, np.int64)
    faces = faces[(over_hairline(places)[faces] > 0).all(axis=1)]
    used, number = np.unique(faces, return_inverse=True)
    faces = number.reshape(-1, 3)
    flat = (places[used] - SKULL)[:, [0, 2]] / 0.25 + 0.5
    return places[used], faces, flat[faces]


def height(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(places - SKULL, axis=1) - RADIUS


def test_the_hairline_comes_down_and_the_crown_stays() -> None:
    person, (places, faces, uvs) = head(), cap()
    border = hairline_border(places, faces, uvs, np.full((256, 256), 255, np.uint8), person, fringe=False)
    moved = tucked(places, border, person)
    edges = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    every, count = np.unique(edges, axis=0, return_counts=True)
    low = np.unique(every[count == 1])
    assert height(places[low]).min() > 0.9 * OFF
    beside = np.linalg.norm(places - EAR, axis=1)
    assert height(moved[low[beside[low] > 0.045]]).max() < LIES + 0.0015
    assert height(moved).min() > 0.9 * LIES
    far = over_hairline(places) > 0.06
    assert far.sum() > 50 and (moved[far] == places[far]).all()


def test_hair_that_lies_on_an_ear_stays() -> None:
    off = 0.005
    person, (places, faces, uvs) = head(), cap(off)
    border = hairline_border(places, faces, uvs, np.full((256, 256), 255, np.uint8), person, fringe=False)
    moved, low = tucked(places, border, person), height(places) < 2 * off
    beside, near = np.linalg.norm(places - EAR, axis=1), np.abs(over_hairline(places)) < 0.009
    on, away = low & near & (beside < 0.016), low & near & (beside > 0.045)
    assert on.sum() > 2 and height(moved[on]).min() > 0.7 * off
    assert away.sum() > 20 and height(moved[away]).max() < LIES + 0.0015


def test_a_fringe_keeps_off_the_forehead() -> None:
    person, (places, faces, uvs) = head(), cap()
    border = hairline_border(places, faces, uvs, np.full((256, 256), 255, np.uint8), person, fringe=True)
    assert len(border) > 50
    assert np.abs(np.arctan2(border[:, 0], border[:, 2] - SKULL[2])).min() > FRINGE


def test_hair_ends_where_its_texture_does() -> None:
    person, (places, faces, uvs) = head(), cap()
    alpha = np.full((256, 256), 255, np.uint8)
    alpha[:, 128:] = 0  # the subject's left
    border = hairline_border(places, faces, uvs, alpha, person, fringe=False)
    assert border[:, 0].max() < 0.003
    assert tucked(places, border[:0], person) is places
