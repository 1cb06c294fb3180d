# SPDX-License-Identifier: Apache-2.0
"""Photographs on the command line: their poses, avatars and pictures like them, data sets, one line for what fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cli.photographs import CONSENT
from portrait_core.body.poses import load_pose
from portrait_core.photo import dataset_build, estimate
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Square
from tests.cli.conftest import Run
from tests.photo.busts import PaintedReader, painted, person_of

VIEW, LARGE, SMALL = (
    View(0.2, 0.05, 0.0, (0.1, -0.15, 0.0)),
    Square((150.0, 150.0), 200.0),
    Square((330.0, 160.0), 110.0),
)


@pytest.fixture(autouse=True)
def painted_people(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two persons in every photograph that is no plain wall; the first run of all on this machine."""

    class Reader(PaintedReader):
        def __init__(self) -> None:
            super().__init__([person_of(VIEW, LARGE), person_of(View(), SMALL)])

        def persons(self, picture: np.ndarray) -> list[Any]:
            return super().persons(picture) if picture.std() > 20 else []

    monkeypatch.setattr(estimate, "NetworkReader", Reader)
    monkeypatch.setattr(estimate, "FILE", Path("nowhere"))
    monkeypatch.setattr(dataset_build, "load_network", lambda _name: None)
    monkeypatch.setenv("PORTRAITKIT_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "me and you.png"
    Image.fromarray(painted([(VIEW, LARGE), (View(), SMALL)])).save(path)
    return path


def test_poses_of_everybody(run: Run, photograph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("photo", "pose", photograph, "--out", out, "--size", 64, "--json")
    assert done.code == 0
    assert [event["person"] for event in done.events] == [1, 2]
    first = done.events[0]
    assert abs(first["yaw"] - np.degrees(VIEW.yaw)) < 10
    pose = load_pose(out / "poses" / "me and you_1.json")
    assert np.allclose(pose["neck"], first["pose"]["neck"], atol=1e-5)
    assert Path(first["path"]) == out / "aligned_images" / "me and you_1.png"
    assert set(json.loads((out / "result.json").read_text())) == {"me and you_1.png", "me and you_2.png"}
    assert done.err.splitlines()[0] == CONSENT
    again = run("photo", "pose", photograph, "--out", out)
    assert again.code == 1
    assert "exists already" in again.err
    assert CONSENT not in again.err
    second = run("photo", "pose", photograph, "--out", tmp_path / "two", "--person", 2, "--json")
    (event,) = second.events
    assert event["person"] == 2


def test_a_bad_photograph_costs_no_good_one(run: Run, photograph: Path, tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    Image.new("RGB", (200, 200), (90, 90, 90)).save(wall)
    done = run("photo", "pose", wall, photograph, "--out", tmp_path / "out", "--size", 64, "--person", 1, "--json")
    assert done.code == 0
    assert len(done.events) == 1
    assert f"{wall}: no face and no body is found in it." in done.err
    run("photo", "pose", wall, "--out", tmp_path / "none")
    alone = run("photo", "pose", wall, "--out", tmp_path / "none")
    assert alone.error == f"{wall}: no face and no body is found in it."
    both = run("photo", "pose", wall, tmp_path / "none.jpg", "--out", tmp_path / "none")
    assert both.err.splitlines()[-1] == "portrait: error: none of 2 photographs is usable."
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("photo", "pose", empty).error == f"{empty}: there is no picture in this folder."
    assert "--size 5 is out of range" in run("photo", "pose", photograph, "--size", 5).error


def test_an_avatar_posed_like_a_photograph(run: Run, balls: Path, photograph: Path, tmp_path: Path) -> None:
    options = ("--model", "balls", "--seed", 3, "--lattice", 64, "--faces", 500, "--texture-size", 64)
    done = run("generate", *options, "--like", photograph, "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    (event,) = done.events
    head = event["recipe"]["pose"]["head"]
    assert np.abs(head).max() > 0.02
    assert "2 persons are in it; the largest is taken. Choose by --person 1 to 2." in done.err
    run("photo", "pose", photograph, "--out", tmp_path / "out", "--size", 64, "--person", 1)
    pose = tmp_path / "out" / "poses" / "me and you_1.json"
    same = run("generate", *options, "--pose", pose, "--name", "b", "--json", "--out", tmp_path)
    assert np.allclose(same.events[0]["recipe"]["pose"]["head"], head, atol=1e-5)
    both = run("generate", *options, "--like", photograph, "--pose", "head=0,1,0", "--out", tmp_path)
    assert "--like and --pose both say" in both.err
    assert (
        "--person 'x': persons of a photograph have numbers"
        in run("generate", *options, "--like", photograph, "--person", "x", "--out", tmp_path).error
    )


def test_a_data_set_of_a_folder(run: Run, photograph: Path, tmp_path: Path) -> None:
    words = (
        "dataset",
        "build",
        tmp_path,
        "--out",
        tmp_path / "set",
        "--size",
        64,
        "--min-confidence",
        0,
        "--workers",
        1,
    )
    done = run(*words, "--min-pixels", 0, "--blurred", "--json")
    (event,) = done.events
    assert (event["photographs"], event["portraits"]) == (1, 2)
    assert (tmp_path / "set" / "images.zip").is_file()
    for option, value, text in (
        ("--size", 8, "--size 8 is out of range"),
        ("--min-confidence", 2, "--min-confidence is 2; it goes from 0 to 1."),
        ("--min-pixels", -1, "--min-pixels is -1"),
        ("--workers", 0, "--workers is 0"),
    ):
        assert text in run(*words, option, value).error
    assert "is not a folder" in run("dataset", "build", photograph, "--out", tmp_path / "x").error
