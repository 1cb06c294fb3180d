# SPDX-License-Identifier: Apache-2.0
"""A BVH file's motion on SMPL's joints.

At rest a BVH skeleton stands as its offsets say and every joint's axes are the world's, as SMPL's are. So a turn of the
spine, the neck or the head is SMPL's once the axes of the two rest poses are laid onto each other; arms and legs that
hang another way at rest are turned by the difference as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.recordings.bvh import Hierarchy, read_bvh
from portrait_core.body.recordings.hints import Axis, FileHints
from portrait_core.body.recordings.joint_names import smpl_joints
from portrait_core.body.recordings.recording import Recording
from portrait_core.body.recordings.world import vector
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.errors import UsageError

Floats = NDArray[np.float64]

_UNITS = (("m", 1.0), ("cm", 0.01), ("mm", 0.001), ("inches", 0.0254), ("CMU's unit", 0.0254 / 0.45))
_STATURE = (1.2, 2.2)
_USUAL_STATURE = 1.6
"""Metres from the lowest to the highest joint."""
_LIMBS: dict[str, tuple[str, tuple[float, float, float]]] = {
    f"{side}_{part}": (f"{side}_{child}", way if way[0] == 0 or side == "left" else (-way[0], 0.0, 0.0))
    for side in ("left", "right")
    for part, child, way in (
        ("shoulder", "elbow", (1.0, 0.0, 0.0)),
        ("elbow", "wrist", (1.0, 0.0, 0.0)),
        ("hip", "knee", (0.0, -1.0, 0.0)),
        ("knee", "ankle", (0.0, -1.0, 0.0)),
    )
}
"""Joint -> the joint at the end of its bone, and the bone's direction in SMPL's rest pose."""
_SLIGHT = 0.1
"""Radians between two rest poses that are taken for one."""


def recording_of_bvh(text: str, hints: FileHints) -> Recording:
    """The recording in a BVH file's ``text``, in our world already.

    Raises:
        UsageError: the file is damaged, or its skeleton is no standing body with known names.
    """
    hierarchy = read_bvh(text)
    parents = [joint.parent for joint in hierarchy.joints]
    known = smpl_joints([joint.name for joint in hierarchy.joints], parents)
    if "pelvis" not in known or not known.keys() & {"head", "neck"}:
        names = ", ".join(joint.name[:30] for joint in hierarchy.joints[:8])
        raise UsageError(f"the BVH file's joints are called {names} ...; no hips and no head or neck among them")
    rest = hierarchy.rest()
    axes = _rest_axes(rest, known)
    turns, place = _world_turns(hierarchy, known)
    aligned = {joint: axes * turns[joint] * axes.inv() * _bone_turn(joint, rest, known, axes) for joint in turns}
    rotations: dict[str, Floats] = {}
    for joint in SMPL_JOINT_NAMES:
        if joint in aligned and joint != "pelvis":
            above = aligned[_known_parent(joint, aligned)]
            rotations[joint] = np.asarray((above.inv() * aligned[joint]).as_rotvec(), np.float64)
    world, up = _world(turns["pelvis"], axes, hints)
    rotations["pelvis"] = np.asarray((world * turns["pelvis"] * axes.inv()).as_rotvec(), np.float64)
    scale, told = _scale(hierarchy, rest, axes, hints, legs="left_knee" in known)
    moves = np.asarray(world.apply(place), np.float64) * scale
    count = len(known)
    facts = ("BVH", f"{count} of SMPL's joints by name", f"{up} up", f"lengths in {told}")
    return Recording(rotations, moves, hierarchy.rate, facts=facts)


def _rest_axes(rest: Floats, known: dict[str, int]) -> Rotation:
    """The rotation from the file's axes to SMPL's, from where head and sides are at rest; a multiple of 90 degrees."""
    top = known.get("head", known.get("neck", 0))
    up = rest[top] - rest[known["pelvis"]]
    left = np.zeros(3)
    for part in ("hip", "knee", "shoulder", "elbow", "collar"):
        sides = known.get(f"left_{part}"), known.get(f"right_{part}")
        if sides[0] is not None and sides[1] is not None:
            left += rest[sides[0]] - rest[sides[1]]
    feet = [known[name] for name in ("left_knee", "right_knee", "left_ankle", "right_ankle") if name in known]
    low = all((rest[foot] - rest[known["pelvis"]]) @ up < 0 for foot in feet)
    upward, sideward = _nearest(up), _nearest(left)
    standing = low and np.linalg.norm(up) > 1e-6 and np.linalg.norm(left) > 0.05 * np.linalg.norm(up)
    if not standing or abs(upward @ sideward) > 0.5:
        raise UsageError(
            "the BVH file's skeleton does not stand at rest (all rotations 0), so its rotations cannot be read; "
            "export it with a T-pose or A-pose as its rest pose"
        )
    return Rotation.from_matrix(np.stack([sideward, upward, np.cross(sideward, upward)]))


def _nearest(way: Floats) -> Floats:
    made = np.zeros(3)
    axis = int(np.abs(way).argmax())
    made[axis] = 1.0 if way[axis] >= 0 else -1.0
    return made


def _world_turns(hierarchy: Hierarchy, known: dict[str, int]) -> tuple[dict[str, Rotation], Floats]:
    """Rotations (T,) of SMPL's joints in the file's world, and the places (T, 3) of the hips."""
    wanted = {index: joint for joint, index in known.items()}
    needed: set[int] = set()
    for index in wanted:
        while index >= 0 and index not in needed:
            needed.add(index)
            index = hierarchy.joints[index].parent
    chain: dict[int, tuple[Rotation, Floats]] = {}
    turns: dict[str, Rotation] = {}
    for index in sorted(needed):
        own, place = hierarchy.turn(index), hierarchy.place(index)
        parent = hierarchy.joints[index].parent
        if parent >= 0:
            above, origin = chain[parent]
            own, place = above * own, origin + above.apply(place)
        chain[index] = own, np.asarray(place, np.float64)
        if index in wanted:
            turns[wanted[index]] = own
    return turns, chain[known["pelvis"]][1]


def _bone_turn(joint: str, rest: Floats, known: dict[str, int], axes: Rotation) -> Rotation:
    """From the bone's direction in SMPL's rest pose to that in the file's, the shortest way; a hand follows its arm."""
    limb = joint.replace("wrist", "elbow").replace("ankle", "knee").replace("foot", "knee")
    end, way = _LIMBS.get(limb, ("", (0.0, 0.0, 0.0)))
    if end not in known or limb not in known:
        return Rotation.identity()
    bone = np.asarray(axes.apply(rest[known[end]] - rest[known[limb]]), np.float64)
    length = float(np.linalg.norm(bone))
    if length < 1e-9:
        return Rotation.identity()
    cross = np.cross(way, bone / length)
    sine, cosine = float(np.linalg.norm(cross)), float(np.dot(way, bone / length))
    angle = float(np.arctan2(sine, cosine))
    if angle < _SLIGHT or sine < 1e-6:
        return Rotation.identity()
    return Rotation.from_rotvec(cross / sine * angle)


def _known_parent(joint: str, known: dict[str, Rotation]) -> str:
    index = SMPL_PARENTS[SMPL_JOINT_NAMES.index(joint)]
    while SMPL_JOINT_NAMES[index] not in known:
        index = SMPL_PARENTS[index]
    return SMPL_JOINT_NAMES[index]


def _world(hips: Rotation, axes: Rotation, hints: FileHints) -> tuple[Rotation, Axis]:
    """The turn from the file's world to ours, and its up axis: that of the rest pose, unless the body stands along
    another one over the whole file."""
    ups = np.asarray((hips * axes.inv()).apply([0.0, 1.0, 0.0]), np.float64).reshape(-1, 3)
    own = _axis(np.asarray(axes.inv().apply([0.0, 1.0, 0.0]), np.float64))
    seen = _axis(ups.mean(axis=0))
    chosen = hints.axis or (seen if float(np.mean(ups @ vector(seen))) > 0.8 and seen in ("y", "z", "-y") else own)
    if chosen == own:
        return axes, chosen
    still = Recording({"pelvis": np.zeros((1, 3))}, up_axis=chosen).y_up()
    return Rotation.from_rotvec(still.rotations["pelvis"][0]), chosen


def _axis(way: Floats) -> Axis:
    place = int(np.abs(way).argmax())
    axes: tuple[tuple[Axis, Axis], ...] = (("x", "-x"), ("y", "-y"), ("z", "-z"))
    return axes[place][0 if way[place] >= 0 else 1]


def _scale(hierarchy: Hierarchy, rest: Floats, axes: Rotation, hints: FileHints, *, legs: bool) -> tuple[float, str]:
    """Metres of one unit, from the skeleton's stature, and the unit's name."""
    given = hints.one_of("m", "cm", "mm")
    if given is not None:
        return dict(_UNITS)[given], f"{given}, as given"
    ends = [rest[index] + end for index, joint in enumerate(hierarchy.joints) for end in joint.ends]
    heights = np.asarray(axes.apply(np.concatenate([rest, np.array(ends).reshape(-1, 3)])), np.float64)[:, 1]
    stature = float(np.ptp(heights))
    low, high = _STATURE if legs else (0.4, 1.2)
    for name, unit in _UNITS:
        if low <= stature * unit <= high:
            return unit, name
    usual = _USUAL_STATURE if legs else 0.8
    return usual / max(stature, 1e-9), f"an unknown unit, fitted to a body of {usual} m"
