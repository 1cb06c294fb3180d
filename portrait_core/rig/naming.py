# SPDX-License-Identifier: Apache-2.0
"""What other programs call SMPL's joints. Inside Portraitkit joints keep SMPL's names; renaming is the last step.

``smpl``    the names of `portrait_core.body.template.SMPL_JOINT_NAMES`.
``mixamo``  Mixamo's rig, with its prefix: what its animations and most retargeting tools look for.
``unity``   Unity's ``HumanBodyBones``.
``unreal``  the mannequin of Unreal Engine.
``vrm``     the humanoid bones of VRM 1.0.
``rpm``     Mixamo's names without the prefix, as Ready Player Me's avatars had them: what talking heads on the web ask
            for. The bones' axes are then such a rig's too (:mod:`portrait_core.rig.bone_frames`).

SMPL's collars are what Mixamo, Unity and VRM call shoulders; its shoulders are upper arms; its feet are toes; its hands
are the first joints of the middle fingers, unless the skeleton has fingers of its own. But for ``rpm`` all axes stay
aligned with the world at rest, whatever the names.
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

_BODY = {
    "smpl": SMPL_JOINT_NAMES,
    "mixamo": tuple(f"mixamorig:{name}" for name in _MIXAMO),
    "unity": _UNITY,
    "unreal": _UNREAL,
    "vrm": tuple(name[0].lower() + name[1:] for name in _UNITY),
    "rpm": _MIXAMO,
}
_FACE = {
    "smpl": ("jaw", "leftEye", "rightEye"),
    "mixamo": ("mixamorig:Jaw", "mixamorig:LeftEye", "mixamorig:RightEye"),
    "unity": ("Jaw", "LeftEye", "RightEye"),
    "unreal": ("jaw", "eye_l", "eye_r"),
    "vrm": ("jaw", "leftEye", "rightEye"),
    "rpm": ("Jaw", "LeftEye", "RightEye"),
}
"""Of the joints ``jaw``, ``left_eye``, ``right_eye``."""

_UNITY_PHALANGES = ("Proximal", "Intermediate", "Distal")
_VRM_THUMB = ("Metacarpal", "Proximal", "Distal")


def _finger(scheme: str, joint: str) -> str:
    """What a scheme calls a joint of :data:`portrait_core.rig.fingers.FINGER_JOINTS`."""
    side, finger = joint[:-1].split("_")
    number = int(joint[-1])
    if scheme in ("mixamo", "rpm"):
        return f"{'mixamorig:' if scheme == 'mixamo' else ''}{side.title()}Hand{finger.title()}{number}"
    if scheme in ("unity", "vrm"):
        bones = _VRM_THUMB if (scheme, finger) == ("vrm", "thumb") else _UNITY_PHALANGES
        name = f"{side.title()}{'Little' if finger == 'pinky' else finger.title()}{bones[number - 1]}"
        return name if scheme == "unity" else name[0].lower() + name[1:]
    if scheme == "unreal":
        return f"{finger}_{number:02}_{side[0]}"
    return joint


NAMES: dict[str, dict[str, str]] = {
    scheme: {
        **dict(zip(SMPL_JOINT_NAMES, names, strict=True)),
        **{joint: _finger(scheme, joint) for joint in FINGER_JOINTS},
        **dict(zip(("jaw", "left_eye", "right_eye"), _FACE[scheme], strict=True)),
    }
    for scheme, names in _BODY.items()
}
"""Scheme -> joint name -> the name there; for the 24 joints of SMPL, fingers, jaw and eyes."""

BONE_NAMINGS = tuple(NAMES)


def rename(joint_names: Sequence[str], scheme: str) -> tuple[str, ...]:
    """What ``scheme`` calls the joints ``joint_names``, in the same order. Joints that it does not know keep their
    names, and so do SMPL's hands where there are the fingers that they stand for.

    Raises :class:`UsageError` for an unknown scheme.
    """
    if scheme not in NAMES:
        raise UsageError(f"bone naming {scheme!r} is not known; choose one of {', '.join(BONE_NAMINGS)}.")
    known = NAMES[scheme]
    fingers = {known[name] for name in joint_names if name in FINGER_JOINTS}
    return tuple(
        name if name not in FINGER_JOINTS and known.get(name) in fingers else known.get(name, name)
        for name in joint_names
    )
