# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions of the skin that artists mask: face sets for sculpting, an attribute of faces for shaders and nodes, and
vertex groups where somebody asks for them."""

from __future__ import annotations

import json

import bpy
import numpy as np
from numpy.typing import NDArray

from .identity import Avatar

ATTRIBUTE = "region"
"""Attribute of faces: the number of the region that each belongs to, from 1."""
NAMES_KEY = "portraitkit_regions"
"""Custom property of a mesh: the names of the regions as a JSON list, the first one's number being 1."""
GROUP = "region {name}"
"""What a vertex group is called. Bones have groups of their own, one of them ``neck``."""
_FACE_SETS = ".sculpt_face_set"


def regions_in(text: object) -> list[tuple[int, str]]:
    """Counts and names from a file's text, ``120 face 32 lids``: how many faces follow each other in each; none where
    it is no such text."""
    words = text.split() if isinstance(text, str) else []
    if len(words) % 2 or not all(each.isdecimal() for each in words[::2]):
        return []
    return [(int(count), name) for count, name in zip(words[::2], words[1::2], strict=True)]


def give_regions(mesh: bpy.types.Mesh, regions: list[tuple[int, str]]) -> None:
    """Mark the faces of a mesh in their order; nothing where they are not as many as the regions tell of."""
    if not regions or sum(count for count, _ in regions) != len(mesh.polygons):
        return
    names = list(dict.fromkeys(name for _, name in regions))
    numbers = np.repeat(
        np.array([1 + names.index(name) for _, name in regions], np.int32), [count for count, _ in regions]
    )
    for name in (ATTRIBUTE, _FACE_SETS):
        mesh.attributes.new(name, "INT", "FACE").data.foreach_set("value", numbers)
    mesh[NAMES_KEY] = json.dumps(names)


def names_of(mesh: bpy.types.Mesh) -> list[str]:
    """The names of a mesh's regions; none where it has none."""
    if mesh.attributes.get(ATTRIBUTE) is None:
        return []
    try:
        found: object = json.loads(str(mesh[NAMES_KEY]))
    except (KeyError, ValueError):
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


def masked_meshes(avatar: Avatar) -> list[bpy.types.Object]:
    """Those meshes of an avatar that have regions."""
    return [each for each in avatar.meshes if names_of(each.data)]


def make_groups(thing: bpy.types.Object) -> list[str]:
    """Give a mesh object a vertex group for each region, or bring those up to date that are there; their names."""
    mesh = thing.data
    numbers = np.empty(len(mesh.polygons), np.int32)
    mesh.attributes[ATTRIBUTE].data.foreach_get("value", numbers)
    of_corner = np.repeat(numbers, _integers(mesh.polygons, "loop_total"))
    corners = _integers(mesh.loops, "vertex_index")
    made: list[str] = []
    for number, region in enumerate(names_of(mesh), 1):
        name = GROUP.format(name=region)
        group = thing.vertex_groups.get(name) or thing.vertex_groups.new(name=name)
        group.lock_weight = False
        group.remove(list(range(len(mesh.vertices))))
        group.add(np.unique(corners[of_corner == number]).tolist(), 1.0, "REPLACE")
        group.lock_weight = True  # normalising the weights of bones leaves it alone
        made.append(name)
    return made


def _integers(blocks: bpy.types.bpy_prop_collection, name: str) -> NDArray[np.int32]:
    found = np.empty(len(blocks), np.int32)
    blocks.foreach_get(name, found)
    return found
