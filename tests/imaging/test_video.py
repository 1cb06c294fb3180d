# SPDX-License-Identifier: Apache-2.0
"""Videos: what ffmpeg reads back, and what leaves no file."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from portrait_core.errors import Cancelled, UsageError
from portrait_core.imaging.video import Sound, check_sound, write_video

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")


def frames(count: int) -> Iterator[np.ndarray]:
    for number in range(count):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[:, : 6 * number + 6] = (200, 60, 20)
        yield frame


def test_frames_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    assert write_video(path, frames(8), rate=25) == 8
    read = imageio_ffmpeg.read_frames(str(path))
    facts = next(read)
    assert facts["size"] == (64, 48) and facts["fps"] == 25
    back = [np.frombuffer(each, np.uint8).reshape(48, 64, 3).astype(int) for each in read]
    assert len(back) == 8
    for wanted, found in zip(frames(8), back, strict=True):
        assert np.abs(found - wanted).mean() < 12


def test_what_breaks_leaves_no_file(tmp_path: Path) -> None:
    def stopped() -> Iterator[np.ndarray]:
        yield from frames(3)
        raise Cancelled("Stopped, as was asked.")

    def changing() -> Iterator[np.ndarray]:
        yield from frames(2)
        yield np.zeros((50, 64, 3), np.uint8)

    for source, error in ((stopped(), Cancelled), (changing(), UsageError), (iter(()), UsageError)):
        with pytest.raises(error):
            write_video(tmp_path / "a.mp4", source)
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="even sides"):
        write_video(tmp_path / "a.mp4", [np.zeros((47, 64, 3), np.uint8)])
    assert list(tmp_path.iterdir()) == []


def click(path: Path, at: float, seconds: float) -> Path:
    """A sound that is silent but for a tone of a tenth of a second that begins ``at``."""
    rate = 16_000
    times = np.arange(int(seconds * rate)) / rate
    tone = np.where((times >= at) & (times < at + 0.1), np.sin(2 * np.pi * 1000 * times), 0.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((tone * 20_000).astype("<i2").tobytes())
    return path


def heard(path: Path) -> np.ndarray:
    """The sound of a video, 16,000 samples a second."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "16000", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<i2").astype(float)


@pytest.mark.parametrize("length", [0.9, 3.0])
def test_a_sound_is_in_time_and_as_long_as_the_pictures(tmp_path: Path, length: float) -> None:
    path, sound = tmp_path / "a.mp4", click(tmp_path / "a.wav", 0.5, length)
    assert write_video(path, frames(30), rate=20, sound=Sound(sound, 1.5)) == 30
    facts = next(imageio_ffmpeg.read_frames(str(path)))
    assert facts["audio_codec"] == "aac" and facts["duration"] == pytest.approx(1.5, abs=0.06)
    loud = np.flatnonzero(np.abs(heard(path)) > 3000)
    assert loud[0] / 16_000 == pytest.approx(0.5, abs=0.05)
    pictures = list(imageio_ffmpeg.read_frames(str(path)))[1:]
    assert len(pictures) == 30


def test_what_is_no_sound_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "b.wav").write_bytes(b"RIFF no sound at all, but long enough to be looked at" * 9)
    for name, words in (("none.wav", "no such file"), ("a.wav", "empty"), ("b.wav", r"b\.wav: .*\.")):
        with pytest.raises(UsageError, match=words) as caught:
            check_sound(tmp_path / name)
        assert "\n" not in str(caught.value)
    check_sound(click(tmp_path / "c.wav", 0.1, 1.0))
