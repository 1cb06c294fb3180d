# SPDX-License-Identifier: Apache-2.0
"""Motions as a .glb holds them, read as a program plays them: what the recording says, in time within a frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from portrait_core.avatar import Avatar
from portrait_core.face.motion_files import open_recording, open_speech
from portrait_core.formats.gltf import GltfFile, glb_bytes, read_gltf
from portrait_core.pipeline.face_motion import with_face_motion
from portrait_core.rig import Motion, quaternion
from portrait_core.rig.shape_motion import ShapeMotion
from tests.face.samples import RHUBARB_TSV, angle, live_link, truth
from tests.formats.faces import faced

FRAME = 1 / 60


def written(avatar: Avatar, folder: Path) -> GltfFile:
    path = folder / "someone.glb"
    path.write_bytes(glb_bytes(avatar))
    return read_gltf(path)


def channels(gltf: GltfFile) -> dict[tuple[str, str], tuple[NDArray[Any], NDArray[Any]]]:
    """Times and values of each channel of the one animation, by the names of its node and path."""
    (animation,) = gltf.entries("animations")
    found: dict[tuple[str, str], tuple[NDArray[Any], NDArray[Any]]] = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        assert sampler["interpolation"] == "LINEAR"
        node = gltf.entries("nodes")[channel["target"]["node"]]
        found[node["name"], channel["target"]["path"]] = (
            gltf.array(sampler["input"])[:, 0],
            gltf.array(sampler["output"]),
        )
    return found


def played(gltf: GltfFile, mesh: str, shape: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """A target's weight at ``times``, as a player sees it."""
    keys, values = channels(gltf)[mesh, "weights"]
    (names,) = (each["extras"]["targetNames"] for each in gltf.entries("meshes") if each["name"] == mesh)
    tracks = values.reshape(len(keys), len(names))
    return np.interp(times, keys, tracks[:, names.index(shape)])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Avatar, GltfFile]:
    """Twenty seconds of Live Link on the hand-made avatar."""
    folder = tmp_path_factory.mktemp("take")
    (folder / "take.csv").write_bytes(live_link(20))
    avatar, lines = with_face_motion(faced(2), open_recording(folder / "take.csv"))
    assert lines == ()
    return avatar, written(avatar, folder)


def test_twenty_seconds_are_in_time_within_a_frame(recorded: tuple[Avatar, GltfFile]) -> None:
    """The mouth of the samples opens once a second: in the file it does so at the same frame each time."""
    _, gltf = recorded
    fine = np.arange(0, 20 * 600) / 600
    jaw = played(gltf, "skin", "jawOpen", fine)
    for second in range(19):
        here = (fine > second + 0.1) & (fine < second + 0.9)
        peak = fine[here][jaw[here] > jaw[here].max() - 1e-3].mean()
        assert abs(peak - (second + 0.5)) < FRAME
    times = np.arange(1200) / 60
    for mesh, shape in (("skin", "jawOpen"), ("skin", "eyeBlinkLeft")):
        assert np.abs(played(gltf, mesh, shape, times) - truth(shape, times)).max() < 0.0025
    keys, _ = channels(gltf)["skin", "weights"]
    assert keys[0] == 0.0 and keys[-1] == pytest.approx(1199 / 60, abs=1e-5)


def test_the_head_turns_as_neck_and_head_together(recorded: tuple[Avatar, GltfFile]) -> None:
    _, gltf = recorded
    times = np.arange(1200) / 60
    turned = []
    for joint in ("neck", "head"):
        keys, values = channels(gltf)[joint, "rotation"]
        turned.append(Slerp(keys.astype(np.float64), Rotation.from_quat(values))(times))
    yaw = np.array([angle("HeadYaw", each) for each in times])
    whole = (turned[0] * turned[1]).as_rotvec()
    assert np.abs(whole[:, 1] - yaw).max() < 5e-3
    big = np.abs(yaw) > 0.1
    share = turned[0].as_rotvec()[big, 1] / whole[big, 1]
    assert np.abs(share - 0.3).max() < 0.03


def test_every_mesh_with_shapes_has_a_channel_of_as_many_weights(recorded: tuple[Avatar, GltfFile]) -> None:
    avatar, gltf = recorded
    assert avatar.face_motion is not None
    found = channels(gltf)
    for node in gltf.entries("nodes"):
        if "mesh" not in node:
            continue
        mesh = gltf.entries("meshes")[node["mesh"]]
        keys, values = found[node["name"], "weights"]
        assert len(values) == len(keys) * len(mesh["extras"]["targetNames"])
        assert len(keys) == len(avatar.face_motion.times)


def test_levels_of_detail_share_their_keys(recorded: tuple[Avatar, GltfFile]) -> None:
    _, gltf = recorded
    (animation,) = gltf.entries("animations")
    outputs = {
        channel["target"]["node"]: animation["samplers"][channel["sampler"]]["output"]
        for channel in animation["channels"]
        if channel["target"]["path"] == "weights"
    }
    names = {gltf.entries("nodes")[node]["name"]: output for node, output in outputs.items()}
    assert names["skin"] == names["skin_LOD1"]


def test_body_and_face_are_one_animation_each_with_its_keys(tmp_path: Path) -> None:
    times = np.array([0.0, 0.5, 2.0], np.float32)
    turns = np.array([quaternion((0, each, 0)) for each in (0.0, 0.3, 0.0)], np.float32)
    face = ShapeMotion("talk", np.array([0, 1], np.float32), {"jawOpen": np.array([0, 1], np.float32)})
    avatar = replace(
        faced(expression={"eyeBlinkLeft": 0.5}), motion=Motion("nod", times, {"head": turns}), face_motion=face
    )
    gltf = written(avatar, tmp_path)
    assert gltf.entries("animations")[0]["name"] == "nod"
    found = channels(gltf)
    assert found["head", "rotation"][0].tolist() == times.tolist()
    assert found["skin", "weights"][0].tolist() == [0, 1]
    # jawOpen, eyeBlinkLeft, viseme_sil: what does not move stays as the expression has it.
    assert found["skin", "weights"][1].reshape(2, 3).tolist() == [[0, 0.5, 0], [1, 0.5, 0]]
    # A mesh of which nothing moves has no channel.
    assert [name for name, path in found if path == "weights"] == ["skin"]


def test_a_head_that_the_body_turns_is_the_body_s(tmp_path: Path) -> None:
    (tmp_path / "take.csv").write_bytes(live_link(1))
    times = np.array([0.0, 3.0], np.float32)
    turns = np.array([quaternion((0, each, 0)) for each in (0.0, 0.3)], np.float32)
    moving = replace(faced(), motion=Motion("nod", times, {"head": turns}))
    avatar, lines = with_face_motion(moving, open_recording(tmp_path / "take.csv"))
    assert lines == ("take: its turns of the head give way to the body's motion.",)
    assert avatar.motion is not None and set(avatar.motion.rotations) == {"head"}
    assert avatar.motion.at(1.5)["head"][1] == pytest.approx(0.15, abs=1e-4)


def test_without_shapes_the_head_turns_and_a_line_says_it(tmp_path: Path) -> None:
    (tmp_path / "take.csv").write_bytes(live_link(1))
    bare = replace(faced(), levels=tuple(replace(level, morphs=()) for level in faced().levels))
    avatar, lines = with_face_motion(bare, open_recording(tmp_path / "take.csv"))
    assert lines == ("take: the avatar has no shapes; its joints alone are moved.",)
    assert avatar.face_motion is None and avatar.motion is not None
    (tmp_path / "talk.tsv").write_bytes(RHUBARB_TSV)
    avatar, lines = with_face_motion(bare, open_speech(tmp_path / "talk.tsv"))
    assert lines == ("talk: the avatar has no shapes and no joints that it moves; it is left out.",)
    assert avatar.face_motion is None and avatar.motion is None


def test_a_still_is_the_avatar_at_its_time(recorded: tuple[Avatar, GltfFile]) -> None:
    avatar, gltf = recorded
    for seconds in (0.0, 3.21, 12.5, 99.0):
        still = avatar.at(seconds)
        assert still.motion is None and still.face_motion is None
        weight = played(gltf, "skin", "jawOpen", np.array([min(seconds, 1199 / 60)]))[0]
        assert still.expression["jawOpen"] == pytest.approx(weight, abs=1e-6)
        assert set(still.pose) >= {"neck", "head"}
