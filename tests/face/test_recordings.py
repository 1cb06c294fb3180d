# SPDX-License-Identifier: Apache-2.0
"""Recordings of faces against the formulas that made them, in every layout; what is wrong costs a line and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from portrait_core.face.names import ARKIT, VISEMES
from portrait_core.face.recordings.faults import FaceFileError
from portrait_core.face.recordings.load import read_recording, recording_of
from portrait_core.face.recordings.table import FaceTable
from tests.face.samples import APPLE, angle, arkit_frames, as_json, as_npz, live_link, mediapipe, truth, weight

CLOSE = 2e-6
"""Files of the samples have nine digits, NumPy's arrays and JSON all."""


def assert_true(table: FaceTable, *, shapes: int, frames: int, rate: float, tolerance: float = CLOSE) -> None:
    """Every weight at every time is what the formula says."""
    assert len(table.times) == frames and len(table.weights) == shapes
    np.testing.assert_allclose(np.diff(table.times), 1 / rate, atol=1e-6)
    for name, column in table.weights.items():
        np.testing.assert_allclose(column, truth(name, table.times), atol=tolerance, err_msg=name)


def test_live_link_of_twenty_seconds() -> None:
    table = recording_of(live_link())
    assert_true(table, shapes=52, frames=1200, rate=60)
    assert table.notices == ()
    assert table.line == "Live Link Face; 1200 frames; 52 shapes; time code of 60 frames a second"
    assert list(table.weights) == list(ARKIT)
    yaw = np.array([angle("HeadYaw", each) for each in table.times])
    np.testing.assert_allclose(table.turns["head"][:, 1], yaw, atol=3e-3)
    assert set(table.turns) == {"head", "left_eye", "right_eye"}


def test_angles_count_as_the_eyes_say() -> None:
    """A phone held the other way round turns the sign of all angles; the gaze's shapes stay."""

    def turned(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            for number in range(54, 63):
                row[number] = str(-float(row[number]))

    plain, other = recording_of(live_link(2)), recording_of(live_link(2, change=turned))
    np.testing.assert_allclose(other.turns["left_eye"][:, 1], plain.turns["left_eye"][:, 1], atol=1e-3)
    np.testing.assert_allclose(other.turns["head"][:, 1], plain.turns["head"][:, 1], atol=2e-2)


def test_a_recording_of_120_frames() -> None:
    assert_true(recording_of(live_link(3, rate=120)), shapes=52, frames=360, rate=120)


LAYOUTS: dict[str, tuple[bytes, int, int, float]] = {
    "list of frames": (as_json(arkit_frames()), 52, 120, 60),
    "frames": (as_json({"version": 1, "frames": arkit_frames()}), 52, 120, 60),
    "a frame a line": ("\n".join(json.dumps(each) for each in arkit_frames()).encode(), 52, 120, 60),
    "names and rows": (
        as_json({"exportFps": 60, "facsNames": ARKIT,
                 "weightMat": [[weight(n, f / 60) for n in ARKIT] for f in range(90)]}),
        52, 90, 60,
    ),
    "names and frames of weights": (
        as_json({"names": APPLE[:52], "frames": [
            {"time": f / 25, "rotation": [], "weights": [weight(n, f / 25) for n in APPLE[:52]]} for f in range(50)]}),
        52, 50, 25,
    ),
    "columns": (
        as_json({"fps": 30, "blendshapes": {n: [weight(n, f / 30) for f in range(30)] for n in ARKIT[:10]}}), 10, 30, 30
    ),
    "shapes in the frame": (
        as_json([{"time": f / 60, **{n: weight(n, f / 60) for n in ARKIT}} for f in range(60)]), 52, 60, 60
    ),
    "MediaPipe": (as_json(mediapipe()), 51, 60, 30),
    "npz": (
        as_npz(names=ARKIT, weights=[[weight(n, f / 60) for n in ARKIT] for f in range(60)], fps=60), 52, 60, 60
    ),
    "npz with times": (
        as_npz(shape_names=ARKIT, weights=[[weight(n, f / 50) for n in ARKIT] for f in range(60)],
               times=np.arange(60) / 50), 52, 60, 50,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_says_the_same(name: str) -> None:
    data, shapes, frames, rate = LAYOUTS[name]
    assert_true(recording_of(data), shapes=shapes, frames=frames, rate=rate)


def table(head: list[str], rate: float, comma: str = ".", between: str = ",", factor: float = 1.0) -> str:
    rows = [between.join(["Zeit", *head])]
    for frame in range(40):
        cells = [f"{factor * frame / rate:.6f}", *(f"{weight(name, frame / rate):.7f}" for name in head)]
        rows.append(between.join(cell.replace(".", comma) for cell in cells))
    return "\n".join(rows)


@pytest.mark.parametrize(
    "data",
    [
        table(list(ARKIT), 30).encode(),
        ("\ufeff" + table(list(ARKIT), 30)).encode(),
        table(list(ARKIT), 30, ",", ";").encode("cp1252"),
        table(list(ARKIT), 30, ",", "\t").encode("utf-16"),
        table(list(ARKIT), 30, ",", ";").encode("utf-16-le"),
        ("sep=;\r\n" + table(list(ARKIT), 30, ",", ";").replace("\n", "\r\n")).encode(),
        table(list(ARKIT), 30, factor=1000).replace("Zeit", "Zeit [ms]").encode(),
        table(list(ARKIT), 30, factor=1000).encode(),
        table(list(ARKIT), 30, factor=1e6).replace("Zeit", "Zeit (µs)").encode(),
        table(list(ARKIT), 30).replace("Zeit", "時間").encode(),
    ],
)
def test_tables_of_any_country(data: bytes) -> None:
    read = recording_of(data)
    assert_true(read, shapes=52, frames=40, rate=30, tolerance=1e-5)
    assert read.notices == ()


def test_rows_of_one_shape_each() -> None:
    rows = ["timestamp_ms,categoryName,score"]
    for frame in range(20):
        rows += [f"{frame * 40},{name},{weight(name, frame / 25):.8f}" for name in ARKIT[:-1]]
    assert_true(recording_of("\n".join(rows).encode()), shapes=51, frames=20, rate=25)


def spoilt(change: Callable[[list[list[str]]], None], seconds: float = 2.0) -> FaceTable:
    return recording_of(live_link(seconds, change=change))


def test_a_misspelt_shape_is_named_with_the_nearest_and_the_rest_is_used() -> None:
    def change(rows: list[list[str]]) -> None:
        rows[0][rows[0].index("JawOpen")] = "JawOpne"
        rows[0][rows[0].index("CheekPuff")] = "Quux"

    read = spoilt(change)
    assert "JawOpne (nearest jawOpen), Quux" in read.notices[0] and "\n" not in read.notices[0]
    assert_true(read, shapes=50, frames=120, rate=60)


def test_what_is_no_number_is_bridged() -> None:
    def change(rows: list[list[str]]) -> None:
        for row in rows[30:33]:
            row[rows[0].index("JawOpen")] = "NaN"
        rows[50][rows[0].index("CheekPuff")] = ""

    read = spoilt(change)
    assert any(notice.startswith("4 weights are missing") for notice in read.notices)
    jaw, before, after = read.weights["jawOpen"], weight("jawOpen", 28 / 60), weight("jawOpen", 32 / 60)
    np.testing.assert_allclose(jaw[29:32], before + (after - before) * np.array([1, 2, 3]) / 4, atol=1e-6)


def test_frames_without_a_face_are_bridged() -> None:
    def change(rows: list[list[str]]) -> None:
        for row in rows[40:60]:
            row[1:] = ["0"] * len(row[1:])

    read = spoilt(change)
    assert "20 frames without a face are bridged" in read.notices and len(read.times) == 100
    assert float(read.weights["jawOpen"].min()) < 0.01 and read.seconds == pytest.approx(119 / 60)


def test_times_out_of_order_and_twice() -> None:
    def change(rows: list[list[str]]) -> None:
        rows[11], rows[12] = rows[12], rows[11]
        rows[21][0] = rows[20][0]

    read = spoilt(change)
    assert "its times are not in order; the frames are sorted by them" in read.notices
    assert "1 frames have the time of one before them and are left out" in read.notices
    assert len(read.times) == 119
    np.testing.assert_allclose(read.weights["jawOpen"], truth("jawOpen", read.times), atol=CLOSE)


def test_missing_columns_rest() -> None:
    read = recording_of(live_link(1, columns=[name for name in APPLE[:52] if not name.startswith("Mouth")]))
    assert len(read.weights) == 52 - 23
    assert read.notices[0].startswith("23 of ARKit's 52 shapes are not in it and rest: mouthClose, mouthDimpleLeft")


def test_percent_are_percent() -> None:
    def change(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[2:54] = [str(100 * float(cell)) for cell in row[2:54]]

    read = spoilt(change)
    assert any("taken as percent" in notice for notice in read.notices)
    assert_true(read, shapes=52, frames=120, rate=60)


def test_one_wild_value_is_cut_and_no_percent() -> None:
    def change(rows: list[list[str]]) -> None:
        rows[5][rows[0].index("JawOpen")] = "7.5"

    read = spoilt(change)
    assert read.notices == ("weights outside of 0 to 1 are cut off there: jawOpen",)
    assert float(read.weights["jawOpen"].max()) == 1.0


def test_without_a_time_code_sixty_are_assumed_and_said() -> None:
    def change(rows: list[list[str]]) -> None:
        for row in rows:
            del row[0]

    data = live_link(2, change=change)
    read = recording_of(data)
    assert "it has no time code; 60 frames a second are assumed" in read.notices
    assert_true(read, shapes=52, frames=120, rate=60)
    assert recording_of(data, rate=30).seconds == pytest.approx(119 / 30)


def test_an_empty_column_of_time_codes_is_none() -> None:
    def change(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[0] = ""

    read = recording_of(live_link(2, change=change))
    assert "it has no time code; 60 frames a second are assumed" in read.notices
    assert_true(read, shapes=52, frames=120, rate=60)


def test_arrays_without_names_say_what_they_are_taken_for(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[weight(name, f / 60) for name in ARKIT] for f in range(30)]))
    read = read_recording(tmp_path / "a.npy", 60)
    assert_true(read, shapes=52, frames=30, rate=60)
    assert "taken for ARKit's 52 in the order of the alphabet" in read.notices[0]
    np.save(tmp_path / "b.npy", np.zeros((5, 17)))
    with pytest.raises(FaceFileError, match="17 columns without names"):
        read_recording(tmp_path / "b.npy")


def test_bare_visemes_are_visemes() -> None:
    names = [name.removeprefix("viseme_") for name in VISEMES]
    rows = [",".join(["time", *names]), *(",".join([str(f / 60), *["0.25"] * 15]) for f in range(4))]
    assert set(recording_of("\n".join(rows).encode()).weights) == set(VISEMES)


@pytest.mark.parametrize(
    "name",
    ["EyeBlinkLeft", "eyeBlink_L", "blendShape2.eyeBlinkLeft", "bs_EyeBlinkLeft", "EYE_BLINK_LEFT", "a|eyeBlinkLeft"],
)
def test_names_of_other_programs(name: str) -> None:
    read = recording_of(f"time,{name}\n0,0.5\n1,1\n".encode())
    assert list(read.weights) == ["eyeBlinkLeft"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"glTF\x02\x00\x00\x00", "a .glb file"),
        (b"[]", "no frames with weights"),
        (b'{"frames": [{"a": 1}]}', "no frames with weights"),
        (b'{"frames": [', "damaged JSON"),
        (b"Timecode,BlendShapeCount,JawOpen\n", "no table and no JSON"),
        (b"time,a,b\n0,1,2\n", "names no shape"),
        (b"time,jawOpen\n0,x\n1,y\n", "no frame with a time and a weight"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"\x93NUMPY broken", "damaged"),
        (b"a\x00\x00b\x00\x00\x00c" * 40, "no text"),
        (as_npz(x=np.zeros(3)), "no frames with weights"),
    ],
)
def test_what_is_refused_is_refused_in_a_line(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(FaceFileError, match=words) as caught:
        read_recording(path)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FaceFileError, match="does not exist"):
        read_recording(tmp_path / "none.csv")
    with pytest.raises(FaceFileError, match="is a folder"):
        read_recording(tmp_path)
