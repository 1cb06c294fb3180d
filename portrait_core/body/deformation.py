# SPDX-License-Identifier: Apache-2.0
"""Points of posed space back to canonical space, rigidly with the nearest triangle (specification: deformation, 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.body.triangles import NearestSearch, nearest_by_tree

THICKNESS = 0.25
"""Points at least this far from the body (metres) are not moved."""


def triangle_frames(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Axes ``[..., 3 (X, Y, Z), 3]`` and origins ``[..., 3]`` of triangles ``corners[..., 3, 3]``.

    Y is the normal, X runs along the first edge, Z = X x Y; the origin is the first corner.
    """
    a, b, c = corners.unbind(dim=-2)
    along, across = b - a, c - a
    y = functional.normalize(torch.cross(along, across, dim=-1), dim=-1)
    x = functional.normalize(along, dim=-1)
    return torch.stack([x, y, torch.cross(x, y, dim=-1)], dim=-2), a


@dataclass(frozen=True)
class PoseWarp:
    """The map of posed points to canonical ones for a batch of posed bodies; call it with ``[B, N, 3]`` points.

    ``posed[B, V, 3]`` and ``canonical[V, 3]`` are the same body's vertices in metres, ``faces[F, 3]`` its triangles
    (only these are searched). The search is outside autograd; gradients reach the posed vertices through the frames.
    """

    posed: Tensor
    canonical: Tensor
    faces: Tensor
    thickness: float = THICKNESS
    search: NearestSearch = nearest_by_tree

    def nearest(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Squared distance ``[B, N]`` (float64, infinite beyond the thickness) and index ``[B, N]`` of each point."""
        squared: list[Tensor] = []
        index: list[Tensor] = []
        corners = self.posed.detach()[:, self.faces]
        for own_points, own_corners in zip(points.detach(), corners, strict=True):
            found = self.search(_array(own_points), _array(own_corners), self.thickness)
            squared.append(torch.tensor(found.squared, device=points.device))
            index.append(torch.tensor(found.index, device=points.device))
        return torch.stack(squared), torch.stack(index)

    def __call__(self, points: Tensor) -> Tensor:
        """Canonical places ``[B, N, 3]`` of posed ``points[B, N, 3]``."""
        if points.shape[0] != self.posed.shape[0]:
            raise ValueError(f"got points of {points.shape[0]} pictures; this warp holds {self.posed.shape[0]} bodies")
        squared, index = self.nearest(points)
        return self.move(points, index, squared.sqrt() < self.thickness)

    def move(self, points: Tensor, index: Tensor, moved: Tensor) -> Tensor:
        """Carry points with given triangles.

        Args:
            points: ``[B, N, 3]``.
            index: triangle of each point ``[B, N]``.
            moved: which points are carried at all ``[B, N]``.
        """
        corners = self.faces[index]
        batch = torch.arange(points.shape[0], device=points.device)[:, None, None]
        axes, origin = triangle_frames(self.posed[batch, corners])
        local = (axes @ (points - origin)[..., None]).squeeze(-1)
        target_axes, target_origin = triangle_frames(self.canonical[corners])
        carried = (local[..., None, :] @ target_axes).squeeze(-2) + target_origin
        return torch.where(moved[..., None], carried, points)


def _array(x: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return x.to("cpu", torch.float32).numpy()
