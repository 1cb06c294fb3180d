# SPDX-License-Identifier: Apache-2.0
"""Which program wrote a file, by the names in it: for the one line that says what the file was taken for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from portrait_core.errors import UsageError

_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("GVHMR", ("smpl_params_global",)),
    ("WHAM", ("pose_world", "trans_world")),
    ("BEDLAM", ("poses_cam",)),
    ("BEDLAM", ("pose_cam", "trans_cam")),
    ("PyMAF-X", ("smplx_params", "pred_cam")),
    ("HybrIK", ("pred_theta_mats",)),
    ("HybrIK", ("pred_thetas",)),
    ("4D-Humans", ("pred_smpl_params",)),
    ("4D-Humans", ("smpl", "tid")),
    ("4D-Humans", ("smpl", "tracked_ids")),
    ("ROMP", ("smpl_thetas",)),
    ("TRAM", ("pred_pose", "pred_trans")),
    ("MDM", ("thetas", "root_translation")),
    ("AIST++", ("smpl_poses", "smpl_scaling")),
    ("EDGE", ("smpl_poses", "full_pose")),
    ("GRAB", ("body", "framerate")),
    ("GRAB", ("body", "lhand")),
    ("EMDB", ("poses_root", "poses_body")),
    ("3DPW", ("poses", "genders")),
    ("3DPW", ("poses", "jointPositions")),
    ("Meshcapade", ("bodyPose", "codecVersion")),
    ("Meshcapade", ("bodyPose", "shapeParameters")),
    ("HumanData", ("__data_len__",)),
    ("HumanData", ("smpl", "image_path")),
    ("HumanData", ("smplx", "image_path")),
    ("EasyMocap", ("Rh", "Th")),
    ("CLIFF", ("pose", "global_t")),
    ("PHC", ("pose_aa", "root_trans_offset")),
    ("PHC", ("pose_aa", "trans_orig")),
    ("SLAHMR", ("root_orient", "pose_body", "cam_R")),
    ("SMPLify-X", ("body_pose", "camera_translation")),
    ("BEAT2", ("poses", "expressions", "mocap_frame_rate")),
    ("SMPLer-X", ("body_pose", "jaw_pose", "global_orient")),
)

_PLACES = (
    "joints", "joints3d", "joints_3d", "keypoints", "keypoints3d", "keypoints_3d", "pred_joints", "smpl_joints", "j3d",
    "positions", "joint_positions", "motion", "poses_3d", "kp3d", "S", "jointPositions", "pred_xyz",
)  # fmt: skip

_HEADS = (
    ("pose", "exp"), ("pose", "expression"), ("pose", "expr"), ("posecode", "expcode"), ("pose_params", "jaw_params"),
    ("pose", "tex", "light"), ("poses", "expr"), ("pose", "expression_params"), ("pose_params", "expression_params"),
)  # fmt: skip
"""What FLAME's programs (DECA, EMOCA, SMIRK, ...) write beside the turns of head and jaw."""


def program_of(tree: Any) -> str:
    """The program's name; "SMPL" or the body's name where the fields are not of one program."""
    present = {str(key) for key in _keys(tree, 0)}
    for name, signs in _SIGNS:
        if present.issuperset(signs):
            return name
    if {"pred_cam", "orig_cam"} <= present:
        return "PARE" if _has_matrices(tree) else "VIBE"
    if {"pose_hand", "root_orient"} <= present:
        return "SMPL-X"
    return "SMPL"


def refuse_head(fields: Mapping[Any, Any], count: int) -> None:
    """Raise :class:`UsageError` where ``fields`` are of a head without a body, whose pose has ``count`` numbers."""
    if count % 66 and count % 69 and count % 72 and any(all(each in fields for each in sign) for sign in _HEADS):
        raise UsageError(
            "it holds a head's pose (FLAME: DECA, EMOCA, SMIRK, ...), which turns head and jaw in a camera's frame; "
            "expected rotations of SMPL's joints"
        )


def refuse_without_rotations(tree: Any) -> UsageError:
    """The error about plain data without rotations, saying what it holds where that is known."""
    tables = list(_tables(tree, 0))
    present = {str(key): table[key] for table in tables for key in table}
    refuse_head(present, 1)
    if {"mhr_model_params", "lbs_model_params"} & set(present) or {"body_pose_params", "global_rot"} <= set(present):
        return UsageError("it holds a pose of MHR (SAM 3D Body), whose joints are others than SMPL's; convert it first")
    place = next((name for name in _PLACES if name in present), None)
    if place is not None:
        return UsageError(
            f"it holds joint positions ({place}) and no rotations; expected rotations of SMPL joints, "
            "which a fit of SMPL to the positions gives"
        )
    if {"vertices", "verts", "v_template", "J_regressor"} & set(present):
        return UsageError("it holds a body's surface and no rotations of its joints")
    if any(name.endswith((".weight", ".bias")) for name in present) or "state_dict" in present:
        return UsageError("it holds a network's weights, no motion")
    if not tables:
        return UsageError("expected a dictionary with the rotations of a body in it, or an array of rotations")
    names = ", ".join(sorted(present)[:12]) or "no fields"
    return UsageError(
        f"expected a field called poses, pose, smpl_poses, body_pose or another one of docs/motions.md, got {names}"
    )


def _tables(node: Any, depth: int) -> Iterator[Mapping[Any, Any]]:
    if depth > 6:
        return
    if isinstance(node, dict):
        table = cast(dict[Any, Any], node)
        yield table
        for value in list(table.values())[:50]:
            yield from _tables(value, depth + 1)
    elif isinstance(node, list):
        for value in cast(list[Any], node)[:2]:
            if isinstance(value, dict | list):
                yield from _tables(value, depth + 1)


def _keys(node: Any, depth: int) -> Iterator[Any]:
    for table in _tables(node, depth):
        yield from table


def _has_matrices(tree: Any) -> bool:
    return any(getattr(table.get("pose"), "ndim", 0) >= 3 for table in _tables(tree, 0))
