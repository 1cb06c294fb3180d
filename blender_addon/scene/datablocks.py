# SPDX-License-Identifier: GPL-3.0-or-later
"""Data-blocks: which are new, which nobody needs, what name is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import bpy

_KINDS = (
    *("objects", "collections", "armatures", "meshes", "hair_curves", "actions", "materials", "node_groups", "images"),
    "scenes",
)
UNFINISHED_KEY = "portraitkit_unfinished"
"""Custom property of a collection in no scene: what is in it is on its way in."""
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


class Made:
    """What one piece of work in several steps makes, told from what comes into the file between the steps."""

    def __init__(self) -> None:
        self._numbers: Seen = {kind: set() for kind in _KINDS}

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What comes in the meantime is of this work."""
        seen = snapshot()
        try:
            yield
        finally:
            for kind, numbers in self._numbers.items():
                numbers |= {each.session_uid for each in new_since(seen, kind)}
                numbers &= {each.session_uid for each in getattr(bpy.data, kind)}

    def of(self, kind: str) -> list[Any]:
        """Those of a kind that are there."""
        return [each for each in getattr(bpy.data, kind) if each.session_uid in self._numbers[kind]]

    @property
    def is_whole(self) -> bool:
        """Whether nobody has taken any of it away since the last step."""
        return all(len(self.of(kind)) == len(numbers) for kind, numbers in self._numbers.items())

    def remove(self) -> None:
        """Take it back."""
        for kind in _KINDS:
            bpy.data.batch_remove(self.of(kind))


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


def remove_unfinished() -> None:
    """Remove what never came in: an undo step, or a file that was saved meanwhile, may hold it."""
    for home in [each for each in bpy.data.collections if UNFINISHED_KEY in each and each.library is None]:
        things = list(home.objects)
        data = [each.data for each in things if each.data is not None]
        materials = [material for each in data for material in getattr(each, "materials", ()) if material is not None]
        images = [image for material in materials for image in images_of(material)]
        bpy.data.batch_remove(things)
        bpy.data.collections.remove(home)
        for blocks in (data, materials, images):
            remove_unused(blocks)
