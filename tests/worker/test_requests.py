# SPDX-License-Identifier: Apache-2.0
"""Every request once around, with a real worker and the shipped model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from portrait_core import __version__
from portrait_core.formats.gltf import read_gltf
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.recipe import Recipe
from tests.face.samples import live_link
from tests.formats.test_read_recipe import changed
from tests.worker.client import SMALL, Worker


@pytest.fixture(scope="session")
def made(shared: Worker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("made") / "Ann.glb"
    return shared.ask("generate", recipe={"seed": 7, **SMALL}, path=str(path))


def test_hello_comes_first_and_soon(tmp_path: Path) -> None:
    with Worker(tmp_path / "log") as worker:
        hello = worker.next()
        assert hello is not None
        assert (hello["event"], hello["protocol"], hello["version"]) == ("hello", 1, __version__)
        assert hello["pid"] == worker.process.pid
        # Answered long before torch is there.
        assert worker.ask("hello", protocol=1) == {"protocol": 1, "version": __version__}
        assert worker.refuse("hello", protocol=2)["code"] == "version"
        assert worker.refuse("hello")["code"] == "bad_request"


def test_capabilities_say_what_a_panel_needs(shared: Worker) -> None:
    found = shared.ask("capabilities")
    starter = next(each for each in found["models"] if each["name"] == "starter")
    assert starter["available"] is True and starter["z_dim"] > 0
    age = next(each for each in starter["attributes"] if each["name"] == "age")
    assert age["low"] < 0 < age["high"]
    assert "cpu" in found["devices"] and found["device"] in ("cpu", "cuda", "mps")
    assert {".glb", ".obj"} <= set(found["formats"])
    assert found["limits"]["faces"] == [500, 200_000]
    assert Recipe(**found["defaults"]) == Recipe(seed=0)
    assert shared.ask("models")["models"] == found["models"]


def test_models_folder_and_a_damaged_model(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 100)
    with Worker(tmp_path / "log") as worker:
        answer = worker.ask("configure", models_folder=str(tmp_path), device="cpu", memory_limit=2**40)
        assert answer == {"device": "cpu", "memory_limit": 2**40, "models_folder": str(tmp_path)}
        broken = next(each for each in worker.ask("models")["models"] if each["name"] == "broken")
        assert isinstance(broken["available"], str)
        error = worker.refuse("generate", recipe={"model": "broken"}, path=str(tmp_path / "a.glb"))
        assert error["code"] == "model"
        assert worker.refuse("configure", device="cudda")["code"] == "usage"
        assert worker.ask("configure", memory_limit=None)["memory_limit"] is None


def test_generate_writes_what_it_says(made: dict[str, Any]) -> None:
    path = Path(made["path"])
    assert path.name == "Ann.glb" and made["name"] == "Ann"
    assert path.stat().st_size == made["bytes"]
    assert sorted(made["files"]) == sorted(str(each) for each in path.parent.iterdir())
    assert Image.open(made["thumbnail"]).size == (512, 512)
    assert 0 < made["faces"] <= 1000 and made["levels"] == [made["faces"]]
    assert Recipe(**made["recipe"]) == Recipe(seed=7, **SMALL)
    assert Recipe(**read_recipe(path).recipe) == Recipe(seed=7, **SMALL)
    assert made["stages"]["unwrap"] > 0


def test_descriptions_become_recipes_beside_a_running_job(shared: Worker, tmp_path: Path) -> None:
    job = shared.send("preview", recipes=[{"seed": 7, **SMALL}], folder=str(tmp_path), size=64)
    found = shared.ask("describe", text="an old woman with a bob, smiling, glasses, blorp")
    assert found["recipe"]["attributes"] == {"age": 1.5, "gender": -1.5} and found["recipe"]["hair_style"] == "bob01"
    assert found["not_understood"] == ["blorp"] and found["cannot_show"][0]["words"] == "glasses"
    assert found["compares"] is False and any("blorp" in line for line in found["lines"])
    changed = shared.ask("describe", text="older", recipe={"seed": 3, "attributes": {"age": -1.0}}, seed=9)
    assert changed["compares"] and changed["recipe"]["attributes"] == {"age": 0.0} and changed["recipe"]["seed"] == 9
    assert shared.refuse("describe", text="blorp")["code"] == "usage"
    assert shared.refuse("describe")["code"] == "bad_request"
    assert shared.answer(job)["event"] == "result"


def test_generate_is_the_command_lines_avatar(made: dict[str, Any], tmp_path: Path) -> None:
    from cli.main import main

    options = [
        "--faces",
        "1000",
        "--texture-size",
        "128",
        "--lattice",
        "64",
        "--unwrap",
        "xatlas",
        "--name",
        "Ann",
        "--topology",
        "shell",  # what a request means that does not speak of it
        "-q",
    ]
    assert main(["generate", "--seed", "7", "-o", str(tmp_path), *options]) == 0
    assert (tmp_path / "Ann.glb").read_bytes() == Path(made["path"]).read_bytes()


def test_generate_refuses(shared: Worker, made: dict[str, Any], tmp_path: Path) -> None:
    recipe = {"seed": 7, **SMALL}
    before = Path(made["path"]).read_bytes()
    error = shared.refuse("generate", recipe=recipe, path=made["path"])
    assert error["code"] == "usage" and "exists already" in error["message"] and "--" not in error["message"]
    assert Path(made["path"]).read_bytes() == before
    file = tmp_path / "file"
    file.write_text("")
    for path, code in (
        ("relative.glb", "bad_request"),
        (str(tmp_path / "a.xyz"), "usage"),
        (str(file / "a.glb"), "disk"),
        (str(tmp_path / ("n" * 300 + ".glb")), "disk"),
        (str(tmp_path / "a\0.glb"), "bad_request"),
    ):
        assert shared.refuse("generate", recipe=recipe, path=path)["code"] == code, path
    ok = str(tmp_path / "b.glb")
    assert shared.refuse("generate", recipe={"faces": 1}, path=ok)["code"] == "usage"
    assert shared.refuse("generate", recipe={"sead": 1}, path=ok)["code"] == "usage"
    assert shared.refuse("generate", recipe={"attributes": {"agee": 1}}, path=ok)["code"] == "usage"
    assert shared.refuse("generate", recipe={}, path=ok, name="a/b")["code"] == "usage"
    assert shared.refuse("generate", recipe={}, path=ok, ovrewrite=True)["code"] == "bad_request"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_generate_with_motion_levels_and_bone_names(shared: Worker, tmp_path: Path) -> None:
    angle = np.zeros((8, 72))
    angle[:, 15 * 3 + 1] = np.linspace(0, 0.5, 8)
    np.savez(tmp_path / "nod.npz", poses=angle, mocap_framerate=30.0, trans=np.zeros((8, 3)))
    recipe = {"seed": 1, **SMALL, "lods": [500], "bone_naming": "unity"}
    moving = {"path": str(tmp_path / "nod.npz"), "up_axis": "y"}
    found = shared.ask("generate", recipe=recipe, path=str(tmp_path / "a.gltf"), motion=moving, thumbnail=False)
    tree = json.loads((tmp_path / "a.gltf").read_text())
    assert len(tree["animations"]) == 1
    assert "Head" in {node.get("name") for node in tree["nodes"]}
    assert found["thumbnail"] is None and not list(tmp_path.glob("a.png"))
    assert len(found["levels"]) == 2
    moving["up_axis"] = "w"
    bad = shared.refuse("generate", recipe=recipe, path=str(tmp_path / "b.glb"), motion=moving)
    assert bad["code"] == "usage"


def test_preview_shows_the_avatar(shared: Worker, made: dict[str, Any], tmp_path: Path) -> None:
    recipes = [{"seed": 7}, {"seed": 8, "pose": {"head": [0, 0.4, 0]}}]
    number = shared.send("preview", recipes=recipes, folder=str(tmp_path), size=128)
    result = shared.answer(number)["result"]
    items = shared.of(number, "item")
    assert [each["index"] for each in items] == [0, 1]
    assert [each["path"] for each in items] == result["paths"]
    assert sorted(result["paths"]) == sorted(str(each) for each in tmp_path.iterdir())
    picture = np.asarray(Image.open(result["paths"][0])).astype(float)
    thumbnail = Image.open(made["thumbnail"]).convert("RGB").resize((128, 128), Image.Resampling.BOX)
    assert picture.shape == (128, 128, 3)
    # The same person from the same place: a mean difference of a few grey levels; other people differ by far more.
    assert np.abs(picture - np.asarray(thumbnail)).mean() < 5
    other = np.asarray(Image.open(result["paths"][1])).astype(float)
    assert np.abs(other - np.asarray(thumbnail)).mean() > 10


def test_pictures_of_heads_and_a_vrm_with_its_author(shared: Worker, tmp_path: Path) -> None:
    features = shared.ask("capabilities")["features"]
    assert {"head_shots", "library", "vrm_meta"} <= set(features)
    found = {}
    for framing in ("bust", "head"):
        wish = {"recipes": [{"seed": 7, "topology": "parts"}], "folder": str(tmp_path / framing), "size": 96}
        found[framing] = shared.ask("preview", framing=framing, **wish)["paths"][0]
        again = shared.ask("preview", framing=framing, **wish)["paths"][0]
        assert Path(found[framing]).read_bytes() == Path(again).read_bytes(), "the same picture"
    bust, head = (np.asarray(Image.open(found[each])).astype(float) for each in ("bust", "head"))
    skin = [(each[..., 0] - each[..., 2] > 25).mean() for each in (bust, head)]
    assert skin[1] > 1.3 * skin[0], "the face fills the picture"
    assert "bust, head" in shared.refuse("preview", recipes=[{}], folder=str(tmp_path), framing="feet")["message"]
    path = tmp_path / "a.vrm"
    recipe = {"seed": 7, "topology": "parts", "skeleton": "full", "bone_naming": "vrm", "texture_size": 128}
    shared.ask("generate", recipe=recipe, path=str(path), thumbnail=False, vrm={"authors": ["Ada"]})
    assert read_gltf(path).tree["extensions"]["VRMC_vrm"]["meta"]["authors"] == ["Ada"]
    assert "no field" in shared.refuse("generate", recipe=recipe, path=str(tmp_path / "b.vrm"), vrm={"x": 1})["message"]


def test_people_around_between_and_new(shared: Worker) -> None:
    base = {"seed": 7, "attributes": {"age": 2.0}, **SMALL}
    own = shared.ask("attributes", recipe=base)["values"]
    assert own["age"] == 2.0
    varied = shared.ask("vary", recipe=base, count=3, strength=0.6, seed=5, locks=["age", "hair_long"])
    for values, recipe in zip(varied["values"], varied["recipes"], strict=True):
        assert values["age"] == pytest.approx(2.0, abs=1e-4)
        assert values["hair_long"] == pytest.approx(own["hair_long"], abs=1e-4)
        assert abs(values["gender"] - own["gender"]) > 1e-3
        assert Recipe(**recipe).faces == 1000
    assert shared.ask("vary", recipe=base, count=3, strength=0.6, seed=5, locks=["age", "hair_long"]) == varied
    between = shared.ask("blend", a=base, b={"seed": 9, "psi": 0.5}, fractions=[0, 0.5, 1])
    assert between["values"][0] == pytest.approx(own, abs=1e-3)
    assert between["recipes"][1]["psi"] == 0.75
    new = shared.ask("randomise", seed=3, count=4, locks={"age": -1.0})
    assert len({each["seed"] for each in new["recipes"]}) == 4
    assert all(values["age"] == -1.0 for values in new["values"])
    assert shared.refuse("vary", recipe=base, count=1, locks=["agee"])["code"] == "usage"
    assert shared.refuse("vary", recipe=base, count=1, strength=1.5)["code"] == "usage"
    assert shared.refuse("randomise", seed=3, locks={"age": "old"})["code"] == "usage"


def test_batch_makes_keeps_and_goes_on(shared: Worker, tmp_path: Path) -> None:
    recipe = {**SMALL, "faces": 500}
    first = shared.ask("batch", recipe=recipe, seeds=[4], folder=str(tmp_path), pattern="p-{seed:>03}")
    assert first["made"] == 1 and (tmp_path / "p-004.glb").is_file()
    number = shared.send(
        "batch",
        recipes=[recipe | {"seed": 4}, recipe | {"seed": -1}, recipe | {"seed": 5}, recipe | {"seed": 5}],
        folder=str(tmp_path),
        pattern="p-{seed:>03}",
        formats=["glb", ".obj"],
        thumbnail=False,
    )
    result = shared.answer(number)["result"]
    items = shared.of(number, "item")
    assert [each["status"] for each in items] == ["made", "failed", "made", "failed"]
    assert items[1]["error"]["code"] == "usage"
    assert {"made": 2, "kept": 0, "failed": 2}.items() <= result.items()
    kept = shared.ask("batch", recipe=recipe, seed_range=[4, 2], folder=str(tmp_path), pattern="p-{seed:>03}")
    assert kept["kept"] == 2
    assert shared.refuse("batch", recipe=recipe, seeds=[1], folder=str(tmp_path), pattern="../x")["code"] == "usage"
    assert shared.refuse("batch", recipe=recipe, folder=str(tmp_path))["code"] == "bad_request"
    assert shared.refuse("batch", recipe=recipe, seeds=[1, 2], folder=str(tmp_path), pattern="x")["code"] == "usage"


def test_bake_onto_the_mesh_that_was_made(shared: Worker, made: dict[str, Any], tmp_path: Path) -> None:
    found = shared.ask("bake", mesh=made["path"], folder=str(tmp_path), name="again")
    assert Image.open(found["maps"]["base_colour"]).size == (128, 128)
    assert sorted(found["maps"].values()) == sorted(str(each) for each in tmp_path.iterdir())
    assert found["faces"] == made["faces"]
    assert found["sets"] == [{"material": "", "maps": found["maps"]}] and found["notices"] == []
    assert shared.refuse("bake", mesh=made["path"], folder=str(tmp_path), name="again")["code"] == "usage"
    assert shared.refuse("bake", mesh=made["thumbnail"], folder=str(tmp_path))["code"] == "usage"


def test_baking_says_what_it_chose_and_takes_choices(shared: Worker, made: dict[str, Any], tmp_path: Path) -> None:
    """The mesh twice in its scene, each half of it a material, two UV maps: what one does to it in another program."""

    def change(tree: dict[str, Any]) -> None:
        (part,) = tree["meshes"][0]["primitives"]
        part["attributes"]["TEXCOORD_1"] = part["attributes"]["TEXCOORD_0"]
        corners = tree["accessors"][part["indices"]]
        half = corners["count"] // 6 * 3
        width = {5121: 1, 5123: 2, 5125: 4}[corners["componentType"]]
        tree["accessors"] += [
            {**corners, "count": half},
            {**corners, "count": corners["count"] - half, "byteOffset": corners.get("byteOffset", 0) + half * width},
        ]
        tree["meshes"][0]["primitives"] = [
            {**part, "indices": len(tree["accessors"]) - 2 + number, "material": len(tree["materials"]) + number}
            for number in range(2)
        ]
        tree["materials"] += [{"name": "skin"}, {"name": "Hair"}]
        node = next(each for each in tree["nodes"] if "mesh" in each)
        tree["nodes"].append({**node, "name": "copy"})
        tree["scenes"][0]["nodes"].append(len(tree["nodes"]) - 1)

    mesh = tmp_path / "kit.glb"
    mesh.write_bytes(changed(Path(made["path"]).read_bytes(), change))
    found = shared.ask("bake", mesh=str(mesh), folder=str(tmp_path), mesh_index=0, uv_map="1")
    assert [each["material"] for each in found["sets"]] == ["skin", "Hair"] and found["maps"] == found["sets"][0][
        "maps"
    ]
    assert Path(found["sets"][1]["maps"]["base_colour"]).name == "kit_Hair_base_colour.png"
    assert len(found["notices"]) == 1 and "TEXCOORD_1 is taken, as asked" in found["notices"][0]
    both = shared.ask("bake", mesh=str(mesh), folder=str(tmp_path), name="both")
    assert any("2 meshes: 0 Ann (" in each and "0 Ann is taken" in each for each in both["notices"])
    for wrong in ({"mesh_index": 5}, {"uv_map": "7"}, {"mesh_name": "none"}):
        assert shared.refuse("bake", mesh=str(mesh), folder=str(tmp_path), name="x", **wrong)["code"] == "usage"


def test_reading_poses_motions_and_recipes(shared: Worker, made: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "pose.json").write_text(json.dumps({"unit": "degrees", "head": [0, 90, 0]}))
    pose = shared.ask("read_pose", path=str(tmp_path / "pose.json"))["pose"]
    assert pose["head"] == pytest.approx([0, np.pi / 2, 0])
    angle = np.zeros((31, 72))
    angle[:, 12 * 3] = np.linspace(0, 1.0, 31)
    np.savez(tmp_path / "m.npz", poses=angle, mocap_framerate=30.0, trans=np.zeros((31, 3)))
    for ending in ("npz", "json"):
        out = tmp_path / f"out.{ending}"
        source = str(tmp_path / "m.npz")
        found = shared.ask("read_motion", path=source, out=str(out), up_axis="y", frame_rate=60, skeleton="bust")
        assert (found["frames"], found["joints"], found["frame_rate"]) == (61, ["neck"], pytest.approx(60, rel=1e-3))
        arrays = dict(np.load(out)) if ending == "npz" else json.loads(out.read_text())
        assert np.asarray(arrays["rotations"]).shape == (61, 1, 4)
        assert np.asarray(arrays["rotations"])[-1, 0] == pytest.approx([np.sin(0.5), 0, 0, np.cos(0.5)], abs=1e-5)
    recipe = shared.ask("read_recipe", path=made["path"])
    assert Recipe(**recipe["recipe"]) == Recipe(seed=7, **SMALL) and recipe["name"] == "Ann"
    for do in ("read_pose", "read_recipe"):
        assert shared.refuse(do, path=str(tmp_path / "none.json"))["code"] == "usage"
    assert shared.refuse("read_motion", path=str(tmp_path / "m.npz"), out=str(tmp_path / "o.txt"))["code"] == "usage"


def test_generate_with_a_face_that_moves(shared: Worker, tmp_path: Path) -> None:
    (tmp_path / "take.csv").write_bytes(live_link(1))
    recipe = {**SMALL, "seed": 3}
    face = {"recording": str(tmp_path / "take.csv"), "idle": 5}
    found = shared.ask("generate", recipe=recipe, path=str(tmp_path / "a.glb"), face_motion=face, thumbnail=False)
    assert found["told"][0].endswith("take.csv: Live Link Face; 60 frames; 52 shapes; time code of 60 frames a second.")
    assert any("has no shapes" in line for line in found["told"])
    assert b'"animations"' in (tmp_path / "a.glb").read_bytes()
    bad = shared.refuse(
        "generate", recipe=recipe, path=str(tmp_path / "b.glb"), face_motion={"speech": str(tmp_path / "no")}
    )
    assert bad["code"] == "usage" and "does not exist" in bad["message"]
