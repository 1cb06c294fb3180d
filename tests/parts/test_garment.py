# SPDX-License-Identifier: Apache-2.0
"""Garments in a person's colours, over skin that they hide."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.parts.cloth_colours import STRIPES, cloth_colours, worn_heights
from portrait_core.parts.garment import NECKLINES, SHIRT, Garment, garment_of, hidden_faces
from portrait_core.parts.part_mesh import Topology
from portrait_core.parts.rest_pose import RestPose
from tests.parts.worn_meshes import ROWS, body, garment, look, sheet

REST = RestPose(np.zeros((24, 3)))


def test_plain_cloth_is_of_the_persons_colour_and_white_cloth_is_not() -> None:
    own = cloth_colours(garment(), look(stripes=0.0), 64).reshape(-1, 3).mean(axis=0) / 255
    assert own == pytest.approx([0.2, 0.3, 0.6], abs=0.02)
    white = cloth_colours(garment(white=True), look(stripes=1.0), 64).reshape(-1, 3).mean(axis=0)
    assert np.ptp(white) < 2 and white.min() > 180


@pytest.mark.parametrize("amount", [0.0, 0.2, 0.8, 1.0])
def test_stripes_lie_where_the_formula_says_or_nowhere(amount: float) -> None:
    image = cloth_colours(garment(), look(stripes=amount), 256).astype(float)
    rows = image[:, 128, 0]
    heights = -0.2 + 0.16 * (1 - (np.arange(256) + 0.5) / 256)
    sine = np.sin(heights * STRIPES)
    striped, plain = rows[sine > 0.4].mean(), rows[sine < -0.4].mean()
    assert striped > plain + 90 if amount > 0.7 else striped == pytest.approx(plain, abs=6)


def test_heights_of_stripes_sink_with_the_arms() -> None:
    """This sheet's heights are those of its places, so that what is turned keeps stripes that are level."""
    turns = np.zeros((24, 3))
    turns[SMPL_JOINT_NAMES.index("head")] = (0.3, 0.0, 0.5)
    turned, one = RestPose(turns), garment()
    found = worn_heights(one, body(), turned)
    np.testing.assert_allclose(found, one.places(body(), turned)[:, 1], atol=1e-6)
    assert np.abs(found - one.heights).max() > 0.01
    np.testing.assert_allclose(worn_heights(one, body(), REST), one.heights, atol=1e-7)


def test_the_neckline_that_is_most_like_the_persons_is_worn_and_of_the_right_set() -> None:
    for name, (depth, shape) in NECKLINES.items():
        masculine = 1.0 if name.startswith("male") else 0.0
        person = look(neck_depth=depth * 0.05 * 15, neck_shape=shape)
        assert garment_of(person, masculine, NECKLINES) == name
    far = look(neck_depth=0.9 * 0.05 * 15, neck_shape=0.95)
    assert garment_of(far, 0.0, [*NECKLINES, SHIRT]) == garment_of(far, 1.0, [*NECKLINES, SHIRT]) == SHIRT
    assert garment_of(look(neck_depth=0.1 * 0.05 * 15, neck_shape=0.15, stripes=0.9), 1.0, [*NECKLINES, SHIRT]) == SHIRT
    assert garment_of(look(neck_depth=0.0, neck_shape=0.0), 1.0, ["female_casualsuit01"]) == "female_casualsuit01"
    assert garment_of(look(neck_depth=0.0, neck_shape=0.0), 1.0, []) is None


def test_skin_is_hidden_where_all_corners_of_a_face_are() -> None:
    places, quads, uvs = sheet()
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    index = np.arange(len(places))
    skin = cast("Any", SimpleNamespace(vertices=index))
    four = np.zeros((len(places), 4))
    whole = Topology(
        index.astype(np.int32), faces, np.arange(len(faces), dtype=np.int32), uvs, four.astype(np.uint8),
        four.astype(np.float32), "skin",
    )  # fmt: skip
    hidden = hidden_faces(garment(), skin, whole, 0)
    highest = places[faces][:, :, 1].max(axis=1)
    assert (hidden == (highest < -0.12)).all() and 0 < hidden.sum() < len(faces)


def test_arrays_give_the_same_garment() -> None:
    own = garment()
    again = Garment.from_arrays(own.to_arrays())
    assert again.places(body(), REST) == pytest.approx(own.places(body(), REST), abs=1e-7)
    assert (again.hidden == own.hidden).all() and again.shade == own.shade and again.normals == b""
    mesh = again.meshes(body(), REST)[0]
    assert len(mesh.faces) == 2 * (ROWS - 1) * 4
