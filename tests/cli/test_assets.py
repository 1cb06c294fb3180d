# SPDX-License-Identifier: Apache-2.0
"""``portrait generate`` with everything that an asset may have, and the same avatar again out of its own file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.cli.test_generate import SMALL, gltf_of, names

# Without the normal map, which these tests are not about, and with the quicker unwrap.
PLAIN = (*SMALL, "--no-normal-map", "--unwrap", "xatlas")


def recipe_of(path: Path) -> dict:
    return gltf_of(path)["asset"]["extras"]["recipe"]


def test_the_same_avatar_again_byte_by_byte(run: Run, balls: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    words = ("--set", "size=1.25", "--psi", 0.5, "--pose", "head=0,20,0", "--name", "hero", "--seed", 4294967295)
    assert run("generate", *PLAIN, *words, "--out", first).code == 0
    done = run("generate", "--recipe", first / "hero.glb", "--out", second)
    assert (done.code, done.err) == (0, "")
    assert names(second) == ["hero.glb", "hero.png"]
    for name in names(first):
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize("kind", ["gltf", "obj", "ply", "json"])
def test_recipes_out_of_every_kind_of_file(run: Run, balls: Path, tmp_path: Path, kind: str) -> None:
    source = tmp_path / "in"
    if kind == "json":
        source.mkdir()
        (source / "balls-3.json").write_text(
            json.dumps({"model": "balls", "seed": 3, "faces": 600, "texture_size": 128, "lattice": 64})
        )
    else:
        assert run("generate", *PLAIN, "--seed", 3, "--out", source, "--format", kind).code == 0
    done = run(
        *("generate", "--recipe", source / f"balls-3.{kind}", "--out", tmp_path / "out", "--json"),
        "--no-normal-map",
    )
    assert done.code == 0, done.err
    recipe = done.events[0]["recipe"]
    assert (recipe["seed"], recipe["faces"], recipe["model"]) == (3, 600, "balls")


def test_options_beside_a_recipe_change_single_fields(run: Run, balls: Path, tmp_path: Path) -> None:
    words = ("--seed", 3, "--set", "size=1.25", "--pose", "head=0,20,0", "--psi", 0.5)
    assert run("generate", *PLAIN, *words, "--out", tmp_path / "a").code == 0
    file, out = tmp_path / "a" / "balls-3.glb", tmp_path / "b"
    old = recipe_of(file)

    def again(*words: object) -> dict:
        shutil.rmtree(out, ignore_errors=True)
        done = run("generate", "--recipe", file, "--out", out, "--json", *words)
        assert done.code == 0, done.err
        return done.events[0]["recipe"]

    assert again() == old
    assert again("--psi", 1) == old | {"psi": 1.0}  # the default counts when somebody writes it
    assert again("--faces", 700) == old | {"faces": 700}
    assert again("--seed", 5) == old | {"seed": 5}
    assert again("--open") == old | {"closed": False}
    assert again("--set", "size=-1")["attributes"] == {"size": -1.0}
    assert again("--pose", "neck=1,0,0")["pose"].keys() == {"neck"}
    latent = tmp_path / "z.json"
    latent.write_text("[0.5, 0, 0, 0]")
    changed = again("--latent", latent)
    assert changed["latent"] == [0.5, 0, 0, 0] and "seed" not in changed
    done = run("generate", "--recipe", file, "--seed", "7-8", "--out", out, "--overwrite")
    assert done.code == 0 and {"balls-7.glb", "balls-8.glb"} <= set(names(out))


def test_other_weights_and_changed_recipes_are_told(run: Run, balls: Path, tmp_path: Path) -> None:
    assert run("generate", *PLAIN, "--seed", 3, "--out", tmp_path / "a", "--format", "gltf").code == 0
    file = tmp_path / "a" / "balls-3.gltf"
    tree = json.loads(file.read_text())
    tree["asset"]["extras"]["provenance"]["model"]["digest"] = "ab" * 32
    tree["asset"]["extras"]["recipe"]["seed"] = 4
    tree["scenes"][0]["name"] = "../../elsewhere"
    file.write_text(json.dumps(tree))
    done = run("generate", "--recipe", file, "--out", tmp_path / "b")
    assert done.code == 0
    told = done.err.splitlines()
    assert len(told) == 2
    assert "its recipe was changed after the file was made" in told[0]
    assert "made with other weights of model balls than yours" in told[1]
    # a name that is no file name leads nowhere else
    assert names(tmp_path / "b") == ["balls-4.glb", "balls-4.png"]


def test_several_formats_at_once(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("generate", *PLAIN, "--seed", 3, "--out", out, "--format", "glb,stl,GLTF", "--json")
    assert done.code == 0, done.err
    expected = ["balls-3.bin", "balls-3.glb", "balls-3.gltf", "balls-3.png", "balls-3.stl"]
    assert set(expected) <= set(names(out))
    (event,) = done.events
    assert sorted(Path(file).name for file in event["files"]) == names(out)
    assert Path(event["path"]).name == "balls-3.glb"
    done = run("generate", *PLAIN, "--seed", 3, "--out", out, "--format", "ply,stl")
    assert (done.code, "balls-3.stl and 1 more exists already" in done.error) == (1, True)
    assert not (out / "balls-3.ply").exists()


def test_options_reach_the_recipe(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run(
        *("generate", *PLAIN, "--out", tmp_path / "out", "--json", "--open", "--texture", "field"),
        *("--skeleton", "smpl24", "--bone-naming", "mixamo", "--occlusion", "--lod-maps", "shared"),
    )
    assert done.code == 0, done.err
    recipe = done.events[0]["recipe"]
    wanted = {"closed": False, "texture": "field", "skeleton": "smpl24", "bone_naming": "mixamo"}
    wanted |= {"occlusion": True, "lod_maps": "shared", "normal_map": False}
    assert {key: recipe[key] for key in wanted} == wanted
    gltf = gltf_of(Path(done.events[0]["path"]))
    bones = [gltf["nodes"][joint]["name"] for joint in gltf["skins"][0]["joints"]]
    assert "mixamorig:Head" in bones and "head" not in bones


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lods", "8000;2000"], "--lods '8000;2000': expected numbers of faces separated by commas"),
        (["--faces", "1000", "--lods", "500,800"], "800 must be from 300 to 499"),
        (["--lods", "20000"], "20000 must be from 300 to 19999"),
        (["--lod-maps", "some"], "lod_maps: input should be 'own' or 'shared'"),
        (["--texture", "photo"], "input should be 'field', 'views' or 'auto', got 'photo'"),
        (["--skeleton", "dog"], "input should be 'bust', 'smpl24' or 'full'"),
        (["--bone-naming", "maya"], "input should be 'smpl', 'mixamo', 'unity', 'unreal', 'vrm' or 'rpm'"),
        (["--format", "3ds"], "'3ds' is not known; there are glb, gltf, obj, ply, stl, vrm, blend, fbx, usdc."),
        (["--format", "glb,"], "--format '' is not known"),
        (["--format", "fbx", "--blender", "no/such"], "no/such: no program there. Install bpy"),
        (["--recipe", "none.glb"], "none.glb: No such file"),
        (["--recipe", "a.png"], "recipes are read from .glb"),
        (["--motion", "none.npz"], "none.npz"),
        (["--up-axis", "w"], "--up-axis 'w' is not known; it is auto, y, -y, z, -z, x or -x."),
        (["--units", "feet"], "--units 'feet' is not known; there are radians, degrees,"),
        (["--motion-rate", "nan"], "--motion-rate nan is out of range"),
        (["--frame-rate", "nan"], "--frame-rate nan is out of range"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    run: Run, balls: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    out = tmp_path / "out"
    done = run("generate", "--out", out, "--model", "balls", *words)
    assert done.code == 2
    assert message in done.error
    assert not out.exists()


def test_a_motion_becomes_an_animation(run: Run, balls: Path, tmp_path: Path) -> None:
    """An AMASS file: it has z up, and legs that turn; the head's and the neck's turns arrive, 20 a second."""
    poses = np.zeros((61, 156))
    poses[:, 15 * 3 + 1] = np.linspace(0, 1, 61)  # head
    poses[:, 4 * 3] = 0.5  # left knee
    file = tmp_path / "nod.npz"
    np.savez(file, poses=poses, trans=np.zeros((61, 3)), mocap_framerate=60.0, betas=np.zeros(16))
    out = tmp_path / "out"
    done = run("generate", *PLAIN, "--out", out, "--motion", file, "--frame-rate", 20, "--no-motion-root")
    assert done.code == 0, done.err
    gltf = gltf_of(out / "balls-0.glb")
    (animation,) = gltf["animations"]
    assert animation["name"] == "nod"
    targets = {gltf["nodes"][each["target"]["node"]]["name"] for each in animation["channels"]}
    assert "head" in targets and "pelvis" not in targets
    times = gltf["accessors"][animation["samplers"][0]["input"]]
    assert (times["count"], times["max"]) == (21, [1.0])
    done = run("generate", "--recipe", out / "balls-0.glb", "--out", tmp_path / "again")
    assert done.code == 0 and "motion is not part of the recipe" in done.err


def test_a_recipe_that_this_version_does_not_know(run: Run, balls: Path, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    for facts, message in (
        ({"model": "balls", "wings": 2}, "r.json: recipe: wings: extra inputs are not permitted"),
        ({"model": "bals"}, "unknown model 'bals'. Did you mean balls?"),
        ({"model": "balls", "faces": "many"}, "r.json: recipe: faces"),
        ({"model": "balls", "attributes": {"sise": 1}}, "unknown attribute 'sise'"),
    ):
        file.write_text(json.dumps(facts))
        done = run("generate", "--recipe", file, "--out", tmp_path / "out")
        assert (done.code, message in done.error) == (2, True), done.err
