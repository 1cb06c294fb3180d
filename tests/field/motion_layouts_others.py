# SPDX-License-Identifier: Apache-2.0
"""Lengths in other units, frames without a person, files without rotations, BVH."""
# fmt: off

from __future__ import annotations

import numpy as np

from tests.field import motion_bvh, motion_writers
from tests.field.motion_bvh import bvh
from tests.field.motion_layouts import add, f4, js, npy, npz, pkl, pt, smpl, way
from tests.field.motion_truth import FRAMES, matrices, poses, positions

# lengths
add("centimetres.npz", npz, {"poses": smpl, "trans": way * 100, "fps": 30}, says="centimetres")
add("millimetres.pkl", pkl, {"body_pose": smpl[:, 3:], "global_orient": smpl[:, :3], "transl": way * 1000, "fps": 30},
    says="millimetres")
add("unknown_unit.npz", npz, {"poses": smpl, "smpl_trans": (way - [0, 0.9, 0]) * 100, "fps": 30}, refuses="metres")
# gaps
hole, short = smpl.copy(), smpl.copy()
hole[4:6], short[10:] = np.nan, np.nan
add("nan_gap.npz", npz, {"poses": hole, "fps": 30}, says="frames 4 to 5 without a person, bridged", metres=None)
add("zeros_for_nobody.npz", npz, {"pred_rotmat": np.where(np.isnan(hole).any(1)[:, None, None, None], 0,
    matrices(poses())),
                                  "fps": 30}, says="frames 4 to 5 without a person, bridged", metres=None)
slow = np.concatenate([smpl, np.full((40, 72), np.nan), smpl])
add("nan_long.npz", npz, {"poses": slow, "fps": 30}, refuses="frames 12 to 51")
# no rotations
add("positions24.npz", npz, {"poses": positions(poses()).astype(f4), "fps": 20}, refuses="positions")
add("positions22_millimetres.npy", npy, positions(poses(), 22) * 1000, refuses="positions")
add("positions66.npy", npy, positions(poses(), 22).reshape(FRAMES, 66), refuses="positions")
add("positions_one_frame.npy", npy, positions(poses())[5], refuses="positions")
add("positions_other_order.npy", npy, positions(poses())[:, np.random.RandomState(1).permutation(24)][:, :23],
    refuses="positions")
add("positions_predicted.npz", npz, {"poses": positions(poses()) + np.random.RandomState(4).normal(0, 0.01, (FRAMES,
    24, 3))},
    refuses="positions")
add("joints_only.pkl", pkl, {"joints3d": positions(poses()), "fps": 30}, refuses="joint positions")
add("humanml3d.npy", npy, np.zeros((FRAMES, 263), f4), refuses="HumanML3D")
add("kit.npy", npy, np.zeros((FRAMES, 251), f4), refuses="KIT-ML")
add("motionbert.npy", npy, np.random.RandomState(2).rand(FRAMES, 17, 3), refuses="17 joints.*positions")
add("mediapipe.npz", npz, {"poses": np.zeros((FRAMES, 33, 3))}, refuses="33 joints.*positions")
add(
    "openpose.json",
    js,
    {"version": 1.3, "people": [{"pose_keypoints_2d": list(range(75))}]},
    refuses="expected a field",
)
add("weights.pt", pt, {"state_dict": {"conv1.weight": np.zeros((3, 3)), "conv1.bias": np.zeros(3)}}, refuses="weights")
add("page.pkl", motion_writers.text, "<!DOCTYPE html><html>quota</html>", refuses="web page")
add(
    "pointer.npz",
    motion_writers.text,
    "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    refuses="LFS pointer",
)
# BVH
add("mixamo.bvh", motion_writers.text, bvh(motion_bvh.MIXAMO, prefix="mixamorig:"), says="BVH.*y up; lengths in cm")
add("cmu.bvh", motion_writers.text, bvh(motion_bvh.CMU, metres=0.0254 / 0.45, order="ZYX"), says="CMU's unit")
add("motionbuilder.bvh", motion_writers.text,
    bvh(motion_bvh.MIXAMO, prefix="Character1:", everywhere=True, reference=True, order="ZXY"), says="cm")
add(
    "blender.bvh", motion_writers.text, bvh(motion_bvh.SMPL, axes=motion_bvh.Z_UP, metres=1.0, order="XYZ"), says="z up"
)
add("daz.bvh", motion_writers.text, bvh(motion_bvh.DAZ, order="XZY"), says="BVH")
add("biped.bvh", motion_writers.text, bvh(motion_bvh.BIPED, metres=0.0254, time="0.033333"), says="inches")
add("unreal.bvh", motion_writers.text, bvh(motion_bvh.UNREAL, axes=motion_bvh.Z_UP, time="0.0333"), says="z up")
add("xsens.bvh", motion_writers.text, bvh(motion_bvh.XSENS, order="YXZ"), says="20 of SMPL's joints")
add("backwards.bvh", motion_writers.text, bvh(motion_bvh.MIXAMO, axes=motion_bvh.BACKWARDS), says="y up")
add("asf_names.bvh", motion_writers.text, bvh(motion_bvh.ASF, metres=0.0254 / 0.45), says="20 of SMPL's joints")
add("a_pose.bvh", motion_writers.text, bvh(motion_bvh.MIXAMO, arms_down=45, metres=0.001), says="mm")
add("lying_at_rest.bvh", motion_writers.text,
    bvh(motion_bvh.MIXAMO).replace("OFFSET 9.000000 -5.000000", "OFFSET 9.000000 5.000000")
    .replace("OFFSET -9.000000 -5.000000", "OFFSET -9.000000 5.000000")
    .replace("OFFSET 0.000000 -42.0",
    "OFFSET 0.0 42.0")
    .replace("OFFSET 0.000000 -40.0", "OFFSET 0.0 40.0"), refuses="does not stand at rest")
add("object_alone.bvh", motion_writers.text, bvh({joint: f"bone{k}" for k, joint in enumerate(motion_bvh.BODY)}),
    refuses="no hips")
add("cut.bvh", motion_writers.text, bvh(motion_bvh.MIXAMO)[:-200], refuses="cut short")
