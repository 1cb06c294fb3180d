# SPDX-License-Identifier: Apache-2.0
"""Every layout is read right or refused by name, as a motion and as a pose; none is read wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.body.poses import open_pose
from portrait_core.body.recordings import FileHints
from portrait_core.errors import UsageError
from portrait_core.rig.motion_files import open_motion
from tests.field import (
    motion_layouts_others,
    motion_layouts_programs,
    motion_layouts_siblings,
    motion_layouts_smpl,
)
from tests.field.motion_layouts import LAYOUTS, Layout
from tests.field.motion_truth import FRAMES, poses, walk


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_is_read_right_or_refused_by_name(layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / layout.name
    layout.write(path)
    hints = FileHints(person=layout.person, rate=30.0)
    if layout.refuses:
        for read in (lambda: open_motion(path, hints=hints), lambda: open_pose(path, frame=0, hints=hints)):
            if layout.name == "nan_long.npz" and read.__code__.co_names[0] == "open_pose":
                continue  # a frame of it can be had
            with pytest.raises(UsageError, match=layout.refuses) as caught:
                read()
            assert "\n" not in str(caught.value) and layout.name in str(caught.value)
        return
    file = open_motion(path, hints=hints)
    motion = file.motion
    assert re.search(re.escape(layout.says).replace(r"\.\*", ".*"), file.line), file.line
    assert len(motion.times) == layout.frames
    assert motion.times[-1] == pytest.approx((layout.frames - 1) / 30, abs=2e-4)
    for joint, axis, degrees in (("head", 1, 40), ("neck", 0, 10), ("pelvis", 1, np.degrees(0.11))):
        turn = Rotation.from_quat(motion.rotations[joint][-1]).as_rotvec(degrees=True)
        expected = np.zeros(3)
        expected[axis] = degrees
        np.testing.assert_allclose(turn, expected, atol=0.1, err_msg=f"{joint}: {file.line}")
    truth = poses(bent="bent" in layout.name)
    if layout.frames == FRAMES:
        middle = Rotation.from_quat(motion.rotations["left_shoulder"][5]).as_rotvec()
        np.testing.assert_allclose(middle, truth[5, 16], atol=2e-3)
    if layout.metres is None:
        assert motion.translation is None or not motion.translation.any() or layout.frames == 1
    else:
        assert motion.translation is not None
        np.testing.assert_allclose(motion.translation[-1], walk()[-1] - walk()[0], atol=2e-3)
    pose = open_pose(path, frame=-1, hints=hints)
    np.testing.assert_allclose(np.degrees(pose.pose["head"]), [0, 40, 0], atol=0.1)
    assert file.line.startswith(pose.line.split(";")[0])


def test_rates_that_files_state_are_found(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        if layout.refuses or layout.rate is None or layout.frames == 1:
            continue
        layout.write(tmp_path / layout.name)
        file = open_motion(tmp_path / layout.name)
        assert file.motion.times[1] == pytest.approx(1 / layout.rate, rel=1e-3), layout.name
        assert "30 frames a second" in file.line


def test_there_are_enough_of_them() -> None:
    # each adds its own
    assert motion_layouts_smpl and motion_layouts_programs and motion_layouts_others and motion_layouts_siblings
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS) >= 60
