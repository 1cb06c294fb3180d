# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar with small maps gets its large ones: the pictures are exchanged, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import skin_shader
from .datablocks import images_of
from .glb_accessors import HEAD
from .glb_facts import KEY, facts_in, read_tree
from .identity import PART_KEY, Avatar


def take_maps(avatar: Avatar, path: Path) -> bool:
    """Show the maps of the file at ``path`` in ``avatar``, and tell of it what the file tells.

    False, and nothing is changed, where the two do not have the same maps or were not made by the same recipe.
    """
    tree, content = read_tree(path), path.read_bytes()
    facts = facts_in(tree)
    if facts is None or content[:4] != b"glTF" or _person(facts) != _person(avatar.facts):
        return False
    theirs = _pictures(tree, content)
    ours = {
        f"_{image[skin_shader.ROLE]}{'_' * bool(part)}{part}": image
        for material in {material for mesh in avatar.meshes for material in mesh.data.materials if material is not None}
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
    avatar.armature[KEY] = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    avatar.armature.update_tag()
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
