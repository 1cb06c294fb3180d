# SPDX-License-Identifier: Apache-2.0
"""Hair that a person's skin comes near is lifted to where it was meant to be; all other hair stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.parts.footing import Footing
from portrait_core.parts.hair import HairStyle
from portrait_core.training.parts_template.hair_footing import STEP, points_of
from tests.parts.worn_meshes import hair_style

GROUND = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]])
"""Three controls in the plane z = 0, whose outside is towards +z."""


def footing() -> Footing:
    """A corner and the middle of a triangle of hair, 3 mm over the ground."""
    return Footing(
        vertices=np.array([[0, 0, 0], [0, 1, 2]]),
        shares=np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], np.float32),
        corners=np.tile([0, 1, 2], (2, 1)),
        weights=np.full((2, 3), 1 / 3, np.float32),
        least=np.full(2, 0.003, np.float32),
    )


def hair(*heights: float) -> NDArray[np.float64]:
    return np.array([[0.0, 0.0, heights[0]], [0.05, 0.0, heights[1]], [0.0, 0.05, heights[2]], [0.2, 0.2, -0.1]])


def test_hair_over_the_skin_stays_where_it_is() -> None:
    places = hair(0.0031, 0.010, 0.004)
    assert (footing().kept(places, GROUND) == places).all()


def test_a_corner_and_a_middle_that_lie_too_low_are_lifted_as_far_as_they_are_short() -> None:
    kept = footing().kept(hair(-0.002, 0.02, 0.02), GROUND)
    assert kept[:, 2] == pytest.approx([0.003, 0.02, 0.02, -0.1])
    middle = footing().kept(hair(0.003, 0.0, 0.0), GROUND)
    assert middle[:3, 2].mean() >= 0.003 - 1e-9
    assert middle[:, :2] == pytest.approx(hair(0, 0, 0)[:, :2]) and middle[3, 2] == -0.1


def test_skin_that_grows_takes_hair_along() -> None:
    raised = GROUND + np.array([0.0, 0.0, 0.008])
    kept = footing().kept(hair(0.003, 0.003, 0.003), raised)
    over, _ = footing().over(kept, raised)
    assert over.min() >= 0.003 - 1e-6


def test_arrays_give_the_same_footing_and_styles_without_one_are_read() -> None:
    own = footing()
    again = Footing.from_arrays(own.to_arrays())
    places = hair(-0.002, 0.001, 0.0)
    assert again.kept(places, GROUND) == pytest.approx(own.kept(places, GROUND), abs=1e-5)
    assert len(HairStyle.from_arrays(hair_style().to_arrays()).footing.vertices) == 0


def test_long_triangles_are_looked_at_between_their_corners() -> None:
    places = np.array([[0.0, 0.0, 0.0], [3.5 * STEP, 0.0, 0.0], [0.0, STEP / 2, 0.0], [STEP / 2, STEP / 2, 0.0]])
    vertices, shares = points_of(places, np.array([[0, 1, 2]]))
    assert shares.sum(axis=1) == pytest.approx(1.0)
    at = (places[vertices] * shares[..., None]).sum(axis=1)
    along = np.sort(at[np.abs(at[:, 1]) < 1e-9][:, 0])
    assert np.diff(along).max() <= STEP and len(along) == 5
    assert 3 not in vertices
