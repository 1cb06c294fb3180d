# SPDX-License-Identifier: Apache-2.0
"""What programs call the fields of a body: rotations, root, translation, rate, persons, frames.

Gathered from the public documentation and issue threads of the programs in docs/motions.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

Space = Literal["world", "plain", "camera"]

FULL = (
    "poses", "pose", "smpl_poses", "smpl_pose", "fullpose", "pose_aa", "smpl_thetas", "thetas", "pred_thetas",
    "pred_theta_mats", "pred_pose", "pred_rotmat", "pred_rotmats", "pose_rotmat", "pose_rotmats", "rotmat", "rotmats",
    "smplx_poses", "smplx_pose", "smplh_poses", "bodyPose", "pose_axis_angle", "axis_angle", "quaternions",
    "quats", "pose_quat", "rot6d", "pose_6d", "pose6d", "local_rotations", "full_pose",
    "pose_est_fullposes",
)  # fmt: skip
"""Root and joints together."""
BODY = (
    "body_pose", "pose_body", "poses_body", "pred_body_pose", "smpl_body_pose", "smplx_body_pose",
    "body_pose_axis_angle", "body_pose_rotmat", "pred_body_rotmat",
)  # fmt: skip
"""The joints, with or without the root; `portrait_core.body.recordings.fields` takes ``pose_body`` before `FULL`."""
ROOT = (
    "global_orient", "root_orient", "poses_root", "root_pose", "pose_root", "pred_global_orient", "smpl_global_orient",
    "smplx_root_pose", "global_pose", "global_rot", "global_rotation", "root_rotation",
    "orient", "Rh", "pred_root_orient",
)  # fmt: skip
MOVES = (
    "trans", "transl", "smpl_trans", "translation", "trans_orig", "root_trans_offset", "root_translation", "root_trans",
    "Th", "bodyTranslation", "pred_trans", "pred_transl", "smplx_trans", "smplx_transl", "root_position", "root_pos",
    "global_t", "global_trans", "cam_trans", "translations", "pose_est_trans",
)  # fmt: skip
RATES = (
    "mocap_framerate", "mocap_frame_rate", "framerate", "frame_rate", "fps", "frameRate", "FPS", "mocap_fps",
    "frame_time", "mocap_time_step",
)  # fmt: skip
PERSONS = ("sub", "person_id", "person_ids", "track_id", "track_ids", "tid", "subject_ids")
"""An id for each row: the rows are of several persons."""
FRAMES = ("frame_ids", "frame_id", "frame_idx", "frame")
"""The number of each row's frame in the video."""
CAMERA = ("pred_cam", "orig_cam", "global_t", "cam_trans", "pred_cam_t", "cam", "camera_translation")
"""Beside these the root is in the frame of a camera, whose y points down."""

_WORLD = ("{}_world", "world_{}", "{}_w")
_SEEN = ("{}_cam", "{}_incam", "{}_c")


def found(fields: Mapping[str, Any], names: tuple[str, ...], space: Space) -> str | None:
    """The first of ``names`` that there is, in the world's, the camera's or no particular frame."""
    return next(every(fields, names, space), None)


def every(fields: Mapping[str, Any], names: tuple[str, ...], space: Space) -> Iterator[str]:
    """All of ``names`` that there are, in the order of the table."""
    forms = {"world": _WORLD, "plain": ("{}",), "camera": _SEEN}[space]
    for name in names:
        for form in forms:
            each = form.format(name)
            # an absent value is often written as None
            if fields.get(each) is not None and not isinstance(fields[each], dict):
                yield each


def listed(fields: Mapping[Any, Any]) -> str:
    """The names of fields, for an error."""
    return ", ".join(sorted(str(name)[:40] for name in fields)[:12]) or "no fields"
