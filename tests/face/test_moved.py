# SPDX-License-Identifier: Apache-2.0
"""Recordings, speech and idle loops on rigs of all kinds: shapes where there are some, joints where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.errors import UsageError
from portrait_core.face.motion_files import FaceMotion, FaceWish, idle_motion, open_recording, open_speech, together
from portrait_core.face.moved import JAW_OPEN, joint_motion, shape_motion
from portrait_core.face.names import ARKIT, SHAPES
from portrait_core.face.recordings.table import FaceTable
from portrait_core.pipeline.characters import bare_character
from portrait_core.pipeline.face_motion import with_face_motion
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from tests.face.samples import RHUBARB_TSV, live_link, truth

JOINTS = ("pelvis", "spine3", "neck", "head", "jaw", "left_eye", "right_eye")


@pytest.fixture
def take(tmp_path: Path) -> FaceMotion:
    (tmp_path / "take.csv").write_bytes(live_link(4))
    return open_recording(tmp_path / "take.csv")


@pytest.fixture
def talk(tmp_path: Path) -> FaceMotion:
    (tmp_path / "talk.tsv").write_bytes(RHUBARB_TSV)
    return open_speech(tmp_path / "talk.tsv")


def table(**weights: list[float]) -> FaceTable:
    count = len(next(iter(weights.values())))
    return FaceTable(np.arange(count) / 10, {name: np.array(each) for name, each in weights.items()})


def test_shapes_that_a_rig_has_not_are_left_out(take: FaceMotion) -> None:
    motion = shape_motion(take.table, "x", {"jawOpen", "cheekPuff", "viseme_aa"})
    assert motion is not None and set(motion.weights) == {"jawOpen", "cheekPuff"}
    assert shape_motion(take.table, "x", {"viseme_aa"}) is None


def test_with_shapes_the_joints_of_eyes_and_jaw_rest(take: FaceMotion) -> None:
    motion = joint_motion(take.table, "x", JOINTS, SHAPES)
    assert motion is not None and set(motion.rotations) == {"neck", "head"}


def test_without_shapes_the_joints_do_it() -> None:
    given = table(jawOpen=[0, 1, 0.5], eyeLookOutLeft=[0, 1, 0], eyeLookInRight=[0, 1, 0], eyeLookUpLeft=[0, 0, 0.5])
    motion = joint_motion(given, "x", JOINTS, ())
    assert motion is not None
    at = motion.at(0.1)
    np.testing.assert_allclose(at["jaw"], [JAW_OPEN, 0, 0], atol=1e-6)
    # Both eyes go to the own left.
    np.testing.assert_allclose(at["left_eye"], [0, np.radians(25), 0], atol=1e-6)
    np.testing.assert_allclose(at["right_eye"], [0, np.radians(25), 0], atol=1e-6)
    np.testing.assert_allclose(motion.at(0.2)["left_eye"], [-np.radians(12), 0, 0], atol=1e-6)


def test_joints_turn_as_far_as_the_shapes_of_the_model_take_what_they_move(starter_with_face: PortraitModel) -> None:
    person: Any = starter_with_face.person(Recipe(seed=0))
    face = person.parts_template.face
    assert pytest.approx(face.jaw.turn, abs=np.radians(0.1)) == JAW_OPEN
    for name, turn in face.looks.items():
        joint = ("left" if name.endswith("Left") else "right") + "_eye"
        motion = joint_motion(table(**{name: [0.0, 1.0]}), "x", JOINTS, ())
        assert motion is not None
        np.testing.assert_allclose(motion.at(0.1)[joint], turn, atol=1e-6)


def test_a_jaw_alone_speaks(talk: FaceMotion) -> None:
    motion = joint_motion(talk.table, "x", JOINTS, ())
    assert motion is not None and set(motion.rotations) == {"jaw"}
    closed, opened = motion.at(0.54)["jaw"][0], motion.at(0.72)["jaw"][0]
    assert closed < 0.01 and opened > 0.15


def test_turns_come_on_top_of_a_pose() -> None:
    turn = np.zeros((2, 3))
    turn[1, 1] = 0.5
    given = FaceTable(np.array([0.0, 1.0]), {}, {"head": turn})
    motion = joint_motion(given, "x", JOINTS, SHAPES, {"neck": (0.2, 0, 0)})
    assert motion is not None
    expected = Rotation.from_rotvec([0.2, 0, 0]) * Rotation.from_rotvec([0, 0.15, 0])
    np.testing.assert_allclose(motion.at(1.0)["neck"], expected.as_rotvec(), atol=1e-6)
    np.testing.assert_allclose(motion.at(1.0)["head"], [0, 0.35, 0], atol=1e-6)


def test_speech_has_the_mouth_and_the_recording_the_rest(take: FaceMotion, talk: FaceMotion) -> None:
    whole = together(talk, take)
    assert whole is not None
    names = set(whole.table.weights)
    assert names == set(talk.table.weights) | {n for n in ARKIT if not n.startswith(("mouth", "jaw", "tongue"))}
    assert whole.lines[-1] == "take: its 28 shapes of mouth, jaw and tongue give way to the speech"
    np.testing.assert_allclose(whole.table.weights["cheekPuff"], truth("cheekPuff", whole.table.times), atol=2e-3)
    spoken = np.interp(whole.table.times, talk.table.times, talk.table.weights["viseme_PP"])
    np.testing.assert_allclose(whole.table.weights["viseme_PP"], spoken, atol=1e-9)


def test_an_idle_loop_goes_on_as_long_as_the_speech_and_not_where_the_recording_moves(
    take: FaceMotion, talk: FaceMotion
) -> None:
    loop = idle_motion(2.0, 3)
    whole = together(None, take, loop)
    assert whole is not None and whole.table.seconds == take.table.seconds
    np.testing.assert_allclose(whole.table.weights["eyeBlinkLeft"], truth("eyeBlinkLeft", whole.table.times), atol=2e-3)
    assert "spine3" in whole.table.turns
    short = idle_motion(2.0, 3)
    spoken = together(talk, None, FaceMotion("idle", short.table))
    assert spoken is not None
    blink, times = spoken.table.weights["eyeBlinkLeft"], spoken.table.times
    later = np.interp(times % 2.0, short.table.times, short.table.weights["eyeBlinkLeft"])
    np.testing.assert_allclose(blink, later, atol=1e-6)


def test_an_avatar_of_the_model_opens_its_mouth_in_time(starter_with_face: PortraitModel, take: FaceMotion) -> None:
    recipe = Recipe(model="starter", seed=7, topology="parts", texture_size=64, normal_map=False, face="both")
    person: Any = starter_with_face.person(recipe)
    avatar, lines = with_face_motion(bare_character(recipe, person, silent, "ada"), take)
    assert lines == ()
    assert avatar.face_motion is not None and set(avatar.face_motion.weights) == set(ARKIT)
    assert avatar.motion is not None and set(avatar.motion.rotations) == {"neck", "head"}
    jaw = next(morph for morph in avatar.main.morphs if morph.name == "jawOpen")
    lowest = jaw.rows[int(jaw.moves[:, 1].argmin())]
    still = replace(avatar, motion=None)
    heights = [still.at(frame / 60).posed()[0][lowest, 1] for frame in range(0, 61, 5)]
    assert int(np.argmin(heights)) == 6  # half a second
    assert heights[0] - heights[6] > 0.008


def test_fewer_keys_a_second(take: FaceMotion) -> None:
    whole = FaceWish(recording=take, keys=15).of(0)
    assert whole is not None
    times = whole.table.times
    assert times[0] == 0 and times[-1] == take.table.seconds and float(np.diff(times).max()) <= 1 / 15 + 1e-9
    assert len(times) == 61
    np.testing.assert_allclose(whole.table.weights["jawOpen"], truth("jawOpen", times), atol=1e-6)


def test_alone_it_is_what_it_is(take: FaceMotion) -> None:
    assert together() is None
    assert together(None, take) is take


@pytest.mark.parametrize("strength", [-0.1, 2.1, float("nan")])
def test_a_strength_out_of_range(tmp_path: Path, strength: float) -> None:
    with pytest.raises(UsageError, match="strength goes from 0 to 2"):
        open_speech(tmp_path / "talk.tsv", amplitude=strength)


def test_what_is_wrong_with_a_file_is_a_mistake_of_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv: the file does not exist\."):
        open_recording(tmp_path / "none.csv")
    (tmp_path / "a.tsv").write_text("hello", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.tsv: it holds no cues"):
        open_speech(tmp_path / "a.tsv")
    with pytest.raises(UsageError, match="2 to 600 seconds, got 1"):
        idle_motion(1.0, 0)
