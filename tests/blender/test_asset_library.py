# SPDX-License-Identifier: Apache-2.0
"""A folder of avatars as an asset library, made by the panel's operator and by the engine alone, opened as a user does.

Takes about two minutes: the engine starts Blenders of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from .conftest import ROOT

Part = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def folder(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two avatars of parts with their pictures."""
    found = tmp_path_factory.mktemp("crowd")
    small = ("--topology", "parts", "--faces", "2000", "--texture-size", "128", "--quiet")
    command = [str(engine_python), "-m", "cli.main", "generate", "--seeds", "3-4", "--out", str(found), *small]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(found.glob("*.glb"))) == 2
    return found


@pytest.fixture
def session(scene: Any, part: Part, engine: Path) -> Iterator[Any]:
    found = part("jobs.session").session
    yield found
    found.restart()
    found.notices.forget()


def catalogues(place: Path) -> dict[str, str]:
    lines = (place / "blender_assets.cats.txt").read_text().splitlines()
    return dict(line.split(":")[:2] for line in lines if line.count(":") == 2 and not line.startswith("#"))


def appended(path: Path, *, link: bool = False) -> Any:
    """The one asset of a file, put into the scene."""
    with bpy.data.libraries.load(str(path), link=link, assets_only=True) as (there, wanted):
        assert len(there.collections) == 1 and not there.objects
        wanted.collections = list(there.collections)
    (found,) = wanted.collections
    bpy.context.scene.collection.children.link(found)
    return found


def smile_of(mesh: Any, shape: str = "jawOpen") -> float:
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    return float(mesh.evaluated_get(graph).data.shape_keys.key_blocks[shape].value)


def check_library(place: Path, part: Part, author: str) -> None:
    """What holds of every library: assets, catalogues, previews, words, faces that are driven from one place."""
    known = catalogues(place)
    files = sorted(place.glob("*.blend"))
    assert [each.stem for each in files] == ["starter-3", "starter-4"]
    for path in files:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        found = appended(path)
        facts = found.asset_data
        assert facts is not None and facts.author == author and facts.license == "CC0-1.0"
        assert f"seed {path.stem[-1]}" in facts.description and {"portrait", "starter"} <= {t.name for t in facts.tags}
        assert known[facts.catalog_id].count("/") == 2, "by run, hair and age"
        assert tuple(found.preview.image_size) == (256, 256)
        pixels = list(found.preview.image_pixels_float)
        assert max(pixels[0::4]) - min(pixels[0::4]) > 0.3, "a picture, no blank"
        (avatar,) = part("scene.identity").avatars_of()
        assert avatar.recipe["seed"] == int(path.stem[-1]) and avatar.collection == found
        skin, teeth = avatar.parts["skin"][0], avatar.parts["teeth"][0]
        assert skin.data.has_custom_normals
        assert smile_of(skin) == smile_of(teeth) == 0.0
        avatar.armature["face_jawOpen"] = 0.75
        avatar.armature.update_tag()
        assert smile_of(skin) == smile_of(teeth) == pytest.approx(0.75)
        assert all(each.packed_file for each in bpy.data.images if each.source == "FILE")


def test_a_library_from_the_panel(session: Any, part: Part, folder: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(folder, tmp_path / "Crowd One"))
    (own / "broken.glb").write_bytes(b"glTF")
    bpy.context.preferences.use_preferences_save = False
    libraries = bpy.context.preferences.filepaths.asset_libraries
    before = len(libraries)
    assert bpy.ops.portraitkit.make_library(directory=str(own), author="Ada", add=True) == {"FINISHED"}
    said = session.notices.said.put(lambda words: words)
    assert "2 avatars, 2 of them new" in said and "1 failed: broken" in said
    place = own / "blender-library"
    try:
        assert [each.name for each in libraries][before:] == ["Crowd One"]
        assert Path(libraries[-1].path) == place
        check_library(place, part, "Ada")
        # as arrivals: the add-on's own hands made it
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        appended(place / "starter-3.blend")
        (avatar,) = part("scene.identity").avatars_of()
        library = {each.name: len(each.data.vertices) for each in avatar.meshes}
        bones = [each.name for each in avatar.armature.data.bones]
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        other = part("scene.bring_in").bring_in(own / "starter-3.glb")
        assert {each.name: len(each.data.vertices) for each in other.meshes} == library
        assert [each.name for each in other.armature.data.bones] == bones
        # linked and overridden: posed and made to smile here
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        linked = appended(place / "starter-4.blend", link=True)
        override = linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
        rig = next(each for each in override.all_objects if each.type == "ARMATURE")
        skin = next(each for each in override.all_objects if each.get("portraitkit_part") == "skin")
        rig["face_jawOpen"] = 0.5
        rig.update_tag()
        assert smile_of(skin) == pytest.approx(0.5)
        # again: nothing is made, nobody is added twice
        stamps = {each: each.stat().st_mtime_ns for each in place.glob("*.blend")}
        assert bpy.ops.portraitkit.make_library(directory=str(own), author="Ada", add=True) == {"FINISHED"}
        assert stamps == {each: each.stat().st_mtime_ns for each in place.glob("*.blend")}
        assert len(libraries) == before + 1
        assert bpy.ops.portraitkit.add_library(directory=str(own)) == {"FINISHED"} and len(libraries) == before + 1
    finally:
        while len(libraries) > before:
            libraries.remove(libraries[-1])
    with pytest.raises(RuntimeError, match="no folder"):
        bpy.ops.portraitkit.make_library(directory=str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuntimeError, match=r"no \.glb"):
        bpy.ops.portraitkit.make_library(directory=str(tmp_path / "empty"))
    with pytest.raises(RuntimeError, match=r"no \.blend"):
        bpy.ops.portraitkit.add_library(directory=str(tmp_path / "empty"))


def test_a_library_by_the_engine_alone(
    scene: Any, part: Part, engine_python: Path, folder: Path, tmp_path: Path
) -> None:
    """As `portrait library` makes it where there is no add-on: the same objects, drivers and welded meshes."""
    own = Path(shutil.copytree(folder, tmp_path / "crowd"))
    program = bpy.app.binary_path or sys.executable
    command = [str(engine_python), "-m", "cli.main", "library", str(own), "--blender", program]
    done = subprocess.run(
        [*command, "--library-author", "Bea"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    place = own / "blender-library"
    check_library(place, part, "Bea")
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    appended(place / "starter-3.blend")
    (avatar,) = part("scene.identity").avatars_of()
    found = {each.name: (len(each.data.vertices), driven(each)) for each in avatar.meshes}
    names = [each.name for each in avatar.armature.data.bones]
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    other = part("scene.bring_in").bring_in(own / "starter-3.glb")
    assert {each.name: (len(each.data.vertices), driven(each)) for each in other.meshes} == found
    assert set(names) <= {each.name for each in other.armature.data.bones}


def driven(mesh: Any) -> dict[str, str]:
    """What drives each shape of a mesh."""
    keys = mesh.data.shape_keys
    drivers = keys.animation_data.drivers if keys is not None and keys.animation_data is not None else ()
    return {each.data_path: each.driver.variables[0].targets[0].data_path for each in drivers}
