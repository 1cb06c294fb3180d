# SPDX-License-Identifier: Apache-2.0
"""Further layouts of the same kinds of programs: other versions, other exporters, other containers."""
# fmt: off

from __future__ import annotations

import numpy as np

from tests.field import motion_bvh, motion_writers
from tests.field.motion_bvh import MIXAMO, bvh
from tests.field.motion_layouts import (
    BETAS,
    add,
    cam,
    cam_way,
    f4,
    joblib,
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
    z_way,
)
from tests.field.motion_truth import FRAMES, matrices, poses, positions, six

# video motion capture
add("wham_one_person_flat.pkl", joblib, {"pose": cam, "trans": cam_way, "pose_world": smpl, "trans_world": way,
    "betas": np.zeros((FRAMES, 10)), "frame_ids": np.arange(FRAMES)}, says="WHAM; y up", rate=None)
add("gvhmr_with_people.pt", pt, {k: {"smpl_params_global": {"body_pose": each[:, 3:66].astype(f4),
    "global_orient": each[:, :3].astype(f4), "transl": way.astype(f4), "betas": np.zeros((FRAMES, 10), f4)}}
    for k, each in enumerate((smpl, other(smpl)))}, says="GVHMR; 2 people", rate=None)
add("gvhmr_batched.pt", pt, {"smpl_params_global": {"body_pose": smpl[None, :, 3:66].astype(f4),
    "global_orient": smpl[None, :, :3].astype(f4), "transl": way[None].astype(f4)}}, says="GVHMR", rate=None)
add("hmr2_batch.npz", npz, {"global_orient": matrices(cam[:, None, :3]).astype(f4),
    "body_pose": matrices(poses()[:, 1:]).astype(f4), "betas": np.zeros((FRAMES, 10), f4),
    "cam_t": cam_way.astype(f4)}, says="-y up", metres=None, rate=None)
add("phalp_tracks.pkl", joblib, {f"{k:06}.jpg": {"time": k, "tracked_ids": [3], "tid": [3], "shot": 0,
    "camera": [cam_way[k]], "smpl": [{"global_orient": matrices(cam[k, None, :3]),
    "body_pose": matrices(poses()[k, 1:]), "betas": BETAS}], "3d_joints": [np.zeros((45, 3))]}
    for k in range(FRAMES)}, says="4D-Humans", metres=None, rate=None)
add("smpler_x_folder", motion_writers.folder, {f"{k:05}_0.npz": {"global_orient": cam[k, None, :3].astype(f4),
    "body_pose": smpl[k, 3:66].reshape(1, 21, 3).astype(f4), "left_hand_pose": np.zeros((1, 15, 3), f4),
    "jaw_pose": np.zeros((1, 1, 3), f4), "transl": cam_way[k, None].astype(f4), "betas": BETAS[None]}
    for k in range(FRAMES)}, says="-y up", rate=None)
add("osx_out.npz", npz, {"smplx_root_pose": cam[-1:, :3], "smplx_body_pose": smpl[-1:, 3:66],
    "smplx_lhand_pose": np.zeros((1, 45)), "smplx_jaw_pose": np.zeros((1, 3)), "cam_trans": cam_way[-1:]},
    says="-y up", frames=1, metres=None, rate=None)
add("pixie_param.pkl", pkl, {"shape": np.zeros((1, 200)), "exp": np.zeros((1, 50)),
    "global_pose": matrices(cam[-1:, None, :3]), "body_pose": matrices(poses()[-1:, 1:22]),
    "head_pose": matrices(np.zeros((1, 1, 3))), "cam": np.ones((1, 3))}, says="-y up", frames=1, metres=None, rate=None)
add("deca.npz", npz, {"shape": np.zeros((1, 100)), "exp": np.zeros((1, 50)), "pose": np.zeros((1, 6)),
    "cam": np.ones((1, 3)), "light": np.zeros((1, 9, 3)), "tex": np.zeros((1, 50))}, refuses="DECA")
add("emoca.npz", npz, {"posecode": np.zeros((1, 6)), "shapecode": np.zeros((1, 100)), "expcode": np.zeros((1, 50))},
    refuses="EMOCA")
add("flame_tracking.npz", npz, {"pose": np.zeros((FRAMES, 15)), "expr": np.zeros((FRAMES, 100)), "fps": 30},
    refuses="FLAME")
add("sam_3d_body.npz", npz, {"pred_vertices": np.zeros((20, 3)), "pred_cam_t": np.ones(3),
    "mhr_model_params": np.zeros(204), "body_pose_params": np.zeros(133), "shape_params": np.zeros(45),
    "global_rot": np.zeros(3), "pred_keypoints_3d": np.zeros((70, 3))}, refuses="MHR")
add("multi_hmr.npy", npy, ragged([{"scores": 0.9, "loc": np.zeros(2), "transl": cam_way[-1], "rotvec":
    np.concatenate([cam[-1].reshape(24, 3)[:22], np.zeros((31, 3))]), "expression": np.zeros(10), "shape": BETAS}]),
    refuses="expected a field")
add("nlf.npz", npz, {"pose": cam.astype(f4), "trans": cam_way.astype(f4), "betas": np.zeros((FRAMES, 10), f4),
    "vertices3d": np.zeros((FRAMES, 4, 3))}, rate=None)
# recordings
add("amass_ssm_synced.npz", npz, {"poses": z_smplh.astype(f4), "trans": z_way.astype(f4), "dmpls": np.zeros((FRAMES,
    8)), "betas": np.zeros(16), "gender": np.array("male"), "mocap_framerate": np.array(30.0), "mocap_time_length":
    np.array(0.4)}, says="AMASS; z up")
add("amass_old_pickle.pkl", pkl, {"pose_est_fullposes": z_smplh, "pose_est_trans": z_way, "mocap_framerate": 30.0,
    "shape_est_betas": BETAS}, says="z up")
add("bedlam_moving.npz", npz, {"poses": smplx, "trans": way, "gender": "neutral", "betas": np.zeros(11),
    "mocap_frame_rate": 30, "motion_info": "x"}, says="y up")
add("bedlam_labels.npz", npz, {"pose_cam": cam, "pose_world": smpl, "trans_cam": cam_way, "trans_world": way,
    "sub": np.array(["ann"] * FRAMES), "imgname": np.array([f"{k}.png" for k in range(FRAMES)])}, says="y up",
    rate=None)
add("3dpw_60hz.pkl", pkl, {"poses_60Hz": [np.repeat(smpl, 2, 0)], "trans_60Hz": [np.repeat(way, 2, 0)],
    "poses": [smpl], "trans": [way], "jointPositions": [np.zeros((FRAMES, 72))], "cam_poses": np.tile(np.eye(4), (
    FRAMES, 1, 1)), "genders": ["f"], "betas": [BETAS], "img_frame_ids": np.arange(FRAMES)}, says="3DPW", rate=None)
add("total_capture.npz", npz, {"poses": z_smplh, "trans": z_way, "mocap_framerate": 30.0}, says="z up")
add("aist_without_scaling.pkl", pkl, {"smpl_loss": 1.0, "smpl_poses": smpl.astype(f4), "smpl_scaling": [93.8],
    "smpl_trans": (way * 93.8).astype(f4)}, says="AIST++", rate=None)
add("finedance.npy", npy, np.concatenate([way, six(poses(52), "rows").reshape(FRAMES, -1)], 1), refuses="315")
add("intergen.pkl", pkl, {"person1": {"root_orient": z_smpl[:, :3], "pose_body": z_smpl[:, 3:66], "trans": z_way,
    "betas": BETAS, "gender": "male"}, "person2": {"root_orient": other(z_smpl)[:, :3], "pose_body":
    other(z_smpl)[:, 3:66], "trans": z_way, "betas": BETAS}, "mocap_framerate": 30.0, "frames": FRAMES},
    says="2 people (person1, person2), took person1; z up")
add("inter_x.npz", npz, {"pose_body": poses()[:, 1:22], "pose_lhand": np.zeros((FRAMES, 15, 3)), "pose_rhand":
    np.zeros((FRAMES, 15, 3)), "root_orient": smpl[:, :3], "trans": way, "betas": np.zeros((1, 10)), "gender": "male"},
    says="y up", rate=None)
add("arctic.npy", npy, {"rot": smpl[:, :3], "body_pose": smpl[:, 3:66], "trans": way,
    "lefthand": np.zeros((FRAMES, 45)),
    "global_orient": smpl[:, :3], "transl": way}, rate=None)
add("prox.pkl", pkl, {"camera_rotation": np.eye(3)[None], "global_orient": cam[-1:, :3], "transl": cam_way[-1:],
    "body_pose": smpl[-1:, 3:66], "pose_embedding": np.zeros((1, 32)), "betas": BETAS[None]}, says="-y up", frames=1,
    metres=None, rate=None)
add("omomo.p", joblib, {0: {"seq_name": "sub1_box", "root_orient": z_smpl[:, :3], "pose_body": z_smpl[:, 3:66],
    "trans": z_way, "betas": np.zeros((1, 16)), "gender": "male"}}, says="z up", rate=None)
# generated motions
add("humanml3d_joints.npy", npy, positions(poses(), 22).astype(f4), refuses="positions")
add("humanml3d_one.npy", npy, np.zeros((1, FRAMES, 263), f4), refuses="HumanML3D")
add("priormdm.npy", npy, {"motion": np.moveaxis(positions(poses(), 22), 0, 2)[None], "text": ["x"], "lengths":
    np.array([FRAMES]), "num_samples": 1}, refuses="joint positions")
add("bailando.json", js, {"result": positions(poses()).reshape(FRAMES, 72).tolist()}, refuses="expected a field")
# BVH
add("rokoko.bvh", motion_writers.text, bvh(motion_bvh.MIXAMO | {"spine1": "Spine1", "spine2": "Spine2",
    "spine3": "Spine3", **{f"{s}_{j}": f"{s.title()}{w}" for s in ("left", "right") for j, w in (("hip", "Thigh"),
    ("knee", "Shin"), ("ankle", "Foot"))}}, order="YXZ"), says="BVH")
add("rokoko_newton.bvh", motion_writers.text, bvh(MIXAMO, everywhere=True, order="XYZ", metres=1.0), says="BVH")
add("mocap_studio.bvh", motion_writers.text, bvh(MIXAMO | {"pelvis": "Hip"}, prefix="", order="ZXY"), says="BVH")
add("perception_neuron.bvh", motion_writers.text, bvh(MIXAMO, prefix="Robot_", everywhere=True, order="YXZ"),
    says="BVH")
add("smplx_in_blender.bvh", motion_writers.text, bvh({joint: joint for joint in motion_bvh.BODY} | {"pelvis": "pelvis"},
    axes=motion_bvh.Z_UP, metres=1.0, order="XYZ", reference=True), says="z up")
add("windows_lines.bvh", lambda path, text: path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()),
    bvh(MIXAMO), says="y up")
add("tabs_and_small_letters.bvh", motion_writers.text, bvh(MIXAMO).replace("rotation", "rotation ").replace(
    "Frames: ", "Frames:\t").replace("Frame Time: ", "Frame Time:\t"), says="y up")
add("bandai.bvh", motion_writers.text, bvh(MIXAMO | {"pelvis": "Hips", "spine1": "Spine", "spine2": "Chest",
    "spine3": "UpperChest", **{f"{s}_{j}": f"{w}_{s[0].upper()}" for s in ("left", "right") for j, w in (("hip",
    "UpperLeg"), ("knee", "LowerLeg"), ("ankle", "Foot"), ("collar", "Shoulder"), ("shoulder", "UpperArm"), ("elbow",
    "LowerArm"), ("wrist", "Hand"))}}, reference=True), says="BVH")
