# SPDX-License-Identifier: Apache-2.0
"""The body that published checkpoints carry, under their names (docs/published/deformation.md, sections 1-3).

The first dimension of several arrays is the batch size of the training; all its rows are equal, and row 0 is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from portrait_core.body.deformation import THICKNESS, PoseWarp
from portrait_core.body.smpl import SmplModel, joint_rotations
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate

ALIGN_ROW = 12
"""Row of the alignment regressor that gives the origin of our world."""


@dataclass(frozen=True)
class BodySizes:
    """How many vertices and faces the body has, and the leading dimension of its per-batch arrays."""

    vertices: int = 6890
    faces: int = 13776
    batch: int = 4

    @classmethod
    def of_state(cls, state: Mapping[str, Tensor], prefix: str = "") -> BodySizes:
        """The sizes of the arrays under ``prefix`` of a state dict."""
        batch, vertices = state[f"{prefix}shaped_smpl"].shape[:2]
        return cls(vertices, state[f"{prefix}face_mask"].shape[0], batch)


class _ExtraJoints(nn.Module):
    extra_joints_idxs: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("extra_joints_idxs", torch.zeros(21, dtype=torch.int64))


class _SmplArrays(nn.Module):
    shapedirs: Tensor
    faces_tensor: Tensor
    v_template: Tensor
    J_regressor: Tensor
    posedirs: Tensor
    parents: Tensor
    lbs_weights: Tensor

    def __init__(self, sizes: BodySizes) -> None:
        super().__init__()
        vertices = sizes.vertices
        for name, width in (("betas", 10), ("global_orient", 3), ("body_pose", 69), ("transl", 3)):
            zeros = nn.Parameter(torch.zeros(sizes.batch, width, dtype=torch.float32), requires_grad=False)
            self.register_parameter(name, zeros)
        self.register_buffer("shapedirs", torch.zeros(vertices, 3, 10, dtype=torch.float32))
        self.register_buffer("faces_tensor", torch.zeros(sizes.faces, 3, dtype=torch.int64))
        self.register_buffer("v_template", torch.zeros(vertices, 3, dtype=torch.float32))
        self.register_buffer("J_regressor", torch.zeros(24, vertices, dtype=torch.float32))
        self.register_buffer("posedirs", torch.zeros(207, 3 * vertices, dtype=torch.float32))
        self.register_buffer("parents", torch.zeros(24, dtype=torch.int64))
        self.register_buffer("lbs_weights", torch.zeros(vertices, 24, dtype=torch.float32))
        self.vertex_joint_selector = _ExtraJoints()

    def constants(self) -> SmplModel:
        """The arrays as a body model."""
        parents = tuple(cast("list[int]", cast("Any", self.parents).tolist()))  # one transfer from a card, not 24
        return SmplModel(self.v_template, self.shapedirs, self.posedirs, self.J_regressor, parents, self.lbs_weights)


class _AlignedSmpl(nn.Module):
    smpl_joint_regressor: Tensor
    faces: Tensor

    def __init__(self, sizes: BodySizes) -> None:
        super().__init__()
        self.register_buffer("smpl_joint_regressor", torch.zeros(30, sizes.vertices, dtype=torch.float32))
        self.register_buffer("faces", torch.zeros(sizes.faces, 3, dtype=torch.int64))
        self.model = _SmplArrays(sizes)


class PublishedBody(nn.Module):
    """Holds a published checkpoint's body arrays and makes pose warps of them; empty (zeros) until loaded."""

    shaped_smpl: Tensor
    align_points: Tensor
    face_mask: Tensor
    head_face_mask: Tensor

    def __init__(self, sizes: BodySizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.register_buffer("shaped_smpl", torch.zeros(sizes.batch, sizes.vertices, 3, dtype=torch.float32))
        self.register_buffer("align_points", torch.zeros(sizes.batch, 1, 3, dtype=torch.float32))
        self.register_buffer("face_mask", torch.zeros(sizes.faces, dtype=torch.bool))
        self.register_buffer("head_face_mask", torch.zeros(sizes.faces, dtype=torch.bool))
        self.aligned_SMPL = _AlignedSmpl(sizes)

    @classmethod
    def of_template(cls, template: BodyTemplate, *, batch: int = 4, box_warp: float = 1.0) -> PublishedBody:
        """A body made of a template, so that a model trained with it carries the same arrays as a published one.

        A template has places of joints, a body model rows that give them from vertices: each joint becomes the
        shortest combination of vertices that sums to one and gives its place. There are no shapes and no corrections
        of posed shapes.

        Args:
            template: with SMPL's joints in SMPL's order, the neck at the origin.
            batch: leading dimension of the per-batch arrays.
            box_warp: side of the box whose faces are searched.

        Raises:
            ValueError: the template has other joints.
        """
        if template.joint_names != SMPL_JOINT_NAMES:
            raise ValueError(f"got a template of the joints {template.joint_names}; expected SMPL's 24")
        count = len(template.vertices)
        body = cls(BodySizes(count, len(template.faces), batch))
        model, aligned = body.aligned_SMPL.model, body.aligned_SMPL
        vertices = template.vertices.astype(np.float64)
        system = np.concatenate([vertices.T, np.ones((1, count))])
        regressor = np.linalg.pinv(system) @ np.concatenate([template.joints.T.astype(np.float64), np.ones((1, 24))])
        with torch.no_grad():
            model.v_template.copy_(torch.as_tensor(template.vertices))
            model.J_regressor.copy_(torch.as_tensor(regressor.T))
            model.parents.copy_(torch.as_tensor(SMPL_PARENTS))
            model.lbs_weights.copy_(torch.as_tensor(template.weights))
            model.faces_tensor.copy_(torch.as_tensor(template.faces))
            aligned.faces.copy_(model.faces_tensor)
            aligned.smpl_joint_regressor[ALIGN_ROW] = model.J_regressor[ALIGN_ROW]
            body.align_points.copy_(body.alignment().expand(batch, 1, 3))
            body.shaped_smpl.copy_((model.v_template - body.alignment()[0]).expand(batch, -1, -1))
            body.face_mask.copy_(box_face_mask(body.canonical_vertices(), aligned.faces, box_warp))
            body.head_face_mask.copy_(back_of_head_mask(body.canonical_vertices(), aligned.faces))
        return body

    def body_model(self) -> SmplModel:
        """The body model, in its own frame (metres, not aligned)."""
        return self.aligned_SMPL.model.constants()

    def canonical_vertices(self) -> Tensor:
        """Un-posed vertices ``[V, 3]`` in our world."""
        return self.shaped_smpl[0]

    def canonical_joints(self) -> Tensor:
        """Un-posed joints ``[24, 3]`` in our world."""
        model = self.body_model()
        return model.j_regressor @ model.v_template - self.align_points[0]

    def alignment(self) -> Tensor:
        """The alignment point ``[1, 3]`` computed anew from the regressor (the stored one is ``align_points``)."""
        aligned = self.aligned_SMPL
        return aligned.smpl_joint_regressor[ALIGN_ROW : ALIGN_ROW + 1] @ aligned.model.v_template

    def searched_faces(self) -> Tensor:
        """The faces ``[F', 3]`` inside the tri-grid's box."""
        return self.aligned_SMPL.faces[self.face_mask]

    def posed_vertices(self, pose: Tensor) -> Tensor:
        """Vertices ``[B, V, 3]`` in our world of bodies in six-number poses ``[B, 6]`` (radians)."""
        model = self.body_model()
        return model.pose(joint_rotations(pose), model.shaped())[0] - self.align_points[:1]

    def warp(self, pose: Tensor, *, thickness: float = THICKNESS) -> PoseWarp:
        """The map of posed to canonical points for poses ``[B, 6]`` (radians)."""
        posed = self.posed_vertices(pose)
        return PoseWarp(posed, self.canonical_vertices(), self.searched_faces(), thickness)


def box_face_mask(vertices: Tensor, faces: Tensor, box_warp: float = 1.0) -> Tensor:
    """Which faces have all corners strictly inside the box about the origin: ``[F]`` bool."""
    return ((vertices.abs() < box_warp / 2).all(dim=1))[faces].all(dim=1)


def back_of_head_mask(vertices: Tensor, faces: Tensor) -> Tensor:
    """Which faces have all corners above y = 0.06 and behind z = 0: ``[F]`` bool (stored, not used)."""
    return ((vertices[:, 1] > 0.06) & (vertices[:, 2] < 0))[faces].all(dim=1)
