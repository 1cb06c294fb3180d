# SPDX-License-Identifier: Apache-2.0
"""What other programs call SMPL's joints. Inside Portraitkit joints keep SMPL's names; renaming is the last step.

``smpl``    the names of `portrait_core.body.template.SMPL_JOINT_NAMES`.
``mixamo``  Mixamo's rig, with its prefix: what its animations and most retargeting tools look for.
``unity``   Unity's ``HumanBodyBones``.
``unreal``  the mannequin of Unreal Engine.
``vrm``     the humanoid bones of VRM 1.0.

SMPL's collars are what Mixamo, Unity and VRM call shoulders; its shoulders are upper arms; its feet are toes; its hands
are the first joints of the middle fingers, and palms where fingers have joints of their own. All axes stay aligned with
the world at rest, whatever the names.
"""

from __future__ import annotations

from collections.abc import Sequence

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError
from portrait_core.rig.fingers import FINGER_JOINTS

_MIXAMO = (
    "Hips", "LeftUpLeg", "RightUpLeg", "Spine", "LeftLeg", "RightLeg", "Spine1", "LeftFoot", "RightFoot", "Spine2",
    "LeftToeBase", "RightToeBase", "Neck", "LeftShoulder", "RightShoulder", "Head", "LeftArm", "RightArm",
    "LeftForeArm", "RightForeArm", "LeftHand", "RightHand", "LeftHandMiddle1", "RightHandMiddle1",
)  # fmt: skip
_UNITY = (
    "Hips", "LeftUpperLeg", "RightUpperLeg", "Spine", "LeftLowerLeg", "RightLowerLeg", "Chest", "LeftFoot",
    "RightFoot", "UpperChest", "LeftToes", "RightToes", "Neck", "LeftShoulder", "RightShoulder", "Head",
    "LeftUpperArm", "RightUpperArm", "LeftLowerArm", "RightLowerArm", "LeftHand", "RightHand", "LeftMiddleProximal",
    "RightMiddleProximal",
)  # fmt: skip
_UNREAL = (
    "pelvis", "thigh_l", "thigh_r", "spine_01", "calf_l", "calf_r", "spine_02", "foot_l", "foot_r", "spine_03",
    "ball_l", "ball_r", "neck_01", "clavicle_l", "clavicle_r", "head", "upperarm_l", "upperarm_r", "lowerarm_l",
    "lowerarm_r", "hand_l", "hand_r", "middle_01_l", "middle_01_r",
)  # fmt: skip

_MORE = {
    "mixamo": ("mixamorig:Jaw", "mixamorig:LeftEye", "mixamorig:RightEye", "mixamorig:{Side}HandPalm"),
    "unity": ("Jaw", "LeftEye", "RightEye", "{Side}Palm"),
    "unreal": ("jaw", "eye_l", "eye_r", "palm_{s}"),
    "vrm": ("jaw", "leftEye", "rightEye", "{side}Palm"),
    "smpl": ("jaw", "leftEye", "rightEye", "{side}_hand"),
}
"""Jaw, eyes, and the joint that SMPL calls a hand beside fingers."""

_PHALANXES = ("Proximal", "Intermediate", "Distal")


def _finger_name(scheme: str, joint: str) -> str:
    """What ``scheme`` calls one of the fingers' joints."""
    side, _, rest = joint.partition("_")
    finger, number = rest[:-1], int(rest[-1])
    if scheme == "mixamo":
        return f"mixamorig:{side.title()}Hand{finger.title()}{number}"
    if scheme == "unreal":
        return f"{finger}_0{number}_{side[0]}"
    if scheme == "smpl":
        return joint
    phalanxes = ("Metacarpal", "Proximal", "Distal") if (scheme, finger) == ("vrm", "thumb") else _PHALANXES
    name = f"{'little' if finger == 'pinky' else finger}".title() + phalanxes[number - 1]
    return (side if scheme == "vrm" else side.title()) + name


def _more_names(scheme: str) -> dict[str, str]:
    jaw, left, right, _ = _MORE[scheme]
    fingers = {joint: _finger_name(scheme, joint) for joint in FINGER_JOINTS}
    return {"jaw": jaw, "left_eye": left, "right_eye": right, **fingers}


NAMES: dict[str, dict[str, str]] = {
    scheme: dict(zip(SMPL_JOINT_NAMES, names, strict=True)) | _more_names(scheme)
    for scheme, names in {
        "smpl": SMPL_JOINT_NAMES,
        "mixamo": tuple(f"mixamorig:{name}" for name in _MIXAMO),
        "unity": _UNITY,
        "unreal": _UNREAL,
        "vrm": tuple(name[0].lower() + name[1:] for name in _UNITY),
    }.items()
}
"""Scheme -> our joint name -> the name there; for SMPL's 24, the fingers' 30, the jaw and the eyes."""

BONE_NAMINGS = tuple(NAMES)


def rename(joint_names: Sequence[str], scheme: str) -> tuple[str, ...]:
    """What ``scheme`` calls the joints ``joint_names``, in the same order. Joints that SMPL lacks keep their names.

    Raises :class:`UsageError` for an unknown scheme.
    """
    if scheme not in NAMES:
        raise UsageError(f"bone naming {scheme!r} is not known; choose one of {', '.join(BONE_NAMINGS)}.")
    known = NAMES[scheme]
    if FINGER_JOINTS[0] in joint_names:
        palm = _MORE[scheme][3]
        sides = (("left", "Left", "l"), ("right", "Right", "r"))
        known = known | {f"{side}_hand": palm.format(side=side, Side=title, s=s) for side, title, s in sides}
    return tuple(known.get(name, name) for name in joint_names)
