# SPDX-License-Identifier: Apache-2.0
"""Layouts of AMASS, SMPL, SMPL-H and SMPL-X, and rotations in all forms."""
# fmt: off

from __future__ import annotations

import numpy as np

from tests.field import motion_writers
from tests.field.motion_layouts import (
                             BETAS,
                             add,
                             cam,
                             f4,
                             js,
                             npy,
                             npz,
                             other,
                             pkl,
                             pt,
                             ragged,
                             smpl,
                             smplx,
                             way,
                             z_smpl,
                             z_smplh,
                             z_smplx,
                             z_way,
)
from tests.field.motion_truth import FRAMES, matrices, poses, positions, quaternions, six

# AMASS and what has its fields
add("amass_smplh.npz", npz, {"poses": z_smplh, "trans": z_way, "mocap_framerate": 30.0, "gender": "neutral",
                             "betas": np.zeros(16), "dmpls": np.zeros((FRAMES, 8))}, says="AMASS; z up")
add("amass_smplx_stageii.npz", npz,
    {"poses": z_smplx, "trans": z_way, "mocap_frame_rate": 30.0, "surface_model_type": "smplx", "gender": "female",
     "root_orient": z_smplx[:, :3], "pose_body": z_smplx[:, 3:66], "pose_hand": z_smplx[:, 75:],
     "markers_latent_vids": ragged([{"a": 1}])}, says="z up")
add("amass_parts.npz", npz, {"root_orient": z_smpl[:, :3], "pose_body": z_smpl[:, 3:66], "trans": z_way,
                             "mocap_framerate": 30.0}, says="z up")
add("beat2.npz", npz, {"poses": smplx.astype(f4), "trans": way.astype(f4), "expressions": np.zeros((FRAMES, 100), f4),
                       "model": "smplx2020", "mocap_frame_rate": 30, "betas": np.zeros(300)}, says="BEAT2; y up")
add("smplx_addon_y_up.npz", npz, {"poses": smplx, "trans": way, "mocap_frame_rate": 30, "gender": "male",
                                  "surface_model_type": "smplx"}, says="y up")
add("z_up_without_amass.npz", npz, {"smpl_poses": z_smpl, "smpl_trans": z_way, "fps": 30}, says="z up")
# SMPL, SMPL-H, SMPL-X as arrays and parts
add("smpl72.npz", npz, {"poses": smpl, "fps": 30}, metres=None)
add("smpl72.npy", npy, smpl, metres=None, rate=None)
add("smpl24x3.npy", npy, poses(), metres=None, rate=None)
add("smpl72.pkl", pkl, {"pose": smpl.astype(f4), "transl": way, "fps": 30})
add("smpl72.json", js, {"poses": smpl, "trans": way, "fps": 30}, says="y up")
add("smpl72.pt", pt, {"poses": smpl, "trans": way, "fps": 30})
add("smpl72_old.pt", motion_writers.old_pt, {"pose": smpl.astype(f4), "transl": way.astype(f4), "fps": 30})
add("tensors.pkl", motion_writers.tensors, {"poses": smpl.astype(f4), "trans": way.astype(f4), "fps": 30})
add("smpl69.npz", npz, {"body_pose": smpl[:, 3:], "global_orient": smpl[:, :3], "transl": way, "fps": 30})
add("smplx63.npz", npz, {"body_pose": smpl[:, 3:66], "global_orient": smpl[:, :3], "transl": way, "fps": 30})
add("smplx21x3.npz", npz, {"body_pose": poses()[:, 1:22], "global_orient": poses()[:, :1], "transl": way, "fps": 30})
add("smplh52x3.pkl", pkl, {"smplh_poses": poses(52), "trans": way, "fps": 30})
add("smplh51.npz", npz, {"body_pose": poses(52)[:, 1:], "root_orient": smpl[:, :3], "fps": 30}, metres=None)
add("smplx55.npz", npz, {"fullpose": smplx, "transl": way, "framerate": 30})
add("float16.npz", npz, {"poses": smpl.astype(np.float16), "fps": 30}, metres=None)
add("list_of_frames.pkl", pkl, {"poses": list(smpl), "fps": 30}, metres=None)
add("objects.npz", npz, {"poses": ragged(list(smpl)), "fps": 30}, metres=None)
add("object_numbers.pkl", pkl, {"poses": smpl.astype(object), "fps": 30}, metres=None)
add("rate_text.npz", npz, {"poses": smpl, "fps": "30"}, metres=None)
add("rate_bytes.npz", npz, {"poses": smpl, "mocap_framerate": b"30.0"}, metres=None)
add("rate_list.npz", npz, {"poses": smpl, "mocap_framerate": [30.0]}, metres=None)
add("leading_one.npz", npz, {"poses": smpl[None], "trans": way[None], "fps": 30})
add("middle_one.pkl", pkl, {"pose": smpl[:, None], "trans": way[:, None], "fps": 30})
add("two_people_axis.npz", npz, {"poses": np.stack([smpl, other(smpl)]), "trans": np.stack([way, way]), "fps": 30},
    says="2 people (0, 1), took person 0")
add("frames_before_people.npz", npz, {"poses": np.stack([smpl, other(smpl)], 1), "trans": np.stack([way, way], 1),
    "fps": 30},
    says="2 people (0, 1), took person 0")
add("world_root_apart.npz", npz, {"pose": cam, "trans": way, "global_orient_world": smpl[:, :3], "fps": 30},
    says="y up")
add("frames_by_number.json", js, {str(k): {"pose": smpl[k], "transl": way[k]} for k in range(FRAMES)}, rate=None)
add("joints_by_name.npz", npz, {"pelvis": smpl[:, :3], "neck": smpl[:, 36:39], "head": smpl[:, 45:48],
                                "left_shoulder": smpl[:, 48:51], "translation": way, "fps": 30}, says="Portraitkit")
# forms of rotations
add("pare.pkl", pkl, {1: {"pred_cam": np.ones((FRAMES, 3)), "orig_cam": np.ones((FRAMES, 4)),
                          "pose": matrices(cam.reshape(FRAMES, 24, 3)).astype(f4), "betas": BETAS}},
    says="PARE; rotations as matrices; -y up", metres=None, rate=None)
add("matrices216.npz", npz, {"pred_rotmat": matrices(poses()).reshape(FRAMES, 216), "fps": 30}, metres=None)
add("hybrik.pkl", pkl, {"pred_thetas": matrices(poses()).reshape(FRAMES, 216).astype(f4), "transl": way},
    says="HybrIK; rotations as matrices", rate=None)
add("quaternions_wxyz.npz", npz, {"poses": quaternions(poses(), "wxyz").reshape(FRAMES, 96), "fps": 30},
    says="quaternions", metres=None)
add("quaternions_xyzw.npz", npz, {"quats": quaternions(poses(), "xyzw"), "fps": 30}, says="quaternions", metres=None)
add("quaternions_global.npz", npz, {"pose_quat_global_world": BETAS, "pose_quat": quaternions(poses(), "xyzw"),
    "fps": 30},
    says="quaternions", metres=None)
add("six_interleaved.npz", npz, {"poses": six(poses(), "interleaved").reshape(FRAMES, 144), "fps": 30}, says="6D",
    metres=None)
add("six_rows_bent.npz", npz, {"rot6d": six(poses(bent=True), "rows"), "fps": 30}, says="6D", metres=None)
add("six_columns_bent.npz", npz, {"rot6d": six(poses(bent=True), "columns"), "fps": 30}, says="6D", metres=None)
add("six_3x2.npz", npz, {"poses": six(poses(), "interleaved").reshape(FRAMES, 24, 3, 2), "fps": 30}, says="6D",
    metres=None)
add("six_either.npz", npz, {"poses": six(poses(), "columns"), "fps": 30}, refuses="6D rotations, and whether")
add("mdm_rows.npy", npy, {"thetas": np.moveaxis(six(poses(), "rows"), 0, 2), "root_translation": way.T,
                          "motion": np.zeros((25, 6, FRAMES)), "length": FRAMES}, says="MDM", rate=None)
add("mdm_results.npy", npy, {"motion": np.moveaxis(positions(poses(), 22), 0, 2)[None], "lengths": np.array([FRAMES]),
                             "text": ["a person turns"]}, refuses="joint positions")
add("degrees.npz", npz, {"poses": np.degrees(smpl), "fps": 30}, refuses="degrees")
add("degrees_head_alone.npz", npz, {"poses": np.degrees(smpl) * np.isin(np.arange(72), [45, 46, 47]), "fps": 30},
    refuses="degrees")
add("latents.npz", npz, {"body_pose": np.zeros((FRAMES, 32)), "fps": 30}, refuses="VPoser")
