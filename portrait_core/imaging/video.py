# SPDX-License-Identifier: Apache-2.0
"""Frames to an .mp4 file, by the ffmpeg that imageio-ffmpeg brings along."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import OutputError, UsageError, remedy
from portrait_core.files.whole_file import whole_file

REMEDY = remedy("install", extra="video", package="imageio-ffmpeg")


def check_video() -> None:
    """Raise :class:`UsageError` where videos cannot be written, before any work is done."""
    try:
        import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs, reportMissingImports]

        cast(Any, imageio_ffmpeg).get_ffmpeg_exe()
    except ImportError as error:
        raise UsageError("writing videos needs the package imageio-ffmpeg, which is missing.", remedy=REMEDY) from error
    except RuntimeError as error:
        raise UsageError(f"no ffmpeg was found for writing videos ({error}).", remedy=REMEDY) from error


@dataclass(frozen=True)
class Sound:
    """A sound file of any kind that ffmpeg reads, and for how many ``seconds`` it may go on: those of the pictures."""

    path: Path
    seconds: float


def check_sound(path: Path) -> None:
    """Raise :class:`UsageError` for a file that cannot be a sound, before any work is done."""
    if not path.is_file():
        raise UsageError(f"sound {path}: there is no such file.")
    if path.stat().st_size == 0:
        raise UsageError(f"sound {path}: the file is empty.")
    import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs, reportMissingImports]

    # Decoded to nowhere: what ffmpeg cannot read is told now and not behind minutes of rendering.
    program: str = cast(Any, imageio_ffmpeg).get_ffmpeg_exe()
    command = [program, "-v", "error", "-i", str(path.absolute()), "-map", "0:a:0", "-t", "1", "-f", "null", "-"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["ffmpeg cannot read it"]
        raise UsageError(f"sound {path}: {lines[-1][:160]}.")


def write_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    rate: float = 30.0,
    overwrite: bool = False,
    sound: Sound | None = None,
) -> int:
    """Write ``frames`` (height, width, 3) sRGB, even sizes, at ``rate`` frames a second; returns how many there were.

    H.264 in 4:2:0, which every browser and phone plays; a ``sound`` beside it begins with the first frame, as AAC.
    Whole or not at all: an interrupted video leaves no file.

    Raises:
        UsageError: no ffmpeg; no frames, or of odd or different sizes.
        OutputError: the file exists and ``overwrite`` is not set, or ffmpeg fails.
    """
    check_video()
    import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs, reportMissingImports]

    count, shape = 0, (0, 0, 0)
    beside = {} if sound is None else {"audio_path": str(sound.path.absolute()), "audio_codec": "aac"}
    cut = [] if sound is None else ["-t", f"{sound.seconds:.6f}"]
    with whole_file(path, overwrite=overwrite) as temporary:
        writer: Any = None
        try:
            for frame in frames:
                if writer is None:
                    shape = frame.shape
                    if len(shape) != 3 or shape[2] != 3 or shape[0] % 2 or shape[1] % 2:
                        raise UsageError(f"video frames need even sides and three colours, got shape {shape}.")
                    writer = cast(Any, imageio_ffmpeg).write_frames(
                        str(temporary),
                        (shape[1], shape[0]),
                        fps=rate,
                        codec="libx264",
                        pix_fmt_in="rgb24",
                        pix_fmt_out="yuv420p",
                        quality=8,
                        macro_block_size=2,
                        output_params=["-f", "mp4", "-movflags", "+faststart", *cut],
                        **beside,
                    )
                    writer.send(None)
                if frame.shape != shape:
                    raise UsageError(f"frame {count} of the video has shape {frame.shape}, the first {shape}.")
                writer.send(np.ascontiguousarray(frame, np.uint8))
                count += 1
        except OSError as error:
            raise OutputError(f"{path}: ffmpeg stopped ({error}).") from error
        finally:
            if writer is not None:
                writer.close()
        if not count:
            raise UsageError("a video needs at least one frame.")
    return count
