# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the avatar is on the body, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mathutils import Matrix, Vector
from mathutils.kdtree import KDTree

from ..core.failure import Failure
from ..core.seam_fit import fitted
from ..core.seam_frame import Places
from .body_arrays import moved
from .body_rig import Body
from .identity import Avatar
from .joints import MARK, joints_of

SEAM = 0.12
"""Of the way from neck to head joint: where the seam is."""
TILT = 0.5
"""How far the seam leans as the neck does: 0 is level, 1 square to the neck."""
UPRIGHT = 0.9
"""Cosine of the angle within which a body counts as upright, or as looking along an axis."""
_HEAD_FROM, _HEAD_RADIUS = 0.07, 0.16
_POINTS = 900


@dataclass(frozen=True)
class Placement:
    """``world``: from the avatar's own axes to the world. ``frame``: from those to the seam's frame, without a size."""

    world: Matrix
    frame: Matrix

    @property
    def to_seam(self) -> Matrix:
        """From the world to the seam's frame."""
        return self.frame @ self.world.inverted()


def joints_of_avatar(avatar: Avatar) -> dict[str, str]:
    """Bones by joint."""
    bones = avatar.armature.data.bones
    return joints_of(bones.keys(), {each.name: str(each[MARK]) for each in bones if MARK in each})


def seam_frame(avatar: Avatar, lift: float) -> Matrix:
    """From the avatar's own axes (+z up, facing -y) to the seam's, ``lift`` metres above its usual place."""
    bones, joints = avatar.armature.data.bones, joints_of_avatar(avatar)
    if "neck" not in joints or "head" not in joints:
        raise Failure("scene", "The avatar has no bones of neck and head.", "Make it again with a skeleton.")
    neck, head = (bones[joints[each]].head_local for each in ("neck", "head"))
    along = (head - neck).normalized()
    up = (Vector((0, 0, 1)).lerp(along, TILT)).normalized()
    left = (Vector((1, 0, 0)) - up * up.x).normalized()
    axes = Matrix((left, up.cross(left), up)).transposed()
    return (Matrix.Translation(neck + (head - neck) * SEAM + up * lift) @ axes.to_4x4()).inverted()


def placed(
    avatar: Avatar,
    body: Body,
    skin: tuple[Places, Places],
    shape: tuple[Places, Places],
    *,
    fit: str = "HEAD",
    size: float = 1.0,
    offset: tuple[float, float] = (0.0, 0.0),
) -> Placement:
    """Where the avatar goes.

    ``skin`` is the avatar's skin in its own axes: places (N, 3) and normals (N, 3); ``shape`` the body's visible
    surface in the world in the same way. ``fit``: HEAD lays its head onto the body's; SHOULDERS makes it as broad as
    the body; METRES keeps its own size. ``size`` is a factor besides, ``offset`` metres of the avatar upwards and
    forwards.
    """
    frame = seam_frame(avatar, 0.0)
    own, joints = avatar.armature.data.bones, joints_of_avatar(avatar)
    world = body.armature.matrix_world
    neck, left, right = (world @ body.bone(each).head_local for each in ("neck", "left_shoulder", "right_shoulder"))
    turn = _axes(left - right, world)
    if fit == "METRES":
        scale = 1.0
    else:
        sides = [own[joints[f"{side}_shoulder"]].head_local for side in ("left", "right")]
        scale = (left - right).length / max((sides[0] - sides[1]).length, 1e-6)
    at = own[joints["neck"]].head_local
    first = Matrix.Translation(neck) @ turn.to_4x4() @ Matrix.Scale(scale, 4) @ Matrix.Translation(-at)
    second = first @ _onto_head(frame, first, skin, shape) if fit == "HEAD" else first
    seam = frame.inverted()
    up, forward = offset
    own_change = Matrix.Translation(Vector((0, -forward, up))) @ Matrix.Scale(size, 4)
    return Placement(second @ seam @ own_change @ frame, frame)


def _axes(sideways: Vector, world: Matrix) -> Matrix:
    """Columns: the body's left, back and up. Those of the scene or of the rig's object where they nearly are."""
    rig = world.to_3x3().normalized()
    known = [Vector(each) for each in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    known += [rig.col[each].normalized() for each in range(3)]
    left = sideways.normalized()
    snapped = max((each * sign for each in known for sign in (1, -1)), key=lambda each: each.dot(left))
    left = snapped if snapped.dot(left) > UPRIGHT else left
    up = Vector((0, 0, 1))
    if abs(up.dot(left)) > 1 - UPRIGHT:  # lying on a side: up is as the rig's object says
        up = max((rig.col[each].normalized() for each in (2, 1)), key=lambda each: 1 - abs(each.dot(left)))
    up = (up - left * up.dot(left)).normalized()
    return Matrix((left, up.cross(left), up)).transposed()


def _onto_head(frame: Matrix, first: Matrix, skin: tuple[Places, Places], shape: tuple[Places, Places]) -> Matrix:
    """The change, in the avatar's own axes, that lays its head onto the body's."""
    to_seam = frame @ first.inverted()
    places = moved(to_seam, shape[0])
    normals = shape[1] @ np.array(to_seam.to_3x3().normalized()).T
    head = (places[:, 2] > _HEAD_FROM / 2) & (np.hypot(places[:, 0], places[:, 1]) < _HEAD_RADIUS * 1.5)
    points = moved(frame, skin[0])
    mine = np.flatnonzero((points[:, 2] > _HEAD_FROM) & (np.hypot(points[:, 0], points[:, 1]) < _HEAD_RADIUS))
    if head.sum() < 50 or len(mine) < 50:
        raise Failure(
            "scene",
            "The body has no head that the avatar's could be laid onto.",
            "Choose As Broad as the Shoulders or Own Size instead.",
        )
    mine = mine[:: max(1, len(mine) // _POINTS)]
    tree = KDTree(int(head.sum()))
    rows = np.flatnonzero(head)
    for number, row in enumerate(rows.tolist()):
        tree.insert(places[row], number)
    tree.balance()

    def nearest(moving: Places) -> tuple[Places, Places]:
        found = rows[[tree.find(each)[1] for each in moving.tolist()]]
        return places[found], normals[found]

    facing = skin[1][mine] @ np.array(frame.to_3x3()).T
    size, shift, _ = fitted(points[mine], facing, places[head], nearest)
    if not 0.5 < size < 2.0:
        raise Failure(
            "scene",
            "The avatar's head cannot be laid onto the body's: they are too different.",
            "Choose As Broad as the Shoulders or Own Size instead.",
        )
    change = Matrix.Translation(Vector(shift)) @ Matrix.Scale(size, 4)
    return frame.inverted() @ change @ frame
