# SPDX-License-Identifier: Apache-2.0
"""``portrait bake``: maps for an edited mesh, by the recipe in its own file or another's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portrait_core import pipeline
from portrait_core.formats.read_mesh import read_mesh
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
    assert names(out) == ["balls-3_base_colour.png"]
    assert done.events[0]["recipe"]["seed"] == 3 and done.events[0]["recipe"]["texture_size"] == 256
    with Image.open(out / "balls-3_base_colour.png") as image:
        baked = np.asarray(image).astype(float)
    assert baked.shape == (256, 256, 3)
    mesh, model = read_mesh(made), AnalyticModel()
    z = np.random.RandomState(3).randn(1, model.header.latent.z_dim).astype(np.float32)
    field = model.field(z, 1.0)
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    u, v = mesh.uvs[mesh.faces].mean(axis=1).T
    got = baked[((1 - v) * 256).astype(int).clip(0, 255), (u * 256).astype(int).clip(0, 255)]
    expected = np.asarray(linear_to_srgb(field.colour(field.unplace(middles)))) * 255
    assert np.median(np.abs(got - expected)) < 3


@ENGINE
def test_another_person_onto_the_same_mesh(run: Run, made: Path, tmp_path: Path) -> None:
    words = ("bake", "--mesh", made, "--texture-size", 128, "--no-normal-map")
    assert run(*words, "--out", tmp_path / "own").code == 0
    done = run(*words, "--out", tmp_path / "other", "--model", "balls", "--seed", 9, "--set", "size=2", "--json")
    assert done.code == 0, done.err
    assert done.events[0]["recipe"]["attributes"] == {"size": 2.0}
    done = run(*words, "--out", tmp_path / "other")
    assert (done.code, "balls-3_base_colour.png exists already" in done.error) == (1, True)
    assert names(tmp_path / "own") == ["balls-3_base_colour.png"]


def test_a_mesh_without_recipe_asks_for_one(run: Run, made: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.obj"
    bare.write_bytes(b"\n".join(x for x in made.with_suffix(".obj").read_bytes().split(b"\n") if x[:1] != b"#"))
    done = run("bake", "--mesh", bare, "--out", tmp_path / "out")
    assert (done.code, "there is no recipe in it" in done.error) == (2, True)
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
    assert (done.code, "has no UV map; unwrap it" in done.error) == (2, True)
    assert json.dumps(gltf_of(made))  # and the recipe's file was fine
