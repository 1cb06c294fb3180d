# SPDX-License-Identifier: Apache-2.0
"""A neckline lies between those of the grid, and stays the same when it is stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from portrait_core.parts.body import Body
from portrait_core.parts.garment import Garment
from portrait_core.parts.neckline import Neckline
from portrait_core.parts.rest_pose import RestPose
from tests.parts.worn_meshes import COLUMNS, ROWS, body, garment, look, sheet

REST = RestPose(np.zeros((24, 3)))
TOP = np.arange(COLUMNS) + (ROWS - 1) * COLUMNS


def shirt() -> Garment:
    """Cloth whose highest row is a row lower at the second depth; shapes make no difference but
    for an offset."""
    count = ROWS * COLUMNS
    at = [TOP, TOP, TOP - COLUMNS, TOP - COLUMNS]
    rows = sparse.csr_matrix((np.ones(4 * COLUMNS), (np.arange(4 * COLUMNS), np.concatenate(at))), (4 * COLUMNS, count))
    offsets = np.zeros((2, 2, COLUMNS, 3), np.float32)
    offsets[:, 1, :, 0] = 0.004
    heights = np.zeros((2, 2, COLUMNS), np.float32)
    heights[1] = -0.02
    line = Neckline(np.array([0.0, 0.04]), np.array([0.0, 1.0]), TOP, rows, offsets, heights)
    return replace(garment(), neckline=line)


def standing(**scalars: float) -> Body:
    """Skin that hangs on the neck below the highest row and on the head there."""
    joints = np.where(np.arange(ROWS * COLUMNS) >= TOP[0], 15, 12)
    weights = sparse.csr_matrix(np.eye(24)[joints])
    return replace(body(**scalars), weights=weights)


def person(depth: float, shape: float) -> dict[str, float]:
    return {"neck_depth": depth * 15, "neck_shape": shape}


@pytest.mark.parametrize("depth, shape", [(0.0, 0.0), (0.04, 1.0), (0.01, 0.25), (0.9, -3.0)])
def test_the_border_lies_where_the_numbers_say_and_the_rest_stays(depth: float, shape: float) -> None:
    own, places = shirt(), sheet()[0]
    found = own.places(body(**person(depth, shape)), REST)
    deep, round_ = np.clip(depth / 0.04, 0, 1), np.clip(shape, 0, 1)
    wanted = places[TOP] * (1 - deep) + places[TOP - COLUMNS] * deep + [0.004 * round_, 0, 0]
    assert found[TOP] == pytest.approx(wanted, abs=1e-7)
    rest = np.setdiff1d(np.arange(len(places)), TOP)
    assert found[rest] == pytest.approx(places[rest], abs=1e-9)


def test_what_slides_takes_the_weights_and_heights_of_where_it_is() -> None:
    own = shirt()
    shallow, deep = (own.meshes(standing(**person(d, 0.0)), REST)[0] for d in (0.0, 0.04))
    assert (shallow.faces == deep.faces).all() and (shallow.uvs == deep.uvs).all()
    top = np.isin(shallow.welded, TOP)
    assert (shallow.joints[top, 0] != deep.joints[top, 0]).all()
    assert (shallow.joints[~top] == deep.joints[~top]).all()
    heights = own.heights_of(look(**person(0.04, 0.5)))
    assert heights[TOP] == pytest.approx(-0.02, abs=1e-6)
    assert heights[0] == own.heights[0]


def test_arrays_give_the_same_neckline() -> None:
    own = shirt()
    again = Garment.from_arrays(own.to_arrays())
    one, two = (each.places(body(**person(0.013, 0.4)), REST) for each in (own, again))
    assert one == pytest.approx(two, abs=1e-5)
