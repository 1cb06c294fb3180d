# SPDX-License-Identifier: Apache-2.0
"""The pose warp on a lattice: interpolated where it is smooth, looked up triangle by triangle where it is not.

`portrait_core.body.deformation.PoseWarp` moves every point rigidly with its nearest triangle. Over most of space the
triangles around a place move alike (a head is rigid), and an affine map is what trilinear interpolation reproduces
exactly. So for one pose the warp is computed once at the nodes of a lattice. A cell is interpolated if its twelve edges
agree, each end's motion applied to the other end, and those of its neighbours do as well; in all others every point is
looked up in a hierarchy of the triangles. The exact warp stays the oracle; `tolerance` bounds what neighbouring nodes
may disagree by.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.body.deformation import TIE, PoseWarp, triangle_frames
from portrait_core.geometry.mesh_queries import MeshQueries

TOLERANCE = 0.00025
"""Metres that two neighbouring nodes may disagree by: a tenth of a pixel of the published pictures."""

CELLS = 64
SIDE = 1.3
"""Cells along the lattice's cube and its side, metres: 20 mm each. Points outside are looked up."""


@dataclass(frozen=True)
class TriangleMotions:
    """Rigid maps of posed triangles to canonical ones and the search for the nearest: one body in one pose.

    ``turn`` (F + 1, 3, 3) and ``shift`` (F + 1, 3) carry points with each searched triangle; the last entry, for points
    that are too far, leaves them where they are.
    """

    turn: Tensor
    shift: Tensor
    closest: MeshQueries
    thickness: float

    @staticmethod
    def of(warp: PoseWarp) -> TriangleMotions:
        """The motions of a warp with one body."""
        if warp.posed.shape[0] != 1:
            raise ValueError(f"got a warp of {warp.posed.shape[0]} bodies; a lattice holds one")
        axes, origin = triangle_frames(warp.posed[0, warp.faces])
        target_axes, target_origin = triangle_frames(warp.canonical[warp.faces])
        # x' = (x - o) A^T A' + o', rows being points.
        turn = axes.transpose(1, 2) @ target_axes
        shift = target_origin - (origin[:, None] @ turn)[:, 0]
        turn = torch.cat([turn, torch.eye(3, device=turn.device, dtype=torch.float32)[None]])
        shift = torch.cat([shift, shift.new_zeros(1, 3)])
        vertices, faces = warp.posed[0].detach().cpu().numpy(), warp.faces.cpu().numpy()
        device = warp.posed.device
        where = f"cuda:{device.index or 0}" if device.type == "cuda" else "cpu"
        closest = MeshQueries(vertices, faces, device=where)
        return TriangleMotions(turn, shift, closest, warp.thickness)

    def nearest(self, points: Tensor) -> Tensor:
        """Index (N,) of the triangle that carries each of ``points`` (N, 3)."""
        face, squared = self.closest.nearest_of_tensor(points, reach=1.01 * self.thickness, tie=TIE)
        near = (face >= 0) & (squared.sqrt() < self.thickness)
        return torch.where(near, face.to(torch.int64), len(self.shift) - 1).to(points.device)

    def carry(self, points: Tensor, index: Tensor) -> Tensor:
        """``points`` (N, 3) moved by the motions of triangles ``index`` (N,)."""
        return (points[:, None] @ self.turn[index])[:, 0] + self.shift[index]

    def __call__(self, points: Tensor) -> Tensor:
        """Canonical places (N, 3) of posed ``points`` (N, 3): the warp itself, ties and all."""
        return self.carry(points, self.nearest(points))


class WarpLattice:
    """The warp of one pose, quick for many points; call it with posed points (N, 3)."""

    def __init__(self, warp: PoseWarp, *, cells: int = CELLS, side: float = SIDE, tolerance: float = TOLERANCE) -> None:
        self.exact = TriangleMotions.of(warp)
        self.cells, self.side = cells, side
        device = warp.posed.device
        axis = torch.linspace(-side / 2, side / 2, cells + 1, device=device, dtype=torch.float32)
        nodes = torch.cartesian_prod(axis, axis, axis)
        index = self.exact.nearest(nodes)
        moved = self.exact.carry(nodes, index)
        size = cells + 1
        self.motion = (moved - nodes).reshape(size, size, size, 3).permute(3, 0, 1, 2)[None].contiguous()
        self.smooth = self._smooth(nodes.reshape(size, size, size, 3), index.reshape(size, size, size), tolerance)

    @property
    def share(self) -> float:
        """How many of the cells are interpolated."""
        return float(self.smooth.float().mean())

    def __call__(self, points: Tensor) -> Tensor:
        """Canonical places (N, 3) of posed ``points`` (N, 3)."""
        place = (points / self.side + 0.5) * self.cells
        cell = place.floor().to(torch.int64)
        inside = ((cell >= 0) & (cell < self.cells)).all(dim=1)
        cell = cell.clamp(0, self.cells - 1)
        smooth = inside & self.smooth[cell[:, 0], cell[:, 1], cell[:, 2]]
        # grid_sample counts its coordinates backwards: the last axis first.
        where = (points * (2 / self.side)).flip(1)[None, None, None]
        motion = nnf.grid_sample(self.motion, where, mode="bilinear", align_corners=True)[0, :, 0, 0].t()
        result = points + motion
        rough = (~smooth).nonzero()[:, 0]
        if len(rough):
            result[rough] = self.exact(points[rough])
        return result

    def _smooth(self, nodes: Tensor, index: Tensor, tolerance: float) -> Tensor:
        """(cells, cells, cells) bool: whether the nodes at all edges of a cell agree about each other's places."""
        cells = self.cells
        smooth = torch.ones((cells,) * 3, dtype=torch.bool, device=nodes.device)
        for axis in range(3):
            a, b = nodes.narrow(axis, 0, cells), nodes.narrow(axis, 1, cells)
            own, other = index.narrow(axis, 0, cells), index.narrow(axis, 1, cells)
            differ = (own != other).reshape(-1).nonzero()[:, 0]
            agree = torch.ones(own.numel(), dtype=torch.bool, device=nodes.device)
            first, second = own.reshape(-1)[differ], other.reshape(-1)[differ]
            for ends in (a, b):
                point = ends.reshape(-1, 3)[differ]
                gap = self.exact.carry(point, first) - self.exact.carry(point, second)
                agree[differ] &= gap.square().sum(dim=1) < tolerance**2
            edges = agree.reshape(own.shape)
            # A cell has four edges along each axis.
            across = [each for each in range(3) if each != axis]
            for offsets in itertools.product((0, 1), repeat=2):
                part = edges
                for direction, offset in zip(across, offsets, strict=True):
                    part = part.narrow(direction, offset, cells)
                smooth &= part
        # A jump that passes between nodes is seen by a cell beside: its neighbours are not trusted either.
        rough = nnf.max_pool3d((~smooth)[None, None].float(), 3, stride=1, padding=1)[0, 0]
        return rough == 0
