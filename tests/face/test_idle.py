# SPDX-License-Identifier: Apache-2.0
"""An idle face: blinks as often and as long as people's, a gaze that agrees with the eyes' turns, no seam."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.face.recordings.faults import FaceFileError
from portrait_core.face.recordings.idle import HEIGHT, SIDE, idle
from portrait_core.face.recordings.table import FaceTable


def made(seconds: float, seed: int = 7) -> FaceTable:
    return idle(seconds, np.random.default_rng(seed))


def blinks(table: FaceTable) -> list[np.ndarray]:
    """The runs of samples in which the lids are not open."""
    closed = table.weights["eyeBlinkLeft"] > 0.02
    edges = np.flatnonzero(np.diff(closed.astype(int)))
    return [np.arange(a + 1, b + 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def test_blinks_are_as_often_and_as_long_as_people_s() -> None:
    table = made(600)
    found = blinks(table)
    assert 12 <= len(found) / 10 <= 26
    spans = np.array([len(run) + 1 for run in found]) / 60
    assert 0.12 <= float(np.median(spans)) <= 0.2 and float(spans.max()) < 0.3
    peaks = [float(table.weights["eyeBlinkLeft"][run].max()) for run in found]
    assert min(peaks) > 0.95
    gaps = np.diff([float(table.times[run[0]]) for run in found])
    assert float(gaps.min()) > 0.5 and float(gaps.std()) > 0.5


def test_lids_fall_faster_than_they_rise() -> None:
    table = made(120)
    falls = rises = 0
    for run in blinks(table):
        top = run[int(np.argmax(table.weights["eyeBlinkLeft"][run]))]
        falls, rises = falls + top - run[0], rises + run[-1] - top
    assert rises > falls


@pytest.mark.parametrize("seconds", [2.0, 5.0, 7.3, 20.0])
def test_there_is_no_seam(seconds: float) -> None:
    """The last sample is the first, and the step over the seam is no larger than those within."""
    table = made(seconds)
    assert table.seconds == seconds
    for column in [*table.weights.values(), *(turn for turn in table.turns.values())]:
        np.testing.assert_allclose(column[0], column[-1], atol=1e-12)
        before, after = column[-1] - column[-2], column[1] - column[0]
        inside = np.abs(np.diff(np.diff(column, axis=0), axis=0)).max()
        assert float(np.abs(after - before).max()) <= inside + 1e-9
    assert len(blinks(table)) >= 1


def test_gaze_and_eyes_say_the_same() -> None:
    table = made(60)
    for side, out, in_ in (("left", "eyeLookOutLeft", "eyeLookInLeft"), ("right", "eyeLookInRight", "eyeLookOutRight")):
        yaw = SIDE * (table.weights[out] - table.weights[in_])
        np.testing.assert_allclose(table.turns[f"{side}_eye"][:, 1], yaw, atol=1e-12)
    pitch = HEIGHT * (table.weights["eyeLookDownLeft"] - table.weights["eyeLookUpLeft"])
    np.testing.assert_allclose(table.turns["left_eye"][:, 0], pitch, atol=1e-12)
    assert 4 < np.degrees(np.abs(table.turns["left_eye"][:, 1]).max()) < 15


def test_the_same_seed_is_the_same_idle_and_another_is_another() -> None:
    one, again, other = made(10), made(10), made(10, 8)
    assert all((one.weights[name] == again.weights[name]).all() for name in one.weights)
    assert any((one.weights[name] != other.weights[name]).any() for name in one.weights)


def test_breath_and_sway_are_small() -> None:
    table = made(60)
    assert 0.2 < np.degrees(np.abs(table.turns["spine3"]).max()) < 1.0
    assert 0.2 < np.degrees(np.abs(table.turns["head"]).max()) < 2.5
    chest = table.turns["spine3"][:, 0]
    breaths = int(((chest[1:] < -0.004) & (chest[:-1] >= -0.004)).sum())
    assert breaths == 14


@pytest.mark.parametrize("seconds", [0.0, 1.9, 601.0, float("nan")])
def test_out_of_range(seconds: float) -> None:
    with pytest.raises(FaceFileError, match="2 to 600 seconds"):
        made(seconds)
