# SPDX-License-Identifier: Apache-2.0
"""Shapes of the face as a template stores them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.parts.shape_targets import STEPS, Bite, ShapeTargets
from portrait_core.parts.template import PartsTemplate
from tests.face.small_face import face_template, small_shapes
from tests.parts.test_template import small_template


def test_stored_shapes_come_back_within_a_step() -> None:
    shapes = small_shapes(49)
    again = ShapeTargets.from_arrays(shapes.to_arrays())
    assert list(again.targets) == list(shapes.targets)
    for name, target in shapes.targets.items():
        assert again.targets[name].rows.tolist() == target.rows.tolist()
        step = np.abs(target.moves).max(initial=0) / STEPS
        assert np.abs(again.targets[name].moves - target.moves).max(initial=0) <= 0.51 * step + 1e-12
    assert again.looks.keys() == {"eyeLookUpLeft"}
    assert again.bites["viseme_aa"].turn == pytest.approx((0.1, 0, 0))
    assert again.jaw.weights["mouthClose"] == pytest.approx(shapes.jaw.weights["mouthClose"], abs=3e-4)
    assert again.jaw.around.tolist() == [2, 9, 30]
    assert again.jaw.turn == pytest.approx(0.4)


def test_bytes_are_few() -> None:
    arrays = small_shapes(49).to_arrays()
    assert arrays["moves"].dtype == np.int16
    assert arrays["moved"].shape == (54, 7)  # a bit a control


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = small_shapes(49).to_arrays()
    with pytest.raises(ValueError, match="54 shapes"):
        ShapeTargets.from_arrays(arrays | {"moves": arrays["moves"][:-1]})
    with pytest.raises(ValueError, match="54 shapes"):
        ShapeTargets.from_arrays(arrays | {"steps": arrays["steps"][:-1]})
    del arrays["jaw.turn"]
    with pytest.raises(KeyError, match="turn"):
        ShapeTargets.from_arrays(arrays)


def test_a_template_keeps_its_shapes_and_older_ones_have_none() -> None:
    arrays = face_template().to_arrays()
    face = PartsTemplate.from_arrays(arrays).face
    assert face is not None
    assert face.count == 49
    assert PartsTemplate.from_arrays(small_template().to_arrays()).face is None


def test_the_hinge_goes_where_the_head_goes_and_stays_in_the_middle() -> None:
    jaw, controls = small_shapes(49).jaw, np.random.default_rng(1).normal(size=(49, 3))
    before = jaw.hinge(controls)
    assert before[0] == 0
    assert jaw.hinge(controls + np.array([0.1, 0.02, -0.03])) - before == pytest.approx((0, 0.02, -0.03))


def test_jaw_and_teeth_turn_about_the_hinge() -> None:
    jaw, hinge = small_shapes(49).jaw, np.array([0.0, 0.08, 0.05])
    places = np.random.default_rng(2).normal(size=(7, 3))
    turned = Rotation.from_rotvec((0.4, 0, 0)).apply(places - hinge) + hinge
    assert places + jaw.turned(places, hinge) == pytest.approx(turned)
    assert jaw.turned(hinge[None], hinge) == pytest.approx(np.zeros((1, 3)))
    bite = Bite(np.array([0.0, 0.2, 0.0]), np.array([0.01, 0.0, 0.0]))
    bitten = Rotation.from_rotvec((0, 0.2, 0)).apply(places - hinge) + hinge + (0.01, 0, 0)
    assert places + bite.moves(places, hinge) == pytest.approx(bitten)
