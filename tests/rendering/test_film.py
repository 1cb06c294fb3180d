# SPDX-License-Identifier: Apache-2.0
"""A film shows each frame's avatar as it is at that time, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.cameras import Camera
from portrait_core.face.motion_files import FaceMotion, open_recording, open_speech
from portrait_core.geometry.morphs import Morph
from portrait_core.imaging.video import write_video
from portrait_core.pipeline.face_motion import with_face_motion
from portrait_core.rendering.film import film, seconds_of
from portrait_core.rendering.layered import render_avatar
from portrait_core.rig import Motion, quaternion
from portrait_core.rig.shape_motion import ShapeMotion
from tests.face.samples import live_link, truth
from tests.formats.faces import faced

RATE = 30


def test_frames_are_stills_at_their_times() -> None:
    times = np.array([0.0, 1.0], np.float32)
    turns = np.array([quaternion((0, each, 0)) for each in (0.0, 1.0)], np.float32)
    face = ShapeMotion("talk", np.array([0, 2], np.float32), {"jawOpen": np.array([0, 8], np.float32)})
    avatar = replace(faced(), motion=Motion("nod", times, {"head": turns}), face_motion=face)
    assert seconds_of(avatar) == 2.0 and seconds_of(faced()) == 0.0
    cameras = [Camera.orbit(yaw) for yaw in (0.0, 0.1, 0.0, 0.0)]
    frames = list(film(avatar, cameras, 4, 48))
    assert len(frames) == 4
    for number, (image, depth) in enumerate(frames):
        still = render_avatar(avatar.at(number / 4), cameras[number], 48)
        assert np.array_equal(image, still.image) and np.array_equal(depth, still.depth)
    assert not np.array_equal(frames[0][0], frames[2][0])


def test_a_still_at_rest_is_the_avatar() -> None:
    avatar = faced(expression={"jawOpen": 0.5})
    still = avatar.at(3.0)
    assert still.expression == {"jawOpen": 0.5} and dict(still.pose) == dict(avatar.pose)


def sinking(*names: str) -> Avatar:
    """The hand-made avatar, of which each of these shapes lowers all by 8 cm."""
    avatar = faced()
    rows = np.arange(len(avatar.main.vertices), dtype=np.int32)
    move = np.tile(np.array([0, -0.08, 0], np.float32), (len(rows), 1))
    return replace(avatar, levels=(replace(avatar.main, morphs=tuple(Morph(name, rows, move) for name in names)),))


def filmed_heights(avatar: Avatar, face: FaceMotion, seconds: float, path: Path) -> NDArray[np.float64]:
    """For each frame of an .mp4 as ``portrait video`` writes it, read back by ffmpeg: how far what is seen has sunk."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    moved, _ = with_face_motion(avatar, face)
    still = replace(moved, motion=None)  # the head's turns would move the picture as well
    cameras = [Camera.orbit()] * round(seconds * RATE)
    write_video(path, (image for image, _ in film(still, cameras, RATE, 64)), rate=RATE)
    read = imageio_ffmpeg.read_frames(str(path))
    size = next(read)["size"]
    frames = [np.frombuffer(each, np.uint8).reshape(*size, 3).astype(np.float64) for each in read]
    apart = [np.abs(frame - frames[0][0, 0]).sum(axis=2) for frame in frames]
    apart = [np.where(each > 60, each, 0.0) for each in apart]
    return np.array([(each.sum(axis=1) @ np.arange(len(each))) / each.sum() for each in apart])


def lag(seen: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[int, float]:
    """By how many frames the film is late, and how well it follows what is ``wanted`` there."""
    inside = slice(3, -3)
    fits = [float(np.corrcoef(seen[inside], np.roll(wanted, late)[inside])[0, 1]) for late in range(-3, 4)]
    return int(np.argmax(fits)) - 3, max(fits)


@pytest.mark.slow
def test_twenty_seconds_of_a_recording_are_filmed_in_time(tmp_path: Path) -> None:
    (tmp_path / "take.csv").write_bytes(live_link(20))
    face = open_recording(tmp_path / "take.csv")
    seen = filmed_heights(sinking("jawOpen"), face, 20, tmp_path / "take.mp4")
    assert len(seen) == 20 * RATE
    late, fit = lag(seen, truth("jawOpen", np.arange(len(seen)) / RATE))
    assert late == 0 and fit > 0.99
    peaks = [int(seen[start : start + RATE].argmax()) + start for start in range(0, len(seen), RATE)]
    assert (
        max(abs(peak - expected) for peak, expected in zip(peaks, range(RATE // 2, len(seen), RATE), strict=True)) <= 1
    )


@pytest.mark.slow
def test_speech_is_filmed_in_time(tmp_path: Path) -> None:
    """Rhubarb's D, an open mouth, thrice: the film is at its lowest where the viseme of a file is fullest."""
    cues = [(0.0, "X"), (0.6, "D"), (0.9, "A"), (1.1, "D"), (1.5, "X"), (2.3, "D"), (2.7, "X")]
    (tmp_path / "talk.tsv").write_text("".join(f"{time:.2f}\t{mouth}\n" for time, mouth in cues))
    face = open_speech(tmp_path / "talk.tsv")
    seen = filmed_heights(sinking("viseme_aa"), face, 3, tmp_path / "talk.mp4")
    times = np.arange(len(seen)) / RATE
    late, fit = lag(seen, np.interp(times, face.table.times, face.table.weights["viseme_aa"]))
    assert late == 0 and fit > 0.99
    for begin, end in ((0.6, 0.9), (1.1, 1.5), (2.3, 2.7)):
        window = (times > begin - 0.2) & (times < end + 0.2)
        assert begin <= times[window][seen[window].argmax()] <= end
