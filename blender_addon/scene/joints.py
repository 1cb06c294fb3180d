# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bone is which of SMPL's joints, whatever it is called: by our mark, by our naming schemes, by other tools'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

JOINTS = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
"""SMPL's joints in SMPL's order."""

MARK = "portraitkit_joint"
"""Custom property of a bone: its joint, which stays when the bone is renamed."""

_SCHEMES = (
    (
        "Hips", "LeftUpLeg", "RightUpLeg", "Spine", "LeftLeg", "RightLeg", "Spine1", "LeftFoot", "RightFoot",
        "Spine2", "LeftToeBase", "RightToeBase", "Neck", "LeftShoulder", "RightShoulder", "Head", "LeftArm",
        "RightArm", "LeftForeArm", "RightForeArm", "LeftHand", "RightHand", "LeftHandMiddle1", "RightHandMiddle1",
    ),
    (
        "Hips", "LeftUpperLeg", "RightUpperLeg", "Spine", "LeftLowerLeg", "RightLowerLeg", "Chest", "LeftFoot",
        "RightFoot", "UpperChest", "LeftToes", "RightToes", "Neck", "LeftShoulder", "RightShoulder", "Head",
        "LeftUpperArm", "RightUpperArm", "LeftLowerArm", "RightLowerArm", "LeftHand", "RightHand",
        "LeftMiddleProximal", "RightMiddleProximal",
    ),
    (
        "pelvis", "thigh_l", "thigh_r", "spine_01", "calf_l", "calf_r", "spine_02", "foot_l", "foot_r", "spine_03",
        "ball_l", "ball_r", "neck_01", "clavicle_l", "clavicle_r", "head", "upperarm_l", "upperarm_r", "lowerarm_l",
        "lowerarm_r", "hand_l", "hand_r", "middle_01_l", "middle_01_r",
    ),
    (
        "Pelvis", "L_Hip", "R_Hip", "Spine1", "L_Knee", "R_Knee", "Spine2", "L_Ankle", "R_Ankle", "Spine3", "L_Foot",
        "R_Foot", "Neck", "L_Collar", "R_Collar", "Head", "L_Shoulder", "R_Shoulder", "L_Elbow", "R_Elbow",
        "L_Wrist", "R_Wrist", "L_Hand", "R_Hand",
    ),
    tuple(f"J{number:02d}" for number in range(24)),
    # MPFB's default rig; Rigify's metarig and the bones of its rigs that deform
    (
        "root", "upperleg01.L", "upperleg01.R", "spine04", "lowerleg01.L", "lowerleg01.R", "spine02", "foot.L",
        "foot.R", "spine01", "toe1-1.L", "toe1-1.R", "neck01", "clavicle.L", "clavicle.R", "head", "upperarm01.L",
        "upperarm01.R", "lowerarm01.L", "lowerarm01.R", "wrist.L", "wrist.R", "finger3-1.L", "finger3-1.R",
    ),
    (
        "spine", "thigh.L", "thigh.R", "spine.001", "shin.L", "shin.R", "spine.002", "foot.L", "foot.R", "spine.003",
        "toe.L", "toe.R", "spine.004", "shoulder.L", "shoulder.R", "spine.006", "upper_arm.L", "upper_arm.R",
        "forearm.L", "forearm.R", "hand.L", "hand.R", "f_middle.01.L", "f_middle.01.R",
    ),
)  # fmt: skip
EYES = {"left": ("lefteye", "eye_l"), "right": ("righteye", "eye_r")}
"""What the naming schemes call the bones of the eyes, in small letters without a prefix."""
_FINGER = re.compile(
    r"(?P<side>left|right)_?(hand)?(?P<finger>thumb|index|middle|ring|pinky|little)"
    r"(\d|metacarpal|proximal|intermediate|distal)"
    r"|(?P<finger_>thumb|index|middle|ring|pinky)_\d\d_(?P<side_>[lr])"
)
_PREFIXES = ("def-", "mixamorig:", "mixamorig_", "m_avg_", "f_avg_", "avg_")


def joints_of(bones: Iterable[str], marks: Mapping[str, str] | None = None) -> dict[str, str]:
    """SMPL joint -> bone name, for the bones that can be told; ``marks`` (bone -> joint) go before their names.

    One naming is taken for all bones, the one that knows most of them: ``Spine1`` is one joint in Mixamo's, another in
    SMPL's.
    """
    names = list(bones)
    marked = {joint: bone for bone, joint in (marks or {}).items() if joint in JOINTS and bone in names}
    if marked:
        return marked
    plain = {_plain(name): name for name in reversed(names)}
    tables = [dict(zip((_plain(each) for each in scheme), JOINTS, strict=True)) for scheme in (JOINTS, *_SCHEMES)]
    table = max(tables, key=lambda each: sum(name in each for name in plain))
    found = {table[short]: name for short, name in plain.items() if short in table}
    for hand in ("left_hand", "right_hand"):
        if hand in plain:  # what a naming calls SMPL's hand is a finger where there are fingers; it keeps its own name
            found[hand] = plain[hand]
    return found


def more_joints_of(bones: Iterable[str]) -> dict[str, str]:
    """Bone name -> what it is of that SMPL has not: ``jaw``, ``left_eye``, ``left_index`` for all three, ``hair``.

    Bones of SMPL's joints must not be among them.
    """
    found: dict[str, str] = {}
    for name in bones:
        plain = _plain(name)
        finger = _FINGER.fullmatch(plain)
        if plain == "jaw":
            found[name] = "jaw"
        elif plain.startswith("hair_"):
            found[name] = "hair"
        elif finger is not None:
            side = finger["side"] or {"l": "left", "r": "right"}[finger["side_"]]
            which = finger["finger"] or finger["finger_"]
            found[name] = f"{side}_{'pinky' if which == 'little' else which}"
        for side, names in EYES.items():
            if plain in names:
                found[name] = f"{side}_eye"
    return found


def _plain(name: str) -> str:
    lower = name.lower()
    for prefix in _PREFIXES:
        lower = lower.removeprefix(prefix)
    return lower
