# SPDX-License-Identifier: Apache-2.0
"""Points of posed space back to canonical space, rigid with the nearest triangle (docs/published/deformation.md, 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from portrait_core.geometry.mesh_queries import FAR, MeshQueries

THICKNESS = 0.25
"""Points at least this far from the body (metres) are not moved."""

TIE = 1e-12
"""Squared distances closer than this to the smallest count as equal: the triangle of the lowest index carries then."""

NearestSearch = Callable[[NDArray[np.float32], NDArray[np.float32], float], tuple[NDArray[Any], NDArray[Any]]]
"""Points ``[N, 3]``, triangles ``[F, 3, 3]`` and a search radius to squared distances ``[N]`` (infinite from the radius
on) and the nearest triangles ``[N]`` (0 then)."""


def triangle_frames(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Axes ``[..., 3 (X, Y, Z), 3]`` and origins ``[..., 3]`` of triangles ``corners[..., 3, 3]``.

    Y is the normal, X runs along the first edge, Z = X x Y; the origin is the first corner.
    """
    a, b, c = corners.unbind(dim=-2)
    along, across = b - a, c - a
    y = functional.normalize(torch.cross(along, across, dim=-1), dim=-1)
    x = functional.normalize(along, dim=-1)
    return torch.stack([x, y, torch.cross(x, y, dim=-1)], dim=-2), a


SharedCorners = tuple[Tensor, NDArray[Any]]
"""Vertices ``[U]`` that triangles use, and the triangles ``[F, 3]`` as rows of them."""


def shared_corners(vertices: Tensor, faces: Tensor) -> SharedCorners | None:
    """The vertices that ``faces[F, 3]`` use; None where two of ``vertices[V, 3]`` lie at the same place, since those
    count as one only while a pose leaves them together."""
    used, triangles = np.unique(faces.cpu().numpy(), return_inverse=True)
    places = _array(vertices.detach())[used]
    if len(np.unique(places, axis=0)) < len(used):
        return None
    return torch.as_tensor(used, device=vertices.device), np.asarray(triangles).reshape(-1, 3)


@dataclass(frozen=True)
class PoseWarp:
    """The map of posed points to canonical ones for a batch of posed bodies; call it with ``[B, N, 3]`` points.

    ``posed[B, V, 3]`` and ``canonical[V, 3]`` are the same body's vertices in metres, ``faces[F, 3]`` its triangles
    (only these are searched). The search is outside autograd; gradients reach the posed vertices through the frames.
    ``search`` takes the place of the one by a bounding-volume hierarchy, for those who would check it.
    """

    posed: Tensor
    canonical: Tensor
    faces: Tensor
    thickness: float = THICKNESS
    search: NearestSearch | None = None
    shared: SharedCorners | None = None
    """What :func:`shared_corners` found of the same body, so that it need not be found anew in every pose."""

    def nearest(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Squared distance ``[B, N]`` (float64, infinite beyond the thickness) and index ``[B, N]`` of each point."""
        squared: list[Tensor] = []
        index: list[Tensor] = []
        for body, own_points in enumerate(points.detach()):
            away, face = self._search(body, own_points)
            squared.append(away.to(points.device))
            index.append(face.to(points.device))
        return torch.stack(squared), torch.stack(index)

    def _search(self, body: int, points: Tensor) -> tuple[Tensor, Tensor]:
        if self.search is not None:
            corners = _array(self.posed[body].detach()[self.faces])
            away, nearest = self.search(_array(points), corners, self.thickness)
            return torch.tensor(away), torch.tensor(nearest)
        limit = self.thickness
        reach = 1.01 * limit if np.isfinite(limit) else FAR
        face, squared = self._queries[body].nearest_of_tensor(points.to(torch.float32), reach=reach, tie=TIE)
        beyond = (face < 0) | (squared >= limit**2)
        return squared.masked_fill(beyond, float("inf")), face.to(torch.int64).masked_fill(beyond, 0)

    @cached_property
    def _queries(self) -> list[MeshQueries]:
        """Each body's triangles, prepared where the body is. Corners at the same place count as one: triangles that tie
        must touch."""
        device = self.posed.device
        where = f"cuda:{device.index or 0}" if device.type == "cuda" else "cpu"
        prepared: list[MeshQueries] = []
        if self.shared is not None:
            used, triangles = self.shared
            for vertices in self.posed.detach():
                prepared.append(MeshQueries(_array(vertices[used]), triangles, device=where))
            return prepared
        for corners in self.posed.detach()[:, self.faces]:
            vertices, index = np.unique(_array(corners).reshape(-1, 3), axis=0, return_inverse=True)
            prepared.append(MeshQueries(vertices, np.asarray(index).reshape(-1, 3), device=where))
        return prepared

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


def _array(x: Tensor) -> NDArray[np.float32]:
    return x.to("cpu", torch.float32).numpy()
