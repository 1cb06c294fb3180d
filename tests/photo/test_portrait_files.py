# SPDX-License-Identifier: Apache-2.0
"""The published folder: written, then read by what reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portrait_core.body.poses import load_pose
from portrait_core.errors import OutputError
from portrait_core.models.portrait_gan.labels import read_references
from portrait_core.photo import estimate as module
from portrait_core.photo.bust_geometry import View, seen
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.crop import Square
from portrait_core.photo.estimate import PortraitEstimate, estimate_portraits
from portrait_core.photo.overlay import BAR, bust_lines, overlay
from portrait_core.photo.portrait_files import planned_files, save_portraits
from portrait_core.photo.reading import Photograph
from tests.photo.busts import WALL, PaintedReader, person_of, photograph_of

VIEW, SQUARE = View(0.3, 0.1, 0.05, (0.1, -0.2, 0.05)), Square((190.0, 150.0), 200.0)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> tuple[Photograph, PortraitEstimate]:
    monkeypatch.setattr(module, "FILE", Path("nowhere"))
    photograph = replace(photograph_of([(VIEW, SQUARE)]), scale=0.5)
    (estimate,) = estimate_portraits(photograph, PaintedReader([person_of(VIEW, SQUARE)]))
    return photograph, estimate


def test_what_reads_the_folder_reads_it(tmp_path: Path, found: tuple[Photograph, PortraitEstimate]) -> None:
    photograph, estimate = found
    (path,) = save_portraits(tmp_path, [("me_1", photograph, estimate)], size=128)
    assert set(planned_files(tmp_path, ["me_1"])) <= {each for each in tmp_path.rglob("*") if each.is_file()}
    with Image.open(path) as picture:
        assert (picture.size, picture.mode) == ((128, 128), "RGB")
    with Image.open(tmp_path / "mask" / "me_1.png") as mask:
        assert mask.mode == "L"
        assert set(np.unique(np.asarray(mask))) == {0, 255}
    view = estimate.view
    for name in ("dataset.json", "result.json"):
        (reference,) = read_references(tmp_path / name)
        assert reference.name == "me_1.png"
        assert np.allclose(reference.camera.label, view.camera.label, atol=1e-5)
    assert reference.pose is None
    (labelled,) = read_references(tmp_path / "dataset.json")
    assert labelled.pose is not None
    assert np.allclose(labelled.pose["head"], view.pose["head"], atol=1e-5)
    pose = load_pose(tmp_path / "poses" / "me_1.json")
    assert np.allclose(pose["neck"], view.pose["neck"], atol=1e-5)
    entry = json.loads((tmp_path / "result.json").read_text())["me_1.png"]
    # In pixels of the file, which has twice as many as what was looked at.
    assert entry["bbox"][2] == pytest.approx(estimate.square.side * 2, abs=0.01)
    assert entry["bbox"][0] == pytest.approx((estimate.square.middle[0] - estimate.square.side / 2) * 2, abs=0.01)
    assert len(entry["smpl_pose"]) == 72
    assert np.allclose(entry["smpl_pose"][36:39], view.pose["neck"], atol=1e-5)
    assert np.allclose(entry["smpl_pose"][45:48], view.pose["head"], atol=1e-5)
    assert np.count_nonzero(entry["smpl_pose"]) == 6
    assert entry["raw_image_name"] == "painted.png"
    assert entry["confidence"]["whole"] == estimate.confidence.whole


def test_others_entries_stay(tmp_path: Path, found: tuple[Photograph, PortraitEstimate]) -> None:
    save_portraits(tmp_path, [("a_1", *found)], size=64)
    save_portraits(tmp_path, [("b_1", *found), ("b_2", *found)], size=64)
    assert [each.name for each in read_references(tmp_path / "result.json")] == ["a_1.png", "b_1.png", "b_2.png"]
    with pytest.raises(OutputError, match="exists already"):
        save_portraits(tmp_path, [("a_1", *found)], size=64)
    save_portraits(tmp_path, [("a_1", *found)], size=64, overwrite=True)
    assert len(read_references(tmp_path / "dataset.json")) == 3
    assert not [each for each in tmp_path.rglob(".*")]


def test_the_drawing_shows_where_the_bust_is_thought_to_be(found: tuple[Photograph, PortraitEstimate]) -> None:
    photograph, estimate = found
    drawn = overlay(photograph.pixels, estimate, 256)
    assert drawn.shape == (256 + BAR, 256, 3)
    assert not np.array_equal(drawn[:256], overlay(photograph.pixels, replace(estimate, view=View(0.9)), 256)[:256])
    # What is no person is darker.
    corner = drawn[2:6, 2:6].reshape(-1, 3).mean(axis=0)
    assert np.allclose(corner, np.array(WALL) * 0.55, atol=3)
    shoulders = seen(bust_places().body[[12, 11]], estimate.view)
    lines = list(bust_lines(estimate.view))
    assert any(len(line) == 2 and np.allclose(line, shoulders) for line, _, _ in lines)
    assert not any(hidden for _, _, hidden in lines)
    assert any(hidden for _, _, hidden in bust_lines(View(np.pi)))
