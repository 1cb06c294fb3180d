# SPDX-License-Identifier: Apache-2.0
"""What is measured of landmarks, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import face_judge
from benchmarks.face_judge_measures import corner_heights, eye_aspect_ratio, eye_distance, mouth_opening
from portrait_core.photo.expression_estimate import ESTIMATED
from portrait_core.photo.face_landmarks import FaceLandmarks


def face(lids: float = 6.0, lips: float = 2.0, corner: float = 50.0) -> np.ndarray:
    """Points of a face whose eyes are 20 wide, 60 apart and ``lids`` open, and whose mouth is ``lips`` open."""
    points = np.zeros((478, 3))
    for middle, (one, other), lid in ((-30, (33, 133), (160, 144, 158, 153)), (30, (362, 263), (385, 380, 387, 373))):
        points[one], points[other] = (middle - 10, 0, 0), (middle + 10, 0, 0)
        for index, number in enumerate(lid):
            points[number] = (middle + (-3, -3, 3, 3)[index], lids / 2 * (-1, 1, -1, 1)[index], 0)
    points[13], points[14] = (0, 50 - lips / 2, 0), (0, 50 + lips / 2, 0)
    points[61], points[291] = (-20, corner, 0), (20, corner, 0)
    return points


def test_measures() -> None:
    points = face()
    assert eye_distance(points) == 60
    assert eye_aspect_ratio(points, "left") == eye_aspect_ratio(points, "right") == pytest.approx(0.3)
    assert mouth_opening(points) == pytest.approx(2 / 60)
    assert corner_heights(points) == pytest.approx({"right": 50 / 60, "left": 50 / 60})


def test_measures_do_not_depend_on_tilt_and_scale() -> None:
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]]) * 2.5
    points = face()
    moved = points.copy()
    moved[:, :2] = points[:, :2] @ turn.T + [100, 30]
    assert eye_aspect_ratio(moved, "left") == pytest.approx(eye_aspect_ratio(points, "left"))
    assert mouth_opening(moved) == pytest.approx(mouth_opening(points))
    assert corner_heights(moved) == pytest.approx(corner_heights(points))


def seen(**points: np.ndarray) -> face_judge.Seen:
    whole = {"rest": face(), "blink": face(lids=1.8), "open": face(lips=12.0), "smile": face(corner=47.0), **points}
    return face_judge.Seen({name: FaceLandmarks(each, 1.0, "face_mesh") for name, each in whole.items()})


def test_a_face_that_does_what_it_should_holds_all_bars() -> None:
    measures = seen().measures()
    assert measures == pytest.approx({"blink": 0.3, "open": 6.0, "smile": 0.05})
    assert all(face_judge.held(measures).values())


def test_each_bar_can_fail_alone() -> None:
    one_eye = face(lids=1.8)
    one_eye[[385, 387], 1] = -3
    one_corner = face(corner=47.0)
    one_corner[61, 1] = 51
    for name, points in (("blink", one_eye), ("open", face(lips=9.0)), ("smile", one_corner)):
        kept = face_judge.held(seen(**{name: points}).measures())
        assert [bar for bar, holds in kept.items() if not holds] == [name]


def test_a_face_that_is_not_seen_holds_nothing() -> None:
    nobody = face_judge.Seen({**seen().landmarks, "rest": None})
    assert not any(face_judge.held(nobody.measures()).values())
    blind = face_judge.Seen({**seen().landmarks, "open": None})
    assert face_judge.held(blind.measures()) == {"blink": True, "open": False, "smile": True}


def test_where_the_estimate_peaks() -> None:
    def rise(**parts: float) -> dict[str, float]:
        return {name: parts.get(name, 0.0) for name in ESTIMATED}

    persons = [
        {"jawOpen": rise(jawOpen=0.9), "jawLeft": rise(jawLeft=0.2, mouthLeft=0.6)},
        {"jawOpen": rise(jawOpen=0.1, mouthFunnel=0.2), "jawLeft": rise(jawLeft=0.4, mouthLeft=0.3)},
    ]
    found = face_judge.shapes_summary(persons)
    assert (found["known"], found["peak_at"]) == (1, ["jawOpen"])
    assert found["shapes"]["jawOpen"]["persons"] == 1
    assert found["shapes"]["jawLeft"]["most"] == {"mouthLeft": 0.45, "jawLeft": 0.3, "browDownLeft": 0.0}
    assert found["shapes"]["jawLeft"]["of"] == 2
    assert "eyeBlinkLeft" not in found["shapes"]


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    path, mark = tmp_path / "result.json.rows", {"model": "a", "version": 1}
    first = face_judge.Kept(path, mark)
    assert first.rows == {}
    first.add({"seed": 3, "held": 0.25})
    first.add({"seed": 4, "held": 0.5})
    again = face_judge.Kept(path, mark)
    assert again.rows == first.rows == {3: {"seed": 3, "held": 0.25}, 4: {"seed": 4, "held": 0.5}}
    assert face_judge.Kept(path, {**mark, "model": "b"}).rows == {}  # another model begins anew
    assert face_judge.Kept(path, mark).rows == {}


def test_without_a_file_nothing_is_kept() -> None:
    kept = face_judge.Kept(None, {})
    kept.add({"seed": 3})
    assert list(kept.rows) == [3]
