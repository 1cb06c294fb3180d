# SPDX-License-Identifier: Apache-2.0
"""SMPTE time codes, ``HH:MM:SS:FF`` with shares of a frame behind a point, to seconds.

A code does not say its rate. It is read off the largest frame number, where the codes run through a whole second.
Drop-frame codes, with ``;`` or with the numbers that they leave out at the beginning of a minute, run at 1000/1001 of
their nominal rate (SMPTE 12M). Codes with a decimal fraction (``HH:MM:SS.mmm``) are clocks and need no rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .faults import FaceFileError

Floats = NDArray[np.float64]

RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
"""Frames a second that time codes are written with."""
ASSUMED = 60
DAY = 86_400

_CODE = re.compile(r"\s*(\d{1,2}):(\d{1,2}):(\d{1,2})(?:([:;])(\d{1,3})([.,]\d+)?|([.,]\d+))?\s*")


@dataclass(frozen=True, eq=False)
class Codes:
    """(T, 4) hours, minutes, seconds and frames, NaN where a cell held no code; ``clock``: the last are shares of a
    second; ``drop``: written with ``;``."""

    parts: Floats
    clock: bool
    drop: bool


def parse_codes(cells: list[str]) -> Codes:
    """The codes in ``cells``."""
    parts = np.full((len(cells), 4), np.nan)
    clocks = drops = 0
    for number, cell in enumerate(cells):
        match = _CODE.fullmatch(cell)
        if match is None:
            continue
        fraction = match[7]
        share = (match[6] or "").replace(",", ".")
        last = float(fraction.replace(",", ".")) if fraction else float(match[5] or 0) + float(share or 0)
        parts[number] = [float(match[1]), float(match[2]), float(match[3]), last]
        clocks += fraction is not None
        drops += match[4] == ";"
    return Codes(parts, clocks > 0 and clocks * 2 > len(cells), drops > 0)


def seconds_of_codes(codes: Codes, rate: float | None) -> tuple[Floats, str, list[str]]:
    """Seconds (T,) from the first code on, NaN where there is none; a fact about the rate, and notices.

    ``rate`` goes before what the codes show. Raises :class:`FaceFileError` where there is no code at all.
    """
    parts = codes.parts
    there = np.flatnonzero(np.isfinite(parts[:, 0]))
    if len(there) == 0:
        raise FaceFileError("its column of time codes holds none, such as 10:59:03:12.250")
    known = parts[there]
    whole = (known[:, 0] * 60 + known[:, 1]) * 60 + known[:, 2]
    notices: list[str] = []
    if codes.clock:
        seconds, fact = whole + known[:, 3], "times of a clock"
    else:
        base, said = _base(known, whole, rate)
        if said:
            notices.append(said)
        drop = base in (30, 60) and (codes.drop or _drops(known, base))
        frames = whole * base + known[:, 3]
        if drop:
            minutes = known[:, 0] * 60 + known[:, 1]
            frames -= (base // 15) * (minutes - minutes // 10)
        pace = base * 1000 / 1001 if drop else base
        seconds = frames / pace
        fact = f"time code of {pace:.4g} frames a second" + (", drop-frame" if drop else "")
    steps = np.diff(seconds)
    nights = np.concatenate([[0], np.cumsum(steps < -DAY / 2)])
    if nights[-1]:
        notices.append("its time code passes midnight; it goes on there")
    times = np.full(len(parts), np.nan)
    times[there] = seconds + nights * DAY
    return times - np.nanmin(times), fact, notices


def _base(known: Floats, whole: Floats, rate: float | None) -> tuple[float, str]:
    """The nominal rate, and a notice where it is a guess."""
    top = int(np.floor(known[:, 3].max())) + 1
    if rate is not None and rate > top - 0.5:  # 29.97 counts to 29
        return (round(rate) if abs(rate - round(rate)) < 0.1 else rate), ""
    if rate is not None:
        base, said = _base(known, whole, None)
        return base, f"its time code counts {top} frames a second, so that {rate:g} are none of its" + (
            said and f"; {said}"
        )
    above = next((each for each in RATES if each >= top), top)
    # A second that others come before and after was seen from its first frame to its last.
    if len(np.unique(whole)) > 2 or (len(np.unique(whole)) == 2 and above >= ASSUMED):
        return above, ""
    guess = max(ASSUMED, above)
    return guess, f"its time code is too short to show its rate; {guess} frames a second are assumed"


def _drops(known: Floats, base: float) -> bool:
    """Whether the codes jump over the first numbers of a minute, as drop-frame codes do though written with ``:``."""
    step = known[1:]
    turns = (step[:, 1] != known[:-1, 1]) & (step[:, 2] == 0) & (step[:, 1] % 10 != 0) & (known[:-1, 3] >= base - 1.01)
    skipped = step[turns, 3]
    return len(skipped) > 0 and bool((np.floor(skipped) == base // 15).all())
