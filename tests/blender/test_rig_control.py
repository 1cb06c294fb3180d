# SPDX-License-Identifier: Apache-2.0
"""A control rig by Rigify on an avatar's joints: nothing moves by it, its controls move the avatar, it goes again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Quaternion

Part = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def rigify(addon: ModuleType) -> Iterator[None]:
    bpy.ops.preferences.addon_enable(module="rigify")
    yield
    for base in (bpy.types.Panel, bpy.types.Operator):  # of the rigs' own panel; Blender 4.5 would not end with them
        for each in [each for each in base.__subclasses__() if each.__module__ == "builtins"]:
            bpy.utils.unregister_class(each)
    bpy.ops.preferences.addon_disable(module="rigify")


@pytest.fixture
def bring(scene: Any, part: Part, rig_file: Any) -> Callable[[str], Any]:
    return lambda skeleton: part("scene.bring_in").bring_in(rig_file(skeleton), "Ada")


def moved(avatar: Any) -> np.ndarray:
    """(V, 3) of the skin as it is shown, in its object's axes."""
    bpy.context.view_layer.update()
    mesh = avatar.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def counts() -> dict[str, int]:
    kinds = ("objects", "armatures", "meshes", "collections", "texts", "actions", "scenes", "cameras")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def test_without_rigify_the_button_says_so(bring: Any, part: Part) -> None:
    bring("bust")
    assert not bpy.ops.portraitkit.control_rig.poll()
    assert "Enable Rigify" in part("scene.control_rig").needs_rigify(bpy.context)
    with pytest.raises(RuntimeError, match="Enable Rigify in Preferences"):
        bpy.ops.portraitkit.control_rig()


@pytest.mark.parametrize("skeleton", ["bust", "full"])
def test_a_rig_moves_the_avatar_and_goes_again(rigify: None, bring: Any, part: Part, skeleton: str) -> None:
    avatar = bring(skeleton)
    avatar.armature.location, avatar.armature.rotation_euler = (1.0, 2.0, 0.5), (0.0, 0.0, 0.7)
    rest, before = moved(avatar), counts()
    assert bpy.ops.portraitkit.control_rig() == {"FINISHED"}
    rig = part("scene.control_rig").rig_of(avatar)
    assert np.abs(moved(avatar) - rest).max() < 1e-6
    assert part("scene.identity").selected_avatar(bpy.context).armature == avatar.armature
    controls = set(rig.pose.bones.keys())
    assert {"head", "neck", "torso", "shoulder.L", "shoulder.R"} <= controls
    assert ("hand_ik.L" in controls) == ("foot_ik.R" in controls) == (skeleton == "full")
    assert not any(name.startswith(("f_", "breast", "face")) for name in controls)
    # The root is on the floor: at a bust's lower end, under the feet of a body.
    lowest = min(min(bone.head_local.z, bone.tail_local.z) for bone in avatar.armature.data.bones)
    root = avatar.armature.matrix_world.inverted() @ rig.matrix_world @ rig.data.bones["root"].head_local
    assert lowest - 0.03 < root.z <= lowest + 1e-3
    # A turn of the head control by 40 degrees to the left, against the formula.
    head = rig.pose.bones["head"]
    head.rotation_mode = "QUATERNION"
    head.rotation_quaternion = Quaternion((0, 1, 0), math.radians(40))
    bpy.context.view_layer.update()
    bone = avatar.armature.pose.bones["head"]
    turned = (bone.matrix @ bone.bone.matrix_local.inverted()).to_quaternion()
    assert math.degrees(turned.angle) == pytest.approx(40, abs=0.1)
    assert turned.axis.z > 0.9
    assert np.abs(moved(avatar) - rest).max() > 0.03
    if skeleton == "full":
        hand = rig.pose.bones["hand_ik.L"]
        goal = hand.bone.head_local.copy()
        goal.y -= 0.15
        goal.z += 0.2
        hand.matrix = Matrix.Translation(goal) @ hand.bone.matrix_local.to_3x3().to_4x4()
        bpy.context.view_layer.update()
        wrist = avatar.armature.matrix_world @ avatar.armature.pose.bones["left_wrist"].head
        assert (wrist - rig.matrix_world @ goal).length < 0.01
    assert not bpy.ops.portraitkit.pose_preset.poll() and not bpy.ops.portraitkit.pose_assets.poll()
    assert bpy.ops.portraitkit.remove_control_rig() == {"FINISHED"}
    assert counts() == before
    assert np.abs(moved(avatar) - rest).max() < 1e-6
    assert not avatar.armature.hide_get() and bpy.context.object == avatar.armature
    assert not any(bone.constraints for bone in avatar.armature.pose.bones)


def test_an_avatar_made_anew_keeps_its_control_rig(rigify: None, bring: Any, part: Part, rig_file: Any) -> None:
    avatar = bring("bust")
    assert bpy.ops.portraitkit.control_rig() == {"FINISHED"}
    rig = part("scene.control_rig").rig_of(avatar)
    again = part("scene.replace").replace_in_place(avatar, rig_file("full"))
    assert part("scene.control_rig").rig_of(again) == rig
    plain = part("scene.bring_in").bring_in(rig_file("full"), "Bea")
    assert np.abs(moved(again) - moved(plain)).max() < 1e-6
    assert bpy.context.mode == "OBJECT"


def test_in_pose_mode_too(rigify: None, bring: Any, part: Part) -> None:
    avatar = bring("bust")
    bpy.ops.object.mode_set(mode="POSE")
    assert bpy.ops.portraitkit.control_rig() == {"FINISHED"}
    bpy.ops.object.mode_set(mode="POSE")
    assert bpy.ops.portraitkit.remove_control_rig() == {"FINISHED"}
    assert part("scene.control_rig").rig_of(avatar) is None


def test_an_avatar_without_a_trunk_says_so(rigify: None, bring: Any, part: Part) -> None:
    avatar = bring("bust")
    before = counts()
    avatar.armature.data.bones["spine2"]["portraitkit_joint"] = "tail"
    with pytest.raises(RuntimeError, match="spine2"):
        bpy.ops.portraitkit.control_rig()
    assert counts() == before


def test_rigify_that_fails_leaves_nothing(
    rigify: None, bring: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    avatar = bring("bust")
    before = counts()
    module = part("scene.control_rig")
    monkeypatch.setattr(module, "SINGLE_TYPE", "limbs.arm")  # which wants a forearm
    with pytest.raises(RuntimeError, match=r"Rigify"):
        bpy.ops.portraitkit.control_rig()
    assert module.rig_of(avatar) is None
    assert counts() == before
