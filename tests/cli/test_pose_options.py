# SPDX-License-Identifier: Apache-2.0
"""Poses and motions of other programs on the command line: what is left out, told, and said by options."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
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
