# SPDX-License-Identifier: Apache-2.0
"""Checks of skinning, of point-triangle distances and of the posed-to-canonical map."""

from __future__ import annotations

import numpy as np
import torch

from portrait_core.body.deformation import TIE
from portrait_core.body.smpl import joint_rotations, rodrigues
from portrait_core.models.portrait_gan.body import BodySizes, PublishedBody, back_of_head_mask, box_face_mask
from tests.slow_search import nearest_brute_force, point_triangle, product_search
from tests.vectors.files import WHOLE, VectorFile, load_state


def body_of(data: VectorFile, prefix: str = "renderer/") -> PublishedBody:
    """The body whose arrays lie under a prefix of the file's state dict; its stored masks are checked too."""
    state = data.state(prefix)
    body = PublishedBody(BodySizes.of_state(state))
    load_state(body, state)
    vertices, faces = body.canonical_vertices(), body.aligned_SMPL.faces
    data.check_against("align_points", body.alignment(), body.align_points[0])
    data.check_against("shaped_smpl", body.body_model().shaped()[0] - body.alignment(), vertices)
    data.check_against("face_mask", box_face_mask(vertices, faces), body.face_mask)
    data.check_against("head_face_mask", back_of_head_mask(vertices, faces), body.head_face_mask)
    return body


def check_smpl(data: VectorFile) -> None:
    """Poses of neck and head, poses of everything, and rotation matrices."""
    body = body_of(data)
    model = body.body_model()
    pose = data.tensor("pose")
    rotations = joint_rotations(pose)
    data.check("full_body_pose", rotations[:, 1:].flatten(1))
    vertices, joints = model.pose(rotations, model.shaped())
    data.check("raw_vertices", vertices)
    data.check("raw_joints24", joints)
    data.check("posed_aligned_vertices", body.posed_vertices(pose))
    everything = torch.cat([data.tensor("any/global_orient"), data.tensor("any/body_pose")], dim=1)
    shaped = model.shaped(data.tensor("any/betas"))
    vertices, joints = model.pose(everything.unflatten(1, (-1, 3)), shaped)
    data.check("any/vertices", vertices)
    data.check("any/joints24", joints)
    data.check("rodrigues_out", rodrigues(data.tensor("rodrigues_in")))


def check_mesh_distance(data: VectorFile) -> None:
    """Distances, nearest triangles and regions, by brute force and by the product's search."""
    points, triangles = data.array("points")[0], data.array("triangles")
    slow = nearest_brute_force(points, triangles)
    data.check("sq_distance", slow.squared[None])
    data.check("face_index", slow.index[None])
    data.check("gap_to_second", slow.gap[None])
    squared, index = product_search(points, triangles, np.inf)
    data.check("sq_distance", squared[None])
    data.check("face_index", index[None])
    chosen = triangles[data.array("face_index")[0]].astype(np.float64)
    data.check("region", point_triangle(points.astype(np.float64), chosen)[1][None])


def check_deformation(data: VectorFile) -> None:
    """Deformed points, the faces they follow, and the gradient to the pose."""
    body = body_of(data)
    data.check_against("tie_eps", np.array(TIE), data.array("tie_eps"))
    pose, points = data.tensor("pose").requires_grad_(), data.tensor("points")
    thickness = data.number("thickness")
    warp = body.warp(pose, thickness=thickness)
    data.check("posed_vertices", warp.posed)
    deformed = warp(points)
    data.check("deformed", deformed)
    (gradient,) = torch.autograd.grad((deformed * data.tensor("grad_coef")).sum(), pose)
    data.check("grad_pose", gradient, WHOLE)
    # Faces and gaps belong to the stored posed vertices: on ours, differing in the last bit, ties break otherwise.
    stored = warp.posed.new_tensor(data.array("posed_vertices"))
    corners = stored[:, warp.faces].numpy()
    found = [nearest_brute_force(p, t) for p, t in zip(points.numpy(), corners, strict=True)]
    data.check("sq_distance", np.stack([f.squared for f in found]))
    data.check("gap_to_second", np.stack([f.gap for f in found]), WHOLE)
    data.check("face_index_in_masked_list", np.stack([f.index for f in found]))
    fast = [product_search(p, t, thickness)[1] for p, t in zip(points.numpy(), corners, strict=True)]
    near = np.stack([f.squared for f in found]) < thickness**2
    stored_index = data.array("face_index_in_masked_list")
    data.check_against("face_index by the product", np.stack(fast)[near], stored_index[near])
