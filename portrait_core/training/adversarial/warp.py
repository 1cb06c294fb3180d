# SPDX-License-Identifier: Apache-2.0
"""The pose warp while training: the published one of every point, or one of a lattice's nodes.

The published rule looks for the nearest triangle of every sample on every ray, some million a step. Where networks are
small that takes nearly all of the time. The lattice asks once a body and step, at its nodes, for the nearest of a few
hundred triangles (by their middles), moves the nodes rigidly with it as the published rule does, and interpolates the
motion in between. `PublishedBody.warp` stays the oracle; where poses are moderate the two differ by a few millimetres.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from portrait_core.body.deformation import PoseWarp, shared_corners, triangle_frames
from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.rendering.renderer import PointWarp
from portrait_core.training.adversarial.config import WarpKind

LATTICE_CENTRE = (0.0, 0.06, 0.0)
LATTICE_HALF = 0.36
"""Middle and half of the side of the lattice's cube, metres: all that pictures show. Outside the border's motion goes
on."""
CARRIERS = 400
"""Triangles that the lattice's nodes choose among."""


def triangle_motions(posed: Tensor, rest: Tensor) -> Tensor:
    """Rigid motions of triangles from ``posed[B, F, 3, 3]`` to ``rest[F, 3, 3]``: ``[B, F, 12]``, turn and shift.

    A point x goes to x turn + shift, rows being points (docs/published/deformation.md 4).
    """
    axes, origin = triangle_frames(posed)
    target_axes, target_origin = triangle_frames(rest)
    # x' = (x - o) A^T A' + o'
    turn = axes.transpose(2, 3) @ target_axes
    shift = target_origin - (origin[:, :, None] @ turn)[:, :, 0]
    return torch.cat([turn.flatten(2), shift], dim=2)


def carried(points: Tensor, motions: Tensor, index: Tensor) -> Tensor:
    """``points[B, N, 3]``, or ``[N, 3]`` for all, moved by the motions ``[B, F, 12]`` of triangles ``index[B, N]``."""
    own = motions.gather(1, index[..., None].expand(-1, -1, 12))
    turn, shift = own[..., :9].reshape(*index.shape, 3, 3), own[..., 9:]
    return (points[..., None, :] @ turn)[..., 0, :] + shift


class ExactWarp(nn.Module):
    """The published warp, each triangle's motion computed once a body instead of once a point; searches where the body
    is. `portrait_core.body.deformation.PoseWarp` is the oracle."""

    faces: Tensor

    def __init__(self, body: PublishedBody, *, thickness: float) -> None:
        super().__init__()
        self.body, self.thickness = body, thickness
        self.register_buffer("faces", body.searched_faces(), persistent=False)
        self.shared = shared_corners(body.canonical_vertices(), self.faces)

    def forward(self, pose: Tensor) -> PointWarp:
        """As :meth:`LatticeWarp.forward`."""
        posed, rest = self.body.posed_vertices(pose), self.body.canonical_vertices()
        warp = PoseWarp(posed, rest, self.faces, self.thickness, shared=self.shared)
        motions = triangle_motions(posed[:, self.faces], rest[self.faces])

        def deform(points: Tensor) -> Tensor:
            squared, index = warp.nearest(points)
            near = squared.sqrt() < self.thickness
            return torch.where(near[..., None], carried(points, motions, index), points)

        return deform


class LatticeWarp(nn.Module):
    """Warps of a body on a lattice of ``nodes``^3; buffers follow the module to its device."""

    carriers: Tensor
    places: Tensor
    centre: Tensor

    def __init__(self, body: PublishedBody, nodes: int, *, thickness: float) -> None:
        super().__init__()
        self.body, self.nodes, self.thickness = body, nodes, thickness
        faces = body.searched_faces()
        chosen = torch.randperm(len(faces), generator=torch.Generator().manual_seed(0))[:CARRIERS]
        self.register_buffer("carriers", faces[chosen.to(faces.device)], persistent=False)
        axis = torch.linspace(-LATTICE_HALF, LATTICE_HALF, nodes, dtype=torch.float32)
        z, y, x = torch.meshgrid(axis, axis, axis, indexing="ij")
        self.register_buffer("centre", torch.tensor(LATTICE_CENTRE, dtype=torch.float32), persistent=False)
        self.register_buffer("places", torch.stack([x, y, z], -1).reshape(-1, 3) + self.centre, persistent=False)

    def forward(self, pose: Tensor) -> PointWarp:
        """The map of posed points ``[B, N, 3]`` to canonical ones, for poses ``[B, 6]``; gradients reach the poses."""
        motion = self.motion(pose)
        centre = self.centre

        def deform(points: Tensor) -> Tensor:
            place = ((points - centre) / LATTICE_HALF)[:, None, None]
            found = functional.grid_sample(motion, place, align_corners=True, padding_mode="border")
            return points + found[:, :, 0, 0].transpose(1, 2)

        return deform

    def motion(self, pose: Tensor) -> Tensor:
        """How far the nodes go: ``[B, 3, n, n, n]`` (axes z, y, x), metres."""
        batch = len(pose)
        posed = self.body.posed_vertices(pose)[:, self.carriers]
        rest = self.body.canonical_vertices()[self.carriers]
        with torch.no_grad():
            away, nearest = torch.cdist(self.places.expand(batch, -1, -1), posed.mean(dim=2)).min(dim=2)
        moved = carried(self.places, triangle_motions(posed, rest), nearest)
        motion = (moved - self.places) * (away < self.thickness)[..., None]
        return motion.reshape(batch, self.nodes, self.nodes, self.nodes, 3).permute(0, 4, 1, 2, 3)


def make_warp(kind: WarpKind, body: PublishedBody, *, nodes: int, thickness: float) -> ExactWarp | LatticeWarp:
    """The warp of this kind: poses ``[B, 6]`` to maps of posed points to canonical ones. ``nodes``: of a lattice."""
    if kind == "lattice":
        return LatticeWarp(body, nodes, thickness=thickness)
    return ExactWarp(body, thickness=thickness)
