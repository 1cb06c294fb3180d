# SPDX-License-Identifier: Apache-2.0
"""What a face does while it does nothing: it blinks, looks about, and breathes; seamless when it is played again.

Rates and forms are those of eyes at rest: about 17 blinks a minute, a lid down in 60 ms and up again in 100 ms (Cruz
and others, "Spontaneous eyeblink activity", 2011); saccades of a few degrees, rarely more, whose time grows with
the angle (main sequence, Bahill and others, 1975); 14 breaths a minute.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .faults import FaceFileError
from .table import FaceTable

Floats = NDArray[np.float64]

RATE = 60.0
SHORTEST, LONGEST = 2.0, 600.0
"""Seconds that an idle loop may last."""
BETWEEN_BLINKS = 3.5
"""Seconds on average."""
MARGIN = 0.35
"""Seconds at both ends in which nothing sudden happens, so that the loop closes."""
SIDE, HEIGHT = np.radians(25.0), np.radians(24.0)
"""What a gaze shape at full weight turns the ball sideways, and up or down."""
BREATH = 60 / 14
"""Seconds of a breath."""
CHEST, NECK, SWAY = np.radians(0.55), np.radians(0.30), np.radians(0.9)
"""How far a breath turns the chest and, against it, the neck; how far the head sways."""


def idle(seconds: float, generator: Generator, rate: float = RATE) -> FaceTable:
    """An idle face for ``seconds``, at ``rate`` samples a second; the last sample is the first again.

    Weights of blinks, squints and gazes; turns of ``left_eye`` and ``right_eye``, which say the same as the gazes, of
    ``head``, and of ``spine3`` and ``neck`` for the breath.

    Raises :class:`FaceFileError` for times out of range.
    """
    if not SHORTEST <= seconds <= LONGEST:  # NaN too
        raise FaceFileError(f"an idle loop lasts {SHORTEST:g} to {LONGEST:g} seconds, got {seconds:g}")
    count = max(round(seconds * rate), 2)
    times = np.arange(count + 1) / count * seconds
    yaw, pitch, shifts = _gaze(times, seconds, generator)
    blink = _blinks(times, seconds, shifts, generator)
    weights = {
        "eyeBlinkLeft": blink,
        "eyeBlinkRight": blink,
        "eyeSquintLeft": 0.25 * blink,
        "eyeSquintRight": 0.25 * blink,
        "eyeLookOutLeft": np.maximum(yaw, 0) / SIDE,
        "eyeLookInLeft": np.maximum(-yaw, 0) / SIDE,
        "eyeLookInRight": np.maximum(yaw, 0) / SIDE,
        "eyeLookOutRight": np.maximum(-yaw, 0) / SIDE,
        "eyeLookDownLeft": np.maximum(pitch, 0) / HEIGHT,
        "eyeLookDownRight": np.maximum(pitch, 0) / HEIGHT,
        "eyeLookUpLeft": np.maximum(-pitch, 0) / HEIGHT,
        "eyeLookUpRight": np.maximum(-pitch, 0) / HEIGHT,
    }
    eyes = np.stack([pitch, yaw, np.zeros(len(times))], axis=1)
    breath = _breath(times, seconds)
    still = np.zeros(len(times))
    turns = {
        "left_eye": eyes,
        "right_eye": eyes.copy(),
        "head": _sway(times, seconds, generator),
        "spine3": np.stack([-CHEST * breath, still, still], axis=1),
        "neck": np.stack([NECK * breath, still, still], axis=1),
    }
    return FaceTable(times, weights, turns, (f"idle for {seconds:g} s",))


def _breath(times: Floats, seconds: float) -> Floats:
    """(T,) from 0 to 1: in within two fifths of a breath and out in the rest; whole breaths."""
    breaths = max(round(seconds / BREATH), 1)
    phase = times / seconds * breaths % 1.0
    phase[-1] = 0.0
    into = np.where(phase < 0.4, phase / 0.8, 0.5 + (phase - 0.4) / 1.2)
    return 0.5 - 0.5 * np.cos(2 * np.pi * into)


def _sway(times: Floats, seconds: float, generator: Generator) -> Floats:
    """(T, 3) slow turns of the head: a few waves of whole periods, none at the ends."""
    turns = np.zeros((len(times), 3))
    slow = max(int(seconds / 9.0), 1)
    for axis, share in enumerate((0.6, 1.0, 0.5)):
        for wave in range(slow, slow + 3):
            phase, size = generator.uniform(0, 2 * np.pi), generator.uniform(0.3, 1.0) / 3
            angle = 2 * np.pi * wave * times / seconds
            turns[:, axis] += SWAY * share * size * (np.sin(angle + phase) - np.sin(phase))
    turns[-1] = turns[0]
    return turns


def _gaze(times: Floats, seconds: float, generator: Generator) -> tuple[Floats, Floats, list[float]]:
    """Where the eyes look, yaw and pitch (T,) in radians, and the times of large shifts.

    Fixations about straight ahead, now and then one farther away, from which the eyes come back.
    """
    yaw, pitch = np.zeros(len(times)), np.zeros(len(times))
    shifts: list[float] = []
    now, here = MARGIN + generator.uniform(0.2, 0.8), np.zeros(2)
    away = False
    while now < seconds - MARGIN - 0.2:
        far = not away and generator.uniform() < 0.22
        reach = np.radians(generator.uniform(7, 13) if far else generator.uniform(0.4, 2.5))
        direction = generator.uniform(0, 2 * np.pi)
        target = reach * np.array([np.cos(direction), 0.6 * np.sin(direction)])
        _shift(yaw, pitch, times, now, here, target)
        if float(np.linalg.norm(target - here)) > np.radians(6):
            shifts.append(now)
        here, away = target, far
        now += min(max(generator.lognormal(float(np.log(0.75 if far else 1.1)), 0.45), 0.3), 3.5)
    _shift(yaw, pitch, times, seconds - MARGIN, here, np.zeros(2))
    return yaw, pitch, shifts


def _shift(yaw: Floats, pitch: Floats, times: Floats, start: float, here: Floats, target: Floats) -> None:
    """Let the eyes go to ``target`` at ``start``, and stay."""
    span = 0.021 + 0.0022 * float(np.degrees(np.linalg.norm(target - here)))
    share = np.clip((times - start) / span, 0.0, 1.0)
    share = share * share * (3 - 2 * share)
    for column, begin, end in ((yaw, here[0], target[0]), (pitch, here[1], target[1])):
        later = times >= start
        column[later] = begin + (end - begin) * share[later]


def _blinks(times: Floats, seconds: float, shifts: list[float], generator: Generator) -> Floats:
    """(T,) from 0 to 1 how far lids are closed; blinks like to go with large shifts of the gaze."""
    starts = [start for start in shifts if generator.uniform() < 0.4]
    now = MARGIN + generator.uniform(0.2, min(1.8, max(seconds - 2 * MARGIN - 0.25, 0.25)))
    while now < seconds - MARGIN - 0.2:
        starts.append(now)
        now += min(max(generator.lognormal(float(np.log(BETWEEN_BLINKS)) - 0.12, 0.5), 0.9), 9.0)
    closed = np.zeros(len(times))
    kept: list[float] = []
    for start in sorted(starts):
        if kept and start - kept[-1] < 0.6:
            continue
        kept.append(start)
        down, held, up = generator.uniform(0.045, 0.065), generator.uniform(0.015, 0.03), generator.uniform(0.07, 0.10)
        fall = np.clip((times - start) / down, 0.0, 1.0)
        rise = np.clip((times - start - down - held) / up, 0.0, 1.0)
        # Down at an even speed, up ever more slowly.
        closed = np.maximum(closed, fall * (3 - 2 * fall) * fall - (1 - (1 - rise) ** 2))
    # Between two samples a lid may have been down: the sample nearest to it shows it closed.
    for start in kept:
        near = int(np.abs(times - (start + 0.065)).argmin())
        if closed[near] > 0.6:
            closed[near] = 1.0
    return np.clip(closed, 0.0, 1.0)
