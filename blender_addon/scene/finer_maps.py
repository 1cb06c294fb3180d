# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar gets the maps of a file: the pictures are exchanged, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import bpy

from . import skin_shader
from .datablocks import images_of
from .glb_accessors import HEAD
from .glb_facts import KEY, facts_in, read_tree
from .identity import PART_KEY, Avatar
from .mean_colour import recolour


def take_maps(avatar: Avatar, path: Path) -> bool:
    """Show the maps of the file at ``path`` in ``avatar``, and tell of it what the file tells.

    False, and nothing is changed, where the two do not have the same maps or were not made by the same recipe.
    """
    tree, content = read_tree(path), path.read_bytes()
    facts = facts_in(tree)
    if facts is None or content[:4] != b"glTF" or _person(facts) != _person(avatar.facts):
        return False
    if not _exchange(avatar, tree, content):
        return False
    avatar.armature[KEY] = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    avatar.armature.update_tag()
    return True


def show_maps(avatar: Avatar, path: Path) -> bool:
    """Show the maps of the file at ``path`` in ``avatar``, which is somebody else by the facts that it tells and keeps
    them: its mesh is that of the file already.

    False, and nothing is changed, where parts are missing or made of other faces, whose maps lie otherwise.
    """
    tree, content = read_tree(path), path.read_bytes()
    facts = facts_in(tree)
    if facts is None or content[:4] != b"glTF" or facts["recipe"].get("topology") != "parts":
        return False
    if _triangles(tree) != Counter(_triangles_of(avatar)):
        return False
    if not _exchange(avatar, tree, content):
        return False
    factors = {str(each.get("name")): _factor(each) for each in tree.get("materials") or ()}
    for material in _materials(avatar):
        part = str(material.get(PART_KEY, ""))
        if part in factors:
            recolour(material, part, factors[part])
    return True


def _factor(material: dict[str, Any]) -> list[float]:
    """What a file's material multiplies its picture by."""
    return (material.get("pbrMetallicRoughness") or {}).get("baseColorFactor") or [1.0, 1.0, 1.0, 1.0]


def _materials(avatar: Avatar) -> set[bpy.types.Material]:
    return {material for mesh in avatar.meshes for material in mesh.data.materials if material is not None}


def _triangles(tree: dict[str, Any]) -> Counter[int]:
    """How many triangles each mesh of a file has, and how many meshes have as many."""
    counts = (
        int(tree["accessors"][primitive["indices"]]["count"]) // 3
        for mesh in tree.get("meshes") or ()
        for primitive in mesh["primitives"]
        if "indices" in primitive
    )
    return Counter(counts)


def _triangles_of(avatar: Avatar) -> list[int]:
    # A face of n corners is n - 2 triangles.
    return [len(mesh.data.loops) - 2 * len(mesh.data.polygons) for mesh in avatar.meshes if PART_KEY in mesh]


def _exchange(avatar: Avatar, tree: dict[str, Any], content: bytes) -> bool:
    """The pictures alone; False where the two do not have the same ones."""
    theirs = _pictures(tree, content)
    ours = {
        f"_{image[skin_shader.ROLE]}{'_' * bool(part)}{part}": image
        for material in _materials(avatar)
        for part in (str(material.get(PART_KEY, "")),)
        for image in images_of(material)
        if skin_shader.ROLE in image
    }
    found = {ending: [name for name in theirs if name.endswith(ending)] for ending in ours}
    if len(ours) != len(theirs) or any(len(names) != 1 for names in found.values()):
        return False
    for ending, image in ours.items():
        data = theirs[found[ending][0]]
        image.pack(data=data, data_len=len(data))
        image.buffers_free()
    return True


def _person(facts: dict[str, Any]) -> dict[str, Any]:
    """A recipe without what differs between a draft and the whole."""
    return {name: value for name, value in (facts.get("recipe") or {}).items() if name != "texture_size"}


def _pictures(tree: dict[str, Any], content: bytes) -> dict[str, bytes]:
    """The pictures in a .glb by their names."""
    begin = HEAD + 8 + int.from_bytes(content[HEAD : HEAD + 4], "little") + 8
    found: dict[str, bytes] = {}
    for image in tree.get("images") or ():
        view = tree["bufferViews"][image["bufferView"]] if "bufferView" in image else None
        if view is not None:
            first = begin + int(view.get("byteOffset", 0))
            found[str(image.get("name"))] = content[first : first + int(view["byteLength"])]
    return found
