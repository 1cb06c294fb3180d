# SPDX-License-Identifier: Apache-2.0
"""Poses and motions of other programs on the command line: what is left out, told, and said by options."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.batch.table import BadRow, read_rows
from portrait_core.body.poses import Pose, load_pose
from portrait_core.body.recordings import FileHints
from tests.cli.conftest import Outcome, Run
from tests.cli.test_generate import gltf_of
from tests.field.motion_truth import TO_Z_UP, flat, turned, walk

SMALL = ("--model", "balls", "--faces", 500, "--texture-size", 64, "--lattice", 64, "--no-normal-map")
LACKING = ["left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot",
           "left_wrist", "right_wrist", "left_hand", "right_hand"]  # fmt: skip


def test_a_whole_body_on_a_bust_leaves_its_legs_out(run: Run, balls: Path, tmp_path: Path) -> None:
    file = tmp_path / "pose72.npy"
    np.save(file, flat()[8])
    done = run("generate", *SMALL, "--out", tmp_path, "--pose", file)
    assert done.code == 0, done.err
    lines = [line for line in done.err.splitlines() if "left out" in line]
    assert len(lines) == 1 and "12 joints" in lines[0] and all(joint in lines[0] for joint in LACKING)
    extras = json.dumps(gltf_of(tmp_path / "balls-0.glb"))
    assert '"left_hip"' not in extras and '"head": [0.0, 0.5077' in extras
    done = run("render", "--model", "balls", "--faces", 500, "--lattice", 64, "--texture-size", 64, "--size", 32,
               "--out", tmp_path, "--pose", file)  # fmt: skip
    assert done.code == 0 and "12 joints" in done.err


def test_a_motion_of_an_unknown_rate_names_the_option(run: Run, balls: Path, tmp_path: Path) -> None:
    file = tmp_path / "no_rate.npz"
    np.savez(file, poses=flat(), trans=walk())
    done = run("generate", *SMALL, "--out", tmp_path, "--motion", file)
    assert done.code == 2 and "--motion-rate" in done.error
    done = run("generate", *SMALL, "--out", tmp_path, "--motion", file, "--motion-rate", 60)
    assert done.code == 0 and "rate not stated, 60 given" in done.err
    gltf = gltf_of(tmp_path / "balls-0.glb")
    times = gltf["accessors"][gltf["animations"][0]["samplers"][0]["input"]]
    assert (times["count"], times["max"][0]) == (12, pytest.approx(11 / 60, abs=1e-4))
    (line,) = (line for line in done.err.splitlines() if "left out" in line)
    assert "left_knee" in line


def test_options_reach_poses_of_batches_and_rows_of_tables(run: Run, balls: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "walk.npz", poses=turned(flat(), TO_Z_UP), smpl_trans=walk())
    plan = ("--out", tmp_path / "out", "--dry-run", "--json")
    pose = ("--pose", tmp_path / "walk.npz", "--up-axis", "z", "--frame", -1)
    done = run("batch", "--model", "balls", "--seed", "0-1", *pose, *plan)
    assert done.code == 0 and "12 joints" in done.err, done.err
    (tmp_path / "people.csv").write_text(f"seed,pose\n3,{tmp_path / 'walk.npz'}\n")
    done = run("batch", "--model", "balls", "--from", tmp_path / "people.csv", *plan)
    assert done.code == 0, done.err


def rows_of(outcome: Outcome) -> list[dict[str, Any]]:
    """The recipes of the first rows of a dry run."""
    assert outcome.code == 0, outcome.err
    return [each["recipe"] for each in outcome.events[-1]["first"]]


def table(folder: Path, text: str, name: str = "people.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def head_of(pose: Pose) -> list[float]:
    return [float(each) for each in pose["head"]]


def test_rows_of_a_table_say_what_their_pose_files_are(run: Run, balls: Path, tmp_path: Path) -> None:
    """Two people of one file, frames from both ends, an axis, degrees: as the file is read by itself."""
    folder = tmp_path / "files"
    folder.mkdir()
    people = {0: {"pose": flat(), "trans": walk()}, 1: {"pose": flat()[::-1].copy(), "trans": walk()}}
    two, turning, degrees = folder / "two.pkl", folder / "z.npz", folder / "degrees.npz"
    two.write_bytes(pickle.dumps(people))
    np.savez(turning, poses=turned(flat(), TO_Z_UP), smpl_trans=walk())
    np.savez(degrees, poses=np.degrees(flat()) * 0.05)
    text = (
        "seed,Pose,person,frame,Up axis,units,motion_rate\n"
        f"1,{two},1,2,,,\n2,{two},0,2,,,30\n3,{turning},,-1,z,,\n4,{degrees},,3,,degrees,\n5,,,,,,\n"
    )
    plan = ("--out", tmp_path / "out", "--dry-run", "--json")
    done = run("batch", "--model", "balls", "--from", table(tmp_path, text), *plan)
    recipes = rows_of(done)
    expected = [
        load_pose(two, frame=2, hints=FileHints(person="1")),
        load_pose(two, frame=2, hints=FileHints(person="0")),
        load_pose(turning, frame=-1, hints=FileHints(up_axis="z")),
        load_pose(degrees, frame=3, hints=FileHints(units=frozenset({"degrees"}))),
    ]
    assert [recipe["pose"]["head"] for recipe in recipes[:4]] == [pytest.approx(head_of(each)) for each in expected]
    assert not recipes[4].get("pose")
    assert recipes[0]["pose"]["head"] != pytest.approx(recipes[1]["pose"]["head"])
    told = done.err
    assert "took person 1" in told and "took person 0" in told and "12 joints" in told and "frame 2 of" in told
    lines = [
        {"seed": 1, "pose": str(two), "person": 1, "frame": 2},
        {"seed": 2, "pose": "head=0,20,0"},
        {"seed": 4, "pose": str(degrees), "frame": 3, "units": ["degrees"]},
    ]
    written = table(tmp_path, "\n".join(map(json.dumps, lines)), "people.jsonl")
    recipes = rows_of(run("batch", "--model", "balls", "--from", written, *plan))
    assert recipes[0]["pose"]["head"] == pytest.approx(head_of(expected[0]))
    assert recipes[1]["pose"]["head"] == pytest.approx([0, math.radians(20), 0])
    assert recipes[2]["pose"]["head"] == pytest.approx(head_of(expected[3]))


def test_rows_take_frame_after_frame_of_the_batch_s_own_file(run: Run, balls: Path, tmp_path: Path) -> None:
    people = {0: {"pose": flat(), "trans": walk()}, 1: {"pose": flat()[::-1].copy(), "trans": walk()}}
    (tmp_path / "two.pkl").write_bytes(pickle.dumps(people))
    written = table(tmp_path, "seed;frame;person\n7;0;\n7;4;\n7;4;0\n7;;\n")
    words = ("--pose", tmp_path / "two.pkl", "--person", 1, "--frame", 2, "--motion-rate", 30, "--dry-run", "--json")
    recipes = rows_of(run("batch", "--model", "balls", "--from", written, "--out", tmp_path / "out", *words))
    for recipe, (frame, person) in zip(recipes, [(0, "1"), (4, "1"), (4, "0"), (2, "1")], strict=True):
        pose = load_pose(tmp_path / "two.pkl", frame=frame, hints=FileHints(person=person))
        assert recipe["pose"]["head"] == pytest.approx(head_of(pose))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"frame": 3}, "frame: there is no pose file that it is about"),
        ({"pose": "head=0,20,0", "person": "1"}, "person: there is no pose file that it is about"),
        ({"pose": {"head": [0, 0, 0]}, "units": "degrees"}, "units: there is no pose file that it is about"),
        ({"pose": "FILE", "frame": 400}, "frame 400 does not exist; the file has"),
        ({"pose": "FILE", "frame": 1.5}, "frame: expected a whole number, got 1.5"),
        ({"pose": "FILE", "up_axis": "up"}, "the up axis 'up' is not known"),
        ({"pose": "FILE", "units": "feet"}, "the unit 'feet' is not known"),
        ({"pose": "FILE", "units": 3}, "units: expected a text"),
        ({"pose": "FILE", "motion_rate": -1}, "the source rate must be above 0"),
        ({"pose": "FILE", "motion_rate": "x"}, "motion_rate: expected a number"),
        ({"pose": "FILE", "person": [1]}, "person: expected an id or a number"),
        ({"pose": "none.npz"}, "none.npz does not exist"),
        ({"pose": "head=0,20"}, "head needs three finite numbers"),
    ],
)
def test_what_a_row_says_of_its_pose_wrongly_is_told(tmp_path: Path, row: dict[str, Any], told: str) -> None:
    np.savez(tmp_path / "walk.npz", poses=flat(), trans=walk())
    row = {key: str(tmp_path / "walk.npz") if value == "FILE" else value for key, value in row.items()}
    (read,) = read_rows(table(tmp_path, json.dumps([{"seed": 1, **row}]), "a.json"), {"model": "balls"})
    assert isinstance(read, BadRow) and told in read.reason, read
