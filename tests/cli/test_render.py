# SPDX-License-Identifier: Apache-2.0
"""``portrait render``: pictures from the cameras asked for, with depth and silhouette that fit them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.pictures import contact_sheet, encode
from tests.cli.conftest import Run

SMALL = ("--model", "balls", "--faces", 600, "--texture-size", 128, "--lattice", 64, "--size", 64)


def test_views_with_depth_and_mask(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    views = ("--yaw", "0,90", "--pitch", "10", "--depth", "--mask")
    done = run("render", "--seed", 3, *SMALL, *views, "--out", out, "--json")
    assert done.code == 0, done.err
    stems = ["balls-3-yaw+0-pitch+10", "balls-3-yaw+90-pitch+10"]
    expected = sorted(f"{stem}{kind}.png" for stem in stems for kind in ("", "-depth", "-mask"))
    assert sorted(path.name for path in out.iterdir()) == expected
    assert sorted(Path(event["path"]).name for event in done.events) == expected
    for stem in stems:
        colour = np.asarray(Image.open(out / f"{stem}.png"))
        mask = np.asarray(Image.open(out / f"{stem}-mask.png"))
        depth = np.asarray(Image.open(out / f"{stem}-depth.png")).astype(int)
        assert (colour.shape, mask.shape, depth.shape) == ((64, 64, 3), (64, 64), (64, 64))
        assert 0.1 < (mask > 127).mean() < 0.9
        sure = (mask == 255) & (depth > 0)
        assert sure.sum() > 0.9 * (mask == 255).sum()
        # the bust is within 0.4 m of a point that the camera sees from 2.7 m
        assert np.all((depth[sure] > 22000) & (depth[sure] < 31000))
        assert np.all(depth[mask == 0] == 0)


def test_the_side_view_shows_the_nose_on_one_side(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("render", *SMALL, "--yaw", "90,-90", "--mask", "--out", tmp_path)
    assert done.code == 0, done.err
    left = np.asarray(Image.open(tmp_path / "balls-0-yaw+90-pitch+0-mask.png")).astype(float)
    right = np.asarray(Image.open(tmp_path / "balls-0-yaw-90-pitch+0-mask.png")).astype(float)
    # the face looks along +z: seen from its left (+x) that is to the left of the picture
    columns = np.flatnonzero(left[8:32].max(axis=0) > 127)
    assert np.abs(left - right[:, ::-1]).mean() < 12
    assert 32 - columns.min() > columns.max() - 31


def test_framings(run: Run, balls: Path, tmp_path: Path) -> None:
    covered = {}
    for framing in ("bust", "portrait"):
        out = tmp_path / framing
        assert run("render", *SMALL, "--framing", framing, "--mask", "--out", out).code == 0
        covered[framing] = np.asarray(Image.open(out / "balls-0-yaw+0-pitch+0-mask.png")) > 127
    # the whole bust with air on every side; the published camera cuts the shoulders
    assert not covered["bust"][[0, -1]].any() and not covered["bust"][:, [0, -1]].any()
    assert covered["portrait"][-1].any()
    assert covered["portrait"].mean() > covered["bust"].mean()


def test_a_turntable_is_one_sheet(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("render", *SMALL, "--turntable", 4, "--out", tmp_path / "out", "--pose", "head=0,30,0")
    assert done.code == 0, done.err
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == "balls-0-turntable.png"
    assert Image.open(path).size == (4 * 64, 64)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--yaw", "left"], "--yaw 'left': expected numbers"),
        (["--pitch", "90"], "between -85 and 85"),
        (["--yaw", "0,0"], "the same view twice"),
        (["--turntable", "0"], "1 to 360 views"),
        (["--size", "4"], "--size 4 is out of range"),
        (["--source", "photo"], "it is auto, mesh or field"),
        (["--framing", "close"], "it is bust or portrait"),
        (["--framing", "bust", "--source", "field"], "needs the mesh"),
        (["--set", "sise=1"], "Did you mean size?"),
    ],
)
def test_wrong_usage(run: Run, balls: Path, tmp_path: Path, words: list[str], message: str) -> None:
    done = run("render", "--model", "balls", "--out", tmp_path / "out", *words)
    assert done.code == 2
    assert message in done.error
    assert not (tmp_path / "out").exists()


def test_existing_pictures_are_kept(run: Run, balls: Path, tmp_path: Path) -> None:
    (tmp_path / "balls-0-yaw+0-pitch+0.png").write_text("mine")
    done = run("render", *SMALL, "--out", tmp_path)
    assert done.code == 1
    assert "exists already" in done.error


def test_depth_pictures_hold_tenths_of_millimetres() -> None:
    values = np.array([[2.5, 0.00014], [np.inf, np.nan]], np.float32)
    assert encode("depth", values).tolist() == [[25000, 1], [0, 0]]
    assert encode("mask", np.array([[0, 0.5, 1, 2]])).tolist() == [[0, 128, 255, 255]]


def test_contact_sheets_place_pictures_in_rows() -> None:
    images = [np.full((2, 3, 3), number, np.uint8) for number in range(11)]
    sheet = contact_sheet(images)
    assert sheet.shape == (4, 24, 3)
    assert sheet[0, ::3, 0].tolist() == list(range(8))
    assert sheet[2, ::3, 0].tolist() == [8, 9, 10, *[255] * 5]
    assert contact_sheet(images[:5]).shape == (2, 15, 3)
