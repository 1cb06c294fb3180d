# SPDX-License-Identifier: Apache-2.0
"""Motions out of files: the right rotation at the right time, on shortest arcs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.errors import UsageError
from portrait_core.rig.motion import Motion
from portrait_core.rig.motion_files import read_motion


def amass(path, frames=61, rate=60.0, **more):
    """A head that turns about y by 90 degrees a second; a root that turns on the floor of a z-up world and walks."""
    poses = np.zeros((frames, 156))
    time = np.arange(frames) / rate
    poses[:, 46] = time * np.pi / 2
    poses[:, :3] = (Rotation.from_euler("z", time[:, None]) * Rotation.from_euler("x", 90, degrees=True)).as_rotvec()
    trans = np.stack([0 * time, -time, 0 * time + 0.9], axis=1)
    np.savez(path, poses=poses, trans=trans, mocap_framerate=rate, **more)
    return time


def test_amass_becomes_ours(tmp_path):
    time = amass(tmp_path / "walk.npz")
    motion = read_motion(tmp_path / "walk.npz")
    assert motion.name == "walk" and set(motion.rotations) == {"head", "pelvis"}
    np.testing.assert_allclose(motion.times, time, atol=1e-6)
    np.testing.assert_allclose(motion.rotations["head"][-1], [0, np.sin(np.pi / 4), 0, np.cos(np.pi / 4)], atol=1e-6)
    # the z-up root stood upright (90 degrees about x): here it only turns about y
    np.testing.assert_allclose(motion.rotations["pelvis"][-1], [0, np.sin(0.5), 0, np.cos(0.5)], atol=1e-6)
    np.testing.assert_allclose(motion.translation[-1], [0, 0, 1], atol=1e-6)
    assert not motion.translation[0].any()
    as_is = read_motion(tmp_path / "walk.npz", up_axis="y")
    np.testing.assert_allclose(as_is.translation[-1], [0, -1, 0], atol=1e-6)


def test_a_bust_may_leave_the_root_and_other_joints_out(tmp_path):
    amass(tmp_path / "walk.npz")
    motion = read_motion(tmp_path / "walk.npz", root=False, joints=("neck", "head"))
    assert set(motion.rotations) == {"head"} and motion.translation is None
    with pytest.raises(UsageError, match="none of the joints"):
        read_motion(tmp_path / "walk.npz", root=False, joints=("neck",))


@pytest.mark.parametrize("rate", [24.0, 60.0, 100.0])
def test_resampling_keeps_the_turn(tmp_path, rate):
    amass(tmp_path / "walk.npz")
    motion = read_motion(tmp_path / "walk.npz", frame_rate=rate)
    assert len(motion.times) == int(rate) + 1
    np.testing.assert_allclose(np.diff(motion.times), 1 / rate, atol=1e-5)
    angle = Rotation.from_quat(motion.rotations["head"]).as_rotvec()[:, 1]
    np.testing.assert_allclose(angle, motion.times * np.pi / 2, atol=1e-5)


@pytest.mark.parametrize("wrapped", [False, True])
def test_neighbours_lie_on_the_shortest_arc(tmp_path, wrapped):
    """A spin through many turns, as angles beyond pi or as recordings have them, between -pi and pi, where the
    quaternion changes its sign once a turn: no neighbour may jump to the other half."""
    poses = np.zeros((200, 72))
    poses[:, 46] = np.linspace(0, 30, 200)
    if wrapped:
        poses[:, 46] = (poses[:, 46] + np.pi) % (2 * np.pi) - np.pi
        plain = Rotation.from_rotvec(poses[:, 45:48]).as_quat()
        assert np.einsum("ti,ti->t", plain[1:], plain[:-1]).min() < -0.9
    np.save(tmp_path / "spin.npy", poses)
    motion = read_motion(tmp_path / "spin.npy", source_rate=30)
    turns = motion.rotations["head"]
    assert np.einsum("ti,ti->t", turns[1:], turns[:-1]).min() > 0.99 and turns[0, 3] > 0
    expected = Rotation.from_rotvec(poses[:, 45:48])
    assert (Rotation.from_quat(turns) * expected.inv()).magnitude().max() < 1e-6


def test_missing_rates_and_wrong_options_are_told(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((5, 72)))
    with pytest.raises(UsageError, match="mocap_framerate"):
        read_motion(tmp_path / "a.npy")
    with pytest.raises(UsageError, match="above 0"):
        read_motion(tmp_path / "a.npy", frame_rate=0)
    with pytest.raises(UsageError, match="up axis"):
        read_motion(tmp_path / "a.npy", up_axis="w")
    np.save(tmp_path / "one.npy", np.ones(72))
    assert read_motion(tmp_path / "one.npy").times.tolist() == [0]


def test_a_motion_that_no_engine_could_play_is_refused():
    still = np.tile(np.array([0, 0, 0, 1], np.float32), (3, 1))
    later = Motion("later", np.array([0.5, 1.0, 1.5], np.float32), {"head": still}, np.zeros((3, 3), np.float32))
    assert later.times[0] == 0.5
    for times in ([-0.1, 0, 1], [0, 1, 1], [0, 2, 1], [0, 1, np.nan], [0, 1]):
        with pytest.raises(ValueError, match="motion"):
            Motion("bad", np.array(times, np.float32), {"head": still})
    for turns in (2 * still, still[:, :3], still * np.nan):
        with pytest.raises(ValueError, match="motion"):
            Motion("bad", later.times, {"head": turns})
    with pytest.raises(ValueError, match="translation"):
        Motion("bad", later.times, {"head": still}, np.zeros((2, 3), np.float32))
