# SPDX-License-Identifier: Apache-2.0
"""Motion and pose files of SMPL and AMASS: what they mean, and what is told of broken ones. Nothing in them runs."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.body.poses import load_pose
from portrait_core.body.recordings import load_recording
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError
from portrait_core.safe_pickle.arrays import read_pickled_arrays

HEAD, NECK = SMPL_JOINT_NAMES.index("head"), SMPL_JOINT_NAMES.index("neck")


def turns(frames=5, width=72, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, width)) * 0.3


@pytest.mark.parametrize("width", [66, 72, 156, 165])
def test_archives_of_all_bodies(tmp_path, width):
    rows = turns(width=width)
    np.savez(tmp_path / "a.npz", poses=rows, trans=np.ones((5, 3)), mocap_framerate=120.0, gender="neutral")
    one = load_recording(tmp_path / "a.npz")
    assert one.frames == 5 and one.frame_rate == 120 and one.amass
    assert np.array_equal(one.rotations["head"], rows[:, 3 * HEAD : 3 * HEAD + 3])
    assert len(one.rotations) == (24 if width == 72 else 22)  # beyond: fingers, jaw and eyes of other bodies


def test_amass_in_parts_and_its_upright_axis(tmp_path):
    rows, way = turns(width=66), np.array([[0, 0, 0.9], [0, 0.5, 1.0]] + [[0, 0, 1]] * 3)
    np.savez(tmp_path / "a.npz", root_orient=rows[:, :3], pose_body=rows[:, 3:], trans=way, mocap_frame_rate=60)
    raw = load_recording(tmp_path / "a.npz")
    ours = raw.y_up("z")
    up = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # z to y, y to -z
    for k in range(5):
        expected = up @ Rotation.from_rotvec(rows[k, :3]).as_matrix()
        assert np.allclose(Rotation.from_rotvec(ours.rotations["pelvis"][k]).as_matrix(), expected)
    assert np.allclose(ours.translation[1], [0, 1.0, -0.5])
    assert np.array_equal(ours.rotations["neck"], raw.rotations["neck"])
    assert raw.y_up("y") is raw
    pose = load_pose(tmp_path / "a.npz", frame=2)
    assert np.allclose(pose["head"], rows[2, 45:48]) and np.allclose(pose["pelvis"], ours.rotations["pelvis"][2])


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("order", ["C", "F"])
def test_pickles_of_every_protocol_are_read_as_data(tmp_path, protocol, order):
    rows = np.asarray(turns(), order=order)
    content = {"smpl_poses": rows, "smpl_trans": rows[:, :3].astype(">f4"), "fps": np.float64(30), "name": "walk",
               "betas": [0.5, 1], "extra": (np.arange(6, dtype=np.int32).reshape(2, 3), None, True)}  # fmt: skip
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content, protocol))
    read = read_pickled_arrays((tmp_path / "a.pkl").read_bytes())
    assert np.array_equal(read["smpl_poses"], rows) and np.array_equal(read["smpl_trans"], content["smpl_trans"])
    assert read["name"] == "walk" and read["betas"] == [0.5, 1]
    assert np.array_equal(read["extra"][0], content["extra"][0]) and read["extra"][1:] == [None, True]
    one = load_recording(tmp_path / "a.pkl")
    assert one.frame_rate == 30 and one.frames == 5 and not one.amass
    assert np.allclose(load_pose(tmp_path / "a.pkl")["neck"], rows[0, 3 * NECK : 3 * NECK + 3])


def test_a_pickle_of_python_2_is_read():
    """Written by hand, opcode by opcode: texts where Python 3 has bytes, as SMPL's own files have."""
    raw = np.arange(3, dtype="<f8").tobytes()
    data = (
        b"\x80\x02}U\x04posecnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x03\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U" + bytes([len(raw)]) + raw + b"tbs."
    )
    assert read_pickled_arrays(data)["pose"].tolist() == [0, 1, 2]


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.path),)


def test_nothing_in_a_file_runs(tmp_path):
    canary = tmp_path / "executed"
    objects = np.empty(1, dtype=object)
    objects[0] = Runs(canary)
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"pose": Runs(canary)}))
    (tmp_path / "first.pkl").write_bytes(pickle.dumps(Runs(canary)))
    (tmp_path / "array.pkl").write_bytes(pickle.dumps({"pose": objects}))
    (tmp_path / "state.pkl").write_bytes(b"cos\nsystem\n(X\x04\x00\x00\x00trueo.")
    np.savez(tmp_path / "a.npz", poses=objects)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    for path in sorted(tmp_path.iterdir()):
        for load in (load_recording, load_pose):
            with pytest.raises(UsageError, match=path.name):
                load(path)
    assert not canary.exists()
    pickle.loads((tmp_path / "first.pkl").read_bytes())
    assert canary.exists(), "the canary must be able to sing"


def test_objects_in_fields_nobody_needs_are_left_alone(tmp_path):
    np.savez(tmp_path / "a.npz", poses=turns(), labels=np.array([{}], dtype=object), mocap_framerate=30)
    assert load_recording(tmp_path / "a.npz").frames == 5


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"betas": np.zeros(10)}, "expected a field called .*got betas"),
        ({"poses": np.zeros((5, 71))}, r"poses has shape \(5, 71\), expected \(frames, 66 or"),
        ({"poses": np.zeros((0, 72))}, "poses has 0 frames"),
        ({"poses": np.full((5, 72), np.nan)}, "poses holds NaN or infinity in frame 0"),
        ({"poses": np.array([["a"] * 72])}, "poses is an array of type"),
        ({"poses": turns(), "trans": np.zeros((4, 3))}, "trans has 4 frames, the rotations 5"),
        ({"poses": turns(), "trans": np.zeros((5, 2))}, "trans has shape"),
        ({"poses": turns(), "mocap_framerate": 0.0}, "mocap_framerate is"),
        ({"poses": turns(), "mocap_framerate": np.array([1.0, 2.0])}, "mocap_framerate is"),
        ({"pose_body": np.zeros((5, 63)), "root_orient": np.zeros((4, 3))}, "root_orient has 4"),
    ],
)
def test_broken_fields_are_named(tmp_path, fields, says):
    np.savez(tmp_path / "a.npz", **fields)
    with pytest.raises(UsageError, match=says):
        load_recording(tmp_path / "a.npz")


def test_truncated_files_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", poses=turns())
    np.save(tmp_path / "a.npy", turns())
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"poses": turns()}))
    for path in sorted(tmp_path.iterdir()):
        data = path.read_bytes()
        for part in (0, 1, len(data) // 3, len(data) - 8):
            path.write_bytes(data[:part])
            with pytest.raises(UsageError, match=path.name):
                load_recording(path)
            with pytest.raises(UsageError, match=path.name):
                load_pose(path)
    with pytest.raises(UsageError, match="does not exist"):
        load_recording(tmp_path / "none.npz")
    with pytest.raises(UsageError, match="ending in"):
        load_recording(tmp_path / "walk.fbx")


def test_json_motions(tmp_path):
    path = tmp_path / "nod.json"
    path.write_text(json.dumps({"frame_rate": 24, "unit": "degrees", "joints": {"head": [[0, 0, 0], [20, 0, 0]]}}))
    one = load_recording(path)
    assert one.frame_rate == 24 and np.allclose(one.rotations["head"][1], [np.radians(20), 0, 0])
    for content, says in (
        ("[]", "dictionary"),
        ("{", "cannot be read"),
        ('{"joints": {}}', '"joints"'),
        ('{"joints": {"haed": [[0,0,0]]}}', 'called "haed"'),
        ('{"joints": {"head": [[0,0]]}}', "head has shape"),
        ('{"joints": {"head": [[0,0,0],[1]]}}', "head holds rows of different lengths"),
        ('{"joints": {"head": [[0,0,0]], "neck": [[0,0,0],[0,0,0]]}}', "neck has 2 frames"),
        ('{"joints": {"head": [[0,0,NaN]]}}', "head holds NaN"),
        ('{"joints": {"head": [[0,0,0]]}, "unit": "turns"}', "unit"),
        ('{"joints": {"head": [[0,0,0]]}, "fps": "fast"}', "fps is"),
    ):
        path.write_text(content)
        with pytest.raises(UsageError, match=says):
            load_recording(path)


def test_a_frame_that_is_not_there(tmp_path):
    np.save(tmp_path / "a.npy", turns())
    assert np.allclose(load_pose(tmp_path / "a.npy", frame=-1)["head"], turns()[4, 45:48])
    with pytest.raises(UsageError, match="frame 5 does not exist"):
        load_pose(tmp_path / "a.npy", frame=5)
