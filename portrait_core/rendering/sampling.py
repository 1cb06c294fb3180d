# SPDX-License-Identifier: Apache-2.0
"""Depths of samples along rays: stratified, by disparity, by importance (docs/published/generator.md 9.2, 9.6, 9.7)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def stratified_depths(near: Tensor | float, far: Tensor | float, jitter: Tensor) -> Tensor:
    """``t_k = near + (k + U_k) (far - near) / (n - 1)``; the last one may lie beyond ``far`` by a step.

    Args:
        near: first depth, a number or ``[B, rays, 1]``.
        far: last depth, likewise.
        jitter: U, ``[B, rays, n, 1]`` in [0, 1).

    Returns:
        ``[B, rays, n, 1]``.
    """
    count = jitter.shape[2]
    steps = _steps(count, jitter)
    first, last = _per_ray(near, jitter), _per_ray(far, jitter)
    step = (last - first) / (count - 1)
    return first + steps * (last - first) + jitter * step


def disparity_depths(near: Tensor | float, far: Tensor | float, jitter: Tensor) -> Tensor:
    """As `stratified_depths`, but even in 1 / depth."""
    count = jitter.shape[2]
    s = _steps(count, jitter) + jitter / (count - 1)
    return 1 / ((1 - s) / _per_ray(near, jitter) + s / _per_ray(far, jitter))


def importance_depths(depths: Tensor, weights: Tensor, quantiles: Tensor) -> Tensor:
    """Depths where the coarse weights are large; carries no gradient.

    Args:
        depths: coarse depths ``[B, rays, S, 1]``, ascending.
        weights: coarse weights ``[B, rays, S - 1, 1]``.
        quantiles: uniform numbers ``[B * rays, n]``.

    Returns:
        ``[B, rays, n, 1]``, not sorted. The last bin is never reached: the published code drops it, and so must we.
    """
    batch, rays, samples, _ = depths.shape
    with torch.no_grad():
        t = depths.reshape(batch * rays, samples)
        w = weights.reshape(batch * rays, 1, samples - 1)
        w = functional.max_pool1d(w, 2, stride=1, padding=1)
        w = functional.avg_pool1d(w, 2, stride=1)[:, 0] + 0.01
        edges = (t[:, :-1] + t[:, 1:]) / 2
        return sample_pdf(edges, w[:, 1:-1], quantiles).reshape(batch, rays, -1, 1)


def sample_pdf(edges: Tensor, weights: Tensor, quantiles: Tensor) -> Tensor:
    """Inverse of a piecewise linear distribution function.

    Args:
        edges: ``[N, E]`` with E > K, ascending; edges after the first K + 1 are never reached.
        weights: ``[N, K]``, not negative; 1e-5 is added to each.
        quantiles: ``[N, n]`` in [0, 1].

    Returns:
        ``[N, n]``.
    """
    count = weights.shape[1]
    pdf = weights + 1e-5
    pdf = pdf / pdf.sum(dim=1, keepdim=True)
    cdf = torch.cat([torch.zeros_like(pdf[:, :1]), pdf.cumsum(dim=1)], dim=1)
    index = torch.searchsorted(cdf, quantiles.contiguous(), right=True)
    low, high = (index - 1).clamp(min=0), index.clamp(max=count)
    cdf_low, cdf_high = cdf.gather(1, low), cdf.gather(1, high)
    edge_low, edge_high = edges.gather(1, low), edges.gather(1, high)
    width = cdf_high - cdf_low
    width = torch.where(width < 1e-5, torch.ones_like(width), width)
    return edge_low + (quantiles - cdf_low) / width * (edge_high - edge_low)


def merge_by_depth(
    first: tuple[Tensor, Tensor, Tensor], second: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Join two sets of samples and sort them by depth.

    Each set is (depths ``[B, rays, n, 1]``, colours ``[B, rays, n, C]``, densities ``[B, rays, n, 1]``).
    """
    depths, colours, densities = (torch.cat(pair, dim=2) for pair in zip(first, second, strict=True))
    depths, order = torch.sort(depths, dim=2)
    colours = colours.gather(2, order.expand(-1, -1, -1, colours.shape[3]))
    return depths, colours, densities.gather(2, order)


def _steps(count: int, like: Tensor) -> Tensor:
    return torch.linspace(0, 1, count, dtype=like.dtype, device=like.device).reshape(1, 1, count, 1)


def _per_ray(bound: Tensor | float, like: Tensor) -> Tensor:
    if isinstance(bound, Tensor):
        return bound.to(like)[:, :, None]
    return torch.full((1, 1, 1, 1), bound, dtype=like.dtype, device=like.device)
