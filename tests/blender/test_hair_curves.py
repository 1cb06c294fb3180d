# SPDX-License-Identifier: Apache-2.0
"""Hair as curves, from the file alone: on the skin, along the hair mesh, with a material, made anew with the avatar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]
STYLE = "bob01"


@pytest.fixture(scope="session")
def hair_file(made: Callable[..., Path]) -> Path:
    """The shipped model's seed 1 with small pictures, of skin and hair."""
    who = ("--seed", "1", "--topology", "parts", "--parts", "skin,hair", "--hair-style", STYLE)
    return made("seed-1-hair", *who, "--faces", "20000", "--hair-joints")


def test_the_file_alone_grows_a_hair_system(scene: Any, part: Part, hair_file: Path) -> None:
    assert bpy.ops.portraitkit.import_avatar(filepath=str(hair_file), name="Ada", hair_curves=True) == {"FINISHED"}
    curves, hair, skin = (bpy.data.objects[f"Ada {each}"] for each in ("hair curves", "hair", "skin"))
    assert curves.type == "CURVES" and len(curves.data.curves) > 6000
    assert curves.data.surface == skin and curves.data.surface_uv_map == skin.data.uv_layers.active.name
    assert curves.parent == skin and skin.add_rest_position_attribute
    assert hair.hide_viewport and hair.hide_render and not skin.hide_render
    assert curves.users_collection == hair.users_collection
    points = _read(curves.data.attributes["position"].data, "vector", 3).reshape(len(curves.data.curves), -1, 3)
    mesh = _read(hair.data.vertices, "co", 3)
    assert np.isfinite(points).all()
    # Within the mesh's box, but for the roots, which reach down to the skin.
    assert (points.min((0, 1)) > mesh.min(0) - 0.02).all() and (points.max((0, 1)) < mesh.max(0) + 0.02).all()
    rooted = _distance(skin, points[:, 0])
    assert np.mean(rooted < 0.002) > 0.9
    uvs = _read(curves.data.attributes["surface_uv_coordinate"].data, "vector", 2)
    assert (uvs >= 0).all() and (uvs <= 1).all()
    kinds = {each.type for each in curves.data.materials[0].node_tree.nodes}
    assert "BSDF_HAIR_PRINCIPLED" in kinds and min(curves.data.materials[0].diffuse_color[:3]) < 0.9


def test_curves_follow_the_head(scene: Any, part: Part, hair_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(hair_file, "Ada")
    curves = part("scene.hair_curves").make_curves(avatar, 300)
    before = _evaluated(curves)
    bone = next(each for each in avatar.armature.pose.bones if each.name.lower().endswith("head"))
    bone.rotation_mode = "XYZ"
    bone.rotation_euler = (0.0, 0.6, 0.0)
    bpy.context.view_layer.update()
    after = _evaluated(curves)
    assert before.shape == after.shape
    moved = np.linalg.norm(after - before, axis=-1)
    assert np.median(moved) > 0.02
    lengths = [np.linalg.norm(np.diff(each, axis=1), axis=2).sum(1) for each in (before, after)]
    assert np.median(np.abs(lengths[1] / lengths[0] - 1)) < 0.05


def test_joints_of_hair_are_bones_that_move_hair_alone(scene: Any, part: Part, hair_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(hair_file, "Ada")
    own = {each.name: each for each in avatar.armature.pose.bones if each.name.startswith("hair_")}
    assert len(own) == 15 and own["hair_0_0"].parent.name.endswith("head")
    assert own["hair_0_1"].parent == own["hair_0_0"]
    assert 0 < own["hair_0_0"]["spring"]["stiffness"] <= 1
    hair, skin = (bpy.data.objects[f"Ada {each}"] for each in ("hair", "skin"))
    before = [_vertices(each) for each in (hair, skin)]
    own["hair_0_0"].rotation_mode = "XYZ"
    own["hair_0_0"].rotation_euler = (0.4, 0.0, 0.0)
    bpy.context.view_layer.update()
    moved = [np.abs(_vertices(each) - old).max() for each, old in zip((hair, skin), before, strict=True)]
    assert moved[0] > 0.01 and moved[1] == 0


def test_they_are_made_anew_with_the_avatar(scene: Any, part: Part, hair_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(hair_file, "Ada")
    hair_curves = part("scene.hair_curves")
    curves = hair_curves.make_curves(avatar, 300)
    curves["mine"] = 5
    curves.data.materials[0].name = "Meins"
    again = part("scene.replace").replace_in_place(avatar, hair_file)
    found = hair_curves.curves_of(again)
    assert found["mine"] == 5 and found.data.materials[0].name == "Meins" and len(found.data.curves) > 200
    assert len(bpy.data.hair_curves) == 1
    assert next(each for each in again.meshes if each.name == "Ada hair").hide_render


def test_hair_that_tells_nothing_of_strands_is_refused(scene: Any, part: Part, hair_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(hair_file, "Ada")
    hair = next(each for each in avatar.meshes if each.name == "Ada hair")
    hair.data.attributes.remove(hair.data.attributes["_STRAND"])
    with pytest.raises(part("core.failure").Failure, match="does not tell"):
        part("scene.hair_curves").make_curves(avatar)
    assert not hair.hide_render and not bpy.data.hair_curves


def _read(rows: Any, name: str, width: int) -> np.ndarray:
    found = np.empty(len(rows) * width, np.float32)
    rows.foreach_get(name, found)
    return found.reshape(-1, width)


def _distance(skin: Any, places: np.ndarray) -> np.ndarray:
    found = (skin.closest_point_on_mesh(each) for each in places.tolist())
    return np.array([(hit[1] - type(hit[1])(place)).length for hit, place in zip(found, places.tolist(), strict=True)])


def _evaluated(curves: Any) -> np.ndarray:
    data = curves.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    return _read(data.attributes["position"].data, "vector", 3).reshape(len(data.curves), -1, 3)


def _vertices(thing: Any) -> np.ndarray:
    return _read(thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices, "co", 3)
