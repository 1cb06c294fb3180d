# SPDX-License-Identifier: Apache-2.0
"""A recording's column of time to seconds: time codes, clocks, stamps in s, ms, us or ns, numbers of frames."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .numbers import number_of
from .time_code import parse_codes, seconds_of_codes

Floats = NDArray[np.float64]

ASSUMED_RATE = 60.0
"""Frames a second where nothing says it: what Live Link Face records with."""
LATEST_START = 60.0
"""Seconds: a first stamp beyond it is a clock's, and the recording begins at zero."""

_TIME = {
    *("time", "times", "timestamp", "timestamps", "t", "seconds", "second", "sec", "secs", "timecode", "tc", "smpte"),
    *("zeit", "zeitpunkt", "zeitstempel", "sekunden", "sekunde", "zeitcode", "temps", "horodatage", "secondes"),
    *("tiempo", "segundos", "tempo", "secondi", "secondo", "segundo", "tijd", "tijdstip", "tid", "czas", "aika"),
    *("время", "секунды", "時間", "时间", "時刻", "시간", "ms", "milliseconds", "millis", "millisekunden", "pts"),
}
_FRAME = {"frame", "frames", "framenumber", "frameindex", "frameid", "bild", "bildnummer", "index", "image", "idx"}
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "seconds", "sekunden", "secondes", "segundos"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds", "millisekunden", "millisecondes"), 1e-3),
    **dict.fromkeys(("us", "usec", "micros", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1e-9),
}


def words_of(name: str) -> list[str]:
    """The words of a column's name: ``timestampMs``, ``Zeit [ms]`` and ``time_in_ms`` all end with ``ms``."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name.replace("\u00b5", "u").replace("\u03bc", "u"))
    return [word for word in re.split(r"[\W_]+", apart.lower()) if word]


def is_time_name(name: str) -> bool:
    """Whether a column of that name says when."""
    words = words_of(name)
    joined = "".join(words)
    return bool(words) and (joined in _TIME or words[0] in _TIME or (words[0] in ("time", "zeit") and len(words) < 4))


def is_frame_name(name: str) -> bool:
    """Whether a column of that name counts frames."""
    words = words_of(name)
    return bool(words) and ("".join(words) in _FRAME or words[0] == "frame")


def times_of(
    cells: Sequence[object], name: str, rate: float | None, *, count: int, comma: bool = False
) -> tuple[Floats, list[str], list[str]]:
    """Seconds (T,), NaN where a cell says nothing, with facts and notices.

    Args:
        cells: the column, empty where there is none; then ``count`` frames lie evenly.
        name: what it is called.
        rate: frames a second that somebody gave, or the file says apart.
    """
    coded = [index for index, cell in enumerate(cells) if isinstance(cell, str) and ":" in cell]
    if coded and 2 * len(coded) >= len(cells):
        times, fact, notices = seconds_of_codes(parse_codes([str(cell) for cell in cells]), rate)
        return times, [fact], notices
    numbers = np.array([number_of(cell, comma=comma) for cell in cells], np.float64)
    if len(cells) and not is_frame_name(name) and int(np.isfinite(numbers).sum()) * 2 > len(numbers):
        return _stamped(numbers, name)
    frames = numbers if len(cells) and np.isfinite(numbers).sum() * 2 > len(numbers) else np.arange(count, dtype=float)
    frames = frames - (np.nanmin(frames) if len(frames) else 0.0)
    if rate is not None:
        return frames / rate, [f"{rate:g} frames a second"], []
    missing = "it counts frames but has no times" if len(cells) and is_frame_name(name) else "it has no time code"
    return frames / ASSUMED_RATE, [], [f"{missing}; {ASSUMED_RATE:g} frames a second are assumed"]


def _stamped(numbers: Floats, name: str) -> tuple[Floats, list[str], list[str]]:
    known = numbers[np.isfinite(numbers)]
    scale = next((_UNITS[word] for word in reversed(words_of(name)) if word in _UNITS), None)
    if scale is None:
        steps = np.diff(np.unique(known))
        step = float(np.median(steps)) if len(steps) else 0.0
        # From 1000 frames a second to one: a step of 2 and more is no second.
        scale = 1.0 if step < 2.0 else 1e-3 if step < 2e3 else 1e-6 if step < 2e6 else 1e-9
    times = numbers * scale
    first = float(np.nanmin(times))
    if first < 0.0 or first > LATEST_START:
        times = times - first
    unit = {1.0: "s", 1e-3: "ms", 1e-6: "us", 1e-9: "ns"}[scale]
    return times, [f"times in {unit}"], []
