# SPDX-License-Identifier: Apache-2.0
"""Finding the CC0 data and reading its formats, on files written here."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from cli.remedies import told
from portrait_core.errors import UsageError
from portrait_core.world.assets import AssetFolders, find_assets, fit_mhclo, read_obj, read_target
from portrait_core.world.cache import cached_arrays


def make_folder(root: Path) -> Path:
    (root / "mpfb" / "data" / "3dobjs").mkdir(parents=True)
    (root / "mpfb" / "data" / "3dobjs" / "base.obj").write_text("v 0 0 0\n")
    (root / "makehuman" / "base" / "hair").mkdir(parents=True)
    return root


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match="nowhere") as caught:
        find_assets(tmp_path / "nowhere")
    assert "PORTRAITKIT_ASSETS" in told(caught.value) and "base.obj" in told(caught.value)


def test_half_a_folder_is_not_enough(tmp_path: Path):
    root = make_folder(tmp_path)
    (root / "makehuman" / "base" / "hair").rmdir()
    with pytest.raises(UsageError):
        find_assets(root)


def test_the_argument_beats_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = make_folder(tmp_path)
    monkeypatch.setenv("PORTRAITKIT_ASSETS", str(root))
    assert find_assets() == AssetFolders(root / "mpfb" / "data", root / "makehuman" / "base")
    assert find_assets().hair == root / "makehuman" / "base" / "hair"
    with pytest.raises(UsageError):
        find_assets(tmp_path / "other")


def test_reading_a_wavefront_file(tmp_path: Path):
    path = tmp_path / "a.obj"
    path.write_text(
        "# a comment\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n\nvt 0 0\nvt 1 0.5\nvn 0 0 1\n"
        "g body\nf 1/1 2/2 3/2 4/1\ng\nf 1//1 2//1 3//1\n"
    )
    mesh = read_obj(path)
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert mesh.texcoords.tolist() == [[0, 0], [1, 0.5]]
    assert mesh.faces == [[0, 1, 2, 3], [0, 1, 2]] and mesh.groups == ["body", ""]
    assert mesh.face_texcoords == [[0, 1, 1, 0], [0, 0, 0]]
    assert mesh.triangles().tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]


@pytest.mark.parametrize("text", ["# target\n\n3 0.5 -1 2\n7 0 0 .25\n", "", "# nothing moves\n"])
def test_reading_a_target(tmp_path: Path, text: str):
    path = tmp_path / "t.target.gz"
    with gzip.open(path, "wt") as file:
        file.write(text)
    index, delta = read_target(path)
    if "3 0.5" in text:
        assert index.tolist() == [3, 7] and delta.tolist() == [[0.5, -1, 2], [0, 0, 0.25]]
    else:
        assert index.shape == (0,) and delta.shape == (0, 3)


def test_fitting_a_proxy(tmp_path: Path):
    path = tmp_path / "h.mhclo"
    path.write_text(
        "# hair\nname h\nx_scale 0 1 2.0\nz_scale 0 2 1.0\nobj_file h.obj\n\n"
        "verts 0\n2\n0 1 2 0.5 0.25 0.25 0.1 0.2 0.3\ndelete_verts\n0 1\n"
    )
    # The base is twice as wide as the file's scale expects, three times as deep; no y_scale: offsets stay.
    base = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 3]], float)
    placed = fit_mhclo(path, base)
    np.testing.assert_allclose(placed, [[0, 4, 3], [1 + 0.1 * 2, 1 + 0.2, 0.75 + 0.3 * 3]])


def test_the_cache_keeps_arrays_and_survives_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folders = find_assets(make_folder(tmp_path / "data"))
    monkeypatch.setenv("PORTRAITKIT_CACHE", str(tmp_path / "cache"))
    calls: list[int] = []

    def build() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"a": np.arange(3) * len(calls)}

    assert cached_arrays("v-1", folders, build)["a"].tolist() == [0, 1, 2]
    assert cached_arrays("v-1", folders, build)["a"].tolist() == [0, 1, 2] and len(calls) == 1
    assert cached_arrays("v-2", folders, build)["a"].tolist() == [0, 2, 4]
    (file,) = (tmp_path / "cache").glob("v-1-*.npz")
    file.write_bytes(b"not an archive")
    assert cached_arrays("v-1", folders, build)["a"].tolist() == [0, 3, 6]
    assert cached_arrays("v-1", folders, build)["a"].tolist() == [0, 3, 6]
    file.write_bytes(file.read_bytes()[:-40])  # cut off while copying
    assert cached_arrays("v-1", folders, build)["a"].tolist() == [0, 4, 8]
    (folders.mpfb / "3dobjs" / "base.obj").write_text("v 1 1 1\n")
    assert cached_arrays("v-1", folders, build)["a"].tolist() == [0, 5, 10]
