# SPDX-License-Identifier: Apache-2.0
"""Videos: what ffmpeg reads back, and what leaves no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from portrait_core.errors import Cancelled, UsageError
from portrait_core.imaging.video import write_video

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
