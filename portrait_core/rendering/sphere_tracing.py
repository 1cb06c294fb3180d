# SPDX-License-Identifier: Apache-2.0
"""Volume rendering of a solid given by its signed distance, with samples only where there is something to see.

A ray's transmittance at a sample is a logistic of the distance, and opacity only grows while the distance falls (the
weights of NeuS, Wang et al. 2021): a ray that crosses the surface stops on it, without the bias of a density, and one
that passes by is covered by the share of its pixel that the solid fills. Samples are placed by sphere tracing (Hart
1996), first through a coarse grid of distances, then through the field itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

PointFunction = Callable[[Tensor], Tensor]

GRID_STEP = 0.008
"""Spacing of the coarse grid, metres."""
GRID_REACH = 0.012
"""Within this distance by the grid the field itself is asked, metres."""
GRID_SLACK = 0.005
"""How much nearer than the grid says the surface may be, metres."""
TRUST = 0.8
"""Share of the distance that one step takes: the field is not an exact distance."""
EDGE = 0.35
"""Width of the logistic, in pixels at the surface."""
MIN_STEP = 0.8
"""Shortest step, in pixels at the surface."""
ONE_PLACE = 0.003
"""Samples of a ray that follow each other this closely get one colour, metres."""
LEAST_WEIGHT = 0.02
LEAST_SEEN = 0.01
MAX_STEPS = 400
POINTS_AT_ONCE = 50_000


@dataclass(frozen=True)
class DistanceScene:
    """A solid to be rendered from any side.

    ``distance`` gives signed distances (N,) of points (N, 3), negative inside, ``colour`` sRGB (N, 3) beside the
    surface; both need to hold only inside ``bounds`` (2, 3). ``grid`` (1, 1, Z, Y, X) are distances at the nodes of a
    lattice over the bounds. Metres; make one with :func:`distance_scene`.
    """

    distance: PointFunction
    colour: PointFunction
    bounds: Tensor
    grid: Tensor


@dataclass(frozen=True)
class Seen:
    """What rays see: ``colour`` (N, 3) sRGB, multiplied by the ``opacity`` (N,); ``depth`` (N,) metres along the ray
    (infinite where the opacity is below one half)."""

    colour: Tensor
    depth: Tensor
    opacity: Tensor


def distance_scene(distance: PointFunction, colour: PointFunction, bounds: Tensor) -> DistanceScene:
    """The scene of a solid that lies inside ``bounds`` (2, 3): asks for the distance at every node of the grid."""
    counts = ((bounds[1] - bounds[0]) / GRID_STEP).ceil().long() + 1
    axes = [
        torch.linspace(float(low), float(high), int(count), device=bounds.device, dtype=torch.float32)
        for low, high, count in zip(bounds[0], bounds[1], counts, strict=True)
    ]
    z, y, x = torch.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    found = in_parts(distance, torch.stack([x, y, z], -1).reshape(-1, 3))
    return DistanceScene(distance, colour, bounds, found.reshape(1, 1, *z.shape))


def in_parts(function: PointFunction, points: Tensor) -> Tensor:
    """``function`` of points (N, 3), a limited number at a time for the sake of memory."""
    return torch.cat([function(part) for part in torch.split(points, POINTS_AT_ONCE)])


def march(scene: DistanceScene, origins: Tensor, directions: Tensor, pixel: float) -> Seen:
    """What rays from ``origins`` (N, 3) along unit ``directions`` (N, 3) see.

    ``pixel`` is the angle between neighbouring rays in radians: it sets how soft edges are.
    """
    count = len(origins)
    near, far = _box_interval(origins, directions, scene.bounds)
    colour = origins.new_zeros(count, 3)
    weight_sum, depth_sum = origins.new_zeros(count), origins.new_zeros(count)
    passed = origins.new_ones(count)
    ray = torch.nonzero(near < far).squeeze(1)
    t = near[ray]
    before_t, before_d = t.clone(), torch.full_like(t, torch.inf)
    events: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in range(MAX_STEPS):
        if len(ray) == 0:
            break
        points = origins[ray] + t[:, None] * directions[ray]
        d, coarse = _distances(scene, points)
        width = EDGE * pixel * t
        # Opacity of the stretch since the last sample: what the falling distance takes of the transmittance.
        was, now = torch.sigmoid(before_d / width), torch.sigmoid(d / width)
        alpha = (1 - now / was.clamp_min(1e-6)).clamp(0, 1)
        weight = passed[ray] * alpha
        counts = torch.nonzero(weight > LEAST_WEIGHT).squeeze(1)
        if len(counts):
            place = _crossing(before_t[counts], before_d[counts], t[counts], d[counts])
            events.append((ray[counts], place, weight[counts]))
        passed[ray] = passed[ray] * (1 - alpha)
        step = TRUST * torch.where(coarse, d - GRID_SLACK, torch.where(d < 0, 3 * width, d))
        before_t, before_d = t, d
        t = t + torch.maximum(step, MIN_STEP * pixel * t)
        kept = (t < far[ray]) & (passed[ray] > LEAST_SEEN)
        ray, t, before_t, before_d = ray[kept], t[kept], before_t[kept], before_d[kept]
    if events:
        index, place, weight = _joined(*(torch.cat(parts) for parts in zip(*events, strict=True)))
        seen = in_parts(scene.colour, origins[index] + place[:, None] * directions[index])
        colour.index_add_(0, index, seen * weight[:, None])
        weight_sum.index_add_(0, index, weight)
        depth_sum.index_add_(0, index, place * weight)
    opacity = torch.where(passed <= LEAST_SEEN, 1.0, 1 - passed)
    colour = colour * (opacity / weight_sum.clamp_min(1e-6))[:, None]
    # Fainter than any sample that counts: nothing is seen there.
    opacity = torch.where(weight_sum > 0, opacity, 0.0)
    depth = torch.where(opacity >= 0.5, depth_sum / weight_sum.clamp_min(1e-6), torch.inf)
    return Seen(colour, depth, opacity)


def _joined(ray: Tensor, place: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Neighbouring samples as one, at their mean place with their weights' sum; those of a ray come in order."""
    order = torch.argsort(ray, stable=True)
    ray, place, weight = ray[order], place[order], weight[order]
    begins = torch.ones_like(ray, dtype=torch.bool)
    begins[1:] = (ray[1:] != ray[:-1]) | (place[1:] - place[:-1] > ONE_PLACE)
    group = begins.cumsum(0) - 1
    total = weight.new_zeros(int(group[-1]) + 1).index_add_(0, group, weight)
    mean = torch.zeros_like(total).index_add_(0, group, weight * place) / total
    return ray[begins], mean, total


def _distances(scene: DistanceScene, points: Tensor) -> tuple[Tensor, Tensor]:
    """Distances (N,), and which of them (N,) are only the grid's because the surface is far."""
    low, high = scene.bounds
    q = (points - low) / (high - low) * 2 - 1
    grid = nnf.grid_sample(scene.grid, q[None, :, None, None], align_corners=True, padding_mode="border")
    d = grid[0, 0, :, 0, 0]
    coarse = d > GRID_REACH
    index = torch.nonzero(~coarse).squeeze(1)
    if len(index):
        d = d.index_copy(0, index, in_parts(scene.distance, points[index]))
    return d, coarse


def _crossing(t0: Tensor, d0: Tensor, t1: Tensor, d1: Tensor) -> Tensor:
    """Where the distance is zero between two samples, taken as linear; the second sample where it stays positive."""
    share = torch.where(d1 < 0, d0 / (d0 - d1), 1.0)
    return torch.where(torch.isfinite(share) & (share > 0), t0 + share.clamp(0, 1) * (t1 - t0), t1)


def _box_interval(origins: Tensor, directions: Tensor, bounds: Tensor) -> tuple[Tensor, Tensor]:
    """Distances (N,) where rays enter and leave a box; the first is not the smaller one for rays that miss it."""
    inverse = 1 / directions
    low, high = (bounds[0] - origins) * inverse, (bounds[1] - origins) * inverse
    # A ray parallel to a wall and in it has 0 * inf.
    near = torch.minimum(low, high).nan_to_num(-torch.inf).amax(1).clamp_min(0)
    return near, torch.maximum(low, high).nan_to_num(torch.inf).amin(1)
