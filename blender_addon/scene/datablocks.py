# SPDX-License-Identifier: GPL-3.0-or-later
"""Data-blocks: which are new, which nobody needs, what name is free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

_KINDS = (
    *("objects", "collections", "armatures", "meshes", "hair_curves", "actions", "materials", "node_groups", "images"),
    "scenes",
)
Seen = dict[str, set[int]]


def snapshot() -> Seen:
    """What the file holds now, to be compared with later."""
    return {kind: {each.session_uid for each in getattr(bpy.data, kind)} for kind in _KINDS}


def new_since(seen: Seen, kind: str) -> list[Any]:
    """Data-blocks of a kind that were not there at the snapshot."""
    return [each for each in getattr(bpy.data, kind) if each.session_uid not in seen[kind]]


def remove_new(seen: Seen) -> None:
    """Take back everything that came since the snapshot."""
    for kind in _KINDS:
        bpy.data.batch_remove(new_since(seen, kind))


def remove_unused(blocks: Iterable[Any]) -> None:
    """Remove those of ``blocks`` that nothing uses any more; the user's fake user is a use."""
    unused = {each for each in blocks if each is not None and each.users == 0}
    if unused:
        bpy.data.batch_remove(unused)


def images_of(material: bpy.types.Material) -> list[bpy.types.Image]:
    """The images of a material's own nodes."""
    nodes = material.node_tree.nodes if material.node_tree else ()
    return [each.image for each in nodes if each.type == "TEX_IMAGE" and each.image]


def free_name(wanted: str) -> str:
    """``wanted``, or with the first number behind it that neither an object nor a collection carries."""
    wanted = wanted.strip()[:48] or "Avatar"
    name, number = wanted, 1
    while name in bpy.data.objects or name in bpy.data.collections:
        number += 1
        name = f"{wanted} {number}"
    return name
