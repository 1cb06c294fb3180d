# SPDX-License-Identifier: Apache-2.0
"""What moves the faces of a batch: options, columns, and what becomes of them in a worker."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portrait_core.batch.face_cells import FaceCells, FaceFiles
from portrait_core.batch.records import Outputs
from portrait_core.batch.table import BadRow, Row, read_rows
from portrait_core.batch.task import Task
from portrait_core.errors import UsageError
from tests.analytic_model import HEADER
from tests.batch.executors import jobs, run_once
from tests.face.samples import live_link
from tests.formats.faces import faced

SPEECH = b"0.0\tX\n0.5\tD\n0.9\tX\n"


@pytest.fixture
def take(tmp_path: Path) -> Path:
    (tmp_path / "take.csv").write_bytes(live_link(2))
    (tmp_path / "hello.tsv").write_bytes(SPEECH)
    return tmp_path / "take.csv"


def rows(tmp_path: Path, text: str, common: FaceFiles | None = None) -> list[Row | BadRow]:
    (tmp_path / "people.csv").write_text(text)
    faces = FaceCells(common or FaceFiles())
    return list(read_rows(tmp_path / "people.csv", {"model": "balls"}, {"balls": HEADER}, None, faces))


def animations(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    size = int.from_bytes(content[12:16], "little")
    return json.loads(content[20 : 20 + size]).get("animations", [])


def test_columns_say_what_options_say_for_all(take: Path, tmp_path: Path) -> None:
    speech = tmp_path / "hello.tsv"
    text = f"seed,face_motion,lipsync,lipsync_strength,idle\n1,{take},,,\n2,,{speech},0.5,3\n3,,,,\n"
    one, two, three = rows(tmp_path, text)
    assert isinstance(one, Row) and isinstance(two, Row) and isinstance(three, Row)
    assert one.face.face_motion == str(take) and not one.face.lipsync and one.face.digest
    assert (two.face.lipsync, two.face.lipsync_strength, two.face.idle) == (str(speech), 0.5, 3.0)
    assert any("Live Link Face" in line for line in one.told) and not three.face
    common, _ = FaceCells().of({"idle": 4.0})
    again = rows(tmp_path, text, common)
    assert [each.face.idle for each in again if isinstance(each, Row)] == [4.0, 3.0, 4.0]


def test_bad_cells_cost_their_row_and_are_told(take: Path, tmp_path: Path) -> None:
    text = (
        f"seed,face_motion,lipsync_strength,idle\n1,none.csv,,\n2,,0.5,\n3,,,1\n4,,,x\n5,{tmp_path / 'hello.tsv'},,\n"
    )
    reasons = [each.reason for each in rows(tmp_path, text) if isinstance(each, BadRow)]
    words = ("none.csv", "there is no speech that it is about", "seconds", "idle", "cues of speech")
    assert len(reasons) == 5
    for reason, word in zip(reasons, words, strict=True):
        assert word in reason and "\n" not in reason


def test_the_motion_is_on_the_avatar_and_its_idle_loop_is_the_seeds_own(take: Path) -> None:
    files, _ = FaceCells().of({"face_motion": str(take)})
    avatar, lines = FaceFiles(**json.loads(json.dumps(files.facts()))).moved(faced(), 1)
    assert avatar.face_motion is not None and lines == ()
    assert set(avatar.face_motion.weights) == {"jawOpen", "eyeBlinkLeft"}
    idle, _ = FaceCells().of({"idle": 8.0})
    loops = [idle.moved(faced(), seed)[0].face_motion for seed in (1, 1, 2)]
    tracks = [loop.weights["eyeBlinkLeft"].tolist() for loop in loops if loop is not None]
    assert tracks[0] == tracks[1] != tracks[2]


def test_another_content_is_another_avatar_and_another_place_is_not(take: Path, tmp_path: Path) -> None:
    (job,) = jobs(1)
    cells = FaceCells()
    plain = job.fingerprint(Outputs())
    first = replace(job, face=cells.of({"face_motion": str(take)})[0]).fingerprint(Outputs())
    (tmp_path / "elsewhere.csv").write_bytes(take.read_bytes())
    moved = replace(job, face=cells.of({"face_motion": str(tmp_path / "elsewhere.csv")})[0]).fingerprint(Outputs())
    take.write_bytes(live_link(3))
    other = replace(job, face=cells.of({"face_motion": str(take)})[0]).fingerprint(Outputs())
    assert first == moved and len({plain, first, other}) == 3


def test_a_batch_writes_it_and_goes_on(take: Path, tmp_path: Path) -> None:
    """The analytic bust has no face: its neck and head turn as recorded."""
    files, _ = FaceCells().of({"face_motion": str(take)})
    folder = tmp_path / "out"
    folder.mkdir()
    wanted = [replace(jobs(1)[0], face=files)]
    run_once(folder, jobs(1))
    assert animations(folder / "balls-0.glb") == []
    summary, executor, _ = run_once(folder, wanted)
    assert (summary.made, summary.kept) == (1, 0)
    assert Task.of(json.loads(json.dumps(executor.given[0].facts()))) == executor.given[0]
    (animation,) = animations(folder / "balls-0.glb")
    assert animation["name"] == "take"
    assert run_once(folder, wanted)[0].kept == 1
    # A file does not say what moves it, so one without a record is made again.
    for manifest in folder.glob("manifest*"):
        manifest.unlink()
    assert run_once(folder, wanted)[0].recovered == 0


def test_a_file_that_went_away_is_a_failure_of_its_own(take: Path, tmp_path: Path) -> None:
    files, _ = FaceCells().of({"face_motion": str(take)})
    take.unlink()
    with pytest.raises(UsageError, match=r"take\.csv"):
        replace(files, rate=59.0).moved(faced(), 1)  # another rate is read anew
