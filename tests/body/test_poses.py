# SPDX-License-Identifier: Apache-2.0
"""Poses from text and files; wrong ones are told in one line."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from portrait_core.body.poses import body_pose, load_pose, parse_pose, pose_of_numbers
from portrait_core.errors import UsageError


def test_text_is_in_degrees():
    pose = parse_pose("head=0,20,0; neck=-5,0,1.5")
    assert set(pose) == {"head", "neck"}
    assert pose["head"].tolist() == [0, pytest.approx(math.radians(20)), 0]
    numbers = body_pose(pose)
    assert numbers.dtype == np.float32
    assert np.allclose(np.degrees(numbers), [-5, 0, 1.5, 0, 20, 0], atol=1e-5)


def test_no_text_is_no_pose():
    assert parse_pose("") == {}
    assert body_pose({}).tolist() == [0] * 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("haed=0,1,2", 'called "haed"'),
        ("head", "JOINT=X,Y,Z"),
        ("head=1,2", "three finite"),
        ("head=1,2,x", "three numbers"),
        ("head=1,2,nan", "three finite"),
        ("head=1,2,inf", "three finite"),
        ("head=1,2,3;head=1,2,3", "twice"),
    ],
)
def test_wrong_text_is_told(text, says):
    with pytest.raises(UsageError, match=says):
        parse_pose(text)


def test_files_of_all_kinds(tmp_path):
    six = np.array([0.1, 0, 0, 0, 0.2, 0])
    whole = np.zeros((24, 3))
    whole[12], whole[15] = six[:3], six[3:]
    np.save(tmp_path / "six.npy", six)
    np.save(tmp_path / "whole.npy", whole)
    np.save(tmp_path / "body.npy", whole[1:].ravel())
    np.savez(tmp_path / "pose.npz", body_pose=whole[1:])
    np.savez(tmp_path / "joints.npz", neck=six[:3], head=six[3:])
    (tmp_path / "a.json").write_text(json.dumps({"neck": [0.1, 0, 0], "head": [0, 0.2, 0]}))
    degrees = {"unit": "degrees", "neck": [math.degrees(0.1), 0, 0], "head": [0, math.degrees(0.2), 0]}
    (tmp_path / "b.json").write_text(json.dumps(degrees))
    for path in sorted(tmp_path.iterdir()):
        assert np.allclose(body_pose(load_pose(path)), six), path


@pytest.mark.parametrize(
    "content",
    ["[1, 2]", "{", '{"head": [1, 2]}', '{"head": "up"}', '{"unit": "turns"}', '{"head": [1, 2, NaN]}'],
)
def test_wrong_json_is_told(tmp_path, content):
    path = tmp_path / "pose.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"pose\.json"):
        load_pose(path)


def test_pickled_arrays_are_refused(tmp_path):
    class Runs:
        def __reduce__(self):
            import os

            return os.mkdir, (str(tmp_path / "executed"),)

    objects = np.empty(1, dtype=object)
    objects[0] = Runs()
    np.save(tmp_path / "pose.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "pose.npz", head=objects)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(Runs()))
    for name in ("pose.npy", "pose.npz", "raw.npy"):
        with pytest.raises(UsageError):
            load_pose(tmp_path / name)
    assert not (tmp_path / "executed").exists()


def test_wrong_files_are_told(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        load_pose(tmp_path / "none.json")
    with pytest.raises(UsageError, match="ending in"):
        load_pose(tmp_path / "pose.txt")
    with pytest.raises(UsageError, match="6, 69 or 72"):
        pose_of_numbers(np.zeros(7))
    with pytest.raises(UsageError, match="NaN"):
        pose_of_numbers(np.full(6, np.nan))


def test_the_networks_turn_neck_and_head_only():
    with pytest.raises(UsageError, match="left_elbow"):
        body_pose(parse_pose("left_elbow=0,0,90"))
    assert body_pose(parse_pose("left_elbow=0,0,0")).tolist() == [0] * 6
