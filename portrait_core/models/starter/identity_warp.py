# SPDX-License-Identifier: Apache-2.0
"""The identity warp: carries points of the canonical head to an identity's head.

The starter's fields live in one canonical head, where eyes, lips and ears are in the same place for everybody. An
identity is a displacement of the canonical surface, linear in a few coefficients (a basis over the
vertices of a template
mesh). The displacement is extended to space in two parts: a smooth one (radial basis functions of kernel |r| through
some of the vertices, Carr et al. 2001) that reaches everywhere, and what remains, taken from the closest point of the
template and faded out within a few centimetres. On the template itself the warp is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from portrait_core.geometry.normals import vertex_normals
from portrait_core.networks.chunking import at_once

FADE_FROM = 0.010
FADE_TO = 0.030
"""The remainder counts in full up to the first distance from the template and not at all beyond the second (metres)."""

CHUNK = 200_000
"""Points warped at once, for the sake of memory."""

KERNEL_CHUNK = 512
"""Points whose distances to all centres are computed at once without gradients: they stay near the processor."""

_SEARCHES = Lock()
"""For the search of a network, which is copied and so cannot hold a lock of its own."""

PointSearch = Callable[[NDArray[Any]], tuple[NDArray[np.int32], NDArray[np.floating], NDArray[np.floating]]]
"""Points (N, 3) -> closest triangle (N,), weights of its corners (N, 3), distance (N,)."""

SearchFactory = Callable[[NDArray[Any], NDArray[Any]], PointSearch]
"""Mesh vertices (V, 3) and triangles (F, 3) -> a search for their closest points, at least as far as ``FADE_TO``;
farther points may get triangle -1."""


@dataclass(frozen=True)
class Sites:
    """What the warp needs to know of canonical points, whatever the identity.

    ``points`` (N, 3); ``kernel`` (N, M + 4): distances to the centres, 1, x, y, z; ``corner`` (N, 3) template vertices
    of the closest triangle, ``bary`` (N, 3) their weights, ``fade`` (N,) share of the remainder.
    """

    points: Tensor
    kernel: Tensor
    corner: Tensor
    bary: Tensor
    fade: Tensor


class IdentityWarp(nn.Module):
    """Canonical points and warp coefficients -> points of the identity.

    Buffers: ``vertices`` (V, 3) and ``triangles`` (F, 3) of the template, ``centres`` (M,) vertex indices,
    ``solver`` (M + 4, M), ``mean`` and ``basis`` (V, 3) and (V, 3, K) of the displacement, ``landmark_mean`` and
    ``landmark_basis`` (L, 3) and (L, 3, K): places (joints, eyeball centres) that move with the identity.
    """

    vertices: Tensor
    triangles: Tensor
    centres: Tensor
    solver: Tensor
    mean: Tensor
    basis: Tensor
    landmark_mean: Tensor
    landmark_basis: Tensor

    def __init__(
        self,
        vertices: int,
        triangles: int,
        centres: int,
        coefficients: int,
        landmarks: int,
        *,
        search: SearchFactory,
    ) -> None:
        super().__init__()
        self.register_buffer("vertices", torch.zeros(vertices, 3, dtype=torch.float32))
        self.register_buffer("triangles", torch.zeros(triangles, 3, dtype=torch.int32))
        self.register_buffer("centres", torch.zeros(centres, dtype=torch.int32))
        self.register_buffer("solver", torch.zeros(centres + 4, centres, dtype=torch.float32))
        self.register_buffer("mean", torch.zeros(vertices, 3, dtype=torch.float32))
        self.register_buffer("basis", torch.zeros(vertices, 3, coefficients, dtype=torch.float32))
        self.register_buffer("landmark_mean", torch.zeros(landmarks, 3, dtype=torch.float32))
        self.register_buffer("landmark_basis", torch.zeros(landmarks, 3, coefficients, dtype=torch.float32))
        self.search = search
        self._closest: PointSearch | None = None
        self._normals: Tensor | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes over: not the prepared search, which holds a library's own memory."""
        return {**self.__dict__, "_closest": None}

    def search_with(self, search: SearchFactory) -> None:
        """From now on look for closest points with another search."""
        self.search, self._closest = search, None

    def displacement(self, coefficients: Tensor) -> Tensor:
        """Displacement (V, 3) of the template's vertices for coefficients (K,)."""
        return self.mean + self.basis @ coefficients

    def landmarks(self, coefficients: Tensor) -> Tensor:
        """Places (L, 3) of the landmarks in the identity, metres, for coefficients (K,)."""
        return self.landmark_mean + self.landmark_basis @ coefficients

    def foot(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The closest points (N, 3) of the canonical template to ``points`` (N, 3), its smooth unit normals (N, 3)
        there, and the distances (N,); outside autograd. Farther than ``FADE_TO`` only the distance counts."""
        if self._normals is None:
            triangles = self.triangles.detach().cpu().numpy().astype(np.int32)
            self._normals = torch.as_tensor(vertex_normals(_numpy(self.vertices), triangles))
        face, bary, distance = self._search()(_numpy(points))
        corner = self.triangles[torch.as_tensor(face).to(points.device).long().clamp_min(0)].long()
        weights = torch.as_tensor(bary).to(points)[..., None]
        normals = (self._normals.to(points)[corner] * weights).sum(1)
        length = normals.square().sum(1, keepdim=True).sqrt().clamp_min(1e-9)
        return (self.vertices[corner] * weights).sum(1), normals / length, torch.as_tensor(distance).to(points)

    def sites(self, points: Tensor) -> Sites:
        """Prepare canonical points (N, 3); the closest-point search is outside autograd."""
        face, bary, distance = self._search()(_numpy(points))
        centre = self.vertices[self.centres.long()]
        ones = torch.ones_like(points[:, :1])
        kernel = torch.cat([_distances(points, centre), ones, points], 1)
        fade = _fade(torch.as_tensor(distance).to(points))
        # A search may leave out triangles that are too far to count.
        corner = self.triangles[torch.as_tensor(face).to(points.device).long().clamp_min(0)].long()
        return Sites(points, kernel, corner, torch.as_tensor(bary).to(points), fade)

    def move(self, sites: Sites, displacement: Tensor) -> Tensor:
        """Carry prepared points (N, 3) by a displacement (V, 3) of the template's vertices."""
        weights = self.solver @ displacement[self.centres.long()]
        smooth = sites.kernel @ weights
        index = sites.corner
        touched, inverse = _unique(index)
        at_touched = self._smooth_at_vertices(touched, weights)
        remainder = (displacement[touched] - at_touched)[inverse]
        near = (remainder * sites.bary[..., None]).sum(1)
        return sites.points + smooth + sites.fade[:, None] * near

    def _smooth_at_vertices(self, index: Tensor, weights: Tensor) -> Tensor:
        place = self.vertices[index]
        centre = self.vertices[self.centres.long()]
        kernel = torch.cat([_distances(place, centre), torch.ones_like(place[:, :1]), place], 1)
        return kernel @ weights

    def forward(self, points: Tensor, coefficients: Tensor) -> Tensor:
        """Canonical points (N, 3) -> points of the identity (N, 3), both in metres."""
        displacement = self.displacement(coefficients)
        if not (torch.is_grad_enabled() and (points.requires_grad or displacement.requires_grad)):
            return self._carrier(displacement)(points)
        starts = range(0, len(points), CHUNK)
        parts = [self.move(self.sites(points[i : i + CHUNK]), displacement) for i in starts]
        return torch.cat(parts) if parts else points

    def carrier(self, coefficients: Tensor) -> Callable[[Tensor], Tensor]:
        """The warp of one identity without gradients, for many calls: points (N, 3) -> points (N, 3)."""
        return self._carrier(self.displacement(coefficients))

    def _carrier(self, displacement: Tensor) -> Callable[[Tensor], Tensor]:
        """What `sites` and `move` give, several times faster, but without gradients."""
        centre = self.vertices[self.centres.long()]
        weights = self.solver @ displacement[self.centres.long()]
        # The smooth part at the template's vertices belongs to the identity: it is subtracted at all of them.
        remainder = displacement - (_smooth(self.vertices, centre, weights) - self.vertices)

        def carry(points: Tensor) -> Tensor:
            result = _smooth(points, centre, weights)
            face, bary, distance = self._search()(_numpy(points))
            index = torch.as_tensor(np.flatnonzero(distance < FADE_TO)).to(points.device)
            corner = self.triangles[torch.as_tensor(face).to(points.device)[index].long()].long()
            near = (remainder[corner] * torch.as_tensor(bary).to(points)[index][..., None]).sum(1)
            return result.index_add_(0, index, _fade(torch.as_tensor(distance).to(points)[index])[:, None] * near)

        return carry

    def _search(self) -> PointSearch:
        with _SEARCHES:
            if self._closest is None:
                self._closest = self.search(_numpy(self.vertices), _numpy(self.triangles))
            return self._closest

    def inverse(self, points: Tensor, coefficients: Tensor, steps: int = 12) -> Tensor:
        """Points of the identity (N, 3) -> canonical points, by fixed-point iteration.

        Each step replaces x by ``x + (target - warp(x))``; the warp's displacement changes slowly in space, so the
        residual shrinks by a constant factor a step.
        """
        x = points
        for _ in range(steps):
            x = x + (points - self(x, coefficients))
        return x


def solve_kernel(centres: NDArray[np.float64], smoothing: float = 2e-5) -> NDArray[np.float64]:
    """Matrix (M + 4, M) from values at the centres (M, 3) to the weights of the interpolant.

    The system is the usual one of |r| kernels with a linear polynomial; ``smoothing`` is added to the diagonal.
    """
    count = len(centres)
    system = np.zeros((count + 4, count + 4))
    system[:count, :count] = np.linalg.norm(centres[:, None] - centres[None], axis=-1) + np.eye(count) * smoothing
    system[:count, count:] = np.c_[np.ones(count), centres]
    system[count:, :count] = system[:count, count:].T
    return np.asarray(np.linalg.inv(system)[:, :count], np.float64)


def _fade(distance: Tensor) -> Tensor:
    """Share of the remainder at a distance from the template."""
    t = ((distance - FADE_FROM) / (FADE_TO - FADE_FROM)).clamp(0, 1)
    return 1 - t * t * (3 - 2 * t)


def _smooth(points: Tensor, centre: Tensor, weights: Tensor) -> Tensor:
    """Points (N, 3) moved by the smooth part alone, by ``weights`` (M + 4, 3) of centres (M, 3)."""
    count = len(centre)
    result = (points + weights[count] + points @ weights[count + 1 :]).t().contiguous()
    # Points run along the rows of the kernel: its product with three columns of weights is quicker so.
    of_centres = weights[:count].t().contiguous()
    x, y, z = centre[..., None].unbind(1)
    rows = points.t().contiguous()
    # A row of the kernel is as long as there are centres: fewer points at once than elsewhere.
    chunk = max(KERNEL_CHUNK, at_once(points.device, KERNEL_CHUNK) // 8)
    for begin in range(0, len(points), chunk):
        part = slice(begin, begin + chunk)
        kernel = (x - rows[0, part]).square_()
        step = y - rows[1, part]
        kernel.addcmul_(step, step)
        torch.sub(z, rows[2, part], out=step)
        kernel.addcmul_(step, step)
        result[:, part] += of_centres @ kernel.sqrt_()
    return result.t()


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """All distances (N, M), by differences: the expanded square is too coarse in float32 for millimetres."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def _unique(index: Tensor) -> tuple[Tensor, Tensor]:
    """The different values, and the place of every element among them."""
    found = cast(Any, torch).unique(index, return_inverse=True)  # its hints do not say what it returns
    return found[0], found[1]


def _numpy(tensor: Tensor) -> NDArray[np.floating]:
    return tensor.detach().cpu().numpy()
