# SPDX-License-Identifier: Apache-2.0
"""Tools of modellers on an avatar of parts, with its rig and the shapes of its face: both live afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from mathutils.kdtree import KDTree

Part = Callable[[str], ModuleType]


def shown(thing: bpy.types.Object) -> np.ndarray:
    """(N, 3) where a mesh's vertices are with all modifiers."""
    bpy.context.view_layer.update()
    points = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    assert np.isfinite(found).all()
    return found.reshape(-1, 3)


def apart(one: np.ndarray, other: np.ndarray, loose: bool) -> float:
    """Metres between two states of a mesh at most: of each vertex, or of each to the nearest where the mesh is made
    anew for each state."""
    if not loose:
        return float(np.linalg.norm(one - other, axis=1).max())
    tree = KDTree(len(other))
    for number, place in enumerate(other):
        tree.insert(place, number)
    tree.balance()
    return max(tree.find(place)[2] for place in one)


class Alive:
    """An avatar whose skin follows jaw and head."""

    def __init__(self, part: Part, path: Path) -> None:
        self.avatar = part("scene.bring_in").bring_in(path, "Ada")
        self.skin: bpy.types.Object = self.avatar.parts["skin"][0]
        self._face = part("scene.face")

    def moves(self, thing: bpy.types.Object | None = None, loose: bool = False) -> tuple[float, float]:
        """Metres that the open jaw and the turned head move a mesh at most; both are at rest again afterwards."""
        thing, armature = thing or self.skin, self.avatar.armature
        rest = shown(thing)
        self._face.set_values(armature, {"jawOpen": 1.0})
        jaw = apart(shown(thing), rest, loose)
        self._face.set_values(armature, {})
        head = armature.pose.bones["head"]
        before = head.matrix.copy()
        about = Matrix.Translation(head.head)
        head.matrix = about @ Matrix.Rotation(0.5, 4, "X") @ about.inverted() @ before
        turned = apart(shown(thing), rest, loose)
        head.matrix = before
        assert apart(shown(thing), rest, loose) < (5e-3 if loose else 1e-5)
        return jaw, turned

    def check(self, loose: bool = False) -> None:
        jaw, turned = self.moves(loose=loose)
        assert jaw > 0.008 and turned > 0.03, (jaw, turned)

    def only(self, thing: bpy.types.Object) -> None:
        """Make a mesh the selected and active one."""
        for each in bpy.context.selected_objects:
            each.select_set(False)
        thing.select_set(True)
        bpy.context.view_layer.objects.active = thing


@pytest.fixture
def alive(scene: Any, part: Part, parts_avatar_file: Path) -> Alive:
    found = Alive(part, parts_avatar_file)
    found.check()
    return found


MODIFIERS = {
    "SUBSURF": ({"levels": 1}, 3.5, 4.5),
    "DECIMATE": ({"ratio": 0.5}, 0.4, 0.6),
    "MIRROR": ({"use_mirror_merge": True}, 1.9, 2.0),
    "SOLIDIFY": ({"thickness": 0.002}, 1.9, 2.1),
    "REMESH": ({"mode": "VOXEL", "voxel_size": 0.008}, 0.05, 20.0),
}
"""Settings, and how many times as many vertices there are then, from and to."""
ABOVE = [(kind, True) for kind in MODIFIERS]
BENEATH = [(kind, False) for kind in MODIFIERS if kind != "REMESH"]
"""A remesh beneath the rig has no weights, whoever made the mesh."""


@pytest.mark.parametrize(("kind", "above"), ABOVE + BENEATH)
def test_modifiers_above_and_beneath_the_rig(alive: Alive, kind: str, above: bool) -> None:
    settings, fewest, most = MODIFIERS[kind]
    before = len(shown(alive.skin))
    modifier = alive.skin.modifiers.new("tried", kind)
    for name, value in settings.items():
        setattr(modifier, name, value)
    if not above:
        alive.skin.modifiers.move(len(alive.skin.modifiers) - 1, 0)
    assert fewest < len(shown(alive.skin)) / before < most
    alive.check(loose=kind in ("DECIMATE", "REMESH"))
    alive.skin.modifiers.remove(modifier)
    assert len(shown(alive.skin)) == before
    alive.check()


def test_a_sculpted_layer_keeps_shapes_and_weights(alive: Alive) -> None:
    """What a brush does to a mesh with shape keys: its own key, mixed with those of the face."""
    key = alive.skin.shape_key_add(name="Sculpt", from_mix=False)
    names = [each.name for each in alive.skin.data.shape_keys.key_blocks]
    own = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", own)
    bump = own.reshape(-1, 3).copy()
    near = np.linalg.norm(bump - bump[bump[:, 1].argmin()], axis=1) < 0.02
    bump[near, 1] -= 0.01
    key.data.foreach_set("co", bump.reshape(-1))
    key.value = 0.0  # 5.2 shows a new key at once
    rest = shown(alive.skin)
    key.value = 1.0
    assert np.abs(shown(alive.skin) - rest).max() == pytest.approx(0.01, abs=1e-4)
    alive.check()
    alive.only(alive.skin)
    bpy.ops.object.mode_set(mode="SCULPT")
    assert alive.skin.mode == "SCULPT"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert [each.name for each in alive.skin.data.shape_keys.key_blocks] == names
    alive.check()


def test_edits_of_the_mesh_reach_every_shape(alive: Alive) -> None:
    """Loop cuts and the like: Blender gives new vertices their share of all keys and weights."""
    before, keys = len(alive.skin.data.vertices), len(alive.skin.data.shape_keys.key_blocks)
    alive.only(alive.skin)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide(number_cuts=1)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert len(alive.skin.data.vertices) > 3.5 * before
    assert len(alive.skin.data.shape_keys.key_blocks) == keys
    sums = [sum(group.weight for group in each.groups) for each in alive.skin.data.vertices]
    assert min(sums) > 0.99 and max(sums) < 1.01
    alive.check()


def test_a_hat_takes_the_skins_weights(alive: Alive) -> None:
    """Data transfer, as one rigs clothes."""
    top = shown(alive.skin)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.12, location=tuple(top[top[:, 2].argmax()]))
    hat = bpy.context.object
    bpy.ops.object.transform_apply(location=True)
    alive.only(hat)
    alive.skin.select_set(True)
    bpy.context.view_layer.objects.active = alive.skin
    bpy.ops.object.data_transfer(
        data_type="VGROUP_WEIGHTS",
        vert_mapping="POLYINTERP_NEAREST",
        layers_select_src="ALL",
        layers_select_dst="NAME",
    )
    assert "head" in hat.vertex_groups
    hat.modifiers.new("rig", "ARMATURE").object = alive.avatar.armature
    assert alive.moves(hat)[1] > 0.03
    alive.check()


def test_joined_parts_keep_faces_and_looks(alive: Alive) -> None:
    """Lashes and brows become part of the skin's mesh, as for a game: their shapes and materials come with them."""
    parts = alive.avatar.parts
    vertices = sum(len(parts[name][0].data.vertices) for name in ("skin", "lashes", "brows"))
    keys = {each.name for name in ("skin", "lashes") for each in parts[name][0].data.shape_keys.key_blocks}
    alive.only(alive.skin)
    for name in ("lashes", "brows"):
        parts[name][0].select_set(True)
    assert bpy.ops.object.join() == {"FINISHED"}
    assert len(alive.skin.data.vertices) == vertices
    assert keys <= {each.name for each in alive.skin.data.shape_keys.key_blocks}
    assert {each["portraitkit_part"] for each in alive.skin.data.materials} == {"skin", "lashes", "brows"}
    alive.check()


def test_cloth_on_the_rig_falls_and_follows(scene: Any, alive: Alive) -> None:
    """Ten frames of cloth above the rig, pinned where it meets the neck."""
    garment = alive.avatar.parts["garment"][0]
    places = shown(garment)
    pinned = garment.vertex_groups.new(name="pin")
    high = np.flatnonzero(places[:, 2] > np.quantile(places[:, 2], 0.7))
    pinned.add(high.tolist(), 1.0, "REPLACE")
    cloth = garment.modifiers.new("cloth", "CLOTH")
    cloth.settings.vertex_group_mass = "pin"
    cloth.settings.quality = 3
    scene.frame_set(1)
    first = shown(garment)
    for frame in range(2, 12):
        scene.frame_set(frame)
    last = shown(garment)
    assert np.abs(last[high] - first[high]).max() < 1e-3, "what is pinned stays"
    assert (first[:, 2] - last[:, 2]).max() > 0.002, "the rest falls"
    alive.check()
