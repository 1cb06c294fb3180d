# SPDX-License-Identifier: Apache-2.0
"""Cases of users: poses of whole bodies on a bust, persons, rates, axes, units, gaps, and what is said about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.body.poses import load_pose, open_pose
from portrait_core.body.recordings import UP_AXES, FileHints, load_recording, units_of
from portrait_core.body.recordings.doubts import check_rotations
from portrait_core.body.recordings.world import judged
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError
from portrait_core.rig.motion_files import open_motion, read_motion
from tests.field import motion_writers
from tests.field.motion_truth import (
    FRAMES,
    TIME,
    TO_CAMERA,
    TO_Z_UP,
    flat,
    matrices,
    poses,
    positions,
    six,
    turned,
    walk,
)


def up_of(path: Path, **hints: Any) -> float:
    """The least y of the body's own up in our world."""
    root = load_recording(path, FileHints(**hints)).y_up().rotations["pelvis"]
    return float(Rotation.from_rotvec(root).apply([0, 1, 0])[:, 1].min())


def test_a_file_that_states_a_rate_can_be_told_another(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", poses=flat(), fps=30)
    file = open_motion(tmp_path / "a.npz", hints=FileHints(rate=60.0))
    assert file.motion.times[-1] == pytest.approx(11 / 60) and "30 frames a second stated, 60 given" in file.line
    assert read_motion(tmp_path / "a.npz", source_rate=60).times[-1] == pytest.approx(11 / 60)


def test_persons_are_chosen_by_id_or_number(tmp_path: Path) -> None:
    other = flat()
    other[:, 46] *= -1
    motion_writers.joblib(tmp_path / "vibe.pkl", {4: {"pose": flat()}, 9: {"pose": other}, 0: {"pose": flat()[:5]}})
    found = {
        who: load_pose(tmp_path / "vibe.pkl", frame=-1, hints=FileHints(person=who)) for who in ("", "9", "1", "0")
    }
    degrees = {who: np.degrees(pose.get("head", np.zeros(3)))[1] for who, pose in found.items()}
    assert degrees[""] == pytest.approx(40) and degrees["9"] == degrees["1"] == pytest.approx(-40)
    assert degrees["0"] == pytest.approx(40 * 4 / 11)
    with pytest.raises(UsageError, match="no person '5' in it; it holds 4, 9, 0") as caught:
        load_pose(tmp_path / "vibe.pkl", hints=FileHints(person="5"))
    assert caught.value.remedy is not None and caught.value.remedy.facts() == {
        "do": "choose_person",
        "names": ["4", "9", "0"],
    }


@pytest.mark.parametrize("axis", UP_AXES[1:])
@pytest.mark.parametrize("said", [True, False])
def test_every_up_axis_can_be_said_and_the_usual_ones_are_seen(tmp_path: Path, axis: str, said: bool) -> None:
    """A world with another axis up, the inverse of the turn that the engine makes, by its own hand."""
    way = np.zeros(3)
    way["xyz".index(axis[-1])] = -1 if axis[0] == "-" else 1
    up = np.array([0.0, 1.0, 0.0])
    about = np.cross(up, way) if np.any(np.cross(up, way)) else np.array([0.0, 0.0, 1.0])
    turn = Rotation.from_rotvec(about * np.arccos(up @ way))
    np.savez(tmp_path / "a.npz", poses=turned(flat(), turn), fps=30)
    if not said and axis in ("x", "-x", "-z"):
        # without a floor to stand on it is more likely that the body lies, which is said
        assert "does not stand" in open_motion(tmp_path / "a.npz").line
    np.savez(tmp_path / "a.npz", poses=turned(flat(), turn), transl=turn.apply(walk()), fps=30)
    motion = open_motion(tmp_path / "a.npz", hints=FileHints(up_axis=axis if said else "auto"))
    assert f"{axis} up" in motion.line
    assert up_of(tmp_path / "a.npz", up_axis=axis if said else "auto") > 0.99
    assert motion.motion.translation is not None
    assert motion.motion.translation[:, 1] == pytest.approx(np.zeros(FRAMES), abs=1e-6)


def test_amass_stays_amass_whether_the_body_stands_or_lies(tmp_path: Path) -> None:
    """To the bit what turning a z-up world about x gives; a body on its back in AMASS is no y-up file."""
    turn = Rotation.from_euler("x", -90, degrees=True)
    standing = turned(flat(), TO_Z_UP)
    on_its_back = flat()  # its own up along the world's y, close to the floor
    for name, rows, trans in (
        ("stands", standing, TO_Z_UP.apply(walk())),
        ("lies", on_its_back, np.stack([TIME, 3 + 0 * TIME, 0.12 + 0 * TIME], axis=1)),
    ):
        np.savez(tmp_path / f"{name}.npz", poses=rows, trans=trans, mocap_framerate=30.0, dmpls=np.zeros((12, 8)))
        found = load_recording(tmp_path / f"{name}.npz")
        if name == "lies":
            assert found.up_axis in ("y", "z")  # the data say either; what was taken is in the line
            continue
        assert found.up_axis == "z"
        root = found.y_up().rotations["pelvis"]
        assert np.array_equal(root, (turn * Rotation.from_rotvec(rows[:, :3])).as_rotvec())
        assert np.array_equal(found.rotations["head"], rows[:, 45:48])
        assert np.array_equal(found.y_up().translation, turn.apply(trans))


def test_a_body_that_lies_in_a_y_up_world_is_not_stood_up(tmp_path: Path) -> None:
    lying = turned(flat(), Rotation.from_euler("x", 90, degrees=True))  # on its belly or back, its head towards z
    low = np.stack([TIME, 0.15 + 0 * TIME, 3 - TIME], axis=1)
    np.savez(tmp_path / "a.npz", poses=lying, transl=low, fps=30)
    found = load_recording(tmp_path / "a.npz")
    assert found.up_axis == "y" and any("does not stand" in fact for fact in found.facts)


def test_a_camera_is_seen_by_its_data(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", pose=turned(flat(), TO_CAMERA), trans=TO_CAMERA.apply(walk()), fps=30,
             pred_cam=np.zeros((FRAMES, 3)))  # fmt: skip
    assert up_of(tmp_path / "a.npz") > 0.99 and up_of(tmp_path / "a.npz", up_axis="-y") > 0.99
    assert up_of(tmp_path / "a.npz", up_axis="y") < -0.99  # as it was


def test_units_that_are_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "degrees.npz", poses=np.degrees(flat()), trans=(walk() - walk()[0]) * 100, fps=30)
    with pytest.raises(UsageError, match="degrees") as caught:
        load_recording(tmp_path / "degrees.npz")
    assert caught.value.remedy is not None and caught.value.remedy.params == {"units": "degrees"}
    with pytest.raises(UsageError, match="not in metres"):
        load_recording(tmp_path / "degrees.npz", FileHints(units=units_of("degrees")))
    np.savez(tmp_path / "fast.npz", poses=flat(), trans=walk() * [1e4, 1, 1e4], fps=30)
    with pytest.raises(UsageError, match=r"trans moves \d+ a second, which is not in metres"):
        load_recording(tmp_path / "fast.npz")
    np.savez(tmp_path / "high.npz", poses=flat(), trans=walk() * [1, 0, 1] + [0, 20, 0], fps=30)
    with pytest.raises(UsageError, match="trans is 20 high, which is not in metres"):
        load_recording(tmp_path / "high.npz")
    found = load_recording(tmp_path / "degrees.npz", FileHints(units=units_of("degrees, cm")))
    assert np.degrees(found.rotations["head"][-1]) == pytest.approx([0, 40, 0])
    assert found.translation is not None and found.translation[-1] == pytest.approx(walk()[-1] - walk()[0])
    for form in ("rows", "columns"):
        np.savez(tmp_path / "six.npz", poses=six(poses(), form), fps=30)
        found = load_recording(tmp_path / "six.npz", FileHints(units=units_of(form)))
        assert np.degrees(found.rotations["head"][-1]) == pytest.approx([0, 40, 0])
    for wrong in ("feet", "cm,mm"):
        with pytest.raises(UsageError, match="unit"):
            FileHints(units=units_of(wrong))


def test_angles_beyond_a_full_turn_are_read_where_they_can_be_meant(tmp_path: Path) -> None:
    rows = flat()
    rows[:, 1] += 20 * TIME  # the whole body spins
    np.savez(tmp_path / "a.npz", poses=rows, fps=30)
    assert load_recording(tmp_path / "a.npz").rotations["pelvis"][-1, 1] == pytest.approx(20.11)


@pytest.mark.parametrize("seed", range(6))
def test_rotations_are_not_taken_for_positions(tmp_path: Path, seed: int) -> None:
    """Idle bodies, mirrored poses, one swing in all joints: constant distances alone make no skeleton."""
    draw = np.random.RandomState(seed)
    still = draw.normal(0, 0.4, (1, 24, 3)) * (seed != 1)
    mirrored = still.copy()
    mirrored[:, [2, 5, 8, 11, 14, 17, 19, 21, 23]] = still[:, [1, 4, 7, 10, 13, 16, 18, 20, 22]] * [1, -1, -1]
    swing = np.sin(np.linspace(0, 6, 60))[:, None, None] * draw.normal(0, 0.02, (1, 24, 3))
    for name, rows in (("idle", still + swing), ("mirrored", mirrored + swing), ("one", mirrored + 0 * swing)):
        np.savez(tmp_path / f"{name}.npz", poses=rows, fps=30)
        assert load_recording(tmp_path / f"{name}.npz").frames == 60


def test_gaps_are_bridged_along_the_shortest_arc_and_ends_cut_off(tmp_path: Path) -> None:
    rows, way = flat(), walk()
    rows[4:6], way[8] = np.nan, np.nan
    np.savez(tmp_path / "gap.npz", poses=rows, transl=way, fps=30)
    file = open_motion(tmp_path / "gap.npz")
    assert "frames 4 to 5 without a person, bridged; frame 8 without a person, bridged" in file.line
    head = Rotation.from_quat(file.motion.rotations["head"]).as_rotvec(degrees=True)[:, 1]
    np.testing.assert_allclose(head, 40 * TIME, atol=1e-3)
    np.testing.assert_allclose(file.motion.translation, walk() - walk()[0], atol=1e-6)
    rows = flat()
    rows[:2], rows[10:] = np.nan, np.nan
    np.savez(tmp_path / "ends.npz", poses=rows, fps=30)
    file = open_motion(tmp_path / "ends.npz")
    assert len(file.motion.times) == 8 and "frames 0 to 1 without a person, cut off; frames 10 to 11" in file.line
    # a frame of the file is a frame of the file, whatever is cut off
    assert np.degrees(load_pose(tmp_path / "ends.npz", frame=2)["head"][1]) == pytest.approx(40 * 2 / 11)
    with pytest.raises(UsageError, match="frame 11; the nearest frame with a person is 9"):
        load_pose(tmp_path / "ends.npz", frame=-1)


@pytest.mark.parametrize(("length", "rate", "read"), [(15, 30, True), (16, 30, False), (30, 60, True), (12, 24, True)])
def test_half_a_second_is_the_longest_gap(tmp_path: Path, length: int, rate: float, read: bool) -> None:
    rows = np.concatenate([flat(), np.full((length, 72), np.nan), flat()])
    np.savez(tmp_path / "a.npz", poses=rows, fps=rate)
    if read:
        assert f"frames 12 to {11 + length} without" in open_motion(tmp_path / "a.npz").line
        return
    with pytest.raises(UsageError, match=f"frames 12 to {11 + length}, .* s without a person"):
        open_motion(tmp_path / "a.npz")
    assert load_pose(tmp_path / "a.npz", frame=20 + length)


def test_lines_say_what_a_file_was_taken_for(tmp_path: Path) -> None:
    world = {"pose": turned(flat(), TO_CAMERA), "trans": walk(), "pose_world": flat(), "trans_world": walk()}
    motion_writers.joblib(tmp_path / "wham_output.pkl", {0: world, 1: world})
    file = open_motion(tmp_path / "wham_output.pkl", hints=FileHints(rate=30.0))
    assert file.line == "WHAM; 2 people (0, 1), took person 0; y up; rate not stated, 30 given"
    assert open_pose(tmp_path / "wham_output.pkl", frame=3).line == (
        "WHAM; 2 people (0, 1), took person 0; y up; frame 3 of 12"
    )


def test_pickles_that_joblib_of_before_wrote_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(motion_writers.joblib_bytes({"pose": flat(), "fps": 30}, aligned=False))
    assert load_recording(tmp_path / "a.pkl").frames == 12
    (tmp_path / "b.pkl").write_bytes(b"\x04\x22\x4d\x18" + bytes(40))
    with pytest.raises(UsageError, match="compressed by lz4"):
        load_recording(tmp_path / "b.pkl")


def test_matrices_that_are_no_rotations_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", pose=matrices(poses()) * 1.2, fps=30)
    with pytest.raises(UsageError, match="expected"):
        load_recording(tmp_path / "a.npz")


def test_what_the_worker_wrote_is_read_again(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", poses=flat(), transl=walk(), fps=30)
    motion = read_motion(tmp_path / "a.npz")
    rotations = np.stack([motion.rotations[joint] for joint in ("neck", "head")], axis=1)
    np.savez(tmp_path / "b.npz", times=motion.times, joints=np.array(["neck", "head"]), rotations=rotations)
    again = read_motion(tmp_path / "b.npz")
    assert again.times[-1] == pytest.approx(11 / 30, rel=1e-4)
    np.testing.assert_allclose(again.rotations["head"], motion.rotations["head"], atol=1e-6)


def test_a_lean_forwards_is_no_clear_direction() -> None:
    """The body's own up is a unit vector: one that leans by fifty degrees points along no axis."""
    leaning = flat()
    leaning[:, :3] = np.radians([50.0, 0, 0])
    assert judged(leaning[:, :3], None, 30.0, amass=True, camera=False, name="", hints=FileHints()).up_axis == "z"
    assert judged(leaning[:, :3], None, 30.0, amass=False, camera=True, name="", hints=FileHints()).up_axis == "-y"


def test_every_frame_of_a_short_file_is_looked_at() -> None:
    """Two frames: the first looks like places of joints, the second shows that they are turns."""
    places = positions(poses())[5]
    turns = np.random.RandomState(0).uniform(-1, 1, places.shape)
    with pytest.raises(UsageError, match="positions"):
        check_rotations(np.stack([places, places]), SMPL_JOINT_NAMES, "poses", FileHints())
    check_rotations(np.stack([places, turns]), SMPL_JOINT_NAMES, "poses", FileHints())
