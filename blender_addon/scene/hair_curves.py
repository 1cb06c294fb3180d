# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair as curves: a hair system grown from the avatar's hair mesh, on its skin. The mesh stays, hidden."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from ..core.engine_copies import strands
from ..core.failure import Failure
from ..core.text import Text
from . import hair_shader, mean_colour
from .bring_in import part_name
from .identity import LEVEL_KEY, Avatar

CURVES_KEY = "portraitkit_curves"
"""Custom property of a hair system: how many strands were asked for."""
COUNT = 8000
GROUP = "Portraitkit hair on skin"


def make_curves(avatar: Avatar, count: int = COUNT) -> bpy.types.Object:
    """Make the hair system of an avatar of parts, or make it anew, and hide its hair mesh.

    Raises :class:`Failure` where the avatar has no hair or skin, or was made before hair told of its strands.
    """
    hair, skin = (_finest(avatar, part) for part in ("hair", "skin"))
    if hair is None or skin is None:
        message = Text("{name} has no hair mesh and skin to make curves of.", name=avatar.name)
        raise Failure("scene", message, "Make the avatar again with parts skin and hair.")
    if not tells_strands(avatar):
        message = Text("The hair of {name} does not tell where its strands run.", name=avatar.name)
        raise Failure("scene", message, "Make the avatar again with its hair as a mesh.")
    image = mean_colour.picture_of(hair.data.materials[0] if hair.data.materials else None)
    closest = _Scalp(skin, hair)
    lines = strands.strand_lines(
        _sheet(hair), count, opacity=None if image is None else image[::-1, :, 3], closest=closest
    )
    if len(lines.points) == 0:
        raise Failure("scene", Text("The hair of {name} has no strands.", name=avatar.name))
    thing = curves_of(avatar)
    old = thing.data if thing is not None else None
    data = _data(lines, closest, hair, skin)
    if thing is None:
        thing = bpy.data.objects.new(part_name(avatar.name, "hair_curves", 0), data)
        for collection in hair.users_collection:
            collection.objects.link(thing)
        data.materials.append(hair_shader.fibre_material(avatar.name, hair, image))
        _on_skin(thing)
    else:
        for material in old.materials:
            data.materials.append(material)
        thing.data = data
        bpy.data.hair_curves.remove(old)
    data.name = thing.name
    thing[CURVES_KEY] = count
    thing.parent, thing.matrix_parent_inverse = skin, skin.matrix_world.inverted_safe()
    thing.matrix_world = skin.matrix_world
    # What keeps curves on a skin that bends compares it with itself at rest.
    skin.add_rest_position_attribute = True
    hair.hide_viewport = hair.hide_render = True
    return thing


def tells_strands(avatar: Avatar) -> bool:
    """Whether curves can be made: there is hair, of a mesh and not a volume, from a file that tells its strands."""
    hair = _finest(avatar, "hair")
    return hair is not None and strands.ATTRIBUTE in hair.data.attributes


def curves_of(avatar: Avatar) -> bpy.types.Object | None:
    """The avatar's hair system; None where it has none."""
    own = {each.name for each in avatar.meshes}
    every = (each for each in bpy.data.objects if each.type == "CURVES" and CURVES_KEY in each)
    return next((each for each in every if each.parent is not None and each.parent.name in own), None)


def _finest(avatar: Avatar, part: str) -> bpy.types.Object | None:
    return next((each for each in avatar.parts.get(part, ()) if not each.get(LEVEL_KEY, 0)), None)


def _sheet(hair: bpy.types.Object) -> Any:
    """The hair mesh at rest as the tracing of strands takes it."""
    mesh = hair.data
    faces, loops = _triangles(mesh)
    value = mesh.attributes[strands.ATTRIBUTE]
    along = _read(value.data, "value", 1).ravel()[faces if value.domain == "POINT" else loops]
    return strands.HairSheet(_read(mesh.vertices, "co", 3), faces, _uvs(mesh)[loops], along)


class _Scalp:
    """Asks the skin that the head moves, in the hair's own space."""

    def __init__(self, skin: bpy.types.Object, hair: bpy.types.Object) -> None:
        mesh = skin.data
        faces, loops = _triangles(mesh)
        to_hair = np.array(hair.matrix_world.inverted_safe() @ skin.matrix_world, np.float64)
        places = _read(mesh.vertices, "co", 3) @ to_hair[:3, :3].T + to_hair[:3, 3]
        head = _head_weight(skin)
        kept = (head[faces] >= strands.HEAD).all(axis=1)
        self.faces = faces[kept] if kept.any() else faces
        self.uvs = _uvs(mesh)[loops[kept] if kept.any() else loops]
        self.places = places
        self.tree = BVHTree.FromPolygons(places.tolist(), self.faces.tolist())

    def __call__(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [self.tree.find_nearest(each) for each in places.tolist()]
        return np.array([hit[0] for hit in found]), np.array([hit[1] for hit in found])

    def uvs_at(self, places: np.ndarray) -> np.ndarray:
        """(N, 2) the skin's texture places closest to places (N, 3)."""
        found = [self.tree.find_nearest(each) for each in places.tolist()]
        face = np.array([hit[2] for hit in found])
        corner = self.places[self.faces[face]]
        one, two = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        to = np.array([hit[0] for hit in found]) - corner[:, 0]
        a, b, c, d, e = ((x * y).sum(1) for x, y in ((one, one), (one, two), (two, two), (to, one), (to, two)))
        det = np.maximum(a * c - b * b, 1e-18)
        s, t = np.clip((c * d - b * e) / det, 0, 1), np.clip((a * e - b * d) / det, 0, 1)
        return (np.stack([1 - s - t, s, t], 1)[:, :, None] * self.uvs[face]).sum(axis=1)


def _head_weight(skin: bpy.types.Object) -> np.ndarray:
    """(V,) how much of each vertex the head moves; all of it where no bone is called so."""
    group = next((each for each in skin.vertex_groups if each.name.lower().endswith("head")), None)
    if group is None:
        return np.ones(len(skin.data.vertices))
    found = [
        next((each.weight for each in vertex.groups if each.group == group.index), 0.0) for vertex in skin.data.vertices
    ]
    return np.array(found)


def _data(lines: Any, closest: _Scalp, hair: bpy.types.Object, skin: bpy.types.Object) -> bpy.types.Curves:
    """The curves, in the skin's space."""
    count, points, _ = lines.points.shape
    to_skin = np.array(skin.matrix_world.inverted_safe() @ hair.matrix_world, np.float64)
    places = lines.points @ to_skin[:3, :3].T + to_skin[:3, 3]
    data = bpy.data.hair_curves.new(hair.name)
    data.add_curves([points] * count)
    data.attributes["position"].data.foreach_set("vector", np.ascontiguousarray(places, np.float32).ravel())
    radius = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", (lines.widths / 2).astype(np.float32).ravel())
    rooted = data.attributes.new("surface_uv_coordinate", "FLOAT2", "CURVE")
    rooted.data.foreach_set("vector", closest.uvs_at(lines.points[:, 0]).astype(np.float32).ravel())
    data.surface = skin
    data.surface_uv_map = skin.data.uv_layers.active.name
    return data


def _on_skin(thing: bpy.types.Object) -> None:
    """Let the curves follow the skin as it is posed."""
    group = bpy.data.node_groups.get(GROUP)
    if group is None:
        group = bpy.data.node_groups.new(GROUP, "GeometryNodeTree")
        for way in ("INPUT", "OUTPUT"):
            group.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
        kinds = ("NodeGroupInput", "GeometryNodeDeformCurvesOnSurface", "NodeGroupOutput")
        nodes = [group.nodes.new(kind) for kind in kinds]
        for number, (one, two) in enumerate(pairwise(nodes)):
            two.location.x = 220 * number + 220
            group.links.new(one.outputs[0], two.inputs[0])
    thing.modifiers.new("Skin", "NODES").node_group = group


def _triangles(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """(F, 3) the triangles' vertices and corners."""
    mesh.calc_loop_triangles()
    return tuple(_read(mesh.loop_triangles, name, 3, np.int32).astype(np.int64) for name in ("vertices", "loops"))


def _uvs(mesh: bpy.types.Mesh) -> np.ndarray:
    return _read(mesh.uv_layers.active.data, "uv", 2)


def _read(rows: Any, name: str, width: int, kind: Any = np.float32) -> np.ndarray:
    """(N, width) a property of all rows."""
    found = np.empty(len(rows) * width, kind)
    rows.foreach_get(name, found)
    return found.reshape(-1, width).astype(np.float64 if kind is np.float32 else kind)
