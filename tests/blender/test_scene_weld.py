# SPDX-License-Identifier: Apache-2.0
"""Meshes of avatars survive what artists do to them: sixteen people, welded where their file's texture is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
from mathutils.kdtree import KDTree

Part = Callable[[str], ModuleType]
SEEDS = 16
CLOSED = {"eye_left", "eye_right", "tongue"}
"""Parts without an edge that ends in the open; every other one has borders by design."""


class Border:
    """The open edges of a mesh."""

    def __init__(self, mesh: bpy.types.Mesh) -> None:
        sides, ends = np.empty(len(mesh.loops), np.int32), np.empty(2 * len(mesh.edges), np.int32)
        places = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.loops.foreach_get("edge_index", sides)
        mesh.edges.foreach_get("vertices", ends)
        mesh.vertices.foreach_get("co", places)
        uses = np.bincount(sides, minlength=len(mesh.edges))
        edges = ends.reshape(-1, 2)[uses == 1]
        self.edges = len(edges)
        self.branches = int((uses != 1).sum() - (uses == 2).sum())
        corners = np.empty(len(mesh.polygons), np.int32)
        mesh.polygons.foreach_get("loop_total", corners)
        self.quads = float(np.mean(corners == 4))
        own = places.reshape(-1, 3)[edges.reshape(-1)].reshape(-1, 3)
        where = np.unique(own, axis=0, return_inverse=True)[1].reshape(-1, 2) if len(own) else edges
        where = np.sort(where, axis=1)
        self.torn = self.edges - len(np.unique(where, axis=0))
        """Open edges that lie on another one: what a seam leaves that is not welded."""
        self.loops = self._loops(edges)

    @staticmethod
    def _loops(edges: np.ndarray) -> int:
        own, ends = np.unique(edges, return_inverse=True)
        one, other = ends.reshape(-1, 2).T
        group = np.arange(len(own))
        while True:  # each takes the least number among its neighbours
            least = np.minimum(group[one], group[other])
            fewer = group.copy()
            np.minimum.at(fewer, group[one], least)
            np.minimum.at(fewer, group[other], least)
            fewer = fewer[fewer]
            if (fewer == group).all():
                return len(np.unique(group))
            group = fewer


@contextmanager
def modified(thing: bpy.types.Object, kind: str, **settings: Any) -> Iterator[bpy.types.Mesh]:
    """The mesh as a modifier makes it, alone and of the shape at rest."""
    bare = thing.copy()
    bare.data = thing.data.copy()
    bare.modifiers.clear()
    if bare.data.shape_keys:
        bare.shape_key_clear()
    bare.hide_viewport = False
    bpy.context.scene.collection.objects.link(bare)
    modifier = bare.modifiers.new("tried", kind)
    for name, value in settings.items():
        setattr(modifier, name, value)
    bpy.context.view_layer.update()
    shown = bare.evaluated_get(bpy.context.evaluated_depsgraph_get())
    yield shown.data
    data = bare.data
    bpy.data.objects.remove(bare)
    bpy.data.meshes.remove(data)


def corner_normals(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Place and normal of each corner."""
    normals, own = np.empty(3 * len(mesh.loops), np.float32), np.empty(len(mesh.loops), np.int32)
    places = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    mesh.loops.foreach_get("vertex_index", own)
    mesh.vertices.foreach_get("co", places)
    return places.reshape(-1, 3)[own], normals.reshape(-1, 3)


def test_sixteen_people_are_in_one_piece(scene: Any, part: Part, people: list[Path]) -> None:
    """No seam is open, before and after two levels of subdivision, whose only open edges are quarters of the parts'."""
    assert len(people) == SEEDS
    for path in people:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        avatar = part("scene.bring_in").bring_in(path)
        bare = {}
        for name, (mesh, *_) in avatar.parts.items():
            bare[name] = bpy.data.objects.new(name, mesh.data.copy())
            bare[name].shape_key_clear()
        for each in (*avatar.meshes, avatar.armature):  # their drivers would be asked for every evaluation
            bpy.data.objects.remove(each)
        borders = {name: Border(each.data) for name, each in bare.items()}
        for each in bare.values():
            bpy.context.scene.collection.objects.link(each)
            each.modifiers.new("finer", "SUBSURF").levels = 2
        graph = bpy.context.evaluated_depsgraph_get()
        for name, border in borders.items():
            where = f"{path.name} {name}"
            assert border.torn == border.branches == 0, where
            assert border.edges == 0 or name not in CLOSED, where
            if name == "skin":
                assert border.loops == 1 and border.quads > 0.99, where
            again = Border(bare[name].evaluated_get(graph).data)
            assert (again.edges, again.loops, again.torn) == (4 * border.edges, border.loops, 0), where


def test_a_shell_is_closed(scene: Any, part: Part, avatar_file_with_levels: Path) -> None:
    avatar = part("scene.bring_in").bring_in(avatar_file_with_levels)
    assert len(avatar.meshes) == 3
    for mesh in avatar.meshes:
        border = Border(mesh.data)
        assert (border.edges, border.branches) == (0, 0), mesh.name
        with modified(mesh, "SUBSURF", levels=2) as finer:
            assert Border(finer).edges == 0


def test_corners_keep_the_normals_of_the_file(scene: Any, part: Part, people: list[Path], avatar_file: Path) -> None:
    for path in (people[0], avatar_file):
        before = set(bpy.data.objects)
        bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)
        plain = [each for each in bpy.data.objects if each not in before and each.type == "MESH"]
        places, normals = (
            np.concatenate(each) for each in zip(*(corner_normals(each.data) for each in plain), strict=True)
        )
        tree = KDTree(len(places))
        for number, place in enumerate(places.tolist()):
            tree.insert(place, number)
        tree.balance()
        avatar = part("scene.bring_in").bring_in(path)
        for mesh in avatar.meshes:
            for place, normal in zip(*corner_normals(mesh.data), strict=True):
                # The importer's places went through the bones: a last bit may differ.
                nearest = max(float(normal @ normals[number]) for _, number, _ in tree.find_range(place, 1e-6))
                assert nearest > np.cos(np.radians(0.5)), mesh.name


def test_decimating_opens_nothing(scene: Any, part: Part, people: list[Path], avatar_file: Path) -> None:
    for path in (people[1], avatar_file):
        mesh = part("scene.bring_in").bring_in(path).mesh
        border = Border(mesh.data)
        with modified(mesh, "DECIMATE", ratio=0.4) as coarser:
            assert len(coarser.polygons) < 0.9 * 2 * len(mesh.data.polygons)
            again = Border(coarser)
        assert (again.loops, again.torn) == (border.loops, 0) and again.edges <= border.edges


def test_sculpting_layers_and_dynamic_topology(scene: Any, part: Part, people: list[Path]) -> None:
    """Multiresolution as sculptors use it, and a mesh that sculpting may cut up, which refuses what it cannot hold."""
    skin = part("scene.bring_in").bring_in(people[2]).mesh
    border = Border(skin.data)
    skin.shape_key_clear()
    skin.modifiers.clear()
    for each in bpy.context.selected_objects:
        each.select_set(False)
    skin.select_set(True)
    bpy.context.view_layer.objects.active = skin
    layers = skin.modifiers.new("layers", "MULTIRES")
    for _ in range(2):
        assert bpy.ops.object.multires_subdivide(modifier="layers", mode="CATMULL_CLARK") == {"FINISHED"}
    layers.levels = 2
    bpy.context.view_layer.update()
    again = Border(skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).data)
    assert (again.edges, again.loops, again.torn) == (4 * border.edges, 1, 0)
    skin.modifiers.clear()
    bpy.ops.object.mode_set(mode="SCULPT")
    bpy.ops.object.mode_set(mode="OBJECT")
    assert Border(skin.data).edges == border.edges


def test_cloth_falls_in_one_piece(scene: Any, part: Part, people: list[Path]) -> None:
    avatar = part("scene.bring_in").bring_in(people[3])
    garment = avatar.parts["garment"][0]
    garment.modifiers.clear()
    garment.modifiers.new("cloth", "CLOTH")
    edges = np.array([each.vertices[:] for each in garment.data.edges])

    def places() -> np.ndarray:
        mesh = garment.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        found = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", found)
        return found.reshape(-1, 3)

    scene.frame_set(1)
    first = places()
    for frame in range(2, 8):
        scene.frame_set(frame)
    last = places()
    assert last[:, 2].mean() < first[:, 2].mean() - 0.01, "it falls"
    long, short = (np.linalg.norm(each[edges[:, 0]] - each[edges[:, 1]], axis=1) for each in (last, first))
    assert np.isfinite(last).all() and (long < 2 * short + 0.002).all()
