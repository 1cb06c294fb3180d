# SPDX-License-Identifier: Apache-2.0
"""Controls and the rest pose against loops over vertices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import sparse
from scipy.spatial.transform import Rotation

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.parts.arrays import sparse_arrays, sparse_from
from portrait_core.parts.controls import Controls
from portrait_core.parts.rest_pose import JOINTS, RestPose
from portrait_core.parts.skin_weights import strongest_of_rows


def some_controls(count: int = 9, coefficients: int = 4) -> Controls:
    rng = default_rng(0)
    weights = np.zeros((count, 24))
    for row in weights:
        row[[12, 13, 16]] = rng.dirichlet((1, 1, 1))
    return Controls(
        np.sort(rng.choice(50, count, replace=False)),
        rng.normal(size=(count, 3)).astype(np.float32),
        (0.01 * rng.normal(size=(count, 3, coefficients))).astype(np.float16),
        sparse.csr_matrix(weights),
    )


def test_places_are_the_mean_and_so_much_of_each_direction() -> None:
    controls = some_controls()
    coefficients = default_rng(1).normal(size=4)
    for row in range(controls.count):
        place = controls.mean[row].astype(float)
        for k, much in enumerate(coefficients):
            place = place + much * controls.basis[row, :, k].astype(float)
        assert controls.places(coefficients)[row] == pytest.approx(place, abs=1e-12)


def test_another_number_of_coefficients_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(5,\); expected \(4,\)"):
        some_controls().places(np.zeros(5))


def test_vertices_of_the_base_mesh_are_found_or_named() -> None:
    controls = some_controls()
    assert controls.rows_of(controls.index[::-1]).tolist() == list(range(controls.count))[::-1]
    missing = next(v for v in range(50) if v not in controls.index)
    with pytest.raises(KeyError, match=str(missing)):
        controls.rows_of(np.array([controls.index[0], missing]))


def test_arrays_give_the_same_controls() -> None:
    controls = some_controls()
    again = Controls.from_arrays(controls.to_arrays())
    assert (again.places(np.ones(4)) == controls.places(np.ones(4))).all()
    assert np.abs((again.weights - controls.weights).toarray()).max() < 1e-7


def test_a_matrix_too_wide_to_be_stored_is_refused() -> None:
    wide = sparse.csr_matrix(np.eye(3))
    assert (sparse_from(sparse_arrays("m", wide), "m").toarray() == np.eye(3)).all()
    with pytest.raises(ValueError, match="40000 columns"):
        sparse_arrays("m", sparse.csr_matrix((3, 40000)))


def lowering() -> RestPose:
    turns = np.zeros((24, 3))
    turns[SMPL_JOINT_NAMES.index("left_collar"), 2] = -0.1
    turns[SMPL_JOINT_NAMES.index("left_shoulder")] = (0.05, 0.0, -0.5)
    return RestPose(turns)


def by_hand(rest: RestPose, joints: np.ndarray) -> list[np.ndarray]:
    """The 4x4 motion of every joint, composed one after the other."""
    world: list[np.ndarray] = []
    for joint, parent in enumerate(SMPL_PARENTS):
        own = np.eye(4)
        own[:3, :3] = Rotation.from_rotvec(rest.turns[joint]).as_matrix()
        own[:3, 3] = joints[joint] - own[:3, :3] @ joints[joint]
        world.append(own if parent < 0 else world[parent] @ own)
    return world


def test_lowering_is_skinning_about_the_persons_own_joints() -> None:
    rest, controls = lowering(), some_controls()
    joints = default_rng(2).normal(size=(24, 3))
    places = controls.places(np.zeros(4))
    world = by_hand(rest, joints)
    wanted = np.zeros_like(places)
    for row, weights in enumerate(controls.weights.toarray()):
        for joint, weight in enumerate(weights):
            wanted[row] += weight * (world[joint] @ np.append(places[row], 1))[:3]
    assert rest.lowered(places, controls.weights, joints) == pytest.approx(wanted, abs=1e-12)
    moved = [(world[j] @ np.append(joints[j], 1))[:3] for j in range(24)]
    assert rest.lowered_joints(joints) == pytest.approx(np.asarray(moved), abs=1e-12)


def test_a_displacement_turns_as_the_place_does() -> None:
    rest, controls = lowering(), some_controls()
    joints = default_rng(2).normal(size=(24, 3))
    places, moves = controls.places(np.zeros(4)), default_rng(3).normal(size=(controls.count, 3))
    before = rest.lowered(places, controls.weights, joints)
    after = rest.lowered(places + moves, controls.weights, joints)
    assert rest.turned(moves, controls.weights) == pytest.approx(after - before, abs=1e-12)


def test_no_turns_change_nothing() -> None:
    rest, controls = RestPose(np.zeros((24, 3))), some_controls()
    places = controls.places(np.ones(4))
    assert (rest.lowered(places, controls.weights, default_rng(2).normal(size=(24, 3))) == places).all()
    assert rest.local() == {}
    assert set(lowering().local()) == {"left_collar", "left_shoulder"}


def test_weights_name_the_joints_of_a_bust() -> None:
    weights = np.zeros((2, 24))
    weights[0, SMPL_JOINT_NAMES.index("head")] = 1
    weights[1, [SMPL_JOINT_NAMES.index("neck"), SMPL_JOINT_NAMES.index("left_shoulder")]] = 0.25, 0.75
    joints, share = strongest_of_rows(sparse.csr_matrix(weights))
    assert JOINTS[joints[0, 0]] == "head"
    assert [JOINTS[k] for k in joints[1, :2]] == ["left_shoulder", "neck"]
    assert share[1, :2] == pytest.approx([0.75, 0.25])
    weights[0] = np.eye(24)[SMPL_JOINT_NAMES.index("left_knee")]
    with pytest.raises(ValueError, match="not one of the bust's"):
        strongest_of_rows(sparse.csr_matrix(weights))


def test_rows_are_counted_and_files_of_before_are_read() -> None:
    draw = np.random.default_rng(3)
    few = sparse.random(40, 30, 0.2, random_state=4, format="csr")
    stored = sparse_arrays("m", few)
    assert stored["m.counts"].dtype == np.uint8 and "m.starts" not in stored
    before = {name: value for name, value in stored.items() if name != "m.counts"}
    before["m.starts"] = few.indptr.astype(np.int32)
    for arrays in (stored, before):
        np.testing.assert_allclose(sparse_from(arrays, "m").toarray(), few.toarray(), atol=1e-7)
    full = sparse.csr_matrix(draw.normal(size=(3, 300)))
    wide = sparse_arrays("m", full)
    assert "m.counts" not in wide
    np.testing.assert_allclose(sparse_from(wide, "m").toarray(), full.toarray(), atol=1e-6)
