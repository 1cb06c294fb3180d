# SPDX-License-Identifier: GPL-3.0-or-later
"""Where bones end and which way they are rolled: chains from joint to joint, as riggers draw them.

A joint of SMPL is a place and axes; a bone has an end as well. Where the next joint of a chain is, it ends there and
the next bone is connected; elsewhere it ends where the body does. Turning about a bone's own x bends it as the body
bends: neck and head nod, elbows, fingers and knees close. Left and right are mirror images, as Blender mirrors poses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mathutils import Quaternion, Vector

NEXT = {
    "pelvis": ("spine1",),
    "spine1": ("spine2",),
    "spine2": ("spine3",),
    "spine3": ("neck",),
    "neck": ("head",),
    "collar": ("shoulder",),
    "shoulder": ("elbow",),
    "elbow": ("wrist",),
    "wrist": ("middle", "hand"),
    "hip": ("knee",),
    "knee": ("ankle",),
    "ankle": ("foot",),
}
"""Of a joint, without its side, those that its bone may end at: the first that is there."""
LEAST = 0.005
"""Metres; no bone is shorter."""
TIP = 0.18
"""Metres from the joint of the head to its top, and at most from any last joint of a chain to its drawn end."""
EYE, TOES, CHIN = 0.03, 0.07, 0.05
"""Metres: how far an eye's bone reaches ahead, a foot's, and the jaw's below its joint."""
AHEAD, UP, LEFT = Vector((0, -1, 0)), Vector((0, 0, 1)), Vector((1, 0, 0))
"""Of an avatar, in the armature's axes."""
_ARM = ("collar", "shoulder", "elbow")
_HAND = ("wrist", "hand", "thumb", "index", "middle", "ring", "pinky")


@dataclass(frozen=True)
class Joint:
    """A joint at rest: its name with us or "", its parent's bone or "", its place in the armature."""

    name: str
    parent: str
    head: Vector


@dataclass(frozen=True)
class Shape:
    """Where a bone ends, the way its z is to look, and the bone that begins at its end, or ""."""

    tail: Vector
    z: Vector
    next: str


def shapes_of(joints: Mapping[str, Joint]) -> dict[str, Shape]:
    """The shape of each bone; ``joints`` by the bones' names, parents before their children."""
    children: dict[str, list[str]] = {name: [] for name in joints}
    for name, joint in joints.items():
        if joint.parent in children:
            children[joint.parent].append(name)
    found: dict[str, Shape] = {}
    for name, joint in joints.items():
        following = _following(joint, children[name], joints)
        way = joints[following].head - joint.head if following else Vector()
        if way.length < LEAST:
            following, way = "", _last(name, joints, children[name], found)
        tail = joints[following].head.copy() if following else joint.head + way
        found[name] = Shape(tail, _z(joint, way.normalized(), joints), following)
    return found


def side_of(joint: str) -> str:
    """``left`` or ``right``, or nothing for a joint of the middle."""
    side = joint.partition("_")[0]
    return side if side in ("left", "right") else ""


def kind_of(joint: str) -> str:
    """A joint's name without its side."""
    return joint.partition("_")[2] if side_of(joint) else joint


def _following(joint: Joint, children: list[str], joints: Mapping[str, Joint]) -> str:
    """The bone that the chain goes on with."""
    kind = kind_of(joint.name)
    for wanted in NEXT.get(kind, ()):
        for child in children:
            if kind_of(joints[child].name) == wanted:
                return child
    same = [child for child in children if joints[child].name == joint.name]
    return same[0] if len(same) == 1 and kind not in NEXT else ""


def _last(name: str, joints: Mapping[str, Joint], children: list[str], found: Mapping[str, Shape]) -> Vector:
    """From the last joint of a chain to where its bone ends."""
    joint = joints[name]
    kind = kind_of(joint.name)
    if kind == "head":
        return UP * TIP
    if kind == "eye":
        return AHEAD * EYE
    if kind == "foot":
        return AHEAD * TOES
    if kind == "jaw":
        eyes = [each.head for each in joints.values() if kind_of(each.name) == "eye"]
        reach = max((joint.head - eye).dot(-AHEAD) for eye in eyes) if eyes else CHIN
        return AHEAD * max(reach, 0.02) - UP * CHIN
    middle = sum((joints[child].head for child in children), Vector()) / max(len(children), 1) - joint.head
    if children and middle.length > LEAST:
        return middle
    if joint.parent in found:  # straight on, a little shorter than the bone before
        before = found[joint.parent].tail - joints[joint.parent].head
        return before.normalized() * max(min(0.8 * before.length, TIP), 2 * LEAST)
    return UP * TIP


def _z(joint: Joint, y: Vector, joints: Mapping[str, Joint]) -> Vector:
    """The way a bone's z is to look, as near as can be."""
    side, kind = side_of(joint.name), kind_of(joint.name)
    wanted = LEFT.cross(y)
    if side and kind in _ARM:
        wanted = AHEAD
    elif side and kind in _HAND:
        wanted = _palm(side, joints)
    # Nothing along the bone tells how it is rolled.
    return wanted if wanted.cross(y).length > 0.1 else AHEAD if abs(y.dot(AHEAD)) < 0.9 else UP


def _palm(side: str, joints: Mapping[str, Joint]) -> Vector:
    """Where a palm looks: down where the arm is held out, and with the forearm."""
    places = {joint.name: joint.head for joint in joints.values() if joint.name in (f"{side}_elbow", f"{side}_wrist")}
    if len(places) < 2:
        return -UP
    outward = LEFT if side == "left" else -LEFT
    turn: Quaternion = outward.rotation_difference(places[f"{side}_wrist"] - places[f"{side}_elbow"])
    return turn @ -UP
