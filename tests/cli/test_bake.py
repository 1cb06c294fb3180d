# SPDX-License-Identifier: Apache-2.0
"""``portrait bake``: maps for an edited mesh, by the recipe in its own file or another's."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from PIL import Image

from portrait_core import pipeline
from portrait_core.formats.read_mesh import EditedMesh, read_mesh
from portrait_core.recipe import Recipe
from portrait_core.rig import rename
from tests.analytic_model import AnalyticModel
from tests.cli.conftest import Run
from tests.cli.test_generate import SMALL, gltf_of, names
from textures import linear_to_srgb

ENGINE = pytest.mark.skipif(not hasattr(pipeline, "bake_onto"), reason="the engine cannot bake onto meshes yet")


@pytest.fixture
def made(run: Run, balls: Path, tmp_path: Path) -> Path:
    done = run("generate", "--seed", 3, "--out", tmp_path / "made", *SMALL, "--no-normal-map", "--format", "glb,obj")
    assert done.code == 0, done.err
    return tmp_path / "made" / "balls-3.glb"


@ENGINE
def test_the_maps_of_the_file_it_was_made_from(run: Run, made: Path, tmp_path: Path) -> None:
    """Each face's middle has the colour of the field there, at the mesh's own texture place."""
    out = tmp_path / "out"
    done = run("bake", "--mesh", made, "--out", out, "--texture-size", 256, "--json")
    assert done.code == 0, done.err
    assert names(out) == ["balls-3_baked.glb", "balls-3_base_colour.png"]
    assert done.events[0]["recipe"]["seed"] == 3 and done.events[0]["recipe"]["texture_size"] == 256
    with Image.open(out / "balls-3_base_colour.png") as image:
        assert image.size == (256, 256) and image.mode == "RGB"
    check_colours(out / "balls-3_base_colour.png", read_mesh(made))


@ENGINE
def test_another_person_onto_the_same_mesh(run: Run, made: Path, tmp_path: Path) -> None:
    words = ("bake", "--mesh", made, "--texture-size", 128, "--no-normal-map")
    assert run(*words, "--out", tmp_path / "own").code == 0
    done = run(*words, "--out", tmp_path / "other", "--model", "balls", "--seed", 9, "--set", "size=2", "--json")
    assert done.code == 0, done.err
    assert done.events[0]["recipe"]["attributes"] == {"size": 2.0}
    done = run(*words, "--out", tmp_path / "other")
    assert (done.code, "balls-3_base_colour.png and 1 more exists already" in done.error) == (1, True)
    assert names(tmp_path / "own") == ["balls-3_baked.glb", "balls-3_base_colour.png"]


def edited(made: Path, path: Path, change: Callable[[dict[str, NDArray[Any]], list[str]], None]) -> Path:
    """The mesh of ``made`` with its attributes and the names of its bones changed in place, as a new file."""
    content = bytearray(made.read_bytes())
    tree, blob = gltf_of(made), 28 + int.from_bytes(content[12:16], "little")
    (primitive,) = tree["meshes"][0]["primitives"]
    views: dict[str, NDArray[Any]] = {}
    for name, number in primitive["attributes"].items():
        accessor = tree["accessors"][number]
        view = tree["bufferViews"][accessor["bufferView"]]
        start = blob + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        kind = np.dtype({5121: "u1", 5123: "<u2", 5126: "<f4"}[accessor["componentType"]])
        width = int(accessor["type"][-1])
        views[name] = np.ndarray((accessor["count"], width), kind, content, start)
    bones = [tree["nodes"][number]["name"] for number in tree["skins"][0]["joints"]]
    change(views, bones)
    for number, bone in zip(tree["skins"][0]["joints"], bones, strict=True):
        tree["nodes"][number]["name"] = bone
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    binary = content[blob - 8 :]
    total = 20 + len(text) + len(binary)
    path.write_bytes(struct.pack("<4sIII4s", b"glTF", 2, total, len(text), b"JSON") + text + binary)
    return path


@ENGINE
@pytest.mark.parametrize("naming", ["smpl", "unreal"])
def test_the_copy_is_the_edited_mesh_with_its_own_skin(run: Run, made: Path, tmp_path: Path, naming: str) -> None:
    def change(views: dict[str, NDArray[Any]], bones: list[str]) -> None:
        views["POSITION"][:, 1] += np.float32(0.003) * np.sin(40 * views["POSITION"][:, 0])
        views["WEIGHTS_0"][:] = [0.75, 0.25, 0, 0]
        views["JOINTS_0"][:] = [bones.index("head"), bones.index("neck"), 0, 0]
        bones[:] = rename(bones, naming)

    mesh, out = edited(made, tmp_path / "mine.glb", change), tmp_path / "out"
    words = ("--texture-size", 128, "--normal-map")
    done = run("bake", "--mesh", mesh, "--out", out, *words, "--json")
    assert done.code == 0, done.err
    assert done.events[0]["own_skin"] is True
    assert names(out) == ["mine_baked.glb", "mine_base_colour.png", "mine_normal.png"]
    assert done.events[0]["files"] == [str(out / name) for name in names(out)[1:] + names(out)[:1]]
    before, after = read_mesh(mesh), read_mesh(out / "mine_baked.glb")
    assert after.skin is not None and after.normals is not None and before.normals is not None
    # Tangents may cut vertices in two: the same corners all the same, in the same order.
    for name in ("vertices", "uvs", "normals"):
        one, two = (np.asarray(getattr(each, name))[each.faces] for each in (before, after))
        np.testing.assert_allclose(one, two, atol=1e-6, err_msg=name)
    strongest = [after.skin.bones[number] for number in after.skin.joints[:, 0]]
    assert set(strongest) == {"head"}
    np.testing.assert_allclose(np.sort(after.skin.weights, axis=1)[:, -2:], [[0.25, 0.75]] * len(strongest), atol=1e-6)
    tree = gltf_of(out / "mine_baked.glb")
    material = tree["materials"][0]
    assert {"baseColorTexture"} <= set(material["pbrMetallicRoughness"]) and "normalTexture" in material
    assert tree["asset"]["extras"]["recipe"]["seed"] == 3
    again = run("bake", "--mesh", out / "mine_baked.glb", "--out", tmp_path / "again", *words)
    assert again.code == 0, again.err


@ENGINE
@pytest.mark.parametrize("way", ["obj", "strange bone"])
def test_a_mesh_without_a_skin_of_ours_gets_one(run: Run, made: Path, tmp_path: Path, way: str) -> None:
    def change(views: dict[str, NDArray[Any]], bones: list[str]) -> None:
        bones[bones.index("head")] = "tail"

    words = ("--texture-size", 128, "--no-normal-map")
    mesh = made.with_suffix(".obj") if way == "obj" else edited(made, tmp_path / "balls-3.glb", change)
    done = run("bake", "--mesh", mesh, "--recipe", made, "--out", tmp_path / "out", *words, "--json")
    assert done.code == 0, done.err
    assert done.events[0]["own_skin"] is False
    after, first = read_mesh(tmp_path / "out" / "balls-3_baked.glb"), read_mesh(made)
    assert after.skin is not None and first.skin is not None
    # The same surface gets the same skin as it had when it was made.
    order = [np.lexsort(np.hstack([mesh.vertices, mesh.uvs]).T) for mesh in (after, first)]
    shares = [
        np.where(mesh.skin.joints == mesh.skin.bones.index("head"), mesh.skin.weights, 0).sum(axis=1)[each]
        for mesh, each in zip((after, first), order, strict=True)
        if mesh.skin is not None
    ]
    np.testing.assert_allclose(after.vertices[order[0]], first.vertices[order[1]], atol=1e-6)
    np.testing.assert_allclose(shares[0], shares[1], atol=1e-3)
    assert shares[0].max() > 0.95 and shares[0].min() < 0.05
    assert after.normals is not None
    if way == "obj":  # an .obj tells no normals here: across seams of the texture they are one
        _, place, count = np.unique(after.vertices, axis=0, return_inverse=True, return_counts=True)
        assert (count > 1).any()
        mean = np.zeros((len(count), 3))
        np.add.at(mean, np.asarray(place).ravel(), after.normals)
        np.testing.assert_allclose(np.linalg.norm(mean / count[:, None], axis=1), 1, atol=1e-5)


def test_a_mesh_without_recipe_asks_for_one(run: Run, made: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.obj"
    bare.write_bytes(b"\n".join(x for x in made.with_suffix(".obj").read_bytes().split(b"\n") if x[:1] != b"#"))
    done = run("bake", "--mesh", bare, "--out", tmp_path / "out")
    assert (done.code, "there is no recipe in it" in done.error) == (2, True)
    assert done.error.endswith("Say whose maps the mesh gets by --seed or --recipe.")
    bare.with_suffix(".ply").write_bytes(trimesh.creation.icosphere().export(file_type="ply"))
    done = run("bake", "--mesh", bare.with_suffix(".ply"), "--out", tmp_path / "out")
    assert (done.code, done.error.endswith("by --seed or --recipe.")) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_posed_obj_cannot_be_baked_onto(run: Run, made: Path, tmp_path: Path) -> None:
    posed = ("generate", "--recipe", made, "--pose", "head=0,20,0", "--out", tmp_path / "posed", "--format", "obj")
    assert run(*posed).code == 0
    done = run("bake", "--mesh", tmp_path / "posed" / "balls-3.obj", "--out", tmp_path / "out")
    assert (done.code, "its vertices are posed" in done.error) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mesh", "none.glb"], "none.glb: No such file"),
        (["--mesh", "a.fbx"], "meshes are read from .glb, .gltf, .obj"),
        (["--mesh", "{made}", "--mesh-name", "nose"], "no mesh is called 'nose'; there are balls-3"),
        (["--mesh", "{made}", "--seed", "1-3", "--model", "balls"], "give one seed"),
        (["--mesh", "{made}", "--texture-size", "9000"], "texture size 9000 is out of range"),
        (["--mesh", "{made}", "--name", "a/b"], "not a file name"),
        (["--mesh", "{made}", "--recipe", "none.json"], "none.json: No such file"),
        ([], "Missing option '--mesh'"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    run: Run, made: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    done = run("bake", "--out", tmp_path / "out", *(word.replace("{made}", str(made)) for word in words))
    assert (done.code, message in done.error) == (2, True), done.err
    assert not (tmp_path / "out").exists()


def test_a_mesh_without_uvs(run: Run, made: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.obj"
    bare.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    done = run("bake", "--mesh", bare, "--recipe", made, "--out", tmp_path / "out")
    assert (done.code, "from this avatar" in done.error) == (2, True)  # told before it is unwrapped
    assert json.dumps(gltf_of(made))  # and the recipe's file was fine


def test_a_mesh_without_uv_map_gets_one(run: Run, made: Path, tmp_path: Path) -> None:
    """A sculpt as .ply and as .stl: triangles alone, millimetres and z up in the second."""
    avatar = read_mesh(made)
    places, welded = np.unique(avatar.vertices, axis=0, return_inverse=True)
    bare = trimesh.Trimesh(places, np.asarray(welded).ravel()[avatar.faces], process=False)
    (tmp_path / "a.ply").write_bytes(bare.export(file_type="ply"))
    x, y, z = np.asarray(bare.vertices).T * 1000
    printed = trimesh.Trimesh(np.stack([x, -z, y], axis=1), bare.faces, process=False)
    (tmp_path / "b.stl").write_bytes(printed.export(file_type="stl"))
    words = ("--recipe", made, "--texture-size", 256, "--no-normal-map", "--json")
    for mesh in ("a.ply", "b.stl"):
        out = tmp_path / mesh[0]
        done = run("bake", "--mesh", tmp_path / mesh, "--out", out, *words)
        assert done.code == 0, done.err
        assert done.events[0]["unwrapped"] is True
        after = read_mesh(out / f"{mesh[0]}_baked.glb")
        np.testing.assert_allclose(after.vertices[after.faces], avatar.vertices[avatar.faces], atol=1e-5)
        check_colours(out / f"{mesh[0]}_base_colour.png", after)


def test_unwrap_gives_a_new_uv_map_and_keeps_the_rest(run: Run, made: Path, tmp_path: Path) -> None:
    before = read_mesh(made)
    words = ("--texture-size", 256, "--no-normal-map", "--json")
    for way in ("auto", "charts", "xatlas"):
        done = run("bake", "--mesh", made, "--out", tmp_path / way, *words, "--unwrap", way)
        assert done.code == 0, done.err
        assert done.events[0]["unwrapped"] is (way != "auto") and done.events[0]["own_skin"] is True
        after = read_mesh(tmp_path / way / "balls-3_baked.glb")
        for name in ("vertices", "normals"):
            one, two = (np.asarray(getattr(each, name))[each.faces] for each in (before, after))
            np.testing.assert_allclose(one, two, atol=1e-6, err_msg=name)
        same = np.allclose(after.uvs[after.faces], before.uvs[before.faces], atol=1e-6)
        assert same == (way == "auto")
        check_colours(tmp_path / way / "balls-3_base_colour.png", after)
    done = run("bake", "--mesh", made, "--out", tmp_path / "x", *words, "--unwrap", "quads")
    assert done.code == 2 and "'auto', 'charts' or 'xatlas'" in done.error


def check_colours(picture: Path, mesh: EditedMesh) -> None:
    """Each face's middle has the colour of the field of seed 3 there."""
    with Image.open(picture) as image:
        baked = np.asarray(image).astype(float)
    field = AnalyticModel().person(Recipe(seed=3)).field
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    u, v = mesh.uvs[mesh.faces].mean(axis=1).T
    got = baked[((1 - v) * 256).astype(int).clip(0, 255), (u * 256).astype(int).clip(0, 255)]
    expected = np.asarray(linear_to_srgb(field.colour(field.unplace(middles)))) * 255
    assert np.median(np.abs(got - expected)) < 3
