# SPDX-License-Identifier: Apache-2.0
""".blend, .fbx and .usdc: found or refused in plain words; written and opened again where a Blender is.

A Python that has bpy, or a Blender, is named by PORTRAITKIT_BPY_PYTHON or PORTRAITKIT_BLENDER.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.remedies import told
from portrait_core.errors import OutputError, UsageError
from portrait_core.formats import blender
from portrait_core.formats.blender import BLENDER_VARIABLE, find_blender
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.write import write_avatar
from tests.formats.assets import asset
from tests.formats.characters import character
from tests.formats.faces import NAMES, faced

SCRIPT = Path(blender.__file__).with_name("blender_script.py")
LOOK = """
import json, os, sys
import bpy
path, out = sys.argv[1:]
if path.endswith(".blend"):
    bpy.ops.wm.open_mainfile(filepath=path)
else:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if path.endswith(".fbx"):
        bpy.ops.import_scene.fbx(filepath=path)
    else:
        bpy.ops.wm.usd_import(filepath=path)
meshes = [o for o in bpy.data.objects if o.type == "MESH"]
armatures = [o for o in bpy.data.objects if o.type == "ARMATURE"]
found = {}
for mesh in meshes:
    bpy.context.view_layer.update()
    places = [mesh.matrix_world @ v.co for v in mesh.data.vertices]
    found[mesh.name] = {
        "faces": len(mesh.data.polygons), "uvs": len(mesh.data.uv_layers),
        "low": [min(p[i] for p in places) for i in range(3)],
        "high": [max(p[i] for p in places) for i in range(3)],
        "groups": len(mesh.vertex_groups), "keys": list(mesh.keys()),
        "skinned": any(m.type == "ARMATURE" for m in mesh.modifiers),
        "shapes": {
            key.name: [key.value, max((key.data[i].co - mesh.data.shape_keys.key_blocks[0].data[i].co).length
                                      for i in range(len(key.data)))]
            for key in (mesh.data.shape_keys.key_blocks[1:] if mesh.data.shape_keys else ())
        },
    }
images = [i for i in bpy.data.images if i.size[0] > 0 and i.type == "IMAGE"]
print("RESULT " + json.dumps({
    "meshes": found, "bones": sorted(b.name for a in armatures for b in a.data.bones),
    "images": sorted({os.path.splitext(i.name)[0] for i in images}),
    "actions": [list(a.frame_range) for a in bpy.data.actions],
    "fps": bpy.context.scene.render.fps,
    "linked": {m.name.split(".")[0]: [i.name for n in m.node_tree.nodes if n.type == "BSDF_PRINCIPLED"
               for i in n.inputs if i.is_linked] for m in bpy.data.materials if m.node_tree},
}))
if path.endswith(".blend"):
    bpy.ops.export_scene.gltf(filepath=out, export_format="GLB", export_yup=True, export_extras=True)
if bpy.app.version < (4, 3):
    # As a module it crashes at the end, its work done, once a file was opened.
    sys.stdout.flush()
    os._exit(0)
"""


def python_with_bpy() -> str:
    named = os.environ.get("PORTRAITKIT_BPY_PYTHON")
    if named is None and importlib.util.find_spec("bpy"):
        named = sys.executable
    if named is None:
        pytest.skip("no bpy; name a Python that has it by PORTRAITKIT_BPY_PYTHON")
    return named


def look(path: Path, out: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python_with_bpy(), "-I", "-c", LOOK, str(path), str(out)],
            capture_output=True, text=True, timeout=240, check=False,
            env={**os.environ, "BLENDER_USER_RESOURCES": folder},
        )  # fmt: skip
    lines = [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert done.returncode == 0 and len(lines) == 1, done.stderr[-2000:]
    return json.loads(lines[0])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("ending", [".blend", ".fbx", ".usdc"])
def test_what_is_written_opens_again(tmp_path: Path, ending: str) -> None:
    avatar = replace(asset(), recipe={"model": "bust", "seed": 4294967295, "pose": {}, "lods": [1200]})
    path, *others = write_avatar(avatar, tmp_path / f"a{ending}", blender=python_with_bpy())
    assert path.stat().st_size > 50_000
    textures = [f"asset_{part}_LOD{n}.png" for part in ("base_colour", "normal", "surface") for n in (0, 1)]
    expected = {"a.png", *(f"textures/{name}" for name in textures)} if ending == ".usdc" else {"a.png"}
    assert {other.relative_to(tmp_path).as_posix() for other in others} == expected
    again = tmp_path / "again.glb"
    seen = look(path, again)
    assert set(seen["meshes"]) >= {"asset_LOD0", "asset_LOD1"}
    assert set(seen["bones"]) == set(avatar.joint_names)
    assert seen["actions"]
    images = {Path(name).stem for name in textures}
    if ending == ".fbx":  # takes roughness as an image of its own
        images = {name.replace("surface", "roughness") for name in images}
    assert set(seen["images"]) == images
    for number, level in enumerate(avatar.levels):
        mesh = seen["meshes"][f"asset_LOD{number}"]
        assert mesh["faces"] == len(level.faces) and mesh["uvs"] >= 1 and mesh["skinned"]
        # metres, z up in Blender; the vertices are at rest and the bones turn them
        x, y, z = level.vertices.T
        np.testing.assert_allclose(mesh["low"], [x.min(), -z.max(), y.min()], atol=2e-3)
        np.testing.assert_allclose(mesh["high"], [x.max(), -z.min(), y.max()], atol=2e-3)
    if ending == ".blend":
        assert seen["fps"] == 30
        first, last = seen["actions"][0]
        assert last - first == pytest.approx(15, abs=0.01)
        # an artist's round trip: our .blend, exported as .glb with custom properties, still knows its recipe
        assert read_recipe(again).recipe == avatar.recipe
    if ending == ".fbx":
        assert "portraitkit" in seen["meshes"]["asset_LOD0"]["keys"]


def test_without_blender_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BLENDER_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(blender.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as raised:
        write_avatar(asset(), tmp_path / "a.fbx")
    assert re.search(r"pip install 'portraitkit\[blender\]', or name a Blender", told(raised.value))
    assert list(tmp_path.iterdir()) == []


def test_the_order_in_which_it_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = {}
    for name in ("blender", "Blender-4.5", "python3.99"):
        programs[name] = tmp_path / name
        programs[name].write_text("#!/bin/sh\n")
        programs[name].chmod(0o755)
    monkeypatch.setattr(blender.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(BLENDER_VARIABLE, raising=False)
    assert find_blender()[:2] == [str(programs["blender"]), "-b"]
    monkeypatch.setenv(BLENDER_VARIABLE, str(programs["python3.99"]))
    assert find_blender() == [str(programs["python3.99"]), "-I"]
    assert find_blender(str(programs["Blender-4.5"]))[-1] == "--python"
    with pytest.raises(UsageError, match=r"^nowhere/blender: no program there"):
        find_blender("nowhere/blender")
    monkeypatch.setenv(BLENDER_VARIABLE, "none")
    with pytest.raises(UsageError, match="PORTRAITKIT_BLENDER none: no program"):
        find_blender()


@pytest.mark.skipif(os.name == "nt", reason="needs a program of two lines")
def test_a_blender_that_fails_is_quoted_and_leaves_nothing(tmp_path: Path) -> None:
    program = tmp_path / "blender"
    program.write_text("#!/bin/sh\necho 'Error: no such operator' >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(OutputError, match=r"Blender could not write a\.fbx: Error: no such operator"):
        write_avatar(asset(), tmp_path / "out" / "a.fbx", blender=str(program))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("ending", [".blend", ".fbx", ".usdc"])
def test_parts_stay_apart_and_in_quads(tmp_path: Path, ending: str) -> None:
    """Each part under its own name, four quads of nine vertices each: what a sheet was before glTF cut it."""
    path, *_ = write_avatar(character(), tmp_path / f"a{ending}", blender=python_with_bpy())
    seen = look(path, tmp_path / "again.glb")
    found = {name.split(".")[0]: mesh for name, mesh in seen["meshes"].items()}
    assert set(found) == {"skin", "hair", "eye"}
    for mesh in found.values():
        assert mesh["faces"] == 4 and mesh["uvs"] == 1 and mesh["skinned"]
    # .fbx knows images alone: hair is cut out and eyes are clear there only if their sums are in the image.
    assert {"Alpha", "Base Color"} <= set(seen["linked"]["hair"])
    assert "Base Color" in seen["linked"]["eye"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("ending", [".blend", ".fbx", ".usdc"])
def test_shapes_of_a_face_have_their_names_on_every_part(tmp_path: Path, ending: str) -> None:
    avatar = faced(expression={"jawOpen": 0.5})
    path, *_ = write_avatar(avatar, tmp_path / f"a{ending}", blender=python_with_bpy())
    found = {name.split(".")[0]: mesh["shapes"] for name, mesh in look(path, tmp_path / "again.glb")["meshes"].items()}
    wanted = {"skin": set(NAMES), "hair": {"eyeBlinkLeft"}, "eye": {"eyeBlinkLeft"}}
    if ending == ".fbx":  # leaves out what moves nothing
        wanted["skin"] -= {"viseme_sil"} - found["skin"].keys()
    assert {part: set(shapes) for part, shapes in found.items()} == wanted
    for part, level in avatar.main.pieces():
        for morph in level.morphs:
            if morph.name in found[part]:
                value, farthest = found[part][morph.name]
                assert farthest == pytest.approx(np.linalg.norm(morph.moves, axis=1).max(initial=0.0), abs=1e-5)
                # USD holds weights in an animation, which Blender reads as one if they change.
                if ending != ".usdc":
                    assert value == pytest.approx(avatar.expression.get(morph.name, 0.0), abs=1e-6)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_script_starts_in_a_python_that_has_bpy(tmp_path: Path) -> None:
    """There bmesh is known only once bpy is loaded: the order of the two imports matters."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python_with_bpy(), "-I", str(SCRIPT), str(tmp_path / "missing.glb"), str(tmp_path / "a.blend"), "[]"],
            capture_output=True, text=True, timeout=200, check=False,
            env={**os.environ, "BLENDER_USER_RESOURCES": folder},
        )  # fmt: skip
    assert done.returncode != 0 and "missing.glb" in done.stderr and "ModuleNotFoundError" not in done.stderr
