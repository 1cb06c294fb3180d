# SPDX-License-Identifier: Apache-2.0
"""The contact sheet reads files as a viewer would: its own skinning against ours, the four views, a clear refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.contact_sheet import Glb, main, scene_of
from portrait_core.cameras import Camera
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.rendering.layered import avatar_scene
from tests.formats.busts import bust_avatar
from tests.formats.characters import character


def test_it_sees_what_was_written(tmp_path: Path) -> None:
    avatar = replace(bust_avatar(), pose={"head": (0.1, 0.5, 0.0)})
    path = tmp_path / "posed.glb"
    path.write_bytes(glb_bytes(avatar))
    shown = Glb(path).show()
    vertices, normals = avatar.posed()
    np.testing.assert_allclose(shown.vertices, vertices, atol=1e-6)
    np.testing.assert_allclose(shown.normals, normals, atol=1e-5)
    np.testing.assert_allclose(shown.uvs, avatar.main.uvs, atol=1e-6)
    np.testing.assert_array_equal(shown.faces, avatar.main.faces)
    np.testing.assert_array_equal(shown.texture, avatar.main.maps.base_colour)


def test_a_sheet_shows_four_different_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "bust.glb", tmp_path / "sheet.png"
    path.write_bytes(glb_bytes(bust_avatar()))
    assert main([str(out), str(path), "--size", "48"]) == 0
    assert str(out) in capsys.readouterr().out
    with Image.open(out) as image:
        sheet = np.asarray(image).astype(int)
    assert sheet.shape[1] > 4 * 48 and 48 < sheet.shape[0] < 96
    left, top = 12, sheet.shape[0] - 48 - 8 - 4 + 4
    cells = [sheet[top - 8 : top + 32, left + k * 52 : left + k * 52 + 48] for k in range(4)]
    for one in range(4):
        for two in range(one):
            assert np.abs(cells[one] - cells[two]).mean() > 3


def test_parts_are_seen_together_with_their_materials(tmp_path: Path) -> None:
    avatar = character(2)
    path = tmp_path / "parts.glb"
    path.write_bytes(glb_bytes(avatar))
    shown = Glb(path).show()
    assert [section.part for section in shown.sections] == ["skin", "hair", "eye"]
    assert len(shown.faces) == len(avatar.main.faces)
    assert [section.material.alpha for section in shown.sections] == ["opaque", "mask", "blend"]
    camera = Camera.orbit(0.0, 0.0)
    pictures = [
        scene.render(camera.cam2world, camera.intrinsics, 64).image.astype(int)
        for scene in (scene_of(shown), avatar_scene(avatar))
    ]
    assert np.abs(pictures[0] - pictures[1]).max() <= 2


def test_another_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "no.glb"
    path.write_bytes(b"hello")
    assert main([str(tmp_path / "sheet.png"), str(path)]) == 1
    assert "not a GLB" in capsys.readouterr().err
    assert main([str(tmp_path / "sheet.png"), str(tmp_path / "missing.glb")]) == 1
