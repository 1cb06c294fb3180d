# SPDX-License-Identifier: Apache-2.0
"""The motion of `tests.field.motion_truth` as BVH, with the names, axes, units and channels of different programs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import Rotation

from portrait_core.body.template import SMPL_JOINT_NAMES
from tests.field.motion_truth import FRAMES, RATE, poses, walk

BODY: dict[str, tuple[str, tuple[float, float, float]]] = {
    "pelvis": ("", (0, 0, 0)),
    "left_hip": ("pelvis", (0.09, -0.05, 0)), "left_knee": ("left_hip", (0, -0.42, 0)),
    "left_ankle": ("left_knee", (0, -0.4, 0)), "right_hip": ("pelvis", (-0.09, -0.05, 0)),
    "right_knee": ("right_hip", (0, -0.42, 0)), "right_ankle": ("right_knee", (0, -0.4, 0)),
    "spine1": ("pelvis", (0, 0.1, 0)), "spine2": ("spine1", (0, 0.13, 0)), "spine3": ("spine2", (0, 0.12, 0)),
    "neck": ("spine3", (0, 0.18, 0)), "head": ("neck", (0, 0.09, 0.02)),
    "left_collar": ("spine3", (0.06, 0.12, 0)), "left_shoulder": ("left_collar", (0.12, 0, 0)),
    "left_elbow": ("left_shoulder", (0.27, 0, 0)), "left_wrist": ("left_elbow", (0.25, 0, 0)),
    "right_collar": ("spine3", (-0.06, 0.12, 0)), "right_shoulder": ("right_collar", (-0.12, 0, 0)),
    "right_elbow": ("right_shoulder", (-0.27, 0, 0)), "right_wrist": ("right_elbow", (-0.25, 0, 0)),
}  # fmt: skip
"""Joint -> the one above it, and its place from there in metres, a T-pose with +y up and the face along +z."""

_SIDES = (("left", "Left"), ("right", "Right"))


def _sided(**parts: str) -> dict[str, str]:
    return {f"{side}_{part}": form.format(word, word[0]) for side, word in _SIDES for part, form in parts.items()}


MIXAMO = {
    "pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck", "head": "Head",
    **_sided(hip="{0}UpLeg", knee="{0}Leg", ankle="{0}Foot", collar="{0}Shoulder", shoulder="{0}Arm",
             elbow="{0}ForeArm", wrist="{0}Hand"),
}  # fmt: skip
CMU = MIXAMO | {"spine1": "LowerBack", "spine2": "Spine", "spine3": "Spine1"}
DAZ = {
    "pelvis": "hip", "spine1": "abdomen", "spine2": "abdomen2", "spine3": "chest", "neck": "neck", "head": "head",
    **{f"{side}_{part}": f"{side[0]}{word}" for side, _ in _SIDES for part, word in
       (("hip", "Thigh"), ("knee", "Shin"), ("ankle", "Foot"), ("collar", "Collar"), ("shoulder", "Shldr"),
        ("elbow", "ForeArm"), ("wrist", "Hand"))},
}  # fmt: skip
BIPED = {
    "pelvis": "Bip01 Pelvis", "spine1": "Bip01 Spine", "spine2": "Bip01 Spine1", "spine3": "Bip01 Spine2",
    "neck": "Bip01 Neck", "head": "Bip01 Head",
    **_sided(hip="Bip01 {1} Thigh", knee="Bip01 {1} Calf", ankle="Bip01 {1} Foot", collar="Bip01 {1} Clavicle",
             shoulder="Bip01 {1} UpperArm", elbow="Bip01 {1} Forearm", wrist="Bip01 {1} Hand"),
}  # fmt: skip
UNREAL = {
    "pelvis": "pelvis", "spine1": "spine_01", "spine2": "spine_02", "spine3": "spine_03", "neck": "neck_01",
    "head": "head",
    **{f"{side}_{part}": f"{word}_{side[0]}" for side, _ in _SIDES for part, word in
       (("hip", "thigh"), ("knee", "calf"), ("ankle", "foot"), ("collar", "clavicle"), ("shoulder", "upperarm"),
        ("elbow", "lowerarm"), ("wrist", "hand"))},
}  # fmt: skip
XSENS = {
    "pelvis": "Hips", "spine1": "Chest", "spine2": "Chest2", "spine3": "Chest4", "neck": "Neck", "head": "Head",
    **_sided(hip="{0}Hip", knee="{0}Knee", ankle="{0}Ankle", collar="{0}Collar", shoulder="{0}Shoulder",
             elbow="{0}Elbow", wrist="{0}Wrist"),
}  # fmt: skip
ASF = {
    "pelvis": "root", "spine1": "lowerback", "spine2": "upperback", "spine3": "thorax", "neck": "lowerneck",
    "head": "head",
    **{f"{side}_{part}": f"{side[0]}{word}" for side, _ in _SIDES for part, word in
       (("hip", "femur"), ("knee", "tibia"), ("ankle", "foot"), ("collar", "clavicle"), ("shoulder", "humerus"),
        ("elbow", "radius"), ("wrist", "wrist"))},
}  # fmt: skip
SMPL = {joint: joint for joint in BODY}

Y_UP = np.eye(3)
Z_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
BACKWARDS = np.diag([-1, 1, -1])


def bvh(
    names: Mapping[str, str],
    *,
    prefix: str = "",
    axes: np.ndarray = Y_UP,
    metres: float = 0.01,
    order: str = "ZXY",
    everywhere: bool = False,
    reference: bool = False,
    arms_down: float = 0.0,
    time: str = "0.0333333",
) -> str:
    """The text. ``axes`` (3, 3) turn our axes into the file's, a unit of which is ``metres``; ``order`` is that of the
    rotations' channels; ``everywhere`` gives every joint a place; ``reference`` puts a joint above the hips;
    ``arms_down`` degrees lower the arms at rest (an A-pose)."""
    rows = poses()
    lines = ["HIERARCHY"]
    columns: list[np.ndarray] = []
    turn_names = [f"{axis}rotation" for axis in order]
    place_names = ["Xposition", "Yposition", "Zposition"]
    down = {
        side: Rotation.from_euler("z", sign * arms_down, degrees=True) for side, sign in (("left", -1), ("right", 1))
    }

    def rest_turn(joint: str) -> Rotation:
        lowered = joint.endswith(("shoulder", "elbow", "wrist"))
        return down[joint.split("_", maxsplit=1)[0]] if lowered else Rotation.identity()

    def offset(joint: str) -> np.ndarray:
        parent, place = BODY[joint]
        return axes @ (rest_turn(parent).apply(place) if parent else np.array(place)) / metres

    def local(joint: str) -> Rotation:
        """The joint's own turn in the file's axes: its world turn, seen from a rest that hangs lower, is the same."""
        own = Rotation.from_rotvec(rows[:, SMPL_JOINT_NAMES.index(joint)])
        parent = BODY[joint][0]
        above = rest_turn(parent) if parent else Rotation.identity()
        made = above * own * rest_turn(joint).inv()
        return Rotation.from_matrix(axes @ made.as_matrix() @ axes.T)

    def write(joint: str, depth: int, *, top: bool) -> None:
        indent = "\t" * depth
        moved = joint == "pelvis" or everywhere
        place = offset(joint)
        lines.append(f"{indent}{'ROOT' if top else 'JOINT'} {prefix}{names[joint]}")
        lines.append(f"{indent}{{")
        lines.append(f"{indent}\tOFFSET {' '.join(f'{x:.6f}' for x in place)}")
        channels = [*(place_names if moved else []), *turn_names]
        lines.append(f"{indent}\tCHANNELS {len(channels)} {' '.join(channels)}")
        if joint == "pelvis":
            columns.append(walk() @ axes.T / metres)
        elif everywhere:
            columns.append(np.tile(place, (FRAMES, 1)))
        columns.append(local(joint).as_euler(order, degrees=True))
        below = [each for each, (parent, _) in BODY.items() if parent == joint]
        for each in below:
            write(each, depth + 1, top=False)
        if not below:
            end = (0, 0.18, 0) if joint == "head" else (0, -0.05, 0.1) if joint.endswith("ankle") else (0, -0.08, 0)
            lines.append(f"{indent}\tEnd Site\n{indent}\t{{")
            lines.append(
                f"{indent}\t\tOFFSET {' '.join(f'{x:.6f}' for x in axes @ np.array(end) / metres)}\n{indent}\t}}"
            )
        lines.append(f"{indent}}}")

    if reference:
        lines.append(
            f"ROOT {prefix}reference\n{{\n\tOFFSET 0 0 0\n\tCHANNELS 6 {' '.join([*place_names, *turn_names])}"
        )
        columns.append(np.zeros((FRAMES, 6)))
    write("pelvis", int(reference), top=not reference)
    if reference:
        lines.append("}")
    lines += ["MOTION", f"Frames: {FRAMES}", f"Frame Time: {time}"]
    table = np.concatenate(columns, axis=1)
    lines += [" ".join(f"{value:.6f}" for value in row) for row in table]
    assert abs(1 / float(time) - RATE) < 0.1
    return "\n".join(lines) + "\n"
