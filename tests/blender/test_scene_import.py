# SPDX-License-Identifier: Apache-2.0
"""Avatars of the real engine come into the scene, are replaced in place, marked as assets, and leave no trace."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


def test_import_arranges_and_names(scene: Any, part: Part, avatar_copy: Path) -> None:
    assert bpy.ops.portraitkit.import_avatar(filepath=str(avatar_copy)) == {"FINISHED"}
    avatar = part("scene.identity").selected_avatar(bpy.context)
    assert avatar.name == "starter-7" == avatar.collection.name
    assert avatar.recipe["seed"] == 7
    assert [each.name for each in avatar.meshes] == ["starter-7 mesh"]
    assert {each.name for each in scene.collection.all_objects} == {"starter-7", "starter-7 mesh"}
    assert not any("." in each.name[-4:] for each in [*bpy.data.images, *bpy.data.materials, *bpy.data.meshes])
    spaces = {each["portraitkit_map"]: each.colorspace_settings.name for each in bpy.data.images if each.users}
    assert spaces == {"base_colour": "sRGB", "normal": "Non-Color", "surface": "Non-Color"}
    assert part("scene.identity").avatar_of(avatar.mesh).armature == avatar.armature
    assert part("scene.identity").find(avatar.identity).name == "starter-7"


def test_names_that_clash(scene: Any, part: Part, avatar_copy: Path) -> None:
    bring_in = part("scene.bring_in").bring_in
    avatars = [bring_in(avatar_copy, "Ada") for _ in range(3)]
    assert [each.name for each in avatars] == ["Ada", "Ada 2", "Ada 3"]
    assert len({each.identity for each in avatars}) == 3
    assert len(part("scene.identity").avatars_of()) == 3


def test_replacing_keeps_what_the_user_did(scene: Any, part: Part, avatar_copy: Path) -> None:
    avatar = part("scene.bring_in").bring_in(avatar_copy, "Ada")
    identity, rig, mesh = avatar.identity, avatar.armature, avatar.mesh
    rig.location, rig["mine"] = (1, 2, 3), 5
    rig.pose.bones["neck"].rotation_mode = "QUATERNION"
    rig.pose.bones["neck"].rotation_quaternion = (0.8, 0.6, 0, 0)
    nodes = mesh.data.materials[0].node_tree.nodes
    principled = next(each for each in nodes if each.type == "BSDF_PRINCIPLED")
    principled.inputs["Subsurface Weight"].default_value = 0.7
    old_data = mesh.data.session_uid
    again = part("scene.replace").replace_in_place(avatar, avatar_copy)
    assert (again.identity, again.name, again.armature) == (identity, "Ada", rig)
    assert tuple(rig.location) == (1, 2, 3)
    assert rig["mine"] == 5
    assert tuple(rig.pose.bones["neck"].rotation_quaternion) == pytest.approx((0.8, 0.6, 0, 0))
    assert again.mesh == mesh
    assert mesh.data.session_uid != old_data
    assert [each.name for each in mesh.vertex_groups]
    assert (mesh.name, mesh.data.name, rig.data.name) == ("Ada mesh", "Ada mesh", "Ada")
    nodes = mesh.data.materials[0].node_tree.nodes
    kept = next(each for each in nodes if each.type == "BSDF_PRINCIPLED")
    assert kept.inputs["Subsurface Weight"].default_value == pytest.approx(0.7)
    assert len(part("scene.identity").avatars_of()) == 1


@pytest.mark.parametrize("active", [0, 1, 2])
def test_replacing_takes_levels_away_whichever_is_active(
    scene: Any, part: Part, avatar_copy: Path, avatar_file_with_levels: Path, active: int
) -> None:
    avatar = part("scene.bring_in").bring_in(avatar_file_with_levels, "Ada")
    assert len(avatar.meshes) == 3
    chosen = avatar.meshes[active]
    other = bpy.data.objects.new("other", None)
    scene.collection.objects.link(other)
    for each in (chosen, other):
        each.hide_viewport = False
        each.select_set(True)
    avatar.armature.select_set(False)
    bpy.context.view_layer.objects.active = chosen
    again = part("scene.replace").replace_in_place(avatar, avatar_copy)
    assert [each.name for each in again.meshes] == ["Ada mesh"]
    (shown,) = again.meshes
    assert bpy.context.view_layer.objects.active == (again.armature if active else shown)
    assert {each.name for each in bpy.context.selected_objects} == {"other", "Ada" if active else "Ada mesh"}


def test_hundred_cycles_leave_nothing(
    part: Part, avatar_copy: Path, delete: Callable[[Any], None], datablocks: Callable[[], dict[str, int]]
) -> None:
    before = datablocks()
    for _ in range(100):
        avatar = part("scene.bring_in").bring_in(avatar_copy, "Ada")
        delete(avatar)
    assert datablocks() == before
    avatar = part("scene.bring_in").bring_in(avatar_copy, "Ada")
    with_one = datablocks()
    for _ in range(100):
        avatar = part("scene.replace").replace_in_place(avatar, avatar_copy)
    assert datablocks() == with_one


def test_asset_has_picture_and_tags(scene: Any, part: Part, avatar_copy: Path) -> None:
    picture = bpy.data.images.new("red", 32, 32)
    picture.pixels = [1.0, 0.0, 0.0, 1.0] * 1024
    picture.filepath_raw, picture.file_format = str(avatar_copy.with_suffix(".png")), "PNG"
    picture.save()
    avatar = part("scene.bring_in").bring_in(avatar_copy, "Ada")
    assert bpy.ops.portraitkit.mark_asset(tags="bald, old") == {"FINISHED"}
    asset = avatar.collection.asset_data
    assert {"portrait", "avatar", "starter", "bald", "old"} == {each.name for each in asset.tags}
    assert tuple(avatar.collection.preview.image_size) == (256, 256)
    assert tuple(avatar.collection.preview.image_pixels_float[:4]) == pytest.approx((1, 0, 0, 1), abs=0.01)


def test_files_that_are_no_avatar(
    scene: Any, part: Part, avatar_copy: Path, datablocks: Callable[[], dict[str, int]]
) -> None:
    before = datablocks()
    content = avatar_copy.read_bytes()
    avatar_copy.write_bytes(content[: len(content) // 2])
    with pytest.raises(RuntimeError):
        bpy.ops.portraitkit.import_avatar(filepath=str(avatar_copy))
    assert datablocks() == before
    length = struct.unpack("<I", content[12:16])[0]
    tree = json.loads(content[20 : 20 + length])
    del tree["asset"]["extras"]
    for kind in ("nodes", "meshes", "scenes"):
        for each in tree[kind]:
            each.pop("extras", None)
    text = json.dumps(tree).encode().ljust(length)
    avatar_copy.write_bytes(content[:20] + text + content[20 + length :])
    with pytest.raises(part("core.failure").Failure, match="not made by Portraitkit"):
        part("scene.bring_in").bring_in(avatar_copy)
    assert bpy.ops.portraitkit.import_avatar(filepath=str(avatar_copy)) == {"FINISHED"}
    assert not part("scene.identity").avatars_of()
