# SPDX-License-Identifier: Apache-2.0
"""The buttons, from Python and in the background, with the real engine: every one finished when it returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]
SMALL = {"faces": 1000, "texture_size": 128, "lattice": 64}


@pytest.fixture(autouse=True)
def small(scene: Any, engine: Path, part: Part) -> Iterator[Any]:
    """The panel asks for little."""
    settings = scene.portraitkit
    settings.faces, settings.texture_size, settings.lattice = 1000, "128", 64
    yield settings
    session = part("jobs.session").session
    assert not session.tasks
    session.notices.forget()


def selected(part: Part) -> Any:
    return part("scene.identity").selected_avatar(bpy.context)


def test_generate_pose_regenerate(part: Part, tmp_path: Path) -> None:
    path = tmp_path / "ada.glb"
    assert bpy.ops.portraitkit.generate(seed=3, name="Ada", filepath=str(path)) == {"FINISHED"}
    avatar = selected(part)
    assert (avatar.name, avatar.recipe["seed"], avatar.recipe["faces"]) == ("Ada", 3, 1000)
    assert path.is_file()
    assert avatar.armature.preview.image_size[0] > 0
    pose = tmp_path / "pose.json"
    pose.write_text(json.dumps({"head": [0, 20, 0], "unit": "degrees"}))
    assert bpy.ops.portraitkit.load_pose(filepath=str(pose)) == {"FINISHED"}
    assert avatar.armature.portraitkit_pose.head_y == pytest.approx(np.radians(20), abs=1e-5)
    avatar.armature.location = (1, 0, 0)
    assert bpy.ops.portraitkit.regenerate(changes='{"attributes": {"age": 1.5}}') == {"FINISHED"}
    again = selected(part)
    assert (again.name, again.identity, again.recipe["seed"]) == ("Ada", avatar.identity, 3)
    assert again.recipe["attributes"] == {"age": 1.5}
    assert tuple(again.armature.location) == (1, 0, 0)
    assert again.armature.portraitkit_pose.head_y == pytest.approx(np.radians(20), abs=1e-5)
    assert len(part("scene.identity").avatars_of()) == 1
    left = list(part("base.preferences_access").cache_folder("avatars").glob("*"))
    assert left == []


def test_words_set_the_panel_and_are_made(part: Part, small: Any) -> None:
    assert bpy.ops.portraitkit.describe(text="an old woman with a bob, red blouse, smiling, glasses") == {"FINISHED"}
    used = {each.name: each.value for each in small.attributes if each.used}
    assert used["age"] == pytest.approx(1.5) and used["gender"] == pytest.approx(-1.5) and "clothing_hue" in used
    assert (small.hair_style, small.garment) == ("bob01", "female_elegantsuit01")
    assert "glasses" in str(part("jobs.session").session.notices.said)
    small.topology = "parts"
    recipe = part("jobs.recipes").from_settings(small)
    assert recipe["expression"]["mouthSmileLeft"] == pytest.approx(0.7) and recipe["attributes"]["age"] == 1.5
    small.attributes["nose_width"].used, small.attributes["nose_width"].locked = True, True
    assert bpy.ops.portraitkit.describe(text="much younger") == {"FINISHED"}
    assert small.attributes["age"].value == pytest.approx(-0.5) and small.hair_style == "bob01" and small.described_face
    assert bpy.ops.portraitkit.describe(text="a bald man") == {"FINISHED"}
    used = {each.name for each in small.attributes if each.used}
    assert used == {"gender", "hair_bald", "nose_width"} and small.hair_style == "auto" and not small.described_face
    with pytest.raises(RuntimeError, match="no word of it"):
        bpy.ops.portraitkit.describe(text="blorp")


def test_a_duplicate_is_regenerated_and_not_its_original(part: Part) -> None:
    """Duplicated as by Shift+D: objects and meshes are copies, materials and custom properties the same."""
    assert bpy.ops.portraitkit.generate(seed=3, name="Ada") == {"FINISHED"}
    first = selected(part)
    rig = first.armature.copy()
    mesh = first.mesh.copy()
    mesh.data = first.mesh.data.copy()
    mesh.parent = rig
    next(each for each in mesh.modifiers if each.type == "ARMATURE").object = rig
    for each in (rig, mesh):
        first.collection.objects.link(each)
    bpy.ops.object.select_all(action="DESELECT")
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig
    places = [tuple(each.co) for each in first.mesh.data.vertices]
    materials = list(first.mesh.data.materials)
    assert bpy.ops.portraitkit.regenerate(changes='{"attributes": {"age": 1.5}}') == {"FINISHED"}
    again = selected(part)
    assert again.armature == rig and again.recipe["attributes"] == {"age": 1.5}
    assert first.recipe["attributes"] == {} and again.identity != first.identity
    assert [tuple(each.co) for each in first.mesh.data.vertices] == places
    assert list(first.mesh.data.materials) == materials


def test_motion(part: Part, tmp_path: Path, avatar_copy: Path) -> None:
    part("scene.bring_in").bring_in(avatar_copy, "Ada")
    poses = np.zeros((30, 72))
    poses[:, 15 * 3 + 1] = np.linspace(-0.5, 0.5, 30)  # the head turns
    np.savez(tmp_path / "turn.npz", poses=poses, mocap_framerate=30.0, trans=np.zeros((30, 3)))
    assert bpy.ops.portraitkit.load_motion(filepath=str(tmp_path / "turn.npz"), up_axis="y") == {"FINISHED"}
    rig = selected(part).armature
    assert rig.animation_data.action is not None
    scene = bpy.context.scene
    scene.frame_set(scene.frame_end)
    bpy.context.view_layer.update()
    assert rig.portraitkit_pose.head_y == pytest.approx(0.5, abs=0.02)
    scene.frame_set(scene.frame_start)
    assert rig.portraitkit_pose.head_y == pytest.approx(-0.5, abs=0.02)


def test_gallery(part: Part, small: Any) -> None:
    gallery = part("jobs.gallery").gallery
    assert bpy.ops.portraitkit.explore(count=3, seed=5) == {"FINISHED"}
    assert [each.path is not None and each.path.is_file() for each in gallery.cells] == [True] * 3
    assert bpy.ops.portraitkit.pick(index=1) == {"FINISHED"}
    picked = part("jobs.recipes").from_settings(small)
    assert part("jobs.recipes").looks(picked).get("seed") == gallery.cells[1].recipe.get("seed")
    assert bpy.ops.portraitkit.more_like_this(count=3, seed=1) == {"FINISHED"}
    assert len(gallery.cells) == 3
    bpy.ops.portraitkit.pick(index=0)
    bpy.ops.portraitkit.pick(index=2)
    assert bpy.ops.portraitkit.between(count=3) == {"FINISHED"}
    assert len(gallery.cells) == 3
    bpy.ops.portraitkit.pick(index=1)
    assert bpy.ops.portraitkit.generate(name="Middle") == {"FINISHED"}
    assert selected(part).recipe["latent"] is not None


def test_attributes_come_from_the_model(part: Part, small: Any) -> None:
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    names = [each.name for each in small.attributes]
    assert "age" in names and len(names) > 5
    age = small.attributes["age"]
    age.value = 2.0
    assert age.used
    age.locked = True
    assert bpy.ops.portraitkit.randomise(seed=11) == {"FINISHED"}
    assert part("jobs.recipes").from_settings(small)["attributes"] == {"age": 2.0}
    age.value = 99.0
    assert age.value == pytest.approx(age.high)


def test_batch_is_seeded_and_keeps_what_is_there(part: Part, tmp_path: Path, small: Any) -> None:
    assert bpy.ops.portraitkit.batch(count=2, first_seed=4, folder=str(tmp_path)) == {"FINISHED"}
    made = sorted(tmp_path.rglob("*.glb"))
    assert len(made) == 2
    times = [each.stat().st_mtime_ns for each in made]
    assert bpy.ops.portraitkit.batch(count=2, first_seed=4, folder=str(tmp_path)) == {"FINISHED"}
    assert [each.stat().st_mtime_ns for each in made] == times
    recipe = part("scene.glb_facts").facts_in(part("scene.glb_facts").read_tree(made[1]))["recipe"]
    assert recipe["seed"] == 5


def test_mistakes_are_reports(part: Part, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="recipe is not JSON"):
        bpy.ops.portraitkit.generate(recipe="{")
    with pytest.raises(RuntimeError, match="nobody"):
        bpy.ops.portraitkit.generate(model="nobody")
    session = part("jobs.session").session
    assert session.notices.error is not None
    assert "Portraitkit report" in part("jobs.report").text()
    assert bpy.ops.portraitkit.dismiss_error() == {"FINISHED"}
    part("scene.bring_in")
    with pytest.raises(RuntimeError):
        bpy.ops.portraitkit.load_pose(filepath=str(tmp_path / "none.json"))
    assert not part("scene.identity").avatars_of()


def test_settings_out_of_a_file(part: Part, avatar_copy: Path, small: Any) -> None:
    assert bpy.ops.portraitkit.load_recipe(filepath=str(avatar_copy)) == {"FINISHED"}
    assert (small.seed, small.faces, small.texture_size) == (7, 1000, "128")
