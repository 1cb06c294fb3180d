# SPDX-License-Identifier: Apache-2.0
"""Layouts of programs that make SMPL motions, most of them out of videos."""
# fmt: off

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections import defaultdict

import numpy as np

from tests.field import motion_writers
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
    smpl,
    smplx,
    squeezed,
    way,
    z_smpl,
    z_way,
)
from tests.field.motion_truth import FRAMES, matrices, poses, positions, quaternions

# programs of video motion capture
one_wham = {"pose": cam.astype(f4), "trans": cam_way.astype(f4), "pose_world": smpl.astype(f4),
            "trans_world": way.astype(f4), "verts": np.zeros((FRAMES, 20, 3), f4), "frame_ids": np.arange(FRAMES)}
two_wham = {0: one_wham, 1: one_wham | {"pose_world": other(smpl).astype(f4)}}
add("wham_output.pkl", joblib, two_wham, says="WHAM; 2 people (0, 1), took person 0; y up", rate=None)
add("wham_plain.pkl", pkl, defaultdict(dict, two_wham), says="WHAM; 2 people", rate=None)
one_vibe = {"pred_cam": np.ones((FRAMES, 3), f4), "orig_cam": np.ones((FRAMES, 4), f4), "pose": cam.astype(f4),
            "joints3d": np.zeros((FRAMES, 49, 3), f4), "joints2d": None, "frame_ids": np.arange(FRAMES)}
for ending, pack in (("", bytes), ("_zlib", zlib.compress), ("_gzip", gzip.compress), ("_xz", lzma.compress),
                     ("_bz2", bz2.compress)):
    add(f"vibe_output{ending}.pkl", squeezed(pack), {1: one_vibe}, says="VIBE; -y up", metres=None, rate=None)
add("gvhmr.pt", pt, {"smpl_params_global": {"body_pose": smpl[:, 3:66].astype(f4), "global_orient": smpl[:,
    :3].astype(f4),
                                            "transl": way.astype(f4)},
                     "smpl_params_incam": {"body_pose": smpl[:, 3:66].astype(f4), "global_orient": cam[:,
                     :3].astype(f4),
                                           "transl": cam_way.astype(f4)}, "K_fullimg": np.eye(3, dtype=f4)},
    says="GVHMR; y up", rate=None)
add("emdb.pkl", pkl, {"name": "P0", "emdb1": True, "good_frames_mask": np.ones(FRAMES, bool), "smpl":
                      {"poses_root": smpl[:, :3], "poses_body": smpl[:, 3:], "trans": way, "betas": BETAS}},
    says="EMDB", rate=None)
add("3dpw_one.pkl", pkl, {"sequence": "x", "poses": [smpl], "trans": [way], "genders": ["m"], "betas": [BETAS]},
    says="3DPW", rate=None)
add("3dpw_two.pkl", pkl, {"poses": [smpl, other(smpl)], "trans": [way, way], "genders": ["m", "f"]},
    says="3DPW; 2 people", rate=None)
add("3dpw_unequal.pkl", pkl, {"poses": [other(smpl)[:8], smpl], "trans": [way[:8], way], "genders": ["m", "f"]},
    says="took person 1", rate=None, person="1")
frame_of = [{"global_orient": matrices(cam[k, None, :3]), "body_pose": matrices(poses()[k, 1:]), "betas": BETAS}
            for k in range(FRAMES)]
add("phalp.pkl", joblib, {f"frame_{k:06}.jpg": {"time": k, "tid": [3], "smpl": [frame_of[k]]} for k in range(FRAMES)},
    says="4D-Humans; rotations as matrices; -y up", metres=None, rate=None)
add("phalp_two_with_gap.pkl", pkl,
    {f"outputs/frame_{k:06}.jpg": {"time": k, "tid": [7, 3] if k not in (5, 6) else [7],
                                   "smpl": [frame_of[0], frame_of[k]] if k not in (5, 6) else [frame_of[0]]}
     for k in range(FRAMES)},
    says="frames 5 to 6 without a person, bridged", person="3", metres=None, rate=None)
add("hmr2_picture.pt", pt, {"pred_smpl_params": {"global_orient": matrices(cam[-1:, None, :3]),
                                                 "body_pose": matrices(poses()[-1:, 1:]), "betas": BETAS[None]},
                            "pred_cam": np.ones((1, 3))}, says="4D-Humans", frames=1, metres=None, rate=None)
add("tokenhmr_pictures.npz", npz, {"pred_global_orient": matrices(cam[:, None, :3]), "pred_cam": np.ones((FRAMES, 3)),
                                   "pred_body_pose": matrices(poses()[:, 1:])}, says="-y up", metres=None, rate=None)
romp = {f"{k:06}.jpg": {"cam": np.ones((1, 3), f4), "smpl_thetas": cam[k : k + 1].astype(f4), "center_confs": [0.9],
                        "global_orient": cam[k : k + 1, :3], "body_pose": cam[k : k + 1, 3:]} for k in range(FRAMES)}
add("romp_video.npz", npz, {"results": np.array(romp, dtype=object)}, says="ROMP; -y up", metres=None, rate=None)
add("romp_two_tracked.npz", npz,
    {"results": np.array({f"{k:06}.jpg": {"track_ids": [9, 4], "smpl_thetas": np.stack([other(cam)[k], cam[k]]),
                                          "cam_trans": np.stack([cam_way[k], cam_way[k]])} for k in range(FRAMES)},
                         dtype=object)}, says="2 people (9, 4), took person 4", person="4", rate=None)
add("romp_picture.npz", npz, {"results": np.array({"smpl_thetas": np.stack([cam[-1], cam[0]]), "cam": np.ones((2, 3))},
                                                  dtype=object)}, says="2 people", frames=1, metres=None, rate=None)
add("grab.npz", npz, {"gender": "male", "framerate": 30.0, "body": np.array(
    {"params": {"transl": way, "global_orient": smpl[:, :3], "body_pose": smpl[:, 3:66], "fullpose": smplx},
     "vtemp": "a.ply"}, dtype=object)}, says="GRAB")
add("tram_track_0.npy", npy, {"pred_pose": matrices(cam.reshape(FRAMES, 24, 3)).astype(f4), "pred_shape": BETAS,
                              "pred_trans": cam_way[:, None].astype(f4), "frame": np.arange(FRAMES)},
    says="TRAM; rotations as matrices; -y up", rate=None)
add("tram_lost_frames.npy", npy, {"pred_pose": matrices(poses())[[0, 1, 2, 6, 7, 8, 9, 10, 11]],
                                  "pred_trans": way[[0, 1, 2, 6, 7, 8, 9, 10, 11]],
                                  "frame": np.array([0, 1, 2, 6, 7, 8, 9, 10, 11])},
    says="frames 3 to 5 without a person, bridged", rate=None)
add("edge.pkl", pkl, {"smpl_poses": z_smpl, "smpl_trans": z_way, "full_pose": positions(poses())}, says="EDGE; z up",
    rate=None)
add("aist.pkl", pkl, {"smpl_poses": smpl, "smpl_trans": way * 93.8, "smpl_scaling": np.array([93.8]), "smpl_loss": 1.0},
    says="AIST++", rate=None)
add("bedlam.npz", npz, {"poses_cam": np.concatenate([cam, other(cam)]), "poses_world": np.concatenate([smpl,
    other(smpl)]),
                        "trans_cam": np.concatenate([cam_way] * 2), "trans_world": np.concatenate([way] * 2),
                        "sub": np.array(["ann"] * FRAMES + ["bob"] * FRAMES)},
    says="BEDLAM; 2 people (ann, bob), took ann; y up", rate=None)
add("cliff.npz", npz, {"imgname": np.array(["a"] * FRAMES), "pose": cam.astype(f4), "global_t": cam_way.astype(f4),
                       "pred_joints": positions(poses()).astype(f4), "focal_l": np.ones(FRAMES)},
    says="CLIFF; -y up", rate=None)
add("phc.pkl", joblib, {"0-ACCAD_walk": {"pose_aa": z_smpl, "trans_orig": z_way, "root_trans_offset": z_way, "fps": 30,
                                         "pose_quat_global": quaternions(poses(), "xyzw")}}, says="PHC; z up")
add("pbhc_robot.pkl", joblib, {"walk": {"root_trans_offset": z_way, "pose_aa": np.zeros((FRAMES, 27, 3)), "fps": 30,
                                        "dof": np.zeros((FRAMES, 23))}}, refuses="27 joints of three numbers")
add("slahmr.npz", npz, {"root_orient": np.stack([smpl, other(smpl)])[..., :3], "trans": np.stack([way, way]),
                        "pose_body": np.stack([smpl, other(smpl)])[..., 3:66], "cam_R": np.zeros((2, FRAMES, 3, 3))},
    says="SLAHMR; 2 people", rate=None)
add("pymaf_x.pkl", joblib, {2: {"pred_cam": np.ones((FRAMES, 3)), "orig_cam": np.ones((FRAMES, 4)), "smplx_params": [
    {"shape": BETAS[None], "body_pose": matrices(cam.reshape(FRAMES, 24, 3)[k : k + 1, :22]),
     "left_hand_pose": matrices(np.zeros((1, 15, 3)))} for k in range(FRAMES)]}},
    says="PyMAF-X; rotations as matrices; -y up", metres=None, rate=None)
add("smpler_x_00001.npz", npz, {"global_orient": cam[-1:, :3], "body_pose": smpl[-1:, 3:66], "jaw_pose": np.zeros((1,
    3)),
                                "transl": cam_way[-1:], "betas": BETAS[None]}, says="SMPLer-X; -y up", frames=1,
    metres=None, rate=None)
add("smplify_x.pkl", pkl, {"camera_rotation": np.eye(3)[None], "camera_translation": np.ones((1, 3)),
    "betas": BETAS[None],
                           "global_orient": cam[-1:, :3], "body_pose": smpl[-1:, 3:66]}, says="SMPLify-X; -y up",
    frames=1, metres=None, rate=None)
human_data = {"smpl": np.array({"body_pose": poses()[:, 1:], "global_orient": smpl[:, :3], "transl": way},
    dtype=object),
              "__data_len__": FRAMES, "image_path": np.array(["a.png"] * FRAMES)}
add("human_data_smpl.npz", npz, human_data, says="HumanData", rate=None)
add("human_data_smplx.npz", npz, {"__data_len__": FRAMES, "smplx": np.array(
    {"body_pose": poses()[:, 1:22], "global_orient": smpl[:, :3], "transl": way}, dtype=object)}, says="HumanData",
    rate=None)
meshcapade = {"codecVersion": 2, "smplVersion": "smplx", "shapeParameters": BETAS, "frameCount": FRAMES,
    "frameRate": 30.0,
              "bodyTranslation": way.astype(f4), "bodyPose": poses()[:, :22].astype(f4),
              "headPose": np.zeros((FRAMES, 3, 3), f4)}
add("meshcapade.smpl", npz, meshcapade, says="Meshcapade")
add("motion_x.npy", npy, np.concatenate([smpl[:, :66], np.zeros((FRAMES, 243)), way, np.zeros((FRAMES, 10))], 1),
    says="Motion-X", rate=None)
easy = [[{"id": 0, "Rh": [smpl[k, :3]], "Th": [way[k]], "poses": [np.r_[np.zeros(3), smpl[k, 3:]]], "shapes": [BETAS]}]
        for k in range(FRAMES)]
add("easymocap_000011.json", js, easy[-1], says="EasyMocap", frames=1, metres=None, rate=None)
add("easymocap_folder", motion_writers.folder, {f"{k:06}.json": each for k, each in enumerate(easy)},
    says="EasyMocap", rate=None)
add("easymocap_annots.json", js, {"annots": easy[-1]}, says="EasyMocap", frames=1, metres=None, rate=None)
add("easymocap_all.json", js, easy, says="EasyMocap", rate=None)
