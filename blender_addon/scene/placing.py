# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an avatar stands that comes in: at the 3D cursor, else at the next free place, its feet on the floor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bpy
from mathutils import Vector

from ..core.text import Text
from .identity import Avatar, avatars_of

COLUMNS = 8
"""Places in a row; the next row is behind it."""
ROWS = 64
_SOLID = {"MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "VOLUME", "POINTCLOUD"}
_SURROUNDINGS = 5.0
"""Metres: what is larger is a room or a ground that avatars stand in, nothing that they stand beside."""
_OFF_THE_FLOOR = 0.02
_GAP = 0.05
_STEP = 0.3
"""Metres: the places of a grid are multiples of this apart."""


@dataclass(frozen=True)
class Box:
    """A box along the world's axes."""

    low: Vector
    high: Vector

    def meets(self, other: Box) -> bool:
        """Whether the two share room."""
        return all(self.low[axis] < other.high[axis] and other.low[axis] < self.high[axis] for axis in range(3))

    def moved(self, by: Vector) -> Box:
        """The same box elsewhere."""
        return Box(self.low + by, self.high + by)

    @property
    def size(self) -> Vector:
        """Its edges."""
        return self.high - self.low


def box_of(things: Iterable[bpy.types.Object]) -> Box | None:
    """The box around objects as they are shown; None without any. The view layer must be up to date."""
    corners = [each.matrix_world @ Vector(corner) for each in things for corner in each.bound_box]
    if not corners:
        return None
    low = Vector(min(corner[axis] for corner in corners) for axis in range(3))
    high = Vector(max(corner[axis] for corner in corners) for axis in range(3))
    return Box(low, high)


def put(avatar: Avatar, where: Vector, *, on_floor: bool = True, columns: int = COLUMNS) -> Text:
    """Move a new avatar to ``where`` or, where something is there, to the next free place; says in one line which.

    ``where`` is the floor that it is put onto or, not ``on_floor``, the place of the origin that its file has, in
    its neck. Without ``columns`` it stands there whatever else does.
    """
    layer = bpy.context.view_layer
    layer.update()
    own = {each.name for each in (avatar.armature, *avatar.meshes)}
    around = box_of(each for each in avatar.meshes if each.visible_get(view_layer=layer)) or box_of(avatar.meshes)
    if around is None:
        return Text("{name} has no mesh", name=avatar.name)
    lift = Vector((0, 0, -around.low.z if on_floor else 0))
    home = around.moved(lift)
    # What touches the floor is not in the floor's way.
    body = Box(home.low + Vector((0, 0, _OFF_THE_FLOOR)), home.high)
    taken = _obstacles(layer, own)
    free = (
        step
        for step in _places(around.size, columns)
        if not any(body.moved(where + step).meets(each) for each in taken)
    )
    step = next(free, Vector())
    avatar.armature.location += where + step + lift
    layer.update()
    if not columns:
        return Text("{name} is where it was let go", name=avatar.name)
    if not step.length:
        return Text("{name} is at the 3D cursor", name=avatar.name)
    x, y, _ = where + step
    return Text(
        "{name} is beside the 3D cursor, where there was room: x {x}, y {y}",
        name=avatar.name,
        x=f"{x:.2f} m",
        y=f"{y:.2f} m",
    )


def is_first(avatar: Avatar, scene: bpy.types.Scene) -> bool:
    """Whether no other avatar is in the scene."""
    return all(each.armature == avatar.armature or each.armature.name not in scene.objects for each in avatars_of())


def _places(size: Vector, columns: int) -> Iterator[Vector]:
    """From the cursor on: to the right, then the next row behind. People of about one size get one grid."""
    across, behind = (max(_STEP, math.ceil((edge + _GAP) / _STEP) * _STEP) for edge in size.xy)
    for row in range(ROWS):
        for column in range(columns):
            yield Vector((column * across, row * behind, 0))


def _obstacles(layer: bpy.types.ViewLayer, own: set[str]) -> list[Box]:
    found: list[Box] = []
    for each in layer.objects:
        if each.type not in _SOLID or each.name in own or not each.visible_get(view_layer=layer):
            continue
        box = box_of([each])
        if box is not None and max(box.size) <= _SURROUNDINGS:
            found.append(box)
    return found
