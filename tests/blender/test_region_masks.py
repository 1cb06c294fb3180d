# SPDX-License-Identifier: Apache-2.0
"""Regions of the skin: face sets, an attribute of faces, and vertex groups on wish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]


@pytest.fixture
def avatar(scene: Any, part: Part, parts_avatar_file: Path) -> Any:
    return part("scene.bring_in").bring_in(parts_avatar_file, "Ada")


def numbers(mesh: bpy.types.Mesh, name: str) -> np.ndarray:
    found = np.empty(len(mesh.polygons), np.int32)
    mesh.attributes[name].data.foreach_get("value", found)
    return found


def middles(mesh: bpy.types.Mesh) -> np.ndarray:
    return np.array([face.center for face in mesh.polygons])


def test_faces_know_their_region(avatar: Any, part: Part) -> None:
    """Lips lie between the two eyes and below them, ears at the sides, the neck below all of these."""
    masks = part("scene.region_masks")
    (skin,) = masks.masked_meshes(avatar)
    assert skin["portraitkit_part"] == "skin" and "regions" not in skin.data
    names, of_face = masks.names_of(skin.data), numbers(skin.data, "region")
    assert {"face", "lids", "lips", "ears", "scalp", "neck"} <= set(names)
    assert of_face.min() == 1 and of_face.max() == len(names)
    assert (numbers(skin.data, ".sculpt_face_set") == of_face).all()
    places = middles(skin.data)
    own = {name: places[of_face == number] for number, name in enumerate(names, 1)}
    (eye,) = (each for each in avatar.meshes if each["portraitkit_part"] == "eye_left")
    x, _, z = np.mean([vertex.co for vertex in eye.data.vertices], axis=0)
    assert np.abs(own["lids"][:, 2] - z).max() < 0.03 and (np.abs(np.abs(own["lids"][:, 0]) - abs(x)) < 0.03).all()
    assert own["lips"][:, 2].max() < z - 0.03 and np.abs(own["lips"][:, 0]).max() < 0.045
    assert np.abs(own["ears"][:, 0]).min() > 0.05
    assert own["neck"][:, 2].mean() < own["lips"][:, 2].min() and own["scalp"][:, 2].max() > own["lids"][:, 2].max()


def test_groups_are_made_on_wish(avatar: Any, part: Part) -> None:
    masks = part("scene.region_masks")
    (skin,) = masks.masked_meshes(avatar)
    bones = [each.name for each in skin.vertex_groups]
    assert bpy.ops.portraitkit.region_groups() == {"FINISHED"}
    assert bpy.ops.portraitkit.region_groups() == {"FINISHED"}, "once more changes nothing"
    made = [each for each in skin.vertex_groups if each.name not in bones]
    assert [each.name for each in made] == [f"region {name}" for name in masks.names_of(skin.data)]
    assert all(each.lock_weight for each in made) and len(skin.vertex_groups) == len(bones) + len(made)
    lips = skin.vertex_groups["region lips"].index
    number = masks.names_of(skin.data).index("lips") + 1
    wanted = {
        vertex
        for face, own in zip(skin.data.polygons, numbers(skin.data, "region").tolist(), strict=True)
        if own == number
        for vertex in face.vertices
    }
    found = {each.index for each in skin.data.vertices if any(group.group == lips for group in each.groups)}
    assert found == wanted
    modifier = skin.modifiers.new("mask", "MASK")
    modifier.vertex_group = "region lips"
    shown = skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    assert len(shown.vertices) == len(wanted)


def test_what_is_no_account_of_regions_marks_nothing(scene: Any, part: Part) -> None:
    masks = part("scene.region_masks")
    assert masks.regions_in("2 face 1 lips") == [(2, "face"), (1, "lips")]
    for text in (None, 3, "", "face 2", "2 face 1", "x face"):
        assert masks.regions_in(text) == []
    mesh = bpy.data.meshes.new("quad")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [], [(0, 1, 2, 3)])
    masks.give_regions(mesh, [(2, "face")])
    assert masks.names_of(mesh) == [] and mesh.attributes.get("region") is None
    masks.give_regions(mesh, [(1, "lips")])
    assert masks.names_of(mesh) == ["lips"]


def test_a_shell_has_no_regions(scene: Any, part: Part, avatar_file: Path) -> None:
    part("scene.bring_in").bring_in(avatar_file, "Shell")
    assert not bpy.ops.portraitkit.region_groups.poll()
