# SPDX-License-Identifier: Apache-2.0
"""The scores of avatars of parts: a sound one has nothing to reject; each fault that is made is found and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Maps, Section
from portrait_core.batch.borders import raggedness
from portrait_core.batch.part_quality import measures
from portrait_core.batch.quality import measure
from portrait_core.geometry.vertex_data import VertexData
from tests.formats.characters import MASK, plain_image, sheet


def with_parts(found: list[tuple[str, float, float, Maps]], recipe: dict[str, object]) -> Avatar:
    """Sheets by name, side and z, each of many quads."""
    sections: list[Section] = []
    arrays: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    faces: list[NDArray[np.int32]] = []
    count = 0
    for name, side, z, maps in found:
        places, corners, uvs = sheet(side, z, 12)
        kind = MASK if "opacity" in maps else Section("", 0, maps).material
        sections.append(Section(name, len(corners), maps, kind, part=name, quads=len(corners) // 2))
        faces.append(corners + np.int32(count))
        arrays.append((places, uvs))
        count += len(places)
    weights = np.zeros((count, 4), np.float32)
    weights[:, 0] = 1
    data = VertexData(
        vertices=np.concatenate([places for places, _ in arrays]),
        normals=np.tile(np.array([0, 0, 1], np.float32), (count, 1)),
        uvs=np.concatenate([uvs for _, uvs in arrays]),
        joints=np.zeros((count, 4), np.uint16),
        weights=weights,
    )
    level = Level(data, np.concatenate(faces), sections[0].maps, tuple(sections))
    joints = np.array([[0, -0.02, 0], [0, 0.1, 0]], np.float32)
    return Avatar("x", (level,), ("neck", "head"), np.array([-1, 0], np.int32), joints, recipe=recipe)


PLAIN = Maps(base_colour=plain_image(120, 120, 120))


def test_skin_through_a_garment_is_found() -> None:
    below = with_parts([("skin", 0.4, 0.0, PLAIN), ("garment", 0.3, 0.004, PLAIN)], {"parts": ["skin", "garment"]})
    through = with_parts([("skin", 0.4, 0.006, PLAIN), ("garment", 0.3, 0.0, PLAIN)], {"parts": ["skin", "garment"]})
    assert measures(below)["crossing_mm"] == 0.0
    assert measures(through)["crossing_mm"] == pytest.approx(6.0, abs=0.1)
    assert "parts cross" in measure(through).reasons and "parts cross" not in measure(below).reasons


@pytest.mark.parametrize(("alpha", "covered"), [(255, True), (0, False)])
def test_hair_over_an_eye_is_found_where_it_is_opaque(alpha: int, covered: bool) -> None:
    hair = Maps(base_colour=plain_image(90, 90, 90), opacity=plain_image(alpha))
    avatar = with_parts([("eye_left", 0.02, 0.0, PLAIN), ("hair", 0.3, 0.05, hair)], {"parts": ["eyes", "hair"]})
    assert ("hair over an eye" in measure(avatar).reasons) == covered


def test_a_mouth_without_teeth_and_teeth_before_the_lips_are_found() -> None:
    def reasons(found: list[tuple[str, float, float, Maps]], **recipe: object) -> tuple[str, ...]:
        return measure(with_parts(found, recipe)).reasons

    skin = ("skin", 0.4, 0.0, PLAIN)
    assert "empty mouth" in reasons([skin])
    assert "empty mouth" not in reasons([skin], parts=["skin"])
    assert "empty mouth" not in reasons([skin, ("teeth", 0.03, -0.01, PLAIN)])
    assert "empty mouth" in reasons([skin, ("teeth", 0.03, 0.01, PLAIN)])


def ring(tooth: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A closed strip whose upper border goes to and fro by ``tooth``, its vertices unevenly spaced."""
    turn = np.sort(np.random.default_rng(0).uniform(0, 2 * np.pi, 160))
    count, flat = len(turn), 0.1 * np.stack([np.cos(turn), np.zeros(len(turn)), np.sin(turn)], 1)
    upper = flat + np.array([0, 0.05, 0]) + np.where(np.arange(count) % 2, tooth, 0.0)[:, None] * np.array([0, 1, 0])
    k, after = np.arange(count), (np.arange(count) + 1) % count
    faces = np.concatenate([np.stack([k, after, count + k], 1), np.stack([after, count + after, count + k], 1)])
    return np.concatenate([flat, upper]), faces


def test_teeth_of_a_border_are_measured_and_an_even_one_has_none() -> None:
    assert raggedness(*ring(0.0)) < 0.0003
    assert raggedness(*ring(0.003)) > 0.002


def test_the_corners_of_a_coarse_border_are_no_teeth() -> None:
    """A collar's corner between straight edges of centimetres bends by 60 degrees, and that is how it is cut."""
    square = np.array([[0, 0, 0], [0.03, 0, 0], [0.06, 0, 0], [0.06, 0, 0.03], [0.06, 0, 0.06], [0.03, 0, 0.06]])
    border = np.concatenate([square, [[0, 0, 0.06], [0, 0, 0.03]]])
    count = len(border)
    k, after = np.arange(count), (np.arange(count) + 1) % count
    faces = np.concatenate([np.stack([k, after, count + k], 1), np.stack([after, count + after, count + k], 1)])
    assert raggedness(np.concatenate([border, border - np.array([0, 0.05, 0])]), faces) < 0.0003


def test_a_mesh_in_one_piece_has_the_measures_of_before() -> None:
    avatar = with_parts([("skin", 0.4, 0.0, PLAIN)], {"parts": ["skin"]})
    assert set(measure(avatar).measures) == {"relief_mm"}
    plain = replace(avatar, levels=(replace(avatar.main, sections=()),))
    assert "open_edges" in measure(plain).measures
